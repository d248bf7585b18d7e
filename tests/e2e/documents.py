"""The documents as a reader follows them: every command of one, in order, in a project of its own.

Where a document names what a test can't have, something of the tests' own stands for it, and its name is put back into
what is printed: the project `codelab`, a server `db.example.com`, and the image of PostgreSQL.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import images
import machine
import pytest
from engine import NOBODY, Engine
from operations import settled

from deployment import COMMAND_TIMEOUT, SERVICES, Deployment

REPOSITORY = Path(__file__).resolve().parents[2]

# The bridge that Docker makes by itself: all containers reach the host there.
ELSEWHERE = "172.17.0.1"

# Signs for the server's address, by an authority of its own that the document's profile names.
CERTIFICATES = f"""
cd "$1"
openssl req -x509 -newkey rsa:2048 -nodes -keyout authority.key -out db.pem -days 2 -subj /CN=authority
openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN={ELSEWHERE}
printf 'subjectAltName=IP:{ELSEWHERE}\\n' >names
openssl x509 -req -in server.csr -CA db.pem -CAkey authority.key -CAcreateserial -extfile names -days 2 -out server.pem
chown 999:999 server.key && chmod 600 server.key
"""

# Programs of this machine that a document uses beside Docker.
NEEDED = {
    "external-postgres.md": ("openssl", "psql"),
    "reach-from-host.md": ("psql",),
    "secret-managers.md": ("age", "openssl", "pass"),
}

# Looked at often; as long as with the profiles' own numbers, until a container counts as unhealthy.
HEALTH = {"interval": "2s", "retries": 45}

# A project that a document starts beside the first one.
SECOND = "-two"

# Says `--set` for what is the tests' own, on every command that writes or reads outputs.
SHIM = """#!/bin/sh
case ${{1:-}} in
  validate | code | new | profiles | schema | --version | --help) exec {binary} "$@" ;;
  *) exec {binary} "$@" --set project={project} --set postgres.image={image} ;;
