"""Copies a SQLite file out of a service's container, and puts one in its place.

It runs in the service's own container, as the service's user, whose mounts and SQLite are the right ones; the scripts
bring it there. It must not know the service, nor anything of the host.

The service may be hostile, and everything that stands in its folder its own work: no link of its is followed, nothing
but files is opened, nothing of a database is run, and what has no end is ended. Names of its are told as one line.

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
import re
import resource
import shutil
import sqlite3
import stat
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

# What a file of no size may take; a large one gets a second more for each of so many bytes.
PATIENT_SECONDS = 60.0
BYTES_A_SECOND = 1 << 20

MEMORY = 512 << 20
BYTES_OF_FACTS = 4 << 20
LINKS = 40

# A pipe would keep who opens it waiting.
PLAIN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

# What a journal ends with that names another file, which SQLite would remove.
NAMES_ANOTHER = bytes.fromhex("d9d505f920a163d7")

# The files that are made beside the database, each with what its name ends with.
STAMP = "[0-9]{8}_[0-9]{6}"
MADE = {
    "backup": "[0-9a-f]{8}",
    "restoring": STAMP,
    "migrating": STAMP,
    "before": STAMP,
}


class Failure(Exception):
    """Ends the program with what the user is told."""


def no(path: Path, why: str) -> Failure:
    """Of a file, which is told with its folder."""
    return Failure(f"{path.absolute()} {why}")


# ---- what a service can have laid -----------------------------------------------------------------------------------


def visible(text: object, most: int = 1000) -> str:
    """One line of a bounded length, which steers no terminal."""
    text = str(text)
    short = text if len(text) <= most else f"{text[:most]}…"
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in short
    )


def mount_of(folder: int) -> str:
    """The mount that an opened folder lies on."""
    with open(f"/proc/self/fdinfo/{folder}", encoding="ascii") as facts:
        for line in facts:
            if line.startswith("mnt_id:"):
                return line
    raise Failure("the system does not tell mounts apart")


def enter(path: Path) -> None:
    """The folder becomes the current one, by which the files are named from then on.

    A link is followed where the image has laid it: on the container's own file system, on the way to a mount. The
    service's data is on a mount.
    """
    root = os.open("/", FOLDER)
    here = os.dup(root)
    todo = list(reversed(path.parts[1:]))
    links = 0
    while todo:
        name = todo.pop()
        if stat.S_ISLNK(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode):
            links += 1
            if links > LINKS or mount_of(here) != mount_of(root):
                raise Failure(f"{path}: {name} is a link, which is not followed")
            target = Path(os.readlink(name, dir_fd=here))
            if target.is_absolute():
                os.dup2(root, here)
            todo.extend(
                part for part in reversed(target.parts) if part != target.anchor
            )
            continue
        below = os.open(name, FOLDER, dir_fd=here)
        os.dup2(below, here)
        os.close(below)
    if links and mount_of(here) == mount_of(root):
        raise Failure(f"a link leads to {path}, and is not followed")
    os.fchdir(here)
    os.close(here)
    os.close(root)


def looked_at(path: Path) -> os.stat_result | None:
    """What is known of a file, or that there is none; anything else in its place is a failure."""
    try:
        found = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return None
    for is_this, what in (
        (stat.S_ISLNK, "a link"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
    ):
        if is_this(found.st_mode):
            raise no(path, f"is {what}, expected a file")
    if not stat.S_ISREG(found.st_mode):
        raise no(path, "is a device or a socket, expected a file")
    return found


def size_of(path: Path, is_read: bool = True) -> int:
    """What a database has with its journals, after a look whether all that SQLite would open is its own. Whose they are
    is nothing to who only wants it out of the way."""
    database = looked_at(path)
    size = database.st_size if database else 0
    for end in JOURNALS:
        name = Path(f"{path}{end}")
        journal = looked_at(name)
        if journal is None:
            continue
        if (
            is_read
            and database
            and journal.st_uid not in (database.st_uid, os.geteuid())
        ):
            raise no(name, f"belongs to another user than {path}")
        if journal.st_nlink > 1:
            raise no(name, "has a second name: it may be another database's")
        size += journal.st_size
        if end == "-journal":
            hold_alone(name)
    return size


def hold_alone(journal: Path) -> None:
    """A journal of several databases names a file, which is removed by who rolls it back."""
    with open(os.open(journal, os.O_RDONLY | PLAIN), "rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(length - len(NAMES_ANOTHER), 0))
        if file.read() == NAMES_ANOTHER:
            raise no(journal, "names a file of other databases")


def opened(path: Path) -> BinaryIO:
    """A file for reading, and nothing else that came into its place."""
    descriptor = os.open(path, os.O_RDONLY | PLAIN)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise no(path, "is no file")
    return os.fdopen(descriptor, "rb")


@contextmanager
def within(size: int, made: Path | None = None) -> Iterator[None]:
    """A time that goes by the size: a database can be written so that reading it has no end.

    SQLite can't be asked to stop within a step, so the whole program ends, and `made` goes.
    """
    seconds = PATIENT_SECONDS + size / BYTES_A_SECOND

    def give_up() -> None:
        print(f"  no end after {seconds:.0f} seconds", file=sys.stderr, flush=True)
        if made:
            with suppress(OSError):
                discard(made)
        os._exit(1)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def connect(path: Path, options: str) -> sqlite3.Connection:
    """A connection that makes no database, and believes nothing of one."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}", uri=True, timeout=BUSY_SECONDS
    )
    connection.isolation_level = None
    connection.text_factory = lambda text: text.decode(errors="replace")
    for setting in (
        "trusted_schema = OFF",
        "cell_size_check = ON",
        "mmap_size = 0",
        f"hard_heap_limit = {MEMORY}",
    ):
        connection.execute(f"PRAGMA {setting}")
    return connection


