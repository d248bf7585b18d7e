"""What a security linter for Compose files finds: nothing high, and only what the profile leaves to its user.

docs/containers.md, 'What confines a container', says why each of the findings is left.
"""

import json
from pathlib import Path

import pytest

from cases import write_profile
from programs import Generate, run, tool

UNPINNED, CAPABILITIES, WRITABLE, UNLIMITED = "CL-0019", "CL-0006", "CL-0007", "CL-0026"
SERVICES = ("agent-runtime", "auth-service")
SERVER = ("postgres", "postgres-ensure")

Findings = set[tuple[str, str, str]]


def findings(folder: Path) -> Findings:
    """Severity, rule and service of each finding."""
    said = run(tool("compose-lint"), "--format", "json", "--fail-on", "high", "docker-compose.yml", cwd=folder).stdout
    return {(found["severity"], found["rule_id"], found["service"]) for found in json.loads(said)["findings"]}


def pinned(services: tuple[str, ...]) -> Findings:
    return {("medium", UNPINNED, name) for name in services}


@pytest.mark.quick
@pytest.mark.parametrize("stage", ["production", "staging"])
def test_only_what_is_the_users_choice_is_found(tmp_path: Path, generate: Generate, stage: str) -> None:
    generate("prod-postgres", tmp_path, "--set", f"stage={stage}")
    left = {(CAPABILITIES, "medium"), (UNLIMITED, "medium"), (WRITABLE, "low")}
    of_services = {(severity, rule, name) for rule, severity in left for name in SERVICES}
    assert findings(tmp_path) == of_services | pinned(SERVER)


def test_with_all_that_a_profile_can_say_only_digests_are_left(tmp_path: Path, generate: Generate) -> None:
    limits = {"memory": "512m", "cpus": "0.5", "pids": 100}
    strict = {"hardening": "strict", "limits": limits, "user": "1000:1000"}
    profile = write_profile(tmp_path, {"services": dict.fromkeys(SERVICES, strict)})
    generate(profile, tmp_path)
    assert findings(tmp_path) == pinned(SERVER)

    digest = "postgres:16-alpine@sha256:" + "0123456789abcdef" * 4
    generate(profile, tmp_path, "--set", f"postgres.image={digest}")
    assert findings(tmp_path) == set()


def test_a_development_deployment_would_be_found(tmp_path: Path, generate: Generate) -> None:
    """The linter does find what is not there."""
    generate("mixed", tmp_path)
    assert ("medium", "CL-0003", "postgres") in findings(tmp_path)
