"""The extension in a real VS Code, which code-server brings: packaged, installed and used in a browser without a screen.

Where code-server is, CODE_SERVER says: the folder of npm's packages. editors/vscode/README.md tells how they are installed.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from programs import PATIENCE
from verdicts import ROOT

PACKAGES = os.environ.get("CODE_SERVER")
PROFILE = """\
format: 1
stage: development
project: shop
services:
  api:
    image: api:1
    prot: 8000
    data: ./data:/data
    database: { sqlite: /data/api.db }
"""


@pytest.mark.skipif(PACKAGES is None, reason="CODE_SERVER names no folder with code-server")
def test_vs_code_shows_mends_generates_and_draws(binary: Path, node: Path, tmp_path: Path) -> None:
    packages = Path(PACKAGES)
    browser = shutil.which("chromium")
    assert browser is not None, "Chromium is missing: apt-get install chromium"
    project, home = tmp_path / "shop", tmp_path / "home"
    (project / "profiles").mkdir(parents=True)
    (project / "profiles" / "shop.yaml").write_text(PROFILE, encoding="utf-8")
    settings = home / "data" / "User" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"codelab-gen.path": str(binary), "update.mode": "none"}), encoding="utf-8")
    pictures = Path(os.environ.get("PICTURES", tmp_path))
    # the package of Node.js has an npm that does not find itself
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f'#!/bin/sh\nexec "{node}" "{node.parent.parent}/lib/node_modules/npm/bin/npm-cli.js" "$@"\n')
    npm.chmod(0o755)
    path = f"{npm.parent}:{node.parent}:{os.environ['PATH']}"
    environment = {**os.environ, "HOME": str(home), "PATH": path, "XDG_CONFIG_HOME": str(home)}

    def run(*command: str | Path, folder: Path = tmp_path) -> str:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=PATIENCE
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    extension = Path(shutil.copytree(ROOT / "editors" / "vscode", tmp_path / "extension"))
    run(npm, "install", "--no-audit", "--no-fund", folder=extension)
    package = tmp_path / "codelab-gen.vsix"
    vsce = packages / "@vscode" / "vsce" / "vsce"
    run(node, vsce, "package", "--skip-license", "--out", package, folder=extension)
    server = [node, packages / "code-server" / "out" / "node" / "entry.js"]
    folders = ["--user-data-dir", home / "data", "--extensions-dir", home / "extensions"]
    run(*server, *folders, "--install-extension", package)
    quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"]
    command = [*server, *folders, *quiet, "--bind-addr", "127.0.0.1:0", project]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, encoding="utf-8") as running:
        try:
            addresses = (re.search(r"HTTP server listening on (\S+?)/?$", line.strip()) for line in running.stdout)
            address = next(found.group(1) for found in addresses if found)
            script = Path(__file__).with_name("vscode.mjs")
            said = run(node, script, address, project, pictures, packages, browser)
        finally:
            running.terminate()
    told = {line["what"]: line["value"] for line in map(json.loads, said.splitlines())}
    assert "failed" not in told, told
    assert any("unknown key `prot`" in problem for problem in told["problems"])
    assert told["mended"] and told["lenses"] == ["generate", "check", "diff"] and told["generated"]
    assert "port: 8000" in (project / "profiles" / "shop.yaml").read_text(encoding="utf-8")
    assert (project / "docker-compose.yml").exists()
    assert any("was edited since codelab-gen wrote it" in problem for problem in told["edited"])
