"""A service that owns its database, or whose container is somebody else's, and an administrator who backs up and restores.

Whatever the service has made, nothing of it runs in a session of the administrator's, and nobody else's backup fails.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from administrator import Shop, facts, forge
from init_script import Servers
from postgres_server import Postgres, PostgresServer
from programs import PATIENCE, Generate

MakeShop = Callable[..., Shop]


@pytest.fixture(params=[15, 18], ids=lambda major: f"PostgreSQL {major}")
def server(request: pytest.FixtureRequest, servers: Servers) -> PostgresServer:
    # it runs functions of indexes too, as the owner of the table, and the traps tell of every session of a superuser
    settings = {"autovacuum": "off"}
    return servers.with_settings(request.getfixturevalue(f"postgres_{request.param}"), settings)


# What is worth a third version.
on_each = pytest.mark.parametrize("server", [15, 16, 18], indirect=True, ids=lambda major: f"PostgreSQL {major}")


@pytest.fixture
def make_shop(server: PostgresServer, tmp_path: Path, generate: Generate) -> Iterator[MakeShop]:
    """Makes the deployment; afterwards nothing of a service has run in a superuser's session, and none is superuser."""
    before = len(server.log)

    def make(**database: Any) -> Shop:
        return Shop(server, tmp_path, generate, **database)

    yield make
    assert "WARNING:  trapped" not in server.log[before:]
    assert server.query("SELECT rolname FROM pg_roles WHERE rolsuper") == ["codelab"]


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    shop = make_shop()
    for service in ("api", "web"):
        shop.does("CREATE TABLE notes (id int); INSERT INTO notes VALUES (1), (2)", service)
    return shop


def trap(name: str, arguments: str = "int", returns: str = "int", value: str = "1") -> str:
    """A function that tells of a superuser in whose session it runs, and makes its owner one."""
    return f"""
CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE plpgsql IMMUTABLE AS $trap$
BEGIN
  IF (SELECT pg_catalog.bool_or(rolsuper) FROM pg_catalog.pg_roles
      WHERE rolname OPERATOR(pg_catalog.=) ANY (ARRAY[session_user, current_user])) THEN
    RAISE WARNING 'trapped in {name.replace("%", "%%")}';
    BEGIN
      EXECUTE 'ALTER ROLE api SUPERUSER';
    EXCEPTION WHEN others THEN
      RAISE WARNING 'trapped in {name.replace("%", "%%")}, for nothing';
    END;
  END IF;
  RETURN {value};
END $trap$;
"""


# In place of what PostgreSQL itself has, for who looks names up where a service says.
SHADOWS = "".join(
    [
        "CREATE SCHEMA evil;",
        trap(
            "evil.set_config",
            "text, text, boolean",
            "text",
            "pg_catalog.set_config($1, $2, $3)",
        ),
        trap("evil.current_setting", "text", "text", "pg_catalog.current_setting($1)"),
        trap(
            "evil.format",
            "text, VARIADIC text[]",
            "text",
            "pg_catalog.format($1, VARIADIC $2)",
        ),
        trap("evil.format", "text, text", "text", "pg_catalog.format($1, $2)"),
        trap(
            "evil.split_part",
            "text, text, int",
            "text",
            "pg_catalog.split_part($1, $2, $3)",
        ),
        trap("evil.quote_ident", "text", "text", "pg_catalog.quote_ident($1)"),
        trap("evil.pg_export_snapshot", "", "text", "pg_catalog.pg_export_snapshot()"),
        trap("evil.pg_get_userbyid", "oid", "name", "pg_catalog.pg_get_userbyid($1)"),
        trap("evil.system", "internal", "boolean", "true").replace("internal", "int"),
        trap("evil.plus", "bigint, bigint", "bigint", "$1 OPERATOR(pg_catalog.+) $2"),
        "CREATE AGGREGATE evil.count (*) (sfunc = evil.tally, stype = bigint, initcond = '0');",
        *(
            trap(
                f"evil.{name}",
                f"{left}, {right}",
                "boolean",
                f"$1 OPERATOR(pg_catalog.{operator}) $2",
            )
            + f"CREATE OPERATOR evil.{operator} (leftarg = {left}, rightarg = {right}, function = evil.{name});"
            for name, operator, left, right in [
                ("same_name", "=", "name", "name"),
                ("same_name_text", "=", "name", "text"),
                ("same_oid", "=", "oid", "oid"),
                ("same_char", "=", '"char"', '"char"'),
                ("same_text", "=", "text", "text"),
                ("other_name", "<>", "name", "text"),
                ("no_match", "!~", "name", "text"),
                ("no_match_text", "!~", "text", "text"),
            ]
        ),
        trap("evil.join", "text, text", "text", "pg_catalog.textcat($1, $2)"),
        "CREATE OPERATOR evil.|| (leftarg = text, rightarg = text, function = evil.join);",
        "CREATE VIEW evil.pg_class AS SELECT pg_class.*, evil.pg_export_snapshot() FROM pg_catalog.pg_class;",
        "CREATE VIEW evil.pg_database AS SELECT pg_database.*, evil.pg_export_snapshot() FROM pg_catalog.pg_database;",
        "ALTER DATABASE api SET search_path = evil, pg_catalog, public;",
        "ALTER ROLE api SET search_path = evil, pg_catalog, public;",
    ]
).replace(
    "CREATE AGGREGATE",
    trap("evil.tally", "bigint", "bigint", "$1 OPERATOR(pg_catalog.+) 1") + "CREATE AGGREGATE",
)

