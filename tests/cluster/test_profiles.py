"""Each built-in profile, with what a cluster needs besides, comes up in a restricted namespace and keeps its rows."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import stock
from release import DATABASES, SEEDS, SERVICE_USER, SERVICES, Release, services

README = Path(__file__).resolve().parents[2] / "README.md"

# Which engine each profile gives to its services.
ENGINES = {
    "dev-sqlite": {"agent-runtime": "sqlite", "auth-service": "sqlite"},
    "prod-postgres": {"agent-runtime": "postgres", "auth-service": "postgres"},
    "mixed": {"agent-runtime": "sqlite", "auth-service": "postgres"},
    "README": {"api": "postgres"},
}
NAMES = {**DATABASES, "api": "api"}
WITH_SERVER = [base for base, engines in ENGINES.items() if "postgres" in engines.values()]
# What README's profile says by `access`, and the built-in ones do not.
PASSWORD = "POSTGRES_PASSWORD"
OF_API = "API__DB_PASSWORD"

# All of it means something to YAML, kustomize, shells, URLs or SQL, and spaces stand at both ends.
HOSTILE = """ it's "quoted" 100% $HOME $(id) `id` a@b:c/d?e#f &g=h+i,j;k\\l!m^n(o)[p]{q}<r>|s~t """
WRONG_PASSWORD = "28P01"


def profile(base: str, **more: Any) -> dict[str, Any]:
    """A profile with images, named volumes, their sizes, and numeric users; for `restricted` in staging."""
    server = {"image": stock.POSTGRES, **({} if "external" in more else {"storage": "1Gi"}), **more}
    return {
        "extends": f"builtin:{base}" if base != "README" else "./shop.yaml",
        "stage": "staging",
        "services": services() if base != "README" else of_readme(),
        **({"postgres": server} if base in WITH_SERVER else {}),
    }


def of_readme() -> dict[str, Any]:
    """What its service lacks besides, and what tells the stand-in for it where to listen."""
    told = {"image": stock.SERVICE, "user": SERVICE_USER, "storage": "1Gi", "environment": {"PORT": "8000"}}
    return {"api": told}


def write_readme(release: Release) -> None:
    """The profile that stands in README.md, as it stands there."""
    text = README.read_text(encoding="utf-8")
    [found] = re.findall(r"^<!-- file: shop\.yaml -->\n```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    release.root.joinpath("profiles").mkdir(exist_ok=True)
    release.root.joinpath("profiles", "shop.yaml").write_text(found, encoding="utf-8")


def write(release: Release, described: dict[str, Any]) -> None:
    if described["extends"] == "./shop.yaml":
        write_readme(release)
    release.write_profile("own", described)


def keeps_rows(release: Release, base: str) -> None:
    """Each service writes and reads by its own URL."""
    for service in ENGINES[base]:
        assert release.read(service) == SEEDS
        release.write(service, HOSTILE)
        assert release.read(service) == [*SEEDS, HOSTILE]


@pytest.mark.parametrize("base", ENGINES)
def test_as_they_stand_everything_that_is_missing_is_said_in_one_run(release: Release, base: str) -> None:
    if base == "README":
        write_readme(release)
    named = base if base != "README" else "./profiles/shop.yaml"
    said = release.generate("--profile", named, "--set", "target=kubernetes", status=3).notes
    count = len(ENGINES[base])
    cures = {"write `user: ": 0 if base in ("dev-sqlite", "mixed") else count}  # which are of development
    cures |= {"add `image: REGISTRY/NAME:TAG`": count, "mount a named volume: ": count} if base != "README" else {}
    cures |= {"write `storage: 10Gi` in the `postgres` section": int(base in WITH_SERVER)}
    assert {cure: said.count(cure) for cure in cures} == cures


@pytest.mark.always
@pytest.mark.parametrize("base", ENGINES)
def test_a_profile_comes_up_and_keeps_its_rows(release: Release, base: str) -> None:
    """From nothing by the printed command; applying again changes nothing; rows outlive their pods."""
    write(release, profile(base))
    generated = release.generate("--profile", "own", env={PASSWORD: HOSTILE, OF_API: HOSTILE})
    release.run_printed(generated)
    release.settle()
    keeps_rows(release, base)
    for service, engine in ENGINES[base].items():
        if engine == "postgres":
            user = "api" if base == "README" else "codelab"
            assert release.login(HOSTILE, NAMES[service], user, by=service) == "in"
            assert release.login(HOSTILE.strip(), NAMES[service], user, by=service) == WRONG_PASSWORD

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
    for service in ENGINES[base]:
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
