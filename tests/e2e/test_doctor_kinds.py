"""`codelab-gen doctor` on deployments of every kind: nothing is wrong with a sound one, and each fault has its name."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import images
import machine
import pytest
from deployment import SERVICE_USER, SERVICES, Deployment
from doctor import Doctor, states
from interruption import wait_until
from server import psql

IMAGE: dict[str, Any] = {
    "image": images.POSTGRES_OF_USER or images.POSTGRES,
    **({} if images.POSTGRES_OF_USER else {"version": 15}),
}

FROM_MANAGER = "fromTheManager0123456789"

# Takes every connection, those for administrators as well, until it is released.
HOLD_ALL = """
import asyncio, os, asyncpg
async def main():
    url = os.environ["AGENT_RUNTIME__DB_URL"].replace("+asyncpg", "")
    held = []
    while not os.path.exists("/tmp/released"):
        try:
            held.append(await asyncpg.connect(url))
        except asyncpg.TooManyConnectionsError:
            open("/tmp/full", "w").close()
            await asyncio.sleep(0.1)
asyncio.run(main())
"""

LOCK = """
import os, sqlite3, time
locking = sqlite3.connect("/app/data/deep/auth.db", isolation_level=None)
locking.execute("BEGIN EXCLUSIVE")
open("/tmp/locked", "w").close()
while not os.path.exists("/tmp/released"):
    time.sleep(0.1)
"""

# Once only: at the next start it stands still.
FILL_MEMORY = """
import os, time
if os.path.exists("/app/data/filled"):
    time.sleep(3600)
