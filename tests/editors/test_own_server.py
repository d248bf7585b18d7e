"""Profiles in an editor with codelab-gen's own language server: what is shown is what `validate` finds."""

import os
import random
import shutil
from pathlib import Path

import pytest
from language_server import Message
from own_server import Editor, Found, validated
from programs import LONG
from verdicts import ROOT

TESTS = ROOT / "tests"
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))


def cases() -> list[Path]:
    """Profiles with something to tell; bytes that are no text can't be typed."""
    found = [
        *sorted((TESTS / "invalid").glob("*.yaml")),
        *sorted((TESTS / "warned").glob("*.yaml")),
    ]
    return [file for file in found if file.with_suffix(".stderr").exists() and file.stem != "not-utf8"]


def laid_out(file: Path, folder: Path) -> Path:
    """A case as a project of its own, with what it extends."""
    profiles = folder / file.parent.name / file.stem / "profiles"
    profiles.mkdir(parents=True)
    for base in file.parent.glob(f"{file.stem}.base.yaml"):
        shutil.copy(base, profiles)
    return Path(shutil.copy(file, profiles))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The built-in profiles as those of a project."""
    shutil.copytree(ROOT / "profiles", tmp_path / "project" / "profiles")
    return tmp_path / "project"


@pytest.mark.quick
def test_what_is_shown_is_what_validate_finds(binary: Path, tmp_path: Path) -> None:
    with Editor(binary, tmp_path) as editor:
        for case in cases():
            file = laid_out(case, tmp_path)
            editor.open(file)
            editor.settled(file)
            shown = {found for found in editor.shown(*file.parent.iterdir())}
            editor.published.clear()
            expected = validated(binary, file)
            if case.stem == "extends-cycle":
                # its base builds on it as well
                expected |= validated(binary, file.with_suffix(".base.yaml"))
            assert shown == expected, case
            editor.notify("textDocument/didClose", {"textDocument": {"uri": file.as_uri()}})
            del editor.texts[file]


def test_a_profile_that_builds_on_the_edited_one_is_judged_as_well(binary: Path, project: Path) -> None:
    base, mixed = (
        project / "profiles" / "base.yaml",
        project / "profiles" / "mixed.yaml",
    )
    with Editor(binary, project) as editor:
        editor.open(base)
        editor.settled(base)
        assert not [found for found in editor.shown(*PROFILES) if found.severity == "error"]
        at = editor.texts[base].index("postgres: auth_db")
        editor.edit(base, at, at + len("postgres: auth_db"), "")
        editor.settled(base)
        errors = {found for found in editor.shown(*mixed.parent.iterdir()) if found.severity == "error"}
        twin = Path(shutil.copytree(project, project.parent / "twin")) / "profiles"
        (twin / "base.yaml").write_text(editor.texts[base], encoding="utf-8")
        expected = {found for file in twin.iterdir() for found in validated(binary, file) if found.severity == "error"}
        assert errors == expected and "undescribed-engine" in {found.code for found in errors}
        editor.edit(base, at, at, "postgres: auth_db")
        editor.settled(base)
        assert not [found for found in editor.shown(*mixed.parent.iterdir()) if found.severity == "error"]


# What is typed: what YAML means something by, and what is wider in one way to count than in another.
TYPED = [*"a: {}[]#é😀'\"\t\n", "  ", "- ", "\r\n", "port: 1\n", "null", "&a ", "*a"]


# A profile whose every line is wider in one way to count than in another, with a fault on the wide ones.
WIDE = """\
format: 1 # 😀 é
project: shop
stage: development
services:
  api:
    image: "api:1"\t# 日本語
    labels: { "é😀": "ß", Note: "😀\ta" }
    depends_on: ["😀x", web, "é"]
    environment: { A: "😀", B: { secret: KEY }, "😀": 1 }
  web: { image: "w😀:1", port: "é" }
