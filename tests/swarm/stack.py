"""One deployment as its user has it on a Swarm: a project's folder, codelab-gen in it, and the commands that it prints.

The user is not root: he may reach the engines, and generates and deploys as the owner of the folder.
"""

import json
import os
import re
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import images
from engine import NOBODY
from generated import Generated
from lab import Lab
from member import Member

SERVICES = {"agent-runtime": 8001, "auth-service": 8003}
DATABASES = {"agent-runtime": "agent_runtime", "auth-service": "auth_db"}
SEEDS = ["seed one", "seed two"]
# The user in the image of the services.
SERVICE_USER = "10001:10001"
PREFIX = "t"

COMMAND_TIMEOUT = 240.0
RUNNING = ("running", "starting")


def stateless(**postgres: Any) -> dict[str, Any]:
    """A profile whose services keep everything in PostgreSQL, so that they run on any node."""
    described = {
        name: {
            "image": images.SERVICE,
            "user": SERVICE_USER,
            "port": port,
            "healthcheck": {"http": "/health", "interval": "1s"},
            "database": {"postgres": DATABASES[name]},
        }
        for name, port in SERVICES.items()
    }
    server = {"image": images.OFFICIAL, "user": "codelab", **postgres}
    return {"stage": "production", "engine": "postgres", "services": described, "postgres": server}


def mixed(**postgres: Any) -> dict[str, Any]:
    """The same with one service on SQLite."""
    described = stateless(**postgres)
    described["services"]["agent-runtime"].update(
        data="agent-runtime-data:/app/data",
        database={"engine": "sqlite", "sqlite": "/app/data/agent.db", "postgres": DATABASES["agent-runtime"]},
    )
    return described


