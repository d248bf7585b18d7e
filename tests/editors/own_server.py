"""An editor that types into codelab-gen's own language server, and what `validate` finds in the same texts.

Knows incremental changes, how columns are counted, and how an editor does an edit. Must not know what a profile means.
"""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from language_server import CAPABILITIES, LanguageServer, Message
from programs import PATIENCE, SCRUBBED

SEVERITIES = {1: "error", 2: "warning", 4: "notice"}

# How wide a character is in each way to count columns.
WIDTHS = {
    "utf-8": lambda character: len(character.encode()),
    "utf-16": lambda character: len(character.encode("utf-16-le")) // 2,
    "utf-32": lambda _: 1,
}


def line_starts(text: str) -> list[int]:
    """Where lines start as the protocol has them."""
    ends = [
        at + 1
        for at, character in enumerate(text)
        if character == "\n" or (character == "\r" and text[at + 1 : at + 2] != "\n")
    ]
    return [0, *ends]


def position(text: str, offset: int, encoding: str) -> Message:
    starts = line_starts(text)
    line = max(number for number, start in enumerate(starts) if start <= offset)
    return {
        "line": line,
        "character": sum(map(WIDTHS[encoding], text[starts[line] : offset])),
    }


def offset(text: str, place: Message, encoding: str) -> int:
    start = line_starts(text)[place["line"]]
    width = place["character"]
    while width > 0:
        width -= WIDTHS[encoding](text[start])
        start += 1
    assert width == 0, f"{place} is inside of a character"
    return start


def path_of(uri: str) -> Path:
    return Path(unquote(uri.removeprefix("file://")))


@dataclass(frozen=True, order=True)
class Found:
    """One fault, warning or notice: its file, the characters that it is at, and what is said of it."""

    file: str
    start: int
    end: int
    severity: str
    code: str
    message: str
    others: tuple[tuple[str, int, int], ...]

    @classmethod
    def shown(cls, file: Path, told: Message, texts: dict[Path, str], encoding: str) -> Self:
        def span(path: Path, range_: Message) -> tuple[int, int]:
            text = texts[path]
            return offset(text, range_["start"], encoding), offset(text, range_["end"], encoding)

        related = [other["location"] for other in told.get("relatedInformation", [])]
        paths = [path_of(place["uri"]) for place in related]
        others = tuple(sorted((path.name, *span(path, place["range"])) for path, place in zip(paths, related)))
        start, end = span(file, told["range"])
        severity = SEVERITIES[told["severity"]]
        return cls(file.name, start, end, severity, told["code"], told["message"], others)

    @classmethod
    def validated(cls, diagnostic: Message, texts: dict[str, str]) -> Self:
        def span(place: Message) -> tuple[str, int, int]:
            lines = texts[Path(place["file"]).name].split("\n")

            def at(line: int, column: int) -> int:
                return sum(len(line) + 1 for line in lines[: line - 1]) + column - 1

            start, end = (
                at(place["line"], place["column"]),
                at(place["end_line"], place["end_column"]),
            )
            return Path(place["file"]).name, start, end

        place = diagnostic["place"]
        label = f": {place['label']}" if place["label"] else ""
        message = f"{diagnostic['message']}{label}\nhelp: {diagnostic['help']}"
        others = tuple(sorted(span(other) for other in diagnostic["others"]))
        return cls(*span(place), diagnostic["severity"], diagnostic["code"], message, others)


def run(binary: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary, *arguments],
        cwd=folder,
        env=SCRUBBED,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )


def validated(binary: Path, file: Path) -> set[Found]:
    """What `validate` finds in a file of `profiles/`."""
    folder = file.parent.parent
    answer = json.loads(run(binary, folder, "validate", "--format", "json", f"profiles/{file.name}").stdout)
    texts = {path.name: path.read_bytes().decode() for path in file.parent.iterdir() if path.is_file()}
    [profile] = answer["profiles"]
    return {Found.validated(diagnostic, texts) for diagnostic in profile["diagnostics"]}


