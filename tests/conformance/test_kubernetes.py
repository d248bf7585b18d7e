"""Services on Kubernetes, as far as no cluster is needed: manifests against the schemas of four versions, kustomize, Pod
Security, who reaches whom, and values on their way to a program.

What these tests know:

* kubernetes-validate has the schemas of each version of Kubernetes; with `strict` a key that they do not list is wrong;
* `kubectl kustomize` reads nothing outside of its folder, and puts a hash of its contents behind the name of a Secret;
* what Compose's networks let reach what, `docker compose config` tells.
"""

import base64
import copy
import json
import os
import re
import string
import subprocess
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import kubernetes_validate
import pytest
import yaml

import manifests
from manifests import Network, Object, broken_rules, containers, environment, expanded, named, objects, pod, pods, words
from postgres_server import SUPERUSER_PASSWORD, Postgres, PostgresServer
from programs import LONG, PATIENCE, ROOT, SCRUBBED, Generate, Meaning, run, tool
from values import SEED, hostile_values

VERSIONS = ("1.34", "1.35", "1.36", "1.37")

PASSWORDS = {
    "POSTGRES_PASSWORD": "of the administrator $(c) $$d\"e%",
    "API__DB_PASSWORD": "p@ss:w/rd?#%41&=+ ~ of the api",
    "KEY": "it's {so} *[simple]* and so long",
}

BASE: dict[str, Any] = {"format": 1, "project": "shop", "target": "kubernetes"}

POSTGRES = {"image": "postgres:17", "user": "shop", "access": "per_service", "storage": "10Gi"}


def write(folder: Path, profile: Mapping[str, Any]) -> Path:
    path = folder / "profiles" / "case.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**BASE, **profile}), encoding="utf-8")
    return path


def everything(stage: str) -> dict[str, Any]:
    """A profile with everything that a service can be there."""
    quick = {"interval": "1s", "timeout": "500ms", "start_period": "0s"}
    return {
        "stage": stage,
        "secrets": {"KEY": "generate"},
        "image_pull_secrets": ["registry-login", "other.example.com"],
        "volumes": {"cache": {"storage": {"size": "500Mi", "class": "nfs.example.com", "shared": True}}},
        "postgres": {**POSTGRES, "environment": {"LANG": "C", "TZ": {"env": "ZONE", "default": "UTC"}, "X": {"secret": "KEY"}}},
        "services": {
            "api": {
                "image": "registry.example.com/api:1.4@sha256:" + "0" * 64,
                "user": "1000:1001",
                "entrypoint": ["/bin/tini", "--"],
                "command": ["serve", "$(HOME)", "$$", "two\nlines"],
                "port": 8000,
                "publish": 8080,
                "replicas": 3,
                "volumes": ["cache:/cache", "./conf/app.toml:/etc/app.toml:ro", "./conf/logo.png:/etc/logo.png:ro"],
                "environment": {"KEY": {"secret": "KEY"}, "LEVEL": {"env": "LEVEL", "default": "info"}},
                "healthcheck": {"http": "/health?full=1"},
                "depends_on": ["redis"],
                "labels": {"com.example.team": "a: b # c", "example.com/yes": "no"},
                "stop_grace_period": "1500ms",
                "limits": {"memory": "512m", "cpus": "0.5"},
                "hardening": "strict",
                "database": {"postgres": {"name": "api", "extensions": ["citext", "pgcrypto"]}},
            },
            "notes": {
                "image": "notes:1",
                "user": "1000",
                "data": "notes:/srv",
                "storage": "1Gi",
                "volumes": ["cache:/cache:ro"],
                "outbound": False,
                "healthcheck": {"command": "test -e /srv", **quick},
                "database": {"engine": "sqlite", "sqlite": "/srv/notes.db"},
            },
            "migrate": {
                "image": "api:1.4",
                "user": "1000",
                "command": "migrate --all",
                "replicas": 2,
                "healthcheck": {"command": ["true"]},
                "database": {"postgres": "jobs", "give_url": False},
                "environment": {"PGPASSWORD": {"database": "password"}, "PGHOST": {"database": "host"}},
            },
            "report": {
                "image": "api:1.4",
                "user": "1000",
                "runs": "*/15 8-18 * * 1-5",
                "command": "report",
                "replicas": 2,
                "environment": {"KEY": {"secret": "KEY"}},
                "database": {"postgres": "api"},
            },
            "worker": {"image": "api:1.4", "user": "1000", "depends_on": {"migrate": "completed", "postgres": "healthy"}},
            "redis": {
                "image": "redis:7.4",
                "user": "999",
                "port": 6379,
                "outbound": False,
                "healthcheck": {"command": ["redis-cli", "ping"], **quick},
            },
        },
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the files that a service mounts."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "app.toml").write_text("[app]\nname = \"it's $(NAME) $$\"\n", encoding="utf-8")
    (tmp_path / "conf" / "logo.png").write_bytes(b"\x89PNG\x00\xff")
    return tmp_path


