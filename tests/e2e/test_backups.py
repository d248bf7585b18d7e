"""The section `backups`: what the server writes comes back as of any moment, and what stands in the way is told."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import images
import machine
import pytest
import s3
from engine import Engine
from operations import LONG, load, run_script

from deployment import SEEDS, Deployment, check

STORE = ("--set", "backups.to=backup-store", "--set", "backups.encrypt=true")
FOLDER = ("--set", "backups.to=./backups")
SCRIPT = ("bash", "/scripts/backups.sh")
REPOSITORY = "/var/lib/pgbackrest"
PATIENCE = 60.0


BUCKET = (
    *("--set", "backups.to=s3://backups/shop", "--set", f"backups.s3.endpoint={s3.NAME}:{s3.PORT}"),
    *("--set", "backups.s3.path_style=true", "--set", "backups.s3.ca=./ca.pem", "--set", "backups.encrypt=true"),
)
OWNER = {"BACKUP_S3_KEY_ID": "the-name-of-the-key", "BACKUP_S3_SECRET": "what-only-the-server-knows-of-it"}


@pytest.fixture
def bucket(engine: Engine, tmp_path: Path) -> Iterator[s3.Bucket]:
    if engine.host_of is None:
        pytest.skip("e2e: skipped: on the user's own engine there is no host to serve on")
    if not s3.ENVIRONMENT.is_dir():
        machine.unavailable("moto is missing; this installs it: bash tests/run.sh e2e")
    with s3.serving(engine.host_of, tmp_path) as bucket:
        assert engine.on_host(s3.MAKE_BUCKET, str(tmp_path / "ca.pem")) == "200"
        yield bucket


def until(holds: Callable[[], bool], what: str) -> None:
    """Waits until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def backups(deployment: Deployment, *arguments: str, status: int = 0) -> str:
    """What backups.sh says in its container, as the server's user."""
    done = deployment.try_inside("postgres-backup", *SCRIPT, *arguments, user="postgres")
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def has_backup(deployment: Deployment) -> bool:
    good = "/var/lib/pgbackrest-work/state/good"
    return deployment.try_inside("postgres-backup", "test", "-e", good, user="postgres").returncode == 0


def started(deployment: Deployment, *settings: str) -> Deployment:
    """A deployment that runs and has its first backup."""
    deployment.run_printed(deployment.generate_profile("prod", *settings))
    until(lambda: has_backup(deployment), "there is no first backup")
    return deployment


def moment(deployment: Deployment) -> str:
    """Now, by the clock of the server."""
    now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    return deployment.inside("postgres", "psql", "-XAt", "-U", "codelab", "-d", "postgres", "-c", now).strip()


def count(deployment: Deployment, table: str) -> int:
    psql = ["psql", "-XAt", "-U", "codelab", "-d", "auth_db", "-c", f"SELECT count(*) FROM {table}"]
    return int(deployment.inside("postgres", *psql))


def health(deployment: Deployment) -> str:
    state: str = deployment.containers()["postgres-backup"]["State"]["Health"]["Status"]
    return state


def wait_for_push(deployment: Deployment, *, fails: bool) -> None:
    """Lets the server write a segment, until it is known whether the destination takes it."""
    switch = "SELECT pg_create_restore_point('a test'), pg_switch_wal()"
    deployment.inside("postgres", "psql", "-XAt", "-U", "codelab", "-d", "postgres", "-c", switch)
    mark = "/var/lib/pgbackrest-work/state/push_failed"
    found = 0 if fails else 1
    is_there = ("postgres-backup", "test", "-e", mark)
    until(lambda: deployment.try_inside(*is_there, user="postgres").returncode == found, "the destination says nothing")


def report(deployment: Deployment, *, status: int = 0) -> dict[str, object]:
    """What a drill finds."""
    found: dict[str, object] = json.loads(run_script(deployment, "drill", "--json", status=status).stdout)
    return found


