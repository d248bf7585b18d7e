"""Copies a SQLite file out of a service's container, and puts one in its place.

It runs in the service's own container, whose mounts, user and SQLite are the right ones; the scripts bring it there. It
must not know the service, nor anything of the host.

    copy FILE                 facts of a copy, an empty line, and the copy itself
    receive FILE NEW SHA256   keeps standard input as NEW beside FILE, if it has this checksum, and prints its facts
    replace FILE NEW STAMP    NEW becomes FILE, which stays as FILE.before-STAMP: prints that name if there was one
    discard FILE NEW          removes NEW
    tidy FILE                 removes what killed runs have left
    tables FILE               how many tables it has

exit 0  done
exit 1  failed: the reason was told, and FILE is as it was
exit 3  there is no FILE
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

CHUNK = 1 << 20
BUSY_SECONDS = 30.0
JOURNALS = ("-wal", "-shm", "-journal")


class Failure(Exception):
    """Ends the program with what the user is told."""


def connect(path: Path, options: str) -> sqlite3.Connection:
    """A connection that makes no database."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}", uri=True, timeout=BUSY_SECONDS
    )
    connection.isolation_level = None
    connection.text_factory = lambda text: text.decode(errors="replace")
    return connection


def to_disk(path: Path) -> None:
    """What was written to a file, or which names a folder has, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def escaped(name: str) -> str:
    """As PostgreSQL's COPY writes it, so that a line is one fact."""
    for character, written in (
        ("\\", "\\\\"),
        ("\n", "\\n"),
        ("\r", "\\r"),
        ("\t", "\\t"),
    ):
        name = name.replace(character, written)
    return name


def facts(path: Path) -> list[str]:
    """What a whole file tells of itself, which nobody has open; a damaged one is a failure."""
    with closing(connect(path, "mode=ro&immutable=1")) as database:
        found = [row[0] for row in database.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise Failure("the database is damaged: " + "; ".join(found))
        tables = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
        ).fetchall()
        lines = [f"version\t{sqlite3.sqlite_version}"]
        for (name,) in tables:
            quoted = '"' + name.replace('"', '""') + '"'
            [[rows]] = database.execute(f"SELECT count(*) FROM {quoted}").fetchall()
            lines.append(f"rows\t{escaped(name)}\t{rows}")
    return lines


def checksum(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    for chunk in iter(lambda: file.read(CHUNK), b""):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def beside(path: Path, name: str) -> Path:
    """A file with a dotted name; names are told by kind and end: `.auth.db.backup-…`."""
    return path.with_name(f".{path.name}.{name}")


# ---- a copy ---------------------------------------------------------------------------------------------------------


def copy(path: Path) -> None:
    tidy(path, "backup")
    made = beside(path, f"backup-{os.urandom(4).hex()}")
    with open(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "rb") as file:
        try:
            lock(file)
            with alive():
                back_up(path, made)
                lines = facts(made)
                digest = checksum(file)
        finally:
            # What follows reads it without a name, so that it is gone however this ends.
            made.unlink()
        lines += [
            f"bytes\t{os.fstat(file.fileno()).st_size}",
            f"sha256\t{digest}",
        ]
        sys.stdout.buffer.write("\n".join([*lines, "", ""]).encode())
        shutil.copyfileobj(file, sys.stdout.buffer, CHUNK)
        sys.stdout.buffer.flush()


@contextmanager
def alive() -> Iterator[None]:
    """Who waits for the copy takes a silent container for one that hangs: a line that is no fact, every other second."""
    done = threading.Event()

    def tell() -> None:
        while True:
            sys.stdout.buffer.write(b"alive\n")
            sys.stdout.buffer.flush()
            if done.wait(2):
                return

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def lock(file: BinaryIO) -> bool:
    """Whether nobody else makes this file. The lock is gone with who has it, however he ends."""
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def back_up(path: Path, made: Path) -> None:
    """All pages in one step: in smaller ones the copy begins anew whenever somebody writes in between, and might never
    end. Nobody waits for it in WAL mode; else one who writes waits as for any reader."""
    deadline = time.monotonic() + BUSY_SECONDS

    def patient(status: int, remaining: int, total: int) -> None:
        if status != sqlite3.SQLITE_DONE and time.monotonic() > deadline:
            raise Failure(f"{path} was locked for {BUSY_SECONDS:.0f} seconds")

    opened = closing(connect(path, "mode=rw"))
    with opened as source, closing(connect(made, "mode=rw")) as target:
        # Cut off, the whole copy goes: it needs neither a journal nor its way to the disk.
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target, progress=patient)


# ---- a new file -----------------------------------------------------------------------------------------------------


