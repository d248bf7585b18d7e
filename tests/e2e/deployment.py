"""One deployment as its user has it: a project's folder, codelab-gen in it, and the commands that it prints.

The user is not root: generation and Docker Compose run as one who owns the folder, and the services as another one who
owns the data folders. Every project has a random name below `codelab-gen-test-`, and no command runs under another.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import images
from engine import NOBODY, Engine

PREFIX = "codelab-gen-test-"
SERVICES = ("agent-runtime", "auth-service")
DATABASES = {"agent-runtime": "agent_runtime", "auth-service": "auth_db"}
SEEDS = ["seed one", "seed two"]

# The user in the service image.
SERVICE_USER = 10001

COMMAND_TIMEOUT = 240.0

# The user's own file: the engine's first look at a container's health comes after one interval.
QUICK_HEALTH = """  {service}:
    healthcheck:
      interval: 1s
"""


@dataclass(frozen=True)
class Generated:
    """What a run of codelab-gen said."""

    said: str

    @property
    def next_command(self) -> str:
        """The command behind `next:`, as it would be copied into a shell."""
        found = re.search(r"^next: (.+)$", self.said, re.MULTILINE)
        if found is None:
            pytest.fail(f"codelab-gen printed no next command:\n{self.said}")
        return found[1]


class Deployment:
    """A folder with a project of its own name; `out` is where codelab-gen writes."""

    def __init__(self, engine: Engine, binary: Path, *, quick: bool = True) -> None:
        self.engine = engine
        self.binary = binary
        self.project = f"{PREFIX}{secrets.token_hex(5)}"
        self.root = engine.folder / self.project
        self.out = self.root / "deploy"
        self.quick = quick
        self.out.mkdir(parents=True)
        self.out.joinpath(".env").write_text(f"COMPOSE_PROJECT_NAME={self.project}\n", encoding="ascii")
        self.out.joinpath(".env").chmod(0o600)
        for service in SERVICES:
            context = self.root / service
            context.joinpath("data").mkdir(parents=True)
            shutil.copy(images.HERE / "images" / "service" / "Dockerfile", context)
            # The image that Compose would build: without a registry its builder has nothing to build with.
            engine.docker("tag", images.SERVICE, f"{self.project}-{service}")
        self._give_folders_away()

    def generate(self, *arguments: str, env: Mapping[str, str] | None = None, status: int = 0) -> Generated:
        """Runs codelab-gen with the arguments, where the project's root is the current folder."""
        said = self._run([str(self.binary), *arguments, "--out", "deploy"], env=env, status=status)
        if self.quick:
            self._write_override()
        return Generated(said)

    def generate_profile(self, profile: str, *arguments: str, env: Mapping[str, str] | None = None) -> Generated:
        """Generates a profile, with the PostgreSQL image of this run where it has a server."""
        settings = [] if profile == "dev" else images.postgres_settings()
        return self.generate("--profile", profile, *settings, *arguments, env=env)

    def run_printed(self, generated: Generated) -> str:
        """Runs the printed command as it stands, in the folder where codelab-gen ran."""
        self._check_project()
        return self._run(["sh", "-ec", generated.next_command])

    def compose(self, *arguments: str, stdin: str = "", status: int = 0) -> str:
        self._check_project()
        return self._run(["docker", "compose", *arguments], cwd=self.out, stdin=stdin, status=status)

    def write(self, service: str, text: str) -> None:
        """Gives a row to the running service."""
        self.client(service, "write", stdin=text)

    def read(self, service: str) -> list[str]:
        """The rows that the running service answers with."""
        rows: list[str] = json.loads(self.client(service, "read"))
        return rows

    def login(self, password: str, database: str) -> str:
        """What PostgreSQL says to a service that logs in with this password: `in`, or a SQLSTATE."""
        return self.client("agent-runtime", "login", "postgres", database, stdin=password).strip()

    def client(self, service: str, *arguments: str, stdin: str = "") -> str:
        return self.compose("exec", "-T", service, "python", "/opt/service/client.py", *arguments, stdin=stdin)

    def rows_in_postgres(self, service: str) -> list[str]:
        """What stands in the service's database, asked of the server past the service."""
        psql = ["psql", "-XAt", "-U", "codelab", "-d", DATABASES[service], "-c", "SELECT text FROM notes ORDER BY id"]
        return self.compose("exec", "-T", "postgres", *psql).splitlines()

    def opened(self, service: str) -> list[str]:
        """The URLs that the containers of a service have opened, as logged."""
        return re.findall(r"Database initialized with URL: (\S+)", self.compose("logs", "--no-color", service))

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine says of each container, by its service."""
        ids = self.compose("ps", "--all", "--quiet").split()
        described: list[dict[str, Any]] = json.loads(self.engine.docker("inspect", *ids)) if ids else []
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in described}

    def describe(self) -> str:
        """What helps to understand a failure."""
        parts = [f"== {self.project} in {self.out}"]
        for arguments in (("ps", "--all"), ("logs", "--no-color", "--timestamps")):
            done = self._finish(["docker", "compose", *arguments])
            parts += [f"-- docker compose {' '.join(arguments)}", done.stdout, done.stderr]
        return "\n".join(parts)

    def remove(self) -> None:
        """Removes the project's containers, networks, volumes and images, each by this project's own name."""
        self._finish(["docker", "compose", "down", "--volumes", "--remove-orphans", "--timeout", "5"])
        label = f"label=com.docker.compose.project={self.project}"
        volumes = self.engine.docker("volume", "ls", "--quiet", "--filter", label).split()
        if volumes:  # those of an earlier profile
            self.engine.docker("volume", "rm", *volumes)
        self.engine.docker("image", "rm", *(f"{self.project}-{service}" for service in SERVICES))

    def _check_project(self) -> None:
        """No command may reach a project that is not the tests' own."""
        name = json.loads(self._run(["docker", "compose", "config", "--format", "json"], cwd=self.out))["name"]
        assert name == self.project, f"the Compose project is {name}"

    def _write_override(self) -> None:
        compose = self.out.joinpath("docker-compose.yml").read_text(encoding="utf-8")
        present = [name for name in (*SERVICES, "postgres") if f"\n  {name}:\n" in compose]
        text = "".join(["services:\n", *(QUICK_HEALTH.format(service=name) for name in present)])
        self.out.joinpath("docker-compose.override.yml").write_text(text, encoding="ascii")

    def _give_folders_away(self) -> None:
        """The deployment to who generates it, the data folders to who the services run as."""
        for path in (self.root, *self.root.rglob("*")):
            if os.geteuid() == 0:
                owner = SERVICE_USER if path.name == "data" else NOBODY
                os.chown(path, owner, owner)
            elif path.name == "data":
                path.chmod(0o777)

    def _run(
        self,
        command: list[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        status: int = 0,
    ) -> str:
        """The output of a program run as the deployment's user."""
        done = self._finish(command, cwd=cwd or self.root, env=env, stdin=stdin)
        if done.returncode != status:
            pytest.fail(f"{' '.join(command)}: exit {done.returncode}, expected {status}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _finish(
        self, command: list[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        is_compose = command[0] in ("docker", "sh")
        user = self.engine.user if is_compose or os.geteuid() != 0 else NOBODY
        identity: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        return subprocess.run(
            command,
            cwd=cwd or self.out,
            env={**self.engine.environment(), **(env or {})},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_TIMEOUT,
            check=False,
            **identity,
        )


def ports(container: Mapping[str, Any]) -> dict[str, Any]:
    """The ports of a container that are published, with where."""
    return {port: places for port, places in container["NetworkSettings"]["Ports"].items() if places}
