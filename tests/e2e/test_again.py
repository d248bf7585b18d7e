"""The same start at once and again changes nothing; and a deployment without the ensure step is what it was before."""

from contextlib import ExitStack

import images
import pytest
from deployment import DATABASES, SEEDS, SERVICES, Deployment
from interruption import starting
from server import state


@pytest.mark.versions
def test_starts_in_a_row_and_at_once_change_nothing(deployment: Deployment) -> None:
    deployment.run_printed(deployment.generate_profile("prod", "--set", "postgres.access=per_service"))
    for service in SERVICES:
        deployment.write(service, "kept")
    before = state(deployment).without_verifiers()

    with ExitStack() as stack:
        starts = [stack.enter_context(starting(deployment)) for _ in range(3)]
        for start in starts:
            assert start.wait(120) == 0
    for _ in range(2):
        deployment.up()
        assert state(deployment).without_verifiers() == before
        for service in SERVICES:
            assert deployment.read(service) == [*SEEDS, "kept"]
    assert deployment.containers()["postgres-ensure"]["State"]["ExitCode"] == 0


def test_without_the_ensure_step_the_printed_command_does_its_work(deployment: Deployment) -> None:
    without = ("--set", "postgres.ensure=false")
    deployment.run_printed(deployment.generate_profile("mixed", *without))
    assert set(deployment.containers()) == {*SERVICES, "postgres"}
    deployment.write("auth-service", "kept")
    old = deployment.variables()["POSTGRES_PASSWORD"]

    deployment.run_printed(deployment.generate_profile("prod", *without, "--accept", "engine"))
    assert deployment.read("agent-runtime") == SEEDS, "its database came to a volume that is not empty"
    deployment.run_printed(deployment.generate("rotate", "POSTGRES_PASSWORD", *images.postgres_settings(), *without))
    for database in DATABASES.values():
        assert deployment.login(deployment.variables()["POSTGRES_PASSWORD"], database) == "in"
        assert deployment.login(old, database) == "28P01"
    assert deployment.read("auth-service") == [*SEEDS, "kept"]
