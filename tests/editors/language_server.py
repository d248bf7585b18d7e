"""A small client of the Language Server Protocol over standard input and output.

Knows the protocol as far as an editor needs it for one file at a time. Must not know what a profile is.
"""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Any, Self

from programs import PATIENCE, SCRUBBED

# What an editor sends that fetches nothing: without the catalogue of schemas, only the first line of a file counts.
SETTINGS = {
    "yaml": {
        "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False},
        "validate": True,
        "hover": True,
        "completion": True,
    },
    "http": {},
    "[yaml]": {},
    "editor": {},
    "files": {},
}

CAPABILITIES = {
    "workspace": {"configuration": True, "workspaceFolders": True},
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown", "plaintext"]}},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True},
    },
}

Message = dict[str, Any]


@dataclass(frozen=True)
class Diagnostic:
    """One fault as an editor shows it: the line, counted from 1, the underlined text's columns, and the message."""

    line: int
    columns: tuple[int, int]
    message: str

    @classmethod
    def of(cls, diagnostic: Message) -> Self:
        start, end = diagnostic["range"]["start"], diagnostic["range"]["end"]
        return cls(start["line"] + 1, (start["character"], end["character"]), diagnostic["message"])


class LanguageServer:
    """A running server, ended with the `with` block."""

    def __init__(self, command: list[str | Path], folder: Path) -> None:
        self.command = command
        self.folder = folder
        self.environment = SCRUBBED
        self.requests = 0
        self.versions: dict[str, int] = {}
        self.capabilities = CAPABILITIES
        self.options: Message = {}
        self.received: Queue[Message | None] = Queue()

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        Thread(target=self._read, daemon=True).start()
        self.errors: list[bytes] = []
        Thread(target=self._collect_errors, daemon=True).start()
        workspace = {"uri": self.folder.as_uri(), "name": self.folder.name}
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": workspace["uri"],
                "workspaceFolders": [workspace],
                "capabilities": self.capabilities,
                "initializationOptions": self.options,
            },
        )
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": SETTINGS})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.request("shutdown", None)
                self.notify("exit", None)
                self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
                stream.close()

    def write(self, file: Path, text: str) -> None:
        """Opens a file with this text, which need not be what stands on the disk, or changes one that is open."""
        uri = file.as_uri()
        version = self.versions[uri] = self.versions.get(uri, 0) + 1
        if version == 1:
            document = {"uri": uri, "languageId": "yaml", "version": version, "text": text}
            self.notify("textDocument/didOpen", {"textDocument": document})
        else:
            document = {"uri": uri, "version": version}
            self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def diagnostics(
        self, files: Sequence[Path], until: Callable[[list[Diagnostic]], bool]
    ) -> dict[Path, list[Diagnostic]]:
        """The faults of each file, the first that are told from now on and are as `until` says."""
        awaited = {file.as_uri(): file for file in files}
        last: dict[Path, list[Diagnostic]] = {}

        def complete(message: Message) -> bool:
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] in awaited:
                uri = message["params"]["uri"]
                told = [Diagnostic.of(diagnostic) for diagnostic in message["params"]["diagnostics"]]
                last[awaited[uri]] = sorted(told, key=lambda diagnostic: (diagnostic.line, diagnostic.columns))
                if until(told):
                    del awaited[uri]
            return not awaited

        def missing() -> str:
            return "; ".join(f"diagnostics of {file}, last {last.get(file)}" for file in awaited.values())

        self._await(complete, missing)
        return last

    def completion(self, file: Path, line: int, character: int) -> list[Message]:
        """What is offered at a place, counted from 0."""
        items = self.request("textDocument/completion", _place(file, line, character))
        return items["items"] if isinstance(items, dict) else items or []

    def hover(self, file: Path, line: int, character: int) -> str:
        """What is shown for the word at a place, counted from 0; nothing where nothing is shown."""
        hover = self.request("textDocument/hover", _place(file, line, character))
        if hover is None:
            return ""
        contents = hover["contents"]
        return contents["value"] if isinstance(contents, dict) else str(contents)

    def request(self, method: str, params: Any) -> Any:
        """Asks, and answers what the server asks meanwhile."""
        self.requests += 1
        number = self.requests
        self._send({"id": number, "method": method, "params": params})
        answer = self._await(lambda message: message.get("id") == number and "method" not in message, lambda: method)
        assert "error" not in answer, answer
        return answer["result"]

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _await(self, wanted: Callable[[Message], bool], what: Callable[[], str]) -> Message:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                message = self.received.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                raise TimeoutError(f"the language server did not give {what()}{self._said()}") from None
            if message is None:
                raise EOFError(f"the language server ended before it gave {what()}{self._said()}")
            if "id" in message and "method" in message:
                self._send({"id": message["id"], "result": self._answer(message)})
            elif wanted(message):
                return message

    def _answer(self, request: Message) -> Any:
        if request["method"] == "workspace/configuration":
            return [SETTINGS.get(item["section"]) for item in request["params"]["items"]]
        if request["method"] == "workspace/workspaceFolders":
            return [{"uri": self.folder.as_uri(), "name": self.folder.name}]
        return None

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _read(self) -> None:
        out = self.process.stdout
        try:
            while header := out.readline():
                length = 0
                while header.strip():
                    name, _, value = header.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                    header = out.readline()
                self.received.put(json.loads(out.read(length)))
        except ValueError:
            pass  # the stream was closed, or holds no message: in both cases nothing more comes
        self.received.put(None)

    def _collect_errors(self) -> None:
        try:
            self.errors.extend(self.process.stderr)
        except ValueError:
            pass  # the stream was closed

    def _said(self) -> str:
        return "".join(f"\n{line.decode(errors='replace').rstrip()}" for line in self.errors[-20:])


def _place(file: Path, line: int, character: int) -> Message:
    return {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": character}}
