"""What the tests need of the machine, and how it gets there.

Nothing is installed unless `E2E=required`; otherwise what is missing is a reason to skip, told with the command that
would install it.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from kept import alone

REQUIRED = os.environ.get("E2E") == "required"
PART = Path.cwd().name  # tests/run.sh runs each part in its folder

# Programs, by the package of Debian 12 that has them. A user's PATH may lack the folders of the administrator.
PACKAGES = {
    "docker": "docker.io",
    "dockerd": "docker.io",
    "ip": "iproute2",
    "iptables": "iptables",
    "runc": "runc",
    "debootstrap": "debootstrap",
    # another engine, with what makes its networks
    "podman": "podman",
    "netavark": "netavark",
    "aardvark-dns": "aardvark-dns",
    # what a cluster needs besides (tests/cluster)
    "etcd": "etcd-server",
    "bridge": "containernetworking-plugins",
    "nft": "nftables",
    "ipset": "ipset",
    "sshfs": "sshfs",
    "sftp-server": "openssh-sftp-server",
    # what the documents name
    "age": "age",
    "openssl": "openssl",
    "pass": "pass",
    "psql": "postgresql-client",
}
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/lib/openssh"])


def program(name: str, path: str = PATH) -> str:
    """Where a program is."""
    return shutil.which(name, path=path) or unavailable(f"{name} is missing")


def unavailable(reason: str) -> NoReturn:
    """Ends the tests that need what is not there: as skipped, or as failed where they are required."""
    if REQUIRED:
        pytest.fail(f"{PART}: {reason}", pytrace=False)
    pytest.skip(f"{PART}: skipped: {reason}")


def provide(*programs: str, path: str = PATH) -> None:
    """Makes sure that the programs are there, by installing their packages where that is wanted."""
    packages = missing(programs, path)
    if not packages:
        return
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if not REQUIRED or os.geteuid() != 0:
        unavailable(f"{', '.join(packages)} missing; as root this installs it: {command}")
    with alone("packages"), no_service_starts():
        if not missing(programs, path):
            return
        for step in ("apt-get update --quiet", f"{command} --yes --quiet"):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            done = subprocess.run(
                step.split(), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            if done.returncode != 0:
                pytest.fail(f"{PART}: {step}\n{done.stdout}", pytrace=False)


def missing(programs: Sequence[str], path: str) -> list[str]:
    """The packages of the programs that are not there."""
    return sorted({PACKAGES[name] for name in programs if shutil.which(name, path=path) is None})


@contextmanager
def no_service_starts() -> Iterator[None]:
    """The package docker.io would start an engine; Debian asks this file first. One that is there already stays."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def checked(*command: str | Path, cwd: Path | None = None, stdin: str | None = None, timeout: float = 600) -> str:
    """The output of a program of the harness itself; a failure of it fails the test with all that it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PATH": PATH},
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout


def copied(source: Path, place: Path) -> Path:
    """A copy of a folder of the clone, whose own modes are those of its user's umask, for every user."""
    shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (place, *place.rglob("*")):
        is_program = path.is_dir() or path.suffix == ".sh" or path.read_bytes().startswith(b"#!")
        path.chmod(0o755 if is_program else 0o644)
    return place