def only_counting(
    action: int, _first: str, second: str, _database: str, inner: str
) -> int:
    """What SQLite may do while rows are counted: read tables. A schema can call a view a table."""
    reads = action == sqlite3.SQLITE_SELECT or (
        action == sqlite3.SQLITE_READ and inner is None
    )
    counts = action == sqlite3.SQLITE_FUNCTION and second in ("count", "like")
    return sqlite3.SQLITE_OK if reads or counts else sqlite3.SQLITE_DENY


# ---- what is told of a database -------------------------------------------------------------------------------------


def to_disk(path: Path) -> None:
    """What was written to a file, or which names a folder has, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | PLAIN)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def escaped(name: str) -> str:
    """As PostgreSQL's COPY reads it, so that a line is one fact, and no order to a terminal."""
    for character, written in (
        ("\\", "\\\\"),
        ("\n", "\\n"),
        ("\r", "\\r"),
        ("\t", "\\t"),
    ):
        name = name.replace(character, written)
    return re.sub("[\x00-\x1f\x7f-\x9f]", lambda one: f"\\x{ord(one[0]):02x}", name)


def facts(path: Path) -> list[str]:
    """What a whole file tells of itself, which nobody has open; a damaged one is a failure."""
    size = path.stat().st_size
    with within(size, path), closing(connect(path, "mode=ro&immutable=1")) as database:
        # They are calculations of the service's own.
        database.execute("PRAGMA ignore_check_constraints = ON")
        found = [row[0] for row in database.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise Failure("the database is damaged: " + "; ".join(found))
        database.set_authorizer(only_counting)
        tables = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            " AND sql LIKE 'CREATE TABLE %' ORDER BY name"
        )
        lines = [f"version\t{sqlite3.sqlite_version}"]
        length = 0
        for (name,) in tables.fetchall():
            quoted = '"' + name.replace('"', '""') + '"'
            [[rows]] = database.execute(f"SELECT count(*) FROM {quoted}").fetchall()
            lines.append(f"rows\t{escaped(name)}\t{rows}")
            length += len(lines[-1])
            if length > BYTES_OF_FACTS:
                raise Failure("the names of its tables are too long for a backup")
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
    size = size_of(path)
    with within(size):
        tidy(path, "backup")
    made = beside(path, f"backup-{os.urandom(4).hex()}")
    leave_room(path, size)
    with open(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "rb") as file:
        try:
            lock(file)
            with alive():
                with within(size, made):
                    back_up(path, made)
                if not os.path.samestat(os.lstat(made), os.fstat(file.fileno())):
                    raise no(made, "is another one now")
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


def leave_room(path: Path, size: int) -> None:
    """A file can say to be larger than any disk, and become so while it is read."""
    disk = os.statvfs(".")
    free = disk.f_bavail * disk.f_frsize
    if size > free:
        raise no(path, f"has {size} bytes, and {free} are free for a copy")
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    if most == resource.RLIM_INFINITY or free < most:
        resource.setrlimit(resource.RLIMIT_FSIZE, (free, most))


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
            raise no(path, f"was locked for {BUSY_SECONDS:.0f} seconds")

    opened = closing(connect(path, "mode=rw"))
    with opened as source, closing(connect(made, "mode=rw")) as target:
        # Cut off, the whole copy goes: it needs neither a journal nor its way to the disk.
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target, progress=patient)


