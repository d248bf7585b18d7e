"""Where the real programs of the tests are, and how one is run: with nothing of the machine's own environment."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent

# No variable of the caller's shell may decide a test: both Compose and codelab-gen read their environment.
SCRUBBED = {"PATH": os.defpath, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}

# Seconds that a wait may last on the slowest and busiest machine; nothing waits so long where it goes well.
PATIENCE = 300.0

# Whether the longest cases run as well; without it each has a short version.
LONG = os.environ.get("CODELAB_GEN_LONG") == "1"


def tool(name: str, environment: str = "tools") -> Path:
    """A program of one of the virtual environments that tests/run.sh makes; a missing one fails the test."""
    path = ROOT / ".tools" / environment / "bin" / name
    if not path.exists():
        pytest.fail(f"{path.relative_to(ROOT)} is missing; this installs it: bash tests/run.sh conformance")
    return path


def run(
    *command: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    status: int = 0,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end and fails, with all that it said, where its exit status is another than expected."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**SCRUBBED, **(env or {})},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode != status:
        said = f"{done.stdout}{done.stderr}"
        pytest.fail(f"{Path(command[0]).name} in {cwd}: exit {done.returncode}, expected {status}\n{said}")
    return done


class Generate(Protocol):
    """The fixture that runs codelab-gen."""

    def __call__(
        self, profile: str | Path, out: Path, *args: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]: ...


class Compose(Protocol):
    """The fixture that runs Docker Compose."""

    def __call__(
        self, folder: Path, *args: str, env: Mapping[str, str] | None = None, status: int = 0
    ) -> subprocess.CompletedProcess[str]: ...


class Meaning(Protocol):
    """The fixture that gives what Compose understands."""

    def __call__(self, folder: Path, env: Mapping[str, str] | None = None) -> dict[str, Any]: ...
