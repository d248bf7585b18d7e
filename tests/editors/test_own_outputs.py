"""Outputs that are open in an editor: on the line by which codelab-gen recognizes one stands that somebody edited it, or
that it is not what its profile says now."""

from pathlib import Path

import pytest
from own_server import Editor, run

PROFILE = """\
format: 1
stage: development
project: shop
out: ./deploy
secrets: { API_KEY: generate }
services:
  api:
    image: api:1
    port: 8000
    environment: { KEY: { secret: API_KEY } }
    database: { postgres: shop }
engine: postgres
postgres: { image: 'postgres:16', user: shop, storage: 1Gi }
"""
TARGETS = {"compose": "docker-compose.yml", "kubernetes": "kubernetes/api.yaml"}


@pytest.fixture
def project(binary: Path, tmp_path: Path) -> Path:
    return generated(binary, tmp_path / "my project", PROFILE)


def generated(binary: Path, project: Path, profile: str) -> Path:
    (project / "profiles").mkdir(parents=True)
    (project / "profiles" / "shop.yaml").write_text(profile, encoding="utf-8")
    done = run(binary, project, "-p", "shop")
    assert done.returncode == 0, done
    return project


def line_of(text: str) -> int:
    [number] = [number for number, line in enumerate(text.splitlines()) if "codelab-gen: profile=" in line]
    return number


def codes(editor: Editor, file: Path) -> list[str]:
    return [told["code"] for told in editor.published.get(file, {"diagnostics": []})["diagnostics"]]


def click(editor: Editor, file: Path, title: str) -> dict:
    [told] = editor.published[file]["diagnostics"]
    [action] = [action for action in editor.actions(file, told) if action["title"] == title]
    command = action["command"]
    return editor.request("workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]})


@pytest.mark.quick
@pytest.mark.parametrize("target", TARGETS)
def test_an_output_that_is_not_as_its_profile_says_is_marked(binary: Path, tmp_path: Path, target: str) -> None:
    project = generated(binary, tmp_path / "my project", PROFILE.replace("engine:", f"target: {target}\nengine:"))
    profile, output = project / "profiles" / "shop.yaml", project / "deploy" / TARGETS[target]
    with Editor(binary, project) as editor:
        editor.open(output)
        editor.open(profile)
        editor.settled(profile)
        at = PROFILE.index("api:1")
        editor.edit(profile, at, at + 5, "api:2")
        editor.settled(profile)
        assert codes(editor, output) == [], "what is not saved is not what a run reads"
        profile.write_text(editor.texts[profile], encoding="utf-8")
        editor.notify("textDocument/didSave", {"textDocument": {"uri": profile.as_uri()}})
        editor.until(lambda: codes(editor, output) == ["out-of-date"])
        [told] = editor.published[output]["diagnostics"]
        assert told["range"]["start"] == {"line": line_of(editor.texts[output]), "character": 0}
        assert told["codeDescription"]["href"].endswith("/docs/generate.md#compare-before-you-write")
        assert "is not what the profile `shop` says now" in told["message"]
        said = click(editor, output, "codelab-gen: diff")
        assert said["exit"] == 1 and "api:2" in said["stdout"], said
        said = click(editor, output, "codelab-gen: generate")
        assert said["exit"] == 0 and "api:2" in output.read_text(encoding="utf-8"), said
        editor.until(lambda: codes(editor, output) == [])


def test_an_edit_of_an_output_is_marked_as_it_is_typed(binary: Path, project: Path) -> None:
    output = project / "deploy" / "docker-compose.yml"
    with Editor(binary, project) as editor:
        editor.open(output)
        text = editor.texts[output]
        at = text.index("image: api:1") + len("image: api:1")
        editor.edit(output, at, at, "0")
        editor.until(lambda: codes(editor, output) == ["edited"])
        [told] = editor.published[output]["diagnostics"]
        assert told["range"]["start"] == {"line": line_of(text), "character": 0}
        assert told["codeDescription"]["href"].endswith("/docs/generate.md#files-that-you-edited")
        with pytest.raises(AssertionError, match="save `docker-compose.yml` first"):
            click(editor, output, "codelab-gen: generate")
        editor.edit(output, at, at + 1, "")
        editor.until(lambda: codes(editor, output) == [])
        editor.edit(output, at, at, "0")
        output.write_text(editor.texts[output], encoding="utf-8")
        editor.notify("textDocument/didSave", {"textDocument": {"uri": output.as_uri()}})
        # in the words of `--check`
        editor.until(lambda: "docker-compose.override.yml" in str(editor.published[output]["diagnostics"]))
        said = click(editor, output, "codelab-gen: generate")
        assert said["exit"] == 4, said
        editor.notify("textDocument/didClose", {"textDocument": {"uri": output.as_uri()}})
        editor.until(lambda: codes(editor, output) == [])


def test_a_password_is_no_edit_of_dotenv(binary: Path, project: Path) -> None:
    output = project / "deploy" / ".env"
    with Editor(binary, project) as editor:
        editor.open(output)
        text = editor.texts[output]
        at = text.index("API_KEY=") + len("API_KEY=")
        editor.edit(output, at, at, "x")
        at = text.index("# Written by")
        editor.edit(output, at, at, "# ")
        editor.until(lambda: codes(editor, output) == ["edited"])
        editor.edit(output, at, at + 2, "")
        editor.until(lambda: codes(editor, output) == [])


def test_a_lens_stands_on_the_line_of_an_output(binary: Path, project: Path) -> None:
    output = project / "deploy" / "docker-compose.yml"
    with Editor(binary, project) as editor:
        editor.open(output)
        lenses = editor.request("textDocument/codeLens", {"textDocument": {"uri": output.as_uri()}})
        assert [lens["command"]["title"] for lens in lenses] == ["generate", "check", "diff"]
        assert {lens["range"]["start"]["line"] for lens in lenses} == {line_of(editor.texts[output])}
        check = lenses[1]["command"]
        said = editor.request(
            "workspace/executeCommand", {"command": check["command"], "arguments": check["arguments"]}
        )
        assert said["exit"] == 0, said
