"""Whatever value a secret has, it arrives byte for byte in every reader of `.env`, or is refused.

What these tests know:

* a value goes the way of a real one: from the environment of codelab-gen through `.env` to each reader. Linux takes
  128 KiB in one variable and about 2 MB in all of them, so one file holds thousands of values;
* `docker compose config --environment` tells values as they are, so only those on one line can be found in it;
* pydantic-settings stops at keys that it does not know, unless it is told to ignore them;
* dotenvy is a reader that codelab-gen itself runs over each `.env` before it writes it.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from cases import write_profile
from programs import LONG, PATIENCE, SCRUBBED, Compose, Generate, Meaning, run, tool
from values import SEED, form, hostile_values

COUNT = 96_000 if LONG else 24_000
OF_A_FILE = 2_000
FILES = [pytest.param(0, marks=pytest.mark.quick), *range(1, COUNT // OF_A_FILE)]

# Of each kind that `.env` can't hold one, with how else it could be written.
REFUSED = ("a\rb", "a${X}b", "${X:-d}", "it's $5", "it's `x`", "a\\\\b$c", "a\\\\b`c", "a\\", "it's\\", "a\\\\")
MARK = "SeCrEt"

PYTHON_READER = """
import json, sys
from importlib.metadata import version
from dotenv import dotenv_values
from pydantic import create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

