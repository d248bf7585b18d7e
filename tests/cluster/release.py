"""One deployment as its user has it in a cluster: a project's folder, codelab-gen in it, commands that it prints."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import stock
from cluster import COMMAND_TIMEOUT, is_ready
from generated import Generated
from namespace import Namespace

SERVICES = {"agent-runtime": 8001, "auth-service": 8003}
DATABASES = {"agent-runtime": "agent_runtime", "auth-service": "auth_db"}
SEEDS = ["seed one", "seed two"]
# The user in the image of the services.
SERVICE_USER = "10001:10001"


def services() -> dict[str, Any]:
    """What a built-in profile lacks to run in a cluster: images, users in numbers, volumes with a size."""
    return {
        name: {
            "image": stock.SERVICE,
            "user": SERVICE_USER,
            "data": f"{name}-data:/app/data",
            "storage": "1Gi",
        }
        for name in SERVICES
    }


def stateless(**postgres: Any) -> dict[str, Any]:
    """A profile whose services keep everything in PostgreSQL, so that old pods serve until new ones are ready."""
    described = {
        name: {
            "image": stock.SERVICE,
            "user": SERVICE_USER,
            "port": port,
            "healthcheck": {"http": "/health", "interval": "1s"},
            "database": {"postgres": DATABASES[name]},
        }
        for name, port in SERVICES.items()
    }
    server = {"image": stock.POSTGRES, "user": "codelab", "storage": "1Gi", **postgres}
    return {"stage": "production", "project": "shop", "engine": "postgres", "services": described, "postgres": server}


class Release:
    """A folder with a project; `out` is where codelab-gen writes."""

    def __init__(self, namespace: Namespace, binary: Path, root: Path) -> None:
        self.namespace = namespace
        self.binary = binary
        self.root = root
        self.out = root / "deploy"
        self.manifests = self.out / "kubernetes"
        self.out.mkdir(exist_ok=True)

    def write_profile(self, name: str, profile: Mapping[str, Any]) -> None:
        """A profile of the project's own: JSON is YAML as well."""
        profiles = self.root / "profiles"
        profiles.mkdir(exist_ok=True)
        text = json.dumps({"format": 1, "target": "kubernetes", **profile}, indent=2)
        profiles.joinpath(f"{name}.yaml").write_text(text, encoding="utf-8")

    def generate(self, *arguments: str, env: Mapping[str, str] | None = None, status: int = 0) -> Generated:
        """Runs codelab-gen with the arguments, where the project's root is the current folder."""
        done = self.attempt(*arguments, env=env)
        if done.returncode != status:
            pytest.fail(f"{arguments}: exit {done.returncode}, expected {status}\n{done.stdout}{done.stderr}")
        return Generated(done.stdout, done.stderr)

    def attempt(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """The same, whatever comes of it."""
        return subprocess.run(
            [str(self.binary), *arguments, "--out", "deploy"],
            cwd=self.root,
            env={"PATH": os.defpath, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_TIMEOUT,
            check=False,
        )

    def run_printed(self, generated: Generated) -> str:
        """Runs the printed command as it stands, in the folder where codelab-gen ran."""
        return self.checked(["bash", "-ec", generated.next_command], self.root)

    def apply(self) -> str:
        """What a user does at any time."""
        return self.checked(["kubectl", "apply", "-k", str(self.manifests)], self.root)

    def checked(self, command: list[str], cwd: Path) -> str:
        """The output of a command, of which the API server had no warning."""
        done = self.namespace.finish(command, cwd=cwd)
        if done.returncode != 0 or "Warning" in done.stderr:
            pytest.fail(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def difference(self) -> str:
        """What applying would change now."""
        done = self.namespace.finish(["kubectl", "diff", "-k", str(self.manifests)], cwd=self.root)
        if done.returncode not in (0, 1) or "Warning" in done.stderr:
            pytest.fail(f"kubectl diff: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def settle(self, seconds: int = 120) -> None:
        """Waits until everything that was applied runs: pods are new, ready and reached by name, jobs have ended."""
        for kind in ("deployments", "statefulsets"):
            for name in self.namespace.names(kind):
                self.namespace.rolled_out(f"{kind}/{name}", seconds=seconds)
        for job in self.namespace.names("jobs"):
            self.namespace.kubectl("wait", f"job/{job}", "--for=condition=Complete", f"--timeout={seconds}s")
        self.namespace.routed()

    def move_away(self, service: str, node: str) -> None:
        """Lets a service without a volume run on another node than this one."""
        cluster = self.namespace.cluster
        cluster.kubectl("cordon", node)
        try:
            self.namespace.kubectl("rollout", "restart", f"deployment/{service}")
            self.namespace.rolled_out(f"deployment/{service}")
        finally:
            cluster.kubectl("uncordon", node)

    def client(self, service: str, *arguments: str, stdin: str = "") -> str:
        pod, *_ = self.namespace.ready_pods(service)
        return self.namespace.exec(pod, "python", "/opt/service/client.py", *arguments, stdin=stdin)

    def write(self, service: str, text: str) -> None:
        """Gives a row to the running service."""
        self.client(service, "write", stdin=text)

    def try_write(self, service: str, text: str) -> bool:
        """The same, where the server may be away."""
        pod, *_ = self.namespace.ready_pods(service) or [""]
        command = ("python", "/opt/service/client.py", "write")
        return bool(pod) and self.namespace.try_kubectl("exec", "-i", pod, "--", *command, stdin=text).returncode == 0

    def read(self, service: str) -> list[str]:
        """The rows that the running service answers with."""
        rows: list[str] = json.loads(self.client(service, "read"))
        return rows

    def sql(self, service: str, *statements: str) -> Any:
        """The last statement's rows, or `["error", CODE]`, by the URL that the service has."""
        return json.loads(self.client(service, "sql", stdin="\n".join(statements)))

    def login(
        self, password: str, database: str, user: str = "codelab", host: str = "postgres", by: str = "auth-service"
    ) -> str:
        """What PostgreSQL says to a service that logs in with this password: `in`, or a SQLSTATE."""
        return self.client(by, "login", host, database, user, stdin=password).strip()

    def secret(self, name: str) -> str:
        """A secret's value, as its file has it."""
        return self.manifests.joinpath("secrets", name.lower()).read_text(encoding="utf-8")

    def generations(self) -> dict[str, int]:
        """How often what each object asks for was changed."""
        found = self.namespace.get("deployments,statefulsets,networkpolicies")["items"]
        return {f"{one['kind']} {one['metadata']['name']}": one["metadata"]["generation"] for one in found}

    def running(self) -> dict[str, str]:
        """Each pod that is ready, with its identity: what stays the same while nothing is restarted."""
        pods = [pod for pod in self.namespace.pods() if is_ready(pod)]
        return {pod["metadata"]["name"]: f"{pod['metadata']['uid']} {restarts(pod)}" for pod in pods}


def restarts(pod: Mapping[str, Any]) -> int:
    return sum(one["restartCount"] for one in pod["status"]["containerStatuses"])
