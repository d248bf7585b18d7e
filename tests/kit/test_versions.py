"""One version: Cargo.toml says it, and everything else that names one agrees."""

import re
import shutil
from pathlib import Path

import pytest

from programs import ROOT, document, run, version

pytestmark = pytest.mark.quick

# Where documents name the version of this program.
NAMED = re.compile(
    r"codelab-gen(?:@v|==|[:_]|-v)(\d+\.\d+\.\d+)|rev: v(\d+\.\d+\.\d+)|VERSION: v(\d+\.\d+\.\d+)|such as `?v(\d+\.\d+\.\d+)"
)
HEADING = re.compile(r"^## (\S+)(.*)$", flags=re.MULTILINE)


def test_documents_name_the_version_of_the_program() -> None:
    found = {}
    for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), ROOT / "action.yml"]:
        for names in NAMED.findall(path.read_text(encoding="utf-8")):
            found.setdefault("".join(names), set()).add(path.name)
    assert set(found) == {version()}, found
    assert {"ci.md", "action.yml", "install.md"} <= found[version()]


def test_the_program_says_it(binary: Path) -> None:
    assert run(binary, "--version", cwd=ROOT).stdout.split()[:2] == ["codelab-gen", version()]


def test_the_changelog_begins_with_it_or_with_what_comes_next() -> None:
    headings = HEADING.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    released = [(name, rest) for name, rest in headings if name != "Unreleased"]
    assert headings.index(("Unreleased", "")) == 0 if len(released) < len(headings) else released
    for _, rest in released:
        assert re.fullmatch(r" - \d{4}-\d{2}-\d{2}", rest), "a version has the day of its release"
    assert [name for name, _ in released[:1]] in ([], [version()])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """What .ci/version reads, for a release of today's version."""
    (tmp_path / ".ci").mkdir()
    for name in (".ci/version", "Cargo.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {version()} - 2026-01-02\n\n## 0.0.1 - 2026-01-01\n")
    return tmp_path


def test_a_release_is_of_the_version_that_all_say(source: Path) -> None:
    told = run("bash", ".ci/version", f"v{version()}", cwd=source)
    assert told.stdout == f"{version()}\n"


@pytest.mark.parametrize("tag", [version(), f"v{version()}.1", f"v{version()}-rc.1", "v9.9.9", ""])
def test_a_release_under_another_tag_is_refused(tag: str, source: Path) -> None:
    told = run("bash", ".ci/version", tag, cwd=source, status=1)
    assert told.stderr == f".ci/version: the tag is {tag}, and the version of Cargo.toml {version()}\n"


@pytest.mark.parametrize("newest", ["Unreleased", "0.0.1"])
def test_a_release_that_the_changelog_does_not_tell_of_is_refused(newest: str, source: Path) -> None:
    changelog = source / "CHANGELOG.md"
    changelog.write_text(f"# Changelog\n\n## {newest}\n\n" + changelog.read_text().removeprefix("# Changelog\n"))
    told = run("bash", ".ci/version", f"v{version()}", cwd=source, status=1)
    assert f"CHANGELOG.md begins with {newest}, " in told.stderr


def test_the_release_asks_that() -> None:
    jobs = document(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    (step,) = [step for step in jobs["dependencies"]["steps"] if "run" in step]
    assert step["run"] == 'bash .ci/version "$TAG"' and step["env"] == {"TAG": "${{ github.ref_name }}"}
