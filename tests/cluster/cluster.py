"""A Kubernetes of two nodes that the tests start themselves, from the project's own files.

It lives in a cage (cage.py) and ends with it. The control plane runs in the cage's network, each node in a network of
its own that a cable joins to it. Pods have addresses of 10.85, services of 10.96, whatever addresses the machine has.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine
import pytest
import yaml

import control
import stock
import volumes
from cage import Cage, caged
from node import Node

HERE = Path(__file__).resolve().parent
NAMES = ("node-1", "node-2")
COMMAND_TIMEOUT = 180.0


@dataclass
class Cluster:
    """A cluster that answers, with both nodes ready."""

    cage: Cage
    keys: control.Keys
    nodes: Mapping[str, Node]
    stock: stock.Stock

    @property
    def folder(self) -> Path:
        return self.cage.folder

    def environment(self) -> dict[str, str]:
        """What a shell in the cluster's network needs for kubectl, and nothing of the machine's environment."""
        return {
            "PATH": self.stock.path,
            "HOME": str(self.folder / "home"),  # where kubectl remembers what the API server has
            "LC_ALL": "C.UTF-8",
            "KUBECONFIG": str(self.keys.kubeconfig("admin")),
        }

    def try_kubectl(
        self, *arguments: str, stdin: str = "", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return self.finish(["kubectl", *arguments], stdin=stdin, cwd=cwd)

    def finish(
        self, command: list[str], *, stdin: str = "", cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program of the machine in the cluster's network."""
        return subprocess.run(
            [*self.cage.network_of(), *command],
            env={**self.environment(), **(env or {})},
            cwd=cwd,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_TIMEOUT,
            check=False,
        )

    def kubectl(self, *arguments: str, stdin: str = "", cwd: Path | None = None) -> str:
        done = self.try_kubectl(*arguments, stdin=stdin, cwd=cwd)
        if done.returncode != 0:
            pytest.fail(f"kubectl {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def get(self, *arguments: str) -> Any:
        return json.loads(self.kubectl("get", *arguments, "--output=json"))

    def apply(self, *objects: Mapping[str, Any], server_side: bool = False) -> str:
        """Applies objects, and tells what the API server warned of."""
        how = ["--server-side"] if server_side else []
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        return self.kubectl("apply", *how, "--filename=-", stdin=text)

    def until(self, what: str, look: Callable[[], bool], seconds: float = 120.0) -> None:
        self.cage.until(what, look, seconds)

    def both_ready(self) -> None:
        """Waits for all nodes, and lets each of them hold NetworkPolicies."""
        self.until("both nodes are ready", lambda: self.ready_nodes() == set(self.nodes))
        for node in self.nodes.values():
            if not node.is_guarded:
                node.guard(self.keys)

    def ready_nodes(self) -> set[str]:
        """Without a failure where the API server does not answer yet."""
        done = self.try_kubectl("get", "nodes", "--output=json")
        found = json.loads(done.stdout)["items"] if done.returncode == 0 else []
        return {node["metadata"]["name"] for node in found if is_ready(node)}


def is_ready(described: Mapping[str, Any]) -> bool:
    """Whether a node or a pod says so."""
    conditions = described.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def nodes_of(cage: Cage, images: Path) -> dict[str, Node]:
    return {name: Node(cage, cage.folder / name, name, number, images) for number, name in enumerate(NAMES, 1)}


@contextmanager
def running(found: stock.Stock, folder: Path) -> Iterator[Cluster]:
    """Starts a cluster with names, volumes and images."""
    need_bridge_filter()
    with caged(folder, found.path) as cage:
        keys = control.keys(folder / "keys", list(NAMES))
        nodes = nodes_of(cage, found.images)
        cluster = Cluster(cage, keys, nodes, found)
        cluster.folder.joinpath("home").mkdir()
        control.start(cage, keys)
        for node in nodes.values():
            node.prepare(stock.SANDBOX, keys.ca)
            node.join([other for other in nodes.values() if other is not node])
            node.start()
        cage.until("the API server answers", lambda: answers(cluster))
        for node in nodes.values():
            node.work(keys)
        furnish_cluster(cluster)
        cluster.both_ready()
        cluster.kubectl("rollout", "status", "--namespace=kube-system", "deployment/coredns", "--timeout=120s")
        yield cluster


def need_bridge_filter() -> None:
    """Lets the kernel show to its filters what goes from pod to pod on one node."""
    setting = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    if not setting.exists() and machine.REQUIRED:
        machine.checked("modprobe", "br_netfilter")
    if not setting.exists():
        machine.unavailable("the kernel's module br_netfilter is missing; as root this loads it: modprobe br_netfilter")


def answers(cluster: Cluster) -> bool:
    return cluster.try_kubectl("get", "--raw=/readyz").returncode == 0


def furnish_cluster(cluster: Cluster) -> None:
    """What a cluster has from the beginning, wherever it comes from."""
    addons = [one for name in ("storage", "dns") for one in documents(name)]
    cluster.apply(*addons, *volumes.volumes(cluster.folder, NAMES))


def documents(name: str) -> list[dict[str, Any]]:
    text = (HERE / "addons" / f"{name}.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load_all(text.replace("IMAGE", stock.DNS)))
