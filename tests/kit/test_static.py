"""The program of a release: one static file, which runs where there is nothing else."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from programs import ROOT, run, target, version, with_cargo
from releases import TARGET

pytestmark = pytest.mark.skipif("CODELAB_GEN_LONG" not in os.environ, reason="compiled anew: bash tests/run.sh long")


@pytest.fixture(scope="module")
def static() -> Path:
    """The program, built as the release workflow builds it, but without its slow optimisations."""
    rustc = ("rustc", "--print", "target-libdir", "--target", TARGET)
    library = subprocess.run(rustc, cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout.strip()
    if not Path(library).is_dir():
        pytest.skip(f"Rust's standard library for {TARGET} is missing: rustup target add {TARGET}")
    folder = target() / "static"
    build = ("cargo", "build", "--locked", "--target", TARGET, "--target-dir", folder)
    run(*build, cwd=ROOT, env=with_cargo(), timeout=1800)
    return folder / TARGET / "debug" / "codelab-gen"


def test_a_release_runs_on_an_empty_machine(static: Path, tmp_path: Path) -> None:
    """No interpreter, no library, no /proc, no /tmp: the program is all that there is."""
    shutil.copy(static, tmp_path)
    enter = ("chroot", tmp_path) if os.geteuid() == 0 else ("unshare", "--map-root-user", "chroot", tmp_path)
    sbin = {"PATH": f"/usr/sbin:/sbin:{os.defpath}"}
    assert run(*enter, "/codelab-gen", "--version", cwd=tmp_path, env=sbin).stdout == f"codelab-gen {version()}\n"
    run(*enter, "/codelab-gen", "--profile", "prod", "--out", "/deploy", cwd=tmp_path, env=sbin)
    made = tmp_path / "deploy"
    assert all((made / path).is_file() for path in (".env", "docker-compose.yml", "scripts/init-postgres.sh"))
