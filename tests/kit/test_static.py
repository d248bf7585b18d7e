"""The static program of a release, packed as release.yml does it: it needs no library, and what holds it says so."""

import os
import platform
import re
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from musl import TARGET, musl
from programs import ROOT, document, run, tool, version
from releases import copied

pytestmark = [
    pytest.mark.skipif(os.environ.get("CODELAB_GEN_LONG") != "1", reason="compiles for minutes: CODELAB_GEN_LONG=1"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the target is one of x86-64"),
]

# A build for speed of building: it is the packing that is tested.
BUILD = {"LTO": "off", "OPT_LEVEL": "0", "CODEGEN_UNITS": "16"}


@dataclass
class Release:
    """What release.yml has after its build for musl."""

    source: Path
    env: dict[str, str]
    arguments: list[str]
    program: Path


@pytest.fixture(scope="module")
def release(cargo_deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("static")
    built = musl(folder)
    target = ROOT / ".tools" / "kit-build"
    env = {**built.env, **{f"CARGO_PROFILE_RELEASE_{name}": value for name, value in BUILD.items()}}
    env |= {"CARGO_TARGET_DIR": str(target), "PATH": f"{cargo_deb}:{env['PATH']}", "TARGET": TARGET}
    source = copied(folder / "source")
    run("cargo", "build", "--release", "--locked", *built.arguments, cwd=source, env=env, timeout=1800)
    return Release(source, env, built.arguments, target / TARGET / "release" / "codelab-gen")


def test_it_runs_where_nothing_else_is(release: Release) -> None:
    headers = run("readelf", "--wide", "--program-headers", "--dynamic", release.program, cwd=ROOT).stdout
    assert "LOAD" in headers and "INTERP" not in headers and "NEEDED" not in headers
    assert run(release.program, "--version", cwd=ROOT, env={"PATH": ""}).stdout == f"codelab-gen {version()}\n"


def test_the_archive_and_the_package_hold_it(release: Release) -> None:
    run("bash", ".ci/pack", TARGET, cwd=release.source, env=release.env)
    with tarfile.open(release.source / "dist" / f"codelab-gen-v{version()}-{TARGET}.tar.gz") as archive:
        held = archive.extractfile(f"codelab-gen-v{version()}-{TARGET}/codelab-gen")
        assert held is not None and held.read() == release.program.read_bytes()
    run("bash", ".ci/deb", TARGET, "--fast", cwd=release.source, env=release.env)
    (package,) = release.source.glob("dist/*.deb")
    assert package.name == f"codelab-gen_{version()}-1_amd64.deb"
    assert run("dpkg-deb", "--field", package, "Depends", cwd=ROOT).stdout == "", "it needs nothing"


def test_its_wheel_is_for_every_c_library(release: Release, tmp_path: Path) -> None:
    matrix = document(ROOT / ".github" / "workflows" / "release.yml")["jobs"]["build"]["strategy"]["matrix"]["include"]
    (names,) = {row["compatibility"] for row in matrix if "compatibility" in row}
    build = ("build", "--release", "--locked", "--out", tmp_path, "--compatibility", *names.split())
    run(tool("maturin"), *build, *release.arguments, cwd=release.source, env=release.env, timeout=600)
    (wheel,) = tmp_path.glob("*.whl")
    tags = set(re.fullmatch(rf"codelab_gen-{version()}-py3-none-(.*)\.whl", wheel.name)[1].split("."))
    assert tags == {"manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"}
    with zipfile.ZipFile(wheel) as archive:
        held = archive.read(f"codelab_gen-{version()}.data/scripts/codelab-gen")
    assert held == release.program.read_bytes()
