"""The scripts for the databases, as they are typed on Compose: psql, backup and restore, by `kubectl exec`."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from test_external import CA, Elsewhere, authority, elsewhere, trust
from test_operator import HOST, NOT_ADMITTED, healthy
from test_profiles import HOSTILE, profile

import stock
from release import DATABASES, SEEDS, SERVICES, Release, stateless

__all__ = ["authority", "elsewhere", "healthy"]

HELPERS = "--selector=app.kubernetes.io/managed-by=codelab-gen-scripts"
OLD = re.compile(r"'DROP DATABASE \"(\w+)\"'")


def attempt(release: Release, script: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = ["bash", f"deploy/scripts/db/{script}.sh", *arguments]
    return release.namespace.finish(command, stdin=stdin, cwd=release.root)


def run(release: Release, script: str, *arguments: str, stdin: str = "") -> str:
    """What a script prints; it says where it goes before anything else."""
    done = attempt(release, script, *arguments, stdin=stdin)
    if done.returncode != 0:
        pytest.fail(f"{script}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    assert done.stderr.startswith(f"{script}: context "), done.stderr
    assert done.stderr.splitlines()[0].endswith(f", namespace {release.namespace.name}"), done.stderr
    return done.stdout


def up(release: Release, described: dict[str, Any], **given: str) -> None:
    release.write_profile("own", described)
    release.run_printed(release.generate("--profile", "own", env=given))
    release.settle()


def no_helper_is_left(release: Release) -> None:
    """Pods that a script has started are gone, or about to be."""
    found = release.namespace.get("pods", HELPERS)["items"]
    assert [pod for pod in found if "deletionTimestamp" not in pod["metadata"]] == []


def mixed(**more: Any) -> dict[str, Any]:
    return profile("mixed", **more)


@pytest.mark.always
def test_rows_of_both_engines_come_back_here_and_in_another_namespace(releases: Callable[[], Release]) -> None:
    release, other = releases(), releases()
    up(release, mixed(local_auth="password"), POSTGRES_PASSWORD=HOSTILE)
    for service in SERVICES:
        release.write(service, HOSTILE)
    folder = Path(run(release, "backup").strip())
    assert folder.parent == release.out / "backups"
    assert {path.name for path in folder.iterdir()} == {"agent-runtime.db", "auth_db.dump", "manifest", "roles.sql"}
    assert HOSTILE not in "".join(path.read_text("latin-1") for path in folder.glob("[mr]*"))

    for service in SERVICES:
        release.write(service, "after the backup")
    before = release.namespace.get("deployment", "auth-service")["spec"]["replicas"]
    told = run(release, "restore", str(folder))
    for service in SERVICES:
        assert release.read(service) == [*SEEDS, HOSTILE], service
    [old] = OLD.findall(told)
    assert run(release, "psql", old, "-Atc", "SELECT 'kept' FROM pg_class LIMIT 1") == "kept\n"
    assert (
        "/app/data/" in told and f"kubectl --namespace {release.namespace.name} exec deployment/agent-runtime" in told
    )
    assert release.namespace.get("deployment", "auth-service")["spec"]["replicas"] == before
    assert release.difference() == ""
    no_helper_is_left(release)

    up(other, mixed(), POSTGRES_PASSWORD="another one, and long")
    run(other, "restore", "--no-backup", str(folder))
    for service in SERVICES:
        assert other.read(service) == [*SEEDS, HOSTILE], service


def test_what_a_backup_lacks_changes_nothing(release: Release) -> None:
    up(release, mixed())
    folder = Path(run(release, "backup", "agent-runtime").strip())
    pods = release.running()
    kept = (folder / "agent-runtime.db").read_bytes()
    (folder / "agent-runtime.db").write_bytes(kept[:-1])
    done = attempt(release, "restore", str(folder))
    assert done.returncode == 1 and "is not what was backed up" in done.stderr
    assert release.running() == pods

    # A volume that nobody has mounted is backed up by a pod of the script's own.
    release.namespace.kubectl("scale", "deployment/agent-runtime", "--replicas=0")
    again = Path(run(release, "backup", "agent-runtime").strip())
    assert (again / "agent-runtime.db").stat().st_size == len(kept)
    no_helper_is_left(release)


def test_psql_is_the_service_or_the_superuser_and_knows_where_it_is(release: Release) -> None:
    up(release, mixed(access="per_service"))
    role = "auth_service"
    assert run(release, "psql", "auth-service", "-Atc", "SELECT current_user") == f"{role}\n"
    assert run(release, "psql", "-At", stdin="SELECT 'by ''standard'' input'\n") == "by 'standard' input\n"
    assert run(release, "psql", "--superuser", "postgres", "-Atc", "SELECT current_user") == "codelab\n"
    failed = attempt(release, "psql", "auth-service", "-v", "ON_ERROR_STOP=1", "-c", "SELECT 1/0")
    assert failed.returncode == 1 and "division by zero" in failed.stderr
    run(release, "reindex", "auth-service")

    config = release.namespace.kubeconfig()
    described = json.loads(config.read_text(encoding="ascii"))
    nowhere = release.root / "nowhere.json"
    nowhere.write_text(json.dumps({**described, "current-context": ""}), encoding="ascii")
    command = ["env", f"KUBECONFIG={nowhere}", "bash", "deploy/scripts/db/backup.sh"]
    done = release.namespace.finish(command, cwd=release.root)
    assert done.returncode == 1 and done.stderr.startswith("backup: kubectl has no current context\n"), done.stderr
    assert not (release.out / "backups").exists()


@pytest.mark.usefixtures("operator")
def test_servers_of_an_operator_are_read_and_restored(healthy: Release) -> None:
    """Each database by its own role, which comes in nowhere else; what is called as it would be made stays."""
    for service in SERVICES:
        healthy.write(service, HOSTILE)
    role, password = "auth_service", healthy.secret("AUTH_SERVICE__DB_PASSWORD")
    made = (f"CREATE TABLE whose (number integer CHECK (session_user = '{role}'))", "INSERT INTO whose VALUES (1)")
    healthy.sql("auth-service", *made)
    assert run(healthy, "psql", "auth-service", "-Atc", "SELECT current_user") == "auth_service\n"
    superuser = run(healthy, "psql", "--superuser", "postgres", "-Atc", "SELECT current_user, pg_is_in_recovery()")
    assert superuser == "postgres|f\n"
    folder = Path(run(healthy, "backup").strip())
    rows = re.findall(r"^rows\t(\w+)\.dump\t", (folder / "manifest").read_text("utf-8"), re.MULTILINE)
    assert set(rows) == set(DATABASES.values())
    for service in SERVICES:
        healthy.write(service, "after the backup")

    run(healthy, "psql", "--superuser", "postgres", "-c", "CREATE DATABASE auth_db_restoring")
    done = attempt(healthy, "restore", "--no-backup", str(folder), "auth-service")
    assert done.returncode == 1 and "auth_db_restoring is there already" in done.stderr
    assert healthy.login(password, "agent_runtime_restoring", role, HOST) == NOT_ADMITTED
    run(healthy, "psql", "--superuser", "postgres", "-c", "DROP DATABASE auth_db_restoring")

    run(healthy, "restore", str(folder))
    for service in SERVICES:
        assert healthy.read(service) == [*SEEDS, HOSTILE]
        assert healthy.sql(service, "SELECT tableowner = current_user FROM pg_tables WHERE tablename = 'notes'") == [
            [True]
        ]
    assert healthy.difference() == ""


def test_a_server_elsewhere_is_reached_from_a_pod(
    release: Release, elsewhere: Elsewhere, authority: trustme.CA
) -> None:
    """Verified by the authority of the project's file, as the service's role."""
    trust(release, authority)
    described = stateless()
    external = {"host": elsewhere.host, "ca": CA}
    described["postgres"] = {"image": stock.POSTGRES, "user": "codelab", "access": "per_service", "external": external}
    release.write_profile("own", described)
    release.generate("--profile", "own")
    elsewhere.administer(release)
    release.apply()
    release.settle()
    release.write("auth-service", HOSTILE)
    assert run(release, "psql", "auth-service", "-Atc", "SELECT current_user") == "auth_service\n"
    folder = Path(run(release, "backup").strip())
    release.write("auth-service", "after the backup")
    done = attempt(release, "restore", "--no-backup", str(folder), "auth-service")
    assert done.returncode == 1 and "ALTER ROLE auth_service CREATEDB" in done.stderr, done.stderr
    elsewhere.inside("psql", "--username=admin", "--command=ALTER ROLE auth_service CREATEDB")
    run(release, "restore", "--no-backup", str(folder), "auth-service")
    assert release.read("auth-service") == [*SEEDS, HOSTILE]
    no_helper_is_left(release)
