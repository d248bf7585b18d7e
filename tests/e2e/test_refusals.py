"""What the ensure step refuses, and what codelab-gen tells: values that do not belong together reach no server."""

from collections.abc import Callable

import pytest

from deployment import SEEDS, SERVICES, Deployment
from server import State, state

STRAY = "strayPassword0123456789"


@pytest.fixture
def running(deployment: Deployment) -> Deployment:
    """A deployment of `prod` with a row in each database."""
    deployment.run_printed(deployment.generate_profile("prod"))
    for service in SERVICES:
        deployment.write(service, "kept")
    return deployment


def refused(deployment: Deployment, before: State, names: list[str], going_on: list[str]) -> None:
    """The start fails, names the variables and the way out, shows no password, and has changed nothing."""
    said = deployment.failing_up()
    told = deployment.logs("postgres-ensure").rpartition("is ready\n")[2]
    assert "postgres-ensure" in said
    assert "nothing was changed" in told
    for word in (*names, "unset", "codelab-gen"):
        assert word in told
    for secret in (STRAY, deployment.variables()["POSTGRES_PASSWORD"]):
        assert secret not in said + deployment.logs()
    assert state(deployment) == before
    for service in SERVICES:
        assert deployment.rows_in_postgres(service) == [*SEEDS, "kept"]
    for service in going_on:
        assert deployment.read(service) == [*SEEDS, "kept"]


@pytest.mark.versions
def test_stray_variables_of_the_shell_are_refused(running: Deployment) -> None:
    """A service whose own variable it is gets a new container, which Compose does not start; the others go on."""
    before = state(running)
    running.exported = {"POSTGRES_PASSWORD": STRAY}
    refused(running, before, ["POSTGRES_PASSWORD", "AUTH_SERVICE__DB_URL"], going_on=["agent-runtime", "auth-service"])
    running.exported = {"AUTH_SERVICE__DB_URL": f"postgresql+asyncpg://codelab:{STRAY}@postgres:5432/auth_db"}
    refused(running, before, ["AUTH_SERVICE__DB_URL"], going_on=["agent-runtime"])
    running.exported = {"AGENT_RUNTIME__DB_URL": "sqlite:///data/agent_runtime.db"}
    refused(running, before, ["AGENT_RUNTIME__DB_URL", "agent_runtime"], going_on=[])

    running.exported = {}
    running.up()
    assert state(running).without_verifiers() == before.without_verifiers()
    for service in SERVICES:
        assert running.read(service) == [*SEEDS, "kept"]


@pytest.mark.versions
def test_a_stale_env_is_refused(running: Deployment) -> None:
    """As after a pull: the committed files are of today, `.env` has an older engine, or only a part of a rotation."""
    before, right, old = state(running), running.env.read_text(encoding="utf-8"), running.variables()

    sqlite = right.replace(old["AUTH_SERVICE__DB_URL"], "sqlite:///data/auth.db")
    running.env.write_text(sqlite, encoding="utf-8")
    refused(running, before, ["AUTH_SERVICE__DB_URL", "SQLite", "auth_db"], going_on=["agent-runtime"])

    half = right.replace(f"POSTGRES_PASSWORD={old['POSTGRES_PASSWORD']}", f"POSTGRES_PASSWORD={STRAY}")
    running.env.write_text(half, encoding="utf-8")
    refused(running, before, ["AUTH_SERVICE__DB_URL", "POSTGRES_PASSWORD"], going_on=["agent-runtime"])

    # The way out that was told: codelab-gen takes the password that a user may edit, and writes the URLs by it.
    running.run_printed(running.generate_profile("prod"))
    assert running.login(STRAY, "auth_db") == "in"
    assert running.login(old["POSTGRES_PASSWORD"], "auth_db") == "28P01"
    for service in SERVICES:
        assert running.read(service) == [*SEEDS, "kept"]


@pytest.mark.versions
def test_a_lost_env_is_told_and_recovered_from(deploy: Callable[..., Deployment]) -> None:
    """The volume has a password that nobody knows any more."""
    deployment = deploy(named_by_env=False)
    deployment.run_printed(deployment.generate_profile("prod"))
    old = deployment.variables()["POSTGRES_PASSWORD"]
    for service in SERVICES:
        deployment.write(service, "kept")
    deployment.env.unlink()

    generated = deployment.generate_profile("prod")
    for word in ("POSTGRES_PASSWORD", "postgres-data"):
        assert word in generated.notes
    deployment.run_printed(generated)
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, "kept"]
    assert deployment.login(deployment.variables()["POSTGRES_PASSWORD"], "auth_db") == "in"
    assert deployment.login(old, "auth_db") == "28P01"
