"""SQLite in containers: every row outlives its container, also those that stand only in the write-ahead log."""

import os
import shutil

import pytest
from deployment import SEEDS, SERVICE_USER, SERVICES, Deployment
from interruption import wait_until

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
