"""A node is lost, as by a power cut, and comes back: services move, and what a database has acknowledged is there."""

from collections.abc import Callable

import pytest

import cnpg
from cluster import Cluster
from node import Node
from release import SEEDS, SERVICES, Release, stateless
from test_operator import operated, primary
from writer import lost, writing


def node_of(release: Release, pod: str) -> Node:
    return release.namespace.cluster.nodes[release.namespace.get("pod", pod)["spec"]["nodeName"]]


def ready_servers(release: Release) -> int:
    return int(release.namespace.get("cluster", "postgres")["status"].get("readyInstances", 0))


@pytest.fixture
def mended(cluster: Cluster) -> Callable[[Node], None]:
    """Brings a lost node back, also after a failure."""

    def mend(node: Node) -> None:
        if node.is_lost:
            node.start()
            node.work(cluster.keys)
        cluster.both_ready()

    yield mend
    for node in cluster.nodes.values():
        if node.is_lost:
            mend(node)


def test_services_move_from_a_lost_node(release: Release, cluster: Cluster, mended: Callable[[Node], None]) -> None:
    release.write_profile("own", stateless())
    release.run_printed(release.generate("--profile", "own"))
    release.settle()
    release.write("agent-runtime", "before")
    server = node_of(release, "postgres-0")
    away = next(node for node in cluster.nodes.values() if node is not server)
    away.lose()
    cluster.until("the node is missed", lambda: cluster.ready_nodes() == {server.name})
    cluster.until(
        "every service runs on the other node",
        lambda: all(
            any(node_of(release, pod) is server for pod in release.namespace.ready_pods(service))
            for service in SERVICES
        ),
        180,
    )
    mended(away)
    release.settle()
    assert release.read("agent-runtime") == [*SEEDS, "before"]


def test_the_operator_fails_over_from_a_lost_node(
    release: Release, cluster: Cluster, operator: None, mended: Callable[[Node], None]
) -> None:
    release.write_profile("own", operated())
    release.run_printed(release.generate("--profile", "own"))
    release.settle(300)
    release.namespace.kubectl("wait", "cluster/postgres", "--for=condition=Ready", "--timeout=180s")
    before = primary(release)
    lost_node = node_of(release, before)
    cnpg.move_away(cluster, lost_node.name)
    release.move_away("agent-runtime", lost_node.name)
    with writing(release, "agent-runtime") as written:
        lost_node.lose()
        cluster.until("another server is the first", lambda: primary(release) not in (before, "pending"), 180)
        cluster.until("the service writes again", lambda: release.try_write("agent-runtime", "after"))
    print(f"writes paused for {written.gap:.1f} s")
    assert lost(release, "agent-runtime", written) == set()
    assert len(written.numbers) > 10
    mended(lost_node)
    cluster.until("both servers are there again", lambda: ready_servers(release) == 2, 240)
    assert primary(release) != before
    assert release.read("agent-runtime")[-1] == "after"
