"""The Debian package: built by cargo-deb, installed by dpkg into a root of its own, run, and removed again."""

import gzip
import os
import platform
import shlex
import shutil
from pathlib import Path

import pytest

from programs import ROOT, SCRUBBED, run, version, with_cargo
from releases import built, copied
from terminal import terminal

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or shutil.which("dpkg") is None, reason="the package is one for x86-64, and Debian's"
)
TARGET = "x86_64-unknown-linux-gnu"
NOT_ROOT = [] if os.geteuid() == 0 else ["--force-not-root", "--force-bad-path"]


@pytest.fixture(scope="module")
def package(binary: Path, cargo_deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, of the program as it stands."""
    folder = tmp_path_factory.mktemp("debian")
    source = copied(folder / "source")
    cargo = with_cargo()
    env = {**cargo, "PATH": f"{cargo_deb}:{cargo['PATH']}", **built(binary, folder, TARGET)}
    # fast: a larger package, in a tenth of the time
    run("bash", ".ci/deb", TARGET, "--fast", cwd=source, env=env)
    (made,) = (source / "dist").iterdir()
    return made


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that has nothing but the C library, as far as dpkg knows."""
    root = tmp_path_factory.mktemp("root")
    state = root / "var" / "lib" / "dpkg"
    for name in ("info", "updates"):
        (state / name).mkdir(parents=True)
    libc = run("dpkg-query", "--showformat=${Version}", "--show", "libc6", cwd=root).stdout
    fields = {"Package": "libc6", "Status": "install ok installed", "Architecture": "amd64", "Multi-Arch": "same"}
    fields |= {"Version": libc, "Maintainer": "nobody", "Description": "the C library"}
    (state / "status").write_text("".join(f"{name}: {value}\n" for name, value in fields.items()), encoding="utf-8")
    (state / "info" / "libc6:amd64.list").touch()
    return root


def dpkg(system: Path, *arguments: str | Path) -> str:
    path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    own = (f"--root={system}", f"--log={system}/var/dpkg.log")
    return run("dpkg", *NOT_ROOT, *own, *arguments, cwd=system, env=path).stdout


def files(system: Path) -> set[str]:
    found = {path.relative_to(system).as_posix() for path in system.rglob("*") if not path.is_dir()}
    return {name for name in found if not name.startswith("var/")}


def test_it_is_of_the_version_and_tells_what_it_needs(package: Path) -> None:
    assert package.name == f"codelab-gen_{version()}-1_amd64.deb"
    told = run("dpkg-deb", "--field", package, "Package", "Version", "Architecture", "Depends", "Description", cwd=ROOT)
    fields = told.stdout.splitlines()
    assert fields[:3] == ["Package: codelab-gen", f"Version: {version()}-1", "Architecture: amd64"]
    assert fields[3].startswith("Depends: libc6 (>= 2.")
    assert len([line for line in fields if line.startswith(" ")]) > 3


def test_it_is_installed_runs_and_leaves_nothing(package: Path, system: Path) -> None:
    dpkg(system, "--install", package)
    assert f"ii  codelab-gen    {version()}-1" in dpkg(system, "--list", "codelab-gen")
    program = system / "usr" / "bin" / "codelab-gen"
    assert run(program, "--version", cwd=system).stdout == f"codelab-gen {version()}\n"
    share = {name.removeprefix("usr/share/") for name in files(system) if name.startswith("usr/share/")}
    assert {"doc/codelab-gen/copyright", "doc/codelab-gen/README.md", "doc/codelab-gen/CHANGELOG.md"} <= share
    pages = {name for name in share if name.startswith("man/man1/codelab-gen")}
    assert "man/man1/codelab-gen.1.gz" in pages and len(pages) > 8
    for page in pages:
        text = gzip.decompress((system / "usr" / "share" / page).read_bytes()).decode()
        assert f".TH {Path(page).name.split('.')[0].upper()} 1 " in text
    # everybody may read it, whoever built it
    assert {path.stat().st_mode & 0o777 for path in (system / "usr").rglob("*") if path.is_file()} == {0o755, 0o644}

    dpkg(system, "--purge", "codelab-gen")
    assert files(system) == set()


@pytest.fixture
def unpacked(package: Path, tmp_path: Path) -> Path:
    run("dpkg-deb", "--extract", package, tmp_path / "unpacked", cwd=tmp_path)
    return tmp_path / "unpacked" / "usr"


# How a shell of Debian finds the completions of packages.
FOUND = {
    "bash": "source {share}/bash-completion/completions/codelab-gen",
    "zsh": "fpath=({share}/zsh/vendor-completions $fpath); autoload -Uz compinit; compinit -u -D",
}


@pytest.mark.parametrize("shell", FOUND, indirect=True)
def test_the_first_tab_in_a_shell_is_answered(shell: str, unpacked: Path, tmp_path: Path) -> None:
    env = {**SCRUBBED, "PATH": f"{unpacked / 'bin'}:{os.defpath}", "HOME": str(tmp_path), "TERM": "dumb"}
    settings = FOUND[Path(shell).name].format(share=shlex.quote(str(unpacked / "share")))
    with terminal(shell, settings, tmp_path, env) as person:
        person.type('codelab-gen code port-c\t; echo ended-""here\n')
        person.wait_for("port-clash: ")
        person.wait_for("ended-here")


@pytest.mark.parametrize("shell", ["fish"], indirect=True)
def test_fish_is_answered(shell: str, unpacked: Path, tmp_path: Path) -> None:
    env = {"PATH": f"{unpacked / 'bin'}:{os.defpath}", "HOME": str(tmp_path), "XDG_DATA_DIRS": str(unpacked / "share")}
    offered = run(shell, "--command", "complete --do-complete 'codelab-gen val'", cwd=tmp_path, env=env).stdout
    assert offered.split("\t")[0] == "validate", offered
