"""Which Docker the tests run on: its engine and client, and Docker Compose.

    E2E_ENGINE=28.5.2     the default where Go is there: built from its Go module, once per machine, with its client
    E2E_ENGINE=20.10      that of Debian 12; the default without Go, but for GO=required
    E2E_ENGINE=current    permits the machine's own, by DOCKER_HOST or its usual socket
    E2E_COMPOSE=5.6.1     the default: from PyPI
    E2E_COMPOSE=5.7.1     built from its Go module
    E2E_COMPOSE=2.35.0    the oldest one that is supported, built from its Go module
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import machine
import pytest
from built import RECIPES, NoGo, built, go

CURRENT = os.environ.get("E2E_ENGINE") == "current"

BUILT_ENGINE = "28.5.2"
DEBIAN_ENGINE = "20.10"

# Of Debian's docker.io; a client of another origin may come before them on the PATH.
DEBIAN_FOLDERS = ("/usr/sbin", "/usr/bin")

PYPI_COMPOSE = "5.6.1"
BUILT_COMPOSE = {RECIPES[name].version.removeprefix("v"): name for name in ("compose-5", "compose-2")}


@dataclass(frozen=True)
class Parts:
    """The programs of an engine."""

    version: str
    path: str  # where dockerd finds the others

    @property
    def dockerd(self) -> str:
        return machine.program("dockerd", self.path)

    @property
    def client(self) -> str:
        return machine.program("docker", self.path)


def parts() -> Parts:
    """Those that the run asks for, installed or built where they are missing and that is wanted."""
    version, _ = asked_engine()
    if CURRENT:
        machine.provide("docker")
        return Parts(version, machine.PATH)
    if os.geteuid() != 0:
        machine.unavailable("an engine of the tests' own needs root; E2E_ENGINE=current uses the machine's")
    machine.provide("ip", "debootstrap", "iptables", "runc")
    if version == DEBIAN_ENGINE:
        machine.provide("dockerd", path=os.pathsep.join(DEBIAN_FOLDERS))
        return Parts(version, os.pathsep.join([*DEBIAN_FOLDERS, machine.PATH]))
    folders = [str(made("engine")), str(made("containerd")), str(made("client"))]
    return Parts(version, os.pathsep.join([*folders, machine.PATH]))


def asked_engine() -> tuple[str, str]:
    """The version, and why it is that."""
    named = os.environ.get("E2E_ENGINE")
    if named in (BUILT_ENGINE, DEBIAN_ENGINE, "current"):
        return named, "E2E_ENGINE says so"
    if named:
        pytest.exit(f"E2E_ENGINE={named}: {BUILT_ENGINE}, {DEBIAN_ENGINE} or current is expected", returncode=2)
    try:
        go()
    except NoGo as error:
        if os.environ.get("GO") != "required":
            return DEBIAN_ENGINE, f"that of Debian, for want of a newer one: {error}"
        pytest.exit(f"e2e: GO=required: {error}", returncode=2)
    return BUILT_ENGINE, "built from its Go module"


def asked_compose() -> str:
    """The version."""
    named = os.environ.get("E2E_COMPOSE", PYPI_COMPOSE)
    if named not in (PYPI_COMPOSE, *BUILT_COMPOSE):
        known = ", ".join((PYPI_COMPOSE, *BUILT_COMPOSE))
        pytest.exit(f"E2E_COMPOSE={named}: one of {known} is expected", returncode=2)
    return named


def compose() -> Path:
    """The program, which is a plugin of the client."""
    if asked_compose() in BUILT_COMPOSE:
        return made(BUILT_COMPOSE[asked_compose()]) / "docker-compose"
    source = Path(sys.executable).parent / "docker-compose"
    if not source.is_file():
        machine.unavailable(f"{source} is missing; this installs it: bash tests/run.sh e2e")
    return source


def made(name: str) -> Path:
    try:
        return built(name)
    except (NoGo, RuntimeError) as error:
        machine.unavailable(str(error))


def number(version: str) -> tuple[int, int]:
    """The first two numbers of a version."""
    major, minor = version.removeprefix("v").split(".")[:2]
    return int(major), int(minor)
