"""scripts/db/backup.sh: what it writes is whole, whoever else writes meanwhile and whatever ends it."""

import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import images
import pytest
from engine import NOBODY
from operations import Shim, back_up, facts, load, run_script, sample, settled, started
from server import psql

from deployment import SEEDS, Deployment

FILE = "agent-runtime/data/agent_runtime.db"


def rows(file: Path, table: str) -> int:
    connection = sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    finally:
        connection.close()


def fill(deployment: Deployment, service: str, megabytes: int) -> None:
    """A table that neither fits into a pipe nor compresses well."""
    if service == "agent-runtime":
        deployment.sql(
            service,
            "CREATE TABLE large (id INTEGER PRIMARY KEY, content BLOB)",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
            f"{megabytes * 64}) INSERT INTO large SELECT i, randomblob(16384) FROM n",
        )
    else:
        psql(
            deployment,
            "auth_db",
            "CREATE TABLE large (id integer PRIMARY KEY, content text);"
            "INSERT INTO large SELECT i, "
            "(SELECT string_agg(md5(random()::text || i || j), '') FROM generate_series(1, 512) AS j) "
            f"FROM generate_series(1, {megabytes * 64}) AS i",
        )


@pytest.fixture
def running(deployment: Deployment) -> Deployment:
    """agent-runtime on SQLite, auth-service on PostgreSQL."""
    deployment.run_printed(deployment.generate_profile("mixed"))
    return deployment


def test_a_backup_while_services_write(running: Deployment) -> None:
    """Each database as of one moment, the manifest tells what is in the files, and nothing is left behind."""
    with load(running, "agent-runtime") as more_sqlite, load(running, "auth-service") as more_postgres:
        backups = []
        for _ in range(3):
            more_sqlite()
            more_postgres()
            backups.append(back_up(running))
        # What `cp` takes is the file without its -wal: committed rows are lost, and nothing tells so.
        more_sqlite()
        naive = shutil.copy(running.root / FILE, running.root / "naive.db")
        backups.append(back_up(running))
    last = 0
    for backup in backups:
        found = facts(backup)
        assert set(found) == {"agent-runtime.db", "auth_db.dump"}
        ours = found["agent-runtime.db"]
        assert ours["credit"] == ours["debit"] == rows(backup / "agent-runtime.db", "credit")
        assert ours["credit"] > last
        last = ours["credit"]
        theirs = found["auth_db.dump"]
        assert theirs["public.credit"] == theirs["public.debit"] > 0
        assert ours["notes"] == theirs["public.notes"] == len(SEEDS)
        hold_whole(backup)
    connection = sqlite3.connect(f"file:{naive}?mode=ro&immutable=1", uri=True)
    tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'credit'").fetchone()[0]
    lost = connection.execute("SELECT count(*) FROM credit").fetchone()[0] if tables else 0
    connection.close()
    assert lost < last, "the naive copy would have done"
    assert [path.name for path in (running.root / FILE).parent.iterdir() if path.name.startswith(".")] == []
    assert running.out.joinpath("backups").stat().st_mode & 0o777 == 0o700
    assert "-run-" not in " ".join(started(running))


def hold_whole(backup: Path) -> None:
    """The files are those of the manifest, for their owner only, and no password stands in them."""
    lines = backup.joinpath("manifest").read_text(encoding="utf-8").splitlines(keepends=True)
    assert lines[-1] == f"end\t{hashlib.sha256(''.join(lines[:-1]).encode()).hexdigest()}\n"
    listed = {"manifest": ""}
    for line in lines:
        if re.match("(file|roles)\t", line):
            parts = line.rstrip("\n").split("\t")
            listed[parts[1]] = parts[-1]
    assert {path.name for path in backup.iterdir()} == set(listed)
    for path in backup.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert listed[path.name] in ("", hashlib.sha256(path.read_bytes()).hexdigest())
        assert b"SCRAM-SHA-256" not in path.read_bytes()


@pytest.mark.versions
def test_services_that_stand_still(running: Deployment) -> None:
    """They are backed up too, and stand still afterwards; so does what was never started."""
    running.compose("stop")
    before = started(running)
    found = facts(back_up(running))
    assert found == {"agent-runtime.db": {"notes": 2}, "auth_db.dump": {"public.notes": 2}}
    assert started(running) == before
    running.compose("down")
    assert facts(back_up(running)) == found
    assert "running" not in started(running).values()


def test_only_what_is_named(running: Deployment, tmp_path: Path) -> None:
    tmp_path = running.root / "elsewhere"
    backup = back_up(running, "--to", "elsewhere", "agent-runtime")
    assert backup.parent == tmp_path
    assert set(facts(backup)) == {"agent-runtime.db"}
    said = run_script(running, "backup", "gateway", status=2).stderr
    assert "gateway is no service with a database: agent-runtime auth-service" in said


def test_an_image_without_python(running: Deployment) -> None:
    """It is told by its service's name, and the others are backed up."""
    folder = running.root / "bare"
    folder.mkdir()
    folder.joinpath("Dockerfile").write_text(
        f"FROM {images.SERVICE}\nUSER root\nRUN rm -f /usr/bin/python3* /usr/local/bin/python\n", encoding="ascii"
    )
    running.compose("stop", "agent-runtime")
    running.compose("rm", "--force", "agent-runtime")
    running.engine.docker(
        "build", "--quiet", "--network=none", "--tag", f"{running.project}-agent-runtime", str(folder)
    )
    done = run_script(running, "backup", status=1)
    assert "backup: the image of agent-runtime has no Python with sqlite3" in done.stderr
    assert done.stdout.endswith("-partial\n")
    assert set(facts(Path(done.stdout.strip()))) == {"auth_db.dump"}
    assert set(facts(back_up(running, "auth-service"))) == {"auth_db.dump"}


