"""A service with several databases: what the init script makes of them, and that each is opened by what is told of it.

What these tests know:

* in the profile `further`, `auth_service` owns `auth_db` and `stats`, and may read `agent_runtime`, which is another's;
* of what a service is told only the address inside the Compose network gives way to that of the test's server.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers import LANGUAGES, Question
from init_script import (
    MARK,
    Deployment,
    databases,
    extensions,
    roles,
    run_as_the_image_does,
)
from postgres_server import Postgres, PostgresServer
from programs import Generate, Meaning
from test_drivers import NAME, at, in_file, opened, working_dir
from test_hostile_ensure import as_service
from test_other_drivers import write_profile
from test_rights import may

OWNER = ("agent_runtime", f"{MARK}-agent", "agent_runtime")
READER = ("auth_service", f"{MARK}-auth", "agent_runtime")
STATS = ("auth_service", f"{MARK}-auth", "stats")
WHO = "SELECT current_user || ' in ' || current_database()"

CACHE = "/app/data/cache.db"
SERVICE = {
    "image": "api:1",
    "data": "./data:/app/data",
    "environment": {
        "ORDERS_USER": {"database": "user", "of": "orders"},
        "ORDERS_NAME": {"database": "name", "of": "orders"},
        "ORDERS_PASSWORD": {"database": "password", "of": "orders"},
        "AGAIN": {"database": "url", "of": "queue"},
    },
    "database": {"postgres": "shop"},
    "databases": {
        "queue": {"postgres": "queue", "driver": "psycopg", "env": "QUEUE_URL"},
        "same-again": {"postgres": "shop", "driver": "psycopg2"},
        "orders": {"postgres": "orders", "rights": "read", "give_url": False},
        "jobs": {"postgres": "jobs", "driver": "pgx", "options": {"application_name": "jobs of shop"}},
        "cache": {"sqlite": "data/cache.db"},
    },
}
ORDERS = {"image": "orders:1", "database": {"postgres": "orders"}}


@pytest.fixture(scope="module")
def server(postgres_18: Postgres) -> Iterator[PostgresServer]:
    with PostgresServer(postgres_18) as server:
        yield server


@pytest.mark.quick
def test_a_service_owns_each_database_of_its_own(deployment: Deployment) -> None:
    first = deployment.run("further")
    assert [line.split()[3] for line in first.splitlines()] == ["agent_runtime", "auth_db", "stats"]
    owners = ["agent_runtime|agent_runtime", "auth_db|auth_service", "codelab|codelab", "stats|auth_service"]
    assert databases(deployment.server) == owners
    assert roles(deployment.server) == ["agent_runtime|t|f|f|f|t", "auth_service|t|f|f|f|t", "codelab|t|t|t|t|t"]
    assert [extensions(deployment.server, name) for name in ("stats", "auth_db")] == [["citext"], []]
    for database in ("auth_db", "stats", "agent_runtime"):
        assert deployment.can_log_in("auth_service", f"{MARK}-auth", database)
        assert deployment.can_log_in("agent_runtime", f"{MARK}-agent", database) == (database == "agent_runtime")
    limits = "SELECT rolconnlimit, rolconfig::text FROM pg_roles WHERE rolname = 'auth_service'"
    assert deployment.server.query(limits) == ["7|{statement_timeout=90000ms}"]
    as_service(deployment.server, "CREATE TABLE public.mine (id int)", login=STATS)
    assert deployment.run("further") == first
    assert databases(deployment.server) == owners


def test_what_it_may_read_of_another_one_is_read_and_no_more(deployment: Deployment) -> None:
    deployment.run("further")
    as_service(deployment.server, "CREATE TABLE public.later (id int)", login=OWNER)
    assert may(deployment, READER, "SELECT count(*) FROM public.later")
    for statement in ("INSERT INTO public.later VALUES (1)", "CREATE TABLE public.own (id int)"):
        assert not may(deployment, READER, statement), statement


def test_a_database_that_left_the_profile_stays_and_rights_end(deployment: Deployment) -> None:
    deployment.run("further")
    as_service(deployment.server, "CREATE TABLE public.kept (id int)", login=STATS)
    deployment.run("further_less")
    assert not deployment.can_log_in(*READER)
    assert deployment.server.query("SELECT count(*) FROM kept", "stats") == ["0"]


def test_services_that_share_a_login_have_further_databases_too(deployment: Deployment) -> None:
    deployment.run("further_shared")
    assert "stats|codelab" in databases(deployment.server)
    deployment.run("further")
    assert "stats|auth_service" in databases(deployment.server)


def test_a_url_of_a_further_database_that_does_not_fit_is_told(deployment: Deployment) -> None:
    url = "postgresql+asyncpg://auth_service:another@postgres:5432/stats"
    status, output = deployment.attempt("further", AUTH_SERVICE__STATS__DB_URL=url)
    assert status == 1
    assert "the password in AUTH_SERVICE__STATS__DB_URL is not that of AUTH_SERVICE__DB_PASSWORD" in output
    assert databases(deployment.server) == []


@pytest.mark.parametrize("password", ["codelab_password", "p@ss:w/rd?#%41&=+ ~", "it's {so} *[simple]*"])
def test_each_database_is_opened_by_what_is_told_of_it(
    password: str, tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer
) -> None:
    profile = write_profile(tmp_path, {"api": SERVICE, "orders": ORDERS})
    generate(profile, tmp_path, "--allow-weak-secrets", env={"API__DB_PASSWORD": password})
    services = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, services["postgres"]["environment"])
    told = services["api"]["environment"]
    assert told["AGAIN"] == told["QUEUE_URL"]

    python = [("async", "API__DB_URL"), ("sync", "QUEUE_URL"), ("async", "QUEUE_URL"), ("sync", "API__SAME_AGAIN__DB_URL")]
    answers = LANGUAGES["python"]([Question(by, at(server, told[name]), WHO) for by, name in python])
    assert [(answer.said, answer.error) for answer in answers] == [
        ("api in shop", ""),
        ("api in queue", ""),
        ("api in queue", ""),
        ("api in shop", ""),
    ]
    by_go = Question("pgx", at(server, told["API__JOBS__DB_URL"]), WHO)
    name = Question("pgx", by_go.text, "SELECT current_setting('application_name')")
    assert [answer.said for answer in LANGUAGES["go"]([by_go, name])] == ["api in jobs", "jobs of shop"]

    login = (told["ORDERS_USER"], told["ORDERS_PASSWORD"], told["ORDERS_NAME"])
    assert login == ("api", password, "orders")
    as_service(server, "SELECT 1", login=login)

    folder = working_dir(services["api"], tmp_path / "container")
    assert opened("sqlalchemy-current", told["API__CACHE__DB_URL"], folder, "visits") == "aiosqlite"
    assert in_file(tmp_path / "data" / "cache.db", "visits") == [NAME]
    with sqlite3.connect(tmp_path / "data" / "cache.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
