"""The hooks under pre-commit itself, which builds the program with cargo from a clone of this repository."""

import os
import shutil
from pathlib import Path

import pytest

from programs import ROOT, commit, run, shown, tool, version, with_cargo
from releases import copied

# A build for speed of building: it is the hooks that are tested.
BUILD = {
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_TARGET_DIR": str(ROOT / ".tools" / "kit-build"),
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """This repository as it stands, committed, as a project would name it."""
    folder = copied(tmp_path / "hooks" / "codelab-gen")
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", folder)
    return folder


@pytest.mark.quick
def test_the_manifest_and_the_snippet_are_what_pre_commit_reads(tmp_path: Path) -> None:
    env = {"PRE_COMMIT_HOME": str(tmp_path)}
    run(tool("pre-commit"), "validate-manifest", ROOT / ".pre-commit-hooks.yaml", cwd=tmp_path, env=env)
    configuration = tmp_path / "configuration.yaml"
    configuration.write_text(shown("pre-commit", "yaml"), encoding="utf-8")
    run(tool("pre-commit"), "validate-config", configuration, cwd=tmp_path, env=env)


@pytest.mark.skipif(os.environ.get("CODELAB_GEN_LONG") != "1", reason="compiles for a minute: CODELAB_GEN_LONG=1")
def test_the_hooks_pass_and_fail_as_the_project_does(repository: Path, project: Path, tmp_path: Path) -> None:
    env = {**with_cargo(), **BUILD, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}
    revision = commit(repository)
    configuration = shown("pre-commit", "yaml").replace("https://github.com/OWNER/codelab-gen", str(repository))
    configuration = configuration.replace(f"v{version()}", revision)
    (project / ".pre-commit-config.yaml").write_text(configuration, encoding="utf-8")
    commit(project)

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
