"""Ends programs in the middle of their work: at a change that they have just made, and never after a time."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import images
import machine
from deployment import UP, Deployment

PTRACE_TRACEME = 0
PTRACE_SYSCALL = 24
TIMEOUT = 120.0
POLL_INTERVAL = 0.1

EVENT = '{{.Action}} {{index .Actor.Attributes "com.docker.compose.service"}}'


def killed_at_each_change(deployment: Deployment, command: list[str], look: Callable[[], Any]) -> Iterator[Any]:
    """Runs the program again and again, each time killed one change later, until it comes to its end.

    A change is what `look` sees between two system calls of the program. What it sees of the dead one is yielded.
    """
    changes = 0
    while True:
        changes += 1
        if not killed_at_change(deployment, command, look, changes):
            return
        yield look()


def killed_at_change(deployment: Deployment, command: list[str], look: Callable[[], Any], changes: int) -> bool:
    """Kills the program at so many changes; false where it came to its end with fewer."""
    libc = ctypes.CDLL(None, use_errno=True)
    before, left = look(), changes
    # No pipes: nobody would empty them while the program stands.
    process = subprocess.Popen(
        command,
        cwd=deployment.root,
        env={**deployment.engine.environment(), **deployment.exported},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: libc.ptrace(PTRACE_TRACEME, 0, None, None),
        **deployment.identity(command),
    )
    while True:
        _, status = os.waitpid(process.pid, 0)
        if not os.WIFSTOPPED(status):
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode == 0, f"{command}: exit {process.returncode}"
            return False
        now = look()
        left -= now != before
        before = now
        if left == 0:
            process.kill()
            process.wait()
            return True
        passed_on = os.WSTOPSIG(status) if os.WSTOPSIG(status) != signal.SIGTRAP else 0
        libc.ptrace(PTRACE_SYSCALL, process.pid, None, passed_on)


def start_killed_at(deployment: Deployment, event: str) -> None:
    """Kills `docker compose up` as soon as the engine tells the event of a container: `start postgres`."""
    since = deployment.engine.docker("info", "--format", "{{.SystemTime}}").strip()
    label = f"label=com.docker.compose.project={deployment.project}"
    events = ["docker", "events", "--since", since, "--filter", "type=container", "--filter", label, "--format", EVENT]
    with starting(deployment) as start:
        watch = subprocess.Popen(
            events, env=deployment.engine.environment(), stdout=subprocess.PIPE, encoding="utf-8", bufsize=1
        )
        try:
            assert watch.stdout is not None
            seen = []
            for line in watch.stdout:
                seen.append(line.strip())
                if seen[-1] == event or start.poll() is not None:
                    break
            assert seen[-1] == event, f"it did not come before the end: {seen}"
            os.killpg(start.pid, signal.SIGKILL)
        finally:
            watch.kill()
            watch.communicate()


@contextmanager
def starting(deployment: Deployment) -> Iterator[subprocess.Popen[bytes]]:
    """`docker compose up`, which goes on meanwhile."""
    deployment.check_project()
    start = subprocess.Popen(
        UP,
        cwd=deployment.out,
        env={**deployment.engine.environment(), **deployment.exported},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # the client of Docker runs Compose as a process of its own
        **deployment.identity(list(UP)),
    )
    try:
        yield start
    finally:
        if start.poll() is None:
            os.killpg(start.pid, signal.SIGKILL)
        start.wait()


class HeldStart:
    """A first start of PostgreSQL that can be stopped at a named point (hold/)."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.folder = machine.copied(images.HERE / "hold", deployment.root / "hold")
        # Docker Compose reads it in the folder of the outputs.
        path = image_path(deployment)
        deployment.add("postgres", volumes=["../hold:/hold:ro"], environment={"PATH": f"/hold:{path}"})

    def kill_at(self, point: str) -> None:
        """Starts everything, and kills PostgreSQL's container where it has come to this point."""
        at = self.folder / "at"
        at.write_text(f"{point}\n", encoding="ascii")
        with starting(self.deployment) as start:
            wait_until(lambda: f"held {point}" in self._log())
            self.deployment.compose("kill", "postgres")
            start.wait(TIMEOUT)
        assert start.returncode != 0
        at.unlink()

    def _log(self) -> str:
        name = self.deployment.name("postgres")
        done = self.deployment.finish(["docker", "logs", name])
        return done.stdout + done.stderr


def image_path(deployment: Deployment) -> str:
    """PATH in the image of PostgreSQL."""
    template = "{{range .Config.Env}}{{println .}}{{end}}"
    image = images.POSTGRES_OF_USER or images.POSTGRES
    variables = deployment.engine.docker("image", "inspect", "--format", template, image).splitlines()
    return next(line.removeprefix("PATH=") for line in variables if line.startswith("PATH="))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("what was waited for did not come")
        time.sleep(POLL_INTERVAL)
