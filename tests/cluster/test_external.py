"""PostgreSQL outside of the deployment: in another namespace, encrypted, with a certificate of a private authority."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

import stock
from namespace import Namespace
from release import SEEDS, SERVICES, Release, stateless
from test_profiles import HOSTILE, OF_API, WITH_SERVER, keeps_rows, profile, write

CA = "./certs/db ca.pem"
ADMINISTRATOR = {"POSTGRES_USER": "admin", "POSTGRES_PASSWORD": "of-the-administrator"}
PASSWORDS = {"agent-runtime": "AGENT_RUNTIME__DB_PASSWORD", "auth-service": "AUTH_SERVICE__DB_PASSWORD"}
ONLY_ENCRYPTED = 'sed -i "s/^host all all all/hostssl all all all/" "$PGDATA/pg_hba.conf" && pg_ctl reload'


class Elsewhere:
    """A server that no deployment knows."""

    def __init__(self, namespace: Namespace, authority: trustme.CA) -> None:
        self.namespace = namespace
        self.host = f"db.{namespace.name}.svc.cluster.local"
        issued = authority.issue_cert(self.host)
        texts = {
            "server.pem": b"".join(part.bytes() for part in issued.cert_chain_pems).decode(),
            "server.key": issued.private_key_pem.bytes().decode(),
            "ca.pem": authority.cert_pem.bytes().decode(),
        }
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": texts}
        port = {"selector": {"app": "db"}, "ports": [{"port": 5432}]}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": port}
        namespace.apply(secret, service, self.pod())
        namespace.kubectl("wait", "pod/db", "--for=condition=Ready", "--timeout=120s")
        namespace.routed()
        self.inside("bash", "-c", ONLY_ENCRYPTED)

    def pod(self) -> dict[str, object]:
        files = ["-c", "ssl=on", "-c", "ssl_cert_file=/tls/server.pem", "-c", "ssl_key_file=/tls/server.key"]
        container = {
            "name": "db",
            "image": stock.POSTGRES,
            "args": ["postgres", *files],
            "env": [{"name": name, "value": value} for name, value in ADMINISTRATOR.items()],
            "readinessProbe": {"exec": {"command": ["pg_isready", "-q", "-h", "127.0.0.1"]}, "periodSeconds": 1},
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [{"name": "tls", "mountPath": "/tls"}],
        }
        context = {"runAsNonRoot": True, "runAsUser": 999, "runAsGroup": 999, "fsGroup": 999}
        spec = {
            "securityContext": {**context, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": [{"name": "tls", "secret": {"secretName": "db", "defaultMode": 0o440}}],
        }
        labels = {"app": "db"}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db", "labels": labels}, "spec": spec}

    def inside(self, *command: str, stdin: str = "") -> str:
        return self.namespace.exec("db", *command, stdin=stdin)

    def administer(self, release: Release) -> None:
        """Runs the script as the administrator of the server does, who has the passwords."""
        files = release.manifests.joinpath("secrets").glob("*__db_password")
        variables = {file.name.upper(): file.read_text(encoding="utf-8") for file in files}
        variables |= {"INIT_POSTGRES_USER": "admin", "PGPASSWORD": ADMINISTRATOR["POSTGRES_PASSWORD"]}
        variables["PGSSLROOTCERT"] = "/tls/ca.pem"
        script = release.manifests.joinpath("init-postgres.sh").read_text(encoding="utf-8")
        assignments = [f"{name}={value}" for name, value in variables.items()]
        self.inside("env", *assignments, "bash", "-s", stdin=script)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def elsewhere(namespaces: Callable[[], Namespace], authority: trustme.CA) -> Elsewhere:
    return Elsewhere(namespaces(), authority)


def trust(release: Release, authority: trustme.CA) -> Path:
    file = release.root / CA
    file.parent.mkdir()
    authority.cert_pem.write_to_path(file)
    return file


def test_services_use_a_server_elsewhere(release: Release, elsewhere: Elsewhere, authority: trustme.CA) -> None:
    trust(release, authority)
    described = stateless()
    external = {"host": elsewhere.host, "ca": CA}
    described["postgres"] = {"image": stock.POSTGRES, "user": "codelab", "access": "per_service", "external": external}
    release.write_profile("own", described)
    given = {name: f"{service}{HOSTILE}" for service, name in PASSWORDS.items()}
    release.generate("--profile", "own", env=given)
    elsewhere.administer(release)
    release.apply()
    release.settle()
    for service in SERVICES:
        release.write(service, HOSTILE)
        assert release.read(service) == [*SEEDS, HOSTILE]
        assert release.sql(service, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [[True]]
    assert release.difference() == ""


@pytest.mark.parametrize("base", WITH_SERVER)
def test_a_profile_keeps_its_rows_elsewhere(
    release: Release, elsewhere: Elsewhere, authority: trustme.CA, base: str
) -> None:
    """Each with a role for each service: nobody else's password is the service's."""
    trust(release, authority)
    external = {"host": elsewhere.host, "ca": CA}
    described = profile(base, access="per_service", external=external)
    write(release, {**described, "stage": "production"})
    given = {name: f"{name}{HOSTILE}" for name in (*PASSWORDS.values(), OF_API)}
    release.generate("--profile", "own", env=given)
    elsewhere.administer(release)
    release.apply()
    release.settle()
    keeps_rows(release, base)
    assert release.difference() == ""
