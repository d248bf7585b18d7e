"""What changes while a stack runs: each time one `scripts/deploy.sh`, and nothing more than that is changed."""

from collections.abc import Callable
from typing import Any

import pytest

import images
from lab import Lab
from stack import DATABASES, SEEDS, SERVICES, SERVICE_USER, Stack, check, mixed, stateless

WRONG_PASSWORD = "28P01"
NOWHERE = "codelab-gen-test-nowhere:1"


def started(stack: Stack, described: dict[str, Any], node: str = "node-2") -> None:
    stack.generate(described)
    stack.deploy("--pin", node)


@pytest.mark.always
def test_a_first_deployment_then_a_service_is_added_and_removed(stack: Stack, lab: Lab) -> None:
    """What is removed from the profile goes on running until its user removes it, and its data longer."""
    generated = stack.generate(mixed())
    refused = stack.finish(["bash", "-ec", generated.next_command])
    assert refused.returncode == 1 and f"no node has the label {stack.project}.postgres-data" in refused.stderr
    assert stack.services() == {}, "before the data has a node nothing is started"

    said = stack.deploy("--pin", "node-2")
    assert f"all of {stack.project} runs" in said
    for service in SERVICES:
        stack.write(service, "before")
        assert stack.read(service) == [*SEEDS, "before"]
    assert {stack.node_of(name).name for name in ("postgres", "agent-runtime")} == {"node-2"}
    identities = stack.identities()
    check(stack.finish(["bash", "-ec", generated.next_command]))
    assert stack.identities() == identities, "an unchanged deployment restarts nothing"

    third = {
        "image": images.SERVICE,
        "user": SERVICE_USER,
        "port": 8010,
        "environment": {"PORT": "8010"},
        "healthcheck": {"http": "/health", "interval": "1s"},
        "database": {"postgres": "third", "engine": "postgres"},
        "replicas": 3,
    }
    large = mixed()
    large["services"]["third"] = third
    stack.generate(large)
    stack.deploy()
    assert stack.read("third") == SEEDS
    assert len(stack.running("third")) == 3
    after = stack.identities()
    assert {name: after[name] for name in identities} == identities, "a new service is no reason to restart the others"

    stack.generate(mixed())
    said = stack.deploy()
    assert f"{stack.name('third')} runs, and is not in stack.yml any more" in said
    assert len(stack.running("third")) == 3
    stack.deploy("--prune")
    assert "third" not in stack.services()
    databases = stack.script("psql", "--superuser", "postgres", "-Atc", "SELECT datname FROM pg_database")
    assert "third" in databases.split(), "what is removed from the profile keeps its data"
    for service in SERVICES:
        assert stack.read(service) == [*SEEDS, "before"]


@pytest.mark.always
def test_a_rotated_password_replaces_the_old_one(stack: Stack) -> None:
    started(stack, stateless())
    old = stack.variables()["POSTGRES_PASSWORD"]
    stack.write("agent-runtime", "before the rotation")
    assert stack.login(old, "agent_runtime") == "in"
    secrets = stack.kept("secret")
    assert not any(old in name for name in secrets)

    rotated = stack.generate(None, "rotate", "POSTGRES_PASSWORD")
    new = stack.variables()["POSTGRES_PASSWORD"]
    assert new != old
    assert stack.login(old, "agent_runtime") == "in", "before the printed command nothing has changed"
    done = check(stack.finish(["bash", "-ec", rotated.next_command]))
    assert old not in done.stdout + done.stderr and new not in done.stdout + done.stderr
    for database in DATABASES.values():
        assert stack.login(new, database) == "in"
        assert stack.login(old, database) == WRONG_PASSWORD
    assert stack.read("agent-runtime") == [*SEEDS, "before the rotation"]
    stack.write("auth-service", "after the rotation")

    # the generation before stays for a rollback, and older ones go
    assert len(stack.kept("secret")) <= 2 * len(secrets)
    stack.generate(None, "rotate", "POSTGRES_PASSWORD")
    stack.deploy()
    assert not secrets & stack.kept("secret")
    assert stack.login(new, "auth_db") == WRONG_PASSWORD


@pytest.mark.always
def test_an_image_is_rolled_forward_and_a_broken_one_back(stack: Stack, lab: Lab) -> None:
    """The old tasks serve until the new ones are healthy; deploy.sh says what is wrong in the words of the task."""
    newer = f"{stack.project}-service:2"
    for member in lab.members.values():
        member.engine.docker("tag", images.SERVICE, newer)
    described = stateless()
    described["services"]["auth-service"]["replicas"] = 2
    started(stack, described)
    before = stack.identities()
    stack.write("auth-service", "before")

    described["services"]["auth-service"]["image"] = newer
    stack.generate(described)
    stack.deploy()
    after = stack.identities()
    assert not after["auth-service"] & before["auth-service"] and len(after["auth-service"]) == 2
    assert after["postgres"] == before["postgres"] and after["agent-runtime"] == before["agent-runtime"]
    assert stack.read("auth-service") == [*SEEDS, "before"]

    described["services"]["auth-service"]["command"] = ["sh", "-c", "echo 'no such table: users' >&2; exit 7"]
    stack.generate(described)
    done = stack.try_deploy()
    assert done.returncode == 1
    assert "deploy: auth-service failed: its new version does not come up; it runs as before" in done.stderr
    assert "non-zero exit (7)" in done.stderr and "no such table: users" in done.stderr, done.stderr
    assert stack.read("auth-service") == [*SEEDS, "before"]
    assert len(stack.running("auth-service")) == 2

    del described["services"]["auth-service"]["command"]
    stack.generate(described)
    stack.deploy()
    assert stack.read("auth-service") == [*SEEDS, "before"]


def test_an_image_that_is_nowhere_is_told_and_changes_nothing(stack: Stack) -> None:
    described = stateless()
    started(stack, described)
    before = stack.identities()
    described["services"]["auth-service"]["image"] = NOWHERE
    stack.generate(described)
    done = stack.try_deploy()
    assert done.returncode == 1 and f"No such image: {NOWHERE}" in done.stderr, done.stderr
    assert stack.identities() == before


def test_two_stacks_share_nothing(stacks: Callable[[], Stack]) -> None:
    one, other = stacks(), stacks()
    started(one, stateless(), "node-1")
    started(other, stateless(), "node-3")
    one.write("auth-service", "of the one")
    other.write("auth-service", "of the other")
    assert one.read("auth-service") == [*SEEDS, "of the one"]
    assert other.read("auth-service") == [*SEEDS, "of the other"]
    password = one.variables()["POSTGRES_PASSWORD"]
    assert other.login(password, "auth_db") == WRONG_PASSWORD
    before = other.identities()
    one.generate(None, "rotate", "POSTGRES_PASSWORD")
    one.deploy("--prune")
    assert other.identities() == before
    assert other.kept("secret") and other.read("auth-service") == [*SEEDS, "of the other"]
