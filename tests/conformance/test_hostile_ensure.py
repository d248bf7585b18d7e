"""A service that was broken into, against the init script: what its role may do in its own database stays there.

What these tests know:

* `per_service` is the deployment that is attacked: `auth_service` owns `auth_db` and is hostile, `agent_runtime` is the
  neighbour whose database must be ready at the end in any case;
* what a service does is run as its own role over TCP, with its own password: the socket trusts everybody;
* HOOK is what an attacker wants to be run: it makes its role a superuser, where whoever runs it is one.
"""

import asyncio
import shlex
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from init_script import LOG_EVERYTHING, MARK, READY, Deployment, Servers, databases, extensions
from postgres_server import Postgres, PostgresServer
from programs import PATIENCE, Generate

OWN = ("auth_service", f"{MARK}-auth", "auth_db")
NEIGHBOUR = "init-postgres: the database agent_runtime is ready\n"
TRAITS = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"

HOOK = """
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    ALTER ROLE auth_service SUPERUSER;
  END IF;
"""

# Functions and operators that fit better than PostgreSQL's own, in a schema that comes first.
BETTER = f"""
CREATE SCHEMA evil;
CREATE FUNCTION evil.hook() RETURNS text LANGUAGE plpgsql AS $$ BEGIN {HOOK} RETURN ''; END $$;
CREATE FUNCTION evil.pg_advisory_lock(integer) RETURNS text LANGUAGE sql AS 'SELECT evil.hook()';
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT evil.hook(); SELECT $2';
CREATE FUNCTION evil.current_database() RETURNS name LANGUAGE sql AS 'SELECT evil.hook(); SELECT ''auth_db''::name';
CREATE FUNCTION evil.current_schemas(boolean) RETURNS name[] LANGUAGE sql AS 'SELECT evil.hook(); SELECT ''{{evil}}''::name[]';
CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS 'SELECT evil.hook(); SELECT $1';
CREATE FUNCTION evil.same(name, text) RETURNS boolean LANGUAGE sql AS 'SELECT evil.hook(); SELECT true';
CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.same);
CREATE OPERATOR evil.<> (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.same);
CREATE VIEW evil.pg_database AS SELECT evil.hook(), pg_database.* FROM pg_catalog.pg_database;
CREATE VIEW evil.pg_proc AS SELECT evil.hook(), pg_proc.* FROM pg_catalog.pg_proc;
ALTER DATABASE auth_db SET search_path = evil, pg_catalog, public;
"""

# What a service may set for its own database and role, and what steers a session that does not forbid it.
SETTINGS = [
    "role = auth_service",
    "session_authorization = auth_service",
    "local_preload_libraries = 'missing'",
    "default_transaction_read_only = on",
    "default_transaction_isolation = 'serializable'",
    "statement_timeout = '1ms'",
    "lock_timeout = '1ms'",
    "idle_in_transaction_session_timeout = '1ms'",
    "idle_session_timeout = '1ms'",
    "default_tablespace = E'missing\\ninit-postgres: forged'",
    "client_encoding = 'LATIN1'",
    "standard_conforming_strings = off",
    "quote_all_identifiers = on",
    "array_nulls = off",
    "exit_on_error = on",
    "row_security = off",
    "client_min_messages = 'debug5'",
    "debug_print_parse = on",
]

WITHHELD = {
    "SUPERUSER": "SUPERUSER",
    "CREATEDB": "CREATEDB",
    "CREATEROLE": "CREATEROLE",
    "REPLICATION": "REPLICATION",
    "BYPASSRLS": "BYPASSRLS",
}


def as_service(server: PostgresServer, *statements: str, login: tuple[str, str, str] = OWN) -> None:
    """Runs statements as a service would."""
    asyncio.run(run_as(server, statements, login))


async def run_as(server: PostgresServer, statements: Sequence[str], login: tuple[str, str, str]) -> None:
    connection = await connected(server, login)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def connected(server: PostgresServer, login: tuple[str, str, str]) -> asyncpg.Connection:
    role, password, database = login
    return await asyncpg.connect(
        host=server.host, port=server.port, user=role, password=password, database=database, ssl=False
    )


