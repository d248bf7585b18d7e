"""sqlite.py where the service is hostile: whatever lies in its folder, and whatever stands in its database.

What these tests know:

* the program runs as it does in a container: as a text given to Python, with the path of the file;
* `VICTIM` stands for what is outside of the data folder: it is as it was whatever happened;
* what has no end is ended by the program itself, long before the tests lose their patience.
"""

import re
import hashlib
import os
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from programs import ROOT, SCRUBBED

PROGRAM = (ROOT / "templates" / "scripts" / "db" / "sqlite.py").read_text(encoding="utf-8")
PATIENCE = 25.0
STAMP = "20260101_000000"
VICTIM = b"of somebody else\n" * 400
TEXT = "\x1b]0;forged\x07\nrows\tforged\t1"
# A calculation of some hundredths of a second, for each of many rows.
SLOW = "length(hex(hex(hex(zeroblob(2000000)))) || text)"
MANY = ["INSERT INTO notes WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 10000) SELECT x FROM n"]
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


@dataclass
class Done:
    status: int
    output: bytes = field(repr=False)
    said: str

    @property
    def facts(self) -> list[str]:
        """The lines before the file."""
        return self.output.partition(b"\n\n")[0].decode().split("\n")

    @property
    def content(self) -> bytes:
        return self.output.partition(b"\n\n")[2]


def run(command: str, file: Path, *arguments: str, stdin: bytes = b"", program: str = PROGRAM) -> Done:
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, command, str(file), *arguments],
        env=SCRUBBED,
        cwd="/",
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    said = done.stderr.decode()
    assert "Traceback" not in said, said
    assert all(line.isprintable() for line in said.splitlines()), said
    # what tells that it is not dead comes before everything else
    output = re.sub(rb"\A(alive\n)+", b"", done.stdout)
    return Done(done.returncode, output, said)


def refused(done: Done, reason: str) -> None:
    assert done.status == 1, done
    assert not done.output and reason in done.said, done


def made(file: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(file)) as database, database:
        for statement in statements or ("CREATE TABLE notes (text)", "INSERT INTO notes VALUES ('one')"):
            database.execute(statement)
    return file


def written_in(file: Path, name: str, sql: str) -> None:
    """The schema says something that SQLite itself would not have written."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, name))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Path]:
    """Something outside of the folder, which stays as it is."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("victim", "auth.db"):
        folder.joinpath(name).write_bytes(VICTIM)
    yield folder / "victim"
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == {"victim": VICTIM, "auth.db": VICTIM}


def laid(path: Path, kind: str, victim: Path) -> None:
    """Puts something into the place of a file."""
    match kind:
        case "link":
            path.symlink_to(victim)
        case "link to nowhere":
            path.symlink_to(victim.with_name("nowhere"))
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "socket":
            place = os.getcwd()
            os.chdir(path.parent)  # the path of a socket may not be long
            try:
                with socket.socket(socket.AF_UNIX) as listening:
                    listening.bind(path.name)
            finally:
                os.chdir(place)
        case "second name":
            os.link(victim, path)


KINDS = {
    "link": "is a link",
    "link to nowhere": "is a link",
    "pipe": "is a pipe",
    "folder": "is a folder",
    "socket": "is a device or a socket",
}

# Every command that names the database, with what it needs beside it.
COMMANDS: dict[str, Callable[[Path], Done]] = {
    "copy": lambda file: run("copy", file),
    "tables": lambda file: run("tables", file),
    "receive": lambda file: run("receive", file, f".auth.db.restoring-{STAMP}", sent(), stdin=new_file()),
    "replace": lambda file: run("replace", file, f".auth.db.restoring-{STAMP}", STAMP),
    "tidy": lambda file: run("tidy", file),
}


def new_file() -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE notes (text)")
        return database.serialize()


def sent() -> str:
    return hashlib.sha256(new_file()).hexdigest()


def without_second_names() -> str:
    """The program as on a file system that knows none."""
    program = PROGRAM.replace("os.link(path, aside, follow_symlinks=False)", "raise PermissionError")
    assert program != PROGRAM
    return program


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_but_a_file_is_opened(command: str, kind: str, data: Path, victim: Path) -> None:
    laid(data / "auth.db", kind, victim)
    before = names(data)
    refused(COMMANDS[command](data / "auth.db"), f"{data / 'auth.db'} {KINDS[kind]}")
    assert names(data) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_on_the_way_is_no_link(command: str, data: Path, victim: Path) -> None:
    data.joinpath("deep").symlink_to(victim.parent)
    refused(COMMANDS[command](data / "deep" / "auth.db"), "is not followed")