# All that runs where rows are written, read, counted, dumped, loaded or analyzed.
OBJECTS = "".join(
    [
        trap("public.f"),
        trap("public.said", "text", "text", "$1"),
        trap("public.is_right", "int", "boolean", "true"),
        trap("public.on_row", "", "trigger", "NEW"),
        "CREATE DOMAIN small AS int DEFAULT public.f(1) CHECK (public.is_right(VALUE));",
        "CREATE TYPE pair AS (a small, b text);",
        "CREATE TYPE mood AS ENUM ('glad', 'sad');",
        trap("public.of_mood", "mood", "int", "1"),
        "CREATE CAST (mood AS int) WITH FUNCTION public.of_mood(mood) AS IMPLICIT;",
        trap("public.gap", "int, int", "double precision", "1"),
        "CREATE TYPE span AS RANGE (subtype = int, subtype_diff = public.gap);",
        """
CREATE TABLE everything (
  id int PRIMARY KEY DEFAULT public.f(1), small small, pair pair, mood mood, span span, text text DEFAULT public.said('x'),
  made int GENERATED ALWAYS AS (public.f(id)) STORED, CHECK (public.is_right(id))
);
CREATE INDEX ON everything (public.f(id));
CREATE INDEX ON everything (id) WHERE public.is_right(id);
CREATE INDEX ON everything ((mood::int));
CREATE INDEX ON everything (id) WHERE public.is_right(1);
CREATE INDEX ON everything (public.f(1));
CREATE INDEX ON everything ((id + public.f(1)));
CREATE STATISTICS of_one ON (id + public.f(1)), (public.said('x')) FROM everything;
CREATE STATISTICS of_f ON (public.f(id)), (public.said(text)) FROM everything;
CREATE TABLE parted (id int CHECK (public.is_right(id))) PARTITION BY LIST (public.f(id));
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_by_one (id int CHECK (public.is_right(1))) PARTITION BY RANGE ((id + public.f(1)));
CREATE TABLE parted_by_one_1 PARTITION OF parted_by_one FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
CREATE INDEX ON parted_by_one (public.f(1));
CREATE TRIGGER on_row BEFORE INSERT ON everything FOR EACH ROW EXECUTE FUNCTION public.on_row();
CREATE VIEW seen AS SELECT public.f(id) FROM everything;
CREATE RULE on_seen AS ON INSERT TO seen DO INSTEAD SELECT public.f(1);
CREATE MATERIALIZED VIEW kept AS SELECT public.f(id) FROM everything;
CREATE INDEX ON kept (public.f(f));
ALTER TABLE everything ENABLE ROW LEVEL SECURITY;
ALTER TABLE everything FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON everything USING (public.is_right(id)) WITH CHECK (public.is_right(id));
INSERT INTO everything (id, small, pair, mood, span) SELECT i, 1, '(1,b)', 'sad', '[1,3)' FROM generate_series(1, 300) AS i;
INSERT INTO parted VALUES (1);
INSERT INTO parted_by_one VALUES (1);
REFRESH MATERIALIZED VIEW kept;
SELECT lo_from_bytea(0, '\\x01');
GRANT SELECT ON everything TO web;
""",
    ]
)