@contextmanager
def open_transaction(server: PostgresServer, *statements: str, login: tuple[str, str, str] = OWN) -> Iterator[None]:
    """A session of a service that has run the statements, and never ends its transaction."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(connected(server, login))
    try:
        for statement in ("BEGIN", *statements):
            loop.run_until_complete(connection.execute(statement))
        yield
    finally:
        connection.terminate()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def has_nothing(server: PostgresServer, role: str = "auth_service") -> bool:
    """Whether a role has no attribute and is a member of nothing."""
    attributes = server.query(f"SELECT {TRAITS} FROM pg_roles WHERE rolname = '{role}'")
    memberships = server.query(f"SELECT 1 FROM pg_auth_members WHERE member = '{role}'::regrole")
    return attributes == ["f|f|f|f|f"] and memberships == []


def hasten(deployment: Deployment) -> None:
    """Lets the script wait a moment where it would wait for seconds."""
    script = deployment.script("per_service")
    text = script.read_text(encoding="utf-8")
    assert text.count("'10s'") == 2 and text.count("lock_timeout=10s") == 1
    script.write_text(
        text.replace("'10s'", "'300ms'").replace("lock_timeout=10s", "lock_timeout=300ms"), encoding="utf-8"
    )


@pytest.fixture
def attacked(deployment: Deployment) -> Deployment:
    deployment.run("per_service")
    hasten(deployment)
    return deployment


@pytest.mark.quick
@pytest.mark.default_logging
def test_nothing_of_a_service_is_run(attacked: Deployment) -> None:
    as_service(attacked.server, BETTER)
    attacked.server.query("DROP EXTENSION citext", "auth_db")
    assert attacked.run("per_service") == READY
    assert has_nothing(attacked.server)
    assert extensions(attacked.server, "auth_db") == ["citext"]


@pytest.mark.default_logging
def test_an_extension_goes_where_the_database_looks_first(attacked: Deployment) -> None:
    server = attacked.server
    where = "SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'citext'"
    assert server.query(where, "auth_db") == ["public"]
    server.query(
        'DROP EXTENSION citext; CREATE SCHEMA "My App";'
        'ALTER DATABASE auth_db SET search_path = nowhere, "My App", public',
        "auth_db",
    )
    attacked.run("per_service")
    assert server.query(where, "auth_db") == ['"My App"']
    schemas = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)' ORDER BY 1"
    assert server.query(schemas, "auth_db") == ["My App", "public"]


@pytest.mark.default_logging
def test_the_script_of_an_extension_finds_nothing_of_a_service(attacked: Deployment) -> None:
    """The one of earthdistance is run where those of cube are found, wherever it is made itself."""
    server = attacked.server
    as_service(server, "CREATE FUNCTION public.sin(numeric) RETURNS double precision LANGUAGE sql RETURN 0")
    status, output = attacked.attempt("per_service_distances")
    assert status == 1
    assert NEIGHBOUR in output
    assert "init-postgres: database auth_db: the extension earthdistance was not made: functions of the service" in output
    assert sorted(extensions(server, "auth_db")) == ["citext", "cube"]
    as_service(server, "CREATE SCHEMA mine", "ALTER FUNCTION public.sin(numeric) SET SCHEMA mine")
    assert attacked.run("per_service_distances") == READY
    assert sorted(extensions(server, "auth_db")) == ["citext", "cube", "earthdistance"]


@pytest.mark.default_logging
def test_no_setting_of_a_service_steers_a_session(attacked: Deployment) -> None:
    server = attacked.server
    newer = ["transaction_timeout = '1ms'"] if attacked.major >= 17 else []
    for setting in [*SETTINGS, *newer]:
        name = setting.partition(" ")[0]
        server.query(f"SET ROLE auth_service; ALTER DATABASE auth_db SET {setting}")
        server.query(f"SET ROLE auth_service; ALTER ROLE auth_service IN DATABASE auth_db SET {setting}")
        assert attacked.run("per_service") == READY, setting
        server.query(f"ALTER DATABASE auth_db RESET {name}; ALTER ROLE auth_service IN DATABASE auth_db RESET {name}")


@pytest.mark.default_logging
@pytest.mark.parametrize("attribute", WITHHELD)
def test_an_attribute_is_taken(attacked: Deployment, attribute: str) -> None:
    attacked.server.query(f"ALTER ROLE auth_service {attribute}")
    output = attacked.run("per_service")
    assert f"init-postgres: role auth_service: had more than a service needs: {attribute}\n" in output
    assert "init-postgres: role auth_service: that was taken from it\n" in output
    assert has_nothing(attacked.server)
    assert attacked.run("per_service") == READY


@pytest.mark.default_logging
@pytest.mark.parametrize(
    "grant",
    [
        "GRANT pg_read_server_files, pg_execute_server_program, pg_signal_backend TO auth_service",
        "GRANT codelab TO auth_service",
        "GRANT agent_runtime TO auth_service WITH ADMIN OPTION",
        "CREATE ROLE makers CREATEROLE; GRANT makers TO auth_service",
        "CREATE ROLE makers; GRANT pg_write_server_files TO makers; GRANT makers TO auth_service",
        "CREATE ROLE makers; GRANT pg_monitor TO makers WITH ADMIN OPTION;"
        "SET ROLE makers; GRANT pg_monitor TO auth_service",
    ],
)
def test_a_membership_is_taken(attacked: Deployment, grant: str) -> None:
    attacked.server.query(grant)
    assert not has_nothing(attacked.server)
    assert "had more than a service needs: membership in " in attacked.run("per_service")
    assert has_nothing(attacked.server)


@pytest.mark.default_logging
def test_a_right_on_a_setting_is_taken(attacked: Deployment) -> None:
    attacked.server.query("GRANT SET, ALTER SYSTEM ON PARAMETER session_preload_libraries TO auth_service")
    assert "the setting session_preload_libraries" in attacked.run("per_service")
    assert attacked.server.query("SELECT 1 FROM pg_parameter_acl") == []


@pytest.mark.default_logging
def test_a_membership_without_danger_is_told_and_stays(attacked: Deployment) -> None:
    attacked.server.query("CREATE ROLE readers; GRANT readers TO auth_service")
    output = attacked.run("per_service")
    assert output == f"init-postgres: role auth_service: is a member of other roles as well: readers\n{READY}"
    assert attacked.server.query("SELECT 1 FROM pg_auth_members WHERE roleid = 'readers'::regrole") == ["1"]


@pytest.mark.default_logging
def test_with_shared_access_nothing_is_taken(deployment: Deployment) -> None:
    deployment.run("shared")
    deployment.server.query("CREATE ROLE somebody CREATEDB; GRANT pg_monitor TO somebody")
    assert deployment.run("shared") == READY
    assert deployment.server.query("SELECT rolcreatedb FROM pg_roles WHERE rolname = 'somebody'") == ["t"]


@pytest.mark.quick
@pytest.mark.default_logging
def test_a_lock_of_a_service_is_not_waited_for(attacked: Deployment) -> None:
    """Everybody can take an advisory lock; what the script waits for, only a superuser can lock."""
    with open_transaction(attacked.server, "SELECT pg_advisory_lock(5432001)"):
        assert attacked.run("per_service") == READY
    for mode in ("ACCESS SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "ACCESS EXCLUSIVE"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            as_service(attacked.server, f"BEGIN; LOCK TABLE pg_authid IN {mode} MODE")


@pytest.mark.default_logging
def test_a_database_that_lets_nobody_in_is_opened(attacked: Deployment) -> None:
    server = attacked.server
    server.query("ALTER DATABASE auth_db ALLOW_CONNECTIONS false")
    assert "init-postgres: server: let nobody in, and do so again: auth_db\n" in attacked.run("per_service")
    as_service(server, "ALTER DATABASE auth_db CONNECTION LIMIT 0")
    assert attacked.run("per_service").endswith(READY)
    as_service(server, "SELECT 1")


@pytest.mark.default_logging
@pytest.mark.parametrize(
    ("held", "missed"),
    [
        ("ALTER ROLE auth_service PASSWORD 'mine'", "role auth_service"),
        ("ALTER DATABASE auth_db CONNECTION LIMIT 0", "database auth_db"),
        ("GRANT ALL ON SCHEMA public TO PUBLIC", "database auth_db"),
    ],
)
def test_who_holds_a_lock_for_ever_stops_nobody_else(attacked: Deployment, held: str, missed: str) -> None:
    server = attacked.server
    if "SCHEMA" in held:
        as_service(server, held)
    elif "DATABASE" in held:
        as_service(server, "GRANT CONNECT ON DATABASE auth_db TO PUBLIC")
    server.query("DROP DATABASE agent_runtime")
    with open_transaction(server, held):
        status, output = attacked.attempt("per_service")
    assert status == 3, output
    assert NEIGHBOUR in output
    assert "the database auth_db is ready" not in output
    assert f"init-postgres: {missed}: psql:<stdin>:" in output
    assert "canceling statement due to lock timeout" in output
    assert f"init-postgres: not in line: the {missed}\n" in output
    assert "help: " in output.splitlines()[-1]
    assert "agent_runtime|agent_runtime" in databases(server)
    assert attacked.run("per_service") == READY


@pytest.mark.default_logging
def test_functions_that_any_session_runs_are_never_handed_over(deployment: Deployment) -> None:
    server = deployment.server
    deployment.run("shared")
    server.query(
        """
