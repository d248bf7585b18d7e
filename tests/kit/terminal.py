"""A shell on a terminal of its own, at which a test types."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROMPT = "READY> "

# How each shell starts without anybody's settings.
STARTED = {"bash": ["--noprofile", "--norc", "-i"], "zsh": ["-f", "-i"]}


class Terminal:
    """What was typed goes in, what was shown comes out."""

    def __init__(self, master: int) -> None:
        self.master = master
        self.seen = ""

    def type(self, text: str) -> None:
        """Types."""
        os.write(self.master, text.encode())

    def wait_for(self, text: str) -> None:
        """Reads until the shell has shown a text; what it showed until then is forgotten."""
        end = time.monotonic() + 60
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                pytest.fail(f"never shown: {text!r}\n{self.seen!r}")
            self.seen += os.read(self.master, 65536).decode(errors="replace")
        self.seen = self.seen.split(text, 1)[1]


@contextmanager
def terminal(shell: str, settings: str, cwd: Path, env: dict[str, str]) -> Iterator[Terminal]:
    """A shell that has run a line of settings, and waits for the next one."""
    master, slave = pty.openpty()
    command = [shell, *STARTED[Path(shell).name]]
    ends = {"stdin": slave, "stdout": slave, "stderr": slave}
    with subprocess.Popen(command, cwd=cwd, env=env, start_new_session=True, **ends) as process:
        os.close(slave)
        try:
            shown = Terminal(master)
            shown.type(f"PS1='{PROMPT}'; {settings}; echo set-\"\"up\n")
            shown.wait_for("set-up")
            shown.wait_for(PROMPT)
            yield shown
        finally:
            process.kill()
            os.close(master)
