"""A first start of the postgres container that was cut off: what the init script mends, and what it only tells."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from init_script import READY, Deployment, databases
from postgres_server import PostgresServer

OPEN = "host all all all scram-sha-256"
TOLD = "init-postgres: pg_hba.conf lets no other container in; most likely the first start with this volume was cut off"


@contextmanager
def rules_instead(server: PostgresServer, *rules: str) -> Iterator[str]:
    """Puts `rules` into pg_hba.conf where the image's own stood; the script looks at the file."""
    path = server.data_dir / "pg_hba.conf"
    text = path.read_text(encoding="utf-8")
    assert text.endswith(f"\n{OPEN}\n")
    try:
        path.write_text("\n".join([text.removesuffix(f"{OPEN}\n"), *rules, ""]), encoding="utf-8")
        yield path.read_text(encoding="utf-8")
    finally:
        path.write_text(text, encoding="utf-8")


@pytest.mark.quick
def test_database_of_the_image(deployment: Deployment) -> None:
    deployment.run("shared")
    assert "codelab|codelab" in databases(deployment.server)
    deployment.server.query("DROP DATABASE codelab")
    deployment.run("per_service")
    assert "codelab|codelab" in databases(deployment.server)


def test_database_of_the_image_keeps_its_owner(deployment: Deployment) -> None:
    deployment.server.query("CREATE ROLE somebody; CREATE DATABASE codelab OWNER somebody")
    for name in ("shared", "per_service"):
        deployment.run(name)
        assert "codelab|somebody" in databases(deployment.server)


def test_database_of_the_image_is_a_service_s_own(deployment: Deployment) -> None:
    deployment.server.query("CREATE DATABASE auth_db")
    deployment.run("per_service_first_is_a_service_s")
    assert databases(deployment.server) == ["agent_runtime|agent_runtime", "auth_db|auth_service"]


def test_no_database_of_the_image(deployment: Deployment) -> None:
    before = deployment.server.query("SELECT xmin, * FROM pg_database WHERE datname = 'postgres'")
    deployment.run("shared_first_is_postgres")
    assert databases(deployment.server) == ["agent_runtime|codelab", "auth_db|codelab"]
    assert deployment.server.query("SELECT xmin, * FROM pg_database WHERE datname = 'postgres'") == before


@pytest.mark.parametrize(
    "rules",
    [
        (),
        ("host all all 127.0.0.0/8 trust", "host all all localhost trust", "host all all samehost trust"),
        ("host all all all reject",),
        ("local all all trust", "this is no rule"),
    ],
)
def test_nobody_gets_in(deployment: Deployment, rules: tuple[str, ...]) -> None:
    with rules_instead(deployment.server, *rules):
        status, output = deployment.attempt("shared")
    assert status == 1
    assert output.startswith(f"{TOLD}\n")
    assert databases(deployment.server) == []


@pytest.mark.parametrize(
    "rule", ["hostssl all all all scram-sha-256", "host auth_db all 172.16.0.0/12 md5", "host all all samenet trust"]
)
def test_somebody_gets_in(deployment: Deployment, rule: str) -> None:
    with rules_instead(deployment.server, rule):
        assert deployment.run("shared") == READY


def test_the_line_that_is_told_lets_everybody_in(deployment: Deployment) -> None:
    server = deployment.server
    with rules_instead(server) as cut_off:
        _, output = deployment.attempt("shared")
        command = output.splitlines()[2].partition("bash -c ")[2]
        added = f"PGDATA={server.data_dir} && bash -c {command}"
        subprocess.run(["bash", "-c", f"export {added}"], check=True)
        assert (server.data_dir / "pg_hba.conf").read_text(encoding="utf-8") == f"{cut_off}{OPEN}\n"
        assert deployment.run("shared") == READY


def test_a_user_who_may_not_look(deployment: Deployment) -> None:
    """A volume of somebody else, where POSTGRES_USER is no superuser."""
    deployment.server.query("CREATE ROLE some_user LOGIN CREATEDB CREATEROLE")
    deployment.server.query("ALTER ROLE codelab PASSWORD NULL")
    status, output = deployment.attempt("shared", POSTGRES_USER="some_user")
    assert status == 3
    assert "pg_hba" not in output


@pytest.mark.parametrize("name", ["shared", "per_service"])
def test_by_hand(deployment: Deployment, name: str) -> None:
    """As the script's first lines say: a running container would keep the file that it began with."""
    for _ in range(2):
        script = deployment.script(name).read_text(encoding="utf-8")
        process = deployment.start(["bash", "-c", 'exec bash -s <"$0"', str(deployment.script(name))])
        assert "bash -s <scripts/init-postgres.sh" in script
        assert deployment.finish(process) == (0, READY)
