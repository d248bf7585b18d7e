"""What scripts/db can bring back: backups of newer servers and clients, functions that name what is elsewhere, extensions
that only an administrator may make.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from administrator import Shop, facts
from init_script import Servers
from postgres_server import Postgres, PostgresServer
from programs import PATIENCE, ROOT, SCRUBBED, Generate

POSTGRES_SH = ROOT / "templates" / "scripts" / "db" / "postgres.sh"

# A view that is kept, an index and a generated column, each over a function that names what it uses without its schema.
NOT_SELF_CONTAINED = """
CREATE TABLE mention (software int);
INSERT INTO mention VALUES (1), (1), (2);
CREATE FUNCTION mentions() RETURNS TABLE (software int) LANGUAGE sql STABLE AS 'SELECT software FROM mention';
CREATE FUNCTION counts() RETURNS TABLE (s int, n bigint) LANGUAGE sql STABLE
  AS 'SELECT software, count(*) FROM mentions() GROUP BY 1';
CREATE MATERIALIZED VIEW top AS SELECT * FROM counts();
CREATE FUNCTION half(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
CREATE FUNCTION quarter(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN half(half($1)); END';
CREATE TABLE numbered (id int PRIMARY KEY, made int GENERATED ALWAYS AS (quarter(id)) STORED, CHECK (quarter(id) >= 0));
INSERT INTO numbered SELECT generate_series(1, 20);
CREATE INDEX ON numbered (quarter(id));
CREATE SCHEMA tools;
CREATE FUNCTION tools.deep(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION tools.own(int) RETURNS int LANGUAGE sql IMMUTABLE SET search_path = tools AS 'SELECT deep($1)';
CREATE INDEX ON numbered (tools.own(id));
"""

SETTINGS_OF_FUNCTIONS = (
    "SELECT proname, proconfig FROM pg_proc WHERE pronamespace::regnamespace::text IN ('public', 'apart', 'tools')"
)


Shops = Callable[[int], Shop]


@pytest.fixture
def shops(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path, generate: Generate) -> Shops:
    """Makes a deployment on a server of a version."""

    def shop(major: int) -> Shop:
        server = servers.with_settings(request.getfixturevalue(f"postgres_{major}"), {})
        folder = tmp_path / str(major)
        folder.mkdir()
        return Shop(server, folder, generate)

    return shop


@pytest.mark.parametrize("major", [15, 18])
@pytest.mark.parametrize("path", ["", "apart"])
def test_functions_that_name_no_schema_are_restored(shops: Shops, major: int, path: str) -> None:
    """They find what they name, also where sessions of the role look elsewhere; what was lent to them is taken back."""
    before = shops(15)
    if path:
        before.does("CREATE SCHEMA apart; ALTER DATABASE api SET search_path = apart")
    before.does(NOT_SELF_CONTAINED)
    before.does("CREATE TABLE notes (id int)", "web")
    settings = before.look(SETTINGS_OF_FUNCTIONS, "api")
    backup = before.back_up()
    if major == 15:
        after = before
        after.does("DROP MATERIALIZED VIEW top; DELETE FROM numbered")
    else:
        after = shops(major)
        if path:
            after.does("ALTER DATABASE api SET search_path = apart")
    _, said = after.script("restore", str(backup))
    assert "left out" not in said
    assert after.does("SELECT s, n FROM top ORDER BY s") == ["1|2", "2|1"]
    assert after.does("SELECT count(*), max(made) FROM numbered") == ["20|5"]
    assert sorted(after.look(SETTINGS_OF_FUNCTIONS, "api")) == sorted(settings)


def test_a_backup_of_a_newer_server_is_told_with_both_versions(shops: Shops) -> None:
    newer = shops(18)
    for service in ("api", "web"):
        newer.does("CREATE TABLE notes (id int)", service)
    backup = newer.back_up()
    older = shops(15)
    before = older.names()
    _, said = older.script("restore", "--no-backup", str(backup), status=1)
    [version] = {line.split("\t")[2] for line in facts(backup)["file"]}
    assert f"api.dump was made of PostgreSQL {version}, and the server is PostgreSQL 15" in said
    assert "help: restore it into PostgreSQL 18 or later" in said
    assert older.names() == before


@dataclass
class Elsewhere:
    """The functions for an external server, as a role that owns its database and may make others."""

    server: PostgresServer
    programs: Path

    def run(self, *arguments: str, stdin: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
        where = {
            "PGHOST": str(self.server.socket_dir),
            "PGPORT": str(self.server.port),
            "PGUSER": "guest",
        }
        return subprocess.run(
            ["bash", POSTGRES_SH, *arguments],
            env={
                **SCRUBBED,
                **where,
                **more,
                "PATH": f"{self.programs}{os.pathsep}{SCRUBBED['PATH']}",
            },
            input=stdin,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )

    def well(self, *arguments: str, stdin: bytes = b"", **more: str) -> bytes:
        done = self.run(*arguments, stdin=stdin, **more)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


@pytest.fixture
def elsewhere(postgres_15: Postgres, servers: Servers) -> Iterator[Callable[[Path], Elsewhere]]:
    server = servers.with_settings(postgres_15, {})
    server.query("CREATE ROLE guest LOGIN CREATEDB")
    server.query("CREATE DATABASE guest OWNER guest")
    server.query("GRANT CONNECT ON DATABASE postgres TO guest")
    yield lambda programs: Elsewhere(server, programs)
    for name in server.query("SELECT datname FROM pg_database WHERE datname LIKE 'guest%'"):
        server.query(f"DROP DATABASE {name} WITH (FORCE)")
    server.query("DROP OWNED BY guest; DROP ROLE guest")


def test_a_client_that_is_newer_than_the_server_restores_what_it_has_backed_up(
    elsewhere: Callable[[Path], Elsewhere], postgres_18: Postgres
) -> None:
    client = elsewhere(postgres_18.bin_dir)
    client.server.query(
        "SET ROLE guest; CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)",
        "guest",
    )
    archive = client.well("dump", "guest", "60").partition(b"\n\n")[2]
    client.well("make", "guest", "guest_new")
    client.well("load", "definitions", "guest_new", "guest", stdin=archive)
    assert client.well("load", "rows", "guest_new", "guest", stdin=archive) == b"rows\tpublic.t\t2\n"
    assert client.server.query("SELECT count(*) FROM t", "guest_new") == ["2"]


def test_any_other_fault_is_still_one(elsewhere: Callable[[Path], Elsewhere], postgres_18: Postgres) -> None:
    client = elsewhere(postgres_18.bin_dir)
    client.server.query(
        "SET ROLE guest; CREATE TABLE t (id int); INSERT INTO t VALUES (1), (1)",
        "guest",
    )
    archive = client.well("dump", "guest", "60").partition(b"\n\n")[2]
    client.well("make", "guest", "guest_new")
    client.server.query("SET ROLE guest; CREATE TABLE t (id int UNIQUE)", "guest_new")
    done = client.run("load", "definitions", "guest_new", "guest", stdin=archive)
    assert done.returncode != 0
    assert b'relation "t" already exists' in done.stderr
    done = client.run("load", "rows", "guest_new", "guest", stdin=archive)
    assert done.returncode != 0
    assert b"duplicate key value" in done.stderr


def test_an_extension_of_an_administrator_is_prepared_under_a_name_that_is_known(
    elsewhere: Callable[[Path], Elsewhere], postgres_15: Postgres
) -> None:
    client = elsewhere(postgres_15.bin_dir)
    client.server.query("CREATE EXTENSION dblink; CREATE EXTENSION citext", "guest")
    client.server.query("SET ROLE guest; CREATE TABLE t (name citext)", "guest")
    found = client.well("extensions_of", "guest").decode()
    client.well("make", "guest", "guest_new")
    said = client.well("to_prepare", "guest", "guest_new", "guest_prepared", FOUND=found).decode().splitlines()
    assert said[0].startswith(
        "CREATE DATABASE guest_prepared TEMPLATE template0 OWNER guest ENCODING 'UTF8' LC_COLLATE 'C'"
    )
    assert said[1:] == [
        "\\connect guest_prepared",
        "CREATE EXTENSION dblink CASCADE;",
    ], "citext is trusted"
    assert client.run("take", "guest_prepared", "guest_other").returncode == 4

    client.server.query(said[0])
    client.server.query(said[2], "guest_prepared")
    client.well("take", "guest_prepared", "guest_other")
    assert client.well("to_prepare", "guest", "guest_other", "guest_prepared", FOUND=found) == b""
    assert client.well("add_extensions", "guest_other", "guest", FOUND=found) == b""
    archive = client.well("dump", "guest", "60").partition(b"\n\n")[2]
    client.well("load", "definitions", "guest_other", "guest", stdin=archive)
    assert client.well("load", "rows", "guest_other", "guest", stdin=archive) == b"rows\tpublic.t\t0\n"


def test_what_was_prepared_and_has_tables_is_not_taken(
    elsewhere: Callable[[Path], Elsewhere], postgres_15: Postgres
) -> None:
    client = elsewhere(postgres_15.bin_dir)
    client.server.query("CREATE DATABASE guest_prepared OWNER guest")
    client.server.query("CREATE TABLE precious (id int)", "guest_prepared")
    done = client.run("take", "guest_prepared", "guest_other")
    assert (done.returncode, done.stderr) == (
        1,
        b"the database guest_prepared, which was made for this, has tables already\n",
    )
    assert client.server.query("SELECT count(*) FROM precious", "guest_prepared") == ["0"]
