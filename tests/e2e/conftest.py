"""The generated files under a real Docker Engine.

    bash tests/run.sh e2e                    as root on Debian 12; skipped, with the reason, where something is missing
    E2E=required bash tests/run.sh e2e       installs what is missing (machine.py lists it), and fails without it
    E2E_ENGINE=…, E2E_COMPOSE=…              other versions of Docker (parts.py lists them), or the machine's own engine
    E2E_POSTGRES_IMAGE=postgres:16-alpine    with the machine's own engine: a real image instead of the tests' own

No deployment of the machine is touched. Without permission the engine is one that the tests start, in namespaces of its
own (engine.py). Projects have random names below `codelab-gen-test-`, and what is removed is removed by such a name.
Docker is built, and images are made, without a registry and once per machine (tests/programs): the first run takes some
minutes longer.
Two processes of pytest at once (`-n 2 --dist worksteal`) have an engine each.

A test that fails shows the containers and logs of its deployments. E2E_STAY=1 keeps them for a look by hand (by_hand.py).
"""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

import by_hand
import images
import parts
from deployment import Deployment
from engine import Engine, running, working_folder

FAILED = pytest.StashKey[bool]()


def pytest_configure() -> None:
    """What the tests lay down is for several users, also where the user of the tests shares nothing."""
    os.umask(0o022)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets the fixtures know how the test ended."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


def pytest_report_header() -> str:
    """Which versions will run."""
    version, why = parts.asked_engine()
    return f"e2e: Docker Engine {version} ({why}), Docker Compose {parts.asked_compose()}"


@pytest.fixture(scope="session")
def engine(pytestconfig: pytest.Config) -> Iterator[Engine]:
    """A Docker Engine that has the images of the tests."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # what takes minutes is told at once
        docker = parts.parts()
        made = images.prepared(docker)
    with working_folder() as folder, running(docker, folder, made) as engine:
        if made is None:
            images.make_images(engine, images.base_tar(), images.site_packages())
        yield engine
        if made is None:
            images.remove_images(engine)


@pytest.fixture(scope="session")
def binary(engine: Engine) -> Path:
    """The program under test, where a user who is not root can run it."""
    path = os.environ.get("CODELAB_GEN")
    if path is None or not Path(path).is_file():
        pytest.fail(f"CODELAB_GEN={path} is no program; this builds it: bash tests/run.sh e2e")
    copy = Path(shutil.copy(path, engine.folder / "codelab-gen"))
    copy.chmod(0o755)
    return copy


@pytest.fixture
def deploy(request: pytest.FixtureRequest, engine: Engine, binary: Path) -> Iterator[Callable[..., Deployment]]:
    """Makes deployments, each of a project of its own, and removes them after the test."""
    made: list[Deployment] = []

    def deploy(**how: bool) -> Deployment:
        made.append(Deployment(engine, binary, **how))
        return made[-1]

    yield deploy
    if os.environ.get("E2E_STAY") == "1":
        capture = request.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            by_hand.wait(engine, made)
    if request.node.stash.get(FAILED, False):
        for deployment in made:
            print(deployment.describe())
    for deployment in made:
        deployment.remove()


@pytest.fixture
def deployment(deploy: Callable[..., Deployment]) -> Deployment:
    """One deployment, whose health is looked at every second."""
    return deploy()
