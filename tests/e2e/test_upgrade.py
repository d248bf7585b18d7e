"""`codelab-gen upgrade`: all that a server holds comes to another version on another volume, or nothing is changed."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator

import pytest
from deployment import COMMAND_TIMEOUT, SEEDS, SERVICES, Deployment, check
from operations import Shim, sample
from server import psql

OLD, NEW = "postgres:15-bookworm", "postgres:18-bookworm"
OLD_VOLUME, NEW_VOLUME = "postgres-data", "postgres-data-18"

# What is lost where somebody copies tables alone.
OWN = """
CREATE ROLE reader LOGIN PASSWORD 'of-the-reader';
CREATE ROLE staff;
GRANT staff TO reader WITH ADMIN OPTION;
ALTER ROLE reader SET statement_timeout = '7s';
CREATE DATABASE aside OWNER reader CONNECTION LIMIT 7;
ALTER DATABASE aside SET search_path = 'odd', public;
COMMENT ON DATABASE aside IS 'it''s aside';
GRANT CONNECT ON DATABASE aside TO staff;
"""
IN_AUTH = """
CREATE EXTENSION citext;
CREATE TABLE many (id int PRIMARY KEY, name citext, body text);
INSERT INTO many SELECT n, 'Name ' || n, repeat(md5(n::text), 8) FROM generate_series(1, 20000) AS n;
CREATE SEQUENCE tickets START 41;
SELECT nextval('tickets');
SELECT lo_from_bytea(0, decode(repeat('ab', 70000), 'hex'));
GRANT SELECT ON many TO staff;
CREATE VIEW names AS SELECT name FROM many;
CREATE FUNCTION mine(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user) THEN
    RAISE EXCEPTION 'a service runs what it likes as the superuser';
  END IF;
  RETURN $1;
