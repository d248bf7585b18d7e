"""The cluster itself, by objects written by hand: what the other tests rely on holds."""

import json
from typing import Any

import pytest

import stock
from namespace import Namespace

RUNS_AS = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "fsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
FENCES = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
PORT = 8001

CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3).close()
    print("reached")
except socket.gaierror:
    print("no name")
except OSError:
    print("unreachable")
"""


def pod_of(name: str, *, node: str | None = None, **more: Any) -> dict[str, Any]:
    """A template of a pod that `restricted` lets run."""
    where = {} if node is None else {"nodeSelector": {"kubernetes.io/hostname": node}}
    container = {"name": "main", "image": stock.SERVICE, "securityContext": FENCES, **more.pop("container", {})}
    spec = {"securityContext": RUNS_AS, "containers": [container], **where, **more}
    return {"metadata": {"labels": {"app.kubernetes.io/name": name}}, "spec": spec}


def deployment(name: str, **how: Any) -> dict[str, Any]:
    selector = {"matchLabels": {"app.kubernetes.io/name": name}}
    strategy = {"type": "Recreate"}
    spec = {"replicas": 1, "selector": selector, "strategy": strategy, "template": pod_of(name, **how)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def service(name: str, port: int = PORT) -> dict[str, Any]:
    spec = {"selector": {"app.kubernetes.io/name": name}, "ports": [{"port": port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def listening(port: int = PORT) -> dict[str, Any]:
    probe = {"tcpSocket": {"port": port}, "periodSeconds": 1}
    return {"command": ["python", "-m", "http.server", str(port)], "readinessProbe": probe}


def connects(namespace: Namespace, source: str, host: str, port: int = PORT) -> str:
    [pod] = namespace.ready_pods(source)
    return namespace.exec(pod, "python", "-c", CONNECT, host, str(port)).strip()


@pytest.mark.always
def test_a_network_policy_holds_within_a_node_and_between_two(namespace: Namespace) -> None:
    """Pods answer by the name of a Service from either node, until a policy names who may ask."""
    server = deployment("server", node="node-1", container=listening())
    sources = {f"{name}-{node}": node for name in ("friend", "stranger") for node in ("node-1", "node-2")}
    clients = [
        deployment(name, node=node, container={"command": ["sleep", "infinity"]}) for name, node in sources.items()
    ]
    namespace.apply(server, service("server"), *clients)
    namespace.rolled_out("deployment/server", *(f"deployment/{name}" for name in sources))
    namespace.routed()
    assert {name: connects(namespace, name, "server") for name in sources} == dict.fromkeys(sources, "reached")

    friends = [
        {"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}} for name in sources if "friend" in name
    ]
    spec = {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "server"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": friends, "ports": [{"port": PORT}]}],
    }
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "server"},
        "spec": spec,
    }
    namespace.apply(policy)
    expected = {name: "reached" if "friend" in name else "unreachable" for name in sources}
    found: dict[str, str] = {}

    def enforced() -> bool:
        found.update({name: connects(namespace, name, "server") for name in sources})
        return found == expected

    namespace.cluster.until(f"the policy is enforced: {expected}", enforced, 60)


@pytest.mark.always
def test_rows_outlive_a_pod_on_a_claimed_volume(namespace: Namespace) -> None:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "notes"}}]
    container = {
        "env": [{"name": "AGENT_RUNTIME__DB_URL", "value": "sqlite:///data/notes.db"}],
        "volumeMounts": [{"name": "data", "mountPath": "/app/data"}],
        "readinessProbe": {"httpGet": {"path": "/health", "port": PORT}, "periodSeconds": 1},
    }
    namespace.apply(
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "notes"}, "spec": claim},
        deployment("notes", container=container, volumes=volumes),
    )
    namespace.rolled_out("deployment/notes")
    [pod] = namespace.ready_pods("notes")
    client = ("python", "/opt/service/client.py")
    namespace.exec(pod, *client, "write", stdin="kept")
    namespace.kubectl("delete", "pod", pod, "--grace-period=1")
    namespace.rolled_out("deployment/notes")
    [other] = namespace.ready_pods("notes")
    assert other != pod
    assert json.loads(namespace.exec(other, *client, "read")) == ["seed one", "seed two", "kept"]


@pytest.mark.always
def test_restricted_is_enforced(namespace: Namespace) -> None:
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare"}}
    spec = {"containers": [{"name": "main", "image": stock.SERVICE}]}
    done = namespace.try_kubectl("apply", "--filename=-", stdin=json.dumps({**bare, "spec": spec}))
    assert done.returncode == 1
    assert 'violates PodSecurity "restricted:latest"' in done.stderr
