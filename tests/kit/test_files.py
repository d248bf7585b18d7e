"""The files for CI systems under the schemas and the linters of those systems."""

import json
import os
import shutil
from pathlib import Path

import pytest

from programs import ROOT, document, run, shown, step, tool

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def conforms(schema: str, *files: Path) -> None:
    run(tool("check-jsonschema"), "--builtin-schema", schema, *files, cwd=ROOT)


def test_workflows_are_workflows_and_each_job_ends_some_time() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "release.yml"]
    conforms("vendor.github-workflows", *WORKFLOWS)
    conforms("custom.github-workflows-require-timeout", *WORKFLOWS)


def test_the_action_is_an_action() -> None:
    conforms("vendor.github-actions", ROOT / "action.yml")


def test_zizmor_finds_nothing_in_workflows_and_action(tmp_path: Path) -> None:
    run(tool("zizmor"), "--offline", "--no-progress", ROOT, cwd=tmp_path)


def test_no_script_of_the_action_has_an_expression() -> None:
    """What stands between `${{` and `}}` becomes a part of the script, whatever somebody wrote into it."""
    for name in ("Install codelab-gen", "Check"):
        assert "${{" not in step(name)


def scripts() -> list[tuple[str, str]]:
    """Every script of the workflows and the action, by its place."""
    found = [(f"action.yml: {name}", step(name)) for name in ("Install codelab-gen", "Check")]
    for path in WORKFLOWS:
        for name, job in document(path)["jobs"].items():
            found += [(f"{path.name}: {name}", step["run"]) for step in job.get("steps", []) if "run" in step]
    return found


@pytest.mark.parametrize("script", [pytest.param(script, id=name) for name, script in scripts()])
def test_shellcheck_has_nothing_to_say_of_scripts(script: str) -> None:
    run(tool("shellcheck"), "--norc", "--shell=bash", "-", cwd=ROOT, stdin=script)


def test_shellcheck_has_nothing_to_say_of_the_projects_own_scripts() -> None:
    own = [ROOT / ".ci" / "run", ROOT / ".ci" / "pack", ROOT / "tests" / "run.sh"]
    run(tool("shellcheck"), "--norc", *own, cwd=ROOT)


def test_hadolint_has_nothing_to_say() -> None:
    run(tool("hadolint"), "--no-color", "Dockerfile", cwd=ROOT)


def test_the_image_is_built_from_all_that_the_program_is_built_from(tmp_path: Path) -> None:
    copied = {
        word.rstrip("/")
        for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert copied == {line.removeprefix("!") for line in allowed if line.startswith("!")}
    included = run("grep", "-rhoE", r'include_(str|bytes)!\("[^"]+"', "src", cwd=ROOT).stdout
    outside = {path.split('"')[1].lstrip("./").split("/")[0] for path in included.splitlines() if '"../' in path}
    assert {"templates", "profiles"} <= outside
    assert outside - {"templates", "profiles"} <= {path.name for path in (ROOT / "src").rglob("*")}
    for name in copied:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, tmp_path / name)
    cargo = shutil.which("cargo")
    assert cargo is not None, "cargo is missing: install Rust with rustup"
    run(cargo, "fetch", "--offline", "--locked", cwd=tmp_path, env=dict(os.environ))


def test_the_snippet_for_github_is_a_workflow(tmp_path: Path) -> None:
    workflow = tmp_path / "deployment.yml"
    workflow.write_text(shown("GitHub Actions", "yaml"), encoding="utf-8")
    conforms("vendor.github-workflows", workflow)
    conforms("custom.github-workflows-require-timeout", workflow)


def test_the_snippet_for_gitlab_is_a_pipeline(tmp_path: Path) -> None:
    pipeline = tmp_path / ".gitlab-ci.yml"
    pipeline.write_text(shown("GitLab", "yaml"), encoding="utf-8")
    conforms("vendor.gitlab-ci", pipeline)
    job = document(pipeline)["codelab-gen"]
    script = "\n".join([*job["before_script"], *job["script"]])
    run(tool("shellcheck"), "--norc", "--shell=bash", "-", cwd=ROOT, stdin=script)


@pytest.mark.parametrize("index", [0, 1], ids=["the configuration", "the tasks"])
def test_the_recipe_for_renovate_is_a_configuration(index: int, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8").split("```json\n")[1 + index].split("```")[0]
    configuration = tmp_path / "renovate.json"
    configuration.write_text(json.dumps(json.loads(text)), encoding="utf-8")
    conforms("vendor.renovate", configuration)


@pytest.mark.parametrize("wrong", ["jobs", "timeout"])
def test_a_wrong_workflow_is_found(wrong: str, tmp_path: Path) -> None:
    """The schemas do judge: a file that is none of theirs fails."""
    text = shown("GitHub Actions", "yaml")
    text = text.replace("jobs:", "job:") if wrong == "jobs" else text.replace("    timeout-minutes: 5\n", "")
    workflow = tmp_path / "deployment.yml"
    workflow.write_text(text, encoding="utf-8")
    schema = "vendor.github-workflows" if wrong == "jobs" else "custom.github-workflows-require-timeout"
    run(tool("check-jsonschema"), "--builtin-schema", schema, workflow, cwd=tmp_path, status=1)
