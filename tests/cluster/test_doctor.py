"""`doctor` and a real cluster: nothing to tell of a sound deployment, and what is wrong of each other one."""

import json
from typing import Any

import pytest

import stock
from release import SERVICE_USER, Release, stateless
from test_changes import BROKEN, generate, started

Finding = dict[str, Any]


def doctor(release: Release, *status: int) -> list[Finding]:
    """What doctor finds from a shell whose kubectl has the deployment's namespace."""
    command = [str(release.binary), "doctor", "--out", "deploy", "--format", "json"]
    done = release.namespace.finish(command, cwd=release.root)
    if done.returncode not in status:
        pytest.fail(f"doctor: exit {done.returncode}, expected {status}\n{done.stdout}{done.stderr}")
    findings: list[Finding] = json.loads(done.stdout)["findings"]
    return findings


def problems(findings: list[Finding]) -> list[str]:
    return [f"[{one['check']}] {one['message']}" for one in findings if one["verdict"] == "problem"]


def evidence(findings: list[Finding], check: str) -> str:
    return "\n".join(line for one in findings if one["check"] == check for line in one["evidence"])


def two() -> dict[str, Any]:
    described = stateless()
    described["services"]["auth-service"]["replicas"] = 2
    return described


@pytest.mark.always
def test_of_a_sound_deployment_nothing_is_told_and_an_edited_object_by_its_name(
    release: Release,
) -> None:
    name = release.namespace.name
    release.write_profile("own", two())
    release.generate("--profile", "own")
    [bare] = problems(doctor(release, 1))
    assert bare == "[cluster] the namespace has nothing of the deployment"

    started(release, two())
    before = release.running()
    found = doctor(release, 0)
    assert found[0]["message"] == f"kubectl talks to the context `tests`, namespace `{name}`"
    assert problems(found) == []
    messages = [one["message"] for one in found if one["verdict"] == "ok"]
    for expected in (
        "2 of 2 pods of `auth-service` are ready",
        "1 of 1 pods of `postgres` are ready",
        "each Secret is there that pods name",
        "the cluster is as the files say",
    ):
        assert expected in messages
    assert any("of the claim `postgres-data-postgres-0`" in one["message"] for one in found), "its volume is measured"
    assert release.running() == before, "doctor changed something"

    release.namespace.kubectl("scale", "deployment/auth-service", "--replicas=1")
    patch = {"stringData": {"AUTH_SERVICE__DB_URL": "by-hand-in-the-cluster"}}
    [secret] = [one for one in release.namespace.names("secrets") if one.startswith("auth-service-")]
    release.namespace.kubectl("patch", "secret", secret, "--patch", json.dumps(patch))
    found = doctor(release, 1)
    assert [one.partition(" is not in")[0] for one in problems(found)] == [
        "[difference] `deployment/auth-service`",
        f"[difference] `secret/{secret}`",
    ]
    assert evidence(found, "difference").splitlines() == [
        "-  replicas: 1",
        "+  replicas: 2",
    ]
    assert "by-hand" not in json.dumps(found)

    release.namespace.kubectl("scale", "deployment/auth-service", "--replicas=2")
    release.namespace.rolled_out("deployment/auth-service")
    release.namespace.kubectl("delete", "secret", secret)
    found = problems(doctor(release, 1))
    assert f"[references] `auth-service` names the Secret `{secret}`, which is not there" in found
    assert f"[difference] `secret/{secret}` of the files is not in the cluster" in found
    release.apply()
    assert problems(doctor(release, 0)) == []


@pytest.mark.always
def test_why_new_pods_do_not_come_is_told_while_the_old_ones_serve(
    release: Release,
) -> None:
    started(release, stateless())
    broken = stateless()
    broken["services"]["auth-service"]["image"] = BROKEN
    broken["services"]["agent-runtime"]["limits"] = {"memory": "900g"}
    broken["services"]["failing"] = {
        "image": stock.SERVICE,
        "user": SERVICE_USER,
        "command": ["sh", "-c", "echo no; exit 7"],
    }
    generate(release, broken)
    release.apply()

    def is_told() -> bool:
        found = problems(doctor(release, 0, 1))
        told = ("does not get its image", "finds no node", "ends and is started again")
        return all(any(words in one for one in found) for words in told)

    release.namespace.cluster.until("doctor tells all three", is_told)
    found = doctor(release, 1)
    by_service = {
        one["message"].split("`")[1]: one for one in found if one["check"] == "pods" and one["verdict"] == "problem"
    }
    image, place, end = (by_service[name] for name in ("auth-service", "agent-runtime", "failing"))
    assert image["message"].endswith("; 1 pod of it goes on serving")
    assert image["evidence"][0] == f"image: {BROKEN}"
    assert place["message"].endswith(" finds no node (Unschedulable); 1 pod of it goes on serving")
    assert "Insufficient memory" in place["evidence"][0]
    assert "ended with exit code 7" in end["message"]
    assert end["evidence"] == ["no"]
    assert len(problems(found)) == 3


def test_what_the_operator_makes_is_looked_at(release: Release, operator: None) -> None:
    """A Database that asks for what can't be is told with the operator's words."""
    del operator
    described = stateless(operator="cloudnative-pg", instances=1, access="per_service")
    generate(release, described)
    release.apply()
    release.settle(300)
    release.namespace.kubectl("wait", "cluster/postgres", "--for=condition=Ready", "--timeout=180s")

    def is_sound() -> bool:
        found = doctor(release, 0, 1)
        return sum(one["message"].endswith(" is in line") for one in found) == 4

    release.namespace.cluster.until("roles and databases are in line", is_sound)
    assert any(one["check"] == "certificates" and one["verdict"] == "ok" for one in doctor(release, 0))

    release.namespace.kubectl(
        "patch",
        "database/postgres-auth-db",
        "--type=merge",
        '--patch={"spec":{"owner":"nobody-there"}}',
    )

    def is_told() -> bool:
        found = release.namespace.finish([str(release.binary), "doctor", "--out", "deploy"], cwd=release.root)
        return "[operator] the database of `postgres-auth-db` is not in line" in found.stdout

    release.namespace.cluster.until("the operator refuses it", is_told)
    found = doctor(release, 1)
    assert "nobody-there" in evidence(found, "operator")
    assert any("[difference] `database/postgres-auth-db`" in one for one in problems(found))
