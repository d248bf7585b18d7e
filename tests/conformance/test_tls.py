"""TLS to a server that somebody else runs: a real PostgreSQL 15 with a certificate that a private authority has signed.

What these tests know:

* the certificate says `localhost` and nothing else, so `127.0.0.1` is the same server under a name that it can't prove;
* codelab-gen runs in the project, and its outputs stand in a folder of their own: the path of the authority's file,
  relative to the project, has to be found from there by Compose and by the init script;
* a container is stood in for by the environment that Compose gives it, where a path that something is mounted at
  gives way to the host's;
* the server logs each connection with its encryption, and tells it to the connection itself in `pg_stat_ssl`.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from cases import write_profile
from init_script import READY, clean, databases, roles
from postgres_server import Certificate, Postgres, PostgresServer
from programs import SCRUBBED, Generate, Meaning, run, tool

ENVIRONMENTS = ("sqlalchemy-2.0", "sqlalchemy-current")

# One service for each driver: its name, the variable of its URL, its database, and how its driver calls the TLS mode.
SERVICES = {
    "asyncpg": ("agent-runtime", "AGENT_RUNTIME__DB_URL", "agent_runtime", "ssl"),
    "psycopg": ("auth-service", "AUTH_SERVICE__DB_URL", "auth_db", "sslmode"),
}

CA = "./certs/db ca.pem"
CA_INSIDE = "/run/postgres-ca.pem"
CERTIFICATES_OF_THE_IMAGE = "/etc/ssl/certs/ca-certificates.crt"
WITH_CA = {"tls": "verify-full", "ca": CA}

# By what the system trusts, where that is known at all.
UNKNOWN_AUTHORITY = re.compile("certificate verify failed" if Path(CERTIFICATES_OF_THE_IMAGE).exists() else "root certificate")

ANOTHER_NAME = re.compile("does not match host name|certificate is not valid for|IP address mismatch")

# Opens the URL in the variable that it is given, as a service does, and says how the connection is encrypted.
OPEN = """
import asyncio, json, os, sys
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

async def main():
    engine = create_async_engine(os.environ[sys.argv[1]])
    async with engine.connect() as connection:
        mine = "SELECT ssl, current_user, current_database() FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        [row] = (await connection.execute(text(mine))).all()
    await engine.dispose()
    print(json.dumps([engine.dialect.driver, *row]))

asyncio.run(main())
"""


@dataclass
class Project:
    """A project with one service for each driver, and the server with nothing but an administrator on it."""

    folder: Path
    server: PostgresServer
    generate: Generate
    meaning: Meaning
    services: dict[str, Any] = field(default_factory=dict)

    @property
    def out(self) -> Path:
        return self.folder / "deploy"

    @property
    def ca(self) -> Path:
        return self.folder / CA

    def trust(self, authority: trustme.CA) -> None:
        self.ca.parent.mkdir(exist_ok=True)
        authority.cert_pem.write_to_path(self.ca)

    def write(self, tls: dict[str, str], host: str = "localhost", **more: str) -> None:
        """Generates for the server as the profile knows it; with another host only INIT_POSTGRES_HOST leads to it."""
        external = {"host": host, "port": self.server.port if host == "localhost" else 6432, **tls}
        services = {service: {"database": {"driver": driver}} for driver, (service, *_) in SERVICES.items()}
        postgres = {"user": "app", "external": external}
        profile = write_profile(self.folder, {"services": services, "postgres": postgres, **more})
        self.generate(profile, self.out, cwd=self.folder)
        self.services = self.meaning(self.out)["services"]

    def administer(self, status: int = 0, **shell: str) -> subprocess.CompletedProcess[str]:
        """Runs the two lines that stand in the script's header, in the folder of `.env`."""
        script = (self.out / "scripts" / "init-postgres.sh").read_text(encoding="utf-8")
        lines = re.findall(r"^#   (.+)$", script, re.MULTILINE)
        assert lines == ["set -a; . ./.env; set +a", "INIT_POSTGRES_USER=admin bash scripts/init-postgres.sh"]
        env = {"PATH": f"{self.server.bin_dir}:{SCRUBBED['PATH']}", "PGPASSWORD": "of the admin", **shell}
        return run("/bin/bash", "-ec", "\n".join(lines), cwd=self.out, env=env, status=status)

    def service(self, driver: str) -> dict[str, Any]:
        return self.services[SERVICES[driver][0]]

    def url(self, driver: str) -> str:
        return self.service(driver)["environment"][SERVICES[driver][1]]

    def open(self, environment: str, driver: str, status: int = 0, **changes: str) -> subprocess.CompletedProcess[str]:
        """Opens the service's URL with the service's environment, below the host's paths."""
        env = {**on_the_host(self.service(driver)), **changes}
        python, variable = tool("python", environment), SERVICES[driver][1]
        return run(python, "-c", OPEN, variable, cwd=self.folder, env=env, status=status)

    def assert_opens(self, environment: str, driver: str, *, encrypted: bool = True, **changes: str) -> None:
        said = json.loads(self.open(environment, driver, **changes).stdout)
        assert said == [driver, encrypted, "app", SERVICES[driver][2]]

    def assert_nothing_made(self) -> None:
        assert databases(self.server) == []
        assert [row.split("|")[0] for row in roles(self.server)] == ["admin", self.server.superuser]