@pytest.mark.parametrize("end", ["-wal", "-journal", "-shm"])
@pytest.mark.parametrize("kind", ["link", "pipe", "second name"])
@pytest.mark.parametrize("command", ["copy", "tables", "replace"])
def test_a_journal_is_the_databases_own(command: str, kind: str, end: str, data: Path, victim: Path) -> None:
    file = made(data / "auth.db")
    laid(Path(f"{file}{end}"), kind, victim)
    made(data / f".auth.db.restoring-{STAMP}")
    why = {**KINDS, "second name": "has a second name"}[kind]
    refused(COMMANDS[command](file), f"{file}{end} {why}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
def test_a_journal_of_another_user_is_not_taken(data: Path) -> None:
    file = made(data / "auth.db")
    journal = Path(f"{file}-wal")
    journal.write_bytes(b"")
    os.chown(journal, 4242, 4242)
    os.chown(file, 4243, 4243)
    refused(run("copy", file), "belongs to another user")


def journal_that_names(another: Path) -> bytes:
    """A journal of a transaction over several databases, which was cut off: it is rolled back, and then the named file
    goes (https://www.sqlite.org/fileformat2.html#the_rollback_journal)."""
    magic = bytes.fromhex("d9d505f920a163d7")
    header = magic + struct.pack(">IIIII", 0, 1, 2, 512, 4096)
    name = os.fsencode(another)
    lock_page = (1 << 30) // 4096 + 1
    sum_of_name = sum(struct.unpack(f"{len(name)}b", name)) & 0xFFFFFFFF
    return (
        header.ljust(512, b"\0")
        + struct.pack(">I", lock_page)
        + name
        + struct.pack(">II", len(name), sum_of_name)
        + magic
    )


def test_a_journal_that_names_another_file_removes_nothing(data: Path, victim: Path, tmp_path: Path) -> None:
    file = made(data / "auth.db")
    journal = Path(f"{file}-journal")
    journal.write_bytes(journal_that_names(victim))
    for command in ("copy", "tables", "replace"):
        made(data / f".auth.db.restoring-{STAMP}", "CREATE TABLE IF NOT EXISTS notes (text)")
        refused(COMMANDS[command](file), "names a file of other databases")

    bait = tmp_path / "bait"
    bait.write_bytes(VICTIM)
    journal.write_bytes(journal_that_names(bait))
    with closing(sqlite3.connect(file)) as database:
        database.execute("SELECT count(*) FROM notes").fetchall()
    assert not bait.exists(), "so SQLite itself would have removed it"


def test_a_name_that_is_laid_out_for_us_is_not_written_to(data: Path, victim: Path) -> None:
    file = made(data / "auth.db")
    before = file.read_bytes()
    new, aside = data / f".auth.db.restoring-{STAMP}", data / f".auth.db.before-{STAMP}"
    new.symlink_to(victim)
    assert COMMANDS["receive"](file).status == 1
    new.unlink(missing_ok=True)
    new.symlink_to(victim)
    refused(COMMANDS["replace"](file), "is a link")

    new.unlink()
    aside.symlink_to(victim)
    made(new)
    for program in (PROGRAM, without_second_names()):
        done = run("replace", file, new.name, STAMP, program=program)
        assert done.status == 1, done
        assert file.read_bytes() == before


def test_where_files_have_one_name_the_old_one_is_copied(data: Path) -> None:
    file = made(data / "auth.db")
    before = file.read_bytes()
    new = made(data / f".auth.db.restoring-{STAMP}", "CREATE TABLE other (text)")
    done = run("replace", file, new.name, STAMP, program=without_second_names())
    kept = data / f"auth.db.before-{STAMP}"
    assert (done.status, done.output.decode()) == (0, f"{kept}\n"), done.said
    assert kept.read_bytes() == before
    assert run("tables", file).output == b"1\n"


def test_only_what_we_have_made_is_tidied(data: Path, victim: Path) -> None:
    """A name is told to who restores, as a word of a command."""
    file = made(data / "auth.db")
    hostile = [
        ".auth.db.before-x\nadvice: rm -rf /",
        ".auth.db.before-$(touch forged)",
        f".auth.db.before-{STAMP}-wal",
        ".auth.db.backup-not",
    ]
    for name in hostile:
        data.joinpath(name).write_bytes(b"")
    for kind in ("backup-00000000", f"before-{STAMP}", "restoring-20260101_000009"):
        os.mkfifo(data / f".auth.db.{kind}")
    data.joinpath(".auth.db.before-20260101_000001").symlink_to(victim)
    before = names(data)
    assert run("tidy", file).status == 0
    assert names(data) == before

    made(data / ".auth.db.restoring-20260101_000002")
    done = run("replace", file, ".auth.db.restoring-20260101_000002", "20260101_000002")
    assert (done.status, done.output.decode()) == (0, f"{file}.before-20260101_000002\n"), done.said


def test_a_file_larger_than_the_disk_is_not_copied(data: Path) -> None:
    file = made(data / "auth.db")
    os.truncate(file, 8 << 40)
    refused(run("copy", file), "are free for a copy")
    assert names(data) == ["auth.db"]


def test_a_file_that_outgrows_the_disk_while_it_is_read_is_not_copied(data: Path) -> None:
    file = made(data / "auth.db", "CREATE TABLE notes (text)", "INSERT INTO notes VALUES (zeroblob(3000000))")
    program = PROGRAM.replace("free = disk.f_bavail * disk.f_frsize", "free = 1000000")
    assert program != PROGRAM
    refused(run("copy", file, program=program), "1000000 are free")
    program = program.replace("if size > free:", "if size < 0:")
    done = run("copy", file, program=program)
    assert (done.status, done.output) == (1, b""), "it says less, and is more when it is read"
    assert names(data) == ["auth.db"]


def test_a_file_that_grows_while_it_is_read_is_copied_as_of_one_moment(data: Path) -> None:
    file = made(data / "auth.db", "PRAGMA journal_mode = WAL", "CREATE TABLE notes (text)")
    ended, started = threading.Event(), threading.Event()

    def grow() -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            while not ended.is_set():
                database.execute("INSERT INTO notes VALUES (zeroblob(100000))")
                started.set()

    growing = threading.Thread(target=grow)
    growing.start()
    try:
        assert started.wait(PATIENCE)
        done = run("copy", file)
    finally:
        ended.set()
        growing.join()
    assert done.status == 0, done.said
    [rows] = [line.split("\t")[2] for line in done.facts if line.startswith("rows\t")]
    copied = data / "copied.db"
    copied.write_bytes(done.content)
    with closing(sqlite3.connect(copied)) as database:
        assert database.execute("SELECT count(*) FROM notes").fetchall() == [(int(rows),)]


def test_a_view_that_is_called_a_table_is_not_run(data: Path) -> None:
    file = made(data / "auth.db", f"CREATE VIEW notes AS {ENDLESS}", "CREATE TABLE other (text)")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET type = 'table' WHERE name = 'notes'")
    done = run("copy", file)
    if done.status == 0:  # a SQLite that takes such a schema as it is
        assert [line for line in done.facts if line.startswith("rows\t")] == ["rows\tother\t0"]
    else:
        refused(done, "malformed database schema")


def test_a_table_that_a_view_stands_behind_is_not_counted(data: Path) -> None:
    """Two rows of the schema have one name."""
    file = made(data / "auth.db", "CREATE TABLE a (text)", f"CREATE VIEW b AS {ENDLESS}")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET name = 'b' WHERE name = 'a'")
    done = run("copy", file)
    refused(done, "not authorized" if "malformed" not in done.said else "malformed database schema")


@pytest.mark.parametrize("words", ["CREATE VIRTUAL", "CREATE /**/ VIRTUAL", "create\nVIRTUAL"])
def test_a_module_behind_a_table_is_not_asked(words: str, data: Path) -> None:
    """Nor is it where its text is another than SQLite writes."""
    file = made(data / "auth.db", "CREATE VIRTUAL TABLE notes USING fts5 (text)", "CREATE TABLE other (text)")
    written_in(file, "notes", f"{words} TABLE notes USING fts5 (text)")
    done = run("copy", file)
    assert done.status == 0, done
    counted = [line.split("\t")[1] for line in done.facts if line.startswith("rows\t")]
    assert "notes" not in counted and "other" in counted


def test_a_calculation_of_the_schema_has_an_end(data: Path) -> None:
    file = made(
        data / "auth.db", "CREATE TABLE notes (text)", "CREATE INDEX calculated ON notes (length(text) > 0)", *MANY
    )
    written_in(file, "calculated", f"CREATE INDEX calculated ON notes ({SLOW} > 0)")
    program = PROGRAM.replace("PATIENT_SECONDS = 60.0", "PATIENT_SECONDS = 2.0")
    refused(run("copy", file, program=program), "no end after 2 seconds")
    assert names(data) == ["auth.db"]


def test_a_check_of_the_service_is_not_calculated(data: Path) -> None:
    file = made(data / "auth.db", "CREATE TABLE notes (text)", *MANY)
    written_in(file, "notes", f"CREATE TABLE notes (text CHECK ({SLOW}))")
    program = PROGRAM.replace("PATIENT_SECONDS = 60.0", "PATIENT_SECONDS = 10.0")
    done = run("copy", file, program=program)
    assert done.status == 0, done.said
    assert "rows\tnotes\t10000" in done.facts


def test_a_name_is_one_fact_and_no_order(data: Path) -> None:
    file = made(data / "auth.db", f'CREATE TABLE "{TEXT}" (text)', 'CREATE TABLE "a\x85\x7f\\" (text)')
    done = run("copy", file)
    assert done.status == 0, done.said
    assert done.facts[1:3] == ["rows\t\\x1b]0;forged\\x07\\nrows\\tforged\\t1\t0", "rows\ta\\x85\\x7f\\\\\t0"]
    assert [line.partition("\t")[0] for line in done.facts] == ["version", "rows", "rows", "bytes", "sha256"]


def test_what_is_told_of_a_damaged_file_is_one_line(data: Path) -> None:
    file = made(
        data / "auth.db", "CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 2)", f'CREATE INDEX "{TEXT}" ON t (a)'
    )
    written_in(file, TEXT, f'CREATE INDEX "{TEXT}" ON t (b)')
    done = run("copy", file)
    refused(done, "\\x1b]0;forged")
    assert done.said.count("\n") == 1
    assert names(data) == ["auth.db"]


def test_names_without_end_are_not_told(data: Path) -> None:
    file = made(data / "auth.db", f'CREATE TABLE "{"n" * 5_000_000}" (text)')
    refused(run("copy", file), "too long for a backup")


def test_triggers_and_views_of_a_database_do_nothing(data: Path) -> None:
    file = made(
        data / "auth.db",
        "CREATE TABLE notes (text)",
        "CREATE TABLE done (text)",
        "CREATE TRIGGER fires AFTER INSERT ON notes BEGIN INSERT INTO done VALUES ('fired'); END",
        f"CREATE VIEW endless AS {ENDLESS}",
        "INSERT INTO notes VALUES ('one')",
    )
    done = run("copy", file)
    assert done.status == 0, done.said
    assert done.facts[1:3] == ["rows\tdone\t1", "rows\tnotes\t1"]
    digest = hashlib.sha256(done.content).hexdigest()
    new = f".auth.db.restoring-{STAMP}"
    assert run("receive", file, new, digest, stdin=done.content).status == 0
    assert run("replace", file, new, STAMP).output.decode() == f"{file}.before-{STAMP}\n"
    assert run("copy", file).facts[1:3] == ["rows\tdone\t1", "rows\tnotes\t1"]


def test_a_link_that_the_image_has_laid_leads_to_the_data(tmp_path: Path) -> None:
    """`/var/run` is `/run` in many images; the data is a mount below it. A mount namespace of its own stands for that."""
    script = """
set -e
mount -t tmpfs none /mnt
mkdir /mnt/root
for folder in usr bin lib lib64 proc; do [ ! -e /$folder ] || { mkdir /mnt/root/$folder; mount --rbind /$folder /mnt/root/$folder; }; done
mkdir -p /mnt/root/srv/data /mnt/root/python
ln -s srv /mnt/root/app
mount --rbind "$1" /mnt/root/python
mount -t tmpfs none /mnt/root/srv/data
exec chroot /mnt/root /python/bin/python3 -I -c "$2"
"""
    made_here = f"""
import sqlite3, sys
c = sqlite3.connect("/srv/data/auth.db"); c.execute("CREATE TABLE t (a)"); c.commit(); c.close()
sys.argv = ["sqlite.py", "tables", "/app/data/auth.db"]
exec(compile({PROGRAM!r}, "sqlite.py", "exec"))
"""
    unshared = ["unshare", "--map-root-user", "--mount", "bash", "-c", script, "-", sys.base_prefix, made_here]
    done = subprocess.run(unshared, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False)
    if done.returncode != 0 and "Operation not permitted" in done.stderr:
        pytest.skip("this machine lets no user make namespaces")
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
