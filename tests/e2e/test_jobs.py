"""Services that end by themselves: they run before those that share their database, in their role, and harm nobody."""

import json
from typing import Any

import images
import pytest
from deployment import SEEDS, Deployment
from doctor import Doctor
from interruption import starting, wait_until
from operations import run_script
from server import psql

# As a program of migrations does it: safe to run twice.
MIGRATE = """
import asyncio, os
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
[name] = [name for name in os.environ if name.endswith("__DB_URL")]
url = os.environ[name].replace("sqlite:///", "sqlite+aiosqlite:///", 1)
async def main():
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS revisions (id integer PRIMARY KEY)"))
        await connection.execute(text("INSERT INTO revisions SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM revisions)"))
asyncio.run(main())
print("migrated")
"""

PROFILE: dict[str, Any] = {
    "project": "jobs",
    "stage": "production",
    "engine": "postgres",
    "services": {
        "api": {
            "image": images.SERVICE,
            "port": 8001,
            "data": "api-data:/app/data",
            "environment": {"PORT": "8001"},
            "healthcheck": {"http": "/health"},
            "database": {"sqlite": "data/api.db", "postgres": "api"},
        },
        "migrate": {
            "image": images.SERVICE,
            "command": ["python", "-c", MIGRATE],
            "runs": "once",
            "data": "api-data:/app/data",
            "database": {"sqlite": "data/api.db", "postgres": "api"},
        },
    },
    "postgres": {
        "image": images.POSTGRES_OF_USER or images.POSTGRES,
        **({} if images.POSTGRES_OF_USER else {"version": 15}),
        "user": "codelab",
        "access": "per_service",
    },
}


def with_services(**services: dict[str, Any]) -> dict[str, Any]:
    return {**PROFILE, "services": {**PROFILE["services"], **services}}


def sql(deployment: Deployment, statement: str) -> Any:
    return json.loads(deployment.client("api", "sql", stdin=statement))


@pytest.mark.versions
def test_a_job_runs_before_the_service_that_shares_its_database(deployment: Deployment) -> None:
    """Also at the next start, where the service runs on; and its own role is that service's."""
    deployment.write_profile("own", PROFILE)
    deployment.run_printed(deployment.generate("--profile", "own"))
    containers = deployment.containers()
    job, service = containers["migrate"], containers["api"]
    assert (job["State"]["Status"], job["State"]["ExitCode"], job["RestartCount"]) == ("exited", 0, 0)
    assert job["HostConfig"]["RestartPolicy"]["Name"] in ("", "no")
    assert job["State"]["FinishedAt"] <= service["State"]["StartedAt"]
    owners = psql(deployment, "api", "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public';")
    assert owners == "api"
    assert psql(deployment, "postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'migrate';") == "0"
    found = Doctor(deployment).look()
    assert (found.of("problem"), found.of("warning")) == ([], [])
    found.the("containers", "`migrate` has done its work", "ok")

    deployment.up()
    again = deployment.containers()
    assert again["migrate"]["State"]["StartedAt"] > job["State"]["StartedAt"]
    assert again["api"]["State"]["StartedAt"] == service["State"]["StartedAt"]
    assert sql(deployment, "SELECT count(*) FROM revisions") == [[1]]


def test_a_job_that_fails_or_still_runs_is_told(deployment: Deployment) -> None:
    deployment.write_profile("own", PROFILE)
    deployment.generate("--profile", "own")
    deployment.add("migrate", command=["sh", "-c", "echo out of order; exit 3"])
    deployment.failing_up()
    failed = Doctor(deployment).look().the("containers", "`migrate` ended with exit code 3")
    assert failed["evidence"][-1] == "out of order"
    assert deployment.containers()["api"]["State"]["Status"] == "created"

    deployment.add("migrate", command=["sh", "-c", "until [ -e /app/data/go ]; do sleep 0.1; done"])
    running = ["docker", "inspect", "--format", "{{.State.Running}}", deployment.name("migrate")]
    with starting(deployment) as start:
        wait_until(lambda: deployment.finish(running).stdout.strip() == "true")
        Doctor(deployment).look().the("containers", "whether `migrate` ends well: it still runs", "unseen")
        deployment.inside("migrate", "touch", "/app/data/go")
        assert start.wait(120) == 0


def test_a_service_moves_to_the_other_engine_with_its_job(deployment: Deployment) -> None:
    """The job makes its tables in each new database, by its own URL, and its rows are those of the source."""
    deployment.write_profile("own", {**PROFILE, "engine": "sqlite"})
    deployment.run_printed(deployment.generate("--profile", "own"))
    deployment.write("api", "written on SQLite")
    deployment.write_profile("own", PROFILE)
    deployment.generate("--profile", "own")
    refused = run_script(deployment, "migrate", "migrate", "--to", "postgres", status=5)
    assert "migrate is a job, and has the database of another service" in refused.stderr
    said = run_script(deployment, "migrate", "api", "--to", "postgres")
    assert "migrate makes its tables" in said.stderr and "api makes its tables" in said.stderr
    assert deployment.read("api") == [*SEEDS, "written on SQLite"]
    assert psql(deployment, "api", "SELECT id FROM revisions;") == "1"

    deployment.write("api", "written on PostgreSQL")
    said = run_script(deployment, "migrate", "api", "--to", "sqlite", "--replace")
    both = "--set services.api.database.engine=sqlite --set services.migrate.database.engine=sqlite"
    assert f"codelab-gen {both}" in said.stdout
    deployment.write_profile("own", {**PROFILE, "engine": "sqlite"})
    deployment.run_printed(deployment.generate("--profile", "own"))
    assert deployment.read("api") == [*SEEDS, "written on SQLite", "written on PostgreSQL"]
    assert sql(deployment, "SELECT id FROM revisions") == [[1]]


def test_a_job_by_hand_and_jobs_that_nobody_waits_for(deployment: Deployment) -> None:
    """What is refused would make a start fail; the way out starts. A job of a profile of Compose is left alone."""
    job = {"image": images.SERVICE, "command": ["python", "-c", "print('prepared')"]}
    deployment.write_profile("own", with_services(prepare={**job, "compose": {"restart": "no"}}))
    deployment.generate("--profile", "own")
    assert "exited (0)" in deployment.failing_up()

    deployment.write_profile("own", with_services(prepare={**job, "runs": "once"}))
    deployment.generate("--profile", "own", status=3)
    api = {**PROFILE["services"]["api"], "depends_on": {"prepare": "completed"}}
    report = {**PROFILE["services"]["migrate"], "compose": {"profiles": ["scheduled"]}}
    deployment.write_profile("own", with_services(prepare={**job, "runs": "once"}, api=api, report=report))
    deployment.run_printed(deployment.generate("--profile", "own"))
    assert "report" not in deployment.containers()
    assert "migrated" in deployment.compose("run", "--rm", "report")
    found = Doctor(deployment).look()
    assert (found.of("problem"), found.of("warning")) == ([], [])
    found.the("containers", "`report` is started by hand alone", "ok")
