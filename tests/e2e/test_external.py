"""The scripts where PostgreSQL runs elsewhere: in a container that no deployment knows, through the engine's host."""

import secrets
from collections.abc import Iterator

import images
import pytest
from engine import Engine
from operations import back_up, facts, run_script, settled

from deployment import PREFIX, SEEDS, SERVICES, Deployment

# Of a bridge that Docker makes by itself: all containers reach the host there.
HOST, PORT = "172.17.0.1", "15432"


class Elsewhere:
    """A server of PostgreSQL with an administrator."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.name = f"{PREFIX}{secrets.token_hex(5)}-elsewhere"
        variables = ["--env", "POSTGRES_USER=admin", "--env", "POSTGRES_PASSWORD=of-the-administrator"]
        engine.docker("run", "--detach", "--name", self.name, "--publish", f"{PORT}:5432", *variables, images.POSTGRES)
        # While it prepares its volume, it listens on its socket only.
        asked = ["exec", self.name, "sh", "-c", "pg_isready -h 127.0.0.1 || true"]
        settled(lambda: "accepting connections" in engine.docker(*asked))

    def ask(self, sql: str, database: str = "admin") -> str:
        psql = ["psql", "-XAtq", "-h", "127.0.0.1", "-U", "admin", "-d", database, "-c", sql]
        return self.engine.docker("exec", "--env", "PGPASSWORD=of-the-administrator", self.name, *psql).strip()


@pytest.fixture
def elsewhere(engine: Engine) -> Iterator[Elsewhere]:
    if engine.host_of is None:
        pytest.skip("e2e: skipped: on the user's own engine no port is published")
    server = Elsewhere(engine)
    yield server
    engine.docker("rm", "--force", "--volumes", server.name)


def test_a_server_elsewhere(deployment: Deployment, elsewhere: Elsewhere) -> None:
    """Backup, restore, psql and both ways of moving the data, each service as a role of its own."""
    settings = {
        "postgres.image": images.POSTGRES,
        "postgres.version": "15",
        "postgres.external.host": HOST,
        "postgres.external.port": PORT,
        "postgres.external.tls": "disable",
        "postgres.access": "per_service",
    }
    deployment.generate("--profile", "prod", *(part for pair in settings.items() for part in ("--set", "=".join(pair))))
    client = [
        "docker",
        "run",
        "--rm",
        "--interactive",
        "--env",
        "AGENT_RUNTIME__DB_PASSWORD",
        "--env",
        "AUTH_SERVICE__DB_PASSWORD",
    ]
    administrator = ["--env", "INIT_POSTGRES_USER=admin", "--env", "PGPASSWORD=of-the-administrator"]
    script = deployment.out.joinpath("scripts/init-postgres.sh").read_text(encoding="utf-8")
    done = deployment.finish(
        [*client, *administrator, images.POSTGRES, "bash", "-s"], env=deployment.variables(), stdin=script
    )
    assert done.returncode == 0, done.stderr
    deployment.up()

    backup = back_up(deployment)
    assert facts(backup) == {"agent_runtime.dump": {"public.notes": 2}, "auth_db.dump": {"public.notes": 2}}
    for service in SERVICES:
        deployment.write(service, "later")
    said = run_script(deployment, "restore", str(backup), status=1).stderr
    assert "restore: agent_runtime may not make databases on 172.17.0.1; nothing was changed" in said
    assert "ALTER ROLE agent_runtime CREATEDB" in said
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, "later"]
    for role in ("agent_runtime", "auth_service"):
        elsewhere.ask(f"ALTER ROLE {role} CREATEDB")
    done = run_script(deployment, "restore", str(backup))
    assert "WARNING" not in done.stderr
    for service in SERVICES:
        assert deployment.read(service) == SEEDS
    query = "SELECT current_user, current_database(), count(*) FROM notes"
    assert run_script(deployment, "psql", "auth-service", "-Atc", query).stdout == "auth_service|auth_db|2\n"
    said = run_script(deployment, "psql", "--superuser", "auth-service", status=1).stderr
    assert "only the databases of services can be opened" in said

    deployment.write("auth-service", "moved")
    run_script(deployment, "migrate", "auth-service", "--to", "sqlite")
    elsewhere.ask("DELETE FROM notes", "auth_db")
    run_script(deployment, "migrate", "auth-service", "--to", "postgres")
    assert deployment.read("auth-service") == [*SEEDS, "moved"]