@on_each
def test_nothing_of_a_service_runs_in_a_session_of_the_administrator(
    shop: Shop,
) -> None:
    """Backup, restore and what `migrate` does, with all that a service can make in its database."""
    shop.does(OBJECTS + SHADOWS)
    backup = shop.back_up()
    rows = "SELECT count(*), sum(id), min(small::text), max(span::text) FROM public.everything"
    before = shop.does(rows)
    assert "api.dump\tpublic.everything\t300" in facts(backup)["rows"]
    shop.does("TRUNCATE public.notes")
    _, said = shop.script("restore", str(backup))
    assert said == ""
    assert shop.does(rows) == before
    assert shop.look("SELECT count(*) FROM public.notes", "api") == ["2"]
    granted = "SELECT has_table_privilege('web', 'public.everything', 'SELECT')"
    assert shop.look(
        f"{granted}, pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'everything'",
        "api",
    ) == ["t|api"]

    shop.in_server("make", "api", "beside")
    shop.in_server("add_extensions", "beside", "api", FOUND=shop.in_server("extensions_of", "api"))
    shop.in_server("give", "beside", "api")
    shop.in_server("settle", "api", "beside")
    assert int(shop.in_server("tables", "api")) == 6
    shop.in_server("swap", "api", "beside", "former")
    shop.in_server("remove", "former")
    assert shop.in_server("tables", "api") == "0\n"
    assert (
        shop.script(
            "psql",
            "--superuser",
            "api",
            "-Atc",
            "SELECT count(*) FROM pg_class WHERE oid = 1259",
        )[0]
        == "1\n"
    )


STEERED = """
ALTER DATABASE api SET role = 'api';
ALTER DATABASE api SET local_preload_libraries = 'no_such_library';
ALTER DATABASE api SET default_transaction_read_only = on;
ALTER DATABASE api SET default_transaction_isolation = 'serializable';
ALTER DATABASE api SET default_transaction_deferrable = on;
ALTER DATABASE api SET statement_timeout = 1;
ALTER DATABASE api SET lock_timeout = 1;
ALTER DATABASE api SET idle_in_transaction_session_timeout = 1;
ALTER DATABASE api SET standard_conforming_strings = off;
ALTER DATABASE api SET quote_all_identifiers = on;
ALTER DATABASE api SET transform_null_equals = on;
ALTER DATABASE api SET client_encoding = 'LATIN1';
ALTER DATABASE api SET vacuum_cost_delay = 100;
ALTER DATABASE api SET client_min_messages = debug5;
ALTER DATABASE api SET debug_print_parse = on;
ALTER DATABASE api SET search_path = 'evil';
ALTER DATABASE api CONNECTION LIMIT 0;
ALTER ROLE api SET local_preload_libraries = 'no_such_library';
ALTER ROLE api SET default_transaction_read_only = on;
ALTER ROLE api SET search_path = 'evil';
"""
SETTINGS = """
SELECT coalesce(pg_get_userbyid(nullif(setrole, 0)), ''), to_json(setconfig) FROM pg_db_role_setting
WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = 'api') ORDER BY 1
"""


@on_each
def test_settings_of_a_service_steer_no_session(shop: Shop) -> None:
    """What would stop, blind or lead astray who connects; afterwards the database has them again."""
    knows = shop.server.query("SELECT count(*) FROM pg_settings WHERE name = 'transaction_timeout'") == ["1"]
    shop.does(STEERED + "ALTER DATABASE api SET transaction_timeout = 1" * knows)
    settings = shop.server.query(SETTINGS)
    backup = shop.back_up()
    assert facts(backup)["rows"] == [
        "api.dump\tpublic.notes\t2",
        "web.dump\tpublic.notes\t2",
    ]
    shop.script("restore", str(backup), "api")
    assert shop.server.query(SETTINGS) == settings
    # but for the one by which a service would let nobody in, which is taken back at every start
    assert shop.server.query("SELECT datconnlimit FROM pg_database WHERE datname = 'api'") == ["-1"]