END $$;
CREATE INDEX ON many (mine(left(body, 8)));
"""


@pytest.fixture(autouse=True)
def own_engine(deployment: Deployment) -> Iterator[None]:
    if deployment.engine.host_of is None:
        pytest.skip("e2e: skipped: on the user's own engine there is no second version")
    yield


def profile(deployment: Deployment, image: str, volume: str, **more: object) -> None:
    postgres = {"image": image, "volume": volume, "access": "per_service", **more}
    deployment.write_profile("own", {"extends": "builtin:prod-postgres", "postgres": postgres})


def upgrade(deployment: Deployment, *arguments: str, status: int = 0) -> str:
    command = deployment.generate_command("upgrade", "--profile", "own", *arguments)
    done = deployment.finish(command, cwd=deployment.root)
    check(done, status)
    said = done.stdout + done.stderr
    for name, value in deployment.variables().items():
        assert not name.endswith("PASSWORD") or value not in said, name
    return said


def as_owner(deployment: Deployment, sql: str, service: str = "auth-service") -> str:
    script = str(deployment.out / "scripts/db/psql.sh")
    return check(deployment.finish([script, service, "-XAtqv", "ON_ERROR_STOP=1"], stdin=sql)).strip()


def volumes(deployment: Deployment) -> set[str]:
    listed = deployment.engine.docker("volume", "ls", "--quiet", "--filter", f"name={deployment.project}_")
    return {name.removeprefix(f"{deployment.project}_") for name in listed.split()}


def version(deployment: Deployment) -> str:
    return psql(deployment, "postgres", "SELECT current_setting('server_version_num')::int / 10000")


def left(deployment: Deployment) -> list[str]:
    """The containers of an upgrade that are still there."""
    label = f"label=com.docker.compose.project={deployment.project}"
    listed = deployment.engine.docker("ps", "--all", "--filter", label, "--format", "{{.Names}}")
    return [name for name in listed.split() if "upgrade" in name]


@pytest.fixture
def old(deployment: Deployment) -> Deployment:
    profile(deployment, OLD, OLD_VOLUME)
    deployment.run_printed(deployment.generate("--profile", "own"))
    return deployment


def test_all_of_it_comes_to_the_new_server(old: Deployment) -> None:
    psql(old, "postgres", OWN)
    as_owner(old, IN_AUTH)
    old.write("auth-service", "before")
    profile(old, NEW, OLD_VOLUME)
    refused = old.finish(old.generate_command("--profile", "own"), cwd=old.root)
    assert refused.returncode == 4
    assert "codelab-gen upgrade --to 18" in refused.stderr
    assert "dump" not in refused.stderr
    said = upgrade(old, "--to", "18", status=5)
    assert "write `volume: postgres-data-18` for `postgres` into the profile" in said

    profile(old, NEW, NEW_VOLUME)
    said = upgrade(old, "--to", "18")
    assert re.search(r"PostgreSQL 18 has it all: \d+ databases, 200\d\d rows", said), said
    assert re.search(r"services stood still for \d+ s", said)
    assert (version(old), left(old)) == ("18", [])
    assert {OLD_VOLUME, NEW_VOLUME} <= volumes(old)
    for service in SERVICES:
        assert old.read(service) == [*SEEDS, *(["before"] if service == "auth-service" else [])]
    assert as_owner(old, "SELECT count(*), count(DISTINCT name), sum(length(body)) FROM many") == "20000|20000|5120000"
    assert as_owner(old, "SELECT nextval('tickets')") == "42"
    assert as_owner(old, "SELECT length(lo_get(oid)) FROM pg_largeobject_metadata") == "70000"
    aside = "SELECT pg_get_userbyid(datdba), datconnlimit, shobj_description(oid, 'pg_database') FROM pg_database"
    assert psql(old, "postgres", f"{aside} WHERE datname = 'aside'") == "reader|7|it's aside"
    assert old.login("of-the-reader", "aside", "reader") == "in"
    assert psql(old, "auth_db", "SELECT has_table_privilege('staff', 'many', 'SELECT')") == "t"


def test_the_way_back_stays(old: Deployment) -> None:
    old.write("auth-service", "before")
    profile(old, NEW, NEW_VOLUME)
    upgrade(old, "--to", "18", "--without-backup")
    old.write("auth-service", "on the new one")
    profile(old, OLD, OLD_VOLUME)
    said = upgrade(old, "--back")
    assert "what was written since is in the volume of `postgres-data-18`, which stays" in said
    assert version(old) == "15"
    assert old.read("auth-service") == [*SEEDS, "before"]
    profile(old, NEW, NEW_VOLUME)
    said = upgrade(old, "--to", "18", status=5)
    assert "was made by an upgrade, and a server has run on it since; nothing was changed" in said
    assert old.read("auth-service") == [*SEEDS, "before"]


KILLED = [
    ("volume create", "after"),
    ("up --detach --wait postgres-upgrade", "before"),
    ("up --detach --wait postgres-upgrade", "after"),
    ("take_roles", "after"),
    ("create auth_db", "after"),
    ("stop", "after"),
    ("load_as auth_service POSTGRES_PASSWORD definitions", "after"),
    ("load_as auth_service POSTGRES_PASSWORD rows", "sent"),
    ("load_as auth_service POSTGRES_PASSWORD rows", "after"),
    ("census auth_db", "after"),
    ("codelab-gen-upgraded", "after"),
    ("compose up --detach --wait", "before"),
]


@pytest.mark.parametrize(("at", "how"), sample(KILLED))
def test_killed_at_any_point(old: Deployment, at: str, how: str) -> None:
    """What was starts again with its rows, or what is new does; another run brings it to its end.

    All points are behind the backup, which is made in the tests around.
    """
    old.write("auth-service", "kept")
    profile(old, NEW, NEW_VOLUME)
    shim = Shim(old)
    command = old.generate_command("upgrade", "--profile", "own", "--to", "18", "--without-backup")
    process = subprocess.Popen(
        command,
        cwd=old.root,
        env={**old.engine.environment(), **shim.environment(at, how)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
        **old.identity(command),
    )
    try:
        said, _ = process.communicate(timeout=COMMAND_TIMEOUT)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -9, f"{at}: exit {process.returncode}\n{said}\n{shim.calls.read_text()}"
    is_written = at == "compose up --detach --wait"
    assert ("postgres:18" in old.out.joinpath("docker-compose.yml").read_text(encoding="utf-8")) == is_written
    if not is_written:
        old.up()
        assert old.read("auth-service") == [*SEEDS, "kept"]
    upgrade(old, "--to", "18", "--without-backup")
    assert (version(old), left(old)) == ("18", [])
    assert old.read("auth-service") == [*SEEDS, "kept"]


def test_what_can_not_be_taken_along_changes_nothing(old: Deployment) -> None:
    """Something of another role in a service's database, until somebody says that he trusts the services."""
    psql(old, "auth_db", "CREATE ROLE another; CREATE TABLE of_another (id int)")
    psql(old, "auth_db", "ALTER TABLE of_another OWNER TO another")
    profile(old, NEW, NEW_VOLUME)
    said = upgrade(old, "--to", "18", status=5)
    assert "only before: owner of relation public.of_another: another" in said
    assert "--as-superuser loads all with its owners" in said
    assert "the deployment is as it was" in said
    assert (version(old), left(old)) == ("15", [])
    assert NEW_VOLUME not in volumes(old)
    old.up()  # they were started, and not waited for
    assert old.read("auth-service") == SEEDS
    upgrade(old, "--to", "18", "--as-superuser", "--without-backup")
    assert version(old) == "18"
    owner = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'of_another'"
    assert psql(old, "auth_db", owner) == "another"
    assert old.read("auth-service") == SEEDS
