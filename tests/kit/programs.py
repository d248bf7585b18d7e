"""Where the programs of the tests are, how one is run, and what the documents of this repository show."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]

# No variable of the caller's shell may decide a test.
SCRUBBED = {"PATH": os.defpath, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


def tool(name: str) -> Path:
    """A program of the virtual environment that tests/run.sh makes; a missing one fails the test."""
    path = ROOT / ".tools" / "kit" / "bin" / name
    if not path.exists():
        pytest.fail(f"{path.relative_to(ROOT)} is missing; this installs it: bash tests/run.sh kit")
    return path


def run(
    *command: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    status: int = 0,
    stdin: str = "",
    timeout: int = 60,
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end and fails, with all that it said, where its exit status is another than expected."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**SCRUBBED, **(env or {})},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    if done.returncode != status:
        said = f"{done.stdout}{done.stderr}"
        pytest.fail(f"{Path(command[0]).name} in {cwd}: exit {done.returncode}, expected {status}\n{said}")
    return done


def document(path: Path) -> Any:
    """A file of YAML 1.2, in which `on` is a key like any other."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def shown(heading: str, language: str) -> str:
    """The first fenced block of a language below a heading of docs/ci.md."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    below = next(part for part in section if part.startswith(f"{heading}\n"))
    return below.split(f"```{language}\n")[1].split("```")[0]


def step(name: str) -> str:
    """The script of a step of action.yml."""
    steps = document(ROOT / "action.yml")["runs"]["steps"]
    return next(step["run"] for step in steps if step["name"] == name)
