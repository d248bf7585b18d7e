"""A Swarm of three engines on one machine, each a host of its own, joined by a cable.

It lives in a cage (tests/cluster/cage.py) and ends with it. All three are managers, so that one can be lost. What the
kernel lacks can't be tried: without IPVS a service's virtual address and the ingress network lead nowhere, so services
have `endpoint_mode: dnsrr` and ports of their host here; without ESP no overlay network is encrypted.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine
import images
import parts

from cage import Cage, caged
from member import BRIDGE, Member

NAMES = ("node-1", "node-2", "node-3")


@dataclass
class Lab:
    """A Swarm that answers, with all engines ready."""

    cage: Cage
    members: Mapping[str, Member]

    @property
    def folder(self) -> Path:
        return self.cage.folder

    def a_manager(self) -> Member:
        """One that runs."""
        return next(member for member in self.members.values() if not member.is_lost)

    def docker(self, *arguments: str) -> str:
        return self.a_manager().engine.docker(*arguments)

    def try_docker(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["docker", *arguments]
        env = self.a_manager().engine.environment()
        return subprocess.run(command, env=env, capture_output=True, encoding="utf-8", timeout=120, check=False)

    def inspect(self, *arguments: str) -> list[Any]:
        """What several objects are, of a `docker … inspect`; nothing where none is named."""
        found: list[Any] = json.loads(self.docker(*arguments))
        return found

    def until(self, what: str, look: Callable[[], bool], seconds: float = 120.0) -> None:
        self.cage.until(what, look, seconds)

    def nodes(self) -> dict[str, dict[str, Any]]:
        """What the Swarm says of each engine."""
        ids = self.docker("node", "ls", "--quiet").split()
        return {one["Description"]["Hostname"]: one for one in self.inspect("node", "inspect", *ids)}

    def ready(self) -> set[str]:
        """The engines that the Swarm can use; without a failure where it has no leader at the moment."""
        listed = self.try_docker("node", "ls", "--format", "{{.Hostname}} {{.Status}} {{.ManagerStatus}}")
        lines = [line.split() for line in listed.stdout.splitlines()] if listed.returncode == 0 else []
        return {line[0] for line in lines if line[1:2] == ["Ready"] and line[2:] in (["Leader"], ["Reachable"])}

    def misses(self, name: str) -> bool:
        """Whether the Swarm has given up an engine, so that what it ran is started elsewhere."""
        listed = self.try_docker("node", "ls", "--format", "{{.Hostname}} {{.Status}}")
        return listed.returncode == 0 and f"{name} Down" in listed.stdout.splitlines()

    def lose(self, name: str) -> None:
        """A power cut, and what the Swarm makes of it."""
        self.members[name].lose()
        self.until(f"{name} is missed", lambda: self.misses(name))

    def leader(self) -> Member:
        listed = self.docker("node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}")
        [name] = [line.split()[0] for line in listed.splitlines() if line.endswith(" Leader")]
        return self.members[name]

    def all_ready(self) -> None:
        """Brings back what is lost, and waits until the Swarm has all engines again."""
        for member in self.members.values():
            if member.is_lost:
                member.start()
        self.until("all engines are ready", lambda: self.ready() == set(self.members))


@contextmanager
def running(docker: parts.Parts, folder: Path, made: Path | None) -> Iterator[Lab]:
    """Starts three engines and joins them to a Swarm."""
    engine.placed(Path(docker.client), folder / "bin" / "docker")
    with caged(folder, docker.path) as cage:
        for command in (f"ip link add {BRIDGE} type bridge", f"ip link set {BRIDGE} up"):
            cage.run(*command.split())
        members = {name: Member(cage, docker, name, number, made) for number, name in enumerate(NAMES, 1)}
        lab = Lab(cage, members)
        for member in members.values():
            member.connect()
            member.start()
        join(lab)
        name_engines(lab)
        yield lab


def join(lab: Lab) -> None:
    first, *others = lab.members.values()
    first.engine.docker("swarm", "init", "--advertise-addr", first.address)
    token = first.engine.docker("swarm", "join-token", "--quiet", "manager").strip()
    for other in others:
        other.engine.docker("swarm", "join", "--advertise-addr", other.address, "--token", token, first.address)
    lab.until("all engines are ready", lambda: lab.ready() == set(lab.members))


def name_engines(lab: Lab) -> None:
    """Lets the client reach each engine by a context that is called like it."""
    for member in lab.members.values():
        lab.docker("context", "create", member.name, "--docker", f"host=unix://{member.socket}")
    for path in (lab.folder / "docker", *lab.folder.joinpath("docker").rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def prepared(docker: parts.Parts) -> Path | None:
    return images.prepared(docker)