@pytest.mark.parametrize("stage", ["development", "ci", "staging", "production"])
def test_each_version_of_kubernetes_knows_every_key(stage: str, project: Path, generate: Generate) -> None:
    generate(write(project, everything(stage)), project, env=PASSWORDS)
    found = [each for each in objects(project) if "cnpg" not in each["apiVersion"]]
    for each, version in product(found, VERSIONS):
        kubernetes_validate.validate(each, version, strict=True)
    deployment = copy.deepcopy(named(found, "Deployment", "api"))
    deployment["spec"]["template"]["spec"]["enableServiceLink"] = False
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("stage", ["development", "ci", "staging", "production"])
def test_pods_are_restricted(stage: str, project: Path, generate: Generate) -> None:
    generate(write(project, everything(stage)), project, env=PASSWORDS)
    checked = dict(pods(objects(project)))
    assert {name for name in checked if "Job" not in name} >= {f"Deployment {name}" for name in ("api", "notes", "redis")}
    assert {name: broken_rules(each) for name, each in checked.items()} == dict.fromkeys(checked, [])
    for each in checked.values():
        assert (each["automountServiceAccountToken"], each["enableServiceLinks"]) == (False, False)


def test_the_check_finds_each_rule_that_is_broken(project: Path, generate: Generate) -> None:
    generate(write(project, everything("production")), project, env=PASSWORDS)
    sound = pod(named(objects(project), "Deployment", "api"))
    main = len(sound["initContainers"])

    def broken(change: str, value: Any) -> list[str]:
        changed = copy.deepcopy(sound)
        *way, last = change.split(".")
        inner: Any = changed
        for step in way:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        inner[last] = value
        return broken_rules(changed)

    own = f"containers.0.securityContext"
    assert broken("hostNetwork", True) == ["spec.hostNetwork"]
    assert broken("securityContext.runAsUser", 0) == ["spec.securityContext"]
    assert len(broken("securityContext.runAsNonRoot", False)) == main + 1
    assert len(broken("securityContext.seccompProfile", {"type": "Unconfined"})) == main + 1
    assert broken(f"{own}.allowPrivilegeEscalation", True) == ["api: allowPrivilegeEscalation"]
    assert broken(f"{own}.capabilities", {"drop": ["NET_RAW"]}) == ["api: capabilities"]
    assert broken(f"{own}.privileged", True) == ["api: privileged"]
    assert broken("volumes", [{"name": "x", "hostPath": {"path": "/"}}]) == ["volume {'hostPath'}"]


def built(kubectl: Path, project: Path) -> list[Object]:
    """What `kubectl apply -k` would send."""
    return list(yaml.safe_load_all(run(kubectl, "kustomize", "kubernetes", cwd=project).stdout))


def secrets_of(found: list[Object]) -> dict[str, dict[str, str]]:
    decoded = lambda text: base64.b64decode(text).decode()  # noqa: E731
    return {
        each["metadata"]["name"]: {key: decoded(text) for key, text in each["data"].items()}
        for each in found
        if each["kind"] == "Secret"
    }


