"""Every generated URL opens: a table is made, a row written and read, by the drivers that the services use.

What these tests know:

* a container is stood in for by a folder with the service's mount at its place below it;
* the databases are made by the generated init script, run with the environment of the postgres container;
* of a PostgreSQL URL only `postgres:5432`, an address inside the Compose network, gives way to the test server's.
"""

import asyncio
import itertools
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cases import PASSWORDS, write_profile
from init_script import clean, run_as_the_image_does
from postgres_server import Postgres, PostgresServer
from programs import HERE, SCRUBBED, Generate, Meaning, run, tool

ENVIRONMENTS = ("sqlalchemy-2.0", "sqlalchemy-current")
NAME = "Юникод é 😀"

# What each profile means: service, variable, driver, and the file on the host or the database on the server.
URLS = [
    ("dev-sqlite", "agent-runtime", "AGENT_RUNTIME__DB_URL", "aiosqlite", "agent-runtime/data/agent_runtime.db"),
    ("dev-sqlite", "auth-service", "AUTH_SERVICE__DB_URL", "aiosqlite", "auth-service/data/auth.db"),
    ("mixed", "agent-runtime", "AGENT_RUNTIME__DB_URL", "aiosqlite", "agent-runtime/data/agent_runtime.db"),
    ("mixed", "auth-service", "AUTH_SERVICE__DB_URL", "asyncpg", "auth_db"),
    ("prod-postgres", "agent-runtime", "AGENT_RUNTIME__DB_URL", "asyncpg", "agent_runtime"),
    ("prod-postgres", "auth-service", "AUTH_SERVICE__DB_URL", "asyncpg", "auth_db"),
]

Service = dict[str, Any]
tables = (f"visits_{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def server(postgres_18: Postgres) -> Iterator[PostgresServer]:
    with PostgresServer(postgres_18) as server:
        yield server


def at(server: PostgresServer, url: str) -> str:
    assert url.count("@postgres:5432/") == 1
    return url.replace("@postgres:5432/", f"@{server.host}:{server.port}/")


def opened(environment: str, url: str, folder: Path, table: str) -> str:
    """Makes the table with NAME in it, and says which driver did."""
    env = {"DB_URL": url, "TABLE": table, "NAME": NAME}
    said = json.loads(run(tool("python", environment), HERE / "open_url.py", cwd=folder, env=env).stdout)
    assert said["rows"] == [NAME]
    return said["driver"]


def working_dir(service: Service, root: Path) -> Path:
    """The service's working_dir below `root`, which has the folder of the host mounted where the container would."""
    [mount] = service["volumes"]
    host, inside = Path(mount["source"]), root / mount["target"].lstrip("/")
    host.mkdir(parents=True)
    inside.parent.mkdir(parents=True)
    inside.symlink_to(host)
    return root / service["working_dir"].lstrip("/")


def in_file(path: Path, table: str) -> list[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute(f"SELECT name FROM {table}").fetchall()
    connection.close()
    return [name for (name,) in rows]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(("profile", "name", "variable", "driver", "place"), URLS)
def test_every_url_of_every_profile_opens(
    environment: str,
    profile: str,
    name: str,
    variable: str,
    driver: str,
    place: str,
    tmp_path: Path,
    generate: Generate,
    meaning: Meaning,
    server: PostgresServer,
) -> None:
    generate(profile, tmp_path)
    services, table = meaning(tmp_path)["services"], next(tables)
    if "postgres" in services:
        run_as_the_image_does(tmp_path, server, services["postgres"]["environment"])

    folder = working_dir(services[name], tmp_path / "container")
    url = services[name]["environment"][variable]
    if driver != "aiosqlite":
        url = at(server, url)
    assert opened(environment, url, folder, table) == driver
    kept = (
        in_file(tmp_path / place, table) if driver == "aiosqlite" else server.query(f"SELECT name FROM {table}", place)
    )
    assert kept == [NAME]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("password", PASSWORDS)
def test_a_url_opens_whatever_the_password(
    environment: str, password: str, tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer
) -> None:
    generate("prod-postgres", tmp_path, "--allow-weak-secrets", env={"POSTGRES_PASSWORD": password})
    services = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, services["postgres"]["environment"])
    url = services["auth-service"]["environment"]["AUTH_SERVICE__DB_URL"]
    assert opened(environment, at(server, url), tmp_path, next(tables)) == "asyncpg"


@pytest.mark.quick
def test_the_server_asks_for_the_password(
    tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer
) -> None:
    """Without this the tests around it would show nothing."""
    generate("prod-postgres", tmp_path)
    services = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, services["postgres"]["environment"])
    url = "postgresql+asyncpg://codelab:another@postgres:5432/auth_db"
    env = {"DB_URL": at(server, url), "TABLE": next(tables), "NAME": NAME}
    python = tool("python", ENVIRONMENTS[0])
    said = run(python, HERE / "open_url.py", cwd=tmp_path, env=env, status=1).stderr
    assert 'password authentication failed for user "codelab"' in said


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(("service", "role"), [("agent-runtime", "agent_runtime"), ("auth-service", "auth_service")])
def test_a_service_with_its_own_role_opens_its_url(
    environment: str,
    service: str,
    role: str,
    tmp_path: Path,
    generate: Generate,
    meaning: Meaning,
    server: PostgresServer,
) -> None:
    generate("prod-postgres", tmp_path, "--set", "postgres.access=per_service")
    services, table = meaning(tmp_path)["services"], next(tables)
    run_as_the_image_does(tmp_path, server, services["postgres"]["environment"])
    [url] = services[service]["environment"].values()
    assert opened(environment, at(server, url), tmp_path, table) == "asyncpg"
    owner = f"SELECT tableowner FROM pg_tables WHERE tablename = '{table}'"
    assert server.query(owner, database=url.rsplit("/", 1)[1]) == [role]


