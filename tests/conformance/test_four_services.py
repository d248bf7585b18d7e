"""Services beyond the two of the built-in profiles, and literals that must arrive as they were written."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from programs import HERE, Generate, Meaning, run, tool

pytestmark = pytest.mark.quick

LITERALS = {
    "VERSION": "1.10",
    "MODE": "0777",
    "ANSWER": "yes",
    "TIME": "12:30:45",
    "DATE": "2024-01-01",
    "EXPONENT": "1e3",
    "HEXADECIMAL": "0x1F",
    "GROUPED": "1_000",
    "TILDE": "~",
    "NOTHING": "null",
    "EMPTY": "",
    "VARIABLE": "$HOME",
    "BRACED": "${HOME:-nowhere}",
    "DOLLARS": "$$ and $",
    "COMMENT": "a: b # c",
    "QUOTES": 'it\'s "quoted" and \\back',
    "LIST": "- x",
    "FLOW": "{a: [b",
    "ALIAS": "*a &b !c %d @e `f`",
    "SPACES": "  both  ",
    "TAB": "a\tb",
    "EMOJI": "😀 привет",
    "NEXT_LINE": "a\u0085b\u2028c",
    "LINES": "first\n  second\n\n",
}


@pytest.fixture
def project(tmp_path: Path, generate: Generate) -> Path:
    """A project's folder with that profile in it, generated."""
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    profile = shutil.copy(HERE / "four_services.yaml", profiles)
    generate(profile, tmp_path)
    return tmp_path


@pytest.fixture
def services(project: Path, meaning: Meaning) -> dict[str, Any]:
    return meaning(project)["services"]


def test_all_six_are_there(services: dict[str, Any]) -> None:
    assert list(services) == ["agent-runtime", "auth-service", "gateway", "postgres", "postgres-ensure", "redis"]


def test_literals_arrive_as_written(services: dict[str, Any]) -> None:
    assert services["gateway"]["environment"] == LITERALS


def test_a_service_without_a_database_gets_nothing_of_one(services: dict[str, Any]) -> None:
    assert {"build", "volumes", "environment", "depends_on"}.isdisjoint(services["redis"])
    assert services["redis"]["image"] == "redis:7.4-alpine"


def test_it_waits_for_what_it_names(services: dict[str, Any]) -> None:
    """For health where there is a health check, else for the start."""
    assert services["gateway"]["depends_on"] == {
        "agent-runtime": {"condition": "service_healthy", "required": True},
        "redis": {"condition": "service_started", "required": True},
    }


def test_only_what_is_published_has_a_port_and_only_on_this_machine(services: dict[str, Any]) -> None:
    def port(published: str, target: int) -> list[dict[str, Any]]:
        return [
            {"mode": "ingress", "host_ip": "127.0.0.1", "target": target, "published": published, "protocol": "tcp"}
        ]

    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"gateway": port("8080", 8000), "redis": port("6380", 6379)}


def test_the_schema_of_the_compose_specification_accepts_it(project: Path) -> None:
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "docker-compose.yml", cwd=project)
