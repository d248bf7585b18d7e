"""Docker Compose reads what codelab-gen writes, and understands what the profile means.

The expected models stand in `meaning/`, one per built-in profile, written by hand.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cases import PROFILES, WITH_POSTGRES
from programs import HERE, Compose, Generate, Meaning

pytestmark = pytest.mark.quick

PASSWORD = "codelab_password"
WITH_PASSWORD = {"POSTGRES_PASSWORD": PASSWORD}


def expected(profile: str, project: Path) -> dict[str, Any]:
    text = (HERE / "meaning" / f"{profile}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text.replace("$PROJECT", str(project)).replace("$PASSWORD", PASSWORD))


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_accepted_without_a_warning(
    profile: str, tmp_path: Path, generate: Generate, compose: Compose
) -> None:
    generate(profile, tmp_path)
    done = compose(tmp_path, "config", "--quiet")
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("profile", PROFILES)
def test_compose_understands_what_the_profile_means(
    profile: str, tmp_path: Path, generate: Generate, meaning: Meaning
) -> None:
    generate(profile, tmp_path, "--allow-weak-secrets", env=WITH_PASSWORD)
    assert meaning(tmp_path) == expected(profile, tmp_path)


def test_sqlite_needs_no_env_file(tmp_path: Path, generate: Generate, meaning: Meaning) -> None:
    generate("dev-sqlite", tmp_path)
    (tmp_path / ".env").unlink()
    assert meaning(tmp_path) == expected("dev-sqlite", tmp_path)


@pytest.mark.parametrize("profile", WITH_POSTGRES)
def test_without_env_file_compose_says_what_to_run(
    profile: str, tmp_path: Path, generate: Generate, compose: Compose
) -> None:
    generate(profile, tmp_path)
    (tmp_path / ".env").unlink()
    said = compose(tmp_path, "config", "--quiet", status=1).stderr
    assert "required variable POSTGRES_PASSWORD is missing a value: run codelab-gen to write .env" in said


@pytest.mark.parametrize("profile", WITH_POSTGRES)
def test_the_password_in_the_environment_is_enough(
    profile: str, tmp_path: Path, generate: Generate, meaning: Meaning
) -> None:
    generate(profile, tmp_path)
    (tmp_path / ".env").unlink()
    assert meaning(tmp_path, env=WITH_PASSWORD) == expected(profile, tmp_path)


def test_paths_stay_in_the_project_when_the_outputs_go_elsewhere(
    tmp_path: Path, generate: Generate, meaning: Meaning
) -> None:
    generate("prod-postgres", tmp_path / "deploy", "--allow-weak-secrets", cwd=tmp_path, env=WITH_PASSWORD)
    model = expected("prod-postgres", tmp_path)
    scripts = [model["services"][name]["volumes"][-1] for name in ("postgres", "postgres-ensure")]
    for script in scripts:
        script["source"] = script["source"].replace(str(tmp_path), str(tmp_path / "deploy"))
    assert meaning(tmp_path / "deploy") == model
    assert all(Path(script["source"]).is_file() for script in scripts)
