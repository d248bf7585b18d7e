"""Each built-in profile starts from nothing with the printed command, works, and keeps its rows."""

import sqlite3
from collections.abc import Callable

import pytest

from deployment import DATABASES, ENGINES, SEEDS, SERVER, SERVICES, Deployment

SQLITE = {"agent-runtime": "data/agent_runtime.db", "auth-service": "data/auth.db"}


def stored(deployment: Deployment, service: str, engine: str) -> list[str]:
    """The service's rows where the profile says that they are, read past the service."""
    if engine == "postgres":
        return deployment.rows_in_postgres(service)
    connection = sqlite3.connect(f"file:{deployment.root / service / SQLITE[service]}?mode=ro", uri=True)
    try:
        return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY id")]
    finally:
        connection.close()


def url(service: str, engine: str) -> str:
    if engine == "postgres":
        return f"postgresql+asyncpg://codelab:***@postgres:5432/{DATABASES[service]}"
    return f"sqlite+aiosqlite:///{SQLITE[service]}"


@pytest.mark.versions
@pytest.mark.parametrize("profile", ENGINES)
def test_rows_outlive_the_containers(deployment: Deployment, profile: str) -> None:
    """From nothing, through `down`, to the next `up`: rows stand in the engine that the profile says, and stay."""
    generated = deployment.generate_profile(profile)
    deployment.run_printed(generated)

    engines = ENGINES[profile]
    expected = {*SERVICES, *(SERVER if "postgres" in engines.values() else [])}
    states = {name: container["State"] for name, container in deployment.containers().items()}
    ended = {name: state["ExitCode"] for name, state in states.items() if not state["Running"]}
    assert set(states) == expected
    assert ended == ({"postgres-ensure": 0} if "postgres" in engines.values() else {})
    rows = {service: [*SEEDS, f"written by {service}"] for service in SERVICES}
    for service, engine in engines.items():
        assert deployment.opened(service) == [url(service, engine)]
        assert deployment.read(service) == SEEDS
        deployment.write(service, f"written by {service}")
        assert deployment.read(service) == rows[service]
        assert stored(deployment, service, engine) == rows[service]
        unused = deployment.root / service / SQLITE[service]
        assert unused.exists() == (engine == "sqlite")

    deployment.compose("down")
    assert deployment.containers() == {}
    deployment.run_printed(generated)
    for service, engine in engines.items():
        assert deployment.read(service) == rows[service]
        assert stored(deployment, service, engine) == rows[service]


@pytest.mark.versions
def test_the_outputs_start_without_any_addition(deploy: Callable[..., Deployment]) -> None:
    """The health checks with their own intervals; in all other tests an override file has them look every second."""
    deployment = deploy(quick=False)
    deployment.run_printed(deployment.generate_profile("prod"))
    assert sorted(path.name for path in deployment.out.iterdir()) == [
        ".env",
        ".env.example",
        "docker-compose.yml",
        "scripts",
    ]
    states = {name: container["State"] for name, container in deployment.containers().items()}
    health = {name: state["Health"]["Status"] for name, state in states.items() if "Health" in state}
    assert health == dict.fromkeys((*SERVICES, "postgres"), "healthy")
    assert states["postgres-ensure"]["ExitCode"] == 0
    assert deployment.read("auth-service") == SEEDS