def test_kustomize_builds_what_the_profile_says(project: Path, generate: Generate, kubectl: Path) -> None:
    generate(write(project, everything("production")), project, env=PASSWORDS)
    found = built(kubectl, project)
    secrets = secrets_of(found)
    of_api = pod(named(found, "Deployment", "api"))
    variables = environment(of_api["containers"][-1], secrets)
    url = "postgresql+asyncpg://api:p%40ss%3Aw%2Frd%3F%23%2541%26%3D%2B%20%7E%20of%20the%20api@postgres:5432/api"
    assert variables == {"API__DB_URL": url, "KEY": PASSWORDS["KEY"], "LEVEL": "info"}
    waits = environment(of_api["initContainers"][0], secrets)
    assert (waits["PGPASSWORD"], waits["PGUSER"]) == (PASSWORDS["API__DB_PASSWORD"], "api")
    [config] = [each for each in found if each["kind"] == "ConfigMap" and each["metadata"]["labels"].get(manifests.NAME) == "api"]
    assert config["data"] == {"app.toml": (project / "conf" / "app.toml").read_text(encoding="utf-8")}
    assert base64.b64decode(config["binaryData"]["logo.png"]) == (project / "conf" / "logo.png").read_bytes()
    [volume] = [each for each in of_api["volumes"] if "configMap" in each]
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    text = "".join(path.read_text(encoding="utf-8") for path in (project / "kubernetes").glob("*.yaml"))
    assert not any(password in text for password in PASSWORDS.values())


def test_the_pods_roll_and_the_job_stays_when_a_secret_changes(project: Path, generate: Generate, kubectl: Path) -> None:
    profile = write(project, everything("production"))
    generate(profile, project, env=PASSWORDS)
    before = built(kubectl, project)
    jobs = project / "kubernetes" / "secrets" / "key"
    jobs.write_text("another value of 32 characters --", encoding="utf-8")
    for path in (project / "kubernetes" / "secrets").glob("*password"):
        path.write_text("another value of 32 characters --", encoding="utf-8")
    generate(profile, project)
    after = built(kubectl, project)
    assert named(before, "Deployment", "api")["spec"] != named(after, "Deployment", "api")["spec"]
    assert named(before, "Job", "migrate") == named(after, "Job", "migrate"), "a Job can't be changed"
    assert named(before, "Deployment", "notes") == named(after, "Deployment", "notes"), "it has no secret"


def test_what_runs_by_a_schedule_is_the_pod_of_a_job_and_follows_its_secret(
    project: Path, generate: Generate, kubectl: Path
) -> None:
    profile = everything("production")
    generate(write(project, profile), project, env=PASSWORDS)
    cron = named(objects(project), "CronJob", "report")
    spec = cron["spec"]
    assert (cron["metadata"]["name"], spec["schedule"], spec["timeZone"]) == ("report", "*/15 8-18 * * 1-5", "Etc/UTC")
    assert spec["concurrencyPolicy"] == "Forbid"
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (1, 3)
    found = built(kubectl, project)
    variables = environment(pod(named(found, "CronJob", "report"))["containers"][0], secrets_of(found))
    assert variables["KEY"] == PASSWORDS["KEY"]
    of_wait = pod(named(found, "CronJob", "report"))["initContainers"][0]
    assert environment(of_wait, secrets_of(found))["PGPASSWORD"] == PASSWORDS["API__DB_PASSWORD"]
    (project / "kubernetes" / "secrets" / "key").write_text("another value of 32 characters --", encoding="utf-8")
    changed = named(built(kubectl, project), "CronJob", "report")
    assert changed["spec"] != named(found, "CronJob", "report")["spec"], "the next pod has the new one"
    profile["services"]["report"]["runs"] = "once"
    profile["services"]["worker"]["depends_on"]["report"] = "completed"
    generate(write(project, profile), project)
    job = named(objects(project), "Job", "report")
    assert job["spec"] == spec["jobTemplate"]["spec"]


