"""What the init script does in the postgres container, to a real PostgreSQL 15 and 18.

Every server here logs as much as it can, and the fixture `deployment` ends each test with a look for passwords in it.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from init_script import MARK, READY, Deployment, clean, databases, extensions, roles

LOCAL = ["shared", "per_service"]

HOSTILE_PASSWORDS = [
    MARK + "p@:/?#[]%&+ =\"'\\$`;!*()é😀",
    "\\" + MARK + "\\",
    "\\n\\\\" + MARK + "\\'; DROP ROLE x; --",
    ":x " + MARK + " :'x' :\"x\" %s %I",
    "  " + MARK + "  ",
    "$(id) ${HOME} `id` " + MARK,
    "'" + MARK + "''",
    "\t" + MARK + "é\u00a0",
]

FIRST_DATABASE = "codelab|codelab"  # which the image makes, unless it is interrupted
SHARED_DATABASES = ["agent_runtime|codelab", "auth_db|codelab", FIRST_DATABASE]
OWN_DATABASES = ["agent_runtime|agent_runtime", "auth_db|auth_service", FIRST_DATABASE]
CODELAB_ROLE = "codelab|t|t|t|t|t"
OWN_ROLES = ["agent_runtime|t|f|f|f|t", "auth_service|t|f|f|f|t", CODELAB_ROLE]


def assert_ready(deployment: Deployment, name: str) -> None:
    server = deployment.server
    own = name.startswith("per_service")
    assert databases(server) == (OWN_DATABASES if own else SHARED_DATABASES)
    assert roles(server) == (OWN_ROLES if own else [CODELAB_ROLE])
    assert extensions(server, "auth_db") == ["citext"]
    assert deployment.can_log_in("codelab", f"{MARK}-postgres", "postgres")
    if own:
        assert deployment.can_log_in("auth_service", f"{MARK}-auth", "auth_db")
        assert not deployment.can_log_in("auth_service", f"{MARK}-auth", "agent_runtime")
        assert deployment.can_log_in("agent_runtime", f"{MARK}-agent", "agent_runtime")
        assert not deployment.can_log_in("agent_runtime", f"{MARK}-agent", "auth_db")


@pytest.mark.quick
@pytest.mark.parametrize("name", LOCAL)
def test_second_run_changes_nothing(deployment: Deployment, name: str) -> None:
    first = deployment.run(name)
    assert first == READY
    assert_ready(deployment, name)
    assert deployment.run(name) == first
    assert_ready(deployment, name)


@pytest.mark.parametrize("name", LOCAL)
def test_service_added(deployment: Deployment, name: str) -> None:
    deployment.run(f"{name}_one_service")
    assert [row.split("|")[0] for row in databases(deployment.server)] == ["agent_runtime", "codelab"]
    deployment.server.query("CREATE TABLE kept ()", "agent_runtime")
    deployment.run(name)
    assert_ready(deployment, name)
    assert deployment.server.query("SELECT count(*) FROM kept", "agent_runtime") == ["0"]


@pytest.mark.parametrize("password", HOSTILE_PASSWORDS)
def test_changed_password(deployment: Deployment, password: str) -> None:
    deployment.run("per_service")
    deployment.run("per_service", POSTGRES_PASSWORD=password, AUTH_SERVICE__DB_PASSWORD=password + "2")
    assert deployment.can_log_in("codelab", password, "postgres")
    assert deployment.can_log_in("auth_service", password + "2", "auth_db")
    assert deployment.can_log_in("agent_runtime", f"{MARK}-agent", "agent_runtime")
    assert not deployment.can_log_in("codelab", f"{MARK}-postgres", "postgres")
    assert not deployment.can_log_in("auth_service", f"{MARK}-auth", "auth_db")


def test_from_shared_to_per_service(deployment: Deployment) -> None:
    deployment.run("shared")
    deployment.run("per_service")
    assert_ready(deployment, "per_service")


def test_existing_role_keeps_its_limit(deployment: Deployment) -> None:
    deployment.server.query("CREATE ROLE auth_service LOGIN CONNECTION LIMIT 7")
    deployment.run("per_service")
    assert deployment.server.query("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'auth_service'") == ["7"]


def test_odd_names(deployment: Deployment) -> None:
    for _ in range(2):
        deployment.run("per_service_odd_names")
    assert databases(deployment.server) == ["agent_runtime|agent_runtime", FIRST_DATABASE, "pg_Order-By|select"]
    assert deployment.can_log_in("select", f"{MARK}-select", "pg_Order-By")
    assert not deployment.can_log_in("agent_runtime", f"{MARK}-agent", "pg_Order-By")


@pytest.mark.parametrize("name", LOCAL)
def test_killed_after_a_statement(deployment: Deployment, name: str) -> None:
    for statements in deployment.moments_to_be_killed():
        clean(deployment.server)
        if not deployment.is_killed(name, statements):
            break
        deployment.run(name)
        assert_ready(deployment, name)
    assert statements > 8


@pytest.mark.parametrize("name", LOCAL)
def test_killed_when_run_again(deployment: Deployment, name: str) -> None:
    """Nobody is locked out, not even until the next run."""
    deployment.run(name)
    for statements in deployment.moments_to_be_killed():
        killed = deployment.is_killed(name, statements)
        assert_ready(deployment, name)
        if not killed:
            break
    assert statements > 8


@pytest.mark.parametrize("name", LOCAL)
def test_killed_at_any_moment(deployment: Deployment, name: str) -> None:
    for moment in range(6):
        clean(deployment.server)
        process = deployment.start(["bash", str(deployment.script(name))])
        try:
            process.wait(0.05 * moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        deployment.finish(process)
        deployment.run(name)
        assert_ready(deployment, name)


def test_many_at_a_time(deployment: Deployment) -> None:
    """On an empty server, and when all is handed over."""
    for name in ("per_service", "shared", "per_service"):
        processes = [deployment.start(["bash", str(deployment.script(name))]) for _ in range(8)]
        ends = [deployment.finish(process) for process in processes]
        assert [end for end in ends if end != (0, READY)] == []
        assert databases(deployment.server) == (OWN_DATABASES if name == "per_service" else SHARED_DATABASES)
    assert_ready(deployment, "per_service")


@pytest.mark.parametrize("executable", [True, False])
@pytest.mark.parametrize("name", LOCAL)
def test_in_the_entrypoint(deployment: Deployment, name: str, executable: bool) -> None:
    status, output = deployment.enter(deployment.script(name), executable=executable)
    assert (status, output.splitlines()[-1]) == (0, "the entrypoint goes on"), output
    assert "left something behind" not in output, output
    assert_ready(deployment, name)


@pytest.mark.quick
@pytest.mark.parametrize("executable", [True, False])
def test_failure_ends_the_entrypoint(deployment: Deployment, executable: bool) -> None:
    status, output = deployment.enter(deployment.script("shared_bad_extension"), executable=executable)
    assert status == 3
    assert 'extension "no_such_extension" is not available' in output
    assert "goes on" not in output
    assert "the database auth_db is ready" not in output
    assert "init-postgres: not in line: the database auth_db" in output


@pytest.mark.quick
@pytest.mark.parametrize("variable", ["POSTGRES_USER", "POSTGRES_PASSWORD", "AUTH_SERVICE__DB_PASSWORD"])
@pytest.mark.parametrize("value", [None, ""])
def test_missing_variable(deployment: Deployment, variable: str, value: str | None) -> None:
    changes: dict[str, str | None] = {variable: value}
    status, output = deployment.attempt("per_service", **changes)
    assert status == 1
    assert output == f"init-postgres: {variable} is not set\n"
    assert databases(deployment.server) == []


def test_settings_of_other_programs(deployment: Deployment) -> None:
    deployment.run(
        "per_service",
        PGHOST="elsewhere.invalid",
        PGHOSTADDR="192.0.2.1",
        PGSERVICE="none",
        PGDATABASE="none",
        PGUSER="nobody",
        PGOPTIONS="-c role=none -c nonsense=1",
        PGCLIENTENCODING="LATIN1",
    )
    assert_ready(deployment, "per_service")


@pytest.mark.quick
def test_trace_shows_no_password(deployment: Deployment) -> None:
    status, _ = deployment.finish(deployment.start(["bash", "-x", str(deployment.script("per_service"))]))
    assert status == 0  # and `deployment` looks at the output


@pytest.mark.quick
def test_no_process_shows_a_password(deployment: Deployment) -> None:
    """Not to other users of the machine, who see what `ps` shows.

    The script finds psql and no other program, so none can come and go unseen; each psql is held until it was looked at.
    """
    seen: set[str] = set()
    held = deployment.folder / "held"
    held.mkdir()
    changes = {"PATH": str(deployment.folder / "bin"), "STAND_IN_HOLD": str(held)}
    process = deployment.start(["/bin/bash", str(deployment.script("per_service"))], **changes)
    while process.poll() is None:
        waiting = list(held.iterdir())
        held_ones = (int(psql.name) for psql in waiting)  # Linux may leave out a child while another one ends
        seen.update(map(shown, (*held_ones, *descendants(process.pid), *descendants(deployment.server.pid))))
        for psql in waiting:
            psql.unlink()  # and so it goes on
        time.sleep(0.001)
    assert deployment.finish(process)[0] == 0
    assert deployment.arguments
    assert not [noted for noted in deployment.arguments.splitlines() if not any(noted in text for text in seen)]
    assert not [text for text in seen if MARK in text]


def descendants(pid: int) -> Iterator[int]:
    """A process and all that it has started, as far as they have not ended."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in map(int, children):
        yield from descendants(child)


def shown(pid: int) -> str:
    """What other users see of a process: its arguments; and its environment, where it runs as another user than we."""
    folder = Path(f"/proc/{pid}")
    try:
        is_ours = folder.stat().st_uid == os.getuid()
        return "\n".join(
            (folder / name).read_bytes().replace(b"\0", b" ").decode(errors="replace")
            for name in (("cmdline",) if is_ours else ("cmdline", "environ"))
        )
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_no_password_in_statistics(deployment: Deployment) -> None:
    deployment.server.query("CREATE EXTENSION pg_stat_statements; SELECT pg_stat_statements_reset();")
    deployment.run("per_service")
    kept = deployment.server.query("SELECT query FROM pg_stat_statements UNION ALL SELECT query FROM pg_stat_activity")
    assert kept
    assert not [query for query in kept if MARK in query]
