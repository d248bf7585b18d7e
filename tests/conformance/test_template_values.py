"""Whatever a profile says, docker-compose.yml and the init script say the same to each of their readers.

What these tests know:

* profiles are written with all texts in double quotes and ASCII, so that what they say is beyond doubt;
* Compose makes `$` of `$$` in values, not in keys, and its `config` makes `$$` of `$` everywhere;
* a start of Compose takes longer than many texts, so one profile holds many.
"""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML

from conftest import undouble
from programs import PATIENCE, SCRUBBED, Compose, Generate, Meaning, run, tool
from values import SEED, hostile_values

HOSTILE = (
    *("a: b # c", "# c", "a #b", "a:", ": a", "- a", "-", "---", "...", "? a", "!a", "!!str a", "%a", "@a", "`id`"),
    "&x",
    *("*x", "|", ">", "|-\n a", "{a: b}", "[a]", "[", "}", ",", "=", "<<", "~", "null", "yes", "No", "on", "y", "True"),
    *("0777", "0o17", "0x1F", "1e3", "1.10", "1_000", "12:30:45", "2024-01-01", ".inf", ".NaN", "-.5", "30", "0b1"),
    "5m",
    *("$HOME", "${HOME}", "${HOME:-x}", "$$", "$", "a$", "$(id)", "$((1))", "${", "$1", "%HOME%", "{{ 1 }}", "{% x %}"),
    *("'", '"', "''", '""', "it's", 'say "x"', "\\", "\\\\", "\\n", "a\\", "\\x41", "\\u0041", "; id", "a; b"),
    "a && b",
    *(" ", " a", "a ", "\t", "a\tb", "\n", "a\nb", "a\n", "\na", "a\n\n", "a\n b", "a\r\nb", "\r", "a\\\nb"),
    "a\n---\nb",
    *("\u0085", "a\u0085b", "\u2028", "a\u2029b", "\u00a0", "\u3000", "\ufeff", "\ufeffa", "\u200b", "\u202e"),
    "e\u0301",
    *("\x01", "\x07", "\x1b[1m", "\x7f", "\x80", "\x9f", "\ufffd", "\ufffe", "\uffff", "\U0010ffff", "😀", "é", "漢"),
    *("/", "//", "a/b", "../a", ".", "..", "-x", "--", "*", "?", "word", "👩\u200d🚀", "../../a", "a//b", "./a"),
    *("a" * 100_000, "a b: c # d 'e' \"f\" \\ $g é " * 3_500),
)
OF_THOUSANDS = 3_000
BATCHES = [HOSTILE[number::4] for number in range(4)]

# What YAML 1.1 or 1.2 reads as no text, and other writings of it.
WORDS = ("true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", ".nan", ".inf", "+.inf", "-.inf")
MAY_BE_PLAIN = "._-/:@+aEe0"

KEYS = (
    *("a$b", "${HOME}", "$$", 'a"b', "a'b", "a\\b", "a:", ":a", "*x", "{a}", "[a]", "yes", "0777", "1e3", "#c", "<<"),
    "~",
)
RAW_KEYS = (*KEYS, "a: b", "a #b", "a\nb", " a ", "\u0085", "a\u2028b", "\ufeffa", "\x01", "😀")
LONG_KEY = "a" * 1_100

# What Compose takes for a reference in a mount, though nothing is left of it but `$${`.
IN_MOUNTS = ("${",)
NOT_IN_PATHS = r"[:\x00-\x1f\x7f-\x9f]"


class Dumper(yaml.SafeDumper):
    """Writes profiles, and files to compare with."""


Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def written(document: Any) -> str:
    return yaml.dump(document, Dumper=Dumper, width=float("inf"), sort_keys=False)


def profile(folder: Path, services: Mapping[str, Any], **more: Any) -> Path:
    path = folder / "profiles" / "case.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"format": 1, "stage": "development", "project": "values", "services": services, **more}
    path.write_text(written(document), encoding="utf-8")
    return path


