"""codelab-gen's language server in Debian's Neovim and Emacs, without a screen: a fault, its mending, completion, a rename.

Each is driven by a script in its own language, which tells what a user sees as lines of JSON.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from programs import PATIENCE, SCRUBBED
from verdicts import ROOT

BASE = """\
format: 1
project: shop
services:
  api:
    image: api:1
  web-proxy:
    image: proxy:1
    depends_on: [api]
"""
TOP = "format: 1\nextends: ./base.yaml\nstage: ci\n\nservices:\n  api:\n    prot: 8000\n"

HERE = ROOT / "tests" / "editors"
EGLOT = Path("/usr/share/emacs/site-lisp/elpa")


def has_eglot() -> bool:
    """Whether Emacs is there with both of its packages."""
    return shutil.which("emacs") is not None and all(any(EGLOT.glob(f"{name}-*")) for name in ("eglot", "yaml-mode"))


NEOVIM = pytest.param(
    ["nvim", "--headless", "-n", "-u", "NONE", "-c", f"luafile {HERE / 'neovim.lua'}"],
    id="neovim",
    marks=pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is missing: apt-get install neovim"),
)
EMACS = pytest.param(
    ["emacs", "--batch", "-l", str(HERE / "emacs.el")],
    id="emacs",
    marks=pytest.mark.skipif(
        not has_eglot(), reason="Emacs is missing: apt-get install emacs-nox elpa-eglot elpa-yaml-mode"
    ),
)


@pytest.mark.parametrize("command", [NEOVIM, EMACS])
def test_an_editor_shows_mends_completes_and_renames(binary: Path, tmp_path: Path, command: list[str]) -> None:
    project = tmp_path / "my project"
    (project / "profiles").mkdir(parents=True)
    (project / "profiles" / "base.yaml").write_text(BASE, encoding="utf-8")
    (project / "profiles" / "top.yaml").write_text(TOP, encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    environment = {**SCRUBBED, "HOME": str(home), "CODELAB_GEN": str(binary), "PROJECT": str(project)}
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=PATIENCE)
    told = {line["what"]: line["value"] for line in map(json.loads, done.stdout.splitlines())}
    assert told.keys() == {"fault", "mended", "offered", "told", "renamed"}, (done.stdout, done.stderr)
    assert told["fault"]["line"] == 7 and "unknown-key" in json.dumps(told["fault"])
    assert told["mended"] == TOP.replace("prot", "port").splitlines()
    assert {"engine", "postgres", "secrets"} <= set(told["offered"]) and "stage" not in told["offered"]
    assert "`image`: `api:1`, from `profiles/base.yaml:5`" in told["told"]
    base, top = told["renamed"]
    assert base == BASE.replace("  api:", "  web:").replace("[api]", "[web]").splitlines()
    assert top == TOP.replace("prot", "port").replace("  api:", "  web:").splitlines()