def receive(path: Path, new: Path, expected: str) -> None:
    tidy(path, "backup", "restoring", "before")
    try:
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w+b") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, CHUNK)
            file.flush()
            if checksum(file) != expected:
                raise Failure("the file did not arrive as it was sent")
            give_as(path, file.fileno())
            os.fsync(file.fileno())
        print("\n".join(facts(new)))
    except BaseException:
        discard(new)
        raise


def give_as(path: Path, descriptor: int) -> None:
    """Owner and mode are those of the file that is replaced; a first one belongs to whom its folder belongs to."""
    first = not path.exists()
    found = os.stat(path.parent if first else path)
    if os.geteuid() == 0:
        os.fchown(descriptor, found.st_uid, found.st_gid)
    os.fchmod(descriptor, 0o644 if first else found.st_mode & 0o777)


def replace(path: Path, new: Path, stamp: str) -> None:
    settle(new)
    if path.exists():
        aside = beside(path, f"before-{stamp}")
        with held(path):
            try:
                os.link(path, aside)
            except OSError:  # not every file system knows second names
                shutil.copy2(path, aside)
                to_disk(aside)
            to_disk(path.parent)
            os.replace(new, path)
    else:
        # Journals without their file are of no use, and would be taken for the new file's.
        discard_journals(path)
        os.replace(new, path)
    to_disk(path.parent)
    for kept in tidy(path, "before"):
        print(kept)


def settle(new: Path) -> None:
    """A file that a service has written becomes whole without its -wal."""
    if any(Path(f"{new}{end}").exists() for end in JOURNALS):
        with closing(connect(new, "mode=rw")) as database:
            (mode,) = database.execute("PRAGMA journal_mode = DELETE").fetchone()
            if mode != "delete":
                raise Failure(f"{new} is still in use")
    to_disk(new)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Nobody else has the file open, and all that was ever written stands in the file itself.

    A -wal that outlived the old file would be applied to the new one. Only who is alone with a file can end its WAL
    mode, and the lock keeps out who comes later.
    """
    with closing(connect(path, "mode=rw")) as database:
        try:
            [mode] = database.execute("PRAGMA journal_mode").fetchone()
            if mode == "wal":
                [mode] = database.execute("PRAGMA journal_mode = DELETE").fetchone()
            if mode == "wal":
                raise Failure(f"{path} is still in use by another program")
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise Failure(f"{path} is still in use by another program") from None
        except sqlite3.DatabaseError:
            # It can't be read, which may be why it is replaced. Its journals must not meet the new file, and stay.
            database.close()
            for end in JOURNALS:
                with suppress(FileNotFoundError):
                    os.replace(
                        f"{path}{end}",
                        f"{path}.damaged-{time.strftime('%Y%m%d_%H%M%S', time.gmtime())}{end}",
                    )
            yield
        else:
            yield


def discard(new: Path) -> None:
    with suppress(FileNotFoundError):
        new.unlink()
    discard_journals(new)


def discard_journals(path: Path) -> None:
    for end in JOURNALS:
        with suppress(FileNotFoundError):
            os.unlink(f"{path}{end}")


def tidy(path: Path, *kinds: str) -> list[Path]:
    """Removes the files that killed runs have left, but not what another run is just making. The former file comes to
    its name; where it is still the present one it only loses its second name. Returns the files that were kept."""
    kept = []
    for kind in kinds or ("backup", "restoring", "migrating", "before"):
        start = f".{path.name}.{kind}-"
        for left in path.parent.iterdir():
            if not left.name.startswith(start) or left.name.endswith(JOURNALS):
                continue
            if kind == "before" and not (path.exists() and left.samefile(path)):
                kept.append(
                    path.with_name(f"{path.name}.before-{left.name[len(start) :]}")
                )
                os.replace(left, kept[-1])
                continue
            with suppress(OSError), left.open("rb") as file:
                if lock(file):
                    discard(left)
    return kept


def tables(path: Path) -> None:
    with closing(connect(path, "mode=rw")) as database:
        count = "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
        print(database.execute(count).fetchone()[0])


def main(command: str, path: str, *arguments: str) -> int:
    file = Path(path)
    try:
        if command in ("copy", "tables") and not file.is_file():
            print(f"  {file} is not there", file=sys.stderr)
            return 3
        if command == "copy":
            copy(file)
        elif command == "receive":
            receive(file, file.with_name(arguments[0]), arguments[1])
        elif command == "replace":
            replace(file, file.with_name(arguments[0]), arguments[1])
        elif command == "discard":
            discard(file.with_name(arguments[0]))
        elif command == "tidy":
            tidy(file)
        elif command == "tables":
            tables(file)
    except Failure as failure:
        print(f"  {failure}", file=sys.stderr)
        return 1
    except (sqlite3.Error, OSError) as error:
        print(f"  {file}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