def test_settings_are_restored_as_what_they_are(shop: Shop) -> None:
    """Lists and texts with every character that could end a statement."""
    shop.does(r"""
SELECT set_config('search_path', 'public;ALTER/**/ROLE/**/api/**/SUPERUSER;--', false);
ALTER DATABASE api SET search_path FROM CURRENT;
SELECT set_config('temp_tablespaces', '', false);
ALTER DATABASE api SET temp_tablespaces FROM CURRENT;
ALTER DATABASE api SET application_name = E'it''s \\ "x"; ALTER ROLE api SUPERUSER; --';
ALTER DATABASE api SET "DateStyle" = 'ISO, DMY';
""")
    shop.server.query(r"""
ALTER DATABASE api SET "app.note" = E'two\nlines'' \\ ;';
ALTER ROLE api IN DATABASE api SET search_path = "$user", 'a "b"', public;
ALTER ROLE web IN DATABASE api SET log_statement = 'all';
""")
    settings = shop.server.query(SETTINGS)
    assert len(settings) == 3
    backup = shop.back_up("api")
    shop.script("restore", str(backup))
    assert shop.server.query(SETTINGS) == settings


def test_a_view_in_the_place_of_a_table_is_not_counted(shop: Shop) -> None:
    """The service changes it between the moments in which the administrator has found it and counts it."""
    shop.does(trap("public.f"))
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'api' AND usename = 'codelab' AND wait_event_type = 'Lock'"
    with shop.connected() as session:
        assert session.stdin is not None and session.stdout is not None
        session.stdin.write("BEGIN; DROP TABLE notes; CREATE VIEW notes AS SELECT public.f(1) AS id; SELECT 'it stands';\n")
        session.stdin.flush()
        assert session.stdout.readline() == "it stands\n"

        def commit() -> None:
            deadline = time.monotonic() + PATIENCE
            while shop.server.query(waits) == ["0"]:
                assert time.monotonic() < deadline
            assert session.stdin is not None
            session.stdin.write("COMMIT;\n")
            session.stdin.flush()

        thread = Thread(target=commit)
        thread.start()
        _, said = shop.script("backup", status=1)
        thread.join()
    assert "cannot copy from view" in said


def test_what_only_a_superuser_may_make_is_left_out_and_told(shop: Shop) -> None:
    """Event triggers above all: theirs would be the superuser's, with functions of the service's."""
    shop.does(trap("public.on_event", "", "event_trigger", "").replace("RETURN ;", ""))
    shop.server.query(
        """
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.on_event();
ALTER EVENT TRIGGER watch DISABLE;
CREATE FUNCTION public.low(int) RETURNS int LANGUAGE internal AS 'int4up';
CREATE VIEW public.by_low AS SELECT public.low(1);
ALTER DEFAULT PRIVILEGES FOR ROLE codelab IN SCHEMA public GRANT SELECT ON TABLES TO web;
""",
        "api",
    )
    backup = shop.back_up("api")
    _, said = shop.script("restore", str(backup))
    lines = said.splitlines()
    left_out = "restore: api.dump: left out: "
    [taken] = [line for line in lines if not line.startswith(left_out)]
    assert taken.startswith("init-postgres: database api: functions that any session may run are the superuser's again")
    told = [line.removeprefix(left_out) for line in lines if line.startswith(left_out)]
    assert any(
        re.match(
            "CREATE EVENT TRIGGER watch .*: permission denied to create event trigger",
            line,
        )
        for line in told
    )
    assert any(
        re.match(
            "CREATE FUNCTION public.low.*: permission denied for language internal",
            line,
        )
        for line in told
    )
    assert any(re.match("CREATE VIEW public.by_low .*: function public.low.* does not exist", line) for line in told)
    assert any(re.match("ALTER DEFAULT PRIVILEGES FOR ROLE codelab .*: (must|permission)", line) for line in told)
    assert shop.server.query("SELECT evtname FROM pg_event_trigger", "api") == []
    assert shop.server.query("SELECT count(*) FROM public.notes", "api") == ["2"]


