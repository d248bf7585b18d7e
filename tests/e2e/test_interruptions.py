"""Work that is cut off, by a kill or a lost machine, is completed by doing it again."""

import re
import stat

import images
import pytest
from deployment import DATABASES, SEEDS, SERVER, SERVICES, Deployment, check
from interruption import HeldStart, killed_at_each_change, start_killed_at
from server import state

WRONG_PASSWORD = "28P01"


def test_a_rotation_is_completed_by_the_next_one(deployment: Deployment) -> None:
    """Killed at every change that it makes to the folder, it leaves an `.env` whose parts agree."""
    deployment.run_printed(deployment.generate_profile("prod"))
    old = deployment.variables()["POSTGRES_PASSWORD"]
    deployment.write("auth-service", "before the rotation")
    before = {name for name, _ in deployment.files()}
    rotate = ("rotate", "POSTGRES_PASSWORD", *images.postgres_settings())

    standing = []
    for _ in killed_at_each_change(deployment, deployment.generate_command(*rotate), lambda: dict(deployment.files())):
        variables = deployment.variables()
        standing.append(variables["POSTGRES_PASSWORD"])
        for service in ("AGENT_RUNTIME", "AUTH_SERVICE"):
            assert f":{standing[-1]}@" in variables[f"{service}__DB_URL"]
        for name, text in deployment.files():
            if standing[-1].encode() in text:
                assert stat.S_IMODE(deployment.out.joinpath(name).stat().st_mode) == 0o600, name
    assert old in standing, "a kill before anything was replaced"
    assert len(set(standing)) > 1, "a kill behind it"

    rotated = deployment.generate(*rotate)
    assert {name for name, _ in deployment.files()} == before, "what the killed runs had begun is gone"
    deployment.run_printed(rotated)
    new = deployment.variables()["POSTGRES_PASSWORD"]
    assert deployment.login(new, "auth_db") == "in"
    for password in {old, *standing} - {new}:
        assert deployment.login(password, "auth_db") == WRONG_PASSWORD
    assert deployment.read("auth-service") == [*SEEDS, "before the rotation"]


@pytest.mark.parametrize(
    "events",
    [("create postgres", "start postgres"), ("start postgres-ensure", "die postgres-ensure")],
    ids=["the server", "what brings roles in line"],
)
def test_a_start_that_is_cut_off_is_completed_by_the_next_one(deployment: Deployment, events: tuple[str, ...]) -> None:
    """Docker Compose is killed while it brings a new password: before and behind each thing that it does for it."""
    deployment.run_printed(deployment.generate_profile("prod"))
    rows = [*SEEDS]
    for event in events:
        old = deployment.variables()["POSTGRES_PASSWORD"]
        rotated = deployment.generate("rotate", "POSTGRES_PASSWORD", *images.postgres_settings())
        start_killed_at(deployment, event)
        deployment.run_printed(rotated)

        assert sorted(deployment.containers()) == sorted((*SERVICES, *SERVER))
        assert deployment.login(deployment.variables()["POSTGRES_PASSWORD"], "auth_db") == "in"
        assert deployment.login(old, "auth_db") == WRONG_PASSWORD
        rows.append(event)
        for service in SERVICES:
            deployment.write(service, event)
            assert deployment.read(service) == rows


@pytest.mark.parametrize("point", ["before the first database", "inside of the script"])
def test_a_first_start_that_is_cut_off_is_completed_by_the_next_one(deployment: Deployment, point: str) -> None:
    """Wherever the image's own first start may end, but inside of initdb."""
    generated = deployment.generate_profile("prod")
    HeldStart(deployment).kill_at(point)
    deployment.run_printed(generated)
    for service in SERVICES:
        assert deployment.read(service) == SEEDS
        deployment.write(service, point)
        assert deployment.rows_in_postgres(service) == [*SEEDS, point]
    owners = state(deployment).owners()
    assert {name: owners[name] for name in DATABASES.values()} == dict.fromkeys(DATABASES.values(), "codelab")


def test_a_volume_that_is_half_made_is_told(deployment: Deployment) -> None:
    """Killed behind initdb, the server lets nobody in, and two commands that are told mend that; killed inside of it,
    there is no server, and PostgreSQL itself says so.
    """
    deployment.generate_profile("prod")
    held = HeldStart(deployment)
    held.kill_at("behind initdb")
    deployment.failing_up()
    told = deployment.logs("postgres-ensure")
    commands = re.findall(r"^    (docker compose .+)$", told, re.MULTILINE)
    assert "pg_hba.conf lets no other container in" in told
    assert len(commands) == 2
    check(deployment.finish(["sh", "-ec", "\n".join(commands)]))
    deployment.up()
    for service in SERVICES:
        assert deployment.read(service) == SEEDS
    deployment.compose("down", "--volumes")

    held.kill_at("inside of initdb")
    said = deployment.failing_up()
    assert "dependency postgres failed to start" in said
    assert "could not find the database system" in deployment.logs("postgres")
    deployment.compose("down", "--volumes")
    deployment.up()
    for service in SERVICES:
        assert deployment.read(service) == SEEDS
