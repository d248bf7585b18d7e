"""An engine with `userns-remap`: the numbers of its containers are others on the host."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import images
import parts
import pytest
from doctor import Doctor
from engine import Engine, private, working_folder

from deployment import SEEDS, SERVICE_USER, Deployment

BEGIN = 300_000


@pytest.fixture
def remapped(engine: Engine, binary: Path) -> Iterator[Deployment]:
    if engine.host_of is None:
        pytest.skip("e2e: skipped: the images of the tests are in their own engine")
    with working_folder() as folder, private(
        parts.parts(), folder, engine.client, folder / "data", None, BEGIN
    ) as found:
        (folder / "docker").symlink_to(engine.folder / "docker")
        saved = folder / "images.tar"
        engine.docker("save", "--output", str(saved), images.SERVICE)
        found.docker("load", "--input", str(saved))
        saved.unlink()
        deployment = Deployment(found, binary)
        yield deployment
        deployment.remove()


def test_doctor_gives_the_folder_to_the_number_of_the_host(
    remapped: Deployment,
) -> None:
    service = {
        "image": images.SERVICE,
        "port": 8003,
        "user": f"{SERVICE_USER}:{SERVICE_USER}",
    }
    service |= {
        "data": "./auth-service/data:/app/data",
        "database": {"sqlite": "data/auth.db"},
    }
    service |= {"healthcheck": {"http": "/health", "with": "python", "interval": "1s"}}
    profile = {
        "stage": "development",
        "engine": "sqlite",
        "services": {"auth-service": service},
    }
    remapped.write_profile("own", {"project": remapped.project, **profile})
    remapped.generate("--profile", "own")
    remapped.failing_up()
    found = (
        Doctor(remapped)
        .look()
        .the("sqlite-file", "`auth-service` can't write to `/app/data/auth.db`")
    )
    assert (
        f"sudo chown -R {BEGIN + SERVICE_USER}:{BEGIN + SERVICE_USER} " in found["help"]
    )
    command = found["help"].replace("sudo ", "")  # which the tests' own user needs not
    subprocess.run(
        ["sh", "-ec", command],
        cwd=remapped.root,
        env=remapped.engine.environment(),
        check=True,
    )
    assert remapped.read("auth-service") == SEEDS
    data = remapped.root / "auth-service" / "data"
    assert data.stat().st_uid == BEGIN + SERVICE_USER
    # where /etc/subuid is that of the engine
    inside = [
        "nsenter",
        f"--mount=/proc/{remapped.engine.host_of}/ns/mnt",
        f"--wd={remapped.root}",
        "--",
    ]
    command = [*inside, *remapped.generate_command("doctor")]
    done = subprocess.run(
        command,
        env=remapped.engine.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "\n0 problems, " in done.stdout, done.stdout + done.stderr
