"""The fixtures of all tests: codelab-gen, the shells, and a project that a CI system would check out."""

import os
import shutil
from pathlib import Path

import pytest

from programs import ROOT, SCRUBBED, kept, registries, run, target, tool, with_cargo

# as release.yml names it
CARGO_DEB = "3.8.0"
ACTIONLINT = "1.7.12"


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test."""
    path = os.environ.get("CODELAB_GEN")
    if path is None or not Path(path).is_file():
        pytest.fail(f"CODELAB_GEN={path} is no program; this builds it: bash tests/run.sh kit")
    return Path(path)


@pytest.fixture
def shell(request: pytest.FixtureRequest) -> str:
    """A shell by its name, which only has to be there where SHELLS=required."""
    path = shutil.which(request.param)
    if path is None:
        missing = f"{request.param} is missing: apt-get install {request.param}"
        if os.environ.get("SHELLS") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    return path


@pytest.fixture
def project(tmp_path: Path, binary: Path) -> Path:
    """A repository with the built-in profiles and the outputs of one of them, as they would be committed."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "profiles", folder / "profiles")
    production = folder / "profiles" / "prod-postgres.yaml"
    production.write_text(production.read_text(encoding="utf-8") + "\nout: ./deploy\n", encoding="utf-8")
    (folder / ".gitignore").write_text(".env\n", encoding="utf-8")
    run("git", "init", "--quiet", cwd=folder)
    run(binary, "--all", cwd=folder)
    (folder / "deploy" / ".env").unlink()
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, of the build for tests: what is compiled already is not compiled again."""
    folder = tmp_path_factory.mktemp("wheels")
    build = ("build", "--locked", "--profile", "dev", "--target-dir", target(), "--out", folder)
    # whatever decided that build decides this one
    run(tool("maturin"), *build, cwd=ROOT, env={**os.environ, **with_cargo()}, timeout=600)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def cargo_deb() -> Path:
    """The folder of cargo-deb, which is compiled once for a user, in a minute or two."""
    found = shutil.which("cargo-deb")
    if found is not None:
        return Path(found).parent
    quick = {"LTO": "off", "OPT_LEVEL": "0", "CODEGEN_UNITS": "16", "STRIP": "true"}
    env = {**with_cargo(), **{f"CARGO_PROFILE_RELEASE_{name}": value for name, value in quick.items()}}
    env["CARGO_TARGET_DIR"] = "{}/build"
    install = ("cargo", "install", "cargo-deb", "--version", CARGO_DEB, "--locked", "--root", "{}")
    return kept(f"cargo-deb-{CARGO_DEB}", *install, env=env, remove="build") / "bin"


@pytest.fixture(scope="session")
def actionlint() -> Path:
    """actionlint, which Go compiles once for a user; its package for Python downloads a program from elsewhere."""
    go = shutil.which("go")
    if go is None:
        missing = "Go is missing, with which actionlint is built: https://go.dev/doc/install"
        if os.environ.get("GO") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    env = {**SCRUBBED, **registries(), "HOME": os.environ.get("HOME", "{}"), "GOBIN": "{}"}
    install = (go, "install", f"github.com/rhysd/actionlint/cmd/actionlint@v{ACTIONLINT}")
    return kept(f"actionlint-{ACTIONLINT}", *install, env=env) / "actionlint"
