"""A host is lost, as by a power cut, and comes back: services move, and what a database has acknowledged is there."""

from test_changes import started

from lab import Lab
from stack import SEEDS, Stack, mixed, stateless


def test_services_move_from_a_lost_node(stack: Stack, lab: Lab) -> None:
    described = stateless()
    described["services"]["auth-service"]["replicas"] = 3
    started(stack, described, "node-2")
    stack.write("auth-service", "before")
    assert len({task["NodeID"] for task in stack.running("auth-service")}) == 3, "three tasks are on three nodes"
    lab.lose("node-3")
    lab.until("every task runs elsewhere", lambda: running_elsewhere(stack, lab, "auth-service", "node-3") == 3)
    assert stack.read("auth-service") == [*SEEDS, "before"]
    stack.write("auth-service", "while a node was lost")
    assert stack.read("auth-service") == [*SEEDS, "before", "while a node was lost"]


def test_the_server_comes_back_with_its_node(stack: Stack, lab: Lab) -> None:
    """Nobody starts one without its data elsewhere."""
    started(stack, stateless(), "node-2")
    stack.write("auth-service", "before")
    lab.lose("node-2")
    assert running_elsewhere(stack, lab, "postgres", "node-2") == 0
    lab.until("the Swarm knows it", lambda: lab.nodes()["node-2"]["Status"]["State"] == "down")
    refused = stack.try_deploy()
    assert refused.returncode == 1
    assert f"the node node-2, which has the label {stack.project}.postgres-data, is down" in refused.stderr

    lab.all_ready()
    lab.until("the service reads again", lambda: stack.reads("auth-service"))
    assert stack.read("auth-service") == [*SEEDS, "before"]
    lab.docker("node", "update", "--availability", "drain", "node-2")
    assert "takes no tasks (drain)" in stack.try_deploy().stderr
    lab.docker("node", "update", "--availability", "active", "node-2")
    stack.deploy()
    assert stack.node_of("postgres").name == "node-2"


def running_elsewhere(stack: Stack, lab: Lab, service: str, lost: str) -> int:
    """How many tasks run, as far as the Swarm hears of them."""
    gone = lab.nodes()[lost]["ID"]
    return sum(task["NodeID"] != gone for task in stack.running(service))


def test_a_lost_leader_stops_nobody(stack: Stack, lab: Lab) -> None:
    """The others choose a new one, which deploys; the lost one comes back as a manager among them."""
    described = stateless()
    leader = lab.leader()
    server = next(name for name in lab.members if name != leader.name)
    started(stack, described, server)
    stack.write("auth-service", "before")

    lab.lose(leader.name)
    described["services"]["auth-service"]["replicas"] = 2
    stack.generate(described)
    stack.deploy()
    assert len(stack.running("auth-service")) >= 2
    assert stack.read("auth-service") == [*SEEDS, "before"]

    lab.all_ready()
    stack.by = leader
    assert "all of" in stack.deploy()
    assert stack.read("auth-service") == [*SEEDS, "before"]


def test_what_uses_sqlite_stays_with_its_file(stack: Stack, lab: Lab) -> None:
    """Never two at once, and never a new one on another node: there it would begin with an empty file."""
    stack.generate(mixed())
    lab.docker("node", "update", "--label-add", f"{stack.project}.agent-runtime-data=true", "node-3")
    stack.deploy("--pin", "node-2")
    assert stack.node_of("agent-runtime").name == "node-3" and stack.node_of("postgres").name == "node-2"
    stack.write("agent-runtime", "before")
    [before] = stack.identities()["agent-runtime"]

    described = mixed()
    described["services"]["agent-runtime"]["environment"] = {"CHANGED": "yes"}
    stack.generate(described)
    stack.deploy()
    assert {before} != stack.identities()["agent-runtime"]
    assert stack.read("agent-runtime") == [*SEEDS, "before"]
    ended = next(task for task in stack.tasks("agent-runtime") if task["ID"] == before)
    [new] = stack.running("agent-runtime")
    assert ended["Status"]["State"] == "shutdown" and ended["Status"]["Timestamp"] < started_at(new)

    lab.lose("node-3")
    assert running_elsewhere(stack, lab, "agent-runtime", "node-3") == 0
    lab.all_ready()
    lab.until("it reads again", lambda: stack.reads("agent-runtime"))
    assert stack.read("agent-runtime") == [*SEEDS, "before"]
    assert stack.node_of("agent-runtime").name == "node-3"


def started_at(task: dict[str, dict[str, str]]) -> str:
    """When a task that runs had come up; the times are of one clock, that of the machine."""
    return task["Status"]["Timestamp"]
