"""scripts/db/restore.sh: what was backed up comes back, and until then, whatever happens, what was there is there."""

import hashlib
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import images
import pytest
from operations import Shim, back_up, copied, facts, load, run_script, sample, started
from server import psql, state

from deployment import SEEDS, SERVICES, Deployment, check

FILE = "agent-runtime/data/agent_runtime.db"
DIFFICULT = {engine: images.HERE.joinpath(f"difficult_{engine}.sql") for engine in ("postgres", "sqlite")}


def make_difficult(deployment: Deployment) -> None:
    """agent-runtime's SQLite and auth-service's PostgreSQL get tables of every kind."""
    program = "import sqlite3, sys; sqlite3.connect('/app/data/agent_runtime.db').executescript(sys.stdin.read())"
    deployment.inside("agent-runtime", "python", "-c", program, stdin=DIFFICULT["sqlite"].read_text(encoding="utf-8"))
    script = DIFFICULT["postgres"].read_text(encoding="utf-8")
    done = deployment.finish(
        [str(deployment.out / "scripts/db/psql.sh"), "auth-service", "-qv", "ON_ERROR_STOP=1"], stdin=script
    )
    check(done)


def contents(deployment: Deployment) -> dict[str, str]:
    """Every definition and row of both databases, read past the services."""
    dump = deployment.inside("postgres", "pg_dump", "--username", "codelab", "--dbname", "auth_db")
    connection = sqlite3.connect(deployment.root / FILE)
    try:
        sqlite = "\n".join(connection.iterdump())
    finally:
        connection.close()
    return {"postgres": re.sub(r"(?m)^\\(un)?restrict .*$", "", dump), "sqlite": sqlite}


def rows(deployment: Deployment) -> dict[str, list[str]]:
    return {service: deployment.read(service) for service in SERVICES}


def restore(deployment: Deployment, *arguments: str, status: int = 0) -> str:
    done = run_script(deployment, "restore", *arguments, status=status)
    return done.stdout + done.stderr


@pytest.fixture
def running(deployment: Deployment) -> Deployment:
    """agent-runtime on SQLite, auth-service on PostgreSQL."""
    deployment.run_printed(deployment.generate_profile("mixed"))
    return deployment


@pytest.mark.versions
def test_everything_comes_back_to_an_empty_place(running: Deployment, deploy: Callable[..., Deployment]) -> None:
    """Onto a fresh volume, and onto another host: each definition and each row of a difficult schema."""
    make_difficult(running)
    before = contents(running)
    assert before["postgres"].count("\n") > 200_000 < before["sqlite"].count("\n")
    backup = back_up(running)
    assert facts(backup)["auth_db.dump"]["Odd schema.tab\\tand\\nline"] == 3
    assert facts(backup)["agent-runtime.db"]["tab\\tand\\nline"] == 3

    running.compose("down", "--volumes")
    for path in (running.root / FILE).parent.iterdir():
        path.unlink()
    said = restore(running, str(backup))
    assert contents(running) == before
    assert rows(running) == dict.fromkeys(SERVICES, SEEDS)
    assert "auth_db_before" in said, "the first start of the server has made an empty one"
    running.compose("down", "--volumes")

    other = deploy()
    other.generate_profile("mixed")
    restore(other, str(copied(other, backup, "moved")))
    assert contents(other) == before


def test_the_present_data_is_replaced_and_kept(running: Deployment) -> None:
    """Also where the old file has a -wal, while services write, and while somebody is connected."""
    backup = back_up(running)
    for service in SERVICES:
        running.write(service, "later")
    with load(running, "agent-runtime") as more, load(running, "auth-service"):
        more()
        assert (running.root / f"{FILE}-wal").stat().st_size > 0
        said = restore(running, str(backup))
    assert rows(running) == dict.fromkeys(SERVICES, SEEDS)
    assert not running.root.joinpath(f"{FILE}-wal").exists()

    [kept] = (running.root / FILE).parent.glob("*.before-*")
    assert f"/app/data/{kept.name}" in said
    connection = sqlite3.connect(kept)
    assert [text for (text,) in connection.execute("SELECT text FROM notes")] == [*SEEDS, "later"]
    [[credit]], [[debit]] = (
        connection.execute(f"SELECT count(*) FROM {name}").fetchall() for name in ("credit", "debit")
    )
    connection.close()
    assert credit == debit > 100
    assert kept.stat().st_uid == (running.root / FILE).stat().st_uid
    [old] = [name for name in state(running).databases if name.startswith("auth_db_before_")]
    assert psql(running, old, "SELECT count(*) FROM notes") == "3"

    found = re.search(r"the state before is backed up too: (\S+)", said)
    assert found is not None
    restore(running, found[1])
    assert rows(running) == dict.fromkeys(SERVICES, [*SEEDS, "later"])
    # The printed commands remove what was kept.
    for command in re.findall(r"^  ((?:scripts|docker).*)$", said, re.MULTILINE):
        check(running.finish(["sh", "-ec", command]))
    assert not kept.exists()
    assert old not in state(running).databases