def is_taken(binary: Path, folder: Path, path: Path) -> bool:
    """Generates unless the profile is rejected."""
    command = [str(part) for part in (binary, "--profile", path, "--out", folder)]
    done = subprocess.run(command, cwd=folder, env=SCRUBBED, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode in (0, 3), done.stderr.decode()
    return done.returncode == 0


def parsed(folder: Path) -> dict[str, Any]:
    """The file as YAML 1.1 and 1.2."""
    text = (folder / "docker-compose.yml").read_bytes().decode()
    return {"PyYAML": yaml.safe_load(text), "ruamel.yaml": YAML(typ="safe", pure=True).load(text)}


def models(folder: Path, meaning: Meaning) -> dict[str, Any]:
    """The file as each reader reads it, after interpolation."""
    return {**{reader: undouble(model) for reader, model in parsed(folder).items()}, "Docker Compose": meaning(folder)}


def differences(reader: str, said: Mapping[Any, Any], expected: Mapping[Any, Any]) -> list[str]:
    """What arrived as something else, in words."""
    return [f"{reader}, {field}: {said.get(field)!a:.300}" for field in expected if said.get(field) != expected[field]]


def profile_with(texts: Sequence[str], folder: Path) -> Path:
    """Each text in every field that takes any."""
    raws = [text.replace("$", "$$") for text in texts]  # in raw keys `$` is Compose's own
    services: dict[str, Any] = {}
    for index, (text, raw) in enumerate(zip(texts, raws, strict=True)):
        services[f"app{index}"] = {
            "build": {"context": "./app", "target": text, "args": {"ARG": text}},
            "entrypoint": [text, "a", text],
            "command": ["run", text],
            "user": text,
            "environment": {"VALUE": text},
            "labels": {"com.example.label": text},
            "healthcheck": {"command": ["test", text]},
            "database": {"postgres": f"app{index}_db"},
            "compose": {"annotations": {"a": raw}, "security_opt": [raw]},
        }
        services[f"other{index}"] = {"image": "other:1", "healthcheck": {"command": f"test {text}"}}
    postgres = {
        "image": "postgres:18",
        "user": "codelab",
        "settings": {f"a.b{index}": text for index, text in enumerate(texts)},
        "compose": {"annotations": {f"a{index}": raw for index, raw in enumerate(raws)}},
    }
    return profile(folder, services, postgres=postgres, compose={"x-raw": [[raw, {"key": [raw]}] for raw in raws]})


def said_of(model: Mapping[str, Any], index: int) -> dict[str, Any]:
    services = model["services"]
    app, other, postgres = services[f"app{index}"], services[f"other{index}"], services["postgres"]
    return {
        "build target": app["build"].get("target"),
        "build args": app["build"].get("args"),
        "entrypoint": app.get("entrypoint"),
        "command": app.get("command"),
        "user": app.get("user"),
        "environment": app["environment"].get("VALUE"),
        "labels": app.get("labels"),
        "health check": app["healthcheck"].get("test"),
        "health check of one line": other["healthcheck"].get("test"),
        "settings": postgres["command"][1 + 2 * index : 3 + 2 * index],
        "raw keys": [
            app.get("annotations"),
            app.get("security_opt"),
            postgres["annotations"].get(f"a{index}"),
            model["x-raw"][index],
        ],
    }


def expected_of(text: str, index: int) -> dict[str, Any]:
    return {
        "build target": text,
        "build args": {"ARG": text},
        "entrypoint": [text, "a", text],
        "command": ["run", text],
        "user": text,
        "environment": text,
        "labels": {"com.example.label": text},
        "health check": ["CMD", "test", text],
        "health check of one line": ["CMD-SHELL", f"test {text}"],
        "settings": ["-c", f"a.b{index}={text}"],
        "raw keys": [{"a": text}, [text], text, [text, {"key": [text]}]],
    }


@pytest.mark.parametrize(
    "texts", [pytest.param(BATCHES[0], marks=pytest.mark.quick), *BATCHES[1:]], ids=lambda texts: f"from {texts[0]}"
)
def test_a_literal_arrives_in_every_field(
    texts: Sequence[str], tmp_path: Path, generate: Generate, meaning: Meaning
) -> None:
    generate(profile_with(texts, tmp_path), tmp_path)
    faults: list[str] = []
    for reader, model in models(tmp_path, meaning).items():
        for index, text in enumerate(texts):
            faults += differences(f"{reader}, {text!a:.50}", said_of(model, index), expected_of(text, index))
    assert not faults


def plain_texts() -> list[str]:
    """Short texts that are written without quotes, or nearly so."""
    short = ("".join(characters) for length in (1, 2, 3) for characters in product(MAY_BE_PLAIN, repeat=length))
    words = (form(word) for word in WORDS for form in (str.lower, str.upper, str.title, str.swapcase))
    amounts = (
        f"{number}{unit}" for number in ("0", "1", "07", "12") for unit in ("", "b", "k", "e", "e1", "x", "o", "s")
    )
    return list(dict.fromkeys((*short, *words, *amounts)))


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(hostile_values(OF_THOUSANDS, f"{SEED} of templates"), id="any"),
        pytest.param(plain_texts(), id="plain"),
    ],
)
def test_thousands_of_literals_arrive(texts: list[str], tmp_path: Path, generate: Generate, meaning: Meaning) -> None:
    environment = {f"V{index}": text for index, text in enumerate(texts)}
    raw = {key: text.replace("$", "$$") for key, text in environment.items()}
    app = {"image": "app:1", "environment": environment, "command": texts, "compose": {"annotations": raw}}
    generate(profile(tmp_path, {"app": app}), tmp_path)
    faults: list[str] = []
    for reader, model in models(tmp_path, meaning).items():
        said = model["services"]["app"]
        faults += differences(f"{reader}, environment", said["environment"], environment)
        faults += differences(f"{reader}, raw keys", said["annotations"], environment)
        faults += differences(f"{reader}, command", dict(enumerate(said["command"])), dict(enumerate(texts)))
    assert not faults, f"seed {SEED}"