esac
"""


@dataclass
class Example:
    """A command, its exit code, and the lines that it prints."""

    command: str
    code: int = 0
    lines: list[str] = field(default_factory=list)


@dataclass
class Block:
    """What stands between two fences."""

    line: int
    fence: str
    comment: str
    text: str

    def examples(self) -> Iterator[Example]:
        current = None
        for line in self.text.splitlines():
            if line.startswith("$ "):
                if current is not None:
                    yield current
                current = Example(line[2:])
            elif current is None:
                pytest.fail(f"line {self.line}: no command stands first")
            elif line.startswith("? "):
                current.code = int(line[2:])
            else:
                current.lines.append(line)
        if current is not None:
            yield current


def blocks(document: Path) -> list[Block]:
    """The fenced blocks of a document, with the comment on the line before each."""
    pattern = re.compile(r"(?:^<!-- (?P<comment>.*) -->\n)?^```(?P<fence>.+)\n(?P<text>(?:.*\n)*?)```$", re.MULTILINE)
    content = document.read_text(encoding="utf-8")
    return [
        Block(content.count("\n", 0, found.start()) + 1, found["fence"], found["comment"] or "", found["text"])
        for found in pattern.finditer(content)
    ]


def documents() -> list[str]:
    """Those that have commands for a real engine."""
    paths = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")]
    needing = (path for path in paths if any(block.fence == "console engine" for block in blocks(path)))
    return sorted(str(path.relative_to(REPOSITORY)) for path in needing)


class Reader:
    """Who follows a document in a shell: each command starts in the folder where the one before it ended."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.engine: Engine = deployment.engine
        self.root = deployment.root
        self.folder = deployment.root
        self.elsewhere: str | None = None
        self.bin = deployment.root / ".bin"
        self.bin.mkdir()
        shim = self.bin / "codelab-gen"
        image = images.OFFICIAL
        text = SHIM.format(binary=deployment.binary, project=deployment.project, image=image)
        shim.write_text(text, encoding="utf-8")
        shim.chmod(0o755)
        for service in SERVICES:
            self.engine.docker("tag", images.SERVICE, f"{deployment.project}{SECOND}-{service}")
        health = {**self.engine.health, **HEALTH}
        deployment.additions = {service: {"healthcheck": health} for service in SERVICES}
        deployment.out.rmdir()

    def start_server_elsewhere(self) -> None:
        """A server that no deployment knows, with an administrator; it takes encrypted connections."""
        folder = self.root / "certificates"
        folder.mkdir()
        machine.checked("sh", "-ec", CERTIFICATES, "sh", folder)
        given = ["--env", "POSTGRES_USER=admin", "--env", "POSTGRES_PASSWORD=of-the-administrator"]
        mounts = ["--volume", f"{folder}:/certificates:ro", "--publish", "5432:5432"]
        files = ["ssl=on", "ssl_cert_file=/certificates/server.pem", "ssl_key_file=/certificates/server.key"]
        tls = [part for setting in files for part in ("-c", setting)]
        name = f"{self.deployment.project}-elsewhere"
        self.elsewhere = name
        self.engine.docker("run", "--detach", "--name", name, *given, *mounts, images.POSTGRES, "postgres", *tls)
        asked = ["exec", name, "sh", "-c", "pg_isready -h 127.0.0.1 || true"]
        settled(lambda: "accepting connections" in self.engine.docker(*asked))

    def follow(self, document: Path) -> None:
        """Runs every command, and compares what it prints."""
        machine.provide(*NEEDED.get(document.name, ()))
        if document.name == "external-postgres.md":
            self.start_server_elsewhere()
        for block in blocks(document):
            if block.comment.startswith("file: "):
                self._write(block.comment.removeprefix("file: "), block.text)
            if block.fence.split()[0] == "console":
                for example in block.examples():
                    self._run(example, f"{document.name}:{block.line}")

    def _write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._mine(text), encoding="utf-8")
        for made in (path.parent, path):
            os.chown(made, NOBODY, NOBODY)

    def _run(self, example: Example, place: str) -> None:
        left_in = self.root / ".left-in"
        script = f"{self._mine(example.command)}\ncode=$?\npwd >{left_in}\nexit $code\n"
        done = subprocess.run(
            [*self._on_host(), "bash", "-c", script],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_TIMEOUT,
            check=False,
        )
        actual = self._theirs(done.stdout + done.stderr)
        said = "\n".join(example.lines)
        if done.returncode != example.code or not matches(actual.splitlines(), example.lines):
            pytest.fail(
                f"{place}: {example.command}: exit {done.returncode}, expected {example.code}\n"
                f"--- document\n{said}\n--- actual\n{actual}",
                pytrace=False,
            )
        self.folder = Path(left_in.read_text(encoding="utf-8").rstrip("\n"))
        self._look_often()

    def _on_host(self) -> list[str]:
        """As a user who is not root, in the network where ports are published."""
        assert self.engine.host_of is not None
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
        return [machine.program("nsenter"), f"--net=/proc/{self.engine.host_of}/ns/net", "--", *user]

    def _environment(self) -> dict[str, str]:
        environment = self.engine.environment()
        path = f"{self.bin}:{environment['PATH']}:{machine.PATH}"
        return {**environment, "PATH": path, "HOME": str(self.root)}

    def _mine(self, text: str) -> str:
        text = text.replace("codelab-two", f"{self.deployment.project}{SECOND}")
        return text.replace("db.example.com", ELSEWHERE)

    def _theirs(self, text: str) -> str:
        text = text.replace(self.deployment.project, "codelab").replace(ELSEWHERE, "db.example.com")
        return text.replace(str(self.root.parent / "codelab"), "~")

    def _look_often(self) -> None:
        """Lets the health of every container be looked at each second."""
        for compose in self.root.glob("*/docker-compose.yml"):
            self.deployment.out = compose.parent
            self.deployment.write_override()
        self.deployment.out = self.root / "deploy"

    def leave(self) -> None:
        """Removes what the fixture of deployments does not know."""
        self.deployment.out.mkdir(exist_ok=True)
        if self.elsewhere is not None:
            self.engine.docker("rm", "--force", "--volumes", self.elsewhere)
        second = f"{self.deployment.project}{SECOND}"
        self.engine.docker("compose", "--project-name", second, "down", "--volumes", "--timeout", "5")
        self.engine.docker("image", "rm", *(f"{second}-{service}" for service in SERVICES))
        if self.root.joinpath(".gnupg").exists():
            subprocess.run(["gpgconf", "--kill", "all"], env={**self._environment()}, check=False, timeout=60)


def matches(actual: list[str], pattern: list[str]) -> bool:
    """`[..]` stands for a part of a line, `...` for any lines."""
    if not pattern:
        return not actual
    if pattern[0] == "...":
        return any(matches(actual[skipped:], pattern[1:]) for skipped in range(len(actual) + 1))
    return bool(actual) and line_matches(actual[0], pattern[0]) and matches(actual[1:], pattern[1:])


def line_matches(actual: str, pattern: str) -> bool:
    parts = ".*".join(re.escape(part) for part in pattern.split("[..]"))
    return re.fullmatch(parts, actual) is not None
