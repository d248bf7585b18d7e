"""From Docker Compose to a cluster and back, in one folder: secrets move, and backups carry the data."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import images
import parts
import pytest
from deployment import Deployment
from engine import Engine, running, working_folder
from operations import back_up, run_script
from test_profiles import HOSTILE, PASSWORD, profile
from test_scripts import run

from conftest import FAILED
from namespace import Namespace
from release import SEEDS, SERVICES, Release

# As difficult as `.env` takes it.
DIFFICULT = ' a "b" c@d:e/f?g#h%41&i=j+k~l$HOME$(id)`m`{n}[o]<p>|*;! '


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A Docker Engine beside the cluster."""
    docker = parts.parts()
    made = images.prepared(docker)
    with working_folder() as folder, running(docker, folder, made) as engine:
        yield engine


@pytest.fixture
def compose(request: pytest.FixtureRequest, engine: Engine, binary: Path) -> Iterator[Deployment]:
    copy = Path(shutil.copy(binary, engine.folder / "codelab-gen"))
    copy.chmod(0o755)
    deployment = Deployment(engine, copy)
    yield deployment
    if request.node.stash.get(FAILED, False):
        print(deployment.describe())
    deployment.remove()


def test_backups_go_from_compose_to_a_cluster_and_back(
    compose: Deployment, namespaces: Callable[[], Namespace], binary: Path
) -> None:
    """Of PostgreSQL and of a SQLite file; nothing but what a backup brings is there."""
    compose.write_profile("own", profile("mixed"))
    compose.generate("--profile", "own", env={PASSWORD: DIFFICULT})
    compose.up()
    for service in SERVICES:
        compose.write(service, HOSTILE)
    backup = back_up(compose)

    moved = Release(namespaces(), binary, compose.root)
    moved.run_printed(moved.generate("--profile", "own", "--set", "target=kubernetes", "--accept", "target"))
    moved.settle()
    assert moved.secret(PASSWORD) == DIFFICULT
    for service in SERVICES:
        assert moved.read(service) == SEEDS
    run(moved, "restore", str(backup))
    for service in SERVICES:
        assert moved.read(service) == [*SEEDS, HOSTILE]
        moved.write(service, "in the cluster")
    backup = Path(run(moved, "backup").strip())

    compose.give_folders_away()
    compose.generate("--profile", "own", "--accept", "target")
    assert not moved.manifests.joinpath("kustomization.yaml").exists()
    compose.up()
    for service in SERVICES:
        assert compose.read(service) == [*SEEDS, HOSTILE], "the volumes of Compose stayed"
    run_script(compose, "restore", str(backup))
    for service in SERVICES:
        assert compose.read(service) == [*SEEDS, HOSTILE, "in the cluster"]
