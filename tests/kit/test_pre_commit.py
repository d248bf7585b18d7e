"""The hooks under pre-commit itself, which builds the program with cargo from a clone of this repository."""

import os
import shutil
from pathlib import Path

import pytest

from programs import ROOT, run, shown, tool

# A build for speed of building: it is the hooks that are tested.
BUILD = {
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_TARGET_DIR": str(ROOT / ".tools" / "kit-build"),
}


def environment(home: Path) -> dict[str, str]:
    cargo = shutil.which("cargo")
    assert cargo is not None, "cargo is missing: install Rust with rustup"
    known = ("CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "HOME")
    kept = {name: os.environ[name] for name in known if name in os.environ}
    people = ("AUTHOR", "COMMITTER")
    git = {f"GIT_{who}_{what}": "x@example.com" for who in people for what in ("NAME", "EMAIL")}
    path = f"{Path(cargo).parent}:{os.defpath}"
    return {**kept, **git, **BUILD, "PATH": path, "PRE_COMMIT_HOME": str(home)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps what it built."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository as it stands, committed, as a project would name it."""
    folder = tmp_path_factory.mktemp("hooks") / "codelab-gen"
    folder.mkdir()
    for name in ("Cargo.toml", "Cargo.lock", "build.rs", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder)
    for name in ("src", "templates", "profiles"):
        shutil.copytree(ROOT / name, folder / name)
    commit(folder, folder)
    return folder


def commit(folder: Path, home: Path) -> str:
    env = environment(home)
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder, env=env)
    run("git", "commit", "--quiet", "--message", "all", cwd=folder, env=env)
    return run("git", "rev-parse", "HEAD", cwd=folder).stdout.strip()


def test_the_manifest_and_the_snippet_are_what_pre_commit_reads(tmp_path: Path) -> None:
    env = {"PRE_COMMIT_HOME": str(tmp_path)}
    run(tool("pre-commit"), "validate-manifest", ROOT / ".pre-commit-hooks.yaml", cwd=tmp_path, env=env)
    configuration = tmp_path / "configuration.yaml"
    configuration.write_text(shown("pre-commit", "yaml"), encoding="utf-8")
    run(tool("pre-commit"), "validate-config", configuration, cwd=tmp_path, env=env)


def test_the_hooks_pass_and_fail_as_the_project_does(repository: Path, project: Path, home: Path) -> None:
    env = environment(home)
    revision = run("git", "rev-parse", "HEAD", cwd=repository).stdout.strip()
    configuration = shown("pre-commit", "yaml").replace("https://github.com/OWNER/codelab-gen", str(repository))
    configuration = configuration.replace("v0.1.0", revision)
    (project / ".pre-commit-config.yaml").write_text(configuration, encoding="utf-8")
    commit(project, home)

    def hooks(status: int, *arguments: str) -> str:
        command = (tool("pre-commit"), "run", "--verbose", *arguments)
        return run(*command, cwd=project, env=env, status=status, timeout=900).stdout

    told = hooks(0, "--all-files")
    assert told.count("Passed") == 2, told

    # neither a profile nor an output is among the files of the commit
    compose = project / "deploy" / "docker-compose.yml"
    text = compose.read_text(encoding="utf-8")
    compose.write_text(text.replace("restart: unless-stopped", "restart: always", 1), encoding="utf-8")
    (project / "notes.txt").write_text("x\n", encoding="utf-8")
    run("git", "add", "--all", cwd=project, env=env)
    told = hooks(1)
    assert "profiles are valid" in told and "(no files to check)Skipped" in told, told
    assert "+    restart: always" in told and "exit code: 1" in told, told
    compose.write_text(text, encoding="utf-8")

    # a base that breaks what extends it
    base = project / "profiles" / "base.yaml"
    base.write_text(base.read_text(encoding="utf-8").replace("project: codelab", "projekt: codelab"), encoding="utf-8")
    run("git", "add", "--all", cwd=project, env=env)
    told = hooks(1, "codelab-gen-validate")
    assert "error[unknown-key]: unknown key `projekt`" in told, told