def test_the_server_has_the_variables_of_the_profile(project: Path, generate: Generate, kubectl: Path) -> None:
    profile = write(project, everything("staging"))
    generate(profile, project, env={**PASSWORDS, "ZONE": "Europe/Berlin $(X)"})
    found = built(kubectl, project)
    server = pod(named(found, "StatefulSet", "postgres"))["containers"][0]
    variables = environment(server, secrets_of(found))
    assert (variables["LANG"], variables["TZ"], variables["X"]) == ("C", "Europe/Berlin $(X)", PASSWORDS["KEY"])
    checked = generate(profile, project, "--check")
    assert checked.stdout.endswith("as the profile says\n")
    assert "`ZONE` of postgres" in checked.stderr


def test_a_job_has_another_name_when_it_does_something_else(project: Path, generate: Generate) -> None:
    names = set()
    for change in ({}, {"image": "api:1.5"}, {"command": "migrate"}, {"replicas": 3}, {"environment": {"A": "1"}}):
        profile = everything("production")
        profile["services"]["migrate"] |= change
        generate(write(project, profile), project, env=PASSWORDS)
        names.add(named(objects(project), "Job", "migrate")["metadata"]["name"])
        generate(write(project, profile), project)
        assert named(objects(project), "Job", "migrate")["metadata"]["name"] in names
    assert len(names) == 5
    assert all(re.fullmatch(r"migrate-[0-9a-f]{10}", name) for name in names)


def of_the_documents(folder: str) -> tuple[str, dict[str, str]]:
    """The text about Kubernetes, and the files below a folder that stand in it."""
    text = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    return text, dict(re.findall(rf"```text\n# ({folder}/\S+)\n(.*?)```", text, re.DOTALL))


def test_the_overlay_of_the_documents_changes_what_it_names(project: Path, generate: Generate, kubectl: Path) -> None:
    text, files = of_the_documents("edge")
    [profile] = re.findall(r"<!-- file: profiles/cluster.yaml -->\n```yaml\n(.*?)```", text, re.DOTALL)
    (project / "profiles").mkdir()
    (project / "profiles" / "cluster.yaml").write_text(profile, encoding="utf-8")
    generate("cluster", project)
    assert set(files) == {"edge/kustomization.yaml", "edge/ingress.yaml", "edge/route.yaml"}
    (project / "edge").mkdir()
    for name, content in files.items():
        (project / name).write_text(content, encoding="utf-8")
    found = list(yaml.safe_load_all(run(kubectl, "kustomize", "edge", cwd=project).stdout))
    assert pod(named(found, "Deployment", "auth-service"))["priorityClassName"] == "important"
    [ingress] = [each for each in found if each["kind"] == "Ingress"]
    kubernetes_validate.validate(ingress, VERSIONS[-1], strict=True)
    [port] = named(found, "Service", "auth-service")["spec"]["ports"]
    [path] = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": "auth-service", "port": {"number": port["port"]}}
    [rule] = yaml.safe_load(files["edge/route.yaml"])["spec"]["rules"]
    assert rule["backendRefs"] == [{"name": "auth-service", "port": port["port"]}]


def test_the_overlay_of_backups_gives_the_operator_a_destination(
    project: Path, generate: Generate, kubectl: Path
) -> None:
    _, files = of_the_documents("archive")
    assert set(files) == {"archive/kustomization.yaml", "archive/backups.yaml"}
    server = {"user": "shop", "image": "postgres:17", "operator": "cloudnative-pg", "storage": "10Gi"}
    services = {"api": {"image": "a:1", "database": {"postgres": "api"}}}
    generate(write(project, {"stage": "development", "services": services, "postgres": server}), project)
    (project / "archive").mkdir()
    for name, content in files.items():
        (project / name).write_text(content, encoding="utf-8")
    found = list(yaml.safe_load_all(run(kubectl, "kustomize", "archive", cwd=project).stdout))
    [cluster] = [each for each in found if each["kind"] == "Cluster"]
    [schedule] = [each for each in found if each["kind"] == "ScheduledBackup"]
    assert "barmanObjectStore" in cluster["spec"]["backup"]
    assert schedule["spec"]["cluster"]["name"] == cluster["metadata"]["name"]


