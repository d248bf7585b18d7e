"""Each built-in profile, with what a cluster needs besides, comes up in a restricted namespace and keeps its rows."""

from collections.abc import Callable
from typing import Any

import pytest

import stock
from release import DATABASES, SEEDS, SERVICES, Release, services

# Which engine the built-in profiles give to each service.
ENGINES = {
    "dev-sqlite": {"agent-runtime": "sqlite", "auth-service": "sqlite"},
    "prod-postgres": {"agent-runtime": "postgres", "auth-service": "postgres"},
    "mixed": {"agent-runtime": "sqlite", "auth-service": "postgres"},
}

# All of it means something to YAML, kustomize, shells, URLs or SQL, and spaces stand at both ends.
HOSTILE = """ it's "quoted" 100% $HOME $(id) `id` a@b:c/d?e#f &g=h+i,j;k\\l!m^n(o)[p]{q}<r>|s~t """
WRONG_PASSWORD = "28P01"


def profile(base: str, **more: Any) -> dict[str, Any]:
    """A built-in profile with images, named volumes, their sizes, and numeric users; for `restricted` in staging."""
    described: dict[str, Any] = {"extends": f"builtin:{base}", "stage": "staging", "services": services()}
    if "postgres" in ENGINES[base].values():
        described["postgres"] = {"image": stock.POSTGRES, "storage": "1Gi", **more}
    return described


def test_as_they_stand_everything_that_is_missing_is_said_in_one_run(release: Release) -> None:
    said = release.generate("--profile", "prod-postgres", "--set", "target=kubernetes", status=3).notes
    for cure in ("add `image: REGISTRY/NAME:TAG`", "write `user: ", "mount a named volume: "):
        assert said.count(cure) == len(SERVICES), cure
    assert "write `storage: 10Gi` in the `postgres` section" in said


@pytest.mark.always
@pytest.mark.parametrize("base", ENGINES)
def test_a_profile_comes_up_and_keeps_its_rows(release: Release, base: str) -> None:
    """From nothing by the printed command; applying again changes nothing; rows outlive their pods."""
    release.write_profile("own", profile(base))
    generated = release.generate("--profile", "own", env={"POSTGRES_PASSWORD": HOSTILE})
    release.run_printed(generated)
    release.settle()
    for service in SERVICES:
        assert release.read(service) == SEEDS
        release.write(service, HOSTILE)
        assert release.read(service) == [*SEEDS, HOSTILE]
    for service, engine in ENGINES[base].items():
        if engine == "postgres":
            assert release.login(HOSTILE, DATABASES[service]) == "in"
            assert release.login(HOSTILE.strip(), DATABASES[service]) == WRONG_PASSWORD

    before = release.running()
    assert release.difference() == ""
    generations = release.generations()
    release.apply()
    release.generate("--profile", "own", "--check")
    assert release.generations() == generations
    assert release.running() == before

    release.namespace.kubectl("delete", "pods", "--all", "--grace-period=5")
    release.settle()
    assert not release.running().keys() & before.keys() or "postgres-0" in release.running()
    for service in SERVICES:
        assert release.read(service) == [*SEEDS, HOSTILE]


def test_two_deployments_share_nothing(releases: Callable[[], Release]) -> None:
    first, second = releases(), releases()
    for one in (first, second):
        one.write_profile("own", profile("mixed"))
        one.run_printed(one.generate("--profile", "own"))
        one.settle()
    for service in SERVICES:
        first.write(service, "only in the first")
        assert second.read(service) == SEEDS
    address = first.namespace.get("service", "auth-service")["spec"]["clusterIP"]
    assert second.client("agent-runtime", "reach", address, "8003").strip() == "unreachable"
