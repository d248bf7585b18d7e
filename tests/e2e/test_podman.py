"""What is generated runs on Podman through its Docker API: Debian's package, with Docker Compose as its client."""

from collections.abc import Iterator
from pathlib import Path

import images
import pytest
from doctor import Doctor
from engine import Engine, working_folder
from operations import back_up, run_script
from podman import podman

from deployment import SEEDS, Deployment


@pytest.fixture
def on_podman(engine: Engine, binary: Path) -> Iterator[Deployment]:
    if engine.host_of is None:
        pytest.skip("e2e: skipped: the images of the tests are in their own engine")
    with working_folder() as folder, podman(engine, folder) as found:
        deployment = Deployment(found, binary)
        yield deployment
        deployment.remove()


def test_a_deployment_starts_is_healthy_and_is_restored(on_podman: Deployment) -> None:
    """A chain of three: the service waits for the job, which waits for the server's health."""
    postgres = {"image": images.POSTGRES, "version": 15}
    on_podman.write_profile("own", {"extends": "builtin:mixed", "postgres": postgres})
    on_podman.run_printed(on_podman.generate("--profile", "own"))
    on_podman.write("auth-service", "kept")
    health = {name: container["State"].get("Health", {}) for name, container in on_podman.containers().items()}
    assert health["auth-service"].get("Status") == health["postgres"].get("Status") == "healthy"
    found = Doctor(on_podman).look()
    assert found.of("problem") == []
    found.the("docker", "the engine is Podman, which is ", "ok")
    backup = back_up(on_podman)
    on_podman.write("auth-service", "later")
    run_script(on_podman, "restore", str(backup))
    assert on_podman.read("auth-service") == [*SEEDS, "kept"]
    on_podman.up()  # what stands is brought up again
    assert on_podman.read("auth-service") == [*SEEDS, "kept"]
