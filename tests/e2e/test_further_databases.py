"""A service with several databases: all are there when it starts, backed up, restored, moved and looked at."""

import json
from typing import Any

import images
import pytest
from doctor import Doctor
from operations import back_up, facts, run_script

from deployment import SEEDS, Deployment

# Runs each line of its input as SQL by the URL in the variable, and prints the last rows.
ASK = """
import asyncio, json, os, sys
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
url = os.environ[sys.argv[1]].replace("sqlite:///", "sqlite+aiosqlite:///", 1)
async def main():
    rows = []
    async with create_async_engine(url).begin() as connection:
        for line in sys.stdin.read().splitlines():
            result = await connection.execute(text(line))
            rows = [list(row) for row in result] if result.returns_rows else []
    print(json.dumps(rows, default=str))
asyncio.run(main())
"""

# Under names that the stand-in for a service does not take for the one that it opens.
STATS, CACHE, OTHERS = "STATS_URL", "CACHE_URL", "OTHERS_URL"


def service(port: int, database: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One that finds the first of its URLs, whatever others it has."""
    return {
        "image": images.SERVICE,
        "port": port,
        "environment": {"PORT": str(port)},
        "healthcheck": {"http": "/health"},
        "database": database,
        **more,
    }


def profile(**stats: Any) -> dict[str, Any]:
    further = {
        "stats": {"postgres": "stats", "env": STATS, **stats},
        "cache": {"sqlite": "data/cache.db", "env": CACHE},
        "others": {"postgres": "other", "rights": "read", "env": OTHERS},
    }
    return {
        "project": "several",
        "stage": "production",
        "services": {
            "api": service(8001, {"postgres": "api"}, data="api-data:/app/data", databases=further),
            "other": service(8002, {"postgres": "other"}),
        },
        "postgres": {
            "image": images.POSTGRES_OF_USER or images.POSTGRES,
            **({} if images.POSTGRES_OF_USER else {"version": 15}),
            "user": "codelab",
            "access": "per_service",
        },
    }


def ask(deployment: Deployment, variable: str, *statements: str) -> Any:
    return json.loads(deployment.inside("api", "python", "-c", ASK, variable, stdin="\n".join(statements)))


def start(deployment: Deployment, **stats: Any) -> None:
    deployment.write_profile("own", profile(**stats))
    deployment.run_printed(deployment.generate("--profile", "own"))


@pytest.mark.versions
def test_what_is_in_each_database_is_backed_up_and_comes_back(deployment: Deployment) -> None:
    start(deployment)
    deployment.write("api", "kept")
    for variable in (STATS, CACHE):
        ask(deployment, variable, "CREATE TABLE visits (id integer)", "INSERT INTO visits VALUES (1)")
    assert ask(deployment, OTHERS, "SELECT count(*) FROM notes") == [[len(SEEDS)]]
    found = Doctor(deployment).look()
    assert found.of("problem") == []
    found.the("role-rights", "`api` may do nothing on the server but", "ok")
    found.the("sqlite-file", "`/app/data/cache.db` of `api` is there", "ok")

    backup = back_up(deployment)
    assert facts(backup) == {
        "api.dump": {"public.notes": len(SEEDS) + 1},
        "stats.dump": {"public.visits": 1},
        "api+cache.db": {"visits": 1},
        "other.dump": {"public.notes": len(SEEDS)},
    }
    deployment.write("api", "written later")
    for variable in (STATS, CACHE):
        ask(deployment, variable, "INSERT INTO visits VALUES (2)")
    run_script(deployment, "restore", str(backup), "api/stats", "api/cache")
    assert [ask(deployment, variable, "SELECT id FROM visits") for variable in (STATS, CACHE)] == [[[1]], [[1]]]
    assert deployment.read("api")[-1] == "written later", "what was not named was not touched"

    run_script(deployment, "restore", str(backup))
    assert deployment.read("api") == [*SEEDS, "kept"]
    said = run_script(deployment, "psql", "api/stats", "-Atc", "SELECT current_user, current_database()").stdout
    assert said == "api|stats\n"
    only = back_up(deployment, "api/cache")
    assert list(facts(only)) == ["api+cache.db"]
    run_script(deployment, "reindex", "api/stats")


def test_a_database_that_leaves_the_profile_is_told_and_stays(deployment: Deployment) -> None:
    start(deployment)
    ask(deployment, STATS, "CREATE TABLE visits (id integer)")
    less = profile()
    del less["services"]["api"]["databases"]["stats"]
    deployment.write_profile("own", less)
    generated = deployment.generate("--profile", "own")
    assert "`api` does not have the database `stats` any more; its data stays in the database `stats`" in generated.notes
    deployment.run_printed(generated)
    assert STATS not in deployment.inside("api", "env")
    run_script(deployment, "psql", "--superuser", "stats", "-c", "SELECT count(*) FROM public.visits")


def test_a_further_database_moves_to_the_other_engine(deployment: Deployment) -> None:
    """The service that makes its tables there is the one that has the first database too, which nobody touches."""
    both = {"sqlite": "data/stats.db"}
    start(deployment, engine="sqlite", **both)
    deployment.add("api", command=["sh", "-c", MAKES_TABLE])
    deployment.up()
    ask(deployment, STATS, "INSERT INTO visits VALUES (7)")
    deployment.write("api", "in the first one")
    deployment.write_profile("own", profile(engine="postgres", **both))
    generated = deployment.generate("--profile", "own")
    assert "api/stats: postgres instead of sqlite" in generated.said
    assert "migrate.sh api/stats --to postgres" in generated.said
    run_script(deployment, "migrate", "api/stats", "--to", "postgres")
    assert ask(deployment, STATS, "SELECT id FROM visits") == [[7]]
    assert deployment.read("api") == [*SEEDS, "in the first one"]


MAKES_TABLE = f"""
python -c '
import asyncio, os
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
url = os.environ["{STATS}"].replace("sqlite:///", "sqlite+aiosqlite:///", 1)
async def main():
    async with create_async_engine(url).begin() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS visits (id integer PRIMARY KEY)"))
asyncio.run(main())' && exec python /opt/service/service.py
"""
