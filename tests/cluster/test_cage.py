"""What a cage leaves on the machine when it ends: nothing. Two of them at once do not see each other."""

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import machine
import pytest

from cage import CGROUPS, Cage, caged, make_group, working_folder

ADDRESS = "10.84.0.10"


def started(stack: ExitStack) -> Cage:
    return stack.enter_context(caged(stack.enter_context(working_folder()), machine.PATH))


def groups(name: str) -> list[Path]:
    return [group for tree in ("", "*/") for group in CGROUPS.glob(f"{tree}{name}")]


@pytest.mark.always
@pytest.mark.skipif(os.geteuid() != 0, reason="a cage needs root")
def test_two_cages_share_nothing_and_leave_nothing() -> None:
    with ExitStack() as stack:
        first, second = started(stack), started(stack)
        for cage in (first, second):
            cage.run("ip", "link", "add", "nodes", "type", "bridge")
            cage.run("ip", "address", "add", f"{ADDRESS}/24", "dev", "nodes")
            cage.run("ip", "netns", "add", "node-1")
            cage.run("mount", "-t", "tmpfs", "tmpfs", "/mnt")
            make_group(cage.folder.name, "node-1")
            cage.start("sleeper", "sleep", "infinity")
        assert first.run("ip", "netns", "list").split()[0] == "node-1"
        assert "/mnt" not in [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        folders = [first.folder, second.folder]
        sleepers = [cage.processes["sleeper"] for cage in (first, second)]
        assert all(groups(folder.name) for folder in folders)
        assert [sleeper.poll() for sleeper in sleepers] == [None, None]
    assert all(sleeper.poll() is not None for sleeper in sleepers)
    assert [path for folder in folders for path in [folder, *groups(folder.name)] if path.exists()] == []


@pytest.mark.always
@pytest.mark.skipif(os.geteuid() != 0, reason="a cage needs root")
def test_a_program_that_left_its_parent_ends_with_the_cage() -> None:
    with working_folder() as folder, (folder / "held").open("w") as held:
        with caged(folder, machine.PATH) as cage:
            cage.run("sh", "-c", 'setsid flock "$0" sleep infinity >/dev/null 2>&1 &', folder / "held")
            cage.until("the program runs", lambda: not locked(held))
        assert locked(held)


def locked(held: IO[str]) -> bool:
    """Whether the lock could be had, which it is not if somebody holds it."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(held, fcntl.LOCK_UN)
    return True
