"""Who reaches whom: services and PostgreSQL, the host and what it publishes, and two deployments each other."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import images
import machine
import pytest
from deployment import SEEDS, SERVER, SERVICES, Deployment, ports
from engine import Engine
from reachability import CONNECT, LISTENS, OUTSIDE

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


# The engine's host: a program of its own, and an address that is none of a container's.
LISTEN = """
import socket, subprocess, sys
subprocess.run(["ip", "address", "add", sys.argv[1], "dev", "lo"], check=True)
with socket.create_server(("0.0.0.0", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    sys.stdin.read()
subprocess.run(["ip", "address", "delete", sys.argv[1], "dev", "lo"], check=True)
"""


@contextmanager
def listening_on_host(engine: Engine) -> Iterator[int]:
    """The port of a program of the engine's host."""
    enter = [] if engine.host_of is None else ["nsenter", f"--net=/proc/{engine.host_of}/ns/net", "--"]
    command = [*enter, sys.executable, "-c", LISTEN, OUTSIDE]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8", env={"PATH": machine.PATH}) as process:
        assert process.stdin and process.stdout
        yield int(process.stdout.readline())
        process.stdin.close()
        assert process.wait(30) == 0


def program(**more: object) -> dict[str, object]:
    """A service whose program listens, and does nothing else."""
    listens = ["python", "-m", "http.server", str(LISTENS)]
    return {"image": images.SERVICE, "command": listens, "port": LISTENS, **more}


def profile_of_table(open_port: int, closed_port: int, server_port: int) -> dict[str, object]:
    """A profile with services of every kind that there is to networks."""
    services = {
        "user": program(database={"postgres": "user"}),
        "plain": program(),
        "inside": program(outbound=False),
        "inside-user": program(outbound=False, database={"postgres": "inside_user"}),
        "apart": program(compose={"networks": ["apart"]}),
        "apart-user": program(compose={"networks": ["apart"]}, database={"postgres": "apart_user"}),
        "alone-user": program(compose={"networks": ["alone"]}, database={"postgres": "alone_user"}),
        "open": program(publish=f"0.0.0.0:{open_port}"),
        "closed": program(publish=closed_port),
    }
    return {
        "stage": "production",
        "project": "table",
        "engine": "postgres",
        "services": services,
        "postgres": {"user": "codelab", "access": "per_service", "publish": server_port},
        "compose": {"networks": {"apart": {}, "alone": {}}},
    }


# Who meets on a network, whatever its name.
TOGETHER = ["user", "plain", "inside", "inside-user", "open", "closed"]
HAS_DATABASE = ["user", "inside-user", "apart-user", "alone-user"]
MEETS = {
    **{name: [*TOGETHER, *(["postgres"] if name in HAS_DATABASE else [])] for name in TOGETHER},
    "apart": ["apart", "apart-user"],
    "apart-user": ["apart", "apart-user", "postgres"],
    "alone-user": ["alone-user", "postgres"],
    "postgres": ["postgres", *HAS_DATABASE],
}
HAS_NO_WAY_OUT = ["inside", "inside-user"]


def expected_of(name: str) -> set[str]:
    """What one of them reaches. The host's own programs are open to all, by the address that it has on each network."""
    met = {*MEETS[name], *(f"{other}, by its addresses" for other in MEETS[name])}
    outside = set() if name in HAS_NO_WAY_OUT else {"a port that is open to all", "behind the host"}
    return {*met, *outside, "the host's program"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives the engine's host an address")
def test_each_container_reaches_what_the_profile_says(deployment: Deployment, engine: Engine) -> None:
    """From each container: every other one by its name and by all its addresses, the server, the host by each of its own
    addresses with all that is published there, and what lies behind the host."""
    open_port, closed_port, server_port = (int(engine.on_host(FREE_PORT)) for _ in range(3))
    deployment.write_profile("table", profile_of_table(open_port, closed_port, server_port))
    deployment.run_printed(deployment.generate_profile("table"))
    running = {name: one for name, one in deployment.containers().items() if name != "postgres-ensure"}
    published = [place for one in running.values() for places in ports(one).values() for place in places]
    addresses = {int(place["HostPort"]): place["HostIp"] for place in published}
    assert addresses == {open_port: "0.0.0.0", closed_port: "127.0.0.1", server_port: "127.0.0.1"}

    networks = {name: list(one["NetworkSettings"]["Networks"].values()) for name, one in running.items()}
    of_others = {}
    for name in running:
        port = 5432 if name == "postgres" else LISTENS
        of_others[name] = [(name, port)]
        of_others[f"{name}, by its addresses"] = [(network["IPAddress"], port) for network in networks[name]]
    with listening_on_host(engine) as program_of_host, ThreadPoolExecutor(len(running)) as pool:

        def reached(name: str) -> set[str]:
            hosts = [gateway_of(engine, network["NetworkID"]) for network in networks[name]]
            places = {
                **of_others,
                "the host's program": [(host, program_of_host) for host in hosts],
                "a port that is open to all": [(host, open_port) for host in hosts],
                "a port of 127.0.0.1": [
                    (host, port) for host in [*hosts, "127.0.0.1", OUTSIDE] for port in (closed_port, server_port)
                ],
                "behind the host": [(OUTSIDE, program_of_host)],
            }
            return reached_from(deployment, name, places)

        # what is kept from answering is waited for: by all at once
        table = dict(zip(running, pool.map(reached, running), strict=True))

        # This test notices where it is otherwise.
        engine.docker("network", "connect", f"{deployment.project}_database", deployment.name("plain"))
        assert reached("plain") - table["plain"] == {"postgres", "postgres, by its addresses"}
    assert table == {name: expected_of(name) for name in MEETS}


def reached_from(deployment: Deployment, name: str, places: dict[str, list[tuple[str, int]]]) -> set[str]:
    """What has a place that a container connects to."""
    flat = [(what, place) for what, found in places.items() for place in found]
    asked = json.dumps([place for _, place in flat])
    answers = json.loads(deployment.inside(name, "python3", "-c", CONNECT, asked))
    return {what for (what, _), answer in zip(flat, answers, strict=True) if answer}


def gateway_of(engine: Engine, network: str) -> str:
    """The host's address on a network; on an internal one the containers have no route by it."""
    [described] = json.loads(engine.docker("network", "inspect", network))
    return str(described["IPAM"]["Config"][0]["Gateway"])
