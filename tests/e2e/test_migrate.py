"""`codelab-gen migrate`: rows pass between the engines, and until all are there, nothing has changed."""

import hashlib
import sqlite3
from pathlib import Path

import pytest
from operations import Shim, run_script, sample, settled, started
from server import psql, state

from deployment import SEEDS, Deployment

CLIENT = "/opt/service/client.py"
FILE = "auth-service/data/auth.db"
ROWS = [*SEEDS, "written on SQLite", *(f"{number} é😀\t\\ '" for number in range(500))]


def migrate(deployment: Deployment, *arguments: str, status: int = 0) -> str:
    done = run_script(deployment, "migrate", *arguments, status=status)
    return done.stdout + done.stderr


@pytest.fixture
def switched(deployment: Deployment) -> Deployment:
    """auth-service runs on SQLite with rows; the files say PostgreSQL already, as before an `up`."""
    deployment.run_printed(deployment.generate_profile("dev"))
    connection = sqlite3.connect(deployment.root / FILE)
    connection.executemany("INSERT INTO notes (text) VALUES (?)", [(text,) for text in ROWS[len(SEEDS) :]])
    connection.commit()
    connection.close()
    deployment.generate_profile("mixed")
    return deployment


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.versions
def test_there_and_back(switched: Deployment) -> None:
    """All rows of both ways, the numbers of new ones, and a source that is not touched."""
    source = digest(switched.root / FILE)
    said = migrate(switched, "auth-service", "--to", "postgres")
    assert "auth-service uses auth_db now" in said
    assert switched.read("auth-service") == ROWS == switched.rows_in_postgres("auth-service")
    assert digest(switched.root / FILE) == source
    names = set(state(switched).databases)
    assert names == {"auth_db", "codelab", "postgres", "template0", "template1"}
    switched.write("auth-service", "written on PostgreSQL")
    assert switched.read("auth-service") == [*ROWS, "written on PostgreSQL"]

    said = migrate(switched, "auth-service", "--to", "sqlite", status=5)
    assert "--replace keeps them beside" in said
    # It runs again, as it ran before.
    settled(lambda: switched.try_inside("auth-service", "python", CLIENT, "read").returncode == 0)
    assert switched.read("auth-service") == [*ROWS, "written on PostgreSQL"]
    said = migrate(switched, "auth-service", "--to", "sqlite", "--replace")
    assert "codelab-gen --set services.auth-service.database.engine=sqlite" in said
    assert switched.containers()["auth-service"]["State"]["Running"] is False
    [kept] = (switched.root / FILE).parent.glob("auth.db.before-*")
    assert digest(kept) == source
    switched.run_printed(switched.generate_profile("dev"))
    assert switched.read("auth-service") == [*ROWS, "written on PostgreSQL"]
    switched.write("auth-service", "written on SQLite again")
    assert {path.name for path in (switched.root / FILE).parent.iterdir()} == {"auth.db", kept.name}
    assert len([name for name in started(switched) if "-run-" in name]) == 0


def test_a_target_that_is_in_use(switched: Deployment) -> None:
    """Who was too quick with `up` has seeds there: refused, or kept beside, and never lost."""
    switched.up()
    switched.write("auth-service", "too early")
    said = migrate(switched, "auth-service", "--to", "postgres", status=5)
    assert "auth_db can't take the rows of auth-service; nothing was changed" in said
    settled(lambda: switched.try_inside("auth-service", "python", CLIENT, "read").returncode == 0)
    assert switched.read("auth-service") == [*SEEDS, "too early"]
    migrate(switched, "auth-service", "--to", "postgres", "--replace")
    assert switched.read("auth-service") == ROWS
    [old] = [name for name in state(switched).databases if name.startswith("auth_db_before_")]
    assert psql(switched, old, "SELECT text FROM notes ORDER BY id") == "\n".join([*SEEDS, "too early"])


def test_what_can_not_be_done(switched: Deployment) -> None:
    before = {name: container["Id"] for name, container in switched.containers().items()}
    assert "gateway is no service with a database" in migrate(switched, "gateway", "--to", "sqlite", status=2)
    said = migrate(switched, "agent-runtime", "--to", "postgres", status=5)
    assert "first switch, without starting anything: codelab-gen --set services.agent-runtime" in said
    assert {name: container["Id"] for name, container in switched.containers().items()} == before


def test_a_service_that_makes_no_tables(switched: Deployment) -> None:
    """It goes on with what it had, in the very container that it had."""
    before = switched.containers()["auth-service"]["Id"]
    switched.add("auth-service", command=["sh", "-c", "echo out of order; exit 3"])
    said = migrate(switched, "auth-service", "--to", "postgres", status=5)
    assert "auth-service did not make its tables in a new database; nothing was changed" in said
    found = said.partition("docker logs ")[2].split()[0]
    assert "out of order" in switched.finish(["docker", "logs", found]).stdout
    assert switched.containers()["auth-service"]["Id"] == before
    settled(lambda: switched.try_inside("auth-service", "python", CLIENT, "read").returncode == 0)
    assert switched.read("auth-service") == ROWS
    switched.compose("up", "-d", "--wait", "postgres")
    assert [name for name in state(switched).databases if "_migrating_" in name] == []
    switched.engine.docker("rm", "--force", found)


KILLED = {
    "postgres": [
        ("compose run", "after"),
        ("stop", "after"),
        ("make auth_db", "after"),
        ("compose run", "after:3"),
        ("sh check", "after"),
        ("sh copy", "before"),
        ("sh copy", "after"),
        ("swap auth_db", "before"),
    ],
    "sqlite": [
        ("stop", "after"),
        ("compose run", "after:3"),
        ("sh copy", "before"),
        ("sh copy", "after"),
        ("replace /app", "before"),
    ],
}


@pytest.mark.parametrize("to", KILLED)
def test_killed_at_any_point(switched: Deployment, to: str) -> None:
    """Source and target are as before, and another run does it all."""
    if to == "sqlite":
        migrate(switched, "auth-service", "--to", "postgres")
        (switched.root / FILE).unlink()
    shim = Shim(switched)
    for at, how in sample(KILLED[to]):
        how, _, number = how.partition(":")
        shim.kill(f"{at}:{number or 1}", how, "migrate", "auth-service", "--to", to)
        if to == "postgres":
            connection = sqlite3.connect(switched.root / FILE)
            assert [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY id")] == ROWS, (at, how)
            connection.close()
            assert psql(switched, "auth_db", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0", (
                at,
                how,
            )
        else:
            assert not (switched.root / FILE).exists()
            switched.up()
            assert switched.read("auth-service") == ROWS, (at, how)
    migrate(switched, "auth-service", "--to", to)
    if to == "postgres":
        assert switched.read("auth-service") == ROWS
    else:
        switched.run_printed(switched.generate_profile("dev"))
        assert switched.read("auth-service") == ROWS
        assert [path.name for path in (switched.root / FILE).parent.iterdir()] == ["auth.db"]
    left = {name for name in started(switched) if "-run-" in name}
    assert left == set()


def test_killed_behind_the_swap(switched: Deployment) -> None:
    """All is there: the next start works with it."""
    Shim(switched).kill("swap auth_db", "after", "migrate", "auth-service", "--to", "postgres")
    switched.up()
    assert switched.read("auth-service") == ROWS
