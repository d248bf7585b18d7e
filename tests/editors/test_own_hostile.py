"""What a hostile repository tries through the language server: no more is read than by every run, no text ends it."""

import json
import os
import resource
import subprocess
from pathlib import Path
from typing import Any

import pytest
from own_server import Editor
from programs import PATIENCE, SCRUBBED

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
    (project / ".git").mkdir()
    (project / ".git" / "config.yaml").write_text(f"services: {{ {SECRET}: {{}} }}\n", encoding="utf-8")
    (project / "linked").symlink_to(project.parent)
    ways = ("../../outside.yaml", str(outside), "./link.yaml", "link", "../linked/outside.yaml", "../.git/config.yaml")
    for extends in ways:
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


@pytest.mark.parametrize(
    ("profile", "root"),
    [("../../outside.yaml", ".."), ("outside", "../.."), ("top", "../../other"), ("../profiles/top.yaml", "..")],
)
def test_a_forged_output_leads_to_no_file_outside(binary: Path, project: Path, profile: str, root: str) -> None:
    """What outputs record is a stranger's word, too."""
    other = project.parent / "other" / "profiles"
    other.mkdir(parents=True)
    (other / "top.yaml").write_text(f"format: 1\nproject: {SECRET}\n", encoding="utf-8")
    (project / ".git").mkdir()
    (project / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (project / "deploy").mkdir()
    output = project / "deploy" / "docker-compose.yml"
    header = f"# codelab-gen: profile={profile} root={root} stage=ci format=1 body=0000000000000000\n"
    output.write_text(f"{header}---\nname: x\n", encoding="utf-8")
    with Editor(binary, project) as editor:
        editor.open(output)
        editor.until(lambda: output in editor.published)
        told = [told["code"] for told in editor.published[output]["diagnostics"]]
        assert told == ["edited"]
        answers = [editor.published]
        for command in ("check", "diff", "generate"):
            arguments = {"command": f"codelab-gen.{command}", "arguments": [output.as_uri()]}
            said = editor.request("workspace/executeCommand", arguments)
            assert said["exit"] != 0, said
            answers.append(said)
        assert SECRET not in str(answers)
        assert sorted(path.name for path in (project / "deploy").iterdir()) == ["docker-compose.yml"]


def test_nothing_of_a_repository_is_run(binary: Path, project: Path) -> None:
    """Neither by git, which looks for what would be committed, nor by a program of the name `dot`."""
    ran, program = project.parent / "ran", project / "program"
    program.write_text(f"#!/bin/sh\necho >>'{ran}'\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    (project / "dot").symlink_to(program)

    def git(*arguments: str) -> None:
        environment = {**SCRUBBED, "HOME": str(project.parent), "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(["git", *arguments], cwd=project, env=environment, check=True, capture_output=True)

    profile = project / "profiles" / "top.yaml"
    text = "format: 1\nproject: shop\nstage: ci\nout: ./deploy\nservices: { api: { image: 'a:1' } }\n"
    profile.write_text(text, encoding="utf-8")
    with Editor(binary, project) as editor:
        editor.open(profile)
        command = {"command": "codelab-gen.generate", "arguments": [profile.as_uri()]}
        assert editor.request("workspace/executeCommand", command)["exit"] == 0
    git("init", "--quiet")
    git("config", "core.fsmonitor", str(program))
    git("status")
    assert ran.exists(), "git itself does not run it: the test proves nothing"
    ran.unlink()
    output = project / "deploy" / "docker-compose.yml"
    with Editor(binary, project, path=f".::{os.defpath}") as editor:
        editor.open(output)
        editor.open(profile)
        editor.edit(profile, text.index("a:1"), text.index("a:1") + 1, "b")
        profile.write_text(editor.texts[profile], encoding="utf-8")
        editor.notify("textDocument/didSave", {"textDocument": {"uri": profile.as_uri()}})
        editor.until(lambda: bool(editor.published.get(output, {}).get("diagnostics")))
        for view in ("effective", "outputs", "drawing"):
            command = {"command": f"codelab-gen.{view}", "arguments": [profile.as_uri()]}
            assert "a" in editor.request("workspace/executeCommand", command)["text"]
        assert not ran.exists()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"Content-Length: 18446744073709551615\r\n\r\n{}", "longer than"),
        (b"Content-Length: 200000000\r\n\r\n{}", "ended after 2 of 200000000 bytes"),
        (b"Content-Length: -1\r\n\r\n", "no number"),
        (b"Content-Length: 2\r\n\r\n[]", "a message is none"),
        (b"A: b\r\n\r\n", "no `Content-Length`"),
        (b"A" * 1_000_000, "a line of a header is none"),
        (b"A: b\r\n" * 1_000, "more than 16 lines"),
    ],
)
def test_what_is_no_message_ends_the_server_with_a_word(binary: Path, project: Path, sent: bytes, said: str) -> None:
    def limited() -> None:
        # room for a program, and not for what a header promises
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    command = [binary, "lsp"]
    done = subprocess.run(
        command, cwd=project, env=SCRUBBED, input=sent, capture_output=True, timeout=PATIENCE, preexec_fn=limited
    )
    assert done.returncode == 5 and said in done.stderr.decode(), done
    assert b"panicked" not in done.stderr


def test_a_message_that_is_none_ends_a_conversation_with_a_word(binary: Path, project: Path) -> None:
    with pytest.raises(EOFError), Editor(binary, project) as editor:
        editor.process.stdin.write(b"Content-Length: 99999999999\r\n\r\n")
        editor.process.stdin.flush()
        editor.request("textDocument/hover", {})
    assert editor.process.returncode == 5 or b"longer than" in b"".join(editor.errors)
