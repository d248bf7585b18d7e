"""The other ways of a password to Compose: files, which no variable of a container shows, and a secret manager."""

import pytest

import images
from deployment import DATABASES, SEEDS, SERVICES, Deployment
from operations import back_up, run_script

FROM_MANAGER = ["fromTheManager0123456789", "anotherOne9876543210"]


@pytest.mark.parametrize(
    ("image", "ensure"), [(images.POSTGRES, "true"), (images.OFFICIAL, "true"), (images.POSTGRES, "false")]
)
@pytest.mark.versions
def test_passwords_in_files(deployment: Deployment, image: str, ensure: str) -> None:
    """Readable to the image's own user, whether the container starts as he or as root without capabilities. A rotated one
    replaces the old one, also where nothing brings roles in line but a printed command; and a backup brings back rows, but
    no password.
    """
    if image == images.OFFICIAL and deployment.engine.host_of is None:
        pytest.skip(f"no image of the tests is called {images.OFFICIAL} on the machine's own engine")
    fields = {"postgres.image": image, "postgres.version": "15", "postgres.ensure": ensure, "secrets_in": "files"}
    settings = [part for field, value in fields.items() for part in ("--set", f"{field}={value}")]
    deployment.run_printed(deployment.generate("--profile", "prod", *settings))
    first = password_in_file(deployment)
    deployment.write("auth-service", "kept")
    backup = back_up(deployment)

    deployment.run_printed(deployment.generate("rotate", "POSTGRES_PASSWORD", *settings))
    second = password_in_file(deployment)
    works(deployment, new=second, old=first)
    assert second not in str(deployment.containers()["postgres"]["Config"]["Env"])
    assert deployment.read("auth-service") == [*SEEDS, "kept"]

    deployment.write("auth-service", "later")
    said = run_script(deployment, "restore", str(backup))
    works(deployment, new=second, old=first)
    assert deployment.read("auth-service") == [*SEEDS, "kept"]
    assert first not in said.stdout + said.stderr and second not in said.stdout + said.stderr


def password_in_file(deployment: Deployment) -> str:
    return deployment.out.joinpath("secrets", "postgres_password").read_text(encoding="utf-8")


@pytest.mark.versions
def test_passwords_of_a_secret_manager(deployment: Deployment) -> None:
    """`.env` holds none; another value in the manager arrives by the next start."""
    generated = deployment.generate_profile("prod", "--set", "secrets_in=environment")
    for password in FROM_MANAGER:
        deployment.exported = {"POSTGRES_PASSWORD": password}
        deployment.run_printed(generated)
        for service in SERVICES:
            deployment.write(service, f"with {password}")
    works(deployment, new=FROM_MANAGER[1], old=FROM_MANAGER[0])
    assert "POSTGRES_PASSWORD" not in deployment.variables()
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, *(f"with {password}" for password in FROM_MANAGER)]


def works(deployment: Deployment, *, new: str, old: str) -> None:
    for database in DATABASES.values():
        assert deployment.login(new, database) == "in"
        assert deployment.login(old, database) == "28P01"
