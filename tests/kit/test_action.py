"""The scripts of action.yml and of the snippet for GitLab, run as a runner runs them, with a release to download."""

import platform
import re
import shlex
import shutil
import tarfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from programs import ROOT, document, run, shown, step
from releases import ARCHIVE, TARGET, VERSION, pack, served

pytestmark = [
    pytest.mark.quick,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the archive is one for x86-64"),
]

# How a runner starts `shell: bash`.
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")


@dataclass
class Runner:
    """What GitHub gives each step of a job."""

    folder: Path
    releases: str
    authority: Path
    extra: dict[str, str] = field(default_factory=dict)

    def environment(self, **variables: str) -> dict[str, str]:
        """The variables of a step, with the folders that earlier steps added to the PATH."""
        added = (self.folder / "path").read_text(encoding="utf-8").splitlines()
        return {
            "PATH": ":".join([*reversed(added), "/usr/bin", "/bin"]),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_PATH": str(self.folder / "path"),
            "CURL_CA_BUNDLE": str(self.authority),
            "RELEASES": self.releases,
            **variables,
        }

    def install(self, status: int = 0, version: str = "", action_ref: str = "", **variables: str) -> str:
        """Runs the first step as the runner does, and gives what it said."""
        environment = self.environment(VERSION=version, ACTION_REF=action_ref, **variables)
        done = run(*BASH, step("Install codelab-gen"), cwd=self.folder, env=environment, status=status)
        return done.stdout + done.stderr

    def check(self, workspace: Path, folder: str = ".", status: int = 0) -> str:
        """Runs the second step, and gives its annotations, but for notices, which tell what a profile lets in."""
        environment = self.environment(WORKING_DIRECTORY=folder, GITHUB_WORKSPACE=str(workspace))
        told = run(*BASH, step("Check"), cwd=workspace, env=environment, status=status).stdout
        return "".join(line for line in told.splitlines(keepends=True) if not line.startswith("::notice "))


