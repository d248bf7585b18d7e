"""Who reaches whom, held by the NetworkPolicies of the manifests: the same table as on Compose."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

import control
import stock
from cluster import Cluster
from namespace import Namespace
from reachability import CONNECT, LISTENS, OUTSIDE
from release import SERVICE_USER, Release


def program(**more: Any) -> dict[str, Any]:
    """A service whose program listens, and does nothing else."""
    listens = ["python", "-m", "http.server", str(LISTENS)]
    return {"image": stock.SERVICE, "user": SERVICE_USER, "command": listens, "port": LISTENS, **more}


PROFILE = {
    "stage": "production",
    "project": "table",
    "engine": "postgres",
    "services": {
        "user": program(database={"postgres": "user"}),
        "plain": program(),
        "inside": program(outbound=False),
        "inside-user": program(outbound=False, database={"postgres": "inside_user"}),
        "open": program(publish=LISTENS),
    },
    "postgres": {"image": stock.POSTGRES, "user": "codelab", "access": "per_service", "storage": "1Gi"},
}
HAS_DATABASE = {"user", "inside-user"}
HAS_NO_WAY_OUT = {"inside", "inside-user"}


def expected_of(name: str) -> set[str]:
    """What a service reaches: all others, the server where it has a database there, and what is outside if it may."""
    reached = {*PROFILE["services"], *({"postgres"} if name in HAS_DATABASE else ())}
    outside = set() if name in HAS_NO_WAY_OUT else {"outside", "the API server"}
    return {*reached, *(f"{one}, by its address" for one in reached), *outside}


@contextmanager
def listening_outside(cluster: Cluster) -> Iterator[int]:
    """The port of a program that belongs to no node."""
    cluster.cage.run("ip", "address", "add", OUTSIDE, "dev", "lo")
    port = 8099
    cluster.cage.start("outside", "python3", "-m", "http.server", str(port), "--bind", OUTSIDE)
    try:
        yield port
    finally:
        cluster.cage.stop("outside")
        cluster.cage.run("ip", "address", "delete", f"{OUTSIDE}/32", "dev", "lo")


def stranger(namespace: Namespace) -> None:
    """A pod that no profile knows."""
    context = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    fences = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {"name": "main", "image": stock.SERVICE, "command": ["sleep", "infinity"], "securityContext": fences}
    labels = {"app.kubernetes.io/name": "stranger"}
    namespace.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "stranger", "labels": labels},
            "spec": {"securityContext": context, "containers": [container]},
        }
    )
    namespace.kubectl("wait", "pod/stranger", "--for=condition=Ready", "--timeout=60s")


def places_of(release: Release, outside: int) -> dict[str, tuple[str, int]]:
    """Every place of the table, by names that also hold in other namespaces."""
    places: dict[str, tuple[str, int]] = {
        "outside": (OUTSIDE, outside),
        "the API server": (control.ADDRESS, control.PORT),
    }
    for name in [*PROFILE["services"], "postgres"]:
        port = 5432 if name == "postgres" else LISTENS
        [pod] = release.namespace.pods(name)
        places[name] = (f"{name}.{release.namespace.name}.svc.cluster.local", port)
        places[f"{name}, by its address"] = (pod["status"]["podIP"], port)
    return places


def reached_from(namespace: Namespace, name: str, places: dict[str, tuple[str, int]]) -> set[str]:
    [pod, *_] = namespace.ready_pods(name)
    answers = json.loads(namespace.exec(pod, "python3", "-c", CONNECT, json.dumps(list(places.values()))))
    return {what for what, answer in zip(places, answers, strict=True) if answer}


@pytest.mark.always
def test_each_pod_reaches_what_the_profile_says(release: Release, namespaces: Any) -> None:
    release.write_profile("table", PROFILE)
    release.run_printed(release.generate("--profile", "table"))
    elsewhere = namespaces()
    stranger(elsewhere)
    stranger(release.namespace)
    release.settle()
    expected = {name: expected_of(name) for name in PROFILE["services"]}
    # What is published is reached by whoever forwards requests, nothing else is by anybody; the server reaches itself.
    published = {"open", "open, by its address", "outside", "the API server"}
    expected |= {
        "stranger": published,
        "stranger of another namespace": published,
        "postgres": {"postgres, by its address"},
    }
    with listening_outside(release.namespace.cluster) as outside:
        places = places_of(release, outside)
        sources = {name: (release.namespace, name) for name in [*PROFILE["services"], "stranger", "postgres"]}
        sources["stranger of another namespace"] = (elsewhere, "stranger")

        def is_held() -> bool:
            """A node learns of new pods and policies one after the other."""
            with ThreadPoolExecutor(len(sources)) as pool:
                running = {name: pool.submit(reached_from, *where, places) for name, where in sources.items()}
                table = {name: found.result() for name, found in running.items()}
            print({name: found ^ expected[name] for name, found in table.items() if found != expected[name]})
            return table == expected

        release.namespace.cluster.until("the table is held", is_held, 60)
