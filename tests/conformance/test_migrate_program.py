"""migrate.py, which `codelab-gen migrate` feeds to a service's own Python, between real databases of both engines.

What these tests know:

* the service is `migrate_models.py`; it and the program run in the environments that hold SQLAlchemy and the drivers;
* the role `app` owns its databases and is no superuser, as with `access: per_service`;
* a dump before and after shows that nothing was changed, or only rows;
* passwords and the values of broken rows contain `MARK`, so that one is found wherever it should not be.
"""

import hashlib
import itertools
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from init_script import MARK
from postgres_server import Postgres, PostgresServer, nobody_listening
from programs import HERE, LONG, PATIENCE, ROOT, SCRUBBED, run, tool

PROGRAM = ROOT / "templates" / "migrate" / "migrate.py"
MODELS = HERE / "migrate_models.py"
OLDEST, CURRENT = "sqlalchemy-2.0", "sqlalchemy-current"
PASSWORD = f"{MARK}:p%@/ #"
ENCODED = f"{MARK}%3Ap%25%40%2F%20%23"
# Rows come in batches of 2,000.
SAMPLES = 200_000 if LONG else 6_001
MANY = 100_000 if LONG else 40_000
FEW = 60

numbers = itertools.count()


@dataclass
class Done:
    status: int
    stdout: str
    stderr: str

    @property
    def faults(self) -> list[str]:
        return sorted(line.removeprefix("error: ") for line in self.stderr.splitlines() if line.startswith("error: "))


def migrate(command: str, source: str, target: str, environment: str = CURRENT, **more: str) -> Done:
    done = subprocess.run(
        [tool("python", environment), "-", command],
        env={**SCRUBBED, "MIGRATE_SOURCE_URL": source, "MIGRATE_TARGET_URL": target, **more},
        input=PROGRAM.read_text(encoding="utf-8"),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert MARK not in done.stdout + done.stderr, f"a secret or a value was printed:\n{done.stdout}{done.stderr}"
    return Done(done.returncode, done.stdout, done.stderr)


def migrated(source: str, target: str, environment: str = CURRENT, **more: str) -> Done:
    done = migrate("copy", source, target, environment, **more)
    assert done.status == 0, done
    return done


def checked(source: str, target: str, environment: str = CURRENT) -> str:
    """The token for a target that is empty."""
    done = migrate("check", source, target, environment)
    assert done.status == 0, done
    return done.stdout.strip()


def service(command: str, url: str, *arguments: str, environment: str = CURRENT) -> str:
    return run(tool("python", environment), MODELS, command, url, *arguments, cwd=Path("/")).stdout


@dataclass
class Database:
    """A database of the server that the role `app` owns."""

    server: PostgresServer
    name: str

    def url(self, driver: str = "asyncpg", password: str = ENCODED, role: str = "app") -> str:
        return f"postgresql+{driver}://{role}:{password}@{self.server.host}:{self.server.port}/{self.name}"

    def query(self, sql: str) -> list[str]:
        """As the superuser, but all that is made belongs to `app`."""
        return self.server.query(f"SET ROLE app;\n{sql}", self.name)

    def dump(self, *arguments: str) -> str:
        dump = self.server.bin_dir / "pg_dump"
        where = ("-h", self.server.socket_dir, "-p", str(self.server.port), "-U", self.server.superuser)
        said = run(dump, *arguments, *where, self.name, cwd=Path("/")).stdout
        # Each dump has a random key of its own against injected meta-commands.
        return re.sub(r"^\\(un)?restrict .*\n", "", said, flags=re.MULTILINE)


@dataclass
class File:
    """A file of SQLite."""

    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()

    def script(self, sql: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(sql)

    def stored(self) -> dict[str, list[str]]:
        """Every row with the very values and types that stand in the file."""
        tables = self.query("SELECT replace(name, '\"', '\"\"'), name FROM sqlite_master WHERE type = 'table'")
        return {
            str(name): list(map(repr, self.query(f'SELECT * FROM "{quoted}" ORDER BY 1'))) for quoted, name in tables
        }

    def mark(self) -> dict[str, str]:
        """The files that make the database, with a hash of each."""
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.path.parent.glob(f"{self.path.name}*"))
        }


Make = Callable[[str], Database]


def made_by(server: PostgresServer) -> Make:
    if not server.query("SELECT FROM pg_roles WHERE rolname = 'app'"):
        server.query(f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE other LOGIN PASSWORD '{PASSWORD}'")

    def make(sql: str = "") -> Database:
        database = Database(server, f"migrate_{next(numbers)}")
        server.query(f"CREATE DATABASE {database.name} OWNER app")
        if sql:
            database.query(sql)
        return database

    return make


@pytest.fixture(scope="module")
def server(postgres_18: Postgres) -> Iterator[PostgresServer]:
    with PostgresServer(postgres_18) as server:
        yield server


@pytest.fixture(scope="module")
def database(server: PostgresServer) -> Make:
    """Makes a database for `app`, with the tables that the SQL makes."""
    return made_by(server)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> File:
    """The service's file with few rows; tests copy it or leave it as it is."""
    file = File(tmp_path_factory.mktemp("filled") / "service.db")
    service("make,fill", file.url, str(FEW))
    return file


@pytest.fixture(scope="module")
def schema(database: Make) -> str:
    """The SQL of the tables that the service makes; to play it takes less time than the service."""
    there = database("")
    service("make", there.url())
    return there.dump()


@pytest.fixture(scope="module")
def seeded(database: Make, schema: str) -> str:
    """The same with the rows that the service seeds."""
    there = database(schema)
    service("seed", there.url())
    return there.dump()


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., File]:
    def file(sql: str = "", name: str = "file.db") -> File:
        made = File(tmp_path / name)
        made.script(sql or "PRAGMA user_version = 0")
        return made

    return file


