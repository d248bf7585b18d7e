"""The scripts for the databases, as they are typed on Compose: on whichever host of the Swarm a database is."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from test_changes import started

from lab import Lab
from stack import SEEDS, SERVICES, Stack, mixed, stateless

HOSTILE = 'it\'s "a" $PATH \\ 100% `id`'


def apart(stack: Stack, lab: Lab) -> None:
    """The server is on one host, SQLite on another, and who types is on a third one."""
    stack.by = lab.members["node-1"]
    stack.generate(mixed())
    lab.docker("node", "update", "--label-add", f"{stack.project}.agent-runtime-data=true", "node-3")
    stack.deploy("--pin", "node-2")


def nothing_is_left(stack: Stack, lab: Lab) -> None:
    for member in lab.members.values():
        listed = ["ps", "--all", "--quiet", "--filter", "label=codelab-gen.started-by"]
        assert member.engine.docker(*listed).strip() == "", member.name


@pytest.mark.always
def test_rows_of_both_engines_come_back(stack: Stack, lab: Lab) -> None:
    apart(stack, lab)
    for service in SERVICES:
        stack.write(service, HOSTILE)
    folder = Path(stack.script("backup").strip())
    assert {path.name for path in folder.iterdir()} == {"agent-runtime.db", "auth_db.dump", "manifest", "roles.sql"}
    for service in SERVICES:
        stack.write(service, "after the backup")
    told = stack.script("restore", str(folder))
    for service in SERVICES:
        assert stack.read(service) == [*SEEDS, HOSTILE], service
    assert stack.services()["auth-service"]["Spec"]["Mode"]["Replicated"]["Replicas"] == 1
    nothing_is_left(stack, lab)

    # what removes the old data is told as it can be typed
    [old] = re.findall(r"^  (docker .* rm \S+)$", told, re.MULTILINE)
    assert "--context node-3" in old
    done = stack.finish(["bash", "-ec", old])
    assert done.returncode == 0, done.stderr
    assert stack.read("agent-runtime") == [*SEEDS, HOSTILE]
    [statement] = re.findall(r"'(DROP DATABASE \S+)'", told)
    stack.script("psql", "auth-service", "-c", statement)


def test_a_backup_is_restored_into_another_stack(stacks: Callable[[], Stack]) -> None:
    stack, other = stacks(), stacks()
    started(stack, mixed(), "node-2")
    for service in SERVICES:
        stack.write(service, HOSTILE)
    folder = Path(stack.script("backup").strip())
    started(other, mixed(), "node-1")
    other.script("restore", "--no-backup", str(folder))
    for service in SERVICES:
        assert other.read(service) == [*SEEDS, HOSTILE], service


def test_what_stands_still_is_backed_up_where_its_volume_is(stack: Stack, lab: Lab) -> None:
    apart(stack, lab)
    stack.write("agent-runtime", HOSTILE)
    lab.docker("service", "scale", "--detach", f"{stack.name('agent-runtime')}=0")
    lab.until("nothing of it runs", lambda: not stack.running("agent-runtime"))
    folder = Path(stack.script("backup", "agent-runtime").strip())
    stack.script("restore", "--no-backup", str(folder))
    assert not stack.running("agent-runtime"), "what stood still stands still"
    stack.deploy()
    assert stack.read("agent-runtime") == [*SEEDS, HOSTILE]
    nothing_is_left(stack, lab)


def test_psql_is_the_service_or_the_superuser(stack: Stack) -> None:
    started(stack, stateless(access="per_service"))
    assert stack.script("psql", "auth-service", "-Atc", "SELECT current_user") == "auth_service\n"
    assert stack.script("psql", "-At", stdin="SELECT 'by ''standard'' input'\n") == "by 'standard' input\n"
    assert stack.script("psql", "--superuser", "postgres", "-Atc", "SELECT current_user") == "codelab\n"
    failed = stack.try_script("psql", "auth-service", "-v", "ON_ERROR_STOP=1", "-c", "SELECT 1/0")
    assert failed.returncode == 1 and "division by zero" in failed.stderr
    stack.script("reindex", "auth-service")


def test_a_host_without_a_context_and_an_engine_without_a_swarm_are_told(stack: Stack, lab: Lab) -> None:
    stack.by = lab.members["node-1"]
    started(stack, stateless(), "node-2")
    empty = {"DOCKER_CONFIG": str(stack.root / "empty")}
    command = ["bash", "deploy/scripts/db/psql.sh", "-Atc", "SELECT 1"]
    done = stack.finish(command, env=empty)
    assert done.returncode == 1 and "postgres is on the node node-2" in done.stderr, done.stderr
    assert "docker context create node-2 --docker host=ssh://node-2" in done.stderr

    lab.docker("node", "demote", "node-3")
    try:
        stack.by = lab.members["node-3"]
        lab.until("it is a worker", lambda: "no manager" in stack.try_script("backup").stderr)
    finally:
        lab.docker("node", "promote", "node-3")
        lab.all_ready()
    assert not (stack.out / "backups").exists()


def test_a_context_that_leads_to_another_host_is_not_used(stack: Stack, lab: Lab) -> None:
    """A host chooses its name itself: by it nobody gets into the containers of another one, and no password goes."""
    stack.by = lab.members["node-1"]
    started(stack, stateless(), "node-2")
    misled = stack.root / "misled"
    misled.mkdir()
    stack.give_away()
    environment = {"DOCKER_CONFIG": str(misled)}
    to = f"host=unix://{lab.members['node-3'].socket}"
    done = stack.finish(["docker", "context", "create", "node-2", "--docker", to], env=environment)
    assert done.returncode == 0, done.stderr
    done = stack.finish(["bash", "deploy/scripts/db/psql.sh", "-Atc", "SELECT 1"], env=environment)
    assert done.returncode == 1 and "postgres is on the node node-2" in done.stderr, done.stderr
    found = stack.finish([str(stack.binary), "doctor", "--out", "deploy"], env=environment)
    assert "no context of docker is called like its node" in found.stdout, found.stdout
