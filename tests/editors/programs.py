"""How the programs of the tests are run: with nothing of the machine's own environment, and Node.js once for many questions.

Must not know what is asked.
"""

import json
import os
import subprocess
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Self

# No variable of the caller's shell may decide a test.
SCRUBBED = {"PATH": os.defpath, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}

# Seconds that an answer may take on the slowest and busiest machine; nothing waits so long where it comes.
PATIENCE = 300.0

# Whether the longest cases run as well; without it each has a short version.
LONG = os.environ.get("CODELAB_GEN_LONG") == "1"


class NodeProgram:
    """A program that answers a line of JSON with a line of JSON, ended with the `with` block; a start takes longer than most
    answers."""

    def __init__(self, *command: str | Path) -> None:
        self.command = command

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command, env=SCRUBBED, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, question: Any) -> Any:
        watch = Timer(PATIENCE, self.process.kill)
        watch.start()
        try:
            self.process.stdin.write(f"{json.dumps(question)}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        finally:
            watch.cancel()
        assert answer, "the program ended, or did not answer in time; what it said is on standard error"
        return json.loads(answer)