def taken(binary: Path, folder: Path, texts: Iterable[str], app: Callable[[str], dict[str, Any]]) -> dict[str, str]:
    """The services whose texts are not rejected, each tried by itself, then all written together; text by service."""
    good = [text for text in texts if is_taken(binary, folder, profile(folder, {"app": app(text)}))]
    names = {f"app{index}": text for index, text in enumerate(good)}
    assert is_taken(binary, folder, profile(folder, {name: app(text) for name, text in names.items()}))
    return names


def assert_keys(field: str, expected: Mapping[str, str], folder: Path, compose: Compose) -> None:
    """The one key that this field of each service has, as each reader reads it."""
    by_compose = json.loads(compose(folder, "config", "--format", "json").stdout.replace("$$", "$"))
    for reader, model in {**parsed(folder), "Docker Compose": by_compose}.items():
        found = {name: list(service[field]) for name, service in model["services"].items()}
        assert not differences(reader, found, {name: [key] for name, key in expected.items()})


def test_the_names_of_labels_arrive(tmp_path: Path, binary: Path, compose: Compose) -> None:
    names = taken(
        binary, tmp_path, (*KEYS, "x-team", LONG_KEY), lambda key: {"image": "app:1", "labels": {key: "x"}}
    )
    assert list(names.values()) == list(KEYS), "names that Docker takes"
    assert_keys("labels", names, tmp_path, compose)


@pytest.mark.quick
def test_raw_keys_arrive(tmp_path: Path, binary: Path, compose: Compose) -> None:
    names = taken(
        binary, tmp_path, (*RAW_KEYS, LONG_KEY), lambda key: {"image": "app:1", "compose": {"annotations": {key: "x"}}}
    )
    assert list(names.values()) == list(RAW_KEYS)
    assert_keys("annotations", names, tmp_path, compose)


def test_a_default_arrives_or_is_rejected(tmp_path: Path, binary: Path, meaning: Meaning) -> None:
    """It stands in Compose's own notation, `${NAME:-default}`, which has no way to write some characters."""

    def app(text: str) -> dict[str, Any]:
        return {"image": "app:1", "environment": {"VALUE": {"env": "NAME", "default": text}}}

    names = taken(binary, tmp_path, HOSTILE, app)
    rejected = set(HOSTILE) - set(names.values())
    assert rejected and all(re.search(r"[${}\x00-\x1f\x7f-\x9f]", text) for text in rejected), "Compose takes them"
    faults: list[str] = []
    by_compose = meaning(tmp_path)["services"]
    for name, text in names.items():
        faults += differences(f"Docker Compose, {name}", by_compose[name]["environment"], {"VALUE": text})
    for reader, model in parsed(tmp_path).items():
        for name, text in names.items():
            environment = model["services"][name]["environment"]
            faults += differences(f"{reader}, {name}", environment, {"VALUE": f"${{NAME:-{text}}}"})
    assert not faults


def understood(folder: Path, file: str) -> Mapping[str, Any] | None:
    """The services as Compose understands them, or nothing where it refuses the file."""
    command = [str(tool("docker-compose")), "--file", file, "config", "--format", "json"]
    done = subprocess.run(command, cwd=folder, env=SCRUBBED, capture_output=True, timeout=PATIENCE, check=False)
    return json.loads(done.stdout)["services"] if done.returncode == 0 else None


@dataclass(frozen=True)
class PathField:
    """A field that holds a path, which is to end in a hostile text."""

    prefix: str
    service: Callable[[str], dict[str, Any]]
    said: Callable[[dict[str, Any]], str]

    def takes(self, text: str) -> bool:
        """Whether the grammar of paths takes it: Compose parts mounts at `:`, and paths in a container are plain."""
        is_plain = not {"", ".", ".."} & set(text.split("/"))
        return not re.search(NOT_IN_PATHS, text) and (is_plain or not self.prefix.startswith("/"))

    def meaning(self, text: str, folder: Path) -> str:
        return os.path.normpath(f"{folder}/{text}") if self.prefix == "./" else self.prefix + text


