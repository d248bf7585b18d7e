"""`scripts/deploy.sh`, killed at any call of docker with all that belongs to it, and run again: the end is the same."""

import subprocess
from pathlib import Path

import pytest
from test_changes import WRONG_PASSWORD, started

import images
import machine
from engine import NOBODY
from stack import COMMAND_TIMEOUT, SEEDS, Stack, stateless

# What changes something, by the how-manieth of such calls.
POINTS = (
    ("secret create:1", "before"),
    ("secret create:1", "after"),
    ("stack deploy:1", "before"),
    ("stack deploy:1", "after"),
    ("stack deploy:2", "after"),
    ("stack deploy:3", "before"),
    ("stack deploy:3", "after"),
)


def killed(stack: Stack, at: str, how: str, *arguments: str) -> None:
    """Runs deploy.sh until this call."""
    shim = stack.root / "shim"
    if not shim.exists():
        machine.copied(images.HERE / "shim", shim)
    calls = stack.root / "calls"
    calls.touch()
    stack.give_away()
    calls.write_text("", encoding="ascii")
    environment = stack.environment()
    process = subprocess.Popen(
        ["bash", "deploy/scripts/deploy.sh", *arguments],
        cwd=stack.root,
        env={
            **environment,
            "PATH": f"{shim}:{environment['PATH']}",
            "SHIM_DOCKER": str(Path(environment["PATH"].partition(":")[0], "docker")),
            "SHIM_CALLS": str(calls),
            "SHIM_AT": at,
            "SHIM_HOW": how,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
    )
    said, _ = process.communicate(timeout=COMMAND_TIMEOUT)
    assert process.returncode == -9, f"{at}: exit {process.returncode}\n{said}\n{calls.read_text()}"


@pytest.mark.parametrize(("at", "how"), [("node update:1", "after"), *POINTS])
def test_a_first_deployment(stack: Stack, at: str, how: str) -> None:
    stack.generate(stateless())
    killed(stack, at, how, "--pin", "node-2")
    stack.deploy("--pin", "node-2")
    assert stack.node_of("postgres").name == "node-2"
    for service in ("agent-runtime", "auth-service"):
        assert stack.read(service) == SEEDS


@pytest.mark.parametrize(
    ("at", "how"),
    [
        *POINTS,
        ("secret rm:1", "before"),
    ],
)
def test_a_rotation(stack: Stack, at: str, how: str) -> None:
    started(stack, stateless())
    if at.startswith("secret rm"):  # of the generation before the last one
        stack.generate(None, "rotate", "POSTGRES_PASSWORD")
        stack.deploy()
    stack.write("auth-service", "before")
    old = stack.variables()["POSTGRES_PASSWORD"]
    stack.generate(None, "rotate", "POSTGRES_PASSWORD")
    killed(stack, at, how)
    stack.deploy()
    assert stack.login(stack.variables()["POSTGRES_PASSWORD"], "auth_db") == "in"
    assert stack.login(old, "auth_db") == WRONG_PASSWORD
    assert stack.read("auth-service") == [*SEEDS, "before"]
