"""Who reaches PostgreSQL: the host where the profile publishes it, and nobody else's deployment."""

import json
from collections.abc import Callable

import pytest
from deployment import SEEDS, SERVER, SERVICES, Deployment, ports
from engine import Engine

FREE_PORT = """
import socket
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    print(probe.getsockname()[1])
"""

ROWS = """
import asyncio, os, sys
import asyncpg

async def main(port):
    try:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=port, user="codelab", password=os.environ["SECRET"], database="auth_db", timeout=30
        )
    except ConnectionRefusedError:
        return "refused"
    rows = await connection.fetch("SELECT text FROM notes ORDER BY id")
    await connection.close()
    return " | ".join(row["text"] for row in rows)

print(asyncio.run(main(int(sys.argv[1]))))
"""

SECRET = "the-secret-of-this-test"


@pytest.mark.versions
def test_postgres_is_reached_from_the_host_only_where_it_is_published(deployment: Deployment, engine: Engine) -> None:
    port = engine.on_host(FREE_PORT)
    published = ("--set", f"postgres.publish={port}")
    deployment.run_printed(deployment.generate_profile("prod", *published, env={"POSTGRES_PASSWORD": SECRET}))
    deployment.write("auth-service", "seen from the host")

    assert ports(deployment.containers()["postgres"]) == {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]}
    assert engine.on_host(ROWS, port, env={"SECRET": SECRET}) == " | ".join([*SEEDS, "seen from the host"])

    deployment.run_printed(deployment.generate_profile("prod"))
    published_now = {name: ports(container) for name, container in deployment.containers().items()}
    assert published_now == {name: {} for name in (*SERVICES, *SERVER)}
    assert engine.on_host(ROWS, port, env={"SECRET": SECRET}) == "refused"
    assert deployment.read("auth-service") == [*SEEDS, "seen from the host"]


def test_only_its_users_reach_the_database(deployment: Deployment) -> None:
    """In `mixed` one service has no business with PostgreSQL, and PostgreSQL has none with anybody else."""
    deployment.run_printed(deployment.generate_profile("mixed"))
    addresses = {
        name: [network["IPAddress"] for network in container["NetworkSettings"]["Networks"].values()]
        for name, container in deployment.containers().items()
    }
    [postgres], [stranger] = addresses["postgres"], addresses["agent-runtime"]

    assert deployment.client("auth-service", "reach", "postgres", "5432").strip() == "reached"
    assert deployment.client("auth-service", "reach", stranger, "8001").strip() == "reached"
    assert deployment.client("agent-runtime", "reach", "postgres", "5432").strip() == "no name"
    assert deployment.client("agent-runtime", "reach", postgres, "5432").strip() == "unreachable"

    [network] = json.loads(deployment.engine.docker("network", "inspect", f"{deployment.project}_database"))
    assert network["Internal"], "no way out"
    assert {one["Name"] for one in network["Containers"].values()} == set(
        map(deployment.name, ("auth-service", "postgres"))
    )
    connect = ["timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{stranger}/8001"]
    assert deployment.try_inside("postgres", *connect).returncode != 0
    assert deployment.containers()["postgres-ensure"]["HostConfig"]["NetworkMode"] == "none"


def test_two_deployments_of_one_profile_share_nothing(deploy: Callable[..., Deployment]) -> None:
    """COMPOSE_PROJECT_NAME in the user's own part of .env parts two folders on one engine."""
    first, second = deploy(), deploy()
    for deployment in (first, second):
        deployment.run_printed(deployment.generate_profile("mixed"))
    for service in SERVICES:
        first.write(service, "only in the first")
    for service in SERVICES:
        assert first.read(service) == [*SEEDS, "only in the first"]
        assert second.read(service) == SEEDS

    volumes = first.engine.docker("volume", "ls", "--format", "{{.Name}}").split()
    for deployment in (first, second):
        assert f"{deployment.project}_postgres-data" in volumes

    first.compose("down")
    for service in SERVICES:
        second.write(service, "the second runs on")
        assert second.read(service) == [*SEEDS, "the second runs on"]