class Base(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", case_sensitive=True)

paths, keys = sys.argv[1:], json.load(sys.stdin)
settings = create_model("Settings", __base__=Base, **{key: (str | None, None) for key in keys})
print(json.dumps([{
    f"python-dotenv {version('python-dotenv')}": dotenv_values(path),
    f"pydantic-settings {version('pydantic-settings')}": settings(_env_file=path).model_dump(),
} for path in paths]))
"""

Values = Mapping[str, str]
Reading = Mapping[str, str | None]


@cache
def of_file(number: int) -> Values:
    """The values that one file holds, by their keys; the same ones however many processes run the tests."""
    values = hostile_values(COUNT)[number * OF_A_FILE : (number + 1) * OF_A_FILE]
    return {f"S{index}": value for index, value in enumerate(values)}


def secrets_profile(folder: Path, keys: Iterable[str]) -> Path:
    """A profile with these secrets, each of them in a variable of the same name. JSON is YAML."""
    secrets = dict.fromkeys(keys, "required")
    service = {"image": "app:1", "environment": {key: {"secret": key} for key in secrets}}
    services = {"app": service}
    profile = {"format": 1, "stage": "development", "project": "values", "services": services, "secrets": secrets}
    path = folder / "profiles" / "case.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(profile), encoding="utf-8")
    return path


def refusals(binary: Path, folder: Path, values: Values) -> dict[str, str]:
    """The keys that codelab-gen can't write, with why."""
    profile = secrets_profile(folder, values)
    args = ("--profile", profile, "--out", folder, "--format", "json")
    done = run(binary, *args, cwd=folder, env=values, status=5)
    document = json.loads(done.stdout)
    assert (document["outcome"], done.stderr) == ("secrets", "")
    assert not (folder / ".env").exists()
    messages = [secret["message"] for secret in document["secrets"]]
    told = [re.fullmatch("the secret `(S[0-9]+)` can't be written: (.+)", message) for message in messages]
    assert all(told), messages
    return {match[1]: match[2] for match in told if match}


def by_shell(shell: str, folder: Path, file: str) -> Reading:
    command = [shell, "-c", f"set -a; . ./{file}; env -0"]
    done = subprocess.run(command, cwd=folder, env=SCRUBBED, capture_output=True, timeout=PATIENCE, check=False)
    entries = done.stdout.decode(errors="replace").split("\0")
    return {key: value for key, _, value in (entry.partition("=") for entry in entries)}


def by_python(environment: str, folder: Path, keys: Iterable[str], files: Iterable[str]) -> list[dict[str, Reading]]:
    python = tool("python", environment)
    done = run(python, "-c", PYTHON_READER, *files, cwd=folder, stdin=json.dumps(list(keys)))
    readings: list[dict[str, Reading]] = json.loads(done.stdout)
    return readings


def by_shells_and_python(folder: Path, keys: Sequence[str], *files: str) -> list[dict[str, Reading]]:
    """What each reader makes of each file."""
    by_shells = [{shell: by_shell(f"/bin/{shell}", folder, file) for shell in ("bash", "dash")} for file in files]
    by_pythons = (by_python(environment, folder, keys, files) for environment in ("tools", "python-dotenv-1.0"))
    return [{**shells, **new, **old} for shells, new, old in zip(by_shells, *by_pythons, strict=True)]


def by_environment(folder: Path, values: Values, compose: Compose) -> Reading:
    done = compose(folder, "config", "--environment")
    assert done.stderr == ""
    lines = set(done.stdout.split("\n"))
    return {key: value if "\n" in value or f"{key}={value}" in lines else None for key, value in values.items()}


def wrong(values: Values, readings: Mapping[str, Reading]) -> list[str]:
    """What was read differently, in words."""
    return [
        f"{reader}: {value!r:.150} ({form(value)}) is read as {reading.get(key)!r:.150}"
        for reader, reading in readings.items()
        for key, value in values.items()
        if reading.get(key) != value
    ]


def in_words(number: int, faults: list[str]) -> str:
    return "\n".join([f"seed {SEED}, file {number}: {len(faults)} wrong, such as", *faults[:20]])


def writable(number: int) -> Values:
    return {key: value for key, value in of_file(number).items() if form(value)}


@pytest.mark.parametrize("number", FILES)
def test_a_value_is_refused_where_no_form_is_read_alike(number: int, tmp_path: Path, binary: Path) -> None:
    values = of_file(number)
    refused = refusals(binary, tmp_path, values)
    faults = [
        f"{value!r:.150} is {'refused' if key in refused else 'taken'}, but could be written {form(value)}"
        for key, value in values.items()
        if (key in refused) != (form(value) is None)
    ]
    assert not faults, in_words(number, faults)
    assert len(set(refused.values())) < 10, "a reason seems to tell more than the kind of the fault"


@pytest.mark.parametrize("number", FILES)
def test_every_reader_reads_every_value(
    number: int, tmp_path: Path, generate: Generate, compose: Compose, meaning: Meaning
) -> None:
    values = writable(number)
    generate(secrets_profile(tmp_path, values), tmp_path, env=values)
    readings = {
        "docker compose config": meaning(tmp_path)["services"]["app"]["environment"],
        "docker compose config --environment": by_environment(tmp_path, values, compose),
        **by_shells_and_python(tmp_path, list(values), ".env")[0],
    }
    assert len(readings) == 8
    faults = wrong(values, readings)
    assert not faults, in_words(number, faults)


@pytest.mark.parametrize("number", FILES)
def test_the_next_run_keeps_every_value(number: int, tmp_path: Path, generate: Generate) -> None:
    values = writable(number)
    profile = secrets_profile(tmp_path, values)
    generate(profile, tmp_path, env=values)
    first = (tmp_path / ".env").read_bytes()
    generate(profile, tmp_path)
    second = (tmp_path / ".env").read_bytes()
    generate(profile, tmp_path, env=values)  # and finds that the environment says the same
    third = (tmp_path / ".env").read_bytes()
    is_kept = first == second == third  # pytest would take very long to show how such files differ
    assert is_kept


@pytest.mark.quick
@pytest.mark.parametrize(
    "line", ["# <<< codelab-gen", "# >>> codelab-gen: profile=case", "# Secrets", "SECRET=2", "OTHER=x"]
)
def test_no_line_of_a_value_is_taken_for_one_of_the_file(line: str, tmp_path: Path, generate: Generate) -> None:
    values = {"SECRET": f"first\n{line}\nlast", "OTHER": "x"}
    profile = secrets_profile(tmp_path, values)
    generate(profile, tmp_path, env=values)
    first = (tmp_path / ".env").read_bytes()
    generate(profile, tmp_path)
    assert (tmp_path / ".env").read_bytes() == first


def test_the_share_that_is_refused_is_small(capsys: pytest.CaptureFixture[str]) -> None:
    values = hostile_values(COUNT)
    forms = [form(value) for value in values]
    share = forms.count(None) / len(values)
    with capsys.disabled():  # to standard error, as a process of pytest-xdist has no other output
        print(f"\n{len(values)} values of seed {SEED}: {share:.1%} refused", file=sys.stderr)
    assert len(values) == len(set(values)) >= 20_000
    assert share < 0.16  # half of them for a character that is not seen
    assert all(forms.count(kind) > 100 for kind in set(forms)), "each form is to be tested by many values"
    assert len(set(forms)) == 5


@pytest.mark.parametrize("value", REFUSED)
def test_what_is_refused_is_misread_in_any_form(value: str, tmp_path: Path) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    more = escaped.replace("$", "\\$").replace("`", "\\`")
    forms = [value, f"'{value}'", f'"{value}"', f'"{escaped}"', f'"{more}"']
    files = [f"{number}.env" for number in range(len(forms))]
    for file, written in zip(files, forms, strict=True):
        (tmp_path / file).write_bytes(f'VALUE={written}\nNEXT="it\'s"\n'.encode())
    for written, readings in zip(forms, by_shells_and_python(tmp_path, ["VALUE", "NEXT"], *files), strict=True):
        assert len(readings) == 6
        assert wrong({"VALUE": value, "NEXT": "it's"}, readings), written


@pytest.mark.quick
@pytest.mark.parametrize("args", [(), ("--format", "json")])
def test_no_refusal_shows_a_value(args: tuple[str, ...], tmp_path: Path, binary: Path) -> None:
    values = {f"S{index}": f"{MARK}{value}" for index, value in enumerate((*REFUSED, f"\r{MARK}"))}
    profile = secrets_profile(tmp_path, values)
    done = run(binary, "--profile", profile, "--out", tmp_path, *args, cwd=tmp_path, env=values, status=5)
    said = done.stdout + done.stderr
    assert [key for key in values if f"`{key}`" not in said] == []
    assert MARK not in said
    assert [path.name for path in tmp_path.iterdir()] == ["profiles"]


@pytest.mark.parametrize("password", ["two\nlines", "line end\n", "\nfirst"])
def test_the_postgres_image_keeps_one_line_of_its_password(password: str, tmp_path: Path, binary: Path) -> None:
    profile = write_profile(tmp_path, {"stage": "development"})
    env = {"POSTGRES_PASSWORD": password}
    said = run(binary, "--profile", profile, "--out", tmp_path, cwd=tmp_path, env=env, status=5).stderr
    assert "the secret `POSTGRES_PASSWORD` can't be written: it holds a line end" in said
    assert not (tmp_path / ".env").exists()
