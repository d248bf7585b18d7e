"""The disks of the nodes: a fixed number of local volumes, emptied when nobody claims them any more."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cluster import Cluster

EACH = 12
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


def recycle(cluster: "Cluster") -> None:
    """Empties the volumes whose claims are gone, and offers them again."""
    released = [one for one in cluster.get("persistentvolumes")["items"] if one["status"]["phase"] == "Released"]
    for found in released:
        path = Path(found["spec"]["local"]["path"])
        shutil.rmtree(path)
        path.mkdir()
        without = json.dumps([{"op": "remove", "path": "/spec/claimRef"}])
        cluster.kubectl("patch", "persistentvolume", found["metadata"]["name"], "--type=json", f"--patch={without}")
