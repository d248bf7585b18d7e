"""What a hostile repository tries through the language server: no more is read than by every run, no text ends it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from own_server import Editor

SECRET = "s3cr3t-that-nobody-shows"

# One of everything that can be asked about a place or a text.
AT = ("hover", "completion", "definition", "prepareRename")
ON = ("documentSymbol", "foldingRange", "codeLens")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project, and a file beside it that is none of its business."""
    project = tmp_path / "project"
    (project / "profiles").mkdir(parents=True)
    outside = f"format: 1\nservices:\n  {SECRET}:\n    image: {SECRET}:1\n"
    (tmp_path / "outside.yaml").write_text(outside, encoding="utf-8")
    return project


def everything(editor: Editor, file: Path, places: list[int]) -> list[Any]:
    """What the server answers to every question about a file, and what it shows."""
    document = {"textDocument": {"uri": file.as_uri()}}
    end = {"line": 1_000_000, "character": 0}
    range_ = {"start": {"line": 0, "character": 0}, "end": end}
    answers: list[Any] = [editor.published[file]]
    answers += [editor.at(method, file, place) for method in AT for place in places]
    answers += [editor.at("references", file, place, context={"includeDeclaration": True}) for place in places]
    answers += [editor.request(f"textDocument/{method}", document) for method in ON]
    answers.append(editor.request("textDocument/inlayHint", {**document, "range": range_}))
    answers.append(
        editor.request(
            "textDocument/codeAction",
            {**document, "range": range_, "context": {"diagnostics": []}},
        )
    )
    return answers


def codes(editor: Editor, file: Path) -> list[str]:
    return [told.get("code") for told in editor.published[file]["diagnostics"] if told["severity"] == 1]


@pytest.mark.quick
@pytest.mark.parametrize("is_open", [False, True])
def test_nothing_outside_of_the_project_is_read(binary: Path, project: Path, is_open: bool) -> None:
    outside = project.parent / "outside.yaml"
    (project / "profiles" / "link.yaml").symlink_to(outside)
    profile = project / "profiles" / "top.yaml"
    for extends in ("../../outside.yaml", str(outside), "./link.yaml", "link"):
        text = f"format: 1\nextends: {extends}\nstage: ci\nservices:\n  a:\n    \n"
        profile.write_text(text, encoding="utf-8")
        with Editor(binary, project) as editor:
            if is_open:
                # what an editor has open holds in the place of a file, and gives no more rights than that
                editor.open(outside)
            editor.open(profile)
            editor.settled(profile)
            assert "outside-project" in codes(editor, profile), extends
            answers = everything(
                editor,
                profile,
                [text.index(extends) + 1, text.index("  a:") + 2, len(text) - 1],
            )
            # the profile says the path of the file itself; what stands in it nobody told
            assert SECRET not in json.dumps(answers), extends


def test_a_link_out_of_the_project_is_judged_as_every_run_does(binary: Path, project: Path) -> None:
    link = project / "profiles" / "link.yaml"
    link.symlink_to(project.parent / "outside.yaml")
    with Editor(binary, project) as editor:
        editor.open(link)
        editor.settled(link)
        assert codes(editor, link) == ["outside-project"]


def test_a_pipe_and_a_file_without_end_are_not_waited_for(binary: Path, project: Path) -> None:
    os.mkfifo(project / "profiles" / "pipe.yaml")
    with (project / "profiles" / "huge.yaml").open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    profile = project / "profiles" / "top.yaml"
    with Editor(binary, project) as editor:
        editor.open(profile, "format: 1\nextends: ./pipe.yaml\nstage: ci\n")
        editor.settled(profile)
        assert "unknown-profile" in codes(editor, profile)
        at = editor.texts[profile].index("pipe")
        editor.edit(profile, at, at + 4, "huge")
        editor.settled(profile)
        assert "document-size" in codes(editor, profile)
        everything(editor, profile, [at])


BOMB = "x-0: &a0 [1, 2]\n" + "".join(f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))