# ---- a new file -----------------------------------------------------------------------------------------------------


def receive(path: Path, new: Path, expected: str) -> None:
    with within(size_of(path, is_read=False)):
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
    present = looked_at(path)
    first = present is None
    found = present or os.stat(path.parent)
    if os.geteuid() == 0:
        os.fchown(descriptor, found.st_uid, found.st_gid)
    os.fchmod(descriptor, 0o644 if first else found.st_mode & 0o777)


def replace(path: Path, new: Path, stamp: str) -> list[Path]:
    size_of(path, is_read=False)
    if looked_at(new) is None:
        raise no(new, "is gone")
    settle(new)
    if looked_at(path):
        aside = beside(path, f"before-{stamp}")
        with held(path):
            try:
                os.link(path, aside, follow_symlinks=False)
            except FileExistsError:
                raise no(aside, "is there already") from None
            except OSError:  # not every file system knows second names
                copy_aside(path, aside)
            to_disk(path.parent)
            os.replace(new, path)
    else:
        # Journals without their file are of no use, and would be taken for the new file's.
        discard_journals(path)
        os.replace(new, path)
    to_disk(path.parent)
    return tidy(path, "before")


def copy_aside(path: Path, aside: Path) -> None:
    """As the file itself: what another one has laid there is not written to."""
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with opened(path) as source, open(descriptor, "wb") as target:
        shutil.copyfileobj(source, target, CHUNK)
        target.flush()
        found = os.fstat(source.fileno())
        if os.geteuid() == 0:
            os.fchown(descriptor, found.st_uid, found.st_gid)
        os.fchmod(descriptor, found.st_mode & 0o777)
        os.utime(descriptor, ns=(found.st_atime_ns, found.st_mtime_ns))
        os.fsync(descriptor)


def settle(new: Path) -> None:
    """A file that a service has written becomes whole without its -wal."""
    size_of(new)
    if any(Path(f"{new}{end}").exists() for end in JOURNALS):
        with closing(connect(new, "mode=rw")) as database:
            (mode,) = database.execute("PRAGMA journal_mode = DELETE").fetchone()
            if mode != "delete":
                raise no(new, "is still in use")
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
                raise no(path, "is still in use by another program")
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise no(path, "is still in use by another program") from None
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
    names = os.listdir()
    present = looked_at(path)
    for kind in kinds or tuple(MADE):
        start = f".{path.name}.{kind}-"
        for name in names:
            if not name.startswith(start) or not re.fullmatch(
                MADE[kind], name[len(start) :]
            ):
                continue
            left = path.with_name(name)
            with suppress(OSError, Failure), opened(left) as file:
                found = os.fstat(file.fileno())
                if kind == "before" and not (
                    present and os.path.samestat(found, present)
                ):
                    new = path.with_name(f"{path.name}.before-{name[len(start) :]}")
                    os.replace(left, new)
                    kept.append(new)
                elif lock(file):
                    discard(left)
    return kept


def tables(path: Path) -> None:
    size_of(path)
    with closing(connect(path, "mode=rw")) as database:
        count = "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
        print(database.execute(count).fetchone()[0])


def main(command: str, path: str, *arguments: str) -> int:
    whole = Path(path).absolute()
    file = Path(whole.name)
    try:
        try:
            enter(whole.parent)
            is_there = looked_at(file) is not None
        except FileNotFoundError:
            is_there = False
            if command not in ("copy", "tables"):
                raise
        if command in ("copy", "tables") and not is_there:
            print(f"  {whole} is not there", file=sys.stderr)
            return 3
        if command == "copy":
            copy(file)
        elif command == "receive":
            receive(file, Path(arguments[0]), arguments[1])
        elif command == "replace":
            with within(size_of(file, is_read=False)):
                kept = replace(file, Path(arguments[0]), arguments[1])
            for one in kept:
                print(whole.with_name(one.name))
        elif command == "discard":
            discard(Path(arguments[0]))
        elif command == "tidy":
            with within(0):
                tidy(file)
        elif command == "tables":
            with within(0):
                tables(file)
    except Failure as failure:
        print(f"  {visible(failure)}", file=sys.stderr)
        return 1
    except (sqlite3.Error, OSError) as error:
        print(f"  {whole}: {visible(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