def without_order_of_keys(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    """jsonb keeps no order of keys: the one document with several is compared by the models alone."""
    return {name: [re.sub(r"""'\{"[ab]":.*?\}'""", "{}", row) for row in found] for name, found in rows.items()}


TRIPS = [
    (OLDEST, "asyncpg", 18, FEW),
    (CURRENT, "psycopg", 15, FEW),
    (CURRENT, "asyncpg", 18, SAMPLES),
]

# What a service's own migrations may have left in the target, and what has to stand there afterwards as it did before.
EXTRAS = """
ALTER TABLE posts ADD CONSTRAINT extra FOREIGN KEY (answers) REFERENCES posts (id) DEFERRABLE INITIALLY DEFERRED;
COMMENT ON CONSTRAINT extra ON posts IS 'it''s there';
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a trigger fired'; END $$;
CREATE TRIGGER fires BEFORE INSERT OR DELETE ON posts FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER always BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE users ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER sleeps BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE users DISABLE TRIGGER sleeps;
"""


@pytest.mark.parametrize(("environment", "driver", "major", "samples"), TRIPS)
def test_there_and_back(
    environment: str, driver: str, major: int, samples: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with PostgresServer(request.getfixturevalue(f"postgres_{major}")) as server:
        there, start, back = made_by(server)(""), File(tmp_path / "start.db"), File(tmp_path / "back.db")
        url = there.url(driver)
        service("make,fill", start.url, str(samples), environment=environment)
        before = start.mark()

        token = checked(start.url, url, environment)
        service("make,seed", url, environment=environment)
        there.query(EXTRAS)
        schema = there.dump("--schema-only")
        done = migrated(start.url, url, environment, MIGRATE_TARGET_WAS_EMPTY=token)
        assert start.mark() == before
        assert there.dump("--schema-only") == schema
        assert f"samples        {samples:>12}" in done.stdout
        assert (done.stderr.count("copying `"), "\r" in done.stderr) == (5, False)
        assert "`users`.`created`: times without an offset were taken as UTC" in done.stderr
        expected = json.loads(service("read", start.url, environment=environment))
        assert json.loads(service("read", url, environment=environment)) == expected

        rows = there.dump()
        token = checked(url, back.url, environment)
        service("make,seed", back.url, environment=environment)
        # The same rows have the same checksums whatever engine they come from.
        assert migrated(url, back.url, environment, MIGRATE_TARGET_WAS_EMPTY=token).stdout == done.stdout
        assert there.dump() == rows
        assert json.loads(service("read", back.url, environment=environment)) == expected
        assert without_order_of_keys(back.stored()) == without_order_of_keys(start.stored())
        assert list(back.mark()) == ["back.db"]


def test_numbers_go_on_where_the_rows_end(filled: File, database: Make, seeded: str) -> None:
    there = database("")
    token = checked(filled.url, there.url())
    there.query(seeded)
    migrated(filled.url, there.url(), MIGRATE_TARGET_WAS_EMPTY=token)
    next_of = "INSERT INTO posts (author, body) SELECT id, '' FROM users LIMIT 1 RETURNING id"
    assert there.query(next_of) == ["21"]
    assert there.query('INSERT INTO "order ""items""" (code) VALUES (NULL) RETURNING id') == ["42"]
    # The seed had taken 1; of a table without rows nothing says that it should come again.
    assert there.query("INSERT INTO emptied (value) VALUES (NULL) RETURNING id") == ["2"]


NUMBERED = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT)"


@pytest.mark.quick
def test_numbers_that_no_column_owns_go_on(database: Make, file: Callable[..., File]) -> None:
    """A program that asks a sequence itself would get numbers that its rows have already."""
    source = file("CREATE TABLE orders (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO orders VALUES (7, 90), (40, 3)")
    there = database(
        "CREATE TABLE orders (id int PRIMARY KEY, n int); CREATE SEQUENCE orders_id_seq; CREATE SEQUENCE orders_n_seq;"
        "CREATE SEQUENCE tickets; CREATE SEQUENCE down INCREMENT -1 MINVALUE -100 MAXVALUE 100 START 50;"
        "CREATE SEQUENCE narrow MAXVALUE 5"
    )
    done = migrated(source.url, there.url())
    said = "sequence tickets: no column says that it takes numbers from it; it goes on with 41"
    assert f"{said}, behind the highest key of all tables" in done.stderr
    assert "it goes on with 91, behind `orders`.`n`" in done.stderr
    for sequence, number in {"orders_id_seq": 41, "orders_n_seq": 91, "tickets": 41, "down": 6, "narrow": 1}.items():
        assert there.query(f"SELECT nextval('{sequence}')") == [str(number)], sequence


def test_a_library_that_is_missing_is_told(tmp_path: Path) -> None:
    """Whatever the image lacks, it is no refusal of rows, and no traceback."""
    tmp_path.joinpath("greenlet.py").write_text("raise ModuleNotFoundError(name='greenlet')\n", encoding="utf-8")
    done = migrate("check", "sqlite:///a.db", "postgresql://u@h/d", PYTHONPATH=str(tmp_path))
    assert (done.status, done.stdout, "Traceback" in done.stderr) == (6, "", False)
    assert done.stderr.startswith("error: this Python has no `greenlet`, expected SQLAlchemy 1.4 or later with greenlet\n")


@pytest.mark.quick
def test_numbers_of_sqlite_go_on(database: Make, file: Callable[..., File]) -> None:
    source = database("CREATE TABLE t (id serial PRIMARY KEY, v text); INSERT INTO t VALUES (70, 'x'), (3, 'y')")
    target = file(f"{NUMBERED}; INSERT INTO t VALUES (500, 'gone'); DELETE FROM t")
    migrated(source.url(), target.url)
    target.script("INSERT INTO t (v) VALUES ('next')")
    assert target.query("SELECT * FROM t ORDER BY id") == [(3, "y"), (70, "x"), (71, "next")]


def test_triggers_of_sqlite_are_still_and_stay(database: Make, file: Callable[..., File]) -> None:
    source = database("CREATE TABLE t (id serial PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'x')")
    trigger = "CREATE TRIGGER fires AFTER INSERT ON t BEGIN INSERT INTO t (v) VALUES ('fired'); END"
    target = file(f"{NUMBERED}; {trigger}")
    migrated(source.url(), target.url)
    assert target.query("SELECT * FROM t") == [(1, "x")]
    assert target.query("SELECT sql FROM sqlite_master WHERE name = 'fires'") == [(trigger,)]


def test_check_says_what_is_there(filled: File, database: Make, schema: str, seeded: str, tmp_path: Path) -> None:
    there = database("")
    done = migrate("check", filled.url, there.url())
    assert (done.status, done.stderr) == (0, "the source has 6 tables, the target has no tables\n")
    assert re.fullmatch(r"\d{10}-[0-9a-f]{24}\n", done.stdout)
    there = database(f"{schema}; INSERT INTO public.alembic_version VALUES ('abc123')")
    assert migrate("check", filled.url, there.url()).stderr.endswith("the target has 6 tables without rows\n")
    there = database(f"{seeded}; CREATE SCHEMA aside; CREATE TABLE aside.a (); INSERT INTO aside.a DEFAULT VALUES")
    done = migrate("check", filled.url, there.url())
    assert (done.status, done.stdout) == (1, "")
    assert done.faults == [
        f"{table}: found rows in the target, expected none, in 1 row"
        for table in ("`aside.a`", "`emptied`", "`posts`", "`users`")
    ]
    missing = tmp_path / "missing.db"
    assert migrate("check", there.url(), f"sqlite:///{missing}").status == 0
    assert not missing.exists()
    assert migrate("check", there.url(), filled.url).status == 1


def test_rows_are_only_removed_with_the_token_of_this_target(filled: File, database: Make, seeded: str) -> None:
    there, another = database(""), database("")
    token, foreign = (checked(filled.url, target.url()) for target in (there, another))
    old = f"{int(token.split('-')[0]) - 7 * 3600}-{token.split('-')[1]}"
    there.query(seeded)
    before = there.dump()
    for wrong in ("", foreign, old, "yes", f"-{token.split('-')[1]}"):
        done = migrate("copy", filled.url, there.url(), MIGRATE_TARGET_WAS_EMPTY=wrong)
        assert (done.status, len(done.faults)) == (1, 3), wrong
        assert ("run `check` before the service makes its schema" in done.stderr) == (wrong == "")
        assert there.dump() == before
    done = migrated(filled.url, there.url(), MIGRATE_TARGET_WAS_EMPTY=token)
    assert "`users`: removed 1 row that the service had seeded in the target" in done.stderr
    assert there.query("SELECT count(*) FROM users WHERE email LIKE 'seed%'") == ["0"]


def test_names_are_one_line_of_what_is_said(database: Make, file: Callable[..., File]) -> None:
    """A name that steers a terminal, or looks like a line of the program's, stands there as an escape."""
    name = "a\x1b[2J\nrefused: 0 faults\u202e"
    source = file(f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY); INSERT INTO "{name}" VALUES (1)')
    done = migrate("copy", source.url, database("CREATE TABLE other (id integer PRIMARY KEY)").url())
    assert done.status == 1
    assert "a\\x1b[2J\\nrefused: 0 faults\\u202e" in done.stderr
    assert all(re.match("error: |  help: |refused: [1-9]", line) for line in done.stderr.splitlines()), done.stderr
    target = database(f'CREATE TABLE "{name}" (id integer PRIMARY KEY)')
    done = migrated(source.url, target.url())
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["table", "a\\x1b[2J\\nrefused:"]
    assert "\x1b" not in done.stdout + done.stderr


def test_two_revisions_are_refused(filled: File, database: Make, schema: str) -> None:
    there = database(f"{schema}; INSERT INTO public.alembic_version VALUES ('zzz')")
    done = migrate("copy", filled.url, there.url())
    assert (done.status, done.faults) == (
        1,
        ["`alembic_version`: the target is at revision `zzz`, expected `abc123` as in the source"],
    )
    there.query("UPDATE alembic_version SET version_num = 'abc123'")
    migrated(filled.url, there.url())
    assert there.query("SELECT * FROM alembic_version") == ["abc123"]


KEY = "id INTEGER PRIMARY KEY"

# One table a fault: how SQLite declares its column `v`, the broken value, PostgreSQL's type, and what is told.
MISFITS = {
    "text_in_integer": ("INTEGER", f"'{MARK}'", "int", "text, expected `int4`"),
    "beyond_int4": ("INTEGER", "2147483648", "int", "an integer out of range, expected `int4`"),
    "real_in_bigint": ("INTEGER", "1.5", "bigint", "a real number, expected `int8`"),
    "boolean_two": ("BOOLEAN", "2", "boolean", "an integer other than 0 and 1, expected `bool`"),
    "long_text": ("VARCHAR(5)", f"'{MARK}'", "varchar(5)", "text longer than 5 characters, expected `varchar(5)`"),
    "nul": ("TEXT", f"'{MARK}' || char(0)", "text", "text with a NUL character, expected `text`"),
    "no_utf8": ("TEXT", "CAST(x'ff41' AS TEXT)", "text", "text that is no valid UTF-8, expected `text`"),
    "blob_in_text": ("TEXT", "x'00'", "text", "a blob, expected `text`"),
    "padded": ("CHAR(9)", "'a '", "char(9)", "text with spaces at its end, which are not kept, expected `char(9)`"),
    "no_uuid": ("CHAR(32)", f"'{MARK}'", "uuid", "text that is no UUID, expected `uuid`"),
    "number_in_uuid": ("UUID", "'12345678901234567890123456789012'", "uuid", "a real number, expected `uuid`"),
    "no_json": ("JSON", f"'{{{MARK}'", "json", "text that is no JSON, or JSON with NaN or Infinity, expected `json`"),
    "json_nan": ("JSON", "'[NaN]'", "jsonb", "text that is no JSON, or JSON with NaN or Infinity, expected `jsonb`"),
    "json_nul": ("JSON", f"""'["{MARK}\\u0000"]'""", "jsonb", "JSON with a NUL character, expected `jsonb`"),
    "half_pair": ("JSON", """'["\\ud800"]'""", "jsonb", "JSON with half of a surrogate pair, expected `jsonb`"),
    "array": ("JSON", """'["a", 1]'""", "text[]", "a JSON array with other elements than `text`, expected `text[]`"),
    "aware_in_naive": (
        "DATETIME",
        "'2026-01-01 10:00:00+02:00'",
        "timestamp",
        "a time with an offset, which a column without time zone drops, expected `timestamp`",
    ),
    "no_time": ("DATETIME", f"'{MARK}'", "timestamptz", "text that is no time, expected `timestamptz`"),
    "no_such_day": ("DATE", "'2026-02-30'", "date", "text that is no date, expected `date`"),
    "seconds": ("DATETIME", "1700000000", "timestamp", "an integer instead of a time as text, expected `timestamp`"),
    "rounded_time": (
        "DATETIME",
        "'2026-01-01 10:00:00.123456'",
        "timestamp(3)",
        "a time with more than 3 digits after the point, expected `timestamp`",
    ),
    "no_hour": ("TIME", "'25:00:00'", "time", "text that is no time of day, expected `time`"),
    "scale": (
        "NUMERIC(6, 2)",
        "1.005",
        "numeric(6,2)",
        "a number with more than 2 digits after the point, expected `numeric(6,2)`",
    ),
    "precision": (
        "NUMERIC(6, 2)",
        "12345.5",
        "numeric(6,2)",
        "a number with more than 4 digits before the point, expected `numeric(6,2)`",
    ),
    "text_in_numeric": ("NUMERIC", f"'{MARK}'", "numeric", "text, expected `numeric`"),
    "label": ("VARCHAR(9)", f"'{MARK}'", "color", "a label that the type does not have, expected `color`"),
    "digits_of_real": (
        "FLOAT",
        "0.123456789",
        "real",
        "a real number with more digits than four bytes keep, expected `float4`",
    ),
    "beyond_real": ("FLOAT", "1e39", "real", "a real number out of range, expected `float4`"),
    "text_in_blob": ("BLOB", f"'{MARK}'", "bytea", "text instead of a blob, expected `bytea`"),
    "domain": ("VARCHAR(9)", "'abcd'", "short", "text longer than 3 characters, expected `varchar(3)`"),
    "null": ("TEXT", "NULL", "text NOT NULL", "NULL, which the target refuses"),
}

# What is wrong with whole tables and with rows among others.
MORE_IN_SOURCE = f"""
CREATE TABLE parents ({KEY}); INSERT INTO parents VALUES (1);
CREATE TABLE children ({KEY}, parent INTEGER REFERENCES parents (id));
INSERT INTO children VALUES (1, 1), (2, 8), (3, 9);
CREATE TABLE only_here ({KEY}); INSERT INTO only_here VALUES (1), (2);
CREATE TABLE empty_here ({KEY});
CREATE TABLE wider ({KEY}, more TEXT, nulls TEXT); INSERT INTO wider VALUES (1, '{MARK}', NULL);
CREATE TABLE narrower ({KEY}); INSERT INTO narrower VALUES (1);
CREATE TABLE folded ({KEY}, mail TEXT UNIQUE);
INSERT INTO folded VALUES (1, '{MARK}@a'), (2, '{MARK}@A'), (3, NULL), (4, NULL);
CREATE TABLE forms (v CHAR(36) PRIMARY KEY);
INSERT INTO forms VALUES ('{uuid.UUID(int=171).hex}'), ('{uuid.UUID(int=171).hex.upper()}'), ('{uuid.UUID(int=7)}');
"""
MORE_IN_TARGET = """
CREATE TABLE parents (id serial PRIMARY KEY);
CREATE TABLE children (id serial PRIMARY KEY, parent int REFERENCES parents);
CREATE TABLE wider (id serial PRIMARY KEY);
CREATE TABLE narrower (id serial PRIMARY KEY, needed text NOT NULL, made text NOT NULL DEFAULT 'x');
CREATE TABLE folded (id serial PRIMARY KEY, mail text); CREATE UNIQUE INDEX lower_mail ON folded (lower(mail));
CREATE TABLE forms (v uuid PRIMARY KEY);
"""
MORE_FOUND = [
    "`children`.`parent`: found no parent in `parents`, in 2 rows (`id` 2, `id` 3)",
    "`folded`.`mail`: found values that the target's unique index `lower_mail` takes for equal, in 2 rows"
    " (`id` 1, `id` 2)",
    "`forms`.`v`: found values that the target's unique index `forms_pkey` takes for equal, in 2 rows"
    " (`rowid` 1, `rowid` 2)",
    "`narrower`.`needed`: the source lacks it, and the target needs a value, in 1 row",
    "`only_here`: the target has no such table, in 2 rows",
    "`wider`.`more`: the target has no such column, in 1 row",
]


def found_in_row(name: str, fault: tuple[str, str, str, str]) -> str:
    return f"`{name}`.`v`: found {fault[3]}, in 1 row (`id` 5)"


@pytest.mark.quick
def test_the_preflight_finds_every_fault_at_once(database: Make, file: Callable[..., File]) -> None:
    source = file(
        "".join(
            f'CREATE TABLE "{name}" ({KEY}, v {declared}); INSERT INTO "{name}" VALUES (5, {value});'
            for name, (declared, value, _, _) in MISFITS.items()
        )
        + MORE_IN_SOURCE
    )
    target = database(
        "CREATE TYPE color AS ENUM ('red'); CREATE DOMAIN short AS varchar(3);"
        + "".join(
            f'CREATE TABLE "{name}" (id serial PRIMARY KEY, v {kind});' for name, (_, _, kind, _) in MISFITS.items()
        )
        + MORE_IN_TARGET
    )
    before = source.mark(), target.dump()
    done = migrate("copy", source.url, target.url())
    assert done.status == 1
    assert done.faults == sorted([*map(found_in_row, MISFITS, MISFITS.values()), *MORE_FOUND])
    assert done.stderr.splitlines()[-1] == f"refused: {len(MISFITS) + len(MORE_FOUND)} faults, nothing was changed"
    assert done.stderr.count("  help: ") == len(done.faults)
    assert (source.mark(), target.dump()) == before


# The same from PostgreSQL: its type and value, how SQLite declares the column, and what is told.
MISFITS_BACK = {
    "nan": ("float8", "'NaN'", "FLOAT", "not-a-number, which SQLite stores as NULL, expected `FLOAT`"),
    "no_number": ("numeric", "'NaN'", "NUMERIC", "not-a-number, which SQLite stores as NULL, expected `NUMERIC`"),
    "endless": ("numeric", "'Infinity'", "NUMERIC", "an infinite number, expected `NUMERIC`"),
    "digits": (
        "numeric(30,10)",
        "12345678901234567890.0123456789",
        "NUMERIC(30, 10)",
        "a number with more digits than SQLite's real numbers keep, expected `NUMERIC(30, 10)`",
    ),
    "lone_number": (
        "jsonb",
        "'12345678901234567890'",
        "JSON",
        "a JSON number with more digits than SQLite keeps, expected `JSON`",
    ),
    "months": (
        "interval",
        "'1 month 2 days'",
        "DATETIME",
        "an interval with months or years, which a timedelta does not have, expected `DATETIME`",
    ),
    "ages": (
        "interval",
        "'-3000000 days'",
        "DATETIME",
        "an interval that does not end between the years 1 and 9999 when it starts in 1970, expected `DATETIME`",
    ),
    "before_christ": (
        "timestamptz",
        "'0044-03-15 12:00 BC'",
        "DATETIME",
        "a time that SQLAlchemy can't read from SQLite: before the year 1 or after 9999, expected `DATETIME`",
    ),
    "far_day": (
        "date",
        "'10000-01-01'",
        "DATE",
        "a time that SQLAlchemy can't read from SQLite: before the year 1 or after 9999, expected `DATE`",
    ),
    "midnight": (
        "time",
        "'24:00'",
        "TIME",
        "a time of day that SQLAlchemy can't read from SQLite: 24:00, or with an offset, expected `TIME`",
    ),
    "null": ("text", "NULL", "TEXT NOT NULL", "NULL, which the target refuses"),
}


def test_the_preflight_finds_what_sqlite_cannot_hold(database: Make, file: Callable[..., File]) -> None:
    tables = "".join(
        f'CREATE TABLE "{name}" (id int PRIMARY KEY, v {kind}); INSERT INTO "{name}" VALUES (5, {value});'
        for name, (kind, value, _, _) in MISFITS_BACK.items()
    )
    source = database(
        f"""{tables}
CREATE TABLE folded (mail text PRIMARY KEY); INSERT INTO folded VALUES ('{MARK}@a'), ('{MARK}@A'), ('b');
CREATE TABLE only_here (id int PRIMARY KEY); INSERT INTO only_here VALUES (1);
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (id int PRIMARY KEY, parent int); INSERT INTO children VALUES (4, 1), (5, NULL);
CREATE SCHEMA aside; CREATE TABLE aside.a (id int); INSERT INTO aside.a VALUES (1); CREATE TABLE aside.b (id int)"""
    )
    target = file(
        "".join(f'CREATE TABLE "{name}" ({KEY}, v {declared});' for name, (_, _, declared, _) in MISFITS_BACK.items())
        + f"""CREATE TABLE folded (mail TEXT PRIMARY KEY, UNIQUE (mail COLLATE NOCASE));
CREATE TABLE parents ({KEY}); CREATE TABLE children ({KEY}, parent INTEGER REFERENCES parents);"""
    )
    before = target.mark(), source.dump()
    done = migrate("copy", source.url(), target.url)
    assert done.status == 1
    assert done.faults == sorted(
        [
            *map(found_in_row, MISFITS_BACK, MISFITS_BACK.values()),
            "`aside.a`: SQLite has no schemas, in 1 row",
            "`children`.`parent`: found no parent in `parents`, in 1 row (`id` 4)",
            "`folded`.`mail`: found values that the target's unique index `unique` takes for equal, in 2 rows"
            " (`ctid` (0,1), `ctid` (0,2))",
            "`only_here`: the target has no such table, in 1 row",
        ]
    )
    assert (target.mark(), source.dump()) == before


def test_who_does_not_own_the_tables_is_refused(filled: File, database: Make, schema: str) -> None:
    there = database(schema)
    there.query("GRANT ALL ON ALL TABLES IN SCHEMA public TO other; GRANT ALL ON SCHEMA public TO other")
    done = migrate("copy", filled.url, there.url(role="other"))
    assert (done.status, len(done.faults)) == (1, 6)
    assert "`users`: the role of the URL is not its owner" in done.faults
    assert "nothing was changed" in done.stderr


FORMS = [
    ("TIMESTAMP", "'2026-01-01T10:00:00Z'", "timestamptz", "2026-01-01 10:00:00+00", "2026-01-01 10:00:00.000000"),
    (
        "DATETIME",
        "'2026-01-01 10:00:00.5+02:00'",
        "timestamptz",
        "2026-01-01 08:00:00.5+00",
        "2026-01-01 08:00:00.500000",
    ),
    ("DATETIME", "'2026-01-01 10:00'", "timestamp", "2026-01-01 10:00:00", "2026-01-01 10:00:00.000000"),
    ("DATETIME", "'2026-01-01'", "timestamp(0)", "2026-01-01 00:00:00", "2026-01-01 00:00:00.000000"),
    ("CHAR(36)", f"'{uuid.UUID(int=171)}'", "uuid", str(uuid.UUID(int=171)), str(uuid.UUID(int=171))),
    ("BLOB", f"x'{uuid.UUID(int=171).hex}'", "uuid", str(uuid.UUID(int=171)), uuid.UUID(int=171).bytes),
    ("NUMERIC(10, 2)", "0.1 + 0.2", "numeric(10,2)", "0.30", 0.3),
    ("VARCHAR(40)", "'12345678901234567890.12'", "numeric", "12345678901234567890.12", "12345678901234567890.12"),
    ("NUMERIC", "-1.8347975945092913e+18", "numeric", "-1834797594509291264", -1834797594509291264),
    ("JSON", "'null'", "jsonb", "null", "null"),
    ("JSON", '\'{"a": 1, "a": 1.10}\'', "json", '{"a": 1, "a": 1.10}', '{"a": 1, "a": 1.10}'),
    ("JSON", "'[1.10]'", "jsonb", "[1.10]", "[1.1]"),
    # SQLite itself reads the text of this one as its neighbour.
    ("JSON", "-7633511022159111 * 33554432.0", "json", "-2.561381265142884e+23", -2.561381265142884e23),
    ("JSON", "'[[1, null], [2, 3]]'", "int[]", "{{1,NULL},{2,3}}", "[[1, null], [2, 3]]"),
    ("JSON", "'[true]'", "boolean[]", "{t}", "[true]"),
    ("FLOAT", "0.1", "real", "0.1", 0.1),
    ("FLOAT", "3", "float8", "3", 3.0),
    ("STRING", "'007'", "text", "7", 7),
    ("TEXT", "'10.0.0.1/32'", "inet", "10.0.0.1", "10.0.0.1"),
    ("CHAR(4)", "'ab'", "char(4)", "ab  ", "ab"),
    ("TIME", "'10:00'", "timetz", "10:00:00+00", "10:00:00.000000"),
    ("BIGINT", "-9223372036854775808", "bigint", "-9223372036854775808", -(2**63)),
]


@pytest.mark.quick
def test_other_forms_of_a_value_are_understood(database: Make, file: Callable[..., File]) -> None:
    def table(number: int, declared: str) -> str:
        return f"CREATE TABLE t{number} ({KEY}, v {declared});"

    source = file(
        "".join(f"{table(n, form[0])} INSERT INTO t{n} VALUES (1, {form[1]});" for n, form in enumerate(FORMS))
    )
    there = database("".join(f"CREATE TABLE t{n} (id int PRIMARY KEY, v {form[2]});" for n, form in enumerate(FORMS)))
    back = file("".join(table(n, form[0]) for n, form in enumerate(FORMS)), "back.db")
    migrated(source.url, there.url())
    assert [there.query(f"SET TimeZone = 'UTC'; SELECT v FROM t{n}")[0] for n in range(len(FORMS))] == [
        f[3] for f in FORMS
    ]
    migrated(there.url(), back.url)
    assert [back.query(f"SELECT v FROM t{n}")[0][0] for n in range(len(FORMS))] == [form[4] for form in FORMS]


def test_infinite_times_are_what_asyncpg_makes_of_them(database: Make, file: Callable[..., File]) -> None:
    source = database(
        "CREATE TABLE t (id int, v timestamptz, d date); INSERT INTO t VALUES (1, 'infinity', '-infinity')"
    )
    target = file("CREATE TABLE t (id INTEGER, v DATETIME, d DATE)")
    assert "infinite times" in migrated(source.url(), target.url).stderr
    assert target.query("SELECT v, d FROM t") == [("9999-12-31 23:59:59.999999", "0001-01-01")]


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_target_file_stays_one_file_in_its_journal_mode(mode: str, database: Make, file: Callable[..., File]) -> None:
    source = database(
        "CREATE TABLE t (id int, v text); INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 9) i"
    )
    target = file(f"PRAGMA journal_mode = {mode}; CREATE TABLE t (id INTEGER, v TEXT)")
    assert "warning" not in migrated(source.url(), target.url).stderr
    assert list(target.mark()) == ["file.db"]
    assert target.query("PRAGMA journal_mode") == [(mode,)]
    assert target.query("SELECT count(*), max(v) FROM t") == [(9, "row 9")]


def test_a_source_in_wal_mode_is_read_and_left_alone(database: Make, file: Callable[..., File], tmp_path: Path) -> None:
    live = file("PRAGMA journal_mode = wal; CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1)", "live.db")
    before = live.mark()
    there = database("CREATE TABLE t (id int)")
    migrated(live.url, there.url())
    assert live.mark() == before
    # A service that was killed leaves rows in -wal which are not in the file yet.
    killed = File(tmp_path / "killed.db")
    with closing(sqlite3.connect(live.path)) as connection:
        connection.execute("INSERT INTO t VALUES (2)")
        connection.commit()
        for suffix in ("", "-wal"):
            shutil.copy(f"{live.path}{suffix}", f"{killed.path}{suffix}")
    before = killed.mark()
    there = database("CREATE TABLE t (id int)")
    migrated(killed.url, there.url())
    assert there.query("SELECT count(*) FROM t") == ["2"]
    assert {name: mark for name, mark in killed.mark().items() if not name.endswith("-shm")} == before


def test_a_relative_path_is_the_current_folders(database: Make, file: Callable[..., File]) -> None:
    source = file("CREATE TABLE t (id INTEGER)")
    there = database("CREATE TABLE t (id int)")
    env = {"MIGRATE_SOURCE_URL": "sqlite:///file.db", "MIGRATE_TARGET_URL": there.url()}
    program = PROGRAM.read_text(encoding="utf-8")
    run(tool("python", OLDEST), "-", "copy", cwd=source.path.parent, env=env, stdin=program)


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_what_only_the_copy_shows_is_rolled_back(driver: str, database: Make, file: Callable[..., File]) -> None:
    source = file(
        f"CREATE TABLE a ({KEY}); INSERT INTO a VALUES (1); CREATE TABLE b (v TEXT); INSERT INTO b VALUES ('{MARK}')"
    )
    faults = {
        "CREATE TABLE b (v text CONSTRAINT short CHECK (length(v) < 3))": "a value that a check refuses, table `b`,"
        " constraint `short`",
        "CREATE TABLE b (v inet)": "a value that the column's type refuses, table `b`, column `v`",
    }
    for sql, found in faults.items():
        target = database(f"CREATE TABLE a (id serial PRIMARY KEY); {sql}")
        before = target.dump()
        done = migrate("copy", source.url, target.url(driver))
        assert (done.status, done.faults) == (4, [f"the copy was rolled back, the target is as it was: {found}"])
        assert target.dump() == before


def test_what_arrives_otherwise_is_rolled_back(database: Make, file: Callable[..., File]) -> None:
    """PostgreSQL cuts a `name` in silence; a column that SQLite takes for numeric makes a number of digits."""
    long = "x" * 100
    source = file(f"CREATE TABLE t ({KEY}, v TEXT); INSERT INTO t VALUES (1, '{long}')")
    target = database("CREATE TABLE t (id serial PRIMARY KEY, v name)")
    before = target.dump()
    done = migrate("copy", source.url, target.url())
    assert done.status == 4
    assert "`t`: the target has 1 row with checksum" in done.faults[0]
    assert target.dump() == before

    digits = database("CREATE TABLE t (id serial PRIMARY KEY, v text); INSERT INTO t VALUES (1, '007')")
    numeric = file(f"CREATE TABLE t ({KEY}, v STRING)", "numeric.db")
    mark = numeric.mark()
    assert migrate("copy", digits.url(), numeric.url).status == 4
    assert numeric.mark() == mark


def until(process: "subprocess.Popen[str]", moment: str) -> str:
    """What the program says until it works at the moment's table; progress ends with a carriage return, not a line."""
    said = ""
    assert process.stderr is not None
    while moment not in said:
        piece = process.stderr.read(1)
        assert piece, f"it ended before {moment}: {said}"
        said += piece
    return said


ROWS = "INSERT INTO t SELECT i, 'row ' || i FROM"
SIGNALS = [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)]


