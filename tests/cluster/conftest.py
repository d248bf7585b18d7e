"""The generated manifests on a real Kubernetes of two nodes.

    bash tests/run.sh cluster          as root on Debian 12; skipped, with the reason, where something is missing
    E2E=required bash tests/run.sh cluster  installs what is missing, and fails without it

Nothing of the machine is touched but control groups of the run's own name. All programs are built from Go modules, once
per machine (tests/programs), and the images are those of tests/e2e. One cluster is started for all tests; each has a
namespace of its own, in which Pod Security `restricted` is enforced.

A test that fails shows its pods, events and logs. CLUSTER_STAY=1 keeps the cluster for a look by hand.
"""

import os
import shlex
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import machine
import pytest

import cnpg
import stock
from cage import working_folder
from cluster import Cluster, running
from namespace import Namespace
from release import Release

FAILED = pytest.StashKey[bool]()


def pytest_configure() -> None:
    os.umask(0o022)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets the fixtures know how the test ended."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    if os.geteuid() != 0:
        machine.unavailable("a cluster needs root")
    with capture.global_and_fixture_disabled():  # what takes minutes is told at once
        found = stock.stock()
    with working_folder() as folder, running(found, folder) as started:
        yield started
        if os.environ.get("CLUSTER_STAY") == "1":
            with capture.global_and_fixture_disabled():
                stay(started)


def stay(cluster: Cluster) -> None:
    """Says how the cluster is reached from another shell, and waits until a file is removed."""
    signal = cluster.folder / "stays"
    signal.touch()
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in cluster.environment().items())
    enter = " ".join(cluster.cage.network_of())
    lines = [
        "",
        "cluster: it stays for now; in another shell, as root:",
        f"  {enter} env {variables} kubectl get pods --all-namespaces",
        f"  ls {cluster.folder / 'logs'}",
        f"  rm {signal}   # goes on, and ends it",
    ]
    print("\n".join(lines), file=sys.stderr, flush=True)
    while signal.exists():
        time.sleep(0.2)


@pytest.fixture
def namespaces(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Callable[[], Namespace]]:
    """Makes namespaces, and removes them with their volumes after the test."""
    made: list[Namespace] = []

    def make() -> Namespace:
        made.append(Namespace.make(cluster))
        return made[-1]

    yield make
    if request.node.stash.get(FAILED, False):
        for namespace in made:
            print(namespace.describe())
    if os.environ.get("CLUSTER_STAY") != "1":
        for namespace in made:
            namespace.remove()


@pytest.fixture
def namespace(namespaces: Callable[[], Namespace]) -> Namespace:
    return namespaces()


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test."""
    path = os.environ.get("CODELAB_GEN")
    if path is None or not Path(path).is_file():
        pytest.fail(f"CODELAB_GEN={path} is no program; this builds it: bash tests/run.sh cluster")
    return Path(path)


@pytest.fixture
def releases(namespaces: Callable[[], Namespace], binary: Path, tmp_path: Path) -> Callable[[], Release]:
    """Makes deployments, each in a namespace and a folder of its own."""

    def make() -> Release:
        namespace = namespaces()
        root = tmp_path / namespace.name
        root.mkdir()
        return Release(namespace, binary, root)

    return make


@pytest.fixture
def release(releases: Callable[[], Release]) -> Release:
    return releases()


@pytest.fixture(scope="session")
def operator(cluster: Cluster) -> None:
    """CloudNativePG runs."""
    cnpg.install(cluster)
