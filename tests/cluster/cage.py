"""The cage of a cluster: a network, process and mount namespace that holds the control plane and the nodes.

Everything of a cluster ends with the first process of its cage: programs, networks, mounts. Only control groups are the
machine's own; those have the name of the run's folder. Two clusters on one machine have the same addresses, each in
networks of its own.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import machine
import pytest

CGROUPS = Path("/sys/fs/cgroup")
POLL_INTERVAL = 0.2
STOP_TIMEOUT = 60.0
LOG_LINES = 30
# what the folders of runs below /var/tmp are called, and their control groups
PREFIX = "codelab-gen-test-"

FIRST = """
set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/netns
ip link set lo up
touch "$1"
exec sleep infinity
"""


@dataclass
class Cage:
    """Namespaces that exist until their first process ends."""

    folder: Path
    first: int  # the process, as the machine numbers it
    path: str  # where the cluster's programs are
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def inside(self, network: str | None = None) -> list[str]:
        """What a command is led into the cage by, or into one of the networks in it."""
        namespaces = f"/proc/{self.first}/ns/net" if network is None else f"/proc/{self.first}/root/run/netns/{network}"
        return ["nsenter", f"--target={self.first}", "--mount", "--pid", f"--net={namespaces}", "--"]

    def network_of(self) -> list[str]:
        """What a command of the machine is led into the cluster's network by; its files are the machine's."""
        return ["nsenter", f"--net=/proc/{self.first}/ns/net", "--"]

    def run(self, *command: str | Path, network: str | None = None) -> str:
        return machine.checked(*self.inside(network), "env", f"PATH={self.path}", *command, timeout=300)

    def start(self, name: str, *command: str | Path, by: Sequence[str] | None = None) -> None:
        """Starts a program that goes on running; what it says is in its log."""
        with self.log(name).open("ab") as output:
            process = subprocess.Popen(
                [*(by or self.inside()), *map(str, command)],
                env={"PATH": self.path, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # an interrupt from the keyboard is for the tests, which then end the cage
            )
        self.processes[name] = process

    def stop(self, name: str, by: signal.Signals = signal.SIGKILL) -> None:
        """Ends a program that `start` has started; nsenter ends with it."""
        process = self.processes.pop(name)
        for program in children(process.pid):
            os.kill(program, by)
        process.wait(STOP_TIMEOUT)

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def until(self, what: str, look: Callable[[], bool], seconds: float = 120.0) -> None:
        """Waits for a condition; a program that ended meanwhile is shown with what it said last."""
        deadline = time.monotonic() + seconds
        while not look():
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                shown = ended or list(self.processes)
                logs = "\n".join(f"== {name}\n{self.last_words(name)}" for name in shown)
                why = f"{', '.join(ended)} ended" if ended else f"not within {seconds:.0f} s"
                pytest.fail(f"cluster: {what}: {why}\n{logs}", pytrace=False)
            time.sleep(POLL_INTERVAL)

    def last_words(self, name: str) -> str:
        log = self.log(name)
        return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:]) if log.exists() else ""


@contextmanager
def caged(folder: Path, path: str) -> Iterator[Cage]:
    """A cage without anything in it yet."""
    (folder / "logs").mkdir()
    remove_forgotten()
    began = folder / "began"
    kinds = ["--mount", "--net", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--propagation", "private"]
    with (folder / "logs" / "cage.log").open("wb") as output:
        process = subprocess.Popen(
            # Should the tests be killed, the cage goes too.
            ["setpriv", "--pdeathsig=KILL", "unshare", *kinds, "sh", "-c", FIRST, "cage", began],
            env={"PATH": path, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    cage = Cage(folder, process.pid, path, {"cage": process})
    try:
        cage.until("its cage", began.exists)
        cage.first = children(process.pid)[0]
        yield cage
    finally:
        end(process)
        for started in cage.processes.values():
            started.wait(STOP_TIMEOUT)
        remove_groups(folder.name)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a cage by its first process: when `unshare` has noticed that, everything in the namespaces has ended."""
    for first in children(process.pid) if process.poll() is None else ():
        os.kill(first, signal.SIGKILL)
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()


def children(pid: int) -> Sequence[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def make_group(*names: str) -> str:
    """A control group in each hierarchy, as the kubelet wants the one above its own. Its name."""
    if (CGROUPS / "cgroup.controllers").exists():
        group = CGROUPS
        for name in names:
            controllers = (group / "cgroup.controllers").read_text().split()
            (group / "cgroup.subtree_control").write_text(" ".join(f"+{one}" for one in controllers))
            group = group / name
            group.mkdir(exist_ok=True)
        return "/" + "/".join(names)
    for hierarchy in (entry for entry in CGROUPS.iterdir() if (entry / "cgroup.procs").exists()):
        group = hierarchy
        for name in names:
            group = group / name
            group.mkdir(exist_ok=True)
            for setting in ("cpuset.cpus", "cpuset.mems"):  # empty at first, and then nothing can run there
                if (group / setting).exists():
                    (group / setting).write_text((group.parent / setting).read_text())
    return "/" + "/".join(names)


def remove_groups(name: str) -> None:
    for tree in ("", "*/"):  # control groups have one tree, or one for each controller
        for group in sorted(CGROUPS.glob(f"{tree}{name}/**/"), reverse=True):
            group.rmdir()


def remove_forgotten() -> None:
    """Control groups of runs that were killed: they hold no process, and their folder is gone or has no cage."""
    for tree in ("", "*/"):
        for group in CGROUPS.glob(f"{tree}{PREFIX}*-cluster/"):
            if not Path("/var/tmp", group.name).exists():
                remove_groups(group.name)


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder for one cluster. Below /var/tmp, because /tmp may be small or kept in memory."""
    folder = Path("/var/tmp", f"{PREFIX}{os.urandom(4).hex()}-cluster")
    folder.mkdir(mode=0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