open("/app/data/filled", "w").close()
held = [bytearray(1 << 20) for _ in range(1 << 20)]
"""


def with_replicas(deployment: Deployment) -> Doctor:
    """Two containers of a service, a secret manager, few connections, and nothing that brings roles in line."""
    profile = {
        "extends": "builtin:prod-postgres",
        "secrets_in": "environment",
        "services": {"auth-service": {"replicas": 2}},
        "postgres": {**IMAGE, "ensure": False, "settings": {"max_connections": 20}},
    }
    deployment.write_profile("own", profile)
    deployment.exported = {"POSTGRES_PASSWORD": FROM_MANAGER}
    deployment.run_printed(deployment.generate("--profile", "own"))
    return Doctor(deployment)


def test_who_may_only_read_logs_in_as_the_owner_does(deployment: Deployment) -> None:
    # the program of the image would make tables
    idle = {"command": ["python", "-c", "import time; time.sleep(3600)"], "healthcheck": None}
    profile = {
        "extends": "builtin:prod-postgres",
        "services": {"agent-runtime": {**idle, "database": {"postgres": "auth_db", "rights": "read"}}},
        "postgres": {**IMAGE, "access": "per_service"},
    }
    deployment.write_profile("own", profile)
    deployment.run_printed(deployment.generate("--profile", "own"))
    doctor = Doctor(deployment)
    found = doctor.look()
    for role in ("auth_service", "agent_runtime"):
        found.the("password-refused", f"`{role}` logs in to `auth_db` from another container", "ok")

    psql(deployment, "postgres", "ALTER ROLE agent_runtime PASSWORD 'other';")
    refused = doctor.look().the("password-refused", "the server refuses the password of `agent_runtime` that services have")
    doctor.mend(refused["help"])
    doctor.look().the("password-refused", "`agent_runtime` logs in to `auth_db` from another container", "ok")


@pytest.mark.versions
def test_replicas_a_secret_manager_and_nothing_that_brings_roles_in_line(deployment: Deployment) -> None:
    doctor = with_replicas(deployment)
    found = doctor.look()
    assert (found.of("problem"), found.of("warning"), found.of("unseen")) == ([], [], ["connections-settings"])

    deployment.exported = {}
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], [])
    assert found.of("unseen") == ["connections-settings", "password-refused", "secrets"]
    deployment.exported = {"POSTGRES_PASSWORD": FROM_MANAGER}

    second = f"{deployment.project}-auth-service-2"
    psql(deployment, "postgres", "ALTER ROLE codelab PASSWORD 'other';")
    deployment.engine.docker("rm", "--force", second)
    deployment.engine.docker("pause", deployment.name("agent-runtime"))
    found = doctor.look()
    doctor.mend(found.the("containers", "`agent-runtime` is paused")["help"])
    refused = [one for one in found if (one["verdict"], one["check"]) == ("problem", "password-refused")]
    assert len(refused) == 2
    for one in refused:
        assert one["message"] == "the server refuses the password of `codelab` that services have"
        doctor.mend(one["help"])
    doctor.mend(found.the("containers", "`auth-service` has 1 of 2 containers", "warning")["help"])
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], [])


def test_a_server_without_connections_and_a_replica_that_was_stopped(deployment: Deployment) -> None:
    doctor = with_replicas(deployment)
    second = f"{deployment.project}-auth-service-2"
    deployment.engine.docker("stop", "--time", "1", second)
    deployment.compose("exec", "-d", "agent-runtime", "python", "-c", HOLD_ALL)
    wait_until(lambda: deployment.try_inside("agent-runtime", "test", "-e", "/tmp/full").returncode == 0)
    found = doctor.look()
    deployment.inside("agent-runtime", "touch", "/tmp/released")
    full = found.the("connections", "all connections of the server are used")
    assert "max_connections" in full["help"] and "sorry, too many clients already" in full["evidence"][-1]
    assert re.fullmatch(r"(19|20) by the role `codelab`", full["evidence"][0])
    wait_until(lambda: deployment.containers()["agent-runtime"]["State"]["Health"]["Status"] == "healthy")
    doctor.mend(found.the("containers", f"`{second}` ended with exit code 0")["help"])
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], [])


@pytest.mark.versions
@pytest.mark.parametrize("looked_at", [True, False], ids=["with a health check", "without one"])
def test_a_service_that_used_more_memory_than_it_may(deployment: Deployment, looked_at: bool) -> None:
    """The engine has started it again, and newer ones forget by that why it had ended."""
    health = {} if looked_at else {"healthcheck": {"disable": True}}
    limit = {"mem_limit": "64m", "memswap_limit": "64m", "restart": "unless-stopped"}
    deployment.generate("--profile", "dev")
    deployment.add("agent-runtime", command=["python", "-c", FILL_MEMORY], **limit, **health)
    doctor = Doctor(deployment)
    deployment.compose("up", "-d", "agent-runtime")
    wait_until(lambda: restarted(deployment.containers()["agent-runtime"]))
    grown = doctor.look().the("containers", "`agent-runtime` was ended, because it used more memory than it may")
    assert "`limits: { memory: … }` for `agent-runtime`" in grown["help"]


@pytest.mark.versions
def test_what_was_restarted_or_left_the_profile(deployment: Deployment) -> None:
    """A port is published, and one service leaves the profile."""
    profile: dict[str, Any] = {
        "extends": "builtin:prod-postgres",
        "secrets_in": "files",
        "services": {"auth-service": {"publish": 18003}},
        "postgres": IMAGE,
    }
    former = {"image": images.SERVICE, "command": ["sh", "-c", "trap exit TERM; sleep 86400 & wait"]}
    deployment.write_profile("own", {**profile, "services": {**profile["services"], "former": former}})
    deployment.generate("--profile", "own")
    deployment.up()
    deployment.write_profile("own", profile)
    deployment.generate("--profile", "own")
    doctor = Doctor(deployment)
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], ["containers"])
    orphan = found.the("containers", "`former` is no service of the profile, and has a container", "warning")
    doctor.mend(orphan["help"])
    on_host = doctor.look_on_host()
    assert (on_host.of("problem"), on_host.of("warning")) == ([], [])

    # As docker compose restart does it, but never so slowly that the server is there first.
    deployment.compose("stop", "--timeout", "5", "postgres")
    deployment.engine.docker("start", deployment.name("postgres-ensure"))
    deployment.engine.docker("wait", deployment.name("postgres-ensure"))
    deployment.engine.docker("start", deployment.name("postgres"))
    wait_until(lambda: states(deployment) == dict.fromkeys(("postgres", *SERVICES), "healthy"))
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], ["postgres-ensure"])
    early = found.the("postgres-ensure", "found no server: after `docker compose restart`", "warning")
    doctor.mend(early["help"])
    found = doctor.look_on_host()
    assert (found.of("problem"), found.of("warning")) == ([], [])


def test_a_server_that_lets_nobody_in_and_what_is_broken_or_removed(deployment: Deployment) -> None:
    """The Compose file is no longer legible for a while, and an image is no longer on this machine."""
    deployment.write_profile("own", {"extends": "builtin:prod-postgres", "secrets_in": "files", "postgres": IMAGE})
    deployment.run_printed(deployment.generate("--profile", "own"))
    doctor = Doctor(deployment)
    deployment.inside("postgres", "sh", "-c", 'sed -i "/^host all all all/d" "$PGDATA/pg_hba.conf"')
    psql(deployment, "postgres", "SELECT pg_reload_conf();")
    closed = [one for one in doctor.look() if one["verdict"] == "problem" and one["check"] == "password-refused"]
    assert {one["message"] for one in closed} == {"the server does not let `codelab` in from other containers"}
    assert "`cd deploy && docker compose logs postgres-ensure` says how to go on" in closed[0]["help"]
    deployment.failing_up()
    refused = doctor.look().the("postgres-ensure", "refused to bring roles and databases in line")
    assert refused["evidence"][-1].startswith("init-postgres: pg_hba.conf lets no other container in")
    doctor.mend(refused["help"])

    broken = deployment.out / "docker-compose.override.yml"
    as_it_was = broken.read_text(encoding="utf-8")
    broken.write_text("services: []\n", encoding="utf-8")
    found = doctor.look()
    broken.write_text(as_it_was, encoding="utf-8")
    illegible = found.the("compose-file", "Docker Compose can't read the deployment")
    assert "services must be a mapping" in illegible["evidence"][-1]
    found.the("containers", "`postgres` runs and is healthy", "ok")

    own = f"{deployment.project}-agent-runtime"
    deployment.engine.docker("commit", "--change", "LABEL of=this-test", deployment.name("agent-runtime"), own)
    deployment.compose("up", "-d", "--wait", "agent-runtime")
    deployment.compose("stop", "--timeout", "1", "agent-runtime")
    deployment.engine.docker("image", "rm", "--force", own)
    found = doctor.look()
    found.the("driver", "the inside of `agent-runtime`: its image is not on this machine any more", "unseen")
    deployment.engine.docker("tag", images.SERVICE, own)


def restarted(container: dict[str, Any]) -> bool:
    return container["RestartCount"] > 0 and container["State"]["Status"] == "running"


def test_files_of_sqlite(deployment: Deployment) -> None:
    """One service's file lies on another machine, as it seems; the folder of the other one's is missing."""
    if deployment.engine.host_of is None:
        pytest.skip("e2e: skipped: on the user's own engine nothing is mounted")
    services = {
        "agent-runtime": {"data": "./far:/app/data"},
        "auth-service": {"data": "auth-data:/app/data", "database": {"sqlite": "data/deep/auth.db"}},
    }
    deployment.write_profile("own", {"extends": "builtin:dev-sqlite", "services": services})
    deployment.generate("--profile", "own")
    doctor = Doctor(deployment)
    with far_away(deployment):
        deployment.failing_up()
        found = doctor.look()
        assert found.of("problem") == ["containers", "sqlite-file"]
        doctor.mend(found.the("sqlite-file", "the folder of `/app/data/deep/auth.db` does not exist")["help"])
        found = doctor.look()
        assert (found.of("problem"), found.of("warning")) == ([], ["slow-sqlite"])
        far = found.the("slow-sqlite", "lies on `fuse.sshfs`, where SQLite is slow and its locks fail", "warning")
        assert far["help"] == "write `data: agent-runtime-data:/app/data` in the profile: a named volume"

        deployment.compose("exec", "-d", "auth-service", "python", "-c", LOCK)
        wait_until(lambda: deployment.try_inside("auth-service", "test", "-e", "/tmp/locked").returncode == 0)
        locked = doctor.look().the("sqlite-file", "somebody writes", "unseen")
        assert locked["evidence"] == ["database is locked"]
        deployment.inside("auth-service", "touch", "/tmp/released")

        deployment.compose("stop", "--timeout", "1", "auth-service")
        mounts = ("--volumes-from", deployment.name("auth-service"), "--entrypoint", "rm", images.SERVICE)
        deployment.engine.docker("run", "--rm", *mounts, "/app/data/deep/auth.db")
        doctor.look().the("sqlite-file", "`auth-service` has not made `/app/data/deep/auth.db` yet", "warning")
        deployment.compose("down")


@contextmanager
def far_away(deployment: Deployment) -> Iterator[None]:
    """A folder that SSHFS mounts where the engine runs, from a server of files that it talks to by its own input."""
    machine.provide("sshfs", "sftp-server")
    place, kept = deployment.root / "far", deployment.root / "kept"
    for folder in (place, kept):
        folder.mkdir()
    ours, theirs = socket.socketpair()
    server = subprocess.Popen([machine.program("sftp-server")], stdin=theirs, stdout=theirs)
    options = ["-f", "-o", f"passive,allow_other,default_permissions,uid={SERVICE_USER},gid={SERVICE_USER}"]
    enter = ["nsenter", f"--mount=/proc/{deployment.engine.host_of}/ns/mnt", "--"]
    sshfs = [*enter, machine.program("sshfs"), f"far:{kept}", str(place), *options]
    mount = subprocess.Popen(sshfs, stdin=ours, stdout=ours)
    ours.close()
    theirs.close()
    try:
        asked = [*enter, "mountpoint", "--quiet", str(place)]
        wait_until(lambda: mount.poll() is not None or subprocess.run(asked, check=False).returncode == 0)
        assert mount.poll() is None
        yield
    finally:
        mount.terminate()
        mount.wait()
        server.terminate()
        server.wait()


def test_an_engine_that_refuses_or_hangs(deployment: Deployment) -> None:
    if deployment.engine.user is None:
        pytest.skip("e2e: skipped: on the user's own engine all sockets are open to who runs the tests")
    deployment.generate("--profile", "dev")
    doctor = Doctor(deployment)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(deployment.root / "silent.sock"))
        silent.listen()
        address = {"DOCKER_HOST": f"unix://{deployment.root}/silent.sock"}
        found = doctor.look(address).the("docker", "the Docker engine does not answer")
        assert "permission denied" in found["evidence"][0]
        assert found["help"] == "sudo usermod -aG docker $USER && newgrp docker"

        (deployment.root / "silent.sock").chmod(0o666)
        found = doctor.look(address).the("docker", "the Docker engine does not answer")
        assert found["evidence"] == ["no answer within 15 seconds"]
        assert found["help"] == "start the engine that `DOCKER_HOST` names; or, for that of this machine: unset DOCKER_HOST"
