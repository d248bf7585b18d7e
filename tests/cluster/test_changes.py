"""What changes while a deployment runs: each time one `kubectl apply -k`, and nothing more than that is changed."""

from typing import Any

import pytest

import stock
from release import DATABASES, SEEDS, SERVICES, Release, stateless
from test_profiles import WRONG_PASSWORD

BROKEN = "codelab-gen-test-nowhere:1"


def started(release: Release, described: dict[str, Any]) -> None:
    generate(release, described)
    release.apply()
    release.settle()


def generate(release: Release, described: dict[str, Any]) -> None:
    release.write_profile("own", described)
    release.generate("--profile", "own")


@pytest.mark.always
def test_a_rotated_password_replaces_the_old_one(release: Release) -> None:
    started(release, stateless())
    old = release.secret("POSTGRES_PASSWORD")
    release.write("agent-runtime", "before the rotation")
    assert release.login(old, "agent_runtime") == "in"

    rotated = release.generate("rotate", "POSTGRES_PASSWORD", "--profile", "own")
    new = release.secret("POSTGRES_PASSWORD")
    assert new != old
    assert release.login(old, "agent_runtime") == "in", "before the printed command nothing has changed"
    release.run_printed(rotated)
    release.settle()
    for database in DATABASES.values():
        assert release.login(new, database) == "in"
        assert release.login(old, database) == WRONG_PASSWORD
    assert release.read("agent-runtime") == [*SEEDS, "before the rotation"]
    release.write("auth-service", "after the rotation")
    assert release.difference() == ""


def test_a_service_is_added_and_removed(release: Release) -> None:
    """What is removed from the profile stays in the cluster until its user removes it, and its data longer."""
    small = stateless()
    started(release, small)
    release.write("agent-runtime", "before")
    before = release.running()

    third = {
        "image": stock.SERVICE,
        "user": "10001:10001",
        "port": 8010,
        "environment": {"PORT": "8010"},
        "healthcheck": {"http": "/health"},
        "database": {"postgres": "third"},
    }
    large = {**small, "services": {**small["services"], "third": third}}
    started(release, large)
    assert release.read("third") == SEEDS
    untouched = {name: identity for name, identity in before.items() if name.startswith(tuple(SERVICES))}
    assert untouched.items() <= release.running().items(), "a new service is no reason to restart the others"
    assert release.read("agent-runtime") == [*SEEDS, "before"]

    release.write_profile("own", small)
    said = release.generate("--profile", "own")
    assert "third" in said.said + said.notes, "what stays is told"
    assert not release.manifests.joinpath("third.yaml").exists()
    release.apply()
    release.settle()
    assert "third" in release.namespace.names("deployments")
    assert release.read("agent-runtime") == [*SEEDS, "before"]


@pytest.mark.always
def test_a_broken_image_leaves_the_old_pods_serving(release: Release) -> None:
    """Its pods never become ready, the old ones stay until then; the former profile rolls it back."""
    working = stateless()
    started(release, working)
    release.write("auth-service", "before")
    before = release.running()

    broken = stateless()
    broken["services"]["auth-service"]["image"] = BROKEN
    generate(release, broken)
    release.apply()

    def is_stuck() -> bool:
        waiting = [
            one["state"].get("waiting", {}).get("reason")
            for pod in release.namespace.pods("auth-service")
            for one in pod["status"].get("containerStatuses", [])
        ]
        return any(reason in ("ErrImagePull", "ImagePullBackOff") for reason in waiting)

    release.namespace.cluster.until("the image is not found", is_stuck)
    assert release.running() == before
    assert release.read("auth-service") == [*SEEDS, "before"]

    generate(release, working)
    release.apply()
    release.settle()
    assert release.running() == before
    assert release.read("auth-service") == [*SEEDS, "before"]


def test_a_changed_setting_restarts_the_server_alone(release: Release) -> None:
    started(release, stateless())
    release.write("agent-runtime", "before")
    before = release.running()
    started(release, stateless(settings={"work_mem": "12MB"}))
    assert release.sql("agent-runtime", "SHOW work_mem") == [["12MB"]]
    after = release.running()
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {"postgres-0"}
    assert release.read("agent-runtime") == [*SEEDS, "before"]