CREATE FUNCTION fired() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER fired ON ddl_command_start EXECUTE FUNCTION fired();
CREATE FUNCTION truth(text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN $1 = ''t''; END';
CREATE CAST (text AS boolean) WITH FUNCTION truth(text) AS ASSIGNMENT;
CREATE FUNCTION untrusted() RETURNS text LANGUAGE internal AS 'pgsql_version' STRICT;
CREATE FUNCTION checked(text[], oid) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FOREIGN DATA WRAPPER wrapper VALIDATOR checked;
CREATE FUNCTION plain() RETURNS integer LANGUAGE sql AS 'SELECT 1';
""",
        "auth_db",
    )
    assert deployment.run("per_service") == READY
    owners = "SELECT proname, proowner::regrole FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    owners += " AND proname IN ('fired', 'truth', 'untrusted', 'checked', 'plain') ORDER BY 1"
    kept = [f"{name}|codelab" for name in ("checked", "fired")]
    assert server.query(owners, "auth_db") == [*kept, "plain|auth_service", "truth|codelab", "untrusted|codelab"]
    assert server.query("SELECT evtowner::regrole FROM pg_event_trigger", "auth_db") == ["codelab"]
    assert has_nothing(server)


@pytest.mark.default_logging
def test_an_event_trigger_that_a_service_can_write_is_switched_off(attacked: Deployment) -> None:
    """As an earlier version has handed them over."""
    server = attacked.server
    events = ["ddl_command_start", "login"] if attacked.major >= 17 else ["ddl_command_start"]
    triggers = "".join(
        f"CREATE EVENT TRIGGER on_{event} ON {event} EXECUTE FUNCTION fired(); ALTER EVENT TRIGGER on_{event} ENABLE ALWAYS;"
        for event in events
    )
    server.query(
        "CREATE FUNCTION fired() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        f"{triggers} ALTER FUNCTION fired() OWNER TO auth_service;",
        "auth_db",
    )
    as_service(
        server, f"CREATE OR REPLACE FUNCTION fired() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN {HOOK} END $$"
    )
    output = attacked.run("per_service")
    assert "init-postgres: database auth_db: functions that any session may run are the superuser's again" in output
    assert output.splitlines()[0].endswith("read them: public.fired()")
    assert has_nothing(server)
    assert server.query("SELECT evtenabled FROM pg_event_trigger", "auth_db") == ["D"] * len(events)
    assert server.query("SELECT proowner::regrole FROM pg_proc WHERE proname = 'fired'", "auth_db") == ["codelab"]
    server.query("CREATE TABLE made_by_the_superuser ()", "auth_db")
    assert has_nothing(server)
    assert attacked.run("per_service") == READY


@pytest.mark.default_logging
def test_who_renames_a_schema_while_functions_change_hands_gets_none(attacked: Deployment) -> None:
    """By the name of one that is handed over, another one is found meanwhile: that of an event trigger."""
    server = attacked.server
    as_service(server, "CREATE SCHEMA one", "CREATE SCHEMA two")
    fired = "fired() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"
    server.query(
        f"CREATE FUNCTION one.{fired}; CREATE EVENT TRIGGER fired ON ddl_command_end EXECUTE FUNCTION one.fired();"
        f"CREATE FUNCTION two.before() RETURNS int LANGUAGE sql RETURN 1; CREATE FUNCTION two.{fired}",
        "auth_db",
    )
    owner = "SELECT proowner::regrole FROM pg_proc JOIN pg_event_trigger ON evtfoid = pg_proc.oid"
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'before'"
    administrator = ("codelab", f"{MARK}-postgres", "auth_db")
    with open_transaction(server, "ALTER FUNCTION two.before() COST 5", login=administrator):
        process = attacked.start(["bash", str(attacked.script("per_service"))])
        deadline = time.monotonic() + PATIENCE
        while server.query(waits) == []:
            assert process.poll() is None and time.monotonic() < deadline
        as_service(server, "ALTER SCHEMA two RENAME TO three", "ALTER SCHEMA one RENAME TO two")
    status, output = attacked.finish(process)
    assert status == 3
    assert "functions that any session may run changed their names meanwhile" in output
    assert "init-postgres: not in line: the database auth_db\n" in output
    assert server.query(owner, "auth_db") == ["codelab"]
    assert attacked.run("per_service") == READY
    assert server.query(owner, "auth_db") == ["codelab"]


def test_a_hostile_service_gets_nothing_on_16_either(
    postgres_16: Postgres, tmp_path: Path, generate: Generate, servers: Servers
) -> None:
    """The first version in which memberships have who granted them, and the last but one whose event triggers are kept
    off by `session_replication_role`."""
    attacked = Deployment(servers.with_settings(postgres_16, {}), 16, tmp_path, generate)
    server = attacked.server
    attacked.run("per_service_plain")
    as_service(server, BETTER)
    fired = "FUNCTION fired() RETURNS event_trigger LANGUAGE plpgsql"
    server.query(
        f"CREATE {fired} AS 'BEGIN END'; CREATE EVENT TRIGGER fired ON ddl_command_start EXECUTE FUNCTION fired();"
        "ALTER EVENT TRIGGER fired ENABLE ALWAYS; ALTER FUNCTION fired() OWNER TO auth_service;"
        "ALTER ROLE auth_service CREATEROLE CREATEDB; CREATE ROLE makers; GRANT makers TO auth_service WITH ADMIN OPTION;"
        "GRANT pg_write_server_files TO makers WITH ADMIN OPTION; SET ROLE makers;"
        "GRANT pg_write_server_files TO auth_service; RESET ROLE; GRANT SET ON PARAMETER log_statement TO auth_service",
        "auth_db",
    )
    as_service(server, f"CREATE OR REPLACE {fired} AS $$ BEGIN {HOOK} END $$")
    for setting in SETTINGS:
        server.query(f"SET ROLE auth_service; ALTER ROLE auth_service IN DATABASE auth_db SET {setting}")
    output = attacked.run("per_service_plain")
    assert "init-postgres: role auth_service: that was taken from it\n" in output
    assert output.endswith(READY)
    assert has_nothing(server)
    assert server.query("SELECT 1 FROM pg_parameter_acl") == []
    assert server.query("SELECT evtenabled FROM pg_event_trigger", "auth_db") == ["D"]
    assert attacked.run("per_service_plain") == READY
    server.query("CREATE TABLE made_by_the_superuser ()", "auth_db")
    assert has_nothing(server)
    server.query("ALTER ROLE auth_service IN DATABASE auth_db RESET ALL")
    assert MARK not in attacked.log + attacked.output


@pytest.mark.quick
@pytest.mark.default_logging
def test_every_pair_of_role_and_database(deployment: Deployment) -> None:
    """Also on a server where all was open before, with rights that somebody has given."""
    server = deployment.server
    deployment.run("shared")
    server.query("CREATE DATABASE other; GRANT ALL ON DATABASE other TO PUBLIC; CREATE DATABASE kept")
    server.query("GRANT ALL ON SCHEMA public TO PUBLIC", "auth_db")
    server.query("GRANT ALL ON SCHEMA public TO PUBLIC")
    deployment.run("per_service")
    as_service(
        server,
        "GRANT ALL ON DATABASE auth_db TO PUBLIC",
        "GRANT ALL ON DATABASE auth_db TO agent_runtime WITH GRANT OPTION",
    )
    server.query("GRANT CONNECT ON DATABASE postgres TO auth_service")
    assert deployment.run("per_service") == READY
    pairs = server.query(
        "SELECT rolname, datname FROM pg_roles CROSS JOIN pg_database"
        " WHERE rolname IN ('auth_service', 'agent_runtime')"
        " AND has_database_privilege(pg_roles.oid, pg_database.oid, 'CONNECT, TEMPORARY, CREATE') ORDER BY 1"
    )
    assert pairs == ["agent_runtime|agent_runtime", "auth_service|auth_db"]
    passwords = {"auth_service": f"{MARK}-auth", "agent_runtime": f"{MARK}-agent"}
    every = server.query("SELECT datname FROM pg_database WHERE datallowconn")
    assert {"postgres", "template1", "codelab", "other", "kept"} < set(every)
    came_in = {
        (role, name) for role in passwords for name in every if deployment.can_log_in(role, passwords[role], name)
    }
    assert came_in == {("auth_service", "auth_db"), ("agent_runtime", "agent_runtime")}
    for name in ("postgres", "template1", "codelab", "auth_db", "agent_runtime"):
        assert (
            server.query(
                "SELECT 1 FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public' AND grantee = 0", name
            )
            == []
        )
    as_service(server, "CREATE TABLE still_his_own ()")


@pytest.mark.default_logging
def test_a_session_that_came_in_before_is_ended(deployment: Deployment) -> None:
    server = deployment.server
    deployment.run("per_service")
    server.query("GRANT CONNECT ON DATABASE postgres TO PUBLIC")
    with open_transaction(server, "SELECT 1", login=(*OWN[:2], "postgres")), open_transaction(server, "SELECT 1"):
        assert deployment.run("per_service") == READY
        sessions = "SELECT datname FROM pg_stat_activity WHERE usename = 'auth_service'"
        assert server.query(sessions) == ["auth_db"]


@pytest.mark.default_logging
def test_what_a_service_calls_its_things_forges_no_line(attacked: Deployment) -> None:
    server = attacked.server
    server.query("DROP EXTENSION citext", "auth_db")
    schema = '"first\u202e\x9b2J\u2028\ninit-postgres: the database auth_db is ready"'
    as_service(
        server,
        f"CREATE SCHEMA {schema}",
        f"ALTER DATABASE auth_db SET search_path = {schema}",
        f"CREATE TYPE {schema}.citext AS ENUM ()",
    )
    status, output = attacked.attempt("per_service")
    assert status == 3
    assert NEIGHBOUR in output
    assert 'already exists in schema "first' in output
    assert "init-postgres: the database auth_db is ready" not in [line[:44] for line in output.splitlines()]
    assert not [c for c in output if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
    server.query(f"DROP TYPE {schema}.citext", "auth_db")
    assert attacked.run("per_service") == READY


@pytest.mark.default_logging
def test_limits_come_and_go(deployment: Deployment) -> None:
    server = deployment.server
    limits = "SELECT rolconnlimit, array_to_string(rolconfig, ' '), shobj_description(oid, 'pg_authid') FROM pg_roles"
    limits += " WHERE rolname = 'auth_service'"
    server.query("CREATE ROLE auth_service LOGIN; COMMENT ON ROLE auth_service IS 'of the team'")
    deployment.run("limited")
    told = ["of the team", "limits of codelab-gen: connection_limit temp_file_limit statement_timeout"]
    comment = "SELECT shobj_description('auth_service'::regrole, 'pg_authid')"
    assert server.query(comment) == told
    settings = "SELECT setting FROM pg_roles, unnest(rolconfig) AS setting WHERE rolname = 'auth_service' ORDER BY 1"
    assert server.query(settings) == ["statement_timeout=90000ms", "temp_file_limit=2097152kB"]
    assert server.query("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'auth_service'") == ["20"]
    as_service(server, "ALTER ROLE auth_service SET statement_timeout = 0")
    assert deployment.run("limited") == READY
    assert server.query(comment) == told
    assert server.query(settings)[0] == "statement_timeout=90000ms"
    deployment.run("per_service")
    assert server.query(limits) == ["-1||of the team"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        as_service(server, "COMMENT ON ROLE auth_service IS 'limits of codelab-gen: connection_limit'")


QUIET_NOWHERE = {
    **LOG_EVERYTHING,
    "log_min_messages": "debug5",
    "debug_print_parse": "on",
    "debug_print_rewritten": "on",
    "debug_print_plan": "on",
    "shared_preload_libraries": "pg_stat_statements, auto_explain",
    "auto_explain.log_min_duration": "0",
    "pg_stat_statements.track": "all",
}


@pytest.mark.parametrize("encryption", ["scram-sha-256", "md5"])
@pytest.mark.parametrize("major", [15, 18])
def test_no_password_in_any_log(
    request: pytest.FixtureRequest, major: int, encryption: str, tmp_path: Path, generate: Generate, servers: Servers
) -> None:
    postgres: Postgres = request.getfixturevalue(f"postgres_{major}")
    settings = {**QUIET_NOWHERE, "password_encryption": encryption}
    deployment = Deployment(servers.with_settings(postgres, settings), major, tmp_path, generate)
    server = deployment.server
    server.query("CREATE EXTENSION pg_stat_statements")
    hostile = MARK + "\t'\"\\$`;é😀 "
    deployment.run("per_service")
    deployment.run("per_service", AUTH_SERVICE__DB_PASSWORD=hostile)
    assert deployment.can_log_in("auth_service", hostile, "auth_db")
    hasten(deployment)
    with open_transaction(server, "ALTER ROLE auth_service PASSWORD NULL", login=("auth_service", hostile, "auth_db")):
        assert deployment.attempt("per_service")[0] == 3
    assert MARK not in deployment.log
    assert "ALTER" in deployment.log
    kept = server.query("SELECT query FROM pg_stat_statements UNION ALL SELECT query FROM pg_stat_activity")
    assert kept and not [query for query in kept if MARK in query or "SCRAM" in query]
    verifiers = server.query("SELECT left(rolpassword, 14) FROM pg_authid WHERE rolname ~ '(auth|agent)'")
    assert verifiers == ["SCRAM-SHA-256$"] * 2


def test_a_password_of_two_lines_is_refused(deployment: Deployment) -> None:
    status, output = deployment.attempt("per_service", AUTH_SERVICE__DB_PASSWORD=f"{MARK}\nsecond")
    assert status == 1
    told = "role auth_service: AUTH_SERVICE__DB_PASSWORD has a line end, and psql takes a password of one line only"
    assert output.startswith(f"init-postgres: {told}\n")
    assert NEIGHBOUR in output
    assert "init-postgres: not in line: the role auth_service\n" in output


def test_a_terminal_is_not_asked(deployment: Deployment) -> None:
    """By hand, or by `docker compose run`: psql would prompt there."""
    command = f"bash {shlex.quote(str(deployment.script('per_service')))}"
    process = deployment.start(["/usr/bin/script", "-qec", command, "/dev/null"])
    assert deployment.finish(process) == (0, READY)
    assert deployment.can_log_in("auth_service", f"{MARK}-auth", "auth_db")
