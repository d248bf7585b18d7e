"""What the init script does on a PostgreSQL 15 and 18 that somebody else runs, for an administrator with few rights."""

import re

import pytest

from init_script import MARK, READY, Deployment, clean, databases, extensions, roles

EXTERNAL = ["external_shared", "external_per_service"]

DATABASES = {
    "external_shared": ["agent_runtime|app", "auth_db|app"],
    "external_per_service": ["agent_runtime|agent_runtime", "auth_db|auth_service"],
}


def prepare_external(deployment: Deployment, attributes: str = "CREATEROLE CREATEDB") -> None:
    """Makes the administrator, and an environment as in his shell once he has read `.env`."""
    make_administrator(deployment, attributes)
    del deployment.environment["STAND_IN_SOCKET"]
    deployment.environment.update(
        INIT_POSTGRES_USER="admin",
        INIT_POSTGRES_HOST=deployment.server.host,
        INIT_POSTGRES_PORT=str(deployment.server.port),
        PGPASSWORD="of the admin",
        PGSSLMODE="disable",
        POSTGRES_USER="app",
        PGPORT="1",
    )


def make_administrator(deployment: Deployment, attributes: str = "CREATEROLE CREATEDB") -> None:
    deployment.server.query(f"CREATE ROLE admin LOGIN {attributes} PASSWORD 'of the admin'")


def assert_external_ready(deployment: Deployment, name: str) -> None:
    assert databases(deployment.server) == DATABASES[name]
    assert extensions(deployment.server, "auth_db") == ["citext"]
    if name == "external_shared":
        assert deployment.can_log_in("app", f"{MARK}-postgres", "auth_db")
        assert "app|t|f|f|f|t" in roles(deployment.server)
    else:
        assert deployment.can_log_in("auth_service", f"{MARK}-auth", "auth_db")
        assert not deployment.can_log_in("agent_runtime", f"{MARK}-agent", "auth_db")


@pytest.mark.default_logging
@pytest.mark.parametrize("attributes", ["CREATEROLE CREATEDB", "SUPERUSER"])
@pytest.mark.parametrize("name", EXTERNAL)
def test_twice(deployment: Deployment, name: str, attributes: str) -> None:
    prepare_external(deployment, attributes)
    for _ in range(2):
        assert deployment.run(name) == READY
        assert_external_ready(deployment, name)
    assert deployment.can_log_in("admin", "of the admin", "postgres")


def test_superuser_leaves_no_password_in_the_log(deployment: Deployment) -> None:
    prepare_external(deployment, "SUPERUSER")
    deployment.run("external_per_service")


def test_without_the_right_to_silence_the_log(deployment: Deployment) -> None:
    """With log_statement = all nobody but a superuser could keep a statement out of the log."""
    prepare_external(deployment)
    deployment.run("external_per_service")
    assert "PASSWORD 'SCRAM-SHA-256$" in deployment.log  # and `deployment` looks for the password itself


@pytest.mark.default_logging
@pytest.mark.parametrize("name", EXTERNAL)
def test_two_at_a_time(deployment: Deployment, name: str) -> None:
    prepare_external(deployment)
    both = [deployment.start(["bash", str(deployment.script(name))]) for _ in range(2)]
    ends = [deployment.finish(process) for process in both]
    assert [status for status, _ in ends] == [0, 0], ends
    assert_external_ready(deployment, name)


@pytest.mark.default_logging
@pytest.mark.parametrize("name", EXTERNAL)
def test_killed_after_a_statement(deployment: Deployment, name: str) -> None:
    prepare_external(deployment)
    for statements in deployment.moments_to_be_killed():
        clean(deployment.server)
        make_administrator(deployment)
        if not deployment.is_killed(name, statements):
            break
        deployment.run(name)
        assert_external_ready(deployment, name)
    assert statements > 8


@pytest.mark.default_logging
def test_password_changed(deployment: Deployment) -> None:
    prepare_external(deployment)
    deployment.run("external_shared")
    password = MARK + "p@:/?#[]%&+ =\"'\\$`;!*()é😀"
    deployment.run("external_shared", POSTGRES_PASSWORD=password)
    assert deployment.can_log_in("app", password, "auth_db")
    assert not deployment.can_log_in("app", f"{MARK}-postgres", "auth_db")


@pytest.mark.default_logging
def test_administrator_is_the_service(deployment: Deployment) -> None:
    prepare_external(deployment)
    deployment.run("external_administrator")
    assert databases(deployment.server) == ["agent_runtime|admin", "auth_db|admin"]
    assert deployment.can_log_in("admin", "of the admin", "auth_db")
    assert "admin|t|f|t|t|t" in roles(deployment.server)


@pytest.mark.default_logging
def test_role_of_somebody_else(deployment: Deployment) -> None:
    prepare_external(deployment)
    deployment.server.query("CREATE ROLE auth_service LOGIN CREATEDB")
    status, output = deployment.attempt("external_per_service")
    if deployment.major == 15:
        assert status == 0  # any CREATEROLE user may alter any role that isn't a superuser
        assert "auth_service|t|f|t|f|t" in roles(deployment.server)
    else:
        assert status == 3
        assert 'permission denied to grant role "auth_service"' in output
        assert 'ADMIN option on role "auth_service"' in output


