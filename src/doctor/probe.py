"""Run inside of a service's image by `codelab-gen doctor`, with the module of its driver and its SQLite file: each may be
empty. It looks, and changes nothing. JSON on standard output says what it found.
"""

import importlib
import json
import os
import signal
import sys
import time

SECONDS = 2  # for looking through the file
PATIENCE = 70  # for all of it: nobody listens any more
HEADER = 20  # of the file, where its kind and its journal mode stand


def become_service():
    """Whoever the first process is: root may write where it can't."""
    if os.getuid() != 0:
        return
    try:
        with open("/proc/1/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        user, group = int(fields["Uid"].split()[0]), int(fields["Gid"].split()[0])
        os.setgroups([int(one) for one in fields["Groups"].split()])
        os.setgid(group)
        os.setuid(user)
    except (OSError, KeyError, ValueError):
        pass  # it may not, so it looks as who it is


def driver(module):
    try:
        importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 # a module may raise anything
        return f"{type(error).__name__}: {error}"
    return None


def file_system(folder):
    with open("/proc/mounts") as mounts:
        places = [line.split()[1:3] for line in mounts]
    holding = [
        place for place in places if f"{folder}/".startswith(place[0].rstrip("/") + "/")
    ]
    return max(holding, key=lambda place: len(place[0]))[1] if holding else ""


def journal(file):
    """As the file's header says it: to open a file in WAL mode can make other files beside it."""
    with open(file, "rb") as opened:
        header = opened.read(HEADER)
    if header and not header.startswith(b"SQLite format 3\0"):
        raise ValueError("file is not a database")
    return "wal" if header[18:19] == b"\2" else "delete"


def fault(file, mode):
    """What SQLite says of the file, within seconds."""
    import pathlib
    import sqlite3

    stands = all(os.path.exists(file + suffix) for suffix in ("-wal", "-shm"))
    how = "mode=ro" if mode != "wal" or stands else "immutable=1"
    deadline = time.monotonic() + SECONDS
    try:
        connection = sqlite3.connect(
            f"{pathlib.Path(file).as_uri()}?{how}", uri=True, timeout=1
        )
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 1000)
        said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        return None if said == "ok" else said
    except sqlite3.Error as error:
        return None if str(error) == "interrupted" else str(error)


def outside(kind, number):
    with open(f"/proc/self/{kind}_map") as ranges:
        for line in ranges:
            first, there, count = map(int, line.split())
            if first <= number < first + count:
                return there + number - first
    return number


def look(module, file):
    found = {"user": os.getuid(), "group": os.getgid()}
    if module:
        found["driver"] = driver(module)
    become_service()
    if not file:
        return found
    folder = os.path.dirname(file)
    found.update(user=os.getuid(), group=os.getgid())
    there = outside("uid", os.getuid()), outside("gid", os.getgid())
    if there != (os.getuid(), os.getgid()):
        found["outside"] = there
    found["folder"] = os.path.isdir(folder)
    found["exists"] = os.path.isfile(file)
    beside = [
        file + suffix
        for suffix in ("", "-wal", "-shm")
        if os.path.exists(file + suffix)
    ]
    found["writable"] = all(os.access(path, os.W_OK) for path in [folder, *beside])
    found["file_system"] = file_system(folder)
    if found["exists"]:
        try:
            found["journal"] = journal(file)
            found["error"] = fault(file, found["journal"])
        except (ImportError, OSError, ValueError) as error:
            found["error"] = str(error)
    return found


signal.alarm(PATIENCE)
print(json.dumps(look(*sys.argv[1:3])))
