"""What a profile says in a text that Docker Compose parses again arrives, or is refused.

What these tests know:

* Compose splits the text of a command with rules of its own (go-shellwords): it is cut at an operator, and a quote that
  is not closed makes the whole file unloadable. A text of a profile is split as a POSIX shell splits it; dash is one;
* where a shell would do more than to split a text, it is refused or warned of, so dash is asked about the others only;
* Compose writes spans of time and amounts of memory in units of its own;
* a start of Compose takes longer than many texts, so one profile holds many.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from programs import PATIENCE, SCRUBBED, Compose, Generate, Meaning, run
from values import SEED

TEXTS = (
    *("serve", "serve --port 80", "  a \t b  ", "a b\n", "\n a", "a\\\n b", "a\\\nb", "5", "true", "''", "a '' \"\" b"),
    *(
        "a 'b c'",
        'a "b c"',
        "a b\\ c",
        "a 'b'\"c\"\\d",
        "a '\"' \"'\"",
        "a 'it'\\''s'",
        'a "\\$X \\` \\" \\\\ \\n \\\n b"',
    ),
    *("a ';' \"&&\" \\| '<' '>' '(' ')'", "a '$(x)' '`x`' '$X' \\$X", "a#b '#' \\#", 'a $ b$ $. "$"', "a\\tb 'c\\td'"),
    *(
        "a \\n b",
        'a "\\t"',
        "a 'b\nc' \"d\ne\"",
        "a '*' \\? \"[x]\"",
        "a '~' b~",
        "a '2>' x",
        "a \u00a0b é漢 \u2028",
        "a {b,c} !d %e",
    ),
    *("a --x=y 'A=b' -A=b", "a @b ^c +d :e ,f", "a 'b\\' c", "sh -c 'migrate && exec serve \"$@\"' sh --port 80"),
)
REFUSED = (
    *(
        "a && b",
        "a||b",
        "a; b",
        "a | b",
        "a & b",
        "a > b",
        "a 2>&1",
        "a < b",
        "(a)",
        "a )",
        "a $(b)",
        'a "$(b)"',
        "a `b`",
    ),
    *(
        "a\nb",
        "a\r\nb",
        "a # b",
        "# a",
        "it's",
        'say "x',
        "a \\",
        "a 'b\\'c'",
        'a "b\\"',
        "&",
        ";",
        "a\\\\&b",
        "a '' > b",
    ),
)
WARNED = ("a $X", "a ${X:-b}", 'a "$X"', "a $1", "a $$", "a ~/b", "a *", "a b?", "a [b]", "A=b c")
PIECES = (
    "a",
    "b c",
    " ",
    "  ",
    "'",
    '"',
    "\\",
    "$",
    "\n",
    "\t",
    "#",
    "&&",
    ";",
    "n",
    "x=",
    "~",
    "*",
    "é",
    "''",
    "\\'",
    "|",
)

SPANS = (
    "1ms",
    "999ms",
    "1s",
    "90s",
    "1m30s",
    "1h",
    "99999h",
    "9999999m",
    "9999999s",
    "0m1ms",
    "99999h99999h99999h99999h99999h",
)
NO_SPANS = ("0s", "10us", "9999999h", "100000h", "1s1s1s1s1s1s", "1d", "30", "1.5s", "-1s", "")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
SIZES = {
    "6m": 6 << 20,
    "512m": 512 << 20,
    "1g": 1 << 30,
    "999999999g": 999999999 << 30,
    "6144kb": 6 << 20,
    "6291457b": 6291457,
}
CPUS = {"0.01": 0.01, "0.1": 0.1, "0.015": 0.015, "2": 2, "1.125": 1.125, "9999.999": 9999.999}
MOUNTS = {
    "./a b:/c d": ("a b", "/c d"),
    "./it's:/it's": ("it's", "/it's"),
    "./a$b:/c$d": ("a$b", "/c$d"),
    "./#a:/#b": ("#a", "/#b"),
    "./a,ro:/b,ro": ("a,ro", "/b,ro"),
    "./~:/~": ("~", "/~"),
    "./a\\b:/a\\b": ("a\\b", "/a\\b"),
    "./ a :/ b ": (" a ", "/ b "),
}
CONTEXTS = ("github.com/a/b", "git@host", "a b", "a.git", "a#b", "a?b", "$a", "docker-image", "-", "a\\b")
PUBLISHED = {8080: ("127.0.0.1", "8080"), "0.0.0.0:8081": ("0.0.0.0", "8081"), "[::1]:8082": ("::1", "8082")}


def profile(folder: Path, services: Mapping[str, Any]) -> Path:
    """JSON is YAML."""
    path = folder / "profiles" / "case.yaml"
    path.parent.mkdir(exist_ok=True)
    document = {"format": 1, "stage": "development", "project": "values", "services": services}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def of_commands(texts: Iterable[str]) -> dict[str, Any]:
    return {f"app{index}": {"image": "app:1", "command": text, "entrypoint": text} for index, text in enumerate(texts)}


def by_dash(text: str) -> list[str]:
    script = f"printf '%s\\0' x {text.lstrip()}"  # a line end in front would end the command
    done = subprocess.run(
        ["/bin/dash", "-c", script], env=SCRUBBED, cwd="/", capture_output=True, timeout=PATIENCE, check=True
    )
    return done.stdout.decode().split("\0")[1:-1]


def verdicts(binary: Path, folder: Path, texts: Iterable[str]) -> dict[str, set[str]]:
    """The codes that `validate` tells of each text, which is the command of a service."""
    texts = list(texts)
    services = {f"app{index}": {"image": "app:1", "command": text} for index, text in enumerate(texts)}
    path = profile(folder, services)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1))
    command = [str(binary), "validate", "--format", "json", str(path)]
    done = subprocess.run(command, cwd=folder, env=SCRUBBED, capture_output=True, timeout=PATIENCE, check=False)
    lines = path.read_text().splitlines()
    codes: dict[str, set[str]] = {text: set() for text in texts}
    for told in json.loads(done.stdout)["profiles"][0]["diagnostics"]:
        if told["severity"] == "notice":  # what a shell may do is listed for readers, and no verdict
            continue
        found = json.loads("{" + lines[told["place"]["line"] - 1].strip().rstrip(",") + "}")
        codes[found["command"]].add(told["code"])
    return codes


def any_texts(count: int) -> list[str]:
    random = Random(SEED)
    return ["a" + "".join(random.choices(PIECES, k=random.randint(1, 7))) for _ in range(count)]


@pytest.mark.quick
def test_the_words_of_a_text_arrive(tmp_path: Path, generate: Generate, meaning: Meaning) -> None:
    generate(profile(tmp_path, of_commands((*TEXTS, *WARNED))), tmp_path)
    services = meaning(tmp_path)["services"]
    said = [services[f"app{index}"] for index in range(len(TEXTS) + len(WARNED))]
    for text, app in zip(TEXTS, said, strict=False):
        assert app["command"] == app["entrypoint"] == by_dash(text), text
    for text, app in zip(WARNED, said[len(TEXTS) :], strict=True):
        assert app["command"] == text.replace('"', "").split(), "what a shell would replace arrives as it is written"


def test_what_is_no_list_of_words_is_refused_or_warned_of(tmp_path: Path, binary: Path) -> None:
    assert set(map(frozenset, verdicts(binary, tmp_path, REFUSED).values())) == {frozenset({"shell-syntax"})}
    codes = verdicts(binary, tmp_path, (*TEXTS, *WARNED))
    assert {text for text, told in codes.items() if told == {"unexpanded"}} == set(WARNED)
    assert {text for text, told in codes.items() if not told} == set(TEXTS)


def test_random_texts_arrive_or_are_refused(tmp_path: Path, binary: Path, generate: Generate, meaning: Meaning) -> None:
    texts = list(dict.fromkeys(any_texts(1_500)))
    refused = {text for text, told in verdicts(binary, tmp_path, texts).items() if told}
    taken = [text for text in texts if text not in refused]
    warned = {text for text, told in verdicts(binary, tmp_path, taken).items() if told}
    assert not warned & refused
    quiet = [text for text in taken if text not in warned]
    assert len(quiet) > 200 and len(refused) > 200
    generate(profile(tmp_path, of_commands(quiet)), tmp_path)
    services = meaning(tmp_path)["services"]
    wrong = [text for index, text in enumerate(quiet) if services[f"app{index}"]["command"] != by_dash(text)]
    assert not wrong


def test_a_health_check_is_a_line_for_a_shell_or_a_list(tmp_path: Path, generate: Generate, meaning: Meaning) -> None:
    texts = (*TEXTS, *REFUSED, *WARNED)
    lines = {f"line{index}": {"image": "app:1", "healthcheck": {"command": text}} for index, text in enumerate(texts)}
    lists = {
        f"list{index}": {"image": "app:1", "healthcheck": {"command": ["CMD-SHELL", text]}}
        for index, text in enumerate(texts)
    }
    generate(profile(tmp_path, {**lines, **lists}), tmp_path)
    services = meaning(tmp_path)["services"]
    for index, text in enumerate(texts):
        assert services[f"line{index}"]["healthcheck"]["test"] == ["CMD-SHELL", text]
        assert services[f"list{index}"]["healthcheck"]["test"] == ["CMD", "CMD-SHELL", text]


def seconds(span: str) -> float:
    """Of Compose's writing, which may have a fraction."""
    return sum(float(number) * SECONDS[unit] for number, unit in re.findall(r"([0-9.]+)(ms|s|m|h)", span))