def test_a_database_that_is_not_there(deployment: Deployment) -> None:
    """A backup without it would look like one of everything."""
    deployment.generate_profile("dev")
    said = run_script(deployment, "backup", status=1).stderr
    assert "/app/data/agent_runtime.db is not there" in said
    assert "backup: agent-runtime was not backed up, and there is no new backup" in said
    assert list(deployment.out.joinpath("backups").iterdir()) == []
    assert run_script(deployment, "backup", "--safety").stdout == ""


def test_a_damaged_database(running: Deployment) -> None:
    fill(running, "agent-runtime", 1)
    running.compose("stop", "agent-runtime")
    with (running.root / FILE).open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 8192)
    done = run_script(running, "backup", status=1)
    assert re.search("agent_runtime.db.*malformed|the database is damaged", done.stderr), done.stderr
    assert [str(backup) for backup in running.out.joinpath("backups").iterdir()] == [done.stdout.strip()]
    assert set(facts(Path(done.stdout.strip()))) == {"auth_db.dump"}


@pytest.fixture
def small_disk(running: Deployment) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("e2e: skipped: only root mounts a small disk")
    folder = running.root / "small"
    folder.mkdir()
    options = f"size=512k,mode=0700,uid={NOBODY},gid={NOBODY}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.versions
@pytest.mark.parametrize("service", ["agent-runtime", "auth-service"])
def test_a_full_disk(running: Deployment, small_disk: Path, service: str) -> None:
    """It fails, and nothing is left that looks like a backup or takes place."""
    fill(running, service, 2)
    said = run_script(running, "backup", "--to", str(small_disk), service, status=1).stderr
    assert "No space left on device" in said
    assert f"backup: {service} was not backed up, and there is no new backup" in said
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("service", ["agent-runtime", "auth-service"])
def test_a_container_that_is_killed_meanwhile(running: Deployment, service: str) -> None:
    fill(running, service, 32)  # more than all that stands between the container and the script can hold
    call, container = {"agent-runtime": ("copy /app", service), "auth-service": ("dump auth_db", "postgres")}[service]
    env = Shim(running).environment(call, "container", running.name(container))
    said = run_script(running, "backup", service, status=1, env=env).stderr
    assert f"backup: {service} was not backed up, and there is no new backup" in said
    assert list(running.out.joinpath("backups").iterdir()) == []
    settled(lambda: started(running)[f"{container}-1"] == "exited")
    running.up()
    assert facts(back_up(running, service))


def test_kept_backups(running: Deployment) -> None:
    """Only whole backups of the same services go, the oldest first; nothing else that stands there does."""
    folder = running.out / "backups"
    single = back_up(running, "agent-runtime")
    safety = back_up(running, "--safety")
    broken = folder / "20200101T000000Z"
    shutil.copytree(single, broken)
    broken.joinpath("manifest").write_text("format\t1\n", encoding="ascii")
    own = folder / "20200102T000000Z"
    own.mkdir()
    own.joinpath("mine").touch()
    first, second = back_up(running), back_up(running)
    third = back_up(running, "--keep", "2")
    assert set(folder.iterdir()) == {single, safety, broken, own, second, third}
    assert not first.exists()
    fourth = back_up(running, "--keep", "1")
    assert set(folder.iterdir()) == {single, safety, broken, own, fourth}
    for value in ("0", "", "-1", "many"):
        run_script(running, "backup", "--keep", value, status=2)


KILLED = [
    ("compose config", "before"),
    ("compose run", "after"),
    ("copy /app", "before"),
    ("copy /app", "amid"),
    ("copy /app", "after"),
    ("dump auth_db", "amid"),
    ("dump auth_db", "after"),
    ("read_archive", "sent"),
    ("roles", "amid"),
    ("roles", "after"),
]


def test_killed_at_any_point(running: Deployment) -> None:
    """Nothing then looks like a backup; the next run is a whole one, and takes away what was left."""
    for service in ("agent-runtime", "auth-service"):
        fill(running, service, 1)
    # Where it stands still a container is started, which must not stay.
    running.compose("stop", "agent-runtime")
    shim = Shim(running)
    folder = running.out / "backups"
    for at, how in sample(KILLED):
        shim.kill(at, how, "backup")
        assert [path.name for path in folder.glob("[!.]*")] == [], (at, how)
    backup = back_up(running)
    hold_whole(backup)
    assert list(folder.iterdir()) == [backup]
    assert [path.name for path in (running.root / FILE).parent.iterdir()] == ["agent_runtime.db"]
    assert set(started(running)) == {"agent-runtime-1", "auth-service-1", "postgres-1", "postgres-ensure-1"}


def test_two_at_once(running: Deployment) -> None:
    """Each makes one of its own, and neither takes away what the other is just making."""
    command = [str(running.out / "scripts/db/backup.sh")]
    environment = running.engine.environment()
    both = [
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", **running.identity(command)
        )
        for _ in range(2)
    ]
    made = {Path(process.communicate()[0].strip()) for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert set(running.out.joinpath("backups").iterdir()) == made and len(made) == 2
    for backup in made:
        hold_whole(backup)
