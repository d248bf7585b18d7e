"""The scripts and doctor where PostgreSQL runs elsewhere: in a container that no deployment knows, through the engine's
host. With TLS it admits no connection that is not encrypted, and a private authority has signed its certificate.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import images
import pytest
import trustme
from doctor import Doctor
from engine import Engine
from operations import back_up, facts, run_script, settled

from deployment import PREFIX, SEEDS, SERVICES, Deployment

# Of a bridge that Docker makes by itself: all containers reach the host there.
HOST, PORT = "172.17.0.1", 15432


# As the profile names the certificate of the authority.
CA = "./certs/db ca.pem"

ONLY_ENCRYPTED = 'sed -i "s/^host all all all/hostssl all all all/" "$PGDATA/pg_hba.conf"'


class Elsewhere:
    """A server of PostgreSQL with an administrator."""

    def __init__(self, engine: Engine, authority: trustme.CA | None) -> None:
        self.engine = engine
        self.name = f"{PREFIX}{secrets.token_hex(5)}-elsewhere"
        variables = ["--env", "POSTGRES_USER=admin", "--env", "POSTGRES_PASSWORD=of-the-administrator"]
        create = ["create", "--name", self.name, "--publish", f"{PORT}:5432", *variables, images.POSTGRES, "postgres"]
        if authority is None:
            engine.docker(*create)
        else:
            files = ["-c", "ssl=on", "-c", "ssl_cert_file=/server.pem", "-c", "ssl_key_file=/server.key"]
            engine.docker(*create, *files)
            self.prove(authority)
        engine.docker("start", self.name)
        # While it prepares its volume, it listens on its socket only.
        asked = ["exec", self.name, "sh", "-c", "pg_isready -h 127.0.0.1 || true"]
        settled(lambda: "accepting connections" in engine.docker(*asked))
        if authority is not None:
            engine.docker("exec", self.name, "sh", "-c", ONLY_ENCRYPTED)
            self.ask("SELECT pg_reload_conf()")

    def prove(self, authority: trustme.CA, name: str = HOST) -> None:
        """Gives the server a certificate of this name, with a key that is the server's own."""
        issued = authority.issue_cert(name)
        folder = self.engine.folder / self.name
        folder.mkdir(exist_ok=True)
        folder.joinpath("server.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        key = folder / "server.key"
        key.write_bytes(issued.private_key_pem.bytes())
        key.chmod(0o600)
        os.chown(key, *self.postgres())
        for file in ("server.pem", "server.key"):
            self.engine.docker("cp", "--archive", str(folder / file), f"{self.name}:/{file}")

    def postgres(self) -> tuple[int, int]:
        """Who the server runs as."""
        user = self.engine.docker("run", "--rm", "--entrypoint", "id", images.POSTGRES, "-u", "postgres")
        group = self.engine.docker("run", "--rm", "--entrypoint", "id", images.POSTGRES, "-g", "postgres")
        return int(user), int(group)

    def ask(self, sql: str, database: str = "admin") -> str:
        psql = ["psql", "-XAtq", "-h", "127.0.0.1", "-U", "admin", "-d", database, "-c", sql]
        return self.engine.docker("exec", "--env", "PGPASSWORD=of-the-administrator", self.name, *psql).strip()


@pytest.fixture
def elsewhere(engine: Engine) -> Iterator[Callable[..., Elsewhere]]:
    if engine.host_of is None:
        pytest.skip("e2e: skipped: on the user's own engine no port is published")
    made: list[Elsewhere] = []

    def elsewhere(authority: trustme.CA | None) -> Elsewhere:
        made.append(Elsewhere(engine, authority))
        return made[-1]

    yield elsewhere
    for server in made:
        engine.docker("rm", "--force", "--volumes", server.name)


def generate(deployment: Deployment, tls: str) -> None:
    external = {"host": HOST, "port": PORT, "tls": tls, **({"ca": CA} if tls == "verify-full" else {})}
    postgres = {"image": images.POSTGRES, "version": 15, "access": "per_service", "external": external}
    deployment.write_profile("own", {"extends": "builtin:prod-postgres", "postgres": postgres})
    deployment.generate("--profile", "own")


def trust(deployment: Deployment, authority: trustme.CA) -> Path:
    file = deployment.root / CA
    file.parent.mkdir(exist_ok=True)
    authority.cert_pem.write_to_path(file)
    return file


def administer(deployment: Deployment, certificates: Path | None) -> None:
    """Runs the script as the administrator of the server does."""
    names = ["AGENT_RUNTIME__DB_PASSWORD", "AUTH_SERVICE__DB_PASSWORD"]
    variables = [*names, "INIT_POSTGRES_USER=admin", "PGPASSWORD=of-the-administrator"]
    mounts = []
    if certificates is not None:
        variables.append("PGSSLROOTCERT=/ca.pem")
        mounts = ["--volume", f"{certificates}:/ca.pem:ro"]
    client = ["docker", "run", "--rm", "--interactive", *(part for name in variables for part in ("--env", name))]
    script = deployment.out.joinpath("scripts/init-postgres.sh").read_text(encoding="utf-8")
    done = deployment.finish(
        [*client, *mounts, images.POSTGRES, "bash", "-s"], env=deployment.variables(), stdin=script
    )
    assert done.returncode == 0, done.stderr


def start(
    deployment: Deployment, elsewhere: Callable[..., Elsewhere], tls: str
) -> tuple[Elsewhere, trustme.CA | None, Path | None]:
    """A deployment of `prod` that runs with a server elsewhere; who signed its certificate, and where that is written."""
    authority = trustme.CA() if tls == "verify-full" else None
    server = elsewhere(authority)
    generate(deployment, tls)
    certificates = None if authority is None else trust(deployment, authority)
    administer(deployment, certificates)
    deployment.up()
    return server, authority, certificates


@pytest.mark.parametrize("tls", ["disable", "verify-full"])
def test_a_server_elsewhere(deployment: Deployment, elsewhere: Callable[..., Elsewhere], tls: str) -> None:
    """Backup, restore and psql, each service as a role of its own."""
    server, _, _ = start(deployment, elsewhere, tls)
    doctor = Doctor(deployment)
    found = doctor.look()
    assert (found.of("problem"), found.of("warning"), found.of("unseen")) == ([], [], ["connections-settings"])
    for role in ("agent_runtime", "auth_service"):
        found.the("password-refused", f"`{role}` logs in to", "ok")

    use_scripts(deployment, server)


@pytest.mark.parametrize("tls", ["disable", "verify-full"])
def test_rows_move_from_and_to_a_server_elsewhere(
    deployment: Deployment, elsewhere: Callable[..., Elsewhere], tls: str
) -> None:
    server, _, _ = start(deployment, elsewhere, tls)
    server.ask("ALTER ROLE auth_service CREATEDB")
    deployment.write("auth-service", "moved")
    run_script(deployment, "migrate", "auth-service", "--to", "sqlite")
    server.ask("DELETE FROM notes", "auth_db")
    run_script(deployment, "migrate", "auth-service", "--to", "postgres")
    assert deployment.read("auth-service") == [*SEEDS, "moved"]


@pytest.mark.parametrize("tls", ["disable", "verify-full"])
def test_what_is_wrong_with_a_server_elsewhere(
    deployment: Deployment, elsewhere: Callable[..., Elsewhere], tls: str
) -> None:
    server, authority, certificates = start(deployment, elsewhere, tls)
    doctor = Doctor(deployment)
    break_it(doctor, server)
    if authority is not None and certificates is not None:
        break_trust(doctor, certificates)
        server.prove(authority, "another.example")
        server.ask("SELECT pg_reload_conf()")
        misnamed = [one for one in doctor.look() if one["check"] == "encryption"]
        assert [one["verdict"] for one in misnamed] == ["problem", "problem"]
        assert f'"another.example" does not match host name "{HOST}"' in misnamed[0]["evidence"][0]
        assert misnamed[0]["help"] == "write a name that is in its certificate as `host` in `postgres.external`"
    server.engine.docker("stop", "--time", "1", server.name)
    unreachable = [one for one in doctor.look() if one["check"] == "server-unreachable"]
    assert {one["message"] for one in unreachable} == {f"{HOST}:{PORT} can't be reached from another container"}
    assert unreachable[0]["help"].startswith("start the server, or write where it is as `host` and `port`")


def break_it(doctor: Doctor, server: Elsewhere) -> None:
    """One role has another password, and the other one's database is gone."""
    for name in server.ask("SELECT datname FROM pg_database WHERE datname ~ '^agent_runtime'").splitlines():
        server.ask(f'DROP DATABASE "{name}" WITH (FORCE)')
    server.ask("ALTER ROLE auth_service PASSWORD 'other'")
    found = doctor.look()
    refused = found.the("password-refused", "refuses the password of `auth_service` that services have")
    assert "INIT_POSTGRES_USER=ADMINISTRATOR bash scripts/init-postgres.sh" in refused["help"]
    found.the("database-missing", "the database `agent_runtime` does not exist")


def break_trust(doctor: Doctor, certificates: Path) -> None:
    """Another authority's certificate stands where the profile says, and then none."""
    right = certificates.read_bytes()
    trust(doctor.deployment, trustme.CA())
    untrusted = [one for one in doctor.look() if one["check"] == "encryption"]
    assert [one["verdict"] for one in untrusted] == ["problem", "problem"]
    assert untrusted[0]["message"] == f"{HOST}:{PORT} is not encrypted and verified as the profile says"
    assert "certificate verify failed" in untrusted[0]["evidence"][0]
    assert untrusted[0]["help"].endswith("the authority that signed the server's one as `ca` in `postgres.external`")
    certificates.unlink()
    doctor.look().the("encryption", f"the certificates `{CA}` of the PostgreSQL server do not exist")
    certificates.write_bytes(right)


def use_scripts(deployment: Deployment, elsewhere: Elsewhere) -> None:
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
    elsewhere.ask("CREATE EXTENSION dblink", "auth_db")
    backup = back_up(deployment)
    said = run_script(deployment, "restore", str(backup), "auth-service", status=1).stderr
    assert "auth_db needs extensions that only an administrator of 172.17.0.1 may make; nothing was changed" in said
    assert "CREATE EXTENSION dblink CASCADE;" in said
    elsewhere.ask("CREATE DATABASE auth_db_prepared TEMPLATE template0 OWNER auth_service")
    elsewhere.ask("CREATE EXTENSION dblink", "auth_db_prepared")
    run_script(deployment, "restore", str(backup), "auth-service")
    assert deployment.read("auth-service") == SEEDS
    assert elsewhere.ask("SELECT count(*) FROM pg_extension WHERE extname = 'dblink'", "auth_db") == "1"
    query = "SELECT current_user, current_database(), count(*) FROM notes"
    assert run_script(deployment, "psql", "auth-service", "-Atc", query).stdout == "auth_service|auth_db|2\n"
    said = run_script(deployment, "psql", "--superuser", "auth-service", status=1).stderr
    assert "only the databases of services can be opened" in said