def test_extensions_are_there_before_anything_of_the_service(shop: Shop) -> None:
    """Trusted or not, in their schemas, with indexes by their operators, and without what the service has made for them."""
    shop.server.query(
        'CREATE SCHEMA "Odd; --"; ALTER SCHEMA "Odd; --" OWNER TO api; CREATE EXTENSION pg_trgm SCHEMA "Odd; --";'
        "CREATE EXTENSION pageinspect SCHEMA public; CREATE EXTENSION citext SCHEMA public;",
        "api",
    )
    shop.does("""
CREATE TABLE words (word public.citext PRIMARY KEY, other text);
CREATE INDEX ON words USING gin (other "Odd; --".gin_trgm_ops);
INSERT INTO words VALUES ('A', 'alpha'), ('b', 'beta');
""")
    backup = shop.back_up("api")
    _, said = shop.script("restore", str(backup))
    assert said == ""
    places = "SELECT extname, extnamespace::regnamespace, pg_get_userbyid(extowner) FROM pg_extension ORDER BY extname"
    assert shop.server.query(places, "api") == [
        "citext|public|codelab",
        "pageinspect|public|codelab",
        'pg_trgm|"Odd; --"|codelab',
        "plpgsql|pg_catalog|codelab",
    ]
    assert shop.does("""SELECT count(*) FROM words WHERE word = 'a'; CREATE TABLE "Odd; --".own (id int)""") == ["1"]


def test_a_forged_archive_gets_no_more_than_the_service_has(shop: Shop) -> None:
    """SQL and commands of psql in the place of what makes an extension and a table, as somebody elsewhere could write it."""
    shop.server.query("CREATE EXTENSION citext SCHEMA public", "api")
    marked = shop.folder / "marked"

    def instead(text: str, evil: str) -> Callable[[bytes], bytes]:
        assert len(evil) <= len(text)
        return lambda content: content.replace(text.encode(), evil.ljust(len(text)).encode())

    extension = "CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;"
    backup = shop.back_up("api")
    forge(backup, "api.dump", instead(extension, "ALTER ROLE api SUPERUSER;"))
    shop.run("scripts/db/restore.sh", str(backup))
    assert shop.superusers() == ["codelab"]
    for evil in (
        "ALTER ROLE api SUPERUSER;",
        f"\n\\! touch {marked}\n",
        f"COPY notes TO PROGRAM 'touch {marked}';",
    ):
        shop.does(f"COMMENT ON TABLE notes IS '{'x' * 200}'")
        backup = shop.back_up("api")
        forge(
            backup,
            "api.dump",
            instead(f"COMMENT ON TABLE public.notes IS '{'x' * 200}';", evil),
        )
        _, _, said = shop.run("scripts/db/restore.sh", str(backup))
        assert ("psql would take for commands what stands in api.dump" in said) == ("\\!" in evil)
        assert not marked.exists()
        assert shop.superusers() == ["codelab"]
    assert [name for name in shop.names() if "restoring" in name] == []


def test_roles_of_a_backup_are_names(shop: Shop) -> None:
    """Also one that somebody elsewhere has written; what is more than a name makes nothing."""
    shop.server.query(
        'CREATE ROLE "Odd ""name""; --"; CREATE ROLE plain; GRANT SELECT ON notes TO "Odd ""name""; --";',
        "api",
    )
    backup = shop.back_up("api")
    shop.server.query(
        'DROP OWNED BY "Odd ""name""; --"; DROP ROLE "Odd ""name""; --"; DROP ROLE plain;',
        "api",
    )
    smuggled = [
        "CREATE ROLE api2 SUPERUSER LOGIN PASSWORD 'x';",
        "CREATE ROLE a; ALTER ROLE api SUPERUSER; CREATE ROLE b;",
        'CREATE ROLE "a" SUPERUSER; CREATE ROLE "b";',
        "CREATE ROLE pg_own;",
    ]
    forge(
        backup,
        "roles.sql",
        lambda content: content + "\n".join(smuggled).encode() + b"\n",
    )
    shop.script("restore", str(backup))
    found = shop.server.query(
        "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE \"C\""
    )
    assert found == ['Odd "name"; --|f', "api|t", "codelab|t", "plain|f", "web|t"]
    assert shop.server.query("""SELECT has_table_privilege('Odd "name"; --', 'notes', 'SELECT')""", "api") == ["t"]