def reached_on_compose(model: dict[str, Any]) -> tuple[set[tuple[str, str]], set[str]]:
    """Which container meets which on a network, and which has a way out, by what Compose understands."""
    on = {name: set(service.get("networks", {})) for name, service in model["services"].items()}
    inner = {name for name, network in model["networks"].items() if network.get("internal")}
    meets = {(one, other) for one, other in product(on, on) if one != other and on[one] & on[other]}
    return meets, {name for name, networks in on.items() if networks - inner}


@pytest.mark.parametrize("outbound", list(product([True, False], repeat=3)))
def test_who_reaches_whom_is_as_on_compose(
    outbound: tuple[bool, ...], project: Path, generate: Generate, meaning: Meaning
) -> None:
    services = {
        "api": {"image": "a:1", "database": {"postgres": "api"}, "port": 80, "outbound": outbound[0]},
        "plain": {"image": "a:1", "port": 80, "outbound": outbound[1]},
        "waits": {"image": "a:1", "port": 80, "depends_on": {"postgres": "healthy"}, "outbound": outbound[2]},
        "shown": {"image": "a:1", "port": 80, "publish": 8080},
    }
    profile = {"stage": "development", "services": services, "postgres": POSTGRES}
    generate(write(project, {**profile, "target": "compose"}), project / "compose", cwd=project, env=PASSWORDS)
    meets, outside = reached_on_compose(meaning(project / "compose"))
    generate(write(project, profile), project, env=PASSWORDS)
    found = objects(project)
    pods_of = {each["metadata"]["name"]: manifests.labels(each) for each in found if each["kind"] in manifests.WORKLOADS}
    network = Network(found)
    for one, other in product(services, [*services, "postgres"]):
        if one == other:
            continue
        port = 5432 if other == "postgres" else 80
        reaches = network.reaches(pods_of[one], pods_of[other], port)
        assert reaches == ((one, other) in meets), (one, other)
    assert {name for name in services if network.reaches_outside(pods_of[name])} == outside - {"postgres"}
    assert [name for name in pods_of if network.is_reached_from_outside(pods_of[name], 80)] == ["shown"]
    assert not network.is_reached_from_outside(pods_of["postgres"], 5432)
    stranger = {manifests.NAME: "api", "app.kubernetes.io/part-of": "another"}
    assert not network.reaches(stranger, pods_of["plain"], 80)


def scripts(project: Path) -> dict[str, Object]:
    """The containers that wait, by their names."""
    found = [each for _, each in pods(objects(project)) for each in containers(each)]
    return {each["name"]: each for each in found if each["name"].startswith("wait-for-")}


def test_what_waits_is_silent_under_the_linters(project: Path, generate: Generate) -> None:
    generate(write(project, everything("production")), project, env=PASSWORDS)
    found = scripts(project)
    assert set(found) == {"wait-for-database", "wait-for-services"}
    for name, container in found.items():
        script = project / f"{name}.sh"
        script.write_text("#!/usr/bin/env bash\n" + expanded(container["args"][0], {}), encoding="utf-8")
        run(tool("shellcheck"), script, cwd=project)
        run(tool("shfmt"), "-d", "-i", "2", script, cwd=project)


