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
from dataclasses import dataclass, field, replace
from pathlib import Path

import machine
import parts
import pytest

NOBODY = 65534
START_TIMEOUT = 60.0
STOP_TIMEOUT = 60.0
POLL_INTERVAL = 0.1

# Run by sh in the new namespaces, with the folder of data, that of images that are made already or nothing, and dockerd
# with its arguments. Of those images the engine gets a description of its own, and the contents as they stand.
CAGE = """
set -e
mount -t tmpfs tmpfs /run
if [ -n "${SUBORDINATE:-}" ]; then # who the numbers of its containers belong to
  for file in /etc/subuid /etc/subgid; do
    [ -e "$file" ] || : >"$file"
    printf '%s\n' "$SUBORDINATE" >"/run/${file##*/}"
    mount --bind "/run/${file##*/}" "$file"
  done
fi
[ ! -d /etc/docker ] || mount -t tmpfs tmpfs /etc/docker
ip link set lo up
data=$1 images=$2
shift 2
if [ -n "$images" ]; then
  mkdir -p "$data/overlay2"
  for own in "$data" "$data/overlay2"; do
    mount --bind "$own" "$own" # otherwise dockerd does it, on top of what is mounted below
  done
  [ -d "$data/image" ] || cp -a "$images/image" "$data"
  cp -a "$images/overlay2/l" "$data/overlay2"
  for layer in "$images"/overlay2/*/; do
    here=$data/overlay2/${layer#"$images"/overlay2/}
    [ -d "$layer/diff" ] || continue
    mkdir -p "$here/diff"
    find "$layer" -mindepth 1 -maxdepth 1 ! -name diff -exec cp -a '{}' "$here" ';'
    mount --bind "$layer/diff" "$here/diff"
    mount -o remount,bind,ro "$here/diff"
  done
fi
exec "$@"
"""


@dataclass(frozen=True)
class Engine:
    """An engine that answers."""

    address: str
    folder: Path  # private to this run; users of deployments may pass through it
    client: Path  # where every user can run it
    user: int | None  # who runs Docker Compose; None is the user of the tests
    host_of: int | None  # the process whose network is the engine's host; None is the tests' own
    health: Mapping[str, str] = field(default_factory=dict)  # what lets it look at a container's health sooner

    def environment(self) -> dict[str, str]:
        """What a shell needs for `docker compose` to reach this engine, and nothing of the machine's environment."""
        return {
            "PATH": f"{self.client.parent}:{os.defpath}",
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
def working_folder() -> Iterator[Path]:
    """A folder for one engine. Below /var/tmp, because /tmp may be small or kept in memory."""
    folder = Path(tempfile.mkdtemp(prefix="codelab-gen-test-", dir="/var/tmp"))
    folder.chmod(0o711)  # all may pass through, only root may list
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running(docker: parts.Parts, folder: Path, images: Path | None) -> Iterator[Engine]:
    """The engine of this run, with Docker Compose as the plugin of its client."""
    placed(parts.compose(), folder / "docker" / "cli-plugins" / "docker-compose")
    client = placed(Path(docker.client), folder / "bin" / "docker")
    if parts.CURRENT:
        yield looking_soon(current(folder, client))
    else:
        with private(docker, folder, client, folder / "data", images) as started:
            yield looking_soon(started)


def looking_soon(engine: Engine) -> Engine:
    """Engines from 25 on wait for five seconds before their first look at a container, whatever its interval is."""
    api = engine.docker("version", "--format", "{{.Server.APIVersion}}").strip()
    compose = engine.docker("compose", "version", "--short").strip()
    if parts.number(api) < (1, 44) or parts.number(compose) < (2, 22):
        return engine
    return replace(engine, health={"start_interval": "1s"})


def placed(program: Path, place: Path) -> Path:
    """A copy that every user can run."""
    for folder in (place.parent.parent, place.parent):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)
    shutil.copy(program, place)
    place.chmod(0o755)
    return place


def current(folder: Path, client: Path) -> Engine:
    """The machine's engine, which the user has named in E2E_ENGINE."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not address.startswith("unix://"):
        machine.unavailable(f"DOCKER_HOST={address}: folders are mounted, so the engine must be on this machine")
    found = Engine(address, folder, client, user=None, host_of=None)
    if not answers(found):
        machine.unavailable(f"no engine answers at {address}")
    return found


@contextmanager
def private(
    docker: parts.Parts, folder: Path, client: Path, data: Path, images: Path | None, begin: int | None = None
) -> Iterator[Engine]:
    """An engine that nobody else uses, ended by its process id; with `begin` its containers have numbers of their own, which
    begin there on the host."""
    socket, log = folder / "docker.sock", folder / "dockerd.log"
    (folder / "daemon.json").write_text("{}\n", encoding="ascii")  # instead of the machine's own settings
    cage = ["--mount", "--net", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--propagation", "private"]
    dockerd = [
        docker.dockerd,
        f"--config-file={folder / 'daemon.json'}",
        f"--data-root={data}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'dockerd.pid'}",
        f"--host=unix://{socket}",
        f"--group={NOBODY}",
        f"--cgroup-parent=/{folder.name}",
        "--exec-opt=native.cgroupdriver=cgroupfs",
    ]
    subordinate = {} if begin is None else {"SUBORDINATE": f"nobody:{begin}:65536\nnogroup:{begin}:65536"}
    if begin is not None:
        dockerd.append("--userns-remap=nobody:nogroup")
    with log.open("wb") as output:
        process = subprocess.Popen(
            # Should the tests be killed, the cage goes too.
            ["setpriv", "--pdeathsig=KILL", "unshare", *cage, "sh", "-c", CAGE, "cage", data, images or "", *dockerd],
            env={"PATH": docker.path, "LC_ALL": "C.UTF-8", **subordinate},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    asked = Engine(f"unix://{socket}", folder, client, user=NOBODY, host_of=None)
    try:
        yield replace(asked, host_of=wait_until_ready(process, asked, socket, log))
    finally:
        stop(process, folder.name)


def wait_until_ready(process: subprocess.Popen[bytes], asked: Engine, socket: Path, log: Path) -> int:
    """Returns the id of dockerd itself when the engine answers."""
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
