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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import images
from engine import NOBODY, Engine
from generated import Generated

PREFIX = "codelab-gen-test-"
SERVICES = ("agent-runtime", "auth-service")
SERVER = ("postgres", "postgres-ensure")
DATABASES = {"agent-runtime": "agent_runtime", "auth-service": "auth_db"}
SEEDS = ["seed one", "seed two"]

# Which engine the built-in profiles give to each service.
ENGINES = {
    "dev": {"agent-runtime": "sqlite", "auth-service": "sqlite"},
    "prod": {"agent-runtime": "postgres", "auth-service": "postgres"},
    "mixed": {"agent-runtime": "sqlite", "auth-service": "postgres"},
}

# The user in the service image.
SERVICE_USER = 10001

COMMAND_TIMEOUT = 240.0

# The engine's first look at a container's health comes after one interval; each look costs a process.
QUICK_HEALTH = {"interval": "2s"}
QUICK_SERVER = {"interval": "1s"}

UP = ("docker", "compose", "up", "-d", "--wait")


class Deployment:
    """A folder with a project of its own name; `out` is where codelab-gen writes."""

    def __init__(self, engine: Engine, binary: Path, *, quick: bool = True, named_by_env: bool = True) -> None:
        self.engine = engine
        self.binary = binary
        self.project = f"{PREFIX}{secrets.token_hex(5)}"
        self.root = engine.folder / self.project
        self.out = self.root / "deploy"
        self.env = self.out / ".env"
        self.quick = quick
        self.named_by_env = named_by_env
        self.exported: dict[str, str] = {}  # by the user's shell, or his secret manager
        self.additions: dict[str, dict[str, Any]] = {}
        self._checked: list[tuple[str, int]] = []
        self.out.mkdir(parents=True)
        if named_by_env:
            self.env.write_text(f"COMPOSE_PROJECT_NAME={self.project}\n", encoding="ascii")
            self.env.chmod(0o600)
        for service in SERVICES:
            context = self.root / service
            context.joinpath("data").mkdir(parents=True)
            shutil.copy(images.HERE / "images" / "service" / "Dockerfile", context)
            # The image that Compose would build: without a registry its builder has nothing to build with.
            engine.docker("tag", images.SERVICE, f"{self.project}-{service}")
        self.give_folders_away()

    def give_folders_away(self) -> None:
        """The deployment to who generates it, the data folders to who the services run as."""
        for path in (self.root, *self.root.rglob("*")):
            if os.geteuid() == 0:
                owner = SERVICE_USER if path.name == "data" else NOBODY
                os.chown(path, owner, owner)
            elif path.name == "data":
                path.chmod(0o777)

    def write_profile(self, name: str, profile: Mapping[str, Any]) -> None:
        """A profile of the project's own: JSON is YAML as well."""
        profiles = self.root / "profiles"
        profiles.mkdir(exist_ok=True)
        text = json.dumps({"format": 1, **profile}, indent=2)
        profiles.joinpath(f"{name}.yaml").write_text(text, encoding="utf-8")

    def generate(self, *arguments: str, env: Mapping[str, str] | None = None, status: int = 0) -> Generated:
        """Runs codelab-gen with the arguments, where the project's root is the current folder."""
        done = self.finish(self.generate_command(*arguments), cwd=self.root, env=env)
        check(done, status)
        self.write_override()
        return Generated(done.stdout, done.stderr)

    def generate_command(self, *arguments: str) -> list[str]:
        named = [] if self.named_by_env else ["--set", f"project={self.project}"]
        return [str(self.binary), *arguments, *named, "--out", "deploy"]

    def generate_profile(self, profile: str, *arguments: str, env: Mapping[str, str] | None = None) -> Generated:
        """Generates a profile, with the PostgreSQL image of this run where it has a server."""
        has_image = profile == "dev" or any(argument.startswith("postgres.image=") for argument in arguments)
        settings = [] if has_image else images.postgres_settings()
        return self.generate("--profile", profile, *settings, *arguments, env=env)

    def run_printed(self, generated: Generated, *, env: Mapping[str, str] | None = None) -> str:
        """Runs the printed command as it stands, in the folder where codelab-gen ran."""
        self.check_project()
        return check(self.finish(["sh", "-ec", generated.next_command], cwd=self.root, env=env))

    def compose(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
        self.check_project()
        return check(self.finish(["docker", "compose", *arguments], stdin=stdin, env=env))

    def up(self, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        """What the user runs at any time."""
        self.check_project()
        check(self.finish([*UP, *arguments], env=env))

    def failing_up(self, *, env: Mapping[str, str] | None = None) -> str:
        """What Compose says where the same command must fail."""
        self.check_project()
        done = self.finish(list(UP), env=env)
        assert done.returncode != 0, f"the start succeeded:\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def write(self, service: str, text: str) -> None:
        """Gives a row to the running service."""
        self.client(service, "write", stdin=text)

    def read(self, service: str) -> list[str]:
        """The rows that the running service answers with."""
        rows: list[str] = json.loads(self.client(service, "read"))
        return rows

    def sql(self, service: str, *statements: str) -> Any:
        """The last statement's rows, or `["error", CODE]`, by the URL that the service has."""
        return json.loads(self.client(service, "sql", stdin="\n".join(statements)))

    def login(self, password: str, database: str, user: str = "codelab") -> str:
        """What PostgreSQL says to a service that logs in with this password: `in`, or a SQLSTATE."""
        return self.client("agent-runtime", "login", "postgres", database, user, stdin=password).strip()

    def client(self, service: str, *arguments: str, stdin: str = "") -> str:
        return self.inside(service, "python", "/opt/service/client.py", *arguments, stdin=stdin)

    def inside(self, service: str, *command: str, stdin: str = "", user: str | None = None) -> str:
        """The output of a program in a service's container."""
        return check(self.try_inside(service, *command, stdin=stdin, user=user))

    def try_inside(
        self, service: str, *command: str, stdin: str = "", user: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Past Compose, which takes three times as long; the container's name is one of this project."""
        as_user = [] if user is None else ["--user", user]
        return self.finish(["docker", "exec", "-i", *as_user, self.name(service), *command], stdin=stdin)

    def name(self, service: str) -> str:
        """The name of a service's container."""
        return f"{self.project}-{service}-1"

    def rows_in_postgres(self, service: str) -> list[str]:
        """What stands in the service's database, asked of the server past the service."""
        psql = ["psql", "-XAt", "-U", "codelab", "-d", DATABASES[service], "-c", "SELECT text FROM notes ORDER BY id"]
        return self.inside("postgres", *psql).splitlines()

    def logs(self, *services: str) -> str:
        return self.compose("logs", "--no-color", "--no-log-prefix", *services)

    def opened(self, service: str) -> list[str]:
        """The URLs that the containers of a service have opened, as logged."""
        return re.findall(r"Database initialized with URL: (\S+)", self.logs(service))

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine says of each container, by its service."""
        label = f"label=com.docker.compose.project={self.project}"
        ids = self.engine.docker("ps", "--all", "--quiet", "--filter", label).split()
        described: list[dict[str, Any]] = json.loads(self.engine.docker("inspect", *ids)) if ids else []
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in described}

    def variables(self) -> dict[str, str]:
        """What `.env` holds, for values that need no quotes there."""
        lines = self.env.read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))

    def add(self, service: str, **keys: Any) -> None:
        """Lets docker-compose.override.yml, which is the user's, say more of a service."""
        self.additions.setdefault(service, {}).update(keys)
        self.write_override()

    def describe(self) -> str:
        """What helps to understand a failure."""
        parts = [f"== {self.project} in {self.out}"]
        for arguments in (("ps", "--all"), ("logs", "--no-color", "--timestamps")):
            done = self.finish(["docker", "compose", *arguments])
            parts += [f"-- docker compose {' '.join(arguments)}", done.stdout, done.stderr]
        return "\n".join(parts)

    def remove(self) -> None:
        """Removes the project's containers, networks, volumes and images, each by this project's own name."""
        down = ["down", "--volumes", "--remove-orphans", "--timeout", "0"]
        self.finish(["docker", "compose", "--project-name", self.project, *down])
        label = f"label=com.docker.compose.project={self.project}"
        volumes = self.engine.docker("volume", "ls", "--quiet", "--filter", label).split()
        if volumes:  # those of an earlier profile
            self.engine.docker("volume", "rm", *volumes)
        backup = f"{self.project}-postgres-backup"
        built = [backup] if self.engine.docker("image", "ls", "--quiet", backup).strip() else []
        self.engine.docker("image", "rm", *(f"{self.project}-{service}" for service in SERVICES), *built)

    def check_project(self) -> None:
        """No command may reach a project that is not the tests' own."""
        stamp = [(path.name, path.stat().st_mtime_ns) for path in sorted(self.out.iterdir())]
        if stamp == self._checked:
            return
        name = json.loads(check(self.finish(["docker", "compose", "config", "--format", "json"])))["name"]
        assert name == self.project, f"the Compose project is {name}"
        self._checked = stamp

    def write_override(self) -> None:
        services = yaml.safe_load(self.out.joinpath("docker-compose.yml").read_text(encoding="utf-8"))["services"]
        checked = [name for name, service in services.items() if self.quick and "healthcheck" in service]
        quick = {name: QUICK_SERVER if name == "postgres" else QUICK_HEALTH for name in checked}
        added = {name: {"healthcheck": {**self.engine.health, **health}} for name, health in quick.items()}
        for name in self.additions.keys() & services.keys():
            added[name] = {**added.get(name, {}), **self.additions[name]}
        if added:
            text = json.dumps({"services": added}, indent=2)
            self.out.joinpath("docker-compose.override.yml").write_text(text, encoding="utf-8")

    def finish(
        self, command: list[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program as the deployment's user, by default in the folder of the outputs."""
        return subprocess.run(
            command,
            cwd=cwd or self.out,
            env={**self.engine.environment(), **self.exported, **(env or {})},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_TIMEOUT,
            check=False,
            **self.identity(command),
        )

    def identity(self, command: list[str]) -> dict[str, Any]:
        """Whom `subprocess` runs the command as."""
        is_compose = command[0] in ("docker", "sh")
        user = self.engine.user if is_compose or os.geteuid() != 0 else NOBODY
        return {} if user is None else {"user": user, "group": user, "extra_groups": []}

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The outputs with their contents."""
        for path in sorted(self.out.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self.out)), path.read_bytes()


def check(done: subprocess.CompletedProcess[str], status: int = 0) -> str:
    """The output of a program that ended as it should."""
    if done.returncode != status:
        command = " ".join(map(str, done.args))
        pytest.fail(f"{command}: exit {done.returncode}, expected {status}\n{done.stdout}{done.stderr}")
    return done.stdout


def ports(container: Mapping[str, Any]) -> dict[str, Any]:
    """The ports of a container that are published, with where."""
    return {port: places for port, places in container["NetworkSettings"]["Ports"].items() if places}
