"""The wheel, as people install it: pip, uvx, and pre-commit with a hook that needs no Rust."""

import os
import platform
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

from programs import ROOT, commit, document, read, registries, run, shown, tool, version


def test_it_holds_the_program_and_says_what_it_is(wheel: Path) -> None:
    folder = f"codelab_gen-{version()}"
    with zipfile.ZipFile(wheel) as archive:
        names = [name.split("/", 1)[1] for name in archive.namelist()]
        metadata = Parser().parsestr(archive.read(f"{folder}.dist-info/METADATA").decode())
        tags = archive.read(f"{folder}.dist-info/WHEEL").decode()
    programs = [name for name in names if name.startswith("scripts/")]
    assert programs == ["scripts/codelab-gen"] and not [name for name in names if name.endswith(".py")]
    assert {"licenses/LICENSE-MIT", "licenses/LICENSE-APACHE"} <= set(names)
    assert metadata["Name"] == "codelab-gen" and metadata["Version"] == version()
    assert metadata["License-Expression"] == "MIT OR Apache-2.0"
    assert metadata["Summary"].startswith("One typed YAML profile ")
    assert "Tag: py3-none-" in tags and platform.machine() in tags


def test_pip_installs_it(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "fresh", cwd=tmp_path)
    install = ("install", "--no-index", "--find-links", wheel.parent, f"codelab-gen=={version()}")
    run(tmp_path / "fresh" / "bin" / "pip", *install, cwd=tmp_path)
    program = tmp_path / "fresh" / "bin" / "codelab-gen"
    assert run(program, "--version", cwd=tmp_path).stdout == f"codelab-gen {version()}\n"
    run(program, "--profile", "prod", "--out", "deploy", cwd=tmp_path)
    run(program, "--profile", "prod", "--out", "deploy", "--check", cwd=tmp_path)


def test_uvx_runs_it(wheel: Path, tmp_path: Path) -> None:
    env = {"UV_CACHE_DIR": str(tmp_path / "cache"), "UV_PYTHON_DOWNLOADS": "never", "UV_PYTHON": sys.executable}
    where = ("--no-config", "--no-index", "--find-links", wheel.parent)
    told = run(tool("uvx"), *where, f"codelab-gen@{version()}", "--version", cwd=tmp_path, env=env)
    assert told.stdout == f"codelab-gen {version()}\n"


def test_the_hook_of_the_documents_does_what_the_hooks_of_this_repository_do() -> None:
    own = {hook["id"]: hook for hook in document(ROOT / ".pre-commit-hooks.yaml")}
    (local,) = read(shown("pre-commit", "yaml", 1))["repos"]
    assert local["repo"] == "local"
    assert [hook["id"] for hook in local["hooks"]] == ["codelab-gen-validate", "codelab-gen-check"]
    for hook in local["hooks"]:
        there = own[hook["id"]]
        assert hook["entry"] == " ".join([there["entry"], *there.get("args", [])])
        for key in ("name", "pass_filenames", "always_run", "files"):
            assert hook.get(key) == there.get(key), key
        assert hook["language"] == "python" and hook["additional_dependencies"] == [f"codelab-gen=={version()}"]


def test_pre_commit_installs_it_and_runs_its_hooks(wheel: Path, project: Path, tmp_path: Path) -> None:
    # as an address, because pip takes spaces for the end of a path
    links = f"{wheel.parent.as_uri()} {os.environ.get('PIP_FIND_LINKS', '')}"
    env = {
        **registries(),
        "HOME": str(tmp_path),
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "PIP_FIND_LINKS": links,
    }
    (project / ".pre-commit-config.yaml").write_text(shown("pre-commit", "yaml", 1), encoding="utf-8")
    commit(project)

    def hooks(status: int) -> str:
        return run(tool("pre-commit"), "run", "--all-files", cwd=project, env=env, status=status).stdout

    told = hooks(0)
    assert told.count("Passed") == 2, told
    assert list((tmp_path / "pre-commit").glob("repo*/py_env-*/bin/codelab-gen"))

    compose = project / "deploy" / "docker-compose.yml"
    text = compose.read_text(encoding="utf-8")
    compose.write_text(text.replace("restart: unless-stopped", "restart: always", 1), encoding="utf-8")
    told = hooks(1)
    assert told.count("Passed") == 1 and "+    restart: always" in told, told