@pytest.fixture(scope="module")
def dist(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive and its checksum, as the release workflow uploads them."""
    return pack(binary, tmp_path_factory.mktemp("release"))


@pytest.fixture
def runner(dist: Path, tmp_path: Path) -> Iterator[Runner]:
    """A runner that has not got codelab-gen."""
    folder = tmp_path / "runner"
    (folder / "temp").mkdir(parents=True)
    (folder / "path").touch()
    shutil.copytree(dist, tmp_path / "releases" / VERSION)
    with served(tmp_path / "releases", tmp_path / "authority.pem") as address:
        yield Runner(folder, address, tmp_path / "authority.pem")


def test_the_archive_holds_the_program_its_pages_and_completions(dist: Path) -> None:
    folder = ARCHIVE.removesuffix(".tar.gz")
    with tarfile.open(dist / ARCHIVE) as archive:
        names = {Path(member.name).relative_to(folder).as_posix() for member in archive if member.isfile()}
    assert {"LICENSE-MIT", "LICENSE-APACHE"} <= names
    assert {"codelab-gen", "README.md", "CHANGELOG.md", "man/codelab-gen.1", "man/codelab-gen-rotate.1"} <= names
    assert {"completions/codelab-gen.bash", "completions/_codelab-gen", "completions/codelab-gen.fish"} <= names
    assert len([name for name in names if name.startswith("man/")]) > 8
    run("sha256sum", "--check", f"{ARCHIVE}.sha256", cwd=dist)


def test_the_image_gets_the_programs_of_the_archives(dist: Path, tmp_path: Path) -> None:
    steps = document(ROOT / ".github" / "workflows" / "release.yml")["jobs"]["image"]["steps"]
    (script,) = [step["run"] for step in steps if step.get("name") == "The programs of the archives"]
    shutil.copytree(dist, tmp_path / "dist")
    shutil.copy(dist / ARCHIVE, tmp_path / "dist" / ARCHIVE.replace("x86_64", "aarch64"))
    run(*BASH, script, cwd=tmp_path)
    images = tmp_path / "dist" / "image"
    assert sorted(path.relative_to(images).as_posix() for path in images.rglob("*") if path.is_file()) == [
        "amd64/codelab-gen",
        "arm64/codelab-gen",
    ]
    assert run(images / "amd64" / "codelab-gen", "--version", cwd=tmp_path).stdout == f"codelab-gen {VERSION[1:]}\n"


def test_cargo_binstall_finds_the_archive_and_the_program_in_it(dist: Path) -> None:
    package = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]
    where = package["metadata"]["binstall"]
    known = {"repo": package["repository"], "name": package["name"], "bin": "codelab-gen", "binary-ext": ""}
    known |= {"version": package["version"], "target": TARGET}

    def filled(text: str) -> str:
        return re.sub(r"\{ ([a-z-]+) \}", lambda found: known[found[1]], text)

    assert filled(where["pkg-url"]) == f"https://github.com/OWNER/codelab-gen/releases/download/{VERSION}/{ARCHIVE}"
    assert where["pkg-fmt"] == "tgz" and (dist / ARCHIVE).is_file()
    with tarfile.open(dist / ARCHIVE) as archive:
        assert archive.getmember(filled(where["bin-dir"])).mode == 0o755


@pytest.mark.parametrize(
    "how", [{"version": VERSION}, {"action_ref": VERSION}, {"version": VERSION, "action_ref": "main"}]
)
def test_the_release_is_installed_and_checks(how: dict[str, str], runner: Runner, project: Path) -> None:
    assert f"codelab-gen {VERSION[1:]}" in runner.install(**how)
    assert runner.check(project) == ""


def test_drift_fails_and_is_annotated_where_it_is(runner: Runner, project: Path) -> None:
    runner.install(version=VERSION)
    compose = project / "deploy" / "docker-compose.yml"
    text = compose.read_text(encoding="utf-8")
    compose.write_text(text.replace("restart: unless-stopped", "restart: always", 1), encoding="utf-8")
    line = text.splitlines().index("    restart: unless-stopped") + 1
    annotations = runner.check(project, status=1).splitlines()
    assert len(annotations) == 1
    assert annotations[0].startswith(f"::error file=deploy/docker-compose.yml,line={line},title=drift::")
    workspace = project.parent
    below = runner.check(workspace, folder="project", status=1)
    assert below.startswith("::error file=project/deploy/docker-compose.yml,")


def test_a_folder_that_looks_like_an_option_is_a_folder(runner: Runner, project: Path) -> None:
    runner.install(version=VERSION)
    shutil.copytree(project, project.parent / "-P")
    assert runner.check(project.parent, folder="-P") == ""


def test_an_archive_that_is_not_what_its_checksum_says_is_not_run(runner: Runner, tmp_path: Path) -> None:
    archive = tmp_path / "releases" / VERSION / ARCHIVE
    archive.write_bytes(archive.read_bytes() + b"\0")
    said = runner.install(status=1, version=VERSION)
    assert f"::error title=codelab-gen::{ARCHIVE} is not what its checksum says" in said
    assert (runner.folder / "path").read_text(encoding="utf-8") == ""


def test_a_release_that_is_not_there_is_told(runner: Runner) -> None:
    assert "::error title=codelab-gen::can't download" in runner.install(status=1, version="v9.9.9")


@pytest.mark.parametrize("version", ["main", "v1", "$(touch made)", "v0.1.0/../..", "--help", "v0.1.0\nv0.1.0"])
def test_what_is_no_version_is_refused(version: str, runner: Runner) -> None:
    assert "::error title=codelab-gen::which release is not known" in runner.install(status=1, version=version)
    assert not list(runner.folder.rglob("made"))


def test_the_path_comes_first_where_no_release_is_named(runner: Runner, binary: Path, project: Path) -> None:
    (runner.folder / "path").write_text(f"{binary.parent}\n", encoding="utf-8")
    assert f"codelab-gen {VERSION[1:]}" in runner.install(action_ref="0123456789abcdef", RELEASES="https://localhost:1")
    assert runner.check(project) == ""


def test_the_job_for_gitlab_downloads_and_checks(runner: Runner, project: Path, tmp_path: Path) -> None:
    pipeline = tmp_path / ".gitlab-ci.yml"
    pipeline.write_text(shown("GitLab", "yaml"), encoding="utf-8")
    job = document(pipeline)["codelab-gen"]
    programs = tmp_path / "bin"
    programs.mkdir()
    before = "\n".join(job["before_script"]).replace("/usr/local/bin", shlex.quote(str(programs)))
    variables = {**job["variables"], "CODELAB_GEN_RELEASES": runner.releases}
    environment = runner.environment(**variables, PATH=f"{programs}:/usr/bin:/bin")
    script = "\n".join(["set -eo pipefail", before, *job["script"]])
    done = run("bash", "-c", script, cwd=project, env=environment)
    assert "as the profile says" in done.stdout
    (project / "deploy" / ".env.example").unlink()
    done = run("bash", "-c", script, cwd=project, env=environment, status=1)
    assert "deploy/.env.example" in done.stdout
    assert not list(project.glob("codelab-gen-*")), "the download is left behind"