@pytest.mark.parametrize(("number", "status"), SIGNALS)
@pytest.mark.parametrize("to", ["postgres", "sqlite"])
def test_a_signal_leaves_the_target_as_it_was(
    number: signal.Signals, status: int, to: str, database: Make, file: Callable[..., File]
) -> None:
    there, lite = database(""), file()
    source, target = (lite.url, there.url()) if to == "postgres" else (there.url(), lite.url)
    token = checked(source, target)
    there.query("CREATE TABLE t (id serial PRIMARY KEY, v text)")
    lite.script(f"CREATE TABLE t ({KEY}, v TEXT)")
    if to == "postgres":
        lite.script(f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {MANY}) {ROWS} n")
        there.query("INSERT INTO t VALUES (7, 'seed')")
    else:
        there.query(f"{ROWS} generate_series(1, {MANY}) i")
        lite.script("INSERT INTO t VALUES (7, 'seed')")
    for moment in ("copying", "verifying"):
        with (
            PROGRAM.open(encoding="utf-8") as program,
            subprocess.Popen(
                [tool("python", CURRENT), "-", "copy"],
                env={
                    **SCRUBBED,
                    "MIGRATE_SOURCE_URL": source,
                    "MIGRATE_TARGET_URL": target,
                    "MIGRATE_TARGET_WAS_EMPTY": token,
                    "MIGRATE_PROGRESS": "1",
                },
                stdin=program,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            ) as process,
        ):
            said = until(process, f"{moment} `t`")
            process.send_signal(number)
            process.communicate(timeout=PATIENCE)
        assert " s left" in said
        assert process.returncode == status
        seed = there.query("SELECT * FROM t") if to == "postgres" else lite.query("SELECT * FROM t")
        assert seed in (["7|seed"], [(7, "seed")])
    if number != signal.SIGKILL:
        assert list(lite.mark()) == ["file.db"]
    migrated(source, target, MIGRATE_TARGET_WAS_EMPTY=token)


