"""An engine with `userns-remap`: the numbers of its containers are others on the host."""

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
    with working_folder() as folder, private(parts.parts(), folder, engine.client, folder / "data", None, BEGIN) as found:
        (folder / "docker").symlink_to(engine.folder / "docker")
        saved = folder / "images.tar"
        engine.docker("save", "--output", str(saved), images.SERVICE)
        found.docker("load", "--input", str(saved))
        saved.unlink()
        deployment = Deployment(found, binary)
        yield deployment
        deployment.remove()


def test_doctor_gives_the_folder_to_the_number_of_the_host(remapped: Deployment) -> None:
    service = {"image": images.SERVICE, "port": 8003, "user": f"{SERVICE_USER}:{SERVICE_USER}"}
    service |= {"data": "./auth-service/data:/app/data", "database": {"sqlite": "data/auth.db"}}
    service |= {"healthcheck": {"http": "/health", "with": "python", "interval": "1s"}}
    profile = {"stage": "development", "engine": "sqlite", "services": {"auth-service": service}}
    remapped.write_profile("own", {"project": remapped.project, **profile})
    remapped.generate("--profile", "own")
    remapped.failing_up()
    found = Doctor(remapped).look().the("sqlite-file", "`auth-service` can't write to `/app/data/auth.db`")
    assert f"sudo chown -R {BEGIN + SERVICE_USER}:{BEGIN + SERVICE_USER} " in found["help"]
    Doctor(remapped).mend(found["help"].replace("sudo ", ""))
    assert remapped.read("auth-service") == SEEDS
    data = remapped.root / "auth-service" / "data"
    assert data.stat().st_uid == BEGIN + SERVICE_USER
    assert [] == Doctor(remapped).look().of("problem")