def test_spans_of_time_arrive(tmp_path: Path, generate: Generate, meaning: Meaning) -> None:
    checks = [{"command": "x", "interval": span, "timeout": span, "start_period": span} for span in SPANS]
    checks.append({"command": "x", "start_period": "0s"})
    services = {f"app{index}": {"image": "app:1", "healthcheck": check} for index, check in enumerate(checks)}
    generate(profile(tmp_path, services), tmp_path)
    said = meaning(tmp_path)["services"]
    for index, check in enumerate(checks):
        for key in check.keys() - {"command"}:
            assert seconds(said[f"app{index}"]["healthcheck"][key]) == pytest.approx(seconds(check[key])), check


@pytest.mark.parametrize("span", NO_SPANS)
def test_a_span_that_docker_would_not_take_as_it_is_is_refused(span: str, tmp_path: Path, binary: Path) -> None:
    for key in ("interval", "timeout"):
        path = profile(tmp_path, {"app": {"image": "app:1", "healthcheck": {"command": "x", key: span}}})
        done = run(binary, "validate", path, cwd=tmp_path, status=3)
        assert "expected a span of time" in done.stderr, key


def test_amounts_mounts_contexts_and_ports_arrive(tmp_path: Path, generate: Generate, meaning: Meaning) -> None:
    services: dict[str, Any] = {}
    services |= {f"size{n}": {"image": "a:1", "limits": {"memory": size}} for n, size in enumerate(SIZES)}
    services |= {f"cpu{n}": {"image": "a:1", "limits": {"cpus": share}} for n, share in enumerate(CPUS)}
    services |= {f"mount{n}": {"image": "a:1", "volumes": [mount]} for n, mount in enumerate(MOUNTS)}
    services |= {f"build{n}": {"build": context} for n, context in enumerate(CONTEXTS)}
    services |= {f"port{n}": {"image": "a:1", "port": 80, "publish": port} for n, port in enumerate(PUBLISHED)}
    services["port"] = {"image": "a:1", "port": 80, "publish": {"env": "P", "default": 9000}}
    generate(profile(tmp_path, services), tmp_path)
    said = meaning(tmp_path)["services"]
    assert [int(said[f"size{n}"]["mem_limit"]) for n in range(len(SIZES))] == list(SIZES.values())
    assert [said[f"cpu{n}"]["cpus"] for n in range(len(CPUS))] == list(CPUS.values())
    for n, (source, target) in enumerate(MOUNTS.values()):
        (mount,) = said[f"mount{n}"]["volumes"]
        assert (mount["type"], mount["source"], mount["target"]) == ("bind", str(tmp_path / source), target)
    assert [said[f"build{n}"]["build"]["context"] for n in range(len(CONTEXTS))] == [
        str(tmp_path / c) for c in CONTEXTS
    ]
    for n, (address, port) in enumerate(PUBLISHED.values()):
        (published,) = said[f"port{n}"]["ports"]
        assert (published["host_ip"], published["published"], published["target"]) == (address, port, 80)