@pytest.fixture
def port() -> Iterator[int]:
    with nobody_listening() as port:
        yield port


def test_what_cannot_be_opened_is_told_without_the_url(
    filled: File, database: Make, tmp_path: Path, port: int
) -> None:
    there = database("CREATE TABLE t ()")
    here = f"{there.server.host}:{there.server.port}"
    wrong = {
        there.url(password=f"{MARK}-wrong"): "the server refuses the role or its password",
        there.url().replace(there.name, f"no_{there.name}"): "the server has no such database",
        there.url().replace(here, f"{there.server.host}:{port}"): "nobody answers",
        there.url().replace(here, "no-such-host.invalid"): "the host's name is not known",
        there.url() + "?ssl=require": "no TLS connection could be agreed on",
        f"postgresql+asyncpg://app:a@{MARK}@{here}/{there.name}": "can't be opened",
        f"postgresql+{MARK}://app:{ENCODED}@{here}/{there.name}": "can't be opened",
    }
    for number, (url, found) in enumerate(wrong.items()):
        # By the name of the driver that is not there, and by the wrong host, nothing depends on the driver.
        for driver in ("asyncpg", "psycopg")[: 2 if number < 5 else 1]:
            given = url.replace("asyncpg", driver).replace("ssl=", "ssl=" if driver == "asyncpg" else "sslmode=")
            done = migrate("check", filled.url, given)
            assert (done.status, found in done.stderr) == (3, True), done
    assert migrate("check", f"sqlite:///{tmp_path}/missing.db", there.url()).status == 3
    (tmp_path / "no.db").write_text(f"{MARK} no database at all, but long enough for a header" * 99, encoding="utf-8")
    assert migrate("check", f"sqlite:///{tmp_path}/no.db", there.url()).status == 3