def test_restore_logs_in_where_the_socket_asks_for_a_password(
    postgres_15: Postgres, tmp_path: Path, generate: Generate
) -> None:
    with PostgresServer(postgres_15) as server:
        shop = Shop(server, tmp_path, generate)
        shop.does("CREATE TABLE notes (id int); INSERT INTO notes VALUES (1)")
        rules = server.data_dir / "pg_hba.conf"
        trusted = rules.read_text(encoding="utf-8")
        rules.write_text(
            "local all codelab trust\nlocal all all scram-sha-256\nhost all all all scram-sha-256\n",
            encoding="utf-8",
        )
        server.query("SELECT pg_reload_conf()")
        _, said = shop.script("restore", str(shop.back_up("api")))
        assert said == ""
        rules.write_text(trusted, encoding="utf-8")
        server.query("SELECT pg_reload_conf()")
        assert shop.does("SELECT count(*) FROM notes") == ["1"]
        password = re.search(
            r"^API__DB_PASSWORD='?([^'\n]+)",
            shop.folder.joinpath(".env").read_text(),
            re.MULTILINE,
        )
        assert password is not None and password[1] not in server.log


@pytest.mark.parametrize("how", ["closed", "locked"])
def test_a_database_that_can_not_be_backed_up_stops_no_other(shop: Shop, how: str) -> None:
    """It is named, what there is of the others is a backup, and a restore of it says what it lacks."""
    if how == "closed":
        shop.server.query("ALTER DATABASE api ALLOW_CONNECTIONS false")
        printed, said = shop.script("backup", status=1)
        assert "  psql: error: " in said and 'database "api" is not currently accepting connections' in said
    else:
        shop.does('CREATE TABLE "two\nlines\x1b[2Jbackup: all is well" (id int)')
        with shop.connected() as session:
            assert session.stdin is not None and session.stdout is not None
            session.stdin.write(
                "SELECT format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', relname) AS lock FROM pg_class "
                "WHERE relname LIKE 'two%' \\gset\nBEGIN;\n:lock;\nSELECT 'locked';\n"
            )
            session.stdin.flush()
            assert session.stdout.readline() == "locked\n"
            started = time.monotonic()
            printed, said = shop.script("backup", status=1)
            assert time.monotonic() - started > 5
        assert "canceling statement due to lock timeout" in said
        assert "\\x1b[2Jbackup: all is well" in said
    assert all(re.match("backup: |  ", line) for line in said.splitlines()), said
    assert "\x1b" not in said
    assert "backup: api was not backed up; the new backup is one of the others: web\n" in said
    backup = Path(printed.strip())
    assert backup.name.endswith("Z-partial")
    found = facts(backup)
    assert (found["service"], found["missing"]) == (["web\tweb.dump"], ["api"])
    assert sorted(path.name for path in backup.iterdir()) == [
        "manifest",
        "roles.sql",
        "web.dump",
    ]
    shop.does("TRUNCATE notes", "web")
    shop.script("restore", str(backup))
    assert shop.does("SELECT count(*) FROM notes", "web") == ["2"]
    _, said = shop.script("restore", str(backup), "api", status=1)
    assert "restore: api is not in the backup, for it could not be backed up then\n  help: it has: web\n" == said


@pytest.mark.parametrize(
    ("server", "made", "held"),
    [
        (15, "CREATE SEQUENCE held", "DROP SEQUENCE held"),
        (18, "CREATE VIEW held AS SELECT 1 AS one", "CREATE OR REPLACE VIEW held AS SELECT 2 AS one"),
    ],
    indirect=["server"],
    ids=["a sequence", "a view"],
)
def test_what_is_no_table_is_not_waited_for_either(shop: Shop, made: str, held: str) -> None:
    """pg_dump takes off every limit for locks, but for that of tables."""
    shop.does(made)
    with shop.connected() as session:
        assert session.stdin is not None and session.stdout is not None
        session.stdin.write(f"BEGIN; {held}; SELECT 'held';\n")
        session.stdin.flush()
        assert session.stdout.readline() == "held\n"
        printed, said = shop.script("backup", status=1)
    assert "a lock that somebody holds was waited for 10 seconds" in said
    assert "backup: api was not backed up; the new backup is one of the others: web\n" in said
    assert facts(Path(printed.strip()))["rows"] == ["web.dump\tpublic.notes\t2"]
    assert shop.server.query("SELECT count(*) FROM pg_stat_activity WHERE application_name ~ 'codelab-gen'") == ["0"]