@pytest.mark.parametrize(("ca", "status"), [("./a b$c.pem", 0), ("./${a}.pem", 0), ("./a}${.pem", 3), ("./${a.pem", 3)])
def test_the_certificates_of_a_server_are_mounted_or_refused(
    ca: str, status: int, tmp_path: Path, binary: Path, meaning: Meaning
) -> None:
    path = profile(tmp_path, {"app": {"image": "a:1", "database": {"postgres": "adb"}}})
    external = {"host": "db.example.com", "tls": "verify-full", "ca": ca}
    path.write_text(json.dumps({**json.loads(path.read_text()), "postgres": {"user": "app", "external": external}}))
    run(binary, "--profile", path, "--out", tmp_path, cwd=tmp_path, status=status, env={"POSTGRES_PASSWORD": "a" * 8})
    if status == 0:
        (mount,) = meaning(tmp_path)["services"]["app"]["volumes"]
        assert (mount["source"], mount["target"]) == (str(tmp_path / ca), "/run/postgres-ca.pem")


@pytest.mark.parametrize("port", ["0.0.0.0:1", "1:2", "81/udp", "x", " 1"])
def test_the_variable_of_a_port_gives_no_address(
    port: str, tmp_path: Path, generate: Generate, compose: Compose
) -> None:
    service = {"image": "a:1", "port": 80, "publish": {"env": "P", "default": 9000}}
    generate(profile(tmp_path, {"app": service}), tmp_path)
    compose(tmp_path, "config", "--quiet", env={"P": port}, status=1)


