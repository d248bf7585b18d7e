"""What is kept per machine is made once, whole, and for every user, whoever else asks for it or is cut off."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import kept
import pytest

# Makes an entry of one file; the second argument says whether it comes to its end.
MAKER = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import kept
def make(made):
    Path(os.environ["MADE"]).open("a").write("x")
    made.joinpath("program").write_text("half")
    if sys.argv[2] == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    made.joinpath("program").write_text("whole")
os.umask(0o077)
print(kept.kept("thing", "this", make))
"""


class Makers:
    """Processes that want the same entry of a cache of their own."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "a cäche"
        self.made = folder / "made"
        self.made.touch()

    def start(self, how: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "CODELAB_GEN_TESTS_CACHE": str(self.cache), "MADE": str(self.made)}
        command = [sys.executable, "-c", MAKER, str(Path(kept.__file__).parent), how]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, encoding="utf-8")

    def times(self) -> int:
        return len(self.made.read_text())


def test_one_of_many_makes_it_and_a_dead_one_leaves_nothing(tmp_path: Path) -> None:
    makers = Makers(tmp_path)
    dead = makers.start("dies")
    dead.communicate()
    assert dead.returncode == -signal.SIGKILL
    assert [entry.name for entry in makers.cache.glob("thing-*")] == []

    said = {maker.communicate()[0] for maker in [makers.start("ends") for _ in range(4)]}
    assert makers.times() == 2
    entry = Path(said.pop().strip())
    assert not said
    assert entry.joinpath("program").read_text() == "whole"
    assert entry.stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in makers.cache.iterdir()) == [entry.name, "thing.lock"]


def test_what_nobody_has_used_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODELAB_GEN_TESTS_CACHE", str(tmp_path / "cache"))
    old, used = (kept.kept(name, "this", lambda made: None) for name in ("old", "used"))
    long_ago = time.time() - kept.UNUSED - 60
    for entry in (old, used):
        os.utime(entry, (long_ago, long_ago))
    assert kept.kept("used", "this", lambda made: pytest.fail("it is there already")) == used
    kept.kept("other", "this", lambda made: None)
    assert (old.exists(), used.exists()) == (False, True)


def test_of_one_kind_only_the_last_ones_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODELAB_GEN_TESTS_CACHE", str(tmp_path / "cache"))
    other = kept.kept("thing-2", "this", lambda made: None)
    made = [kept.kept("thing", str(number), lambda made: None) for number in range(kept.MOST)]
    for number, entry in enumerate(made):
        os.utime(entry, (time.time() - 100 + number,) * 2)
    last = kept.kept("thing", "last", lambda made: None)
    assert [entry for entry in (other, *made, last) if entry.exists()] == [other, *made[1:], last]
