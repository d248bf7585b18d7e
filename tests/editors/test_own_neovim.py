"""codelab-gen's language server in Debian's Neovim, without a screen: a fault, its mending, completion, a rename."""

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


@pytest.mark.skipif(
    shutil.which("nvim") is None,
    reason="Neovim is not installed: apt-get install neovim",
)
def test_neovim_shows_mends_completes_and_renames(binary: Path, tmp_path: Path) -> None:
    project = tmp_path / "my project"
    (project / "profiles").mkdir(parents=True)
    (project / "profiles" / "base.yaml").write_text(BASE, encoding="utf-8")
    (project / "profiles" / "top.yaml").write_text(TOP, encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **SCRUBBED,
        "HOME": str(home),
        "CODELAB_GEN": str(binary),
        "PROJECT": str(project),
    }
    script = ROOT / "tests" / "editors" / "neovim.lua"
    command = [
        "nvim",
        "--headless",
        "-n",
        "-u",
        "NONE",
        "-c",
        f"luafile {script}",
    ]
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    told = {line["what"]: line["value"] for line in map(json.loads, done.stdout.splitlines())}
    assert told.keys() == {"fault", "mended", "offered", "renamed"}, (
        done.stdout,
        done.stderr,
    )
    assert told["fault"] == {"line": 7, "code": "unknown-key"}
    assert told["mended"] == TOP.replace("prot", "port").splitlines()
    assert {"engine", "postgres", "secrets"} <= set(told["offered"]) and "stage" not in told["offered"]
    base, top = told["renamed"]
    assert base == BASE.replace("  api:", "  web:").replace("[api]", "[web]").splitlines()
    assert top == TOP.replace("prot", "port").replace("  api:", "  web:").splitlines()
