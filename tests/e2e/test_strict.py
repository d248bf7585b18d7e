"""Services that are hardened: `hardening: strict`, and an image that gives its privileges up by itself."""

import os

import pytest

import images
from deployment import SEEDS, SERVICE_USER, SERVICES, Deployment

STRICT = {
    "extends": "builtin:prod-postgres",
    "engine": "sqlite",
    "services": {
        "agent-runtime": {"hardening": "strict", "user": f"{SERVICE_USER}:{SERVICE_USER}"},
        "auth-service": {"hardening": "strict", "data": "auth-data:/app/data"},
    },
}


@pytest.mark.versions
def test_strict_services_write_to_their_data_and_nowhere_else(deployment: Deployment) -> None:
    """One on a folder of the host, as its owner; one on a named volume."""
    deployment.write_profile("strict", STRICT)
    deployment.run_printed(deployment.generate_profile("strict"))
    for name, container in deployment.containers().items():
        host = container["HostConfig"]
        assert (name, host["CapDrop"], host["CapAdd"], host["ReadonlyRootfs"]) == (name, ["ALL"], None, True)
        assert host["SecurityOpt"] == ["no-new-privileges:true"]

    for service in SERVICES:
        deployment.write(service, "kept")
    deployment.up("--force-recreate")
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, "kept"]
        for path, reason in {"/app/data/by-root": "Permission denied", "/app/by-root": "Read-only file system"}.items():
            assert reason in deployment.try_inside(service, "touch", path, user="0").stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a folder of root to give")
def test_an_image_that_drops_its_privileges_itself(deployment: Deployment) -> None:
    """It needs root to give the folder to its user, and has what it needs under `no-new-privileges`."""
    images_of_services = {name: {"build": None, "image": images.STEPDOWN} for name in SERVICES}
    deployment.write_profile("stepdown", {**STRICT, "services": images_of_services})
    folder = deployment.root / "agent-runtime" / "data"
    os.chown(folder, 0, 0)

    deployment.run_printed(deployment.generate_profile("stepdown"))
    for service in SERVICES:
        deployment.write(service, "kept")
    deployment.up("--force-recreate")
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, "kept"]
        text = deployment.inside(service, "cat", "/proc/1/status")
        status = dict(line.split(":", 1) for line in text.splitlines())
        assert set(status["Uid"].split()) == {str(SERVICE_USER)}
        assert status["NoNewPrivs"].strip() == "1"
    assert folder.stat().st_uid == folder.joinpath("agent_runtime.db").stat().st_uid == SERVICE_USER