class Stack:
    """A folder with a project; `out` is where codelab-gen writes."""

    def __init__(self, lab: Lab, binary: Path) -> None:
        self.lab = lab
        self.binary = binary
        self.project = f"{PREFIX}{secrets.token_hex(4)}"
        self.root = lab.folder / self.project
        self.out = self.root / "deploy"
        self.env = self.out / ".env"
        self.by: Member | None = None  # whose engine the user's client reaches; nothing is any manager that runs
        self.out.mkdir(parents=True)
        self.give_away()

    def give_away(self) -> None:
        for path in (self.root, *self.root.rglob("*")):
            os.chown(path, NOBODY, NOBODY)

    def write_profile(self, profile: Mapping[str, Any], name: str = "own") -> None:
        """A profile of the project's own: JSON is YAML as well."""
        profiles = self.root / "profiles"
        profiles.mkdir(exist_ok=True)
        described = {"format": 1, "target": "swarm", "project": self.project, **profile}
        profiles.joinpath(f"{name}.yaml").write_text(json.dumps(described, indent=2), encoding="utf-8")

    def generate(
        self, profile: Mapping[str, Any] | None = None, *arguments: str, env: Mapping[str, str] | None = None
    ) -> Generated:
        """Runs codelab-gen with the arguments, where the project's root is the current folder."""
        if profile is not None:
            self.write_profile(profile)
        command = [str(self.binary), *arguments, "--profile", "own", "--out", "deploy"]
        done = check(self.finish(command, env=env))
        return Generated(done.stdout, done.stderr)

    def deploy(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """What a user does at any time; what was said."""
        done = check(self.try_deploy(*arguments, env=env))
        return done.stdout + done.stderr

    def try_deploy(self, *arguments: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        return self.finish(["bash", "deploy/scripts/deploy.sh", *arguments], env=env)

    def script(self, name: str, *arguments: str, stdin: str = "") -> str:
        return check(self.try_script(name, *arguments, stdin=stdin)).stdout

    def try_script(self, name: str, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return self.finish(["bash", f"deploy/scripts/db/{name}.sh", *arguments], stdin=stdin)

    def finish(
        self,
        command: list[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        cwd: Path | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """Runs a program as the deployment's user, by default in the project's root."""
        return subprocess.run(
            command,
            cwd=cwd or self.root,
            env={**self.environment(), **(env or {})},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_TIMEOUT,
            check=False,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
        )

    def environment(self) -> dict[str, str]:
        return (self.by or self.lab.a_manager()).engine.environment()

    def name(self, service: str) -> str:
        """What the Swarm calls a service."""
        return f"{self.project}_{service}"

    def services(self) -> dict[str, dict[str, Any]]:
        """What each service of the stack is."""
        label = f"label=com.docker.stack.namespace={self.project}"
        ids = self.lab.docker("service", "ls", "--quiet", "--filter", label).split()
        found = self.lab.inspect("service", "inspect", *ids) if ids else []
        return {one["Spec"]["Name"].removeprefix(f"{self.project}_"): one for one in found}

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """All tasks of a service, the newest first."""
        while True:
            ids = self.lab.docker("service", "ps", "--quiet", "--no-trunc", self.name(service)).split()
            done = self.lab.try_docker("inspect", "--type", "task", *ids) if ids else None
            if done is None or done.returncode == 0:
                return json.loads(done.stdout) if done else []
            assert "not found" in done.stderr or "No such" in done.stderr, done.stderr  # an old one is gone since then

    def running(self, service: str) -> list[dict[str, Any]]:
        """Those that run and shall."""
        return [
            task
            for task in self.tasks(service)
            if task["DesiredState"] == "running" and task["Status"]["State"] == "running"
        ]

    def identities(self) -> dict[str, set[str]]:
        """The tasks of each service that always runs: what stays the same while nothing is restarted."""
        return {
            name: {task["ID"] for task in self.running(name)}
            for name, service in self.services().items()
            if "Replicated" in service["Spec"]["Mode"]
        }

    def node_of(self, service: str) -> Member:
        """Where a service of one task runs."""
        [task] = self.running(service)
        names = {node["ID"]: name for name, node in self.lab.nodes().items()}
        return self.lab.members[names[task["NodeID"]]]

    def inside(self, service: str, *command: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """What a program says in a container of a service, on whichever node it is."""
        task, *_ = self.running(service)
        names = {node["ID"]: name for name, node in self.lab.nodes().items()}
        member = self.lab.members[names[task["NodeID"]]]
        container = task["Status"]["ContainerStatus"]["ContainerID"]
        return subprocess.run(
            ["docker", "exec", "-i", container, *command],
            env=member.engine.environment(),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_TIMEOUT,
            check=False,
        )

    def client(self, service: str, *arguments: str, stdin: str = "") -> str:
        return check(self.inside(service, "python", "/opt/service/client.py", *arguments, stdin=stdin)).stdout

    def write(self, service: str, text: str) -> None:
        """Gives a row to the running service."""
        self.client(service, "write", stdin=text)

    def read(self, service: str) -> list[str]:
        """The rows that the running service answers with."""
        rows: list[str] = json.loads(self.client(service, "read"))
        return rows

    def reads(self, service: str) -> bool:
        """Whether the running service answers with rows."""
        if not self.running(service):
            return False
        return self.inside(service, "python", "/opt/service/client.py", "read").returncode == 0

    def sql(self, service: str, *statements: str) -> Any:
        """The last statement's rows, or `["error", CODE]`, by the URL that the service has."""
        return json.loads(self.client(service, "sql", stdin="\n".join(statements)))

    def login(self, password: str, database: str, user: str = "codelab", by: str = "auth-service") -> str:
        """What PostgreSQL says to a service that logs in with this password: `in`, or a SQLSTATE."""
        return self.client(by, "login", "postgres", database, user, stdin=password).strip()

    def variables(self) -> dict[str, str]:
        """What `.env` holds, for values that need no quotes there."""
        lines = self.env.read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))

    def kept(self, kind: str) -> set[str]:
        """The secrets or configs of the stack."""
        label = f"label=com.docker.stack.namespace={self.project}"
        return set(self.lab.docker(kind, "ls", "--filter", label, "--format", "{{.Name}}").split())

    def describe(self) -> str:
        """What helps to understand a failure."""
        parts = [f"== {self.project} in {self.out}", self.lab.try_docker("node", "ls").stdout]
        shown = "{{.Name}} {{.Node}} {{.DesiredState}} {{.CurrentState}} {{.Error}}"
        parts.append(self.lab.try_docker("stack", "ps", "--no-trunc", "--format", shown, self.project).stdout)
        for name in self.services():
            done = self.lab.try_docker("service", "logs", "--raw", "--tail", "20", self.name(name))
            parts += [f"-- logs of {name}", done.stdout, done.stderr]
        return "\n".join(parts)

    def remove(self) -> None:
        """Removes the stack, its secrets and configs, and its volumes, each by this project's own name."""
        self.lab.docker("stack", "rm", self.project)
        for kind in ("secret", "config"):
            if names := self.kept(kind):
                self.lab.docker(kind, "rm", *names)
        for member in self.lab.members.values():
            label = f"label=com.docker.stack.namespace={self.project}"

            def is_empty(member: Member = member, label: str = label) -> bool:
                return not member.engine.docker("ps", "--all", "--quiet", "--filter", label).strip()

            self.lab.until(f"{member.name} has no container of {self.project}", is_empty)
            volumes = member.engine.docker("volume", "ls", "--quiet", "--filter", f"name={self.project}_").split()
            if volumes:
                member.engine.docker("volume", "rm", *volumes)


def check(done: "subprocess.CompletedProcess[str]", status: int = 0) -> "subprocess.CompletedProcess[str]":
    """A program that ended as it should."""
    if done.returncode != status:
        command = " ".join(map(str, done.args))
        pytest.fail(f"{command}: exit {done.returncode}, expected {status}\n{done.stdout}{done.stderr}")
    return done