ODD_ROWS = r"""
CREATE TABLE "odd\ ""name""; --" (wide text, small boolean);
INSERT INTO "odd\ ""name""; --" SELECT E'a\tb\nc\\.\r', NULL FROM generate_series(1, 3);
CREATE TABLE only_text (wide text);
INSERT INTO only_text VALUES (E'\t\n\t\n'), (''), (NULL), (repeat(E'\n\t', 1000000));
CREATE TABLE without_columns ();
INSERT INTO without_columns DEFAULT VALUES;
CREATE TABLE computed (one int GENERATED ALWAYS AS (1) STORED);
INSERT INTO computed DEFAULT VALUES;
CREATE TABLE dropped (one int, two text);
INSERT INTO dropped VALUES (1, 'x');
ALTER TABLE dropped DROP COLUMN one;
CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
SELECT format('CREATE TABLE %I ()', E'steers\x1b[2J\x7f\t\n') \gexec
INSERT INTO child VALUES (1), (2);
"""


def test_rows_are_counted_whatever_stands_in_them(shop: Shop) -> None:
    shop.does(ODD_ROWS)
    backup = shop.back_up("api")
    assert facts(backup)["rows"] == [
        "api.dump\tpublic.child\t2",
        "api.dump\tpublic.computed\t1",
        "api.dump\tpublic.dropped\t1",
        "api.dump\tpublic.notes\t2",
        'api.dump\tpublic.odd\\\\ "name"; --\t3',
        "api.dump\tpublic.only_text\t4",
        "api.dump\tpublic.parent\t0",
        "api.dump\tpublic.steers\\x1b[2J\\x7f\\t\\n\t0",
        "api.dump\tpublic.without_columns\t1",
    ]
    _, said = shop.script("restore", str(backup))
    assert said == ""
    assert shop.does("SELECT count(*), max(length(wide)) FROM only_text") == ["4|2000000"]


def test_a_partial_backup_takes_the_place_of_no_whole_one(shop: Shop) -> None:
    whole = [shop.back_up() for _ in range(2)]
    single = shop.back_up("web")
    shop.server.query("ALTER DATABASE api ALLOW_CONNECTIONS false")
    partial = [Path(shop.script("backup", "--keep", "1", status=1)[0].strip()) for _ in range(2)]
    folder = shop.folder / "backups"
    assert set(folder.iterdir()) == {*whole, single, partial[1]}
    shop.server.query("ALTER DATABASE api ALLOW_CONNECTIONS true")
    last = shop.back_up("--keep", "1")
    assert set(folder.iterdir()) == {last, single, partial[1]}


