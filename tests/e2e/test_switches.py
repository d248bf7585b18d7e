"""One folder changes between engines, and each engine's rows are there when it comes back."""

import pytest

from deployment import SEEDS, SERVICES, Deployment


def test_both_engines_keep_their_rows(deployment: Deployment) -> None:
    deployment.run_printed(deployment.generate_profile("dev"))
    for service in SERVICES:
        deployment.write(service, f"{service} in sqlite")

    deployment.run_printed(deployment.generate_profile("prod", "--accept", "engine"))
    for service in SERVICES:
        assert deployment.read(service) == SEEDS, "PostgreSQL starts empty"
        deployment.write(service, f"{service} in postgres")

    deployment.run_printed(deployment.generate_profile("dev", "--accept", "engine"))
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, f"{service} in sqlite"]
        assert deployment.opened(service)[-1].startswith("sqlite+aiosqlite:///")

    deployment.run_printed(deployment.generate_profile("prod", "--accept", "engine"))
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, f"{service} in postgres"]
        assert deployment.rows_in_postgres(service) == [*SEEDS, f"{service} in postgres"]


def test_a_service_that_joins_a_server_gets_its_database(deployment: Deployment) -> None:
    """In `mixed` the server has one service; with `prod` the other one comes to a volume that is not empty."""
    deployment.run_printed(deployment.generate_profile("mixed"))
    deployment.write("auth-service", "written before")

    deployment.run_printed(deployment.generate_profile("prod", "--accept", "engine"))
    assert deployment.read("agent-runtime") == SEEDS
    assert deployment.read("auth-service") == [*SEEDS, "written before"]


def test_leaving_production_is_refused_and_changes_nothing(deployment: Deployment) -> None:
    """Without consent the running deployment keeps its files, and the printed command its rows."""
    generated = deployment.generate_profile("prod")
    deployment.run_printed(generated)
    deployment.write("auth-service", "kept")
    before = {path: path.read_bytes() for path in deployment.out.rglob("*") if path.is_file()}

    deployment.generate("--profile", "dev", status=4)

    assert {path: path.read_bytes() for path in deployment.out.rglob("*") if path.is_file()} == before
    deployment.run_printed(generated)
    assert deployment.read("auth-service") == [*SEEDS, "kept"]