@pytest.mark.default_logging
def test_what_no_service_needs_is_taken_as_far_as_it_can_be(deployment: Deployment) -> None:
    """CREATEDB stays: restore.sh asks an administrator for it."""
    prepare_external(deployment)
    deployment.run("external_per_service")
    deployment.server.query("ALTER ROLE auth_service CREATEDB CREATEROLE; GRANT pg_monitor TO auth_service")
    output = deployment.run("external_per_service")
    assert "init-postgres: role auth_service: had more than a service needs: CREATEROLE, membership in pg_monitor\n" in output
    if deployment.major == 15:  # any CREATEROLE user may revoke any membership
        assert "init-postgres: role auth_service: that was taken from it\n" in output
    else:
        assert "role auth_service: still has, since it could not be taken: membership in pg_monitor\n" in output
    assert "auth_service|t|f|t|f|t" in roles(deployment.server)
    assert_external_ready(deployment, "external_per_service")


@pytest.mark.default_logging
def test_role_is_a_superuser(deployment: Deployment) -> None:
    prepare_external(deployment)
    deployment.server.query("CREATE ROLE auth_service LOGIN SUPERUSER")
    status, output = deployment.attempt("external_per_service")
    assert status == 3
    assert "superuser" in output or "permission denied" in output


@pytest.mark.default_logging
def test_password_may_not_be_set(deployment: Deployment) -> None:
    prepare_external(deployment, "CREATEDB")
    deployment.server.query("CREATE ROLE agent_runtime LOGIN;\nGRANT agent_runtime TO admin WITH ADMIN OPTION;")
    status, output = deployment.attempt("external_per_service")
    assert status == 3
    assert "permission denied" in output  # and `deployment` looks at the log: the failed statement stands in it


@pytest.mark.default_logging
def test_database_of_somebody_else(deployment: Deployment) -> None:
    prepare_external(deployment)
    deployment.server.query("CREATE DATABASE auth_db")
    status, output = deployment.attempt("external_shared")
    assert status == 3
    assert "must be owner of database auth_db" in output
    deployment.server.query("ALTER DATABASE auth_db OWNER TO app")
    deployment.run("external_shared")


@pytest.mark.default_logging
def test_password_file(deployment: Deployment) -> None:
    prepare_external(deployment)
    password_file = deployment.folder / ".pgpass"  # the folder is HOME
    password_file.write_text("*:*:*:admin:of the admin\n", encoding="utf-8")
    password_file.chmod(0o600)
    deployment.run("external_shared", PGPASSWORD=None)
    password_file.unlink()
    status, output = deployment.attempt("external_shared", PGPASSWORD=None)
    assert status == 2
    assert "no password supplied" in output  # and no question


@pytest.mark.default_logging
def test_verifies_tls_by_default(deployment: Deployment) -> None:
    prepare_external(deployment)
    status, output = deployment.attempt("external_shared", PGSSLMODE=None)
    assert status == 2
    assert re.search("root certificate|SSL", output)
    assert databases(deployment.server) == []


@pytest.mark.default_logging
@pytest.mark.parametrize("self_grant", ["", "set", "inherit"])
def test_default_of_new_roles(deployment: Deployment, self_grant: str) -> None:
    prepare_external(deployment)
    if deployment.major != 15:  # the setting came with 16
        deployment.server.query("ALTER ROLE admin NOINHERIT")
        deployment.server.query(f"ALTER ROLE admin SET createrole_self_grant = '{self_grant}'")
    for _ in range(2):
        deployment.run("external_per_service")
        assert_external_ready(deployment, "external_per_service")


@pytest.mark.default_logging
def test_administrator_who_inherits_nothing(deployment: Deployment) -> None:
    prepare_external(deployment, "CREATEROLE CREATEDB NOINHERIT")
    for _ in range(2):
        assert deployment.run("external_per_service_plain") == READY
        assert databases(deployment.server) == DATABASES["external_per_service"]
        assert not deployment.can_log_in("agent_runtime", f"{MARK}-agent", "auth_db")


@pytest.mark.default_logging
def test_default_host(deployment: Deployment) -> None:
    prepare_external(deployment)
    status, output = deployment.attempt("external_shared", INIT_POSTGRES_HOST=None, INIT_POSTGRES_PORT=None)
    assert status == 2
    assert "db.example.com" in output


@pytest.mark.default_logging
def test_settings_of_other_programs(deployment: Deployment) -> None:
    prepare_external(deployment)
    deployment.run(
        "external_shared",
        PGHOST="elsewhere.invalid",
        PGHOSTADDR="192.0.2.1",
        PGSERVICE="none",
        PGDATABASE="none",
        PGUSER="nobody",
        PGOPTIONS="-c nonsense=1",
    )


@pytest.mark.default_logging
@pytest.mark.parametrize("name", EXTERNAL)
def test_sourced(deployment: Deployment, name: str) -> None:
    prepare_external(deployment)
    status, output = deployment.enter(deployment.script(name), executable=False)
    assert (status, output.splitlines()[-1]) == (0, "the entrypoint goes on"), output
    assert "left something behind" not in output, output