PATHS = {
    "build": PathField("./", lambda path: {"build": path}, lambda said: said["build"]["context"]),
    "dockerfile": PathField(
        "file-",
        lambda path: {"build": {"context": "./app", "dockerfile": path}},
        lambda said: said["build"]["dockerfile"],
    ),
    "source of a mount": PathField(
        "./", lambda path: {"image": "app:1", "volumes": [f"{path}:/app"]}, lambda said: said["volumes"][0]["source"]
    ),
    "target of a mount": PathField(
        "/app/", lambda path: {"image": "app:1", "volumes": [f"data:{path}"]}, lambda said: said["volumes"][0]["target"]
    ),
    "working_dir": PathField(
        "/app/", lambda path: {"image": "app:1", "working_dir": path}, lambda said: said["working_dir"]
    ),
}


@pytest.mark.quick
@pytest.mark.parametrize("field", PATHS.values(), ids=PATHS)
def test_a_path_arrives(field: PathField, tmp_path: Path, generate: Generate, meaning: Meaning) -> None:
    texts = [text for text in HOSTILE if field.takes(text) and text not in IN_MOUNTS]
    services = {f"s{index}": field.service(field.prefix + text) for index, text in enumerate(texts)}
    generate(profile(tmp_path, services), tmp_path)
    said = {name: field.said(service) for name, service in meaning(tmp_path)["services"].items()}
    expected = {f"s{index}": field.meaning(text, tmp_path) for index, text in enumerate(texts)}
    assert not differences("Docker Compose", said, expected)
    assert len(said) > 50


@pytest.mark.parametrize("field", PATHS.values(), ids=PATHS)
def test_what_is_no_path_is_rejected(field: PathField, tmp_path: Path, binary: Path) -> None:
    refused = [text for text in HOSTILE if not field.takes(text)]
    taken = [
        text
        for text in refused
        if is_taken(binary, tmp_path, profile(tmp_path, {"app": field.service(field.prefix + text)}))
    ]
    assert taken == []
    assert refused


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("v", "/app"),
        ("V", "/app"),
        ("7", "/app"),
        ("data", "/"),
        ("./${", "/app"),
        ("data", "/app/${"),
        ("./${a", "/}"),
    ],
)
def test_an_odd_mount_is_rejected_where_compose_misreads_it(
    source: str, target: str, tmp_path: Path, binary: Path, meaning: Meaning
) -> None:
    is_ours_taken = is_taken(binary, tmp_path, profile(tmp_path, {"app": {"image": "app:1", "volumes": [f"{source}:{target}"]}}))
    expected = f"{tmp_path}/{source[2:]}" if source.startswith("./") else source
    if is_ours_taken:
        [mount] = meaning(tmp_path)["services"]["app"]["volumes"]
        assert (mount.get("source"), mount["target"]) == (expected, target)

    app = {"image": "app:1", "volumes": [f"{source}:{target}".replace("$", "$$")]}
    document = written({"name": "values", "services": {"app": app}, "volumes": {"data": {}}})
    (tmp_path / "plain.yaml").write_text(document, encoding="utf-8")
    read = understood(tmp_path, "plain.yaml")
    mounts = [] if read is None else [(mount.get("source"), mount["target"]) for mount in read["app"]["volumes"]]
    assert is_ours_taken == (mounts == [(expected, target)]), mounts


def test_a_word_of_the_script_arrives_in_bash(tmp_path: Path, generate: Generate) -> None:
    """The file with certificates is the one text of the script that a profile may choose freely."""
    psql = tmp_path / "bin" / "psql"
    psql.parent.mkdir()
    server = "15|on|admin|admin"
    psql.write_text(
        f'#!/bin/sh\nprintf %s "$PGSSLROOTCERT" >"$SAID"\ncat >/dev/null\necho "{server}"\n', encoding="utf-8"
    )
    psql.chmod(0o755)
    said, password = tmp_path / "said", {"POSTGRES_PASSWORD": "x"}
    env = {"PATH": f"{psql.parent}:{SCRUBBED['PATH']}", "INIT_POSTGRES_USER": "admin", "SAID": str(said), **password}
    # `${` is refused there, because Compose would read it in the mount
    texts = [text for text in HOSTILE if PATHS["build"].takes(text) and "${" not in text and len(text) < 10_000]
    for text in texts:
        external = {"host": "db.example.com", "tls": "verify-full", "ca": f"./a{text}"}
        app = {"image": "app:1", "database": {"postgres": "app_db"}}
        path = profile(tmp_path, {"app": app}, postgres={"user": "app", "external": external})
        generate(path, tmp_path, env=password)
        run("/bin/bash", tmp_path / "scripts" / "init-postgres.sh", cwd=tmp_path, env=env)
        assert os.path.normpath(said.read_bytes().decode()) == os.path.normpath(f"a{text}")
