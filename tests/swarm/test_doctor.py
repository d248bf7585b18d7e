"""`doctor` and a real Swarm: nothing to tell of a sound stack, and what is wrong of each other one."""

import json
from typing import Any

import pytest
from test_changes import NOWHERE, started

import images
from lab import Lab
from stack import SERVICE_USER, Stack, mixed, stateless

Finding = dict[str, Any]


def doctor(stack: Stack, *status: int) -> list[Finding]:
    done = stack.finish([str(stack.binary), "doctor", "--out", "deploy", "--format", "json"])
    if done.returncode not in status:
        pytest.fail(f"doctor: exit {done.returncode}, expected {status}\n{done.stdout}{done.stderr}")
    findings: list[Finding] = json.loads(done.stdout)["findings"]
    return findings


def problems(findings: list[Finding]) -> list[str]:
    return [f"[{one['check']}] {one['message']}" for one in findings if one["verdict"] == "problem"]


def evidence(findings: list[Finding], words: str) -> str:
    return "\n".join(line for one in findings if words in one["message"] for line in one["evidence"])


@pytest.mark.always
def test_of_a_sound_stack_nothing_is_told_and_what_is_out_of_date_by_its_name(stack: Stack, lab: Lab) -> None:
    stack.by = lab.members["node-1"]
    stack.generate(stateless(access="per_service"))
    [bare] = problems(doctor(stack, 1))
    assert bare == "[swarm] the Swarm has nothing of the deployment"
    stack.deploy("--pin", "node-2")
    before = stack.identities()
    found = doctor(stack, 0)
    assert problems(found) == []
    assert [one["message"] for one in found if one["verdict"] == "warning"] == []
    messages = [one["message"] for one in found if one["verdict"] == "ok"]
    for expected in (
        "all 3 nodes are ready",
        "1 of 1 tasks of `postgres` run",
        "`postgres-ensure` has done its work",
        "the server answers",
        "`auth_service` logs in to `auth_db` from another container",
        "what runs is what the files say",
    ):
        assert expected in messages, messages
    assert stack.identities() == before, "doctor changed something"

    # a password that is not deployed yet
    old = stack.variables()
    stack.generate(None, "rotate", "POSTGRES_PASSWORD", "AUTH_SERVICE__DB_PASSWORD")
    found = doctor(stack, 1)
    told = problems(found)
    assert "[outdated] `auth-service` still has another `AUTH_SERVICE__DB_URL` than .env" in told
    assert any("was started with another `POSTGRES_PASSWORD`" in one for one in told), told
    assert any(one.startswith("[password-refused]") for one in told), told
    for password in (old["POSTGRES_PASSWORD"], *stack.variables().values()):
        assert password not in json.dumps(found) or len(password) < 12
    stack.deploy()
    assert problems(doctor(stack, 0)) == []

    lab.docker("service", "scale", "--detach", f"{stack.name('auth-service')}=2")
    lab.docker("node", "update", "--label-add", f"{stack.project}.postgres-data=true", "node-3")
    found = doctor(stack, 1)
    assert [one.partition(":")[0] for one in problems(found)] == [
        f"[placement] the nodes `node-2`, `node-3` have the label `{stack.project}.postgres-data`"
    ] or len(problems(found)) == 1
    assert any("shall have 2 tasks by hand" in one["message"] for one in found if one["verdict"] == "warning")


def test_why_tasks_do_not_come_up_is_told(stack: Stack) -> None:
    described = stateless()
    started(stack, described)
    described["services"]["auth-service"]["image"] = NOWHERE
    stack.generate(described)
    assert stack.try_deploy().returncode == 1
    found = doctor(stack, 1)
    [told] = [one for one in problems(found) if one.startswith("[tasks]")]
    assert told == "[tasks] the last change of `auth-service` was rolled back: it runs as before"
    assert NOWHERE in evidence(found, "the last change of `auth-service`")
    assert "[outdated] `auth-service` runs another image than the profile says" in problems(found)

    described = stateless()
    described["services"]["failing"] = {
        "image": images.SERVICE,
        "user": SERVICE_USER,
        "command": ["sh", "-c", "echo 'no such table'; exit 7"],
    }
    described["services"]["large"] = {
        "image": images.SERVICE,
        "user": SERVICE_USER,
        "command": ["sleep", "infinity"],
        "limits": {"memory": "9000g"},
    }
    stack.generate(described)
    assert stack.try_deploy().returncode == 1
    found = doctor(stack, 1)
    told = problems(found)
    assert any("`failing` ended with exit code 7" in one for one in told), told
    assert "no such table" in evidence(found, "`failing` ended")


def test_a_lost_node_is_told_with_what_it_has(stack: Stack, lab: Lab) -> None:
    started(stack, mixed(), "node-3")
    stack.by = lab.members["node-1"]
    lab.lose("node-3")
    found = doctor(stack, 1)
    [told] = [one for one in problems(found) if one.startswith("[nodes]")]
    assert "`node-3`" in told and "`postgres`" in told and "`agent-runtime`" in told
    assert any("2 of 3 managers" in one["message"] for one in found if one["verdict"] == "warning")
    lab.all_ready()
    lab.until("the server answers again", lambda: problems(doctor(stack, 0, 1)) == [])
