"""The scripts for the databases, run as their user runs them, and what ends one in the middle (shim/docker)."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import images
import machine
from engine import NOBODY

from deployment import COMMAND_TIMEOUT, Deployment, check

SHIM = images.HERE / "shim"

# `E2E_LONG=1` ends the scripts at every point of their lists, and tries what needs two hosts: some ten minutes more.
LONG = os.environ.get("E2E_LONG") == "1"

Point = TypeVar("Point")


def sample(points: list[Point]) -> list[Point]:
    """The points at which a script is ended: all of them, or one of four."""
    return points if LONG else points[1::4]


# What keeps writing, in a service's container and by its own URL. Each transaction leaves as many rows in one table as
# in the other, so a copy that has a part of one is told by its counts.
LOAD = """
import asyncio, os
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
[name] = [name for name in os.environ if name.endswith("__DB_URL")]
url = os.environ[name].replace("sqlite:///", "sqlite+aiosqlite:///", 1)
async def main():
    engine = create_async_engine(url, connect_args={"timeout": 30} if "sqlite" in url else {})
    async with engine.connect() as connection:
        if "sqlite" in url:
            await connection.execute(text("PRAGMA journal_mode = WAL"))
            await connection.execute(text("PRAGMA wal_autocheckpoint = 100000"))
        for table in ("credit", "debit"):
            await connection.execute(text(f"CREATE TABLE IF NOT EXISTS {table} (id integer, padding text)"))
        await connection.commit()
        print("loading", flush=True)
        for number in range(1 << 30):
            for table in ("credit", "debit"):
                await connection.execute(text(f"INSERT INTO {table} VALUES ({number}, '{'x' * 500}')"))
            await connection.commit()
            if number % 50 == 0:
                print(number, flush=True)
asyncio.run(main())
"""


def run_script(
    deployment: Deployment, name: str, *arguments: str, status: int = 0, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a script, where the folder of the outputs is not the current one."""
    deployment.check_project()
    command = command_of(deployment, name, *arguments)
    done = deployment.finish(command, cwd=deployment.root, env=env)
    check(done, status)
    hold_secrets(deployment, done.stdout + done.stderr)
    return done


def command_of(deployment: Deployment, name: str, *arguments: str) -> list[str]:
    """A script of the deployment's folder, or what codelab-gen brings along for a run."""
    if name == "migrate":
        return deployment.generate_command(name, *arguments)
    return [str(deployment.out / "scripts" / "db" / f"{name}.sh"), *arguments]


def hold_secrets(deployment: Deployment, text: str) -> None:
    for name, value in deployment.variables().items():
        assert not name.endswith(("PASSWORD", "BACKUP_KEY")) or value not in text, f"{name} is in the output"


def back_up(deployment: Deployment, *arguments: str) -> Path:
    """Makes a backup, and returns its folder."""
    said = run_script(deployment, "backup", *arguments).stdout
    assert said.count("\n") == 1, said
    return Path(said.strip())


def copied(deployment: Deployment, backup: Path, name: str) -> Path:
    """A copy in the project's folder, for the deployment's user."""
    copy = Path(shutil.copytree(backup, deployment.root / name))
    give(copy, *copy.iterdir())
    return copy


def give(*paths: Path) -> None:
    """To the deployment's user."""
    for path in paths if os.geteuid() == 0 else ():
        os.chown(path, NOBODY, NOBODY)


def facts(backup: Path) -> dict[str, dict[str, int]]:
    """The numbers of rows by file and table, as the manifest tells them."""
    found: dict[str, dict[str, int]] = {}
    for line in backup.joinpath("manifest").read_text(encoding="utf-8").splitlines():
        key, *parts = line.split("\t")
        if key == "file":
            found[parts[0]] = {}
        elif key == "rows":
            found[parts[0]][parts[1]] = int(parts[2])
    return found


class Shim:
    """What stands in for the client of Docker, in a folder of the deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.folder = machine.copied(SHIM, deployment.root / "shim")
        self.calls = self.folder / "calls"
        give(self.folder, *self.folder.iterdir())

    def environment(self, at: str = "", how: str = "before", container: str = "") -> dict[str, str]:
        self.calls.unlink(missing_ok=True)
        path = self.deployment.engine.environment()["PATH"]
        return {
            "PATH": f"{self.folder}:{path}",
            "SHIM_DOCKER": str(self.deployment.engine.client),
            "SHIM_CALLS": str(self.calls),
            "SHIM_AT": at if re.search(r":\d+$", at) else f"{at}:1",
            "SHIM_HOW": how,
            "SHIM_CONTAINER": container,
        }

    def kill(self, at: str, how: str, name: str, *arguments: str) -> None:
        """Runs a script that is killed, together with every process of its own, at this call."""
        self.deployment.check_project()
        command = command_of(self.deployment, name, *arguments)
        process = subprocess.Popen(
            command,
            cwd=self.deployment.root,
            env={**self.deployment.engine.environment(), **self.environment(at, how)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
            **self.deployment.identity(command),
        )
        said, _ = process.communicate(timeout=COMMAND_TIMEOUT)
        assert process.returncode == -9, f"{at}: exit {process.returncode}\n{said}\n{self.calls.read_text()}"


@contextmanager
def load(deployment: Deployment, service: str) -> Iterator[Callable[[], None]]:
    """Somebody writes to the service's database all the time; the function waits for more rows."""
    command = ["docker", "exec", "-i", deployment.name(service), "python", "-c", LOAD]
    process = subprocess.Popen(
        command,
        env=deployment.engine.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        **deployment.identity(command),
    )
    assert process.stdout is not None and process.stderr is not None

    def more() -> None:
        assert process.stdout is not None and process.stderr is not None
        for _ in range(3):
            if not process.stdout.readline():
                raise AssertionError(process.stderr.read())

    try:
        more()
        yield more
    finally:
        # The client alone would leave the program in the container.
        deployment.try_inside(service, "python", "-c", END_LOAD)
        process.kill()
        process.communicate()


END_LOAD = """
import glob, os, signal
for path in glob.glob("/proc/[0-9]*/cmdline"):
    pid = int(path.split("/")[2])
    try:
        text = open(path).read()
    except OSError:
        continue
    if "wal_autocheckpoint" in text and pid != os.getpid():
        os.kill(pid, signal.SIGKILL)
"""


def started(deployment: Deployment) -> dict[str, str]:
    """Every container of the project that is there, also those that a script has started, with its state."""
    label = f"label=com.docker.compose.project={deployment.project}"
    listed = deployment.engine.docker("ps", "--all", "--filter", label, "--format", "{{.Names}} {{.State}}")
    return {name.removeprefix(f"{deployment.project}-"): state for name, state in map(str.split, listed.splitlines())}


def settled(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.2)
