"""The Docker Engine of the tests: one that they start themselves, in a cage, or by permission the machine's own.

The cage is a network, process and mount namespace of its own. Two engines in one network would empty each other's
packet filter chains (`DOCKER`, `DOCKER-ISOLATION-…`) at their start, and a second one would take a running
`/run/containerd/containerd.sock` for its own; in the cage it has its own loopback, bridges, tables and `/run`, and sees
no process of the machine. Nothing of it has to be undone: all processes, mounts and networks end with it, and its data
is one private folder.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import machine

NOBODY = 65534
START_TIMEOUT = 60.0
STOP_TIMEOUT = 60.0
POLL_INTERVAL = 0.1

# Run by sh in the new namespaces, with dockerd and its arguments.
CAGE = """
set -e
mount -t tmpfs tmpfs /run
[ ! -d /etc/docker ] || mount -t tmpfs tmpfs /etc/docker
ip link set lo up
exec "$@"
"""


@dataclass(frozen=True)
class Engine:
    """An engine that answers."""

    address: str
    folder: Path  # private to this run; users of deployments may pass through it
    user: int | None  # who runs Docker Compose; None is the user of the tests
    host_of: int | None  # the process whose network is the engine's host; None is the tests' own

    def environment(self) -> dict[str, str]:
        """What a shell needs for `docker compose` to reach this engine, and nothing of the machine's environment."""
        return {
            "PATH": f"{Path(machine.program('docker')).parent}:{os.defpath}",
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            "DOCKER_HOST": self.address,
            "DOCKER_CONFIG": str(self.folder / "docker"),
            "COMPOSE_ANSI": "never",
        }

    def docker(self, *arguments: str, stdin: Path | None = None) -> str:
        """The output of the Docker client as the tests' own user."""
        with open(stdin or os.devnull, "rb") as source:
            done = subprocess.run(
                ["docker", *arguments],
                env={**self.environment(), "DOCKER_BUILDKIT": "0"},
                stdin=source,
                capture_output=True,
                encoding="utf-8",
                timeout=300,
                check=False,
            )
        if done.returncode != 0:
            pytest.fail(f"docker {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def kill(self, pid: int) -> None:
        """Kills a process of a container, as the kernel does where memory runs out; the number is the engine's."""
        enter = [] if self.host_of is None else ["nsenter", f"--pid=/proc/{self.host_of}/ns/pid", "--"]
        machine.checked(*enter, "sh", "-c", 'kill -KILL "$0"', str(pid))

    def on_host(self, code: str, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """What a Python program prints that runs in the network of the engine's host, where ports are published."""
        enter = [] if self.host_of is None else ["nsenter", f"--net=/proc/{self.host_of}/ns/net", "--"]
        done = subprocess.run(
            [*enter, sys.executable, "-c", code, *arguments],
            env={"PATH": machine.PATH, "LC_ALL": "C.UTF-8", **(env or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            pytest.fail(f"on the engine's host: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()


@contextmanager
def engine() -> Iterator[Engine]:
    """The engine of this run, with Docker Compose as the plugin of its client."""
    # Below /var/tmp, because /tmp may be small or kept in memory. All may pass through, only root may list.
    folder = Path(tempfile.mkdtemp(prefix="codelab-gen-test-", dir="/var/tmp"))
    folder.chmod(0o711)
    try:
        if machine.CURRENT_ENGINE:
            machine.provide("docker")
            install_compose(folder)
            yield current(folder)
        else:
            if os.geteuid() != 0:
                machine.unavailable("an engine of the tests' own needs root; E2E_ENGINE=current uses the machine's")
            machine.provide("docker", "dockerd", "ip", "debootstrap")
            install_compose(folder)
            with private(folder) as started:
                yield started
    finally:
        shutil.rmtree(folder)


def install_compose(folder: Path) -> None:
    """Puts Docker Compose where the client looks for plugins, and where every user can run it."""
    source = Path(sys.executable).parent / "docker-compose"
    if not source.is_file():
        machine.unavailable(f"{source} is missing; this installs it: bash tests/run.sh e2e")
    plugins = folder / "docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    shutil.copy(source, plugins / "docker-compose")
    for path in (folder / "docker", plugins, plugins / "docker-compose"):
        path.chmod(0o755)


def current(folder: Path) -> Engine:
    """The machine's engine, which the user has named in E2E_ENGINE."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not address.startswith("unix://"):
        machine.unavailable(f"DOCKER_HOST={address}: folders are mounted, so the engine must be on this machine")
    found = Engine(address, folder, user=None, host_of=None)
    if not answers(found):
        machine.unavailable(f"no engine answers at {address}")
    return found


@contextmanager
def private(folder: Path) -> Iterator[Engine]:
    """An engine that nobody else uses, ended by its process id."""
    socket, log = folder / "docker.sock", folder / "dockerd.log"
    (folder / "daemon.json").write_text("{}\n", encoding="ascii")  # instead of the machine's own settings
    cage = ["--mount", "--net", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--propagation", "private"]
    dockerd = [
        machine.program("dockerd"),
        f"--config-file={folder / 'daemon.json'}",
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'dockerd.pid'}",
        f"--host=unix://{socket}",
        f"--group={NOBODY}",
        f"--cgroup-parent=/{folder.name}",
        "--exec-opt=native.cgroupdriver=cgroupfs",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            # Should the tests be killed, the cage goes too.
            ["setpriv", "--pdeathsig=KILL", "unshare", *cage, "sh", "-c", CAGE, "cage", *dockerd],
            env={"PATH": machine.PATH, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        started = Engine(f"unix://{socket}", folder, user=NOBODY, host_of=wait_until_ready(process, socket, log))
        yield started
    finally:
        stop(process, folder.name)


def wait_until_ready(process: subprocess.Popen[bytes], socket: Path, log: Path) -> int:
    """Returns the id of dockerd itself when the engine answers."""
    asked = Engine(f"unix://{socket}", socket.parent, user=None, host_of=None)
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        if socket.exists() and answers(asked):
            return children(process.pid)[0]
        time.sleep(POLL_INTERVAL)
    machine.unavailable(f"the engine did not start:\n{log.read_text(errors='replace')[-4000:]}")


def answers(asked: Engine) -> bool:
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(command, env=asked.environment(), capture_output=True, check=False).returncode == 0


def children(pid: int) -> Sequence[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def stop(process: subprocess.Popen[bytes], cgroup: str) -> None:
    """Ends the engine. It is the first process of its namespace: what it leaves behind ends with it."""
    for dockerd in children(process.pid) if process.poll() is None else ():
        os.kill(dockerd, signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_TIMEOUT)
    for tree in ("", "*/"):  # cgroups have one tree, or one for each controller
        for group in sorted(Path("/sys/fs/cgroup").glob(f"{tree}{cgroup}/**/"), reverse=True):
            group.rmdir()
