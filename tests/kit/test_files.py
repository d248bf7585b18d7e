"""The files for CI systems under the schemas and the linters of those systems."""

import json
import re
import shutil
from pathlib import Path

import pytest

from programs import ROOT, document, run, shown, step, tool, with_cargo

pytestmark = pytest.mark.quick
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
    settings = ("--config", ROOT / ".github" / "zizmor.yml")
    run(tool("zizmor"), "--offline", "--no-progress", *settings, *WORKFLOWS, ROOT / "action.yml", cwd=tmp_path)


def test_actionlint_finds_nothing_in_workflows(actionlint: Path) -> None:
    run(actionlint, "-shellcheck", tool("shellcheck"), "-pyflakes=", *WORKFLOWS, cwd=ROOT)


def test_every_action_of_others_is_named_by_commit() -> None:
    texts = [path.read_text(encoding="utf-8") for path in [*WORKFLOWS, ROOT / "action.yml"]]
    uses = [line.strip() for text in [*texts, shown("GitHub Actions", "yaml")] for line in text.splitlines()]
    uses = [line for line in uses if re.match(r"(- )?uses:", line) and "OWNER/codelab-gen@" not in line]
    assert len(uses) > 10
    assert [
        line for line in uses if not re.fullmatch(r"(- )?uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v[0-9.]+", line)
    ] == []
    # one commit of an action, and one tag for it
    pairs = {line.split("uses: ")[1] for line in uses}
    assert len({pair.split("@")[0] for pair in pairs}) == len(pairs)


def test_only_jobs_behind_an_environment_get_a_signing_token() -> None:
    signing = {}
    for path in WORKFLOWS:
        workflow = document(path)
        assert workflow["permissions"] == {}
        for name, job in workflow["jobs"].items():
            if "id-token" in job["permissions"]:
                signing[name] = job
    assert sorted(signing) == ["attest", "attest-image", "pypi"]
    assert {name: job["environment"] for name, job in signing.items()} == {
        "attest": "release",
        "attest-image": "release",
        "pypi": "pypi",
    }
    # nothing of the repository runs beside a token
    assert not [step for job in signing.values() for step in job["steps"] if "checkout" in step.get("uses", "")]


def test_what_is_released_was_attested_before() -> None:
    jobs = document(ROOT / ".github" / "workflows" / "release.yml")["jobs"]

    def before(name: str) -> set[str]:
        needs = jobs[name].get("needs", [])
        direct = {needs} if isinstance(needs, str) else set(needs)
        return direct.union(*(before(other) for other in direct))

    download, attest = jobs["attest"]["steps"]
    assert download["with"] == {"path": "dist", "merge-multiple": True}, "it attests all that was built"
    assert attest["with"] == {"subject-path": "dist/*"}
    assert "attest" in before("image") & before("pypi") & before("release")
    assert {"attest-image", "pypi"} <= before("release")
    assert before("attest") == {"build", "dependencies"}


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
    run(tool("shellcheck"), "--norc", *(ROOT / ".ci").iterdir(), ROOT / "tests" / "run.sh", cwd=ROOT)


def test_hadolint_has_nothing_to_say() -> None:
    run(tool("hadolint"), "--no-color", "Dockerfile", cwd=ROOT)


def test_the_image_is_built_from_all_that_the_program_is_built_from(tmp_path: Path) -> None:
    copied = {
        word.rstrip("/")
        for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.replace("/${TARGETARCH}", "").split()[1:-1]
    }
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert copied == {line.removeprefix("!") for line in allowed if line.startswith("!")}
    included = run("grep", "-rhoE", r'include_(str|bytes)!\("[^"]+"', "src", cwd=ROOT).stdout
    outside = {path.split('"')[1].lstrip("./").split("/")[0] for path in included.splitlines() if '"../' in path}
    assert {"templates", "profiles"} <= outside
    assert outside - {"templates", "profiles"} <= {path.name for path in (ROOT / "src").rglob("*")}
    for name in copied - {"dist/image"}:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, tmp_path / name)
    assert crate(tmp_path) == crate(ROOT)


def crate(folder: Path) -> set[tuple[str, str]]:
    """What cargo finds to build in a folder, without any package of others."""
    metadata = ("metadata", "--no-deps", "--offline", "--format-version", "1")
    told = json.loads(run("cargo", *metadata, cwd=folder, env=with_cargo()).stdout)
    targets = [target for package in told["packages"] for target in package["targets"]]
    return {(kind, target["name"]) for target in targets for kind in target["kind"] if kind != "test"}


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
