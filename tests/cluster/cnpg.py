"""CloudNativePG in the cluster: its own manifest, with the image that the tests have made of its program."""

from typing import Any

import yaml

from cluster import Cluster

NAMESPACE = "cnpg-system"
DEPLOYMENT = "deployment/cnpg-controller-manager"


def install(cluster: Cluster) -> None:
    """Installs the operator, and waits until it and its webhooks answer."""
    [manifest] = cluster.stock.programs["cloudnative-pg"].glob("cnpg-*.yaml")
    described = [one for one in yaml.safe_load_all(manifest.read_text(encoding="utf-8")) if one]
    # The descriptions of its kinds are too large for the annotation that a usual `apply` leaves.
    cluster.apply(*map(adapted, described), server_side=True)
    names = [one["metadata"]["name"] for one in described if one["kind"] == "CustomResourceDefinition"]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", *(f"crd/{name}" for name in names))
    cluster.kubectl("rollout", "status", f"--namespace={NAMESPACE}", DEPLOYMENT, "--timeout=120s")


def adapted(described: dict[str, Any]) -> dict[str, Any]:
    """The same object where no registry is reached, and a tenth of a processor is not all that a start may take."""
    if described["kind"] == "Deployment":
        [container] = described["spec"]["template"]["spec"]["containers"]
        container["imagePullPolicy"] = "IfNotPresent"
        del container["resources"]["limits"]["cpu"]
    return described


def move_away(cluster: Cluster, node: str) -> None:
    """Lets the operator run on another node than this one: lost with it, it could make no other server the first."""
    cluster.kubectl("cordon", node)
    try:
        pods = cluster.get("pods", f"--namespace={NAMESPACE}")["items"]
        if any(pod["spec"]["nodeName"] == node for pod in pods):
            cluster.kubectl("delete", "pod", "--all", f"--namespace={NAMESPACE}", "--grace-period=1")
            cluster.kubectl("rollout", "status", f"--namespace={NAMESPACE}", DEPLOYMENT, "--timeout=120s")
    finally:
        cluster.kubectl("uncordon", node)