def hand_kept(folder: Path, texts: Iterable[str]) -> None:
    services = {f"app{index}": {"image": "a:1", "command": text.replace("$", "$$")} for index, text in enumerate(texts)}
    (folder / "docker-compose.yml").write_text(json.dumps({"name": "values", "services": services}), encoding="utf-8")


@pytest.mark.quick
def test_hand_kept_commands_keep_what_compose_made_of_them(
    tmp_path: Path, binary: Path, compose: Compose, meaning: Meaning
) -> None:
    texts = list(dict.fromkeys((*TEXTS, *REFUSED, *WARNED, *any_texts(500))))
    hand_kept(tmp_path, texts)
    told = compose(tmp_path, "config", status=1).stderr
    unloadable = {texts[int(number)] for number in re.findall(r"services\[app([0-9]+)\]\.command", told)}
    assert len(unloadable) > 50
    loadable = [text for text in texts if text not in unloadable]
    hand_kept(tmp_path, loadable)
    before = [service["command"] for service in meaning(tmp_path)["services"].values()]
    said = run(binary, "import", "--anyway", cwd=tmp_path)
    assert "Compose drops `command` of `app" in said.stderr
    run(binary, "--profile", "imported", "--force", cwd=tmp_path)
    after = [service["command"] for service in meaning(tmp_path)["services"].values()]
    assert [(text, new) for text, old, new in zip(loadable, before, after, strict=True) if old != new] == []
    (tmp_path / "broken").mkdir()
    some = sorted(unloadable)[:40]  # of more than 50 faults not all are told
    hand_kept(tmp_path / "broken", some)
    refusal = run(binary, "import", cwd=tmp_path / "broken", status=3).stderr
    assert refusal.count("error[shell-syntax]") == len(some)