def on_the_host(service: dict[str, Any]) -> dict[str, str]:
    """The service's environment, where the path of a mount is the host's."""
    sources = {mount["target"]: mount["source"] for mount in service["volumes"]}
    return {name: sources.get(value, value) for name, value in service["environment"].items()}


def mounted_files(service: dict[str, Any]) -> list[dict[str, Any]]:
    """What is mounted beside the service's data."""
    return [mount for mount in service["volumes"] if mount["target"] != "/app/data"]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def stranger() -> trustme.CA:
    """An authority that has signed nothing of the server's."""
    return trustme.CA()


@pytest.fixture(scope="module")
def server(postgres_15: Postgres, authority: trustme.CA) -> Iterator[PostgresServer]:
    issued = authority.issue_cert("localhost")
    chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
    certificate = Certificate(chain, issued.private_key_pem.bytes())
    with PostgresServer(postgres_15, settings={"log_connections": "on"}, certificate=certificate) as server:
        yield server


@pytest.fixture
def project(
    tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer, authority: trustme.CA
) -> Project:
    clean(server)
    server.query("CREATE ROLE admin LOGIN CREATEROLE CREATEDB PASSWORD 'of the admin'")
    project = Project(tmp_path, server, generate, meaning)
    project.trust(authority)
    return project


def encryption(server: PostgresServer, log_before: int) -> set[bool]:
    """Whether the administrator's connections since then were encrypted."""
    lines = re.findall("connection authorized: user=admin .*", server.log[log_before:])
    return {" SSL enabled (protocol=TLSv1." in line for line in lines}


@pytest.mark.quick
@pytest.mark.parametrize("host", ["localhost", "db.example.com"])
def test_the_init_script_verifies_the_server(host: str, project: Project) -> None:
    project.write(WITH_CA, host)
    log_before = len(project.server.log)
    elsewhere = {"INIT_POSTGRES_HOST": "localhost", "INIT_POSTGRES_PORT": str(project.server.port)}
    for _ in range(2):
        assert project.administer(**({} if host == "localhost" else elsewhere)).stdout == READY
    assert databases(project.server) == ["agent_runtime|app", "auth_db|app"]
    assert encryption(project.server, log_before) == {True}


@pytest.mark.quick
def test_the_init_script_refuses_another_authority(project: Project, stranger: trustme.CA) -> None:
    project.write(WITH_CA)
    project.trust(stranger)
    assert "certificate verify failed" in project.administer(status=2).stderr
    project.assert_nothing_made()


def test_the_init_script_refuses_a_name_that_is_not_in_the_certificate(project: Project) -> None:
    project.write(WITH_CA)
    assert ANOTHER_NAME.search(project.administer(status=2, INIT_POSTGRES_HOST="127.0.0.1").stderr)
    project.assert_nothing_made()


def test_the_init_script_refuses_without_the_authority(project: Project) -> None:
    project.write(WITH_CA)
    project.ca.unlink()
    said = project.administer(status=2).stderr
    assert f'root certificate file "../{CA[2:]}" does not exist' in said
    project.assert_nothing_made()


@pytest.mark.parametrize("driver", SERVICES)
def test_a_service_gets_the_authority_to_read(driver: str, project: Project) -> None:
    project.write(WITH_CA)
    service = project.service(driver)
    assert project.url(driver).endswith(f"?{SERVICES[driver][3]}=verify-full")
    assert service["environment"]["PGSSLROOTCERT"] == CA_INSIDE
    [mount] = mounted_files(service)
    assert (mount["type"], mount["target"], mount["read_only"]) == ("bind", CA_INSIDE, True)
    assert Path(mount["source"]).resolve() == project.ca.resolve()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("driver", SERVICES)