def waits(container: Object, more: Mapping[str, str], *, args: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a container that waits, at the end of its patience: it tries once, or tells what is missing."""
    variables = environment(container, {"api": {"API__DB_PASSWORD": SUPERUSER_PASSWORD}})
    command = [*container["command"], expanded(container["args"][0], {}), *(args or container["args"][1:])]
    return subprocess.run(
        command,
        env={**SCRUBBED, **variables, "SECONDS": "300", **more},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_what_waits_for_the_database_sees_the_end_of_ensure(
    project: Path, generate: Generate, postgres_15: Postgres
) -> None:
    generate(write(project, everything("production")), project, env=PASSWORDS)
    container = scripts_of(project, "api")["wait-for-database"]
    with PostgresServer(postgres_15) as server:
        where = {
            "PATH": f"{server.psql.parent}:{os.defpath}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
        }
        ready = lambda: waits(container, where).returncode  # noqa: E731
        absent = waits(container, {**where, "PGPORT": "1"})
        assert absent.returncode == 1
        assert "refused" in absent.stderr
        assert absent.stderr.splitlines()[-1].startswith("wait-for-database: 127.0.0.1 is not ready after 300 seconds")
        assert ready() == 1, "no role"
        server.query(f"CREATE ROLE api LOGIN PASSWORD '{SUPERUSER_PASSWORD}'")
        server.query("CREATE DATABASE api")
        assert ready() == 1, "the database is another role's"
        server.query("ALTER DATABASE api OWNER TO api")
        assert ready() == 1, "an extension is missing"
        server.query("CREATE EXTENSION citext; ", "api")
        assert ready() == 1, "one of two extensions"
        server.query("CREATE EXTENSION pgcrypto", "api")
        assert ready() == 0
        said = waits(container, where)
        assert SUPERUSER_PASSWORD not in said.stdout + said.stderr + absent.stdout + absent.stderr
        server.query("ALTER ROLE api PASSWORD 'another'")
        assert ready() == 1, "the password is another one"


def test_what_waits_for_the_database_sees_each_right(project: Path, generate: Generate, postgres_15: Postgres) -> None:
    with PostgresServer(postgres_15) as server:
        services = {
            name: {"image": "a:1", "user": "1000", "database": {"postgres": "shop", **({"rights": rights} if rights else {})}}
            for name, rights in {"api": None, "worker": "write", "report": "read"}.items()
        }
        postgres = {**POSTGRES, "user": server.superuser, "database": "postgres"}
        made = {f"{name.upper()}__DB_PASSWORD": SUPERUSER_PASSWORD for name in services}
        made["POSTGRES_PASSWORD"] = SUPERUSER_PASSWORD
        stage = {"stage": "staging", "engine": "postgres"}
        profile = write(project, {**stage, "services": services, "postgres": postgres})
        generate(profile, project, "--allow-weak-secrets", env=made)
        at = {
            "PATH": f"{server.psql.parent}:{os.defpath}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "PGPASSWORD": SUPERUSER_PASSWORD,
        }

        def ready(service: str, **more: str) -> bool:
            container = scripts_of(project, service)["wait-for-database"]
            variables = [each for each in container["env"] if each["name"] != "PGPASSWORD"]
            return waits({**container, "env": variables}, {**at, **more}).returncode == 0

        for name in services:
            server.query(f"CREATE ROLE {name} LOGIN PASSWORD '{SUPERUSER_PASSWORD}'")
        server.query("CREATE DATABASE shop OWNER api")
        # in a new database everybody may connect, and use `public`
        assert [ready(name) for name in services] == [True, False, False]
        script = project / "kubernetes" / "init-postgres.sh"
        # in the container the server is found by its socket
        inside = project / "inside" / "psql"
        inside.parent.mkdir()
        inside.write_text(f'#!/bin/sh\nexec "{server.psql}" -h 127.0.0.1 "$@"\n', encoding="utf-8")
        inside.chmod(0o755)
        superuser = {"POSTGRES_USER": server.superuser, "POSTGRES_DB": "postgres"}
        run("bash", script, cwd=project, env={**at, **made, **superuser, "PATH": f"{inside.parent}:{os.defpath}"})
        assert [ready(name) for name in services] == [True, True, True]
        assert not ready("worker", PGUSER="report"), "who may only read has not what the other needs"
        assert not ready("api", PGUSER="worker")


def scripts_of(project: Path, service: str) -> dict[str, Object]:
    return {each["name"]: each for each in pod(named(objects(project), "Deployment", service))["initContainers"]}


def test_what_waits_for_services_names_the_one_that_is_missing(
    project: Path, generate: Generate, postgres_15: Postgres
) -> None:
    generate(write(project, everything("production")), project, env=PASSWORDS)
    container = scripts_of(project, "api")["wait-for-services"]
    assert container["args"][2:] == ["redis:6379"]
    with PostgresServer(postgres_15) as server:
        there = f"127.0.0.1:{server.port}"
        assert waits(container, {}, args=["wait", there]).returncode == 0
        missing = waits(container, {}, args=["wait", there, "127.0.0.1:1"])
    assert missing.returncode == 1
    assert missing.stderr == "wait-for-services: nothing that is healthy answers at 127.0.0.1:1 after 300 seconds\n"


def test_values_of_the_environment_are_filled_and_kept_where_they_are_not_set(project: Path, generate: Generate) -> None:
    services = {
        "api": {
            "image": "a:1",
            "environment": {"A": {"env": "LEVEL", "default": "info"}, "B": {"env": "REGION"}, "C": "$$(LEVEL)"},
        }
    }
    profile = write(project, {"stage": "development", "services": services})

    def filled() -> dict[str, str]:
        return environment(pod(named(objects(project), "Deployment", "api"))["containers"][0], {})

    refused = subprocess.run(
        [generate_program(), "-p", profile, "-o", project], env=SCRUBBED, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 5
    assert "the environment does not set `REGION`" in refused.stderr
    region = "a$(b) $$ 'c' é"
    told = generate(profile, project, env={"LEVEL": "debug", "REGION": region})
    assert "variable  LEVEL: taken from the environment\n" in told.stdout
    assert filled() == {"A": "debug", "B": region, "C": "$$(LEVEL)"}
    checked = generate(profile, project, "--check")
    assert checked.stdout.endswith("as the profile says\n")
    assert "`LEVEL` of api, `REGION` of api" in checked.stderr
    same = generate(profile, project, "--check", env={"LEVEL": "debug", "REGION": region})
    assert same.stderr == ""
    drift = subprocess.run(
        [generate_program(), "-p", profile, "-o", project, "--check"],
        env={**SCRUBBED, "LEVEL": "info"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert drift.returncode == 1
    generate(profile, project, env={"REGION": region})
    assert filled()["A"] == "info"


def generate_program() -> str:
    return os.environ["CODELAB_GEN"]


@pytest.mark.parametrize(
    ("path", "content", "says"),
    [
        (".env", b"A=1\n", "holds secrets"),
        ("conf/key.pem", b"-----BEGIN PRIVATE KEY-----\n", "holds secrets"),
        ("conf", None, "it is a folder"),
        ("conf/missing", None, "No such file"),
        ("conf/large", b"x" * 1_000_001, "larger than a ConfigMap"),
        ("conf/link", None, "outside of the project"),
    ],
)
def test_a_file_that_does_not_belong_into_a_manifest_is_refused(
    path: str, content: bytes | None, says: str, project: Path
) -> None:
    (project / "conf" / "link").symlink_to("/etc/hostname")
    if content is not None:
        (project / path).write_bytes(content)
    services = {"api": {"image": "a:1", "volumes": [f"./{path}:/etc/x:ro"]}}
    profile = write(project, {"stage": "development", "services": services})
    refused = subprocess.run(
        [generate_program(), "-p", profile, "-o", project],
        cwd=project,
        env=SCRUBBED,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 5
    assert says in refused.stderr
    assert not (project / "kubernetes").exists()


NAMES = string.ascii_lowercase + string.digits


def random_service(random: Random, texts: list[str], others: list[str]) -> dict[str, Any]:
    """A service with texts that programs like to read differently, in each place that takes one."""
    some = lambda: random.sample(texts, random.randint(0, 4))  # noqa: E731
    service: dict[str, Any] = {"image": "app:1", "user": f"{random.randint(1, 65535)}:{random.randint(0, 65535)}"}
    maybe = lambda: random.random() < 0.5  # noqa: E731
    if maybe():
        service["port"] = random.randint(1, 65535)
        if maybe():
            service["publish"] = random.randint(1, 65535)
    if maybe():
        service["command"] = some()
    if maybe():
        service["entrypoint"] = some()
    if maybe():
        service["environment"] = {f"V{index}": text for index, text in enumerate(some())}
    if maybe():
        service["labels"] = {f"example.com/l{index}": text for index, text in enumerate(some())}
    if maybe():
        checks: list[dict[str, Any]] = [{"command": text} for text in some() if text] or [{"command": ["true"]}]
        http = [{"http": "/a?b=c%20d"}] if "port" in service else []
        times = {"interval": random.choice(["1ms", "10s", "2h"]), "start_period": random.choice(["0s", "1m30s"])}
        service["healthcheck"] = {**random.choice([*checks, *http, {"command": [*some(), "x"]}]), **times}
    if maybe():
        service["limits"] = {"memory": random.choice(["6m", "512m", "3g", "6291457b"]), "cpus": random.choice(["0.01", "2", "1.255"])}
    if maybe():
        service["hardening"] = "strict"
    if maybe() and "publish" not in service:
        service["outbound"] = False
    if maybe():
        service["stop_grace_period"] = random.choice(["0s", "1ms", "2h"])
    match random.choice(["volume", "replicas", "nothing"]):
        case "volume":
            name = "".join(random.choices(NAMES, k=random.randint(2, 20)))
            service |= {"data": f"{name}:/data", "storage": random.choice(["1Mi", "20Gi"])}
        case "replicas":
            service["replicas"] = random.randint(1, 9)
    if others and maybe():
        service["depends_on"] = {random.choice(others): random.choice(["started", "completed"])}
    if maybe():
        service["database"] = {"postgres": f"db{len(others)}"}
    return service


@pytest.mark.parametrize("seed", range(300 if LONG else 30))
def test_random_profiles_are_sound_and_their_values_arrive(
    seed: int, project: Path, generate: Generate
) -> None:
    random = Random(f"{SEED} {seed}")
    texts = [text for text in hostile_values(200, f"{SEED} {seed}") if len(text) < 500]
    services: dict[str, Any] = {}
    for index in range(random.randint(1, 5)):
        name = random.choice(string.ascii_lowercase) + "".join(random.choices(NAMES + "-", k=random.randint(0, 40))).rstrip("-")
        services[f"{name}{index}"] = random_service(random, texts, list(services))
    profile = {"stage": random.choice(["staging", "production"]), "services": services, "postgres": POSTGRES}
    generate(write(project, profile), project)
    found = objects(project)
    for each in found:
        kubernetes_validate.validate(each, random.choice(VERSIONS), strict=True)
    assert [broken_rules(each) for _, each in pods(found)] == [[]] * len(list(pods(found)))
    for name, service in services.items():
        [workload] = [each for each in found if each["kind"] in ("Deployment", "Job") and each["metadata"]["labels"][manifests.NAME] == name]
        container = pod(workload)["containers"][0]
        texts_only = {**container, "env": [each for each in container.get("env", []) if "value" in each]}
        variables = environment(texts_only, {})
        assert variables == service.get("environment", {})
        assert words(container, "args", variables) == service.get("command")
        assert words(container, "command", variables) == service.get("entrypoint")
        annotations = workload["spec"]["template"]["metadata"].get("annotations", {})
        assert annotations == service.get("labels", {})
        check = service.get("healthcheck", {}).get("command")
        if check is not None and workload["kind"] == "Deployment":
            asked = ["/bin/sh", "-c", check] if isinstance(check, str) else check
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert words(container[probe]["exec"], "command", variables) == asked
