"""The fixtures of all tests: codelab-gen, the shells, and a project that a CI system would check out."""

import os
import shutil
from pathlib import Path

import pytest

from programs import ROOT, run


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test."""
    path = os.environ.get("CODELAB_GEN")
    if path is None or not Path(path).is_file():
        pytest.fail(f"CODELAB_GEN={path} is no program; this builds it: bash tests/run.sh kit")
    return Path(path)


@pytest.fixture
def shell(request: pytest.FixtureRequest) -> str:
    """A shell by its name, which only has to be there where SHELLS=required."""
    path = shutil.which(request.param)
    if path is None:
        missing = f"{request.param} is missing: apt-get install {request.param}"
        if os.environ.get("SHELLS") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    return path


@pytest.fixture
def project(tmp_path: Path, binary: Path) -> Path:
    """A repository with the built-in profiles and the outputs of one of them, as they would be committed."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    production = folder / "profiles" / "prod-postgres.yaml"
    production.write_text(production.read_text(encoding="utf-8") + "\nout: ./deploy\n", encoding="utf-8")
    (folder / ".gitignore").write_text(".env\n", encoding="utf-8")
    run("git", "init", "--quiet", cwd=folder)
    run(binary, "--all", cwd=folder)
    (folder / "deploy" / ".env").unlink()
    return folder
