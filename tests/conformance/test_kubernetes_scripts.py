"""The scripts for the databases of a deployment on Kubernetes, as far as no cluster is needed."""

import json
from pathlib import Path
from typing import Any

import pytest

from programs import Generate, run, tool

SERVERS: dict[str, dict[str, Any]] = {
    "in-a-pod": {"storage": "1Gi"},
    "operated": {"operator": "cloudnative-pg", "storage": "1Gi"},
    "elsewhere": {"external": {"host": "db.example.com", "ca_secret": "db-ca"}},
}


@pytest.fixture(params=SERVERS)
def scripts(request: pytest.FixtureRequest, tmp_path: Path, generate: Generate) -> Path:
    """Their folder, beside one with manifests."""
    service = {"image": "api:1", "user": "1000:1000", "database": {"postgres": "api"}}
    profile = {
        "format": 1,
        "project": "shop",
        "stage": "staging",
        "target": "kubernetes",
        "image_pull_secrets": ["registry-login"],
        "services": {"api": service},
        "postgres": {"image": "postgres:17", "user": "shop", "access": "per_service", **SERVERS[request.param]},
    }
    path = tmp_path / "profiles" / "case.yaml"
    path.parent.mkdir()
    path.write_text(json.dumps(profile), encoding="utf-8")
    generate(path, tmp_path / "deploy", cwd=tmp_path)
    return tmp_path / "deploy" / "scripts" / "db"


def test_linters_have_nothing_to_say_and_nothing_reaches_for_docker(scripts: Path) -> None:
    names = sorted(path.name for path in scripts.glob("*.sh"))
    assert names == ["backup.sh", "databases.sh", "postgres.sh", "psql.sh", "reach.sh", "reindex.sh", "restore.sh"]
    for command in (("shellcheck", "--norc"), ("shfmt", "-d", "-i", "2")):
        done = run(tool(command[0]), *command[1:], *names, cwd=scripts)
        assert (done.stdout, done.stderr) == ("", "")
    for name in names:
        assert "docker " not in scripts.joinpath(name).read_text(encoding="utf-8").replace("docker exec`", ""), name


def test_what_is_typed_wrongly_and_a_question_need_no_cluster(scripts: Path) -> None:
    for name in ("backup", "psql", "reindex", "restore"):
        script = str(scripts / f"{name}.sh")
        assert run("/bin/bash", script, "--help", cwd=scripts).stdout.startswith(f"usage: scripts/db/{name}.sh ")
    done = run("/bin/bash", str(scripts / "backup.sh"), "--kepp", cwd=scripts, status=2)
    assert done.stderr.startswith("backup: there is no option --kepp\n")
