"""The PostgreSQL server on Kubernetes, as far as no cluster is needed: manifests against the operator's own schemas, the
script against real servers, and who comes into which database.

What these tests know:

* the operator's CRDs are in its Go module; what they do not list the API server would drop without a word, so here it is a
  fault;
* of `pg_hba.conf` the operator writes its own lines before those of a `Cluster`, and one that lets everybody in by a
  password behind them;
* `kubectl kustomize` needs no cluster.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import jsonschema
import pytest
import trustme
import yaml

from cases import write_profile
from init_script import MARK, Deployment, clean, databases, extensions, stand_in
from postgres_server import Certificate, Postgres, PostgresServer
from programs import PATIENCE, SCRUBBED, Generate, run

OPERATOR = "github.com/cloudnative-pg/cloudnative-pg@v1.30.0"

SERVICES = {
    "agent-runtime": {"image": "agent:1", "user": "1000:1000", "database": {"postgres": "agent_runtime"}},
    "auth-service": {
        "image": "auth:1",
        "user": "1000:1000",
        "database": {"postgres": {"name": "auth_db", "extensions": ["citext"], "connection_limit": 20}},
    },
}
SINGLE = {"image": "postgres:17", "user": "shop", "storage": "10Gi"}
OPERATED = {**SINGLE, "operator": "cloudnative-pg"}
EXTERNAL = {"user": "shop", "external": {"host": "db.example.com"}}


def profile(folder: Path, postgres: dict[str, Any], **more: Any) -> Path:
    """A profile of its own, for Kubernetes."""
    whole = {
        "format": 1,
        "project": "shop",
        "stage": "staging",
        "target": "kubernetes",
        "engine": "postgres",
        "services": SERVICES,
        "postgres": {"access": "per_service", **postgres},
        **more,
    }
    path = folder / "profiles" / "cluster.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def objects(folder: Path) -> list[dict[str, Any]]:
    """What the server's manifest says."""
    return list(yaml.safe_load_all((folder / "kubernetes" / "postgres.yaml").read_text(encoding="utf-8")))


def of_kind(folder: Path, kind: str) -> dict[str, dict[str, Any]]:
    return {found["metadata"]["name"]: found for found in objects(folder) if found["kind"] == kind}


@pytest.fixture(scope="module")
def schemas() -> dict[str, dict[str, Any]]:
    """The schema of each kind of the operator, by which every key that it does not list is wrong."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("Go is missing: https://go.dev/dl/")
    asked = subprocess.run(
        [go, "mod", "download", "-json", OPERATOR], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    folder = Path(json.loads(asked.stdout)["Dir"], "config", "crd", "bases")
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in folder.glob("*.yaml")]
    return {crd["spec"]["names"]["kind"]: closed(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]) for crd in found}


def closed(schema: Any) -> Any:
    """A schema that takes no key that it does not list; the metadata of an object is the API server's own."""
    match schema:
        case list():
            return [closed(item) for item in schema]
        case {"properties": dict(properties)}:
            inner = {name: closed(item) for name, item in properties.items()}
            kept = {name: closed(item) for name, item in schema.items() if name != "properties"}
            open_ended = "additionalProperties" in schema or "x-kubernetes-preserve-unknown-fields" in schema
            return {**({} if open_ended else {"additionalProperties": False}), **kept, "properties": inner}
        case dict():
            return {name: closed(item) for name, item in schema.items()}
        case _:
            return schema


def faults(found: dict[str, Any], schemas: dict[str, dict[str, Any]]) -> list[str]:
    return [error.message for error in jsonschema.Draft7Validator(schemas[found["kind"]]).iter_errors(found)]


@pytest.mark.parametrize(
    ("postgres", "more"),
    [
        (OPERATED, {}),
        ({**OPERATED, "access": "shared", "instances": 1}, {}),
        ({**OPERATED, "instances": 2, "storage": {"size": "500Mi", "class": "fast"}}, {"stage": "development"}),
        (
            {
                **OPERATED,
                "image": "registry.example.com/pg:17.2-extras",
                "version": 17,
                "settings": {"max_connections": 300, "work_mem": "8MB", "shared_preload_libraries": "pg_stat_statements, auto_explain"},
                "limits": {"memory": "2g", "cpus": "1.5"},
            },
            {"image_pull_secrets": ["registry-login"]},
        ),
    ],
    ids=["three", "one, shared", "two", "settings"],
)
def test_the_operator_knows_every_key(
    postgres: dict[str, Any], more: dict[str, Any], tmp_path: Path, generate: Generate, schemas: dict[str, dict[str, Any]]
) -> None:
    generate(profile(tmp_path, postgres, **more), tmp_path)
    found = [each for each in objects(tmp_path) if each["apiVersion"] == "postgresql.cnpg.io/v1"]
    kinds = [each["kind"] for each in found]
    roles = 1 if postgres.get("access") == "shared" else 2
    assert kinds == ["Cluster", *["DatabaseRole"] * roles, "Database", "Database"]
    assert [fault for each in found for fault in faults(each, schemas)] == []
    found[0]["spec"]["instances"] = "3"
    found[1]["spec"]["connectionsLimit"] = 3
    assert len(faults(found[0], schemas)) == 1, "the schema finds a number in quotes"
    assert len(faults(found[1], schemas)) == 1, "the schema finds a mistyped key"


def test_each_role_and_database_is_told_to_the_operator(tmp_path: Path, generate: Generate) -> None:
    generate(profile(tmp_path, OPERATED), tmp_path)
    roles = of_kind(tmp_path, "DatabaseRole")
    told = {role["spec"]["name"]: role["spec"].get("connectionLimit") for role in roles.values()}
    assert told == {"agent_runtime": None, "auth_service": 20}
    owners = {found["spec"]["name"]: found["spec"]["owner"] for found in of_kind(tmp_path, "Database").values()}
    assert owners == {"agent_runtime": "agent_runtime", "auth_db": "auth_service"}
    kustomization = yaml.safe_load((tmp_path / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))
    made = {each["name"]: each for each in kustomization["secretGenerator"]}
    for name, role in roles.items():
        assert role["spec"]["passwordSecret"] == {"name": name}
        [username], [file] = made[name]["literals"], made[name]["files"]
        assert (made[name]["type"], username) == ("kubernetes.io/basic-auth", f"username={role['spec']['name']}")
        assert (tmp_path / "kubernetes" / file.removeprefix("password=")).is_file()
        assert made[name]["options"] == {"disableNameSuffixHash": True, "labels": {"cnpg.io/reload": "true"}}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def encrypting(postgres_15: Postgres, authority: trustme.CA) -> Iterator[PostgresServer]:
    issued = authority.issue_cert("localhost")
    chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
    with PostgresServer(postgres_15, certificate=Certificate(chain, issued.private_key_pem.bytes())) as server:
        yield server


async def comes_in(server: PostgresServer, role: str, database: str, *, encrypted: bool = True) -> bool:
    """Whether a role comes into a database with its own password."""
    password = f"{MARK} of {role}"
    try:
        connection = await asyncpg.connect(
            host="localhost",
            port=server.port,
            user=role,
            password=password,
            database=database,
            ssl="require" if encrypted else "disable",
        )
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    await connection.close()
    return True


@pytest.mark.parametrize("access", ["per_service", "shared"])
async def reached(server: PostgresServer) -> set[tuple[str, str]]:
    raise NotImplementedError
