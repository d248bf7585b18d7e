"""The disks of the nodes: a fixed number of local volumes, emptied when nobody claims them any more."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cluster import Cluster

EACH = 8
SIZE = "10Gi"


def volumes(folder: Path, nodes: Sequence[str]) -> list[dict[str, Any]]:
    """The objects; their folders are root's, as a newly formatted disk is."""
    made = []
    for node in nodes:
        for number in range(EACH):
            name = f"{node}-disk-{number}"
            path = folder / node / "disks" / name
            path.mkdir(parents=True)
            made.append(volume(name, node, path))
    return made


def volume(name: str, node: str, path: Path) -> dict[str, Any]:
    there = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": SIZE},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "local",
            "local": {"path": str(path)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [there]}]}},
        },
    }


def recycle(cluster: "Cluster", namespace: str) -> None:
    """Empties the volumes that a namespace had, which is gone, and offers them again."""
    had = [one for one in cluster.get("persistentvolumes")["items"] if claimed_by(one) == namespace]
    for found in had:
        name, path = found["metadata"]["name"], Path(found["spec"]["local"]["path"])
        cluster.kubectl("wait", f"persistentvolume/{name}", "--for=jsonpath={.status.phase}=Released", "--timeout=60s")
        shutil.rmtree(path)
        path.mkdir()
        without = json.dumps([{"op": "remove", "path": "/spec/claimRef"}])
        cluster.kubectl("patch", "persistentvolume", name, "--type=json", f"--patch={without}")


def claimed_by(volume: Mapping[str, Any]) -> str | None:
    claim = volume["spec"].get("claimRef")
    return claim and claim["namespace"]