def test_only_what_is_named(running: Deployment) -> None:
    backup = back_up(running)
    for service in SERVICES:
        running.write(service, "later")
    before = {name: container["State"]["StartedAt"] for name, container in running.containers().items()}
    restore(running, str(backup), "auth-service")
    after = {name: container["State"]["StartedAt"] for name, container in running.containers().items()}
    assert rows(running) == {"agent-runtime": [*SEEDS, "later"], "auth-service": SEEDS}
    assert before["agent-runtime"] == after["agent-runtime"]


def resealed(backup: Path, text: str) -> None:
    """The manifest with another text, and the right last line for it."""
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("end\t"))
    backup.joinpath("manifest").write_text(
        f"{body}end\t{hashlib.sha256(body.encode()).hexdigest()}\n", encoding="utf-8"
    )


def test_a_backup_that_is_not_what_was_made(running: Deployment) -> None:
    """It is refused, or found out beside the present data: services go on, and nothing stays."""
    backup = back_up(running)
    before = {name: container["State"]["StartedAt"] for name, container in running.containers().items()}
    manifest = backup.joinpath("manifest").read_text(encoding="utf-8")

    def change(name: str, work: Callable[[Path], object]) -> str:
        work(copied(running, backup, name))
        return restore(running, name, status=1)

    def flip(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    def rewrite(old: str, new: str) -> Callable[[Path], None]:
        assert old in manifest
        return lambda copy: resealed(copy, manifest.replace(old, new))

    assert "auth_db.dump in " in change("bit", lambda copy: flip(copy / "auth_db.dump"))
    assert "agent-runtime.db in " in change("cut", lambda copy: (copy / "agent-runtime.db").write_bytes(b""))
    assert "lacks the file roles.sql" in change("less", lambda copy: (copy / "roles.sql").unlink())
    edited = manifest.replace("\tnotes\t2\n", "\tnotes\t3\n")
    assert edited != manifest
    said = change("edited", lambda copy: (copy / "manifest").write_text(edited, encoding="utf-8"))
    assert "was changed, or is not whole" in said
    half = manifest[: len(manifest) // 2]
    assert "not whole" in change("half", lambda copy: (copy / "manifest").write_text(half, encoding="utf-8"))
    assert "not whole" in change("empty", lambda copy: (copy / "manifest").write_bytes(b""))
    assert "it has no manifest" in change("without", lambda copy: (copy / "manifest").unlink())
    assert "a file that is not in its folder" in change("out", rewrite("file\tauth_db.dump", "file\t../auth_db.dump"))
    assert "another version" in change("new", rewrite("format\t1", "format\t2"))
    assert not list(running.out.joinpath("backups").glob("*-safety"))

    said = change("rows", rewrite("\tnotes\t2\n", "\tnotes\t3\n"))
    assert "agent-runtime.db: other rows arrived than the manifest says" in said
    assert "expected notes\t3" in said and "found    notes\t2" in said
    said = change("more", rewrite("\tpublic.notes\t2\n", "\tpublic.notes\t3\n"))
    assert "auth_db.dump: other rows arrived than the manifest says" in said

    after = {name: container["State"]["StartedAt"] for name, container in running.containers().items()}
    assert after == before
    assert set(started(running)) == {f"{name}-1" for name in before}
    assert [path.name for path in (running.root / FILE).parent.iterdir()] == ["agent_runtime.db"]
    assert [name for name in state(running).databases if "_restoring_" in name or "_before_" in name] == []


def test_a_backup_of_the_other_engine(running: Deployment) -> None:
    backup = back_up(running)
    running.generate_profile("mixed", "--set", "services.auth-service.database.engine=sqlite")
    said = restore(running, str(backup), "auth-service", status=1)
    assert "restore: auth-service uses sqlite, and the backup is one of postgres" in said
    assert "codelab-gen migrate --help" in said


def test_a_file_that_somebody_has_open(running: Deployment) -> None:
    """Nobody's file is taken away from under him; the services go on with the old data."""
    backup = back_up(running)
    running.write("agent-runtime", "later")
    running.compose("run", "--detach", "agent-runtime", "python", "/opt/service/client.py", "hold")
    running.sql("agent-runtime", "CREATE TABLE forces_a_wal (x)")
    holder = next(name for name in started(running) if "-run-" in name)
    wal = (
        "import sqlite3; sqlite3.connect('/app/data/agent_runtime.db').execute('PRAGMA journal_mode = WAL').fetchone()"
    )
    running.engine.docker("kill", f"{running.project}-{holder}")
    running.inside("agent-runtime", "python", "-c", wal)
    running.engine.docker("start", f"{running.project}-{holder}")
    said = restore(running, str(backup), status=1)
    assert "/app/data/agent_runtime.db is still in use by another program" in said
    assert "restore: the file of agent-runtime could not be replaced, and is as it was" in said
    running.up()
    assert rows(running) == {"agent-runtime": [*SEEDS, "later"], "auth-service": SEEDS}


def test_damaged_data_is_replaced(running: Deployment) -> None:
    """Where no safety backup can be made, one says so, and the damaged file stays too."""
    backup = back_up(running, "agent-runtime")
    running.compose("stop", "agent-runtime")
    (running.root / FILE).write_bytes(b"this is no database" * 1000)
    (running.root / f"{FILE}-wal").write_bytes(b"nor is this its journal")
    said = restore(running, str(backup), status=1)
    assert "where it is damaged: --no-backup restores without that" in said
    said = restore(running, "--no-backup", str(backup))
    assert running.read("agent-runtime") == SEEDS
    [kept] = (running.root / FILE).parent.glob("*.before-*")
    assert kept.read_bytes().startswith(b"this is no database")


@pytest.mark.versions
@pytest.mark.parametrize("access", ["per_service", "shared"])
def test_a_hardened_stack(deployment: Deployment, access: str) -> None:
    """Production with everything read-only, roles of their own or one for all, and a name as long as names can be."""
    name = "a" * 63
    settings = ["postgres.access=" + access, f"services.auth-service.database.postgres={name}"]
    for service in SERVICES:
        settings += [f"services.{service}.hardening=strict", f"services.{service}.user=10001:10001"]
    if access == "shared":
        settings.append("services.agent-runtime.database.engine=sqlite")
    arguments = [argument for setting in settings for argument in ("--set", setting)]
    deployment.run_printed(deployment.generate_profile("prod", *arguments))
    first = {"per_service": {"agent_runtime.dump": {"public.notes": 2}}, "shared": {"agent-runtime.db": {"notes": 2}}}
    backup = back_up(deployment)
    assert facts(backup) == {**first[access], f"{name}.dump": {"public.notes": 2}}
    before = state(deployment).without_verifiers()
    for service in SERVICES:
        deployment.write(service, "later")
    said = restore(deployment, str(backup))
    assert rows(deployment) == dict.fromkeys(SERVICES, SEEDS)
    after = state(deployment).without_verifiers()
    assert {name: after.databases[name] for name in before.databases} == before.databases
    kept = set(after.databases) - set(before.databases)
    assert len(kept) == (2 if access == "per_service" else 1)
    assert all(len(name) <= 63 and name in said for name in kept)
    assert after.roles == before.roles
    for name in before.databases:
        assert after.relations.get(name) == before.relations.get(name)
    for service in SERVICES:
        deployment.write(service, "written again")
        assert deployment.read(service) == [*SEEDS, "written again"]


KILLED = [
    ("compose run", "after"),
    ("receive /app", "sent"),
    ("receive /app", "after"),
    ("make auth_db", "after"),
    ("load_as", "sent"),
    ("load_as", "after"),
    ("stop", "after"),
    ("replace /app", "before"),
    ("replace /app", "after"),
    ("swap auth_db", "before"),
    ("swap auth_db", "after"),
    ("compose up", "before"),
]


@pytest.mark.parametrize(("at", "how"), sample(KILLED))
def test_killed_at_any_point(running: Deployment, at: str, how: str) -> None:
    """Each service then starts with its old rows or the restored ones; a second run restores them and tidies up."""
    make_difficult(running)
    backup = back_up(running)
    restored = contents(running)
    for service in SERVICES:
        running.write(service, "later")
    later = contents(running)
    Shim(running).kill(at, how, "restore", str(backup))
    running.up()
    found = contents(running)
    for engine in ("sqlite", "postgres"):
        expected = restored if engine in replaced_at(at, how) else later
        assert normalized(found[engine]) == normalized(expected[engine]), engine
    restore(running, str(backup))
    assert contents(running) == restored
    assert set(started(running)) == {"agent-runtime-1", "auth-service-1", "postgres-1", "postgres-ensure-1"}
    assert [name for name in state(running).databases if "_restoring_" in name] == []
    names = [path.name for path in (running.root / FILE).parent.iterdir()]
    assert [name for name in names if name.startswith(".") or name.endswith(("-wal", "-shm"))] == []
    assert list(running.out.joinpath("backups").glob(".*")) == []


def replaced_at(at: str, how: str) -> list[str]:
    """Whose data is the restored one when the script ends there: SQLite comes first."""
    if at == "compose up" or (at, how) == ("swap auth_db", "after"):
        return ["sqlite", "postgres"]
    return ["sqlite"] if at == "swap auth_db" or (at, how) == ("replace /app", "after") else []


def normalized(dump: str) -> str:
    """Without the state of sequences, which goes on when a row was added twice."""
    return re.sub(
        r"(?m)^SELECT pg_catalog.setval\('public.notes_id_seq'.*$|^INSERT INTO \"sqlite_sequence\".*$", "", dump
    )
