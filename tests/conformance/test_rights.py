"""One database for several services: what each role may do there, on what there is and on what comes later.

What these tests know:

* in the profile `rights`, `auth_service` owns `auth_db`, `agent_runtime` may write in it and `select` may read it;
* what a service does is run as its own role over TCP, with its own password.
"""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from init_script import LOG_EVERYTHING, MARK, Deployment, Servers
from postgres_server import Postgres
from programs import Generate
from test_hostile_ensure import BETTER, TRAITS, as_service

DATABASE = "auth_db"
OWNER = ("auth_service", f"{MARK}-auth", DATABASE)
WRITER = ("agent_runtime", f"{MARK}-agent", DATABASE)
READER = ("select", f"{MARK}-select", DATABASE)
READY = "init-postgres: the database auth_db is ready\n"

READ = "SELECT count(*) FROM {0}"
WRITE = [
    "INSERT INTO {0} (name) VALUES ('x')",
    "UPDATE {0} SET name = 'y'",
    "DELETE FROM {0}",
]
ONLY_THE_OWNERS = [
    "TRUNCATE {0}",
    "ALTER TABLE {0} ADD COLUMN more text",
    "CREATE TRIGGER t BEFORE INSERT ON {0} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE TABLE public.mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DROP TABLE {0}",
]


@pytest.fixture(params=[15, 16, 18], ids=lambda major: f"PostgreSQL {major}")
def deployment(
    request: pytest.FixtureRequest, tmp_path: Path, generate: Generate, servers: Servers
) -> Iterator[Deployment]:
    postgres: Postgres = request.getfixturevalue(f"postgres_{request.param}")
    settings = {} if request.param == 16 else LOG_EVERYTHING  # 16 brings no extensions along
    deployment = Deployment(servers.with_settings(postgres, settings), request.param, tmp_path, generate)
    yield deployment
    assert MARK not in deployment.log, "a password stands in the server's log"


def may(deployment: Deployment, login: tuple[str, str, str], statement: str) -> bool:
    """Whether a role may do something; what it does is taken back."""
    try:
        as_service(deployment.server, "BEGIN", statement, "ROLLBACK", login=login)
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


def table(deployment: Deployment, name: str) -> str:
    as_service(deployment.server, f"CREATE TABLE {name} (id serial, name text)", login=OWNER)
    return name


def check(deployment: Deployment, name: str, *, writes: bool = True) -> None:
    for login in (WRITER, READER):
        assert may(deployment, login, READ.format(name))
    for statement in WRITE:
        assert may(deployment, WRITER, statement.format(name)) == writes, statement
        assert not may(deployment, READER, statement.format(name)), statement


def test_each_right_is_what_its_word_says(deployment: Deployment) -> None:
    assert READY in deployment.run("rights")
    name = table(deployment, "public.orders")
    assert READY in deployment.run("rights")
    check(deployment, name)
    assert may(deployment, READER, "SELECT last_value FROM public.orders_id_seq")
    for statement in ONLY_THE_OWNERS:
        for login in (WRITER, READER):
            assert not may(deployment, login, statement.format(name)), statement
    assert may(deployment, WRITER, "CREATE TEMPORARY TABLE t (id int)")
    assert not may(deployment, READER, "CREATE TEMPORARY TABLE t (id int)")


def test_rights_hold_for_what_is_there_and_for_what_is_made_later(
    deployment: Deployment,
) -> None:
    deployment.run("per_service_plain")
    names = [
        table(deployment, "public.before"),
        table(deployment, '''public."odd "" name; $$ %I"'''),
    ]
    deployment.run("rights")
    as_service(deployment.server, "CREATE SCHEMA later", login=OWNER)
    names += [table(deployment, "public.after"), table(deployment, "later.on")]
    for name in names:
        check(deployment, name)


def test_what_the_profile_no_longer_says_is_taken(deployment: Deployment) -> None:
    deployment.run("rights")
    name = table(deployment, "public.orders")
    deployment.run("rights_less")
    assert not deployment.can_log_in(*READER)
    assert may(deployment, WRITER, READ.format(name))
    for before in (name, table(deployment, "public.later")):
        assert not any(may(deployment, WRITER, statement.format(before)) for statement in WRITE)


def test_a_second_run_changes_nothing(deployment: Deployment) -> None:
    deployment.run("rights")
    table(deployment, "public.orders")
    deployment.run("rights")

    def rows() -> list[str]:
        catalogues = [
            ("pg_class", "relacl"),
            ("pg_namespace", "nspacl"),
            ("pg_default_acl", "defaclacl"),
        ]
        found = [f"SELECT oid, xmin, {acl}::text FROM {name}" for name, acl in catalogues]
        return deployment.server.query(" UNION ALL ".join(found) + " ORDER BY 1, 3", DATABASE)

    before = rows()
    deployment.run("rights")
    assert rows() == before


def test_who_may_write_or_read_reaches_no_other_database(
    deployment: Deployment,
) -> None:
    deployment.run("rights")
    for login in (OWNER, WRITER, READER):
        reached = [name for name in (DATABASE, "postgres", "template1") if deployment.can_log_in(*login[:2], name)]
        assert reached == [DATABASE]


def test_an_owner_gets_nothing_by_rights_of_others(deployment: Deployment) -> None:
    deployment.run("rights")
    as_service(deployment.server, BETTER, login=OWNER)
    deployment.run("rights")
    traits = f"SELECT {TRAITS} FROM pg_roles WHERE rolname IN ('auth_service', 'agent_runtime', 'select')"
    assert set(deployment.server.query(traits)) == {"f|f|f|f|f"}
