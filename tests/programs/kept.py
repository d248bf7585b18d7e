"""What the tests make once per machine and keep outside of every clone, by a hash of what it is made from.

It is in the user's cache folder, `~/.cache/codelab-gen-tests`, or where CODELAB_GEN_TESTS_CACHE says. All of it can be
removed at any time when no test runs. When something is made anew, what was not used for thirty days is removed, and of
the same kind all but the last four.
"""

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

UNUSED = 30 * 24 * 3600.0
MOST = 4
PARTIAL = "partial-"
HEARTBEAT = 15.0


def cache() -> Path:
    """The folder for all that is kept."""
    named = os.environ.get("CODELAB_GEN_TESTS_CACHE")
    above = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(named).absolute() if named else above / "codelab-gen-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def kept(name: str, made_from: str, make: Callable[[Path], None]) -> Path:
    """What `make` has once put into an empty folder. One that is cut off leaves nothing that would be taken for it."""
    entry = cache() / f"{name}-{hashlib.sha256(made_from.encode()).hexdigest()[:16]}"
    with alone(name):
        if not entry.exists():
            remove(*cache().glob(f"{PARTIAL}{name}-*"))  # who began them does no longer live, or would hold the lock
            remove(*unused(name))
            with tempfile.TemporaryDirectory(prefix=f"{PARTIAL}{name}-", dir=cache()) as partial, patience(name):
                made = Path(partial, "made")
                made.mkdir()
                made.chmod(0o755)
                make(made)
                made.rename(entry)
        os.utime(entry)
    return entry


def unused(name: str) -> list[Path]:
    """The entries that nobody has asked for since long, and those of this kind but the last ones."""
    since = time.time() - UNUSED
    entries = sorted((entry for entry in cache().iterdir() if entry.is_dir()), key=lambda entry: entry.stat().st_mtime)
    same = [entry for entry in entries if entry.name.rpartition("-")[0] == name]
    return [entry for entry in entries if entry.stat().st_mtime < since or entry in same[: 1 - MOST]]


def remove(*entries: Path) -> None:
    for entry in entries:
        shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Keeps others, of this clone or another one, from making the same thing at the same time."""
    with cache().joinpath(f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"waiting for another run, which makes {name}")
            with patience(name):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def patience(name: str) -> Iterator[None]:
    """Tells now and then that something is still being made."""
    done = threading.Event()
    began = time.monotonic()

    def beat() -> None:
        while not done.wait(HEARTBEAT):
            tell(f"still making {name}, for {time.monotonic() - began:.0f} seconds now")

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        yield
    finally:
        done.set()
        beating.join()


def tell(text: str) -> None:
    """Tells what takes long, at once."""
    print(f"\ntests: {text}", file=sys.stderr, flush=True)
