"""An engine of the Swarm: a host with a name, a network, processes and a disk of its own, within the cage of its lab.

Killing its first process is a power cut: all of its containers end with it, its disk stays.
"""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import engine
import parts
from engine import NOBODY, Engine

from cage import STOP_TIMEOUT, Cage, children

BRIDGE = "between"

# Run by sh in the new namespaces: the host's name, then as the engine of tests/e2e.
FIRST = (
    """
echo "$1" >/proc/sys/kernel/hostname
shift
"""
    + engine.CAGE
)


@dataclass
class Member:
    """One engine, running or lost."""

    cage: Cage
    docker: parts.Parts
    name: str
    number: int
    images: Path | None  # those that are made already

    @property
    def folder(self) -> Path:
        return self.cage.folder / self.name

    @property
    def address(self) -> str:
        return f"198.18.0.{self.number}"

    @property
    def socket(self) -> Path:
        return self.folder / "docker.sock"

    @property
    def engine(self) -> Engine:
        """How it is reached from the machine. All engines have one client, and one folder of its settings."""
        client = self.cage.folder / "bin" / "docker"
        return Engine(f"unix://{self.socket}", self.cage.folder, client, user=NOBODY, host_of=None)

    def connect(self) -> None:
        """Makes its folder and its network, which stays when the engine is lost, as cables do."""
        self.folder.mkdir(mode=0o711)
        self.folder.joinpath("daemon.json").write_text("{}\n", encoding="ascii")
        outside, inside = f"to-{self.name}", "eth0"
        for command in (
            f"ip netns add {self.name}",
            f"ip link add {outside} type veth peer name {inside} netns {self.name}",
            f"ip link set {outside} master {BRIDGE} up",
        ):
            self.cage.run(*command.split())
        for command in (f"ip address add {self.address}/24 dev {inside}", f"ip link set {inside} up"):
            self.cage.run(*command.split(), network=self.name)

    def start(self) -> None:
        """Starts its engine, for the first time or with what is on its disk."""
        for name in ("exec", "docker.sock", "dockerd.pid"):  # as a host's /run, which a power cut empties
            place = self.folder / name
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        kinds = ["--mount", "--pid", "--uts", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
        dockerd = [
            self.docker.dockerd,
            f"--config-file={self.folder / 'daemon.json'}",
            f"--data-root={self.folder / 'data'}",
            f"--exec-root={self.folder / 'exec'}",
            f"--pidfile={self.folder / 'dockerd.pid'}",
            f"--host=unix://{self.socket}",
            f"--group={NOBODY}",
            f"--cgroup-parent=/{self.cage.folder.name}/{self.name}",
            "--exec-opt=native.cgroupdriver=cgroupfs",
        ]
        sh = ["sh", "-c", FIRST, "host", self.name, str(self.folder / "data"), str(self.images or "")]
        command = ["unshare", *kinds, "--propagation", "private", *sh, *dockerd]
        self.cage.start(self.name, *command, by=self.cage.inside(self.name))
        self.cage.until(f"{self.name} answers", lambda: self.socket.exists() and engine.answers(self.engine))

    def lose(self) -> None:
        """What a power cut does."""
        process = self.cage.processes.pop(self.name)
        os.kill(self.first_of(process), signal.SIGKILL)
        process.wait(STOP_TIMEOUT)

    @staticmethod
    def first_of(process: "subprocess.Popen[bytes]") -> int:
        """Its first process, as the machine numbers it: that of `unshare`, which nsenter has started."""
        pid = process.pid
        for _ in range(2):
            [pid] = children(pid)
        return pid

    @property
    def is_lost(self) -> bool:
        return self.name not in self.cage.processes

    def run(self, *command: str) -> str:
        """What a program says that runs on the host, in its network."""
        return self.cage.run(*command, network=self.name)
