"""`codelab-gen doctor` finds each fault by its name, the printed command mends it, and nothing is changed or shown."""

import json
import re
from collections.abc import Sequence
from typing import Any

import images
import pytest
from deployment import SEEDS, SERVICES, Deployment
from doctor import Doctor, Findings
from interruption import HeldStart, wait_until
from server import psql, state

# Two services on PostgreSQL, each with a role of its own, and one on SQLite, where no program is called `python`.
PROFILE: dict[str, Any] = {
    "extends": "builtin:prod-postgres",
    "services": {
        "notes": {
            "image": images.SERVICE,
            "command": ["python3", "/opt/service/service.py"],
            "port": 8010,
            "data": "notes-data:/app/data",
            "database": {"engine": "sqlite", "sqlite": "data/notes.db"},
            "environment": {"PORT": "8010", "PATH": "/usr/bin:/bin"},  # there is no `python` there
            "hardening": "strict",
        },
    },
    "postgres": {
        "access": "per_service",
        "image": images.POSTGRES_OF_USER or images.POSTGRES,
        "settings": {"max_connections": 30},
        **({} if images.POSTGRES_OF_USER else {"version": 15}),
    },
}

# What a service may not say aloud, in a log that doctor shows.
SPOKEN = ["spokenInUrl", "spoken%40Encoded", "spokenInPair"]
SPEAK = f"""
import os, sys
print("opening postgresql+asyncpg://auth_service:{SPOKEN[0]}@postgres:5432/auth_db")
print("opening redis://:{SPOKEN[1]}@cache/0 with password={SPOKEN[2]}")
print("all of it:", os.environ["AUTH_SERVICE__DB_URL"])
sys.exit(1)
"""

HOLD = """
import asyncio, os, asyncpg
async def main():
    url = os.environ["AUTH_SERVICE__DB_URL"].replace("+asyncpg", "")
    held = [await asyncpg.connect(url) for _ in range(24)]
    while not os.path.exists("/tmp/released"):
        await asyncio.sleep(0.1)
asyncio.run(main())
"""


def sound(deployment: Deployment) -> Doctor:
    """A deployment that runs, and who looks at it."""
    deployment.write_profile("own", PROFILE)
    deployment.run_printed(deployment.generate("--profile", "own"))
    return Doctor(deployment)


def ends_well(doctor: Doctor, warnings: Sequence[str] = ("slow-sqlite",)) -> None:
    """Nothing is wrong any more, and every service has its rows."""
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], [*warnings])
    for service in SERVICES:
        assert doctor.deployment.read(service) == SEEDS
    assert json.loads(doctor.deployment.inside("notes", "python3", "/opt/service/client.py", "read")) == SEEDS


@pytest.mark.versions
def test_wrong_data_and_files_are_found_and_mended(deployment: Deployment) -> None:
    deployment.write_profile("own", PROFILE)
    deployment.generate("--profile", "own")
    doctor = Doctor(deployment)

    found = doctor.look()
    assert found.of("problem") == ["containers", "server-unreachable"]
    doctor.mend(found.the("containers", "the deployment has no containers")["help"])
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], ["slow-sqlite"])
    assert found.of("unseen") == ["connections-settings"]
    for role in ("agent_runtime", "auth_service"):
        found.the("password-refused", f"`{role}` logs in to", "ok")
    doctor.mend(found.the("slow-sqlite", "journal_mode `delete`", "warning")["help"])

    found = with_wrong_data_and_files(doctor)
    for check, words in {"database-missing": "`agent_runtime`", "password-refused": "`auth_service`"}.items():
        doctor.mend(found.the(check, words)["help"])
    ends_well(doctor, [])


def test_wrong_owners_and_tables_are_found_and_mended(deployment: Deployment) -> None:
    doctor = sound(deployment)
    found = with_wrong_owners_and_tables(doctor)
    deployment.up("--force-recreate", "agent-runtime")
    doctor.mend(found.the("sqlite-file", "can't write")["help"])
    doctor.mend(found.the("database-owner", "belongs to `codelab`, not to `auth_service`")["help"])
    assert state(deployment).owners()["auth_db"] == "auth_service"
    ends_well(doctor)


@pytest.mark.versions
def test_a_dead_service_and_server_are_found_and_mended(deployment: Deployment) -> None:
    doctor = sound(deployment)
    found = with_a_dead_service_and_server(doctor)
    doctor.mend(found.the("server-unreachable", "the server does not run")["help"])

    stale = {"AUTH_SERVICE__DB_URL": "postgresql+asyncpg://auth_service:leftByTheShell@postgres:5432/auth_db"}
    deployment.failing_up(env=stale)
    refused = doctor.look().the("postgres-ensure", "refused to bring roles")
    assert any("the password in AUTH_SERVICE__DB_URL is not that of" in line for line in refused["evidence"])
    doctor.mend(refused["help"])
    ends_well(doctor)


def with_wrong_data_and_files(doctor: Doctor) -> Findings:
    """What one look finds; what no command mends is as it was before."""
    deployment = doctor.deployment
    psql(deployment, "postgres", "DROP DATABASE agent_runtime WITH (FORCE); ALTER ROLE auth_service PASSWORD 'other';")
    deployment.inside("notes", "sh", "-c", "cd data && cp notes.db kept && echo 'no database at all' >notes.db")
    compose = deployment.out / "docker-compose.yml"
    as_generated = compose.read_text(encoding="utf-8")
    compose.write_text(as_generated + "# edited\n", encoding="utf-8")
    found = doctor.look({"POSTGRES_USER": "somebody"})
    compose.write_text(as_generated, encoding="utf-8")
    deployment.inside("notes", "sh", "-c", "cd data && mv kept notes.db")

    found.the("outputs", "`docker-compose.yml` was edited")
    assert found.the("environment", "the shell sets `POSTGRES_USER`")["help"] == "unset POSTGRES_USER"
    damaged = found.the("sqlite-file", "`/app/data/notes.db` of `notes` is no SQLite database")
    assert damaged["evidence"] == ["file is not a database"]
    refused = found.the("password-refused", "refuses the password of `auth_service`")
    assert "password authentication failed" in refused["evidence"][-1]
    missing = [finding["message"] for finding in found if finding["check"] == "database-missing"]
    assert missing == ["the database `agent_runtime` does not exist", "the database `auth_db` belongs to `auth_service`"]
    return found


