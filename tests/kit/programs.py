"""Where the programs of the tests are, how one is run, and what the documents of this repository show."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from kept import kept as kept_once

ROOT = Path(__file__).resolve().parents[2]

# No variable of the caller's shell may decide a test, and no setting that somebody or the machine has for git.
SCRUBBED = {
    "PATH": os.defpath,
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}

# Which of the caller's variables say how package registries are reached, and where Rust is.
REGISTRIES = re.compile(
    r"(PIP|UV|CARGO|RUSTUP|SSL_CERT)_[A-Z_]+|(REQUESTS|CURL)_CA_BUNDLE|(HTTPS?|ALL|NO)_PROXY"
    r"|GO(PROXY|NOPROXY|SUMDB|NOSUMDB|PRIVATE|PATH|MODCACHE|CACHE|TOOLCHAIN)",
    flags=re.IGNORECASE,
)
# What decides how something is built is the test's business.
DECIDED = ("CARGO_TARGET_DIR", "CARGO_BUILD_", "CARGO_PROFILE_")


def registries() -> dict[str, str]:
    """The variables by which pip, cargo and go reach their registries on this machine."""
    return {
        name: value for name, value in os.environ.items() if REGISTRIES.fullmatch(name) and not name.startswith(DECIDED)
    }


def with_cargo() -> dict[str, str]:
    """The environment of what runs cargo: its home, and a PATH with it in front of the system's programs."""
    cargo = shutil.which("cargo")
    assert cargo is not None, "cargo is missing: install Rust with rustup"
    home = {"HOME": os.environ["HOME"]} if "HOME" in os.environ else {}
    return {**registries(), **home, "PATH": f"{Path(cargo).parent}:{os.defpath}"}


def version() -> str:
    """The version in the one place where it is said."""
    return str(tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]["version"])


def target() -> Path:
    """Where cargo builds this project."""
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target")


def kept(name: str, *command: str | Path, env: Mapping[str, str], remove: str = "") -> Path:
    """A program that is built at first use and kept for this user; `{}` in the command is the folder to install to, of
    which `remove` is not kept."""

    def make(folder: Path) -> None:
        there = {key: value.replace("{}", str(folder)) for key, value in env.items()}
        run(*[str(part).replace("{}", str(folder)) for part in command], cwd=folder, env=there, timeout=1800)
        if remove:
            shutil.rmtree(folder / remove)

    return kept_once(name, " ".join(map(str, command)), make)


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
    timeout: int = 300,  # of a machine that others load as well
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


def read(text: str) -> Any:
    """What a text of YAML 1.2 says, in which `on` is a key like any other."""
    return YAML(typ="safe", pure=True).load(text)


def document(path: Path) -> Any:
    """What a file of YAML 1.2 says."""
    return read(path.read_text(encoding="utf-8"))


def shown(heading: str, language: str, index: int = 0) -> str:
    """A fenced block of a language below a heading of docs/ci.md, the first where no other is meant."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    below = next(part for part in section if part.startswith(f"{heading}\n"))
    return below.split(f"```{language}\n")[1 + index].split("```")[0]


def commit(folder: Path) -> str:
    """Commits all of a folder to a repository of its own, and gives the commit."""
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com")
    run(*git, "init", "--quiet", cwd=folder)
    run(*git, "add", "--all", cwd=folder)
    run(*git, "commit", "--quiet", "--message", "all", cwd=folder)
    return run(*git, "rev-parse", "HEAD", cwd=folder).stdout.strip()


def step(name: str) -> str:
    """The script of a step of action.yml."""
    steps = document(ROOT / "action.yml")["runs"]["steps"]
    return next(step["run"] for step in steps if step["name"] == name)
