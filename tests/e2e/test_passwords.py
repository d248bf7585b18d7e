"""A password arrives at the server and at every service as it was given, and a new one replaces it."""

import re

import pytest

import images
from deployment import DATABASES, SEEDS, SERVICES, Deployment

# All of it means something to YAML, .env files, shells, URLs or SQL, and spaces stand at both ends. There are two,
# because readers of .env have no common spelling for a single quote together with `$`.
HOSTILE = [
    """ it's "quoted" 100% a@b:c/d?e#f &g=h+i,j;k\\l!m^n(o)[p]{q}<r>|s~t """,
    """ $HOME "$$" `id` 100% a@b:c/d?e#f \\$(id)\\n """,
]
WRONG_PASSWORD = "28P01"


@pytest.mark.parametrize("hostile", HOSTILE, ids=["single quote", "dollar"])
def test_a_hostile_password_goes_through_the_whole_chain(deployment: Deployment, hostile: str) -> None:
    deployment.run_printed(deployment.generate_profile("prod", env={"POSTGRES_PASSWORD": hostile}))
    for service in SERVICES:
        deployment.write(service, hostile)
        assert deployment.read(service) == [*SEEDS, hostile]
        assert deployment.login(hostile, DATABASES[service]) == "in"
        assert deployment.login(hostile.strip(), DATABASES[service]) == WRONG_PASSWORD
    assert hostile.strip() not in deployment.compose("logs", "--no-color")


@pytest.mark.versions
def test_a_rotated_password_replaces_the_old_one(deployment: Deployment) -> None:
    deployment.run_printed(deployment.generate_profile("prod"))
    old = password(deployment)
    deployment.write("agent-runtime", "before the rotation")
    assert deployment.login(old, "agent_runtime") == "in"

    rotated = deployment.generate("rotate", "POSTGRES_PASSWORD", *images.postgres_settings())
    new = password(deployment)
    assert new != old
    assert deployment.login(old, "agent_runtime") == "in", "before the printed command nothing has changed"
    deployment.run_printed(rotated)

    for database in DATABASES.values():
        assert deployment.login(new, database) == "in"
        assert deployment.login(old, database) == WRONG_PASSWORD
    assert deployment.read("agent-runtime") == [*SEEDS, "before the rotation"]
    deployment.write("auth-service", "after the rotation")
    assert deployment.read("auth-service") == [*SEEDS, "after the rotation"]


def test_a_password_edited_in_env_arrives_by_the_printed_command(deployment: Deployment) -> None:
    deployment.run_printed(deployment.generate_profile("prod"))
    old, new = password(deployment), "editedByHand0123456789"
    env = deployment.out / ".env"
    env.write_text(env.read_text(encoding="utf-8").replace(f"POSTGRES_PASSWORD={old}", f"POSTGRES_PASSWORD={new}"))

    deployment.run_printed(deployment.generate_profile("prod"))
    for database in DATABASES.values():
        assert deployment.login(new, database) == "in"
        assert deployment.login(old, database) == WRONG_PASSWORD


def password(deployment: Deployment) -> str:
    """The generated password, which is of letters and digits."""
    text = deployment.out.joinpath(".env").read_text(encoding="utf-8")
    found = re.search(r"^POSTGRES_PASSWORD=([A-Za-z0-9]+)$", text, re.MULTILINE)
    assert found is not None
    return found[1]