def with_wrong_owners_and_tables(doctor: Doctor) -> Findings:
    """One service's table is gone, another one's database is the administrator's and nearly has no connection left."""
    deployment = doctor.deployment
    psql(deployment, "agent_runtime", "DROP TABLE notes;")
    mounts = ("--volumes-from", deployment.name("notes"), "--user", "0", "--entrypoint", "chown", images.SERVICE)
    deployment.engine.docker("run", "--rm", *mounts, "-R", "0:0", "/app/data")
    deployment.compose("exec", "-d", "auth-service", "python", "-c", HOLD)
    count = "SELECT count(*) >= 24 FROM pg_stat_activity WHERE usename = 'auth_service';"
    wait_until(lambda: psql(deployment, "postgres", count) == "t")
    psql(deployment, "postgres", "ALTER DATABASE auth_db OWNER TO codelab;")
    wait_until(lambda: deployment.containers()["agent-runtime"]["State"]["Health"]["Status"] == "unhealthy")
    found = doctor.look()
    deployment.inside("auth-service", "touch", "/tmp/released")

    assert found.of("problem") == ["containers", "database-owner", "migration-errors", "sqlite-file"]
    found.the("containers", "`agent-runtime` runs, but its health check fails")
    tables = found.the("migration-errors", "the tables of `agent-runtime`")
    assert any('relation "notes" does not exist' in line for line in tables["evidence"])
    assert "docker compose run --rm agent-runtime alembic upgrade head" in tables["help"]
    used = found.the("connections", "of 30", "warning")
    assert re.fullmatch(r"2\d of 30 connections are used", used["message"])
    assert re.fullmatch(r"2\d by the role `auth_service` in the database `auth_db`", used["evidence"][0])
    return found


def with_a_dead_service_and_server(doctor: Doctor) -> Findings:
    """The service says secrets, which its `.env` has or not, and lacks its driver; the server is stopped."""
    deployment = doctor.deployment
    driver = deployment.root / "no-driver.py"
    driver.write_text("raise ImportError('not installed')\n", encoding="ascii")
    hidden = f"{driver}:/opt/site-packages/asyncpg/__init__.py:ro"
    deployment.add("auth-service", command=["python", "-c", SPEAK], volumes=[hidden])
    deployment.compose("up", "-d", "auth-service")
    wait_until(lambda: deployment.containers()["auth-service"]["RestartCount"] > 0)
    deployment.compose("stop", "postgres")
    doctor.secrets |= set(SPOKEN)
    found = doctor.look()
    del deployment.additions["auth-service"]
    deployment.generate()

    assert found.of("problem")[-2:] == ["driver", "server-unreachable"]
    said = found.the("containers", "`auth-service` ends and is started again and again")["evidence"]
    assert said[-3:] == [
        "opening postgresql+asyncpg://auth_service:[secret]@postgres:5432/auth_db",
        "opening redis://:[secret]@cache/0 with password=[secret]",
        "all of it: postgresql+asyncpg://auth_service:[secret]@postgres:5432/auth_db",
    ]
    lacking = found.the("driver", "the image of `auth-service` lacks the driver `asyncpg`")
    assert lacking["evidence"] == ["ImportError: not installed"]
    return found


def test_a_server_that_does_not_start_is_told_by_its_volume(deployment: Deployment) -> None:
    """Half-made, and of another major version; also where its container is gone. Passwords stand in files."""
    deployment.write_profile("own", {**PROFILE, "secrets_in": "files"})
    deployment.generate("--profile", "own")
    HeldStart(deployment).kill_at("inside of initdb")
    deployment.failing_up()
    doctor = Doctor(deployment)
    half_made = doctor.look().the("volume", "was not made to its end")
    assert "could not find the database system" in half_made["evidence"][0]
    command = re.search(r"`(.+ && docker volume rm .+?)`", half_made["help"])
    doctor.mend(command and command[1])
    found = doctor.look()
    assert found.of("problem") == []
    found.the("password-refused", "`auth_service` logs in to `auth_db`", "ok")

    deployment.inside("postgres", "sh", "-c", "echo 14 >$PGDATA/PG_VERSION", user="999")
    deployment.compose("restart", "--timeout", "5", "postgres")
    for _ in range(2):
        other = doctor.look().the("server-version", "holds data of PostgreSQL 14, the image is 15")
        assert "give the image version 14 again" in other["help"]
        deployment.compose("down")


@pytest.mark.versions
def test_an_engine_or_compose_that_does_not_answer(deployment: Deployment) -> None:
    deployment.generate("--profile", "dev")
    doctor = Doctor(deployment)
    unreachable = doctor.look({"DOCKER_HOST": "tcp://127.0.0.1:1"}).the("docker", "the Docker engine does not answer")
    assert "Cannot connect to the Docker daemon at tcp://127.0.0.1:1" in unreachable["evidence"][0]
    assert "unset DOCKER_HOST" in unreachable["help"]
    doctor.look({"DOCKER_CONFIG": "/nonexistent"}).the("docker", "Docker Compose does not answer")
