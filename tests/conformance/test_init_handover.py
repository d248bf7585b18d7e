"""A database with tables that changes its owner: between one role for all services and a role for each.

What these tests know:

* `handed_over.sql` makes one of each kind of object that has an owner, and ANALYST what a third role has in between;
* an advisory lock, a lock on a table and a session are held by a psql of the test's own, ended with its input.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from init_script import READY, Deployment, databases
from postgres_server import PostgresServer
from programs import HERE, LONG, PATIENCE, SCRUBBED
from test_init_external import prepare_external

OBJECTS = (HERE / "handed_over.sql").read_text(encoding="utf-8")

ANALYST = """
CREATE ROLE analyst;
CREATE SCHEMA reports AUTHORIZATION analyst;
GRANT USAGE ON SCHEMA public TO analyst;
GRANT SELECT ON users TO analyst;
SET ROLE analyst;
CREATE TABLE reports.yearly (id serial);
CREATE VIEW reports.emails AS SELECT email FROM users;
CREATE FUNCTION reports.answer() RETURNS integer LANGUAGE sql RETURN 42;
"""

# What a service does with its tables, and what a migration does to them.
WORK = """
SELECT id, email, feelings, age, mixed, sizes FROM users WHERE email = 'a@X';
SELECT * FROM known, known_again, counted, events, heirs, "Side-Ways"."Odd "" name";
INSERT INTO users (email, feelings, age, mixed, sizes) VALUES (clock_timestamp()::text, '{sad}', 1, '(2,b)', '[3,4)');
INSERT INTO sessions (user_id, token) SELECT id, 'x' FROM users;
INSERT INTO events VALUES ('2026-06-01', 'went on');
INSERT INTO "Side-Ways"."Odd "" name" DEFAULT VALUES;
UPDATE sessions SET token = 'y' RETURNING id;
DELETE FROM users WHERE age = 1;
REFRESH MATERIALIZED VIEW counted;
SELECT twice(2), twice('a', 'b'), total(id::integer), nextval('free_numbers'), 1 <<<>>> 2 FROM users;
CALL tidy(1, NULL);
SELECT lo_put(4711, 0, 'more'), to_tsvector('words', 'word'), 'a' COLLATE by_bytes;
BEGIN;
ALTER TABLE users ADD COLUMN note text, ALTER COLUMN age TYPE bigint;
ALTER TABLE sessions DISABLE ROW LEVEL SECURITY;
ALTER TABLE events DETACH PARTITION "events Of 2026";
ALTER TYPE mood ADD VALUE 'glad';
ALTER TYPE pair ADD ATTRIBUTE third text;
ALTER DOMAIN positive DROP CONSTRAINT positive_check;
ALTER TABLE users ALTER COLUMN id RESTART WITH 1000;
ALTER SEQUENCE sessions_id_seq RESTART WITH 1000;
CREATE OR REPLACE FUNCTION twice(integer) RETURNS integer LANGUAGE sql RETURN $1 + $1;
CREATE OR REPLACE VIEW known AS SELECT id, email FROM users WHERE true;
CREATE TABLE migrated (id integer REFERENCES users);
CREATE TABLE "Side-Ways".migrated ();
DROP TYPE spans CASCADE;
DROP PROCEDURE tidy;
DROP AGGREGATE total(integer ORDER BY integer);
DROP OPERATOR <<<>>> (integer, integer);
DROP STATISTICS of_users;
DROP TEXT SEARCH CONFIGURATION words;
DROP TEXT SEARCH DICTIONARY plain;
DROP COLLATION by_bytes;
DROP SEQUENCE free_numbers CASCADE;
SELECT lo_unlink(4711);
DROP TABLE users, sessions CASCADE;
ROLLBACK;
"""

# Each catalog of things that have an owner, with the column that says it.
OWNERS = {
    "pg_namespace": "nspowner",
    "pg_class": "relowner",
    "pg_type": "typowner",
    "pg_proc": "proowner",
    "pg_operator": "oprowner",
    "pg_collation": "collowner",
    "pg_statistic_ext": "stxowner",
    "pg_ts_config": "cfgowner",
    "pg_ts_dict": "dictowner",
    "pg_largeobject_metadata": "lomowner",
}
ALL = " UNION ALL ".join(
    f"SELECT tableoid::regclass::text AS class, oid, {owner}::regrole::text AS owner, xmin::text FROM {catalog}"
    for catalog, owner in OWNERS.items()
)
OURS = f"""
SELECT * FROM ({ALL}) AS a WHERE oid >= 16384 AND NOT EXISTS (
  SELECT FROM pg_depend WHERE classid = a.class::regclass AND objid = a.oid AND refobjid <> a.oid AND deptype IN ('e', 'i')
)"""


def owners(server: PostgresServer) -> list[str]:
    return server.query(f"SELECT DISTINCT owner FROM ({OURS}) AS ours ORDER BY 1", "auth_db")


def rows(server: PostgresServer) -> list[str]:
    """Every row that a hand-over could write, with the transaction that wrote it."""
    of_databases = "SELECT datname, datdba::text, datacl::text, xmin::text FROM pg_database"
    return server.query(f"{ALL} UNION ALL {of_databases} ORDER BY 1, 2".replace(", oid,", ", oid::text,"), "auth_db")


def of_analyst(server: PostgresServer) -> list[str]:
    granted = "SELECT relname FROM pg_class WHERE has_table_privilege('analyst', oid, 'SELECT') AND oid >= 16384"
    return server.query(f"{OURS} AND owner = 'analyst' ORDER BY 1, 2; {granted} ORDER BY 1", "auth_db")


def fill(deployment: Deployment, role: str = "codelab") -> None:
    deployment.server.query(f"SET ROLE {role};\n{OBJECTS}", "auth_db")
    deployment.server.query(ANALYST, "auth_db")


def work(deployment: Deployment, role: str) -> None:
    deployment.server.query(f"SET ROLE {role};\n{WORK}", "auth_db")


@contextmanager
def session(server: PostgresServer, sql: str) -> Iterator[None]:
    """A session that has run `sql` and stays open."""
    where = ["-h", str(server.socket_dir), "-p", str(server.port), "-U", server.superuser, "-d", "auth_db"]
    with subprocess.Popen(
        [server.psql, "-XqAt", *where], env=SCRUBBED, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as psql:
        assert psql.stdin is not None and psql.stdout is not None
        psql.stdin.write(f"{sql};\n\\echo done\n")
        psql.stdin.flush()
        assert psql.stdout.readline() == "done\n"
        yield


@pytest.mark.quick
def test_there_and_back(deployment: Deployment) -> None:
    server = deployment.server
    deployment.run("shared")
    fill(deployment)
    analyst = of_analyst(server)
    for _ in range(2):
        assert deployment.run("per_service") == READY
        assert owners(server) == ["analyst", "auth_service"]
        work(deployment, "auth_service")
        assert deployment.run("shared") == READY
        assert owners(server) == ["analyst", "codelab"]
        work(deployment, "codelab")
    assert of_analyst(server) == analyst
    assert server.query("SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'", "auth_db") == [
        "pg_database_owner"
    ]


def test_what_the_service_made_goes_back(deployment: Deployment) -> None:
    deployment.run("per_service")
    deployment.server.query(f"SET ROLE auth_service;\n{OBJECTS}", "auth_db")
    deployment.run("shared")
    assert owners(deployment.server) == ["codelab"]


def test_what_the_administrator_made_later(deployment: Deployment) -> None:
    """A dump that he restored, or a table of a container that still ran when the database was given away."""
    deployment.run("per_service")
    fill(deployment)
    deployment.run("per_service")
    assert owners(deployment.server) == ["analyst", "auth_service"]
    work(deployment, "auth_service")


def test_public_schema_of_an_old_volume(deployment: Deployment) -> None:
    deployment.run("shared")
    deployment.server.query("ALTER SCHEMA public OWNER TO codelab", "auth_db")
    deployment.run("per_service")
    deployment.server.query("SET ROLE auth_service; CREATE TABLE made ()", "auth_db")


@pytest.mark.parametrize("name", ["shared", "per_service"])
def test_second_run_changes_nothing_and_waits_for_nobody(deployment: Deployment, name: str) -> None:
    deployment.run("shared")
    fill(deployment)
    deployment.run(name)
    before = rows(deployment.server)
    with session(deployment.server, "BEGIN; LOCK TABLE users, sessions, events IN ACCESS EXCLUSIVE MODE"):
        assert deployment.run(name) == READY
    assert rows(deployment.server) == before


def test_stuck_session(deployment: Deployment) -> None:
    deployment.run("shared")
    fill(deployment)
    before = owners(deployment.server)
    script = deployment.script("per_service")
    text = script.read_text(encoding="utf-8")
    assert text.count("'1min'") == 1
    script.write_text(text.replace("'1min'", "'300ms'"), encoding="utf-8")
    with session(deployment.server, "BEGIN; SELECT FROM known"):
        status, output = deployment.attempt("per_service")
    assert status == 3
    assert "canceling statement due to lock timeout" in output
    assert "init-postgres: the database auth_db could not be given to auth_service; nothing in it was changed" in output
    assert "help: after a lock timeout or a deadlock, stop the services that use it" in output
    assert "auth_db|codelab" in databases(deployment.server)
    assert owners(deployment.server) == before
    deployment.run("per_service")
    assert owners(deployment.server) == ["analyst", "auth_service"]


def test_killed_in_the_middle(deployment: Deployment) -> None:
    server = deployment.server
    deployment.run("shared")
    fill(deployment)
    with session(server, "BEGIN; SELECT FROM counted"):
        process = deployment.start(["bash", str(deployment.script("per_service"))])
        waits = "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE%'"
        deadline = time.monotonic() + PATIENCE
        while not server.query(waits):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        deployment.finish(process)
    assert "auth_db|codelab" in databases(server)
    deployment.run("per_service")
    assert owners(server) == ["analyst", "auth_service"]
    work(deployment, "auth_service")


def test_killed_after_a_statement(deployment: Deployment) -> None:
    """The database and all in it have one owner at any time."""
    server = deployment.server
    deployment.run("shared")
    fill(deployment)
    halves = {("auth_db|codelab", "codelab"), ("auth_db|auth_service", "auth_service")}
    seen = set()
    for statements in range(30 + deployment.major % 2, 200, 1 if LONG else 4):
        killed = deployment.is_killed("per_service", statements)
        seen.add((databases(server)[1], owners(server)[1]))
        assert seen <= halves
        if not killed:
            break
    assert seen == halves


@pytest.mark.default_logging
@pytest.mark.parametrize("administrator", ["CREATEROLE CREATEDB", "SUPERUSER"])
def test_external(deployment: Deployment, administrator: str) -> None:
    """Also for an administrator with few rights; what he made himself is handed over as well."""
    server = deployment.server
    prepare_external(deployment, administrator)
    deployment.run("external_shared")
    fill(deployment, "app")
    server.query("GRANT CREATE ON SCHEMA public TO admin; SET ROLE admin; CREATE TABLE of_admin ()", "auth_db")
    analyst = of_analyst(server)
    for name, owner in [("external_per_service", "auth_service"), ("external_shared", "app")] * 2:
        assert deployment.run(name) == READY
        assert owners(server) == ["analyst", owner]
        work(deployment, owner)
        before = rows(server)
        deployment.run(name)
        assert rows(server) == before
    assert of_analyst(server) == analyst
