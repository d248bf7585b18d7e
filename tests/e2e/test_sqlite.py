"""SQLite in containers: every row outlives its container, also those that stand only in the write-ahead log."""

import os
import shutil

import images
import pytest
from deployment import SEEDS, SERVICE_USER, SERVICES, Deployment
from interruption import wait_until
from operations import back_up, copied, facts, run_script

FILES = {"agent-runtime": "/app/data/agent_runtime.db", "auth-service": "/app/data/auth.db"}
SIZE = "import os, sys; print(os.path.getsize(sys.argv[1]) if os.path.exists(sys.argv[1]) else 0)"


def test_rows_in_the_write_ahead_log_outlive_the_container(deployment: Deployment) -> None:
    """One service keeps its file in a folder of the host, the other one in a named volume."""
    services = {"auth-service": {"data": "auth-data:/app/data"}}
    deployment.write_profile("volumes", {"extends": "builtin:dev-sqlite", "services": services})
    deployment.run_printed(deployment.generate("--profile", "volumes"))
    for service in SERVICES:
        assert deployment.sql(service, "PRAGMA journal_mode=WAL") == [["wal"]]
        keep_connection(deployment, service)
        deployment.write(service, "in the log")
        assert int(deployment.inside(service, "python", "-c", SIZE, f"{FILES[service]}-wal")) > 0

    deployment.compose("kill")
    deployment.up("--force-recreate")
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, "in the log"]
        deployment.write(service, "behind it")
    deployment.up("--force-recreate")
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, "in the log", "behind it"]
        assert deployment.inside(service, "stat", "-c", "%u", "/app/data", FILES[service]).split() == ["10001"] * 2


def keep_connection(deployment: Deployment, service: str) -> None:
    """Lets another process of the container use the file: who closes the last connection empties the log."""
    hold = ["python", "/opt/service/client.py", "hold"]
    deployment.compose("exec", "-d", service, *hold)
    shared_memory = f"{FILES[service]}-shm"
    wait_until(lambda: int(deployment.inside(service, "python", "-c", SIZE, shared_memory)) > 0)


@pytest.mark.versions
def test_the_printed_command_makes_the_folder(deployment: Deployment) -> None:
    """It belongs to who runs the command, and so does the service."""
    user = deployment.engine.user or os.getuid()
    services = {service: {"user": f"{user}:{user}"} for service in SERVICES}
    deployment.write_profile("own", {"extends": "builtin:dev-sqlite", "services": services})
    for service in SERVICES:
        shutil.rmtree(deployment.root / service / "data")

    deployment.run_printed(deployment.generate("--profile", "own"))
    for service in SERVICES:
        deployment.write(service, "kept")
        assert (deployment.root / service / "data").stat().st_uid == user != SERVICE_USER
    deployment.up("--force-recreate")
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, "kept"]


def test_a_hostile_service_is_backed_up_as_itself_or_not_at_all(deployment: Deployment) -> None:
    """Its image starts as root and steps down, as many do, so that `docker exec` comes in as root; what lies in its
    folder is its own work."""
    hostile, file = "agent-runtime", FILES["agent-runtime"]
    services = {hostile: {"build": None, "image": images.STEPDOWN}}
    deployment.write_profile("hostile", {"extends": "builtin:dev-sqlite", "services": services})
    deployment.run_printed(deployment.generate("--profile", "hostile"))
    deployment.write(hostile, "before")
    backup = back_up(deployment)
    assert facts(backup)[f"{hostile}.db"] == {"notes": 3}
    deployment.write(hostile, "after")
    run_script(deployment, "restore", str(copied(deployment, backup, "copy")), hostile)
    assert deployment.read(hostile) == [*SEEDS, "before"]
    owners = deployment.inside(hostile, "stat", "-c", "%u", file, user="0").split()
    assert owners == [str(SERVICE_USER)]

    def lay(command: str, user: str = str(SERVICE_USER)) -> None:
        deployment.inside(hostile, "sh", "-ec", command, user=user)

    def refused(reason: str) -> None:
        said = run_script(deployment, "backup", "--to", "refused", hostile, status=1).stderr
        assert reason in said, said
        assert list(deployment.root.joinpath("refused").iterdir()) == []

    lay(f"mv {file} {file}.own")
    lay(f"cp {file}.own /root/secret.db", user="0")
    lay(f"ln -s /root/secret.db {file}")
    refused(f"{file} is a link, expected a file")
    lay(f"rm {file} && mkfifo {file}")
    refused(f"{file} is a pipe, expected a file")
    lay(f"rm {file} && truncate -s 8T {file}")
    refused("are free for a copy")
    lay(f"rm {file}")
    lay(f"cp -p /root/secret.db {file} && chmod 600 {file}", user="0")
    refused("unable to open database file")  # by its own user, who may not read what is root's
    lay(f"rm -f {file} && mv {file}.own {file}")
    assert facts(back_up(deployment, hostile))[f"{hostile}.db"] == {"notes": 3}