def test_a_url_opens_verified_and_encrypted(
    environment: str, driver: str, project: Project, stranger: trustme.CA
) -> None:
    project.write(WITH_CA)
    project.administer()
    assert f"@localhost:{project.server.port}/" in project.url(driver)
    project.assert_opens(environment, driver)
    project.trust(stranger)
    assert "certificate verify failed" in project.open(environment, driver, status=1).stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("driver", SERVICES)
def test_a_url_refuses_a_name_that_is_not_in_the_certificate(environment: str, driver: str, project: Project) -> None:
    project.write(WITH_CA)
    project.administer()
    elsewhere = project.url(driver).replace("@localhost:", "@127.0.0.1:")
    said = project.open(environment, driver, status=1, **{SERVICES[driver][1]: elsewhere}).stderr
    assert ANOTHER_NAME.search(said), said


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("driver", SERVICES)
def test_without_an_authority_of_its_own_the_images_are_asked(
    environment: str, driver: str, project: Project, stranger: trustme.CA
) -> None:
    project.write({"tls": "verify-full"})
    service = project.service(driver)
    assert service["environment"]["PGSSLROOTCERT"] == CERTIFICATES_OF_THE_IMAGE
    assert mounted_files(service) == []

    assert UNKNOWN_AUTHORITY.search(project.administer(status=2).stderr)
    project.assert_nothing_made()
    project.administer(PGSSLROOTCERT=str(project.ca))
    project.assert_opens(environment, driver, PGSSLROOTCERT=str(project.ca))
    project.trust(stranger)
    said = project.open(environment, driver, status=1, PGSSLROOTCERT=str(project.ca)).stderr
    assert "certificate verify failed" in said


@pytest.mark.quick
@pytest.mark.parametrize("stage", ["development", "ci", "staging", "production"])
def test_what_says_nothing_verifies_the_server_in_every_stage(stage: str, project: Project) -> None:
    """A server without a certificate of a known authority is refused; less is chosen by word alone."""
    for tls in ({}, {"ca": CA}):
        project.write(tls, stage=stage)
        for driver, (*_, parameter) in SERVICES.items():
            assert project.url(driver).endswith(f"?{parameter}=verify-full")
        assert project.service("asyncpg")["environment"]["PGSSLROOTCERT"] in (CA_INSIDE, CERTIFICATES_OF_THE_IMAGE)
    project.ca.unlink()
    assert "root certificate" in project.administer(status=2).stderr
    project.assert_nothing_made()
    project.write({}, stage=stage)
    assert UNKNOWN_AUTHORITY.search(project.administer(status=2).stderr)
    project.assert_nothing_made()

    project.write({"tls": "disable"}, stage=stage)
    assert project.administer().stdout == READY


def test_what_the_administrator_trusts_goes_before_what_the_system_does(project: Project, stranger: trustme.CA) -> None:
    project.write({"tls": "verify-full"})
    own = project.folder / ".postgresql" / "root.crt"
    own.parent.mkdir()
    shutil.copy(project.ca, own)
    home = {"HOME": str(project.folder)}
    assert project.administer(**home).stdout == READY
    stranger.cert_pem.write_to_path(own)
    assert "certificate verify failed" in project.administer(status=2, **home).stderr
    assert project.administer(PGSSLROOTCERT=str(project.ca), **home).stdout == READY
    own.unlink()
    assert project.administer(PGSSLMODE="require", **home).stdout == READY


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("driver", SERVICES)
@pytest.mark.parametrize(("mode", "encrypted"), [("require", True), ("disable", False)])
def test_what_verifies_nothing_needs_no_authority(
    environment: str, driver: str, mode: str, encrypted: bool, project: Project
) -> None:
    project.ca.unlink()
    project.write({"tls": mode})
    service = project.service(driver)
    assert project.url(driver).endswith(f"?{SERVICES[driver][3]}={mode}")
    assert "PGSSLROOTCERT" not in service["environment"]
    assert mounted_files(service) == []

    log_before = len(project.server.log)
    assert project.administer().stdout == READY
    assert encryption(project.server, log_before) == {encrypted}
    project.assert_opens(environment, driver, encrypted=encrypted)
