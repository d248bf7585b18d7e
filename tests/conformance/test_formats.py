"""The outputs under the linters and the other readers of their formats."""

import json
from pathlib import Path

import pytest
import yaml
from ruamel.yaml import YAML

from cases import PROFILES
from programs import Generate, run, tool


@pytest.mark.parametrize("access", ["shared", "per_service"])
@pytest.mark.parametrize("profile", PROFILES)
def test_shellcheck_has_nothing_to_say(profile: str, access: str, tmp_path: Path, generate: Generate) -> None:
    generate(profile, tmp_path, "--set", f"postgres.access={access}")
    scripts = sorted((tmp_path / "scripts").rglob("*.sh"))
    assert len(scripts) > 4
    run(tool("shellcheck"), "--norc", "--external-sources", *scripts, cwd=tmp_path / "scripts" / "db")


def test_sqlite_has_no_script(tmp_path: Path, generate: Generate) -> None:
    generate("dev-sqlite", tmp_path)
    assert not (tmp_path / "scripts" / "init-postgres.sh").exists()


@pytest.mark.parametrize("profile", PROFILES)
def test_the_schema_of_the_compose_specification_accepts_it(profile: str, tmp_path: Path, generate: Generate) -> None:
    generate(profile, tmp_path)
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "docker-compose.yml", cwd=tmp_path)


@pytest.mark.parametrize("profile", PROFILES)
def test_yaml_1_1_and_1_2_read_the_same(profile: str, tmp_path: Path, generate: Generate) -> None:
    """`yes`, `012` or `12:30` mean different things to the two; JSON keeps `1`, `true` and `"1"` apart."""
    generate(profile, tmp_path)
    text = (tmp_path / "docker-compose.yml").read_text(encoding="utf-8")
    old = yaml.safe_load(text)
    new = YAML(typ="safe", pure=True).load(text)
    assert json.dumps(old) == json.dumps(new)
    assert old["name"] == "codelab"
    values = [value for service in old["services"].values() for value in service["environment"].values()]
    assert values and all(isinstance(value, str) for value in values)