def test_wrong_usage_is_told_without_the_url(filled: File, database: Make) -> None:
    there = database("")
    assert migrate("remove", filled.url, there.url()).status == 2
    for source, target in [
        (filled.url, filled.url),
        (there.url(), there.url()),
        ("", there.url()),
        (filled.url, f"//{MARK}"),
        (filled.url, f"postgresql+asyncpg://app:{MARK}@host:{MARK}/x"),
        ("sqlite://", there.url()),
        (f"mysql://u:{MARK}@h/x", there.url()),
    ]:
        assert migrate("copy", source, target).status == 2, (source, target)


@pytest.mark.parametrize("environment", [OLDEST, CURRENT])
def test_a_plain_url_takes_the_driver_that_is_there(
    environment: str, database: Make, file: Callable[..., File]
) -> None:
    source, there = file("CREATE TABLE t (id INTEGER)"), database("CREATE TABLE t (id int)")
    migrated(source.url, f"{there.url().replace('+asyncpg', '')}?sslmode=disable", environment)


def test_a_view_that_is_called_a_table_is_not_read(database: Make, file: Callable[..., File]) -> None:
    """A service can write what it likes into its schema, also what has no end."""
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
    source = file(f"CREATE TABLE t (a integer); INSERT INTO t VALUES (1); CREATE VIEW u (a) AS {endless}")
    with closing(sqlite3.connect(source.path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET type = 'table' WHERE name = 'u'")
    target = database("CREATE TABLE t (a integer); ALTER TABLE t OWNER TO app")
    done = migrate("copy", source.url, target.url())
    if done.status == 0:  # a SQLite that takes such a schema as it is
        assert "`u` is not copied" in done.stdout + done.stderr
        assert target.query("SELECT a FROM t") == ["1"]
    else:
        assert "malformed database schema" in done.stderr


@pytest.mark.parametrize("end", ["", "-wal"])
def test_a_link_is_no_database(end: str, database: Make, file: Callable[..., File]) -> None:
    secret, source = file("CREATE TABLE t (a integer)", "secret.db"), file("CREATE TABLE t (a integer)")
    place = Path(f"{source.path}{end}")
    place.unlink(missing_ok=True)
    place.symlink_to(secret.path)
    before = secret.mark()
    done = migrate("copy", source.url, database("CREATE TABLE t (a integer)").url())
    assert (done.status, done.stdout) == (3, "")
    assert "is no file" in done.stderr
    assert secret.mark() == before