@pytest.mark.quick
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_psycopg_opens_its_url(
    environment: str, tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer
) -> None:
    generate("prod-postgres", tmp_path, "--set", "services.auth-service.database.driver=psycopg")
    services = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, services["postgres"]["environment"])
    url = services["auth-service"]["environment"]["AUTH_SERVICE__DB_URL"]
    assert opened(environment, at(server, url), tmp_path, next(tables)) == "psycopg"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(("access", "driver"), [("shared", "psycopg"), ("per_service", "asyncpg")])
def test_the_url_of_an_external_server_opens_as_it_is(
    environment: str,
    access: str,
    driver: str,
    tmp_path: Path,
    generate: Generate,
    meaning: Meaning,
    server: PostgresServer,
) -> None:
    external = {"host": server.host, "port": server.port, "tls": "disable"}
    services = {"auth-service": {"database": {"driver": driver}}}
    more = {"services": services, "postgres": {"user": "app", "access": access, "external": external}}
    generate(write_profile(tmp_path, more), tmp_path)

    clean(server)
    server.query("CREATE ROLE administrator LOGIN CREATEROLE CREATEDB PASSWORD 'of the administrator'")
    as_administrator = {
        "PATH": f"{server.bin_dir}:{SCRUBBED['PATH']}",
        "INIT_POSTGRES_USER": "administrator",
        "PGPASSWORD": "of the administrator",
        "PGSSLMODE": "disable",
    }
    run("/bin/bash", "-c", "set -a; . ./.env; set +a; scripts/init-postgres.sh", cwd=tmp_path, env=as_administrator)

    model = meaning(tmp_path)
    assert list(model["services"]) == ["agent-runtime", "auth-service"]
    url = model["services"]["auth-service"]["environment"]["AUTH_SERVICE__DB_URL"]
    assert opened(environment, url, tmp_path, next(tables)) == driver


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_plain_url_opens_without_sqlalchemy(
    password: str, tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer
) -> None:
    plain = ("--set", "services.auth-service.database.driver=plain", "--allow-weak-secrets")
    generate("prod-postgres", tmp_path, *plain, env={"POSTGRES_PASSWORD": password})
    services = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, services["postgres"]["environment"])
    url = at(server, services["auth-service"]["environment"]["AUTH_SERVICE__DB_URL"])

    async def where() -> str:
        connection = await asyncpg.connect(url, ssl=False)
        try:
            return await connection.fetchval("SELECT current_database()")
        finally:
            await connection.close()

    assert url.startswith("postgresql://")
    assert asyncio.run(where()) == "auth_db"
    assert run(server.psql, "-XAtd", url, "-c", "SELECT current_database()", cwd=tmp_path).stdout == "auth_db\n"


@pytest.fixture
def container() -> Iterator[Path]:
    """A folder whose path may stand in a profile, which the user's folder for such things need not."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="container-") as container:
        yield Path(container)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_absolute_sqlite_path_opens(
    environment: str, tmp_path: Path, container: Path, generate: Generate, meaning: Meaning
) -> None:
    inside = container / "app" / "data"
    generate(
        "dev-sqlite",
        tmp_path,
        "--set",
        f"services.auth-service.data=./auth-service/data:{inside}",
        "--set",
        f"services.auth-service.database.sqlite={inside}/auth.db",
    )
    service, table = meaning(tmp_path)["services"]["auth-service"], next(tables)
    [mount] = service["volumes"]
    host = tmp_path / "auth-service" / "data"
    assert (mount["source"], mount["target"]) == (str(host), str(inside))
    host.mkdir(parents=True)
    inside.parent.mkdir(parents=True)
    inside.symlink_to(host)

    url = service["environment"]["AUTH_SERVICE__DB_URL"]
    assert url == f"sqlite:///{inside}/auth.db"
    assert opened(environment, url, tmp_path, table) == "aiosqlite"
    assert in_file(host / "auth.db", table) == [NAME]
