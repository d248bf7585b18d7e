"""Who reaches PostgreSQL: the host where the profile publishes it, and nobody else's deployment."""

from collections.abc import Callable

from deployment import SEEDS, SERVICES, Deployment, ports
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


def test_postgres_is_reached_from_the_host_only_where_it_is_published(deployment: Deployment, engine: Engine) -> None:
    port = engine.on_host(FREE_PORT)
    published = ("--set", f"postgres.publish={port}")
    deployment.run_printed(deployment.generate_profile("prod", *published, env={"POSTGRES_PASSWORD": SECRET}))
    deployment.write("auth-service", "seen from the host")

    assert ports(deployment.containers()["postgres"]) == {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]}
    assert engine.on_host(ROWS, port, env={"SECRET": SECRET}) == " | ".join([*SEEDS, "seen from the host"])

    deployment.run_printed(deployment.generate_profile("prod"))
    assert {name: ports(container) for name, container in deployment.containers().items()} == dict.fromkeys(
        (*SERVICES, "postgres"), {}
    )
    assert engine.on_host(ROWS, port, env={"SECRET": SECRET}) == "refused"
    assert deployment.read("auth-service") == [*SEEDS, "seen from the host"]


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

    first.compose("down")
    for service in SERVICES:
        second.write(service, "the second runs on")
        assert second.read(service) == [*SEEDS, "the second runs on"]
