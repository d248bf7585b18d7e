"""Completions in the shells themselves: a person types a begun name, Tab, and Enter, and the whole command runs."""

import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest

from programs import SCRUBBED, run

PROMPT = "READY> "

# How each shell starts without anybody's settings, and what its file of settings would say.
SHELLS = {
    "bash": (["--noprofile", "--norc", "-i"], f"PS1='{PROMPT}'; source <(codelab-gen completions bash)"),
    "zsh": (
        ["-f", "-i"],
        f"PS1='{PROMPT}'; autoload -Uz compinit; compinit -u -D; source <(codelab-gen completions zsh)",
    ),
}


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, shell: str, arguments: list[str], cwd: Path, env: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [shell, *arguments], cwd=cwd, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
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

    def close(self) -> None:
        """Ends the shell."""
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def environment(binary: Path, home: Path) -> dict[str, str]:
    path = f"{binary.parent}:{SCRUBBED['PATH']}"
    return {**SCRUBBED, "PATH": path, "HOME": str(home), "TERM": "dumb"}


@pytest.mark.parametrize("shell", SHELLS, indirect=True)
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("codelab-gen explain -p mi\tstage", "profile mixed ("),
        ("codelab-gen expl\t--profile prod-\tstage", "profile prod-postgres ("),
        ("codelab-gen explain -p prod services.auth-service.po\t", "profile prod-postgres ("),
        ("codelab-gen code port-c\t", "port-clash: "),
    ],
)
def test_tab_finishes_names(shell: str, typed: str, shown: str, project: Path, binary: Path) -> None:
    arguments, settings = SHELLS[Path(shell).name]
    terminal = Terminal(shell, arguments, project, environment(binary, project.parent))
    try:
        terminal.type(f"{settings}; echo set-\"\"up\n")
        terminal.wait_for("set-up")
        terminal.wait_for(PROMPT)
        # what stands before the first colon of the output is not what was typed
        terminal.type(f"{typed}; echo ended-\"\"here\n")
        terminal.wait_for(shown)
        terminal.wait_for("ended-here")
    finally:
        terminal.close()


@pytest.mark.parametrize("shell", ["fish"], indirect=True)
@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("codelab-gen -p ", ["dev-sqlite", "dev", "mixed", "prod-postgres", "prod"]),
        ("codelab-gen explain -p prod services.", ["services.agent-runtime", "services.auth-service"]),
        ("codelab-gen rotate -p prod P", ["POSTGRES_PASSWORD"]),
        ("codelab-gen code port-", ["port-clash"]),
        ("codelab-gen val", ["validate"]),
    ],
)
def test_fish_offers_names(shell: str, typed: str, names: list[str], project: Path, binary: Path) -> None:
    script = f"codelab-gen completions fish | source; complete --do-complete '{typed}'"
    done = run(shell, "--no-config", "--command", script, cwd=project, env=environment(binary, project.parent))
    offered = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert sorted(name for name in offered if not name.startswith("-")) == sorted(names), done.stdout