def test_any_moment_comes_back(deployment: Deployment) -> None:
    """While rows are written all the time: what is deleted a moment later is there again, what came later is not."""
    started(deployment, *STORE)
    with load(deployment, "auth-service"):
        deployment.write("auth-service", "before")
        least = count(deployment, "credit")
        at = moment(deployment)
        most = count(deployment, "credit") + 1
        deployment.write("auth-service", "after")
        deployment.sql("auth-service", "DELETE FROM notes WHERE text = 'before'", "SELECT 1")
    assert deployment.read("auth-service") == [*SEEDS, "after"]
    others = deployment.read("agent-runtime")

    listed = run_script(deployment, "restore", "--list").stdout
    assert "counted" in listed and "any second from " in listed
    said = run_script(deployment, "restore", "--at", at, "auth-service").stdout
    assert "the state before is backed up too" in said
    assert deployment.read("auth-service") == [*SEEDS, "before"]
    assert deployment.read("agent-runtime") == others
    assert least <= count(deployment, "credit") == count(deployment, "debit") <= most
    left = deployment.inside("postgres-backup", "ls", "/var/lib/pgbackrest-work", user="postgres")
    assert left.split() == ["state"]
    assert not list((deployment.out / "backups").glob(".at-*"))


def test_a_drill_reports_what_it_found(deployment: Deployment) -> None:
    check_of = "backups.drill.auth-service=SELECT count(*) = 2 FROM notes"
    started(deployment, *STORE, "--set", check_of)
    backups(deployment, "run_now")
    found = report(deployment)
    assert found["result"] == "good" and found["differs"] == [] and found["behind"] in (0, 1)
    assert found["checks"] == [{"service": "auth-service", "result": "good"}]
    assert isinstance(found["tables"], int) and found["tables"] >= 2
    deployment.write("auth-service", "a third row")
    backups(deployment, "run_now")
    failed = report(deployment, status=1)
    assert failed["checks"] == [{"service": "auth-service", "result": "failed", "said": "f"}]
    until(lambda: health(deployment) == "unhealthy", "nobody sees the failed drill")