class Editor(LanguageServer):
    """An editor with codelab-gen's server."""

    def __init__(
        self,
        binary: Path,
        folder: Path,
        encoding: str = "utf-16",
        options: Message | None = None,
        path: str = os.defpath,
    ) -> None:
        super().__init__([binary, "lsp"], folder)
        self.environment = {**SCRUBBED, "PATH": path}
        self.options = options or {}
        self.encoding = encoding
        self.capabilities = {
            **CAPABILITIES,
            "general": {"positionEncodings": [encoding]},
        }
        self.texts: dict[Path, str] = {}
        self.published: dict[Path, Message] = {}

    def open(self, file: Path, text: str | None = None) -> None:
        """Opens a file with what is on the disk, or with another text."""
        self.texts[file] = file.read_bytes().decode() if text is None else text
        self.write(file, self.texts[file])

    def edit(self, file: Path, start: int, end: int, new: str) -> None:
        """Puts a text in the place of some characters, as typing does."""
        text = self.texts[file]
        uri = file.as_uri()
        self.versions[uri] += 1
        range_ = {
            "start": position(text, start, self.encoding),
            "end": position(text, end, self.encoding),
        }
        self.texts[file] = text[:start] + new + text[end:]
        document = {"uri": uri, "version": self.versions[uri]}
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": document,
                "contentChanges": [{"range": range_, "text": new}],
            },
        )

    def _await(self, wanted: Callable[[Message], bool], what: Callable[[], str]) -> Message:
        def kept(message: Message) -> bool:
            # what is shown comes whenever it is found, also before an answer
            if message.get("method") == "textDocument/publishDiagnostics":
                self.published[path_of(message["params"]["uri"])] = message["params"]
            return wanted(message)

        return super()._await(kept, what)

    def settled(self, *files: Path) -> None:
        """Waits until what is shown belongs to the newest text of each file."""

        def is_new(file: Path) -> bool:
            shown = self.published.get(file)
            return shown is not None and shown.get("version") == self.versions[file.as_uri()]

        self.until(lambda: all(map(is_new, files)))

    def until(self, is_so: Callable[[], bool]) -> None:
        """Waits until what is shown is as it should be."""

        if not is_so():
            self._await(lambda _: is_so(), lambda: f"what was awaited; shown is {self.published}")

    def shown(self, *also: Path) -> set[Found]:
        """Everything that is shown now."""
        texts = {**{path: path.read_bytes().decode() for path in also}, **self.texts}
        return {
            Found.shown(file, told, texts, self.encoding)
            for file, shown in self.published.items()
            for told in shown["diagnostics"]
        }

    def at(self, method: str, file: Path, offset_: int, **more: Any) -> Any:
        """Asks about a character."""
        place = position(self.texts[file], offset_, self.encoding)
        return self.request(
            f"textDocument/{method}",
            {"textDocument": {"uri": file.as_uri()}, "position": place, **more},
        )

    def actions(self, file: Path, told: Message) -> list[Message]:
        """What can be done about something that is shown."""
        context = {"diagnostics": [told]}
        params = {
            "textDocument": {"uri": file.as_uri()},
            "range": told["range"],
            "context": context,
        }
        return self.request("textDocument/codeAction", params)

    def done(self, edit: Message) -> dict[Path, str]:
        """The texts that an edit makes; one of a file that is not open is read."""
        made = {}
        for change in edit["documentChanges"]:
            file = path_of(change["textDocument"]["uri"])
            assert change["textDocument"]["version"] == self.versions.get(file.as_uri())
            text = self.texts[file] if file in self.texts else file.read_bytes().decode()

            def at(place: Message, text: str = text) -> int:
                return offset(text, place, self.encoding)

            spans = [
                (at(part["range"]["start"]), at(part["range"]["end"]), part["newText"]) for part in change["edits"]
            ]
            for start, end, new in sorted(spans, reverse=True):
                text = text[:start] + new + text[end:]
            made[file] = text
        return made
