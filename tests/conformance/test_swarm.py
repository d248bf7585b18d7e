"""What is generated for Docker Swarm, as far as no Swarm is needed: how `deploy.sh` reads `.env`, and what it gives to docker."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from cases import PASSWORDS
from programs import Generate, run, tool

SERVICE = {"image": "registry.example.com/api:1", "database": {"postgres": "api"}}
PROFILE = {
    "format": 1,
    "project": "shop",
    "stage": "staging",
    "target": "swarm",
    "engine": "postgres",
    "services": {
        "api": {
            **SERVICE,
            "depends_on": ["migrate", "on"],
            "environment": {"KEY": {"secret": "KEY"}, "A": {"env": "A"}},
        },
        "migrate": {**SERVICE, "runs": "once"},
        "on": {
            "image": "on:1",
            "data": "on:/data",
            "environment": {"TEXT": "services:\n  api:\n    x"},
        },
    },
    "secrets": {"KEY": "generate"},
    "postgres": {"image": "postgres:17", "user": "shop", "access": "per_service"},
}

# What somebody may write into .env beside the block.
BY_HAND = """
export A=plain value # a comment
B="double \\"quoted\\" \\$not \\n over two
lines" # behind
C='single $B
over two'
D=${A}/$(touch run)`touch run`
E=
 F = no
G="${C}"
I=C:\\new/$A-$(x)
H=a#b
"""
READ = {
    "A": "plain value",
    "B": 'double "quoted" $not \n over two\nlines',
    "C": "single $B\nover two",
    "D": "plain value/$(touch run)`touch run`",
    "E": "",
    "G": "single $B\nover two",
    "I": "C:\\new/plain value-$(x)",
    "H": "a#b",
}


def generated(folder: Path, generate: Generate, profile: Mapping[str, Any] = PROFILE, **env: str) -> Path:
    """The folder of the outputs."""
    profiles = folder / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "own.yaml").write_text(yaml.safe_dump(dict(profile)), encoding="utf-8")
    generate("own", folder / "deploy", "--allow-weak-secrets", env=env, cwd=folder)
    return folder / "deploy"


def between(out: Path, first: str, last: str) -> str:
    """The functions of the script from one to another, which are defined in one piece."""
    text = (out / "scripts" / "deploy.sh").read_text(encoding="utf-8")
    found = re.search(
        rf"^{re.escape(first)}.*?(?=^{re.escape(last)})",
        text,
        flags=re.MULTILINE | re.DOTALL,
    )
    assert found is not None, first
    return found[0]


def reading(out: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the script makes of .env, by its own functions."""
    functions = between(out, "say() {", "# shown:") + between(out, "# Of .env: names", "case $(docker info")
    show = 'for name in "${names[@]}"; do find_value "$name"; printf "%s=%s\\0" "$name" "$value"; done'
    done = run("/bin/bash", "-c", f"set -euo pipefail\n{functions}\n{show}", cwd=out, env=env)
    pairs = (entry.partition("=") for entry in done.stdout.split("\0")[:-1])
    return {name: value for name, _, value in pairs}


@pytest.mark.quick
@pytest.mark.parametrize("password", PASSWORDS)
def test_deploy_reads_every_secret_as_the_other_readers_do(password: str, tmp_path: Path, generate: Generate) -> None:
    out = generated(
        tmp_path,
        generate,
        POSTGRES_PASSWORD=password,
        API__DB_PASSWORD=password,
        KEY=password,
    )
    read = reading(out)
    assert read == dotenv_values(out / ".env")
    assert (read["POSTGRES_PASSWORD"], read["KEY"]) == (password, password)


def test_deploy_reads_what_was_written_by_hand_and_runs_nothing(tmp_path: Path, generate: Generate) -> None:
    out = generated(tmp_path, generate)
    (out / ".env").write_text(BY_HAND, encoding="utf-8")
    assert reading(out) == READ
    assert reading(out, {"A": "of the environment\n"}) == READ | {
        "A": "of the environment\n",
        "D": "of the environment\n/$(touch run)`touch run`",
        "I": "C:\\new/of the environment\n-$(x)",
    }
    assert not (out / "run").exists()


def test_each_wave_has_its_services_and_all_that_they_name(tmp_path: Path, generate: Generate) -> None:
    out = generated(tmp_path, generate)
    whole = yaml.safe_load((out / "stack.yml").read_text(encoding="utf-8"))
    part = between(out, "part() {", "# ")
    waves = re.search(
        r"^waves=\(\n(.*?)^\)",
        (out / "scripts" / "deploy.sh").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert waves is not None
    named = [wave.strip().strip("'").split() for wave in waves[1].splitlines()]
    assert named == [["postgres", "on"], ["postgres-ensure"], ["migrate"], ["api"]]
    for wave in named:
        cut = yaml.safe_load(run("/bin/bash", "-c", f'{part}\npart "$@"', "part", *wave, cwd=out).stdout)
        assert cut == whole | {"services": {name: whole["services"][name] for name in wave}}


def test_nothing_secret_is_in_the_stack(tmp_path: Path, generate: Generate) -> None:
    out = generated(
        tmp_path,
        generate,
        POSTGRES_PASSWORD="one-secret",
        API__DB_PASSWORD="two-secret",
        KEY="three-secret",
    )
    for name in (
        "stack.yml",
        "scripts/deploy.sh",
        "scripts/init-postgres.sh",
        ".env.example",
    ):
        assert "-secret" not in (out / name).read_text(encoding="utf-8"), name
    # before Docker 23 what stands behind a dash would be the value of a variable that is missing
    for message in re.findall(r"\$\{\w+:\?([^}]*)\}", (out / "stack.yml").read_text(encoding="utf-8")):
        assert "-" not in message, message


def test_options_are_told_and_wrong_ones_refused(tmp_path: Path, generate: Generate) -> None:
    script = generated(tmp_path, generate) / "scripts" / "deploy.sh"
    assert "--pin NODE" in run("/bin/bash", script, "--help", cwd=tmp_path).stdout
    for wrong in (["--pin"], ["--timeout", "soon"], ["--prune=yes"], ["stack"]):
        assert "help: scripts/deploy.sh --help" in run("/bin/bash", script, *wrong, cwd=tmp_path, status=2).stderr


@pytest.mark.parametrize("with_server", [True, False])
def test_linters_have_nothing_to_say(with_server: bool, tmp_path: Path, generate: Generate) -> None:
    bare = {
        **PROFILE,
        "engine": "sqlite",
        "services": {"on": {"image": "on:1"}},
        "secrets": {},
    }
    out = generated(tmp_path, generate, PROFILE if with_server else bare)
    scripts = sorted(path for path in out.rglob("*.sh") if path.name in {"deploy.sh", "init-postgres.sh", "reach.sh"})
    assert len(scripts) == (3 if with_server else 1)
    for command in ([tool("shellcheck"), "--norc"], [tool("shfmt"), "-d", "-i", "2"]):
        done = run(*command, *scripts, cwd=out)
        assert (done.stdout, done.stderr) == ("", "")
    done = run(tool("yamllint"), "-s", "stack.yml", cwd=out)
    assert (done.stdout, done.stderr) == ("", "")
