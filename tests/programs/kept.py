"""What the tests make once per machine and keep outside of every clone, by a hash of what it is made from.

It is in the user's cache folder, `~/.cache/codelab-gen-tests`, or where CODELAB_GEN_TESTS_CACHE says. All of it can be
removed at any time when no test runs; what was not used for thirty days is removed when something is made anew.
"""

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

UNUSED = 30 * 24 * 3600.0
PARTIAL = "partial-"


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
            remove(*unused())
            with tempfile.TemporaryDirectory(prefix=f"{PARTIAL}{name}-", dir=cache()) as partial:
                made = Path(partial, "made")
                made.mkdir()
                made.chmod(0o755)
                make(made)
                made.rename(entry)
        os.utime(entry)
    return entry


def unused() -> list[Path]:
    """The entries that nobody has asked for since long."""
    since = time.time() - UNUSED
    return [entry for entry in cache().iterdir() if entry.is_dir() and entry.stat().st_mtime < since]


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
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def tell(text: str) -> None:
    """Tells what takes long, at once."""
    print(f"\ntests: {text}", file=sys.stderr, flush=True)
