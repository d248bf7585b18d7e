"""`stage: production` locks PostgreSQL up, and it survives that: the second start, a new container, a crash."""

from collections.abc import Callable
from typing import Any

import pytest

import images
from deployment import SEEDS, SERVER, SERVICES, Deployment
from engine import Engine
from interruption import wait_until

POSTGRES_USER = "999"
STEP_DOWN = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]

# Where nothing may be written, not even by root.
READ_ONLY = ["/etc", "/usr/local/bin", "/var/lib/postgresql", "/docker-entrypoint-initdb.d"]


@pytest.fixture(params=["the image's user is known", "the image's user is not known"])
def hardened(request: pytest.FixtureRequest, deploy: Callable[..., Deployment], engine: Engine) -> Deployment:
    """A deployment of `prod` whose files are written, not started."""
    deployment = deploy()
    if request.param == "the image's user is known":
        if engine.host_of is None:
            pytest.skip(f"no image of the tests is called {images.OFFICIAL} on the machine's own engine")
        deployment.generate_profile("prod", "--set", f"postgres.image={images.OFFICIAL}")
    else:
        deployment.generate_profile("prod")
    return deployment


def test_a_locked_server_lives_through_everything(hardened: Deployment, engine: Engine) -> None:
    hardened.up()
    containers = hardened.containers()
    is_known = containers["postgres"]["Config"]["Image"] == images.OFFICIAL
    for name in SERVER:
        assert containers[name]["Config"]["User"] == ("999:999" if is_known else "")
        is_locked_up(containers[name], steps_down=name == "postgres" and not is_known)
    for name in (*SERVICES, "postgres"):
        assert containers[name]["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    for container in containers.values():
        assert "no-new-privileges:true" in container["HostConfig"]["SecurityOpt"]
        assert container["HostConfig"]["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}

    runs_without_rights(hardened)
    hardened.write("auth-service", "written at first")
    rows = [*SEEDS, "written at first"]
    for again in (["down"], ["restart"], ["up", "-d", "--wait", "--force-recreate"]):
        hardened.compose(*again)
        hardened.up()
        assert hardened.read("auth-service") == rows, again
        rows.append(f"after {again[0]}")
        hardened.write("auth-service", rows[-1])

    engine.kill(hardened.containers()["postgres"]["State"]["Pid"])
    wait_until(lambda: is_back(hardened.containers()["postgres"]))
    assert hardened.read("auth-service") == rows
    runs_without_rights(hardened)


def is_locked_up(container: dict[str, Any], *, steps_down: bool) -> None:
    """Root needs a few rights to prepare the folders and become another user; all else needs none."""
    host = container["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert sorted(cap.removeprefix("CAP_") for cap in host["CapAdd"] or []) == (STEP_DOWN if steps_down else [])
    assert host["ReadonlyRootfs"]
    assert min(host["Memory"], host["NanoCpus"], host["PidsLimit"]) > 0


def runs_without_rights(deployment: Deployment) -> None:
    """The server's own process, whoever started it; and nothing is written but where it should be."""
    status = dict(line.split(":", 1) for line in deployment.inside("postgres", "cat", "/proc/1/status").splitlines())
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {POSTGRES_USER}
    assert int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"
    touched = deployment.try_inside("postgres", "touch", *(f"{folder}/written" for folder in READ_ONLY), user="0")
    assert touched.stderr.count("Read-only file system") == len(READ_ONLY)
    deployment.inside("postgres", "touch", "/tmp/written", "/var/run/postgresql/written", user=POSTGRES_USER)


def is_back(container: dict[str, Any]) -> bool:
    health: str = container["State"]["Health"]["Status"]
    return container["RestartCount"] > 0 and health == "healthy"
