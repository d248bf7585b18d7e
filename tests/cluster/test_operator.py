"""PostgreSQL by CloudNativePG: two servers, a role and a database for each service, and the loss of a server."""

from collections.abc import Callable
from typing import Any

import pytest

from release import DATABASES, SEEDS, SERVICES, Release, stateless
from test_profiles import HOSTILE as WITH_SPACES
from test_profiles import OF_API, PASSWORD, WITH_SERVER, keeps_rows, profile, write
from writer import lost, writing

# The operator takes white space from both ends of a password.
HOSTILE = WITH_SPACES.strip()
# Also what a wrong password comes to: the client tries again without encryption, and is told this.
NOT_ADMITTED = "28000"
PASSWORDS = {"agent-runtime": "AGENT_RUNTIME__DB_PASSWORD", "auth-service": "AUTH_SERVICE__DB_PASSWORD"}
HOST = "postgres-rw"

pytestmark = pytest.mark.usefixtures("operator")


def operated() -> dict[str, Any]:
    described = stateless(operator="cloudnative-pg", instances=2, access="per_service")
    for service in described["services"].values():
        # Nine of them in a row that fail restart a service: more than it takes until another server is the first.
        service["healthcheck"]["interval"] = "10s"
    return described


@pytest.fixture
def healthy(releases: Callable[[], Release]) -> Release:
    """Two servers, and services that reach them; the passwords are difficult."""
    release = releases()
    release.write_profile("own", operated())
    given = {name: f"{service}{HOSTILE}" for service, name in PASSWORDS.items()}
    release.run_printed(release.generate("--profile", "own", env=given))
    release.settle(300)
    release.namespace.kubectl("wait", "cluster/postgres", "--for=condition=Ready", "--timeout=180s")
    return release


def primary(release: Release) -> str:
    return str(release.namespace.get("cluster", "postgres")["status"]["currentPrimary"])


@pytest.mark.always
def test_each_service_has_its_own_role_and_database(healthy: Release) -> None:
    for service in SERVICES:
        healthy.write(service, HOSTILE)
        assert healthy.read(service) == [*SEEDS, HOSTILE]
    for service, database in DATABASES.items():
        role, password = healthy.sql(service, "SELECT current_user")[0][0], f"{service}{HOSTILE}"
        for other in DATABASES.values():
            expected = "in" if other == database else NOT_ADMITTED
            assert healthy.login(password, other, role, HOST) == expected, f"{service} in {other}"
        assert healthy.login("wrong", database, role, HOST) == NOT_ADMITTED

    before = healthy.running()
    assert healthy.difference() == ""
    generations = healthy.generations()
    healthy.apply()
    assert healthy.generations() == generations
    assert healthy.running() == before

    role = healthy.sql("auth-service", "SELECT current_user")[0][0]
    healthy.run_printed(healthy.generate("rotate", PASSWORDS["auth-service"], "--profile", "own"))
    new = healthy.secret(PASSWORDS["auth-service"])
    healthy.settle()
    assert healthy.login(new, DATABASES["auth-service"], role, HOST) == "in"
    old = f"auth-service{HOSTILE}"
    assert healthy.login(old, DATABASES["auth-service"], role, HOST) == NOT_ADMITTED
    assert healthy.read("auth-service") == [*SEEDS, HOSTILE]


@pytest.mark.parametrize("base", WITH_SERVER)
def test_a_profile_keeps_its_rows_with_an_operator(release: Release, base: str) -> None:
    """In production, and as the profile says who has a role."""
    write(release, {**profile(base, operator="cloudnative-pg", instances=1), "stage": "production"})
    release.run_printed(release.generate("--profile", "own", env={PASSWORD: HOSTILE, OF_API: HOSTILE}))
    release.settle(300)
    keeps_rows(release, base)
    before = release.running()
    assert release.difference() == ""
    release.apply()
    assert release.running() == before


def test_the_loss_of_the_first_server_loses_nothing(healthy: Release) -> None:
    before = primary(healthy)
    with writing(healthy, "agent-runtime") as written:
        healthy.namespace.kubectl("delete", "pod", before, "--grace-period=1")
        healthy.namespace.cluster.until("another server is the first", lambda: primary(healthy) != before)
        healthy.namespace.kubectl("wait", "cluster/postgres", "--for=condition=Ready", "--timeout=180s")
    print(f"writes paused for {written.gap:.1f} s")
    assert lost(healthy, "agent-runtime", written) == set()
    assert len(written.numbers) > 10