""".replace("\n", "\r\n")


@pytest.mark.parametrize("wide", [False, True], ids=["plain", "wide"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_random_keystrokes_leave_what_validate_finds(
    binary: Path, project: Path, tmp_path: Path, encoding: str, wide: bool
) -> None:
    chance = random.Random(f"{encoding} {wide}")
    twin = Path(shutil.copytree(project, tmp_path / "twin")) / "profiles"
    file = project / "profiles" / "mixed.yaml"
    start = WIDE if wide else file.read_text(encoding="utf-8")
    file.write_bytes(start.encode())
    undo: list[tuple[int, int, str]] = []
    with Editor(binary, project, encoding) as editor:
        editor.open(file)
        for _ in range(10_000 // 6 if LONG else 100):
            text = editor.texts[file]
            if undo and (chance.random() < 0.45 or len(undo) > 12):
                at, length, old = undo.pop()
                editor.edit(file, at, at + length, old)
            else:
                at = chance.randrange(len(text) + 1)
                # nobody can put the cursor between these two
                at -= text[at - 1 : at + 1] == "\r\n"
                end = min(len(text), at + chance.choice([0, 0, 0, 1, 2, 9]))
                end -= text[end - 1 : end + 1] == "\r\n"
                at, end = min(at, end), max(at, end)
                new = chance.choice(TYPED)
                undo.append((at, len(new), text[at:end]))
                editor.edit(file, at, end, new)
            editor.settled(file)
            (twin / "mixed.yaml").write_bytes(editor.texts[file].encode())
            shown = editor.shown(*(project / "profiles").iterdir())
            assert shown == validated(binary, twin / "mixed.yaml"), editor.texts[file]
        while undo:
            at, length, old = undo.pop()
            editor.edit(file, at, at + length, old)
        editor.settled(file)
        assert editor.texts[file] == start
        assert editor.shown(*(project / "profiles").iterdir()) == validated(binary, file)


def test_keys_that_come_at_once_are_judged_once_they_end(binary: Path, project: Path) -> None:
    file = project / "profiles" / "mixed.yaml"
    with Editor(binary, project) as editor:
        editor.open(file)
        for character in "\nengin: x":
            editor.edit(file, len(editor.texts[file]), len(editor.texts[file]), character)
        editor.settled(file)
        assert {found.code for found in editor.shown(*file.parent.iterdir()) if found.severity == "error"} == {
            "unknown-key"
        }


def test_a_drawing_is_a_picture_where_graphviz_is(binary: Path, project: Path) -> None:
    file = project / "profiles" / "mixed.yaml"

    def drawn(path: str) -> Message:
        with Editor(binary, project, path=path) as editor:
            editor.open(file)
            command = {"command": "codelab-gen.drawing", "arguments": [file.as_uri()]}
            return editor.request("workspace/executeCommand", command)

    for path in ("/nonexistent", "", f"{project}:."):
        seen = drawn(path)
        assert seen["languageId"] == "markdown" and seen["text"].startswith("```mermaid\nflowchart LR\n"), path
    if shutil.which("dot", path=os.defpath) is not None:
        seen = drawn(os.defpath)
        assert seen["languageId"] == "svg" and "auth_db" in seen["text"] and "</svg>" in seen["text"]


def mends(editor: Editor, file: Path, told: Message) -> list[Message]:
    """What is offered to mend one thing."""
    offered = [action for action in editor.actions(file, told) if action["kind"] == "quickfix"]
    return [action for action in offered if told in action["diagnostics"]]


def test_what_is_offered_mends_what_it_says(binary: Path, tmp_path: Path) -> None:
    done = []
    with Editor(binary, tmp_path) as editor:
        for case in cases():
            file = laid_out(case, tmp_path)
            editor.open(file)
            editor.settled(file)
            others = [path for path in file.parent.iterdir() if path != file]
            texts = {
                file: editor.texts[file],
                **{path: path.read_text(encoding="utf-8") for path in others},
            }
            before = [(found.code, found.message) for found in editor.shown(*others)]
            for told in editor.published[file]["diagnostics"]:
                found = Found.shown(file, told, texts, editor.encoding)
                for action in mends(editor, file, told):
                    for path, text in editor.done(action["edit"]).items():
                        path.write_bytes(text.encode())
                    after = [(other.code, other.message) for other in validated(binary, file)]
                    said = (found.code, found.message)
                    context = (case, action["title"], file.read_text(encoding="utf-8"))
                    assert said not in after or before.count(said) > 1, context
                    assert "syntax" not in {code for code, _ in after}, context
                    done.append((found.code, action["title"]))
                    for path, text in texts.items():
                        path.write_bytes(text.encode())
            editor.published.clear()
            editor.notify("textDocument/didClose", {"textDocument": {"uri": file.as_uri()}})
            del editor.texts[file]
    codes = {code for code, _ in done}
    assert codes >= {
        "unknown-key",
        "unknown-service",
        "unknown-secret",
        "wrong-type",
        "shared-database",
        "missing-field",
    }
    assert len(done) > 40, done
