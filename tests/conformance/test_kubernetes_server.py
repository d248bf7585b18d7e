"""The PostgreSQL server on Kubernetes, as far as no cluster is needed: manifests against the operator's own schemas,
the script against real servers, and who comes into which database.

What these tests know:

* the operator's CRDs are in its Go module; what they do not list the API server would drop without a word, so here it
  is a fault;
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

import jsonschema
import pytest
import trustme
import yaml

from init_script import MARK, Deployment, clean, databases, extensions
from manifests import broken_rules, named, pod
from postgres_server import Certificate, Postgres, PostgresServer
from programs import PATIENCE, SCRUBBED, Generate, run, tool

OPERATOR = "github.com/cloudnative-pg/cloudnative-pg@v1.30.0"

SERVICES = {
    "agent-runtime": {"image": "agent:1", "user": "1000:1000", "database": {"postgres": "agent_runtime"}},
    "auth-service": {
        "image": "auth:1",
        "user": "1000:1000",
        "database": {"postgres": {"name": "auth_db", "extensions": ["citext"]}},
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
    versions = {crd["spec"]["names"]["kind"]: crd["spec"]["versions"][0] for crd in found}
    return {kind: closed(version["schema"]["openAPIV3Schema"]) for kind, version in versions.items()}


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
                "settings": {"max_connections": 300, "shared_preload_libraries": "pg_stat_statements, auto_explain"},
                "limits": {"memory": "2g", "cpus": "1.5"},
            },
            {"image_pull_secrets": ["registry-login"]},
        ),
    ],
    ids=["three", "one, shared", "two", "settings"],
)
def test_the_operator_knows_every_key(
    postgres: dict[str, Any],
    more: dict[str, Any],
    tmp_path: Path,
    generate: Generate,
    schemas: dict[str, dict[str, Any]],
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
    limit = "services.auth-service.database.postgres.connection_limit=20"
    generate(profile(tmp_path, OPERATED), tmp_path, "--set", limit)
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


def password_of(role: str) -> str:
    return f"{MARK} of {role}"


def comes_in(server: PostgresServer, role: str, database: str, sslmode: str) -> bool:
    """Whether a role comes into a database by its own password."""
    words = [server.psql, "-Xqc", "SELECT", "-h", "localhost", "-p", str(server.port), "-U", role, "-d", database]
    env = {**SCRUBBED, "PGPASSWORD": password_of(role), "PGSSLMODE": sslmode}
    tried = subprocess.run(words, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert tried.returncode == 0 or "pg_hba.conf rejects connection" in tried.stderr, tried.stderr
    return tried.returncode == 0


@pytest.mark.parametrize("access", ["per_service", "shared"])
def test_a_role_comes_into_no_database_but_its_own(
    access: str, tmp_path: Path, generate: Generate, encrypting: PostgresServer
) -> None:
    generate(profile(tmp_path, {**OPERATED, "access": access}), tmp_path)
    [cluster] = of_kind(tmp_path, "Cluster").values()
    owners = {found["spec"]["name"]: found["spec"]["owner"] for found in of_kind(tmp_path, "Database").values()}
    # as restore.sh calls each one until it has all of it
    owners |= {f"{database}_restoring": owner for database, owner in owners.items()}
    made_with = cluster["spec"]["bootstrap"]["initdb"]
    roles = {*owners.values(), made_with["owner"], "stranger"}
    clean(encrypting)
    for role in roles:
        encrypting.query(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{password_of(role)}'")
    for database, owner in {**owners, made_with["database"]: made_with["owner"], "strange": "stranger"}.items():
        encrypting.query(f'CREATE DATABASE "{database}" OWNER "{owner}"')
    hba = encrypting.data_dir / "pg_hba.conf"
    before = hba.read_text(encoding="utf-8")
    # as the operator does it, but for the superuser of the tests, who comes by the socket
    lines = ["local all all trust", *cluster["spec"]["postgresql"]["pg_hba"], "host all all all scram-sha-256"]
    hba.write_text("\n".join([*lines, ""]), encoding="utf-8")
    try:
        encrypting.query("SELECT pg_reload_conf()")
        assert encrypting.query("SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL") == ["0"]
        everywhere = [*owners, made_with["database"], "strange", "postgres", "template1"]
        found = {
            (role, database, ssl)
            for role in roles
            for database in everywhere
            for ssl in ("require", "disable")
            if comes_in(encrypting, role, database, ssl)
        }
    finally:
        hba.write_text(before, encoding="utf-8")
        encrypting.query("SELECT pg_reload_conf()")
    assert found == {(owner, database, "require") for database, owner in owners.items()}


def passwords(folder: Path) -> dict[str, str]:
    """What the files of secrets hold, by their names in the profile."""
    files = (folder / "kubernetes" / "secrets").iterdir()
    return {file.name.upper(): file.read_text(encoding="utf-8") for file in files}


def test_the_container_beside_the_server_brings_it_in_line(deployment: Deployment) -> None:
    folder = deployment.folder / "cluster"
    made = {f"{name}_PASSWORD": f"{MARK} it's {name}" for name in ("AGENT_RUNTIME__DB", "AUTH_SERVICE__DB", "POSTGRES")}
    postgres = {**SINGLE, "user": deployment.server.superuser}
    deployment.generate(profile(folder, postgres), folder, env=made)
    assert {key: value for key, value in passwords(folder).items() if key.endswith("PASSWORD")} == made
    [pod] = [found["spec"]["template"]["spec"] for found in of_kind(folder, "StatefulSet").values()]
    [ensure] = [container for container in pod["containers"] if container["name"] == "ensure"]
    mounted = {mount["name"]: mount["mountPath"] for mount in ensure["volumeMounts"]}
    secrets = folder / "kubernetes" / "secrets"
    environment: dict[str, str | None] = dict.fromkeys(made)
    for variable in ensure["env"]:
        name = variable["name"]
        if "value" in variable:
            value = variable["value"]
            inside = f"{mounted['passwords']}/{name.removesuffix('_FILE')}"
            environment[name] = str(secrets / name.removesuffix("_FILE").lower()) if value == inside else value
        else:
            key = variable["valueFrom"]["secretKeyRef"]["key"]
            environment[name] = (secrets / key.lower()).read_text(encoding="utf-8")
    script = folder / "kubernetes" / "init-postgres.sh"
    for _ in range(2):
        status, output = deployment.finish(deployment.start(["bash", str(script)], **environment))
        assert status == 0, output
    superuser = deployment.server.superuser
    owned = ["agent_runtime|agent_runtime", "auth_db|auth_service", f"{superuser}|{superuser}"]
    assert databases(deployment.server) == owned
    assert extensions(deployment.server, "auth_db") == ["citext"]
    assert deployment.can_log_in("auth_service", made["AUTH_SERVICE__DB_PASSWORD"], "auth_db")
    assert not deployment.can_log_in("auth_service", made["AUTH_SERVICE__DB_PASSWORD"], "agent_runtime")

    # a file that somebody has changed alone does not fit the URL, and nothing is changed
    (secrets / "auth_service__db_password").write_text(f"{MARK} of nobody", encoding="utf-8")
    status, output = deployment.finish(deployment.start(["bash", str(script)], **environment))
    assert status != 0
    assert "the password in AUTH_SERVICE__DB_URL is not that of AUTH_SERVICE__DB_PASSWORD" in output
    assert "nothing was changed" in output and "docker" not in output and ".env" not in output
    assert deployment.can_log_in("auth_service", made["AUTH_SERVICE__DB_PASSWORD"], "auth_db")


def test_an_administrator_runs_the_script_with_the_files_beside_it(
    tmp_path: Path, generate: Generate, encrypting: PostgresServer, authority: trustme.CA
) -> None:
    clean(encrypting)
    encrypting.query("CREATE ROLE admin LOGIN CREATEROLE CREATEDB PASSWORD 'of the admin'")
    external = {"user": "shop", "external": {"host": "localhost", "port": encrypting.port, "ca_secret": "db-ca"}}
    plain = {**SERVICES["auth-service"], "database": {"postgres": "auth_db"}}
    generate(profile(tmp_path, external, services={"auth-service": plain}), tmp_path)
    script = (tmp_path / "kubernetes" / "init-postgres.sh").read_text(encoding="utf-8")
    [line] = re.findall(r"^#   (.+)$", script, re.MULTILINE)
    assert line == "INIT_POSTGRES_USER=admin bash kubernetes/init-postgres.sh"
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    path = f"{encrypting.bin_dir}:{SCRUBBED['PATH']}"
    env = {"PATH": path, "PGPASSWORD": "of the admin", "PGSSLROOTCERT": str(ca)}
    run("/bin/bash", "-ec", line, cwd=tmp_path, env=env)
    assert databases(encrypting) == ["auth_db|auth_service"]
    kept = passwords(tmp_path)["AUTH_SERVICE__DB_PASSWORD"]
    again = run("/bin/bash", "-ec", line, cwd=tmp_path, env={**env, "AUTH_SERVICE__DB_PASSWORD": "another"}, status=1)
    assert "nothing was changed" in again.stderr and kept not in again.stderr + again.stdout


def sent(kubectl: Path, folder: Path) -> list[dict[str, Any]]:
    """What `kubectl apply -k` would send."""
    return list(yaml.safe_load_all(run(kubectl, "kustomize", "kubernetes", cwd=folder).stdout))


def changed(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> set[str]:
    """The objects that are not the same."""
    name = "{0[kind]}/{0[metadata][name]}".format
    old, new = ({name(found): found for found in all_of_them} for all_of_them in (before, after))
    return {found for found in old.keys() | new.keys() if old.get(found) != new.get(found)}


def test_a_changed_password_starts_the_pod_of_the_server_anew_and_the_way_back_does_too(
    tmp_path: Path, generate: Generate, kubectl: Path
) -> None:
    generate(profile(tmp_path, SINGLE), tmp_path)
    first = sent(kubectl, tmp_path)
    assert changed(first, sent(kubectl, tmp_path)) == set()
    file = tmp_path / "kubernetes" / "secrets" / "auth_service__db_password"
    original = file.read_text(encoding="utf-8")
    file.write_text("another", encoding="utf-8")
    second = sent(kubectl, tmp_path)
    kinds = sorted(found.split("/")[0] for found in changed(first, second))
    assert kinds == ["Deployment", "Secret", "Secret", "Secret", "Secret", "StatefulSet"]
    assert "Deployment/auth-service" in changed(first, second)
    file.write_text(original, encoding="utf-8")
    assert changed(first, sent(kubectl, tmp_path)) == set()
    text = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "kubernetes").glob("*.*"))
    assert all(value not in text for value in passwords(tmp_path).values())


def test_what_the_operator_reads_keeps_its_name(tmp_path: Path, generate: Generate, kubectl: Path) -> None:
    generate(profile(tmp_path, OPERATED), tmp_path)
    first = sent(kubectl, tmp_path)
    (tmp_path / "kubernetes" / "secrets" / "auth_service__db_password").write_text("another", encoding="utf-8")
    second = changed(first, sent(kubectl, tmp_path))
    assert "Secret/postgres-role-auth-service" in second
    assert not {"Cluster/postgres", "Secret/postgres-role-agent-runtime", "Deployment/agent-runtime"} & second
    assert "Deployment/auth-service" in second


def test_nothing_is_made_of_files_where_something_else_makes_the_secrets(
    tmp_path: Path, generate: Generate, kubectl: Path
) -> None:
    for postgres in (SINGLE, OPERATED):
        out = tmp_path / ("operated" if "operator" in postgres else "single")
        generate(profile(tmp_path, postgres, secrets_in="external"), out, cwd=tmp_path)
        assert not (out / "kubernetes" / "secrets").exists()
        found = sent(kubectl, out)
        assert "Secret" not in [each["kind"] for each in found]
        text = json.dumps(found)
        assert '"secretKeyRef": {"key": "AUTH_SERVICE__DB_URL", "name": "auth-service"}' in text


@pytest.mark.parametrize("stage", ["development", "staging", "production"])
@pytest.mark.parametrize("image", ["postgres:17", "postgres:18-alpine"])
def test_the_pod_of_the_server_is_restricted_in_every_stage(
    stage: str, image: str, tmp_path: Path, generate: Generate
) -> None:
    generate(profile(tmp_path, {**SINGLE, "image": image}, stage=stage), tmp_path)
    assert broken_rules(pod(named(objects(tmp_path), "StatefulSet", "postgres"))) == []


@pytest.mark.parametrize("postgres", [SINGLE, EXTERNAL], ids=["in a pod", "elsewhere"])
def test_scripts_are_silent_under_the_linters(postgres: dict[str, Any], tmp_path: Path, generate: Generate) -> None:
    generate(profile(tmp_path, postgres), tmp_path)
    scripts = [tmp_path / "kubernetes" / "init-postgres.sh"]
    if postgres is SINGLE:
        [ensure] = [each for each in pod(objects(tmp_path)[0])["containers"] if each["name"] == "ensure"]
        [run_by_bash] = ensure["args"]
        scripts.append(tmp_path / "ensure.sh")
        scripts[-1].write_text(f"#!/bin/bash\n{run_by_bash}", encoding="utf-8")
    assert run(tool("shellcheck"), *scripts, cwd=tmp_path).stdout == ""
    assert run(tool("shfmt"), "-d", "-i", "2", *scripts, cwd=tmp_path).stdout == ""
