"""One folder changes between engines, and each engine's rows are there when it comes back."""

import images
from deployment import ENGINES, SEEDS, SERVER, SERVICES, Deployment
from server import psql


def test_both_engines_keep_their_rows(deployment: Deployment) -> None:
    """Each service's rows stand in its two databases, and those of the engine that is not used wait there."""
    rows = {(service, engine): [*SEEDS] for service in SERVICES for engine in ("sqlite", "postgres")}
    for profile in ("dev", "prod", "mixed", "dev", "prod"):
        deployment.run_printed(deployment.generate_profile(profile, "--accept", "engine"))
        engines = ENGINES[profile]
        uses_server = "postgres" in engines.values()
        assert set(deployment.containers()) == {*SERVICES, *(SERVER if uses_server else [])}
        for service, engine in engines.items():
            assert deployment.read(service) == rows[service, engine]
            rows[service, engine].append(f"{service} by {profile} after {len(rows[service, engine])}")
            deployment.write(service, rows[service, engine][-1])
            if engine == "postgres":
                assert deployment.rows_in_postgres(service) == rows[service, engine]
            else:
                assert deployment.opened(service)[-1].startswith("sqlite+aiosqlite:///")


BILLING = {
    "image": images.SERVICE,
    "port": 8005,
    "data": "billing-data:/app/data",
    "environment": {"PORT": "8005"},
    "healthcheck": {"http": "/health", "with": "python"},
}


def test_a_third_service_joins_a_living_stack(deployment: Deployment) -> None:
    """First with a SQLite file, then with a database on the server that stands: the others do not even stop."""
    databases = ({"sqlite": "data/billing.db"}, {"postgres": "billing_db"})
    profile = {"extends": "builtin:prod-postgres"}
    deployment.write_profile("team", profile)
    deployment.run_printed(deployment.generate_profile("team"))
    for service in SERVICES:
        deployment.write(service, "written before")
    standing = started(deployment)

    for database in databases:
        deployment.write_profile("team", {**profile, "services": {"billing": {**BILLING, "database": database}}})
        deployment.run_printed(deployment.generate_profile("team", "--accept", "engine"))
        assert deployment.read("billing") == SEEDS
        deployment.write("billing", "an invoice")
        assert deployment.read("billing") == [*SEEDS, "an invoice"]
        assert started(deployment) == standing
    assert psql(deployment, "billing_db", "SELECT text FROM notes ORDER BY id").splitlines() == [*SEEDS, "an invoice"]
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, "written before"]


def started(deployment: Deployment) -> dict[str, str]:
    """When the containers started that were there at first."""
    containers = deployment.containers()
    return {name: containers[name]["State"]["StartedAt"] for name in (*SERVICES, "postgres")}


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
