"""The generated stack on a real Swarm of three engines.

    bash tests/run.sh swarm            as root on Debian 12; skipped, with the reason, where something is missing
    E2E=required bash tests/run.sh swarm    installs what is missing, and fails without it
    E2E_ENGINE=20.10 bash tests/run.sh swarm    on the Docker Engine of Debian

Nothing of the machine is touched but control groups of the run's own name. Programs and images are those of tests/e2e.
One Swarm is started for all tests; each has a stack of its own.

A test that fails shows its tasks and logs. SWARM_STAY=1 keeps the Swarm for a look by hand.
"""

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import machine
import parts
import pytest

from cage import working_folder
from lab import Lab, prepared, running
from stack import Stack

FAILED = pytest.StashKey[bool]()


def pytest_configure() -> None:
    os.umask(0o022)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets the fixtures know how the test ended."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


def pytest_report_header() -> str:
    version, why = parts.asked_engine()
    return f"swarm: Docker Engine {version} ({why})"


@pytest.fixture(scope="session")
def lab(pytestconfig: pytest.Config) -> Iterator[Lab]:
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    if os.geteuid() != 0:
        machine.unavailable("a Swarm of the tests' own needs root")
    if parts.CURRENT:
        machine.unavailable("a Swarm is made of engines of the tests' own, not of E2E_ENGINE=current")
    with capture.global_and_fixture_disabled():  # what takes minutes is told at once
        docker = parts.parts()
        made = prepared(docker)
    with working_folder() as folder, running(docker, folder, made) as started:
        yield started
        if os.environ.get("SWARM_STAY") == "1":
            with capture.global_and_fixture_disabled():
                stay(started)


def stay(lab: Lab) -> None:
    """Says how the Swarm is reached from another shell, and waits until a file is removed."""
    signal = lab.folder / "stays"
    signal.touch()
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in lab.a_manager().engine.environment().items())
    lines = [
        "",
        "swarm: it stays for now; in another shell, as root:",
        f"  env {variables} docker node ls",
        f"  ls {lab.folder / 'logs'}",
        f"  rm {signal}   # goes on, and ends it",
    ]
    print("\n".join(lines), file=sys.stderr, flush=True)
    while signal.exists():
        time.sleep(0.2)


@pytest.fixture(scope="session")
def binary(lab: Lab) -> Path:
    """The program under test, where a user who is not root can run it."""
    path = os.environ.get("CODELAB_GEN")
    if path is None or not Path(path).is_file():
        pytest.fail(f"CODELAB_GEN={path} is no program; this builds it: bash tests/run.sh swarm")
    copy = Path(shutil.copy(path, lab.folder / "codelab-gen"))
    copy.chmod(0o755)
    return copy


@pytest.fixture
def stacks(request: pytest.FixtureRequest, lab: Lab, binary: Path) -> Iterator[Callable[[], Stack]]:
    """Makes stacks, each in a folder of its own, and removes them with their volumes after the test."""
    lab.all_ready()
    made: list[Stack] = []

    def make() -> Stack:
        made.append(Stack(lab, binary))
        return made[-1]

    yield make
    if request.node.stash.get(FAILED, False):
        for stack in made:
            print(stack.describe())
    if os.environ.get("SWARM_STAY") != "1":
        lab.all_ready()
        for stack in made:
            stack.remove()


@pytest.fixture
def stack(stacks: Callable[[], Stack]) -> Stack:
    return stacks()