HEADER = "printf 'alive\\nversion\\t3.40\\nrows\\tnotes\\t1\\nbytes\\t%s\\nsha256\\t%064d\\n\\n' "
IS_ASKED = """case "$*" in *'import sqlite3"'*) exit 0 ;; esac\n"""
HANGING = {
    "never answers": ("exec sleep 1000", "or its container does not answer"),
    "hangs": (IS_ASKED + "exec sleep 1000", "the container was silent for 10 seconds"),
    "hangs amid its data": (
        IS_ASKED + HEADER + "900 0; echo x; exec sleep 1000",
        "the container was silent for 10 seconds",
    ),
    "sends drops": (
        IS_ASKED + HEADER + "900 0; while sleep 1; do echo x; done",
        "the container was silent for 10 seconds",
    ),
    "never ends": (
        IS_ASKED + HEADER + "2 0; echo x; exec >&-; exec sleep 1000",
        "the container did not end for 10 seconds",
    ),
}
LYING = {
    "facts without end": (
        IS_ASKED + "exec yes 'rows\tx\t1'",
        "the container tells more than a database has",
    ),
    "a line without end": (
        IS_ASKED + "tr '\\0' x </dev/zero",
        "the container tells more than a database has",
    ),
    "data without end": (
        IS_ASKED + HEADER + "1000 0; exec yes",
        "api.db did not arrive as it was sent",
    ),
    "more than there is place for": (
        IS_ASKED + HEADER + "99999999999999 0; exec yes",
        "No space left on device",
    ),
    "orders in a name": (
        IS_ASKED + "printf 'rows\\tx\\033[2J\\t1\\n\\n'; exec yes",
        "the container tells what our programs never say",
    ),
    "no size": (
        IS_ASKED + "printf 'version\\t3\\n\\n'; exec yes",
        "the container does not say what it sends",
    ),
    "a number that is none": (
        IS_ASKED + HEADER + "'a[$(touch marked)]' 0",
        "the container does not say what it sends",
    ),
    "another sum": (
        IS_ASKED + HEADER + "2 0; echo x",
        "api.db did not arrive as it was sent",
    ),
    "errors without end": (
        IS_ASKED + "yes 'backup: all is well' | head -c 9000000 >&2; exit 1",
        "  backup: all is well\\n",
    ),
    "orders to a terminal": (
        IS_ASKED + "printf 'й\\033[2J\\342\\200\\256\\302\\205\\377\\nbackup: fine\\n' >&2; exit 1",
        "  й\\x1b[2J\\u{202e}\\u{85}\\xff\\nbackup: fine\n",
    ),
}


@pytest.mark.parametrize("how", [*HANGING, *LYING])
def test_a_container_in_other_hands_stops_no_other_backup(
    how: str,
    servers: Servers,
    postgres_15: Postgres,
    tmp_path: Path,
    generate: Generate,
) -> None:
    """It is waited for a little, believed nothing, and what it says is one short line."""
    program, message = {**HANGING, **LYING}[how]
    shop = Shop(servers.with_settings(postgres_15, {}), tmp_path, generate, engine="sqlite")
    shop.does("CREATE TABLE notes (id int); INSERT INTO notes VALUES (1)", "web")
    shop.answers(program)
    started = time.monotonic()
    printed, said = shop.script("backup", status=1)
    assert time.monotonic() - started < 120
    assert message in said
    assert len(said) < 5000 and "\x1b" not in said
    assert all(re.match("backup: |  ", line) for line in said.splitlines()), said
    assert said.endswith("backup: api was not backed up; the new backup is one of the others: web\n")
    backup = Path(printed.strip())
    assert sorted(path.name for path in backup.iterdir()) == [
        "manifest",
        "roles.sql",
        "web.dump",
    ]
    assert list(backup.parent.iterdir()) == [backup]
    assert not shop.folder.joinpath("marked").exists()


def test_a_session_of_the_superuser_takes_nothing_of_the_service(shop: Shop) -> None:
    shop.does(SHADOWS)
    query = "SELECT current_user, current_setting('search_path'), count(*) FROM public.notes"
    assert shop.script("psql", "--superuser", "api", "-Atc", query)[0] == "codelab|pg_catalog|2\n"
    assert shop.script("psql", "api", "-Atc", "SELECT current_user")[0] == "api\n"


def test_copies_elsewhere_are_restored(shop: Shop) -> None:
    """A backup that was moved to where no such database is yet."""
    moved = Path(shutil.move(shop.back_up(), shop.folder / "moved"))
    for name in ("api", "web"):
        shop.server.query(f"DROP DATABASE {name}")
    shop.script("restore", str(moved))
    assert shop.does("SELECT count(*) FROM notes") == ["2"]


def test_the_database_postgres_is_replaced_like_any_other(shop: Shop) -> None:
    """A service that logs in as the superuser may have it; nobody renames the database that he is in."""

    def place(name: str) -> list[str]:
        return shop.server.query(f"SELECT oid FROM pg_database WHERE datname = '{name}'")

    shop.in_server("make", "postgres", "postgres_new")
    old, new = place("postgres"), place("postgres_new")
    shop.in_server("swap", "postgres", "postgres_new", "postgres_before")
    assert (place("postgres"), place("postgres_before"), place("postgres_new")) == (new, old, [])
    shop.in_server("swap", "postgres", "postgres_before", "postgres_gone")
    shop.in_server("remove", "postgres_gone")
    assert (place("postgres"), place("postgres_gone")) == (old, [])