def test_a_backup_is_made_where_its_rows_can_not_be_counted(deployment: Deployment) -> None:
    """A table that is locked for ever is no reason for another backup; and what is only prepared comes back as well."""
    started(deployment, *STORE, "--set", "postgres.settings.max_prepared_transactions=5")
    psql = ("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "codelab", "-d", "auth_db")
    lock = "BEGIN;\nLOCK TABLE notes;\nPREPARE TRANSACTION 'for ever';\n"
    deployment.inside("postgres", *psql, stdin=lock)
    assert "could not be counted" in backups(deployment, "run_now")
    backups(deployment, "healthy")
    found = report(deployment)
    assert found["result"] == "good" and found["counted"] == "no" and "rows" not in found


def test_a_bent_byte_is_not_restored(deployment: Deployment) -> None:
    started(deployment, *STORE)
    bend = f"""
for file in $(find {REPOSITORY}/backup -type f -path '*F/bundle/*'); do
  printf 'bent' | dd of="$file" bs=1 seek=$(($(wc -c <"$file") / 2)) conv=notrunc 2>/dev/null
done"""
    deployment.inside("postgres-backup", "sh", "-c", bend, user="postgres")
    assert "result             failed\n" in run_script(deployment, "drill", status=1).stdout
    rows = deployment.read("auth-service")
    said = run_script(deployment, "restore", "--at", "latest", status=1)
    assert "it could not be restored" in said.stderr and "nothing was changed" in said.stderr
    assert deployment.read("auth-service") == rows


def test_without_the_key_it_says_so(deployment: Deployment) -> None:
    """Another key, and none: nothing is written to the destination, and the services run."""
    started(deployment, *STORE)
    key = deployment.variables()["BACKUP_KEY"]
    text = deployment.env.read_text(encoding="utf-8")
    deployment.env.write_text(text.replace(key, key[::-1]), encoding="utf-8")
    deployment.compose("up", "-d")
    asked = ("postgres-backup", *SCRIPT, "healthy")
    refused = "the destination can't be used"
    until(lambda: refused in deployment.try_inside(*asked, user="postgres").stdout, "another key is taken")
    told = deployment.logs("postgres-backup")
    assert refused in told
    # of what the other key made of the files nothing gets to a terminal
    assert all(line.isascii() and line.isprintable() for line in told.splitlines()), told
    said = run_script(deployment, "restore", "--at", "latest", status=1).stderr
    assert "nothing was changed" in said
    assert deployment.read("auth-service") == SEEDS
    deployment.env.write_text(text, encoding="utf-8")
    deployment.up()
    assert report(deployment)["result"] == "good"


@pytest.mark.skipif(not LONG, reason="two deployments take a minute: in `long` alone")
def test_another_host_takes_over(deployment: Deployment, deploy: Callable[..., Deployment]) -> None:
    """The folder is copied. Until the data is restored, the new server leaves it alone."""
    started(deployment, *FOLDER)
    deployment.write("auth-service", "a last row")
    backups(deployment, "run_now")
    other = deploy()
    other.root.joinpath("backups").mkdir()
    shutil.copytree(deployment.root / "backups/pgbackrest", other.root / "backups/pgbackrest")
    other.generate_profile("prod", *FOLDER)
    other.compose("up", "-d", "postgres-backup")
    until(lambda: "another server" in other.logs("postgres-backup"), "the destination of another server is taken")
    run_script(other, "restore", "--no-backup", "--at", "latest")
    assert other.read("auth-service") == [*SEEDS, "a last row"]
    backups(other, "adopt")
    until(lambda: has_backup(other), "the new server makes no backups")
    other.write("auth-service", "a row of the other host")
    backups(other, "run_now")
    assert report(other)["result"] == "good"


def test_a_destination_that_is_gone_and_comes_back(deployment: Deployment) -> None:
    """Meanwhile the server keeps what it writes, the container is unhealthy, and no moment is lost."""
    started(deployment, *FOLDER)
    deployment.inside("postgres-backup", "chmod", "000", REPOSITORY, user="root")
    deployment.write("auth-service", "while it was gone")
    at = moment(deployment)
    deployment.write("auth-service", "later")
    wait_for_push(deployment, fails=True)
    assert "Permission denied" in backups(deployment, "run_now", status=1)
    assert "Permission denied" in backups(deployment, "healthy", status=1)
    settings = ("--profile", "prod", *images.postgres_settings(), *FOLDER)
    asked = deployment.finish(deployment.generate_command("doctor", *settings), cwd=deployment.root)
    assert "the last backup failed" in check(asked, 1)
    assert deployment.read("auth-service") == [*SEEDS, "while it was gone", "later"]

    deployment.inside("postgres-backup", "chmod", "700", REPOSITORY, user="root")
    wait_for_push(deployment, fails=False)
    backups(deployment, "run_now")
    backups(deployment, "healthy")
    run_script(deployment, "restore", "--at", at, "auth-service")
    assert deployment.read("auth-service") == [*SEEDS, "while it was gone"]


def test_a_full_destination_changes_nothing_that_is_there(deployment: Deployment) -> None:
    generated = deployment.generate_profile("prod", *STORE)
    override = deployment.out / "docker-compose.override.yml"
    small = json.loads(override.read_text(encoding="utf-8"))
    small["volumes"] = {
        "backup-store": {"driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": "size=48m,uid=999,gid=999,mode=0700"}}
    }
    override.write_text(json.dumps(small), encoding="utf-8")
    deployment.run_printed(generated)
    until(lambda: has_backup(deployment), "there is no first backup")
    fill = f"dd if=/dev/zero of={REPOSITORY}/filling bs=1M 2>/dev/null; true"
    deployment.inside("postgres-backup", "sh", "-c", fill, user="postgres")
    wait_for_push(deployment, fails=True)
    assert "No space left" in backups(deployment, "run_now", status=1)
    deployment.write("auth-service", "on a full disk")
    assert deployment.read("auth-service") == [*SEEDS, "on a full disk"]
    deployment.inside("postgres-backup", "rm", f"{REPOSITORY}/filling", user="postgres")
    wait_for_push(deployment, fails=False)
    backups(deployment, "run_now")