TEXTS = {
    "brackets": "format: 1\nservices: " + "[" * 100_000,
    "braces": "format: 1\nservices: " + "{a: " * 50_000,
    "dashes": "- " * 100_000,
    "indented": "".join(f"{' ' * depth}a:\n" for depth in range(500)),
    "bomb": f"format: 1\n{BOMB}",
    "quotes": 'a: "\n' * 20_000,
    "one line": "format: 1\nx-a: [" + "'a', " * 100_000 + "]\n",
    "nothing": "",
    "control": 'format: 1\nservices: { "a\\u001b[31m`b`": { image: "x\\u0007" } }\n',
    "anchors": "&a\n" * 20_000,
    "signs": "?:-&*!|>%@`{}[],#'\"\n" * 2_000,
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in TEXTS.items()])
def test_every_text_is_answered_for(binary: Path, project: Path, text: str) -> None:
    profile = project / "profiles" / "top.yaml"
    with Editor(binary, project) as editor:
        editor.open(profile, text)
        editor.settled(profile)
        answers = everything(editor, profile, [0, len(text) // 2, len(text)])
        assert "\x1b" not in str(answers)
        editor.edit(profile, 0, len(text), "format: 1\nstage: ci\n")
        editor.settled(profile)
        assert codes(editor, profile) != []
        editor.edit(profile, 0, len(editor.texts[profile]), "format: 1\n")
        editor.settled(profile)
        assert codes(editor, profile) == []


def test_what_is_none_of_ours_is_left_alone(binary: Path, project: Path) -> None:
    other = project / "compose.yaml"
    other.write_text("services: { a: { imag: x } }\n", encoding="utf-8")
    with Editor(binary, project) as editor:
        editor.open(other)
        profile = project / "profiles" / "top.yaml"
        editor.open(profile, "format: 1\n")
        editor.settled(profile)
        assert other not in editor.published
        assert editor.at("hover", other, 3) is None
        assert editor.at("completion", other, 3) is None
        for command in ("codelab-gen.generate", "codelab-gen.effective", "rm"):
            with pytest.raises(AssertionError, match="error"):
                editor.request(
                    "workspace/executeCommand",
                    {"command": command, "arguments": [other.as_uri()]},
                )
        assert sorted(path.name for path in project.iterdir()) == [
            "compose.yaml",
            "profiles",
        ]


def test_no_answer_has_the_value_of_a_secret(binary: Path, project: Path) -> None:
    profile = project / "profiles" / "top.yaml"
    text = """\
format: 1
stage: ci
project: shop
secrets: { API_KEY: generate, TOKEN: { file: ./token.txt } }
services:
  api:
    image: api:1
    environment: { KEY: { secret: API_KEY }, TOKEN: { secret: TOKEN } }
"""
    profile.write_text(text, encoding="utf-8")
    (project / "token.txt").write_text(SECRET, encoding="utf-8")
    (project / ".env").write_text(f"API_KEY={SECRET}\n", encoding="utf-8")
    before = sorted(path.name for path in project.iterdir())
    with Editor(binary, project) as editor:
        editor.open(profile)
        editor.settled(profile)
        answers = everything(
            editor,
            profile,
            [at for at, character in enumerate(text) if character.isupper()],
        )
        for view in ("effective", "outputs", "drawing"):
            command = {
                "command": f"codelab-gen.{view}",
                "arguments": [profile.as_uri()],
            }
            seen = editor.request("workspace/executeCommand", command)
            assert editor.request("workspace/textDocumentContent", {"uri": seen["uri"]})["text"] == seen["text"]
            answers.append(seen)
        assert SECRET not in json.dumps(answers)
        assert sorted(path.name for path in project.iterdir()) == before, "only `generate` writes"
        command = {"command": "codelab-gen.generate", "arguments": [profile.as_uri()]}
        said = editor.request("workspace/executeCommand", command)
        assert said["exit"] == 0 and SECRET not in json.dumps(said), said
        assert (project / "docker-compose.yml").exists()
