"""A namespace of one test, as a careful administrator gives it to a team: Pod Security `restricted` is enforced."""

import json
import re
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import volumes
from cluster import Cluster, is_ready
from node import Node

RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}


@dataclass(frozen=True)
class Namespace:
    cluster: Cluster
    name: str

    @staticmethod
    def make(cluster: Cluster, labels: Mapping[str, str] = RESTRICTED) -> "Namespace":
        volumes.recycle(cluster)
        name = f"test-{secrets.token_hex(4)}"
        described = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
        cluster.apply(described)
        made = Namespace(cluster, name)
        # Pods can't be made before that.
        cluster.until(
            f"{name} has its account", lambda: made.try_kubectl("get", "serviceaccount", "default").returncode == 0
        )
        return made

    def finish(self, command: list[str], *, stdin: str = "", cwd: Path) -> subprocess.CompletedProcess[str]:
        """Runs a user's command, whose kubectl has this namespace as that of its context."""
        return self.cluster.finish(command, stdin=stdin, cwd=cwd, env={"KUBECONFIG": str(self.kubeconfig())})

    def kubeconfig(self) -> Path:
        file = self.cluster.folder / "home" / f"{self.name}.json"
        if not file.exists():
            described = json.loads(self.cluster.keys.kubeconfig("admin").read_text(encoding="ascii"))
            described["contexts"][0]["context"]["namespace"] = self.name
            file.write_text(json.dumps(described), encoding="ascii")
        return file

    def try_kubectl(
        self, *arguments: str, stdin: str = "", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return self.cluster.try_kubectl(f"--namespace={self.name}", *arguments, stdin=stdin, cwd=cwd)

    def kubectl(self, *arguments: str, stdin: str = "", cwd: Path | None = None) -> str:
        return self.cluster.kubectl(f"--namespace={self.name}", *arguments, stdin=stdin, cwd=cwd)

    def get(self, *arguments: str) -> Any:
        return json.loads(self.kubectl("get", *arguments, "--output=json"))

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Applies objects, of which the API server may have no warning."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        done = self.try_kubectl("apply", "--filename=-", stdin=text)
        if done.returncode != 0 or "Warning" in done.stderr:
            pytest.fail(f"kubectl apply: exit {done.returncode}\n{done.stdout}{done.stderr}")

    def rolled_out(self, *workloads: str, seconds: int = 120) -> None:
        """Waits until the pods of Deployments or StatefulSets are the new ones, and ready."""
        for workload in workloads:
            self.kubectl("rollout", "status", workload, f"--timeout={seconds}s")

    def routed(self) -> None:
        """Waits until every node leads each Service to the pods that are ready now: kube-proxy hears of them later."""

        def is_routed() -> bool:
            expected = self.endpoints()
            running = [node for node in self.cluster.nodes.values() if not node.is_lost]
            return all(self.routes_of(node) == expected for node in running)

        self.cluster.until(f"every node leads the Services of {self.name} to their pods", is_routed, 60)

    def endpoints(self) -> set[tuple[str, str]]:
        """Each Service that has an address of its own, with the address of each pod that is ready behind it."""
        services = self.get("services")["items"]
        led = {one["metadata"]["name"] for one in services if one["spec"]["clusterIP"] != "None"}
        return {
            (name, address)
            for part in self.get("endpointslices")["items"]
            if (name := part["metadata"]["labels"]["kubernetes.io/service-name"]) in led
            for endpoint in part["endpoints"] or ()
            if endpoint["conditions"]["ready"]
            for address in endpoint["addresses"]
        }

    def routes_of(self, node: Node) -> set[tuple[str, str]]:
        """The same as `endpoints`, as the rules of a node's kube-proxy have it."""
        rules = node.run("nft", "list", "table", "ip", "kube-proxy")
        chains = re.findall(rf"chain service-\w+-{self.name}/([^/]+)/\S* {{(.*?)\n\t}}\n", rules, re.DOTALL)
        return {(name, address) for name, body in chains for address in re.findall(r"[0-9]+(?:\.[0-9]+){3}", body)}

    def pods(self, of: str | None = None) -> list[dict[str, Any]]:
        """Those that are not about to end, by `app.kubernetes.io/name`."""
        selected = [] if of is None else [f"--selector=app.kubernetes.io/name={of}"]
        found = self.get("pods", *selected)["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def ready_pods(self, of: str | None = None) -> list[str]:
        return [pod["metadata"]["name"] for pod in self.pods(of) if is_ready(pod)]

    def exec(self, pod: str, *command: str, stdin: str = "") -> str:
        return self.kubectl("exec", "--stdin", pod, "--", *command, stdin=stdin)

    def describe(self) -> str:
        """What helps to understand a failure."""
        parts = [f"== namespace {self.name}"]
        for command in ("get all,pvc,networkpolicies --output=wide", "get events --sort-by=.lastTimestamp"):
            done = self.try_kubectl(*command.split())
            parts += [f"-- kubectl {command}", done.stdout, done.stderr]
        for pod in self.names("pods"):
            done = self.try_kubectl("logs", "--all-containers", "--prefix", "--tail=30", pod)
            parts += [f"-- logs of {pod}", done.stdout, done.stderr]
        return "\n".join(parts)

    def names(self, kind: str) -> list[str]:
        listed = self.try_kubectl("get", kind, "--output=name").stdout.split()
        return [name.partition("/")[2] for name in listed]

    def remove(self) -> None:
        """Has it removed with everything in it, without waiting; its pods are given no time to end well."""
        pods = self.names("pods")
        if pods:
            self.try_kubectl("delete", "pod", "--grace-period=1", "--wait=false", *pods)
        self.cluster.kubectl("delete", "namespace", self.name, "--wait=false")