def test_a_bucket_of_an_s3_server(deployment: Deployment, bucket: s3.Bucket) -> None:
    """The same as with a folder, over TLS. While it is gone the server keeps what it writes, and who is named is told."""
    shutil.copy(bucket.folder / "ca.pem", deployment.root)
    told = "/var/lib/pgbackrest-work/told"
    command = ("--set", f'backups.on_failure.command=env >{told}; printf "%s\\n" "$BACKUP_MESSAGE" >>{told}.all')
    # It tries for a minute where nothing answers.
    quick = {"PGBACKREST_IO_TIMEOUT": "2"}
    deployment.additions["postgres-backup"] = {"extra_hosts": [f"{s3.NAME}:{s3.ADDRESS}"], "environment": quick}
    deployment.run_printed(deployment.generate_profile("prod", *BUCKET, *command, env=OWNER))
    until(lambda: has_backup(deployment), "there is no first backup")
    at = moment(deployment)
    deployment.sql("auth-service", "DELETE FROM notes", "SELECT 1")
    assert report(deployment)["result"] == "good"

    bucket.switch.touch()
    wait_for_push(deployment, fails=True)
    assert "takes nothing" in backups(deployment, "run_now", status=1)
    backups(deployment, "healthy", status=1)
    lines = ("postgres-backup", "cat", f"{told}.all")
    until(lambda: "the backups fail: " in deployment.try_inside(*lines, user="postgres").stdout, "nobody is told")
    environment = deployment.inside("postgres-backup", "cat", told, user="postgres")
    secrets = [*OWNER.values(), deployment.variables()["BACKUP_KEY"], deployment.variables()["POSTGRES_PASSWORD"]]
    assert not [secret for secret in secrets if secret in environment]

    bucket.switch.unlink()
    wait_for_push(deployment, fails=False)
    backups(deployment, "run_now")
    run_script(deployment, "restore", "--at", at, "auth-service")
    assert deployment.read("auth-service") == SEEDS
    for name, container in deployment.containers().items():
        has_secret = any(OWNER["BACKUP_S3_SECRET"] in variable for variable in container["Config"]["Env"])
        assert has_secret == (name == "postgres-backup"), name


def test_what_is_killed_begins_anew(deployment: Deployment) -> None:
    started(deployment, *STORE)
    begun = f"{' '.join(SCRIPT)} run_now & until [ -e /tmp/pgbackrest/postgres-backup.lock ]; do :; done"
    deployment.inside("postgres-backup", "bash", "-c", begun, user="postgres")
    deployment.engine.docker("kill", deployment.name("postgres-backup"))
    deployment.up()
    backups(deployment, "run_now")
    assert report(deployment)["result"] == "good"


@pytest.mark.skipif(os.environ.get("E2E_ENGINE") == "current", reason="its images are another's")
def test_a_service_reaches_nothing_of_the_backups(deployment: Deployment) -> None:
    """Not their place, not their key, and not the socket by which they are made."""
    started(deployment, *STORE)
    containers = deployment.containers()
    key = deployment.variables()["BACKUP_KEY"]
    for name, container in containers.items():
        mounted = {mount["Destination"] for mount in container["Mounts"]}
        has_key = any(key in variable for variable in container["Config"]["Env"])
        assert has_key == (name == "postgres-backup"), name
        assert (REPOSITORY in mounted) == (name == "postgres-backup"), name
    backup = containers["postgres-backup"]
    assert backup["HostConfig"]["NetworkMode"] == "none" and backup["HostConfig"]["ReadonlyRootfs"]
    assert backup["HostConfig"]["CapDrop"] == ["ALL"]
    [data] = [mount for mount in backup["Mounts"] if mount["Destination"] == "/var/lib/postgresql/data"]
    assert not data["RW"]
