"""The server's container: how its volume is made, how long that may take, and what another image does to it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import images
import pytest
from deployment import DATABASES, SEEDS, SERVICES, Deployment, check
from doctor import Doctor
from interruption import image_path, starting, wait_until
from operations import run_script
from server import psql

IMAGE: dict[str, Any] = {
    "image": images.POSTGRES_OF_USER or images.POSTGRES,
    **({} if images.POSTGRES_OF_USER else {"version": 15}),
}

SLOW = """#!/usr/bin/env bash
PATH=${PATH#/slow:}
until [ -e /slow/go ]; do sleep 0.1; done
exec initdb "$@"
"""


def with_server(deployment: Deployment, **server: Any) -> None:
    deployment.write_profile("own", {"extends": "builtin:prod-postgres", "postgres": {**IMAGE, **server}})


def slow_initdb(deployment: Deployment) -> Path:
    """A file without which no volume is made."""
    folder = deployment.root / "slow"
    folder.mkdir()
    folder.joinpath("initdb").write_text(SLOW, encoding="ascii")
    for path in (folder, folder / "initdb"):
        path.chmod(0o755)
    environment = {"PATH": f"/slow:{image_path(deployment)}"}
    deployment.add("postgres", volumes=["../slow:/slow:ro"], environment=environment)
    return folder / "go"


@pytest.mark.versions
@pytest.mark.parametrize("start_period", ["5m", "1s"])
def test_a_volume_that_is_made_slowly(deployment: Deployment, start_period: str) -> None:
    """Failures of the start period do not count; beyond it doctor tells to wait, and never to start anew."""
    with_server(deployment, healthcheck={"interval": "1s", "timeout": "1s", "retries": 2, "start_period": start_period})
    deployment.generate("--profile", "own")
    go = slow_initdb(deployment)
    with starting(deployment) as start:
        wait_until(lambda: len(health(deployment).get("Log") or []) >= 4)
        if start_period == "1s":
            wait_until(lambda: health(deployment)["Status"] == "unhealthy")
        assert health(deployment)["Status"] == ("starting" if start_period == "5m" else "unhealthy")
        found = Doctor(deployment).look()
        for check_name in ("containers", "server-unreachable"):
            waiting = found.the(check_name, "the server: it is still making its volume", "unseen")
            assert waiting["help"].startswith("wait: ")
        assert not any("restart postgres" in (finding["help"] or "") for finding in found)
        go.touch()
        assert (start.wait(120) == 0) == (start_period == "5m")
    wait_until(lambda: health(deployment)["Status"] == "healthy")
    deployment.up()
    assert deployment.read("auth-service") == SEEDS


def health(deployment: Deployment) -> dict[str, Any]:
    container = deployment.containers().get("postgres", {})
    found: dict[str, Any] = container.get("State", {}).get("Health", {})
    return found


@pytest.mark.versions
def test_how_a_volume_is_made_and_what_changes_nothing_later(deployment: Deployment) -> None:
    initdb = {"locale": "de-DE", "provider": "icu", "checksums": True, "args": ["--wal-segsize=8"]}
    environment = {"TZ": "Europe/Berlin", "NOTE": "it's $5"}
    with_server(deployment, initdb=initdb, environment=environment)
    deployment.run_printed(deployment.generate("--profile", "own"))
    made = psql(deployment, "postgres", "SHOW data_checksums; SHOW wal_segment_size;").split()
    assert made == ["on", "8MB"]
    sorted_by = "SELECT DISTINCT concat_ws(' ', datlocprovider, daticulocale, pg_encoding_to_char(encoding))"
    assert psql(deployment, "postgres", f"{sorted_by} FROM pg_database;") == "i de-DE UTF8"
    assert deployment.inside("postgres", "printenv", "TZ", "NOTE").splitlines() == ["Europe/Berlin", "it's $5"]
    assert deployment.read("auth-service") == SEEDS

    with_server(deployment, initdb={**initdb, "checksums": False}, environment=environment)
    generated = deployment.generate("--profile", "own")
    assert "the volume `postgres-data` was made with `--encoding=UTF8 --locale-provider=icu" in generated.notes
    assert "holds for a new one" in generated.notes
    deployment.run_printed(generated)
    assert psql(deployment, "postgres", "SHOW data_checksums;") == "on"
    assert "holds for a new one" not in deployment.generate("--profile", "own").notes


def of_system(deployment: Deployment, image: str) -> None:
    deployment.write_profile("own", {"extends": "builtin:prod-postgres", "postgres": {"image": image}})


@pytest.fixture
def alpine(deploy: Callable[..., Deployment]) -> Deployment:
    """A production deployment whose server has the user of Alpine, with a row of each service."""
    deployment = deploy()
    if deployment.engine.host_of is None:
        pytest.skip("e2e: skipped: the images of both systems are the tests' own")
    of_system(deployment, images.ALPINE)
    deployment.run_printed(deployment.generate("--profile", "own"))
    for service in SERVICES:
        deployment.write(service, "kept")
    return deployment


def kept(deployment: Deployment, user: str) -> None:
    """Every row is there, and the server runs as this user."""
    assert deployment.containers()["postgres"]["Config"]["User"] == user
    for service in SERVICES:
        assert deployment.read(service) == [*SEEDS, "kept"] == deployment.rows_in_postgres(service)


@pytest.mark.versions
def test_another_system_by_the_printed_command(alpine: Deployment) -> None:
    """There and back; the refusal tells the same steps."""
    for image, user in {images.BOOKWORM: "999:999", images.ALPINE: "70:70"}.items():
        of_system(alpine, image)
        refused = alpine.finish(alpine.generate_command("--profile", "own"), cwd=alpine.root)
        check(refused, 4)
        step = f"--cap-add CHOWN --cap-add DAC_OVERRIDE --entrypoint chown postgres -R {user} /var/lib/postgresql/data"
        assert step in refused.stderr
        before = psql(alpine, "auth_db", "SELECT pg_relation_filenode('notes_pkey');")
        generated = alpine.generate("--profile", "own", "--accept", "flavour")
        assert step in generated.next_command and "scripts/db/reindex.sh --all" in generated.next_command
        alpine.run_printed(generated)
        kept(alpine, user)
        assert psql(alpine, "auth_db", "SELECT pg_relation_filenode('notes_pkey');") != before
        found = Doctor(alpine).look()
        assert (found.of("problem"), found.of("warning")) == ([], [])


@pytest.mark.versions
def test_another_system_without_the_steps_is_told_and_mended(alpine: Deployment) -> None:
    of_system(alpine, images.BOOKWORM)
    alpine.generate("--profile", "own", "--accept", "flavour")
    alpine.compose("up", "-d", "postgres")
    wait_until(lambda: alpine.logs("postgres").count("Permission denied") > 1)
    doctor = Doctor(alpine)
    stranger = doctor.look().the("volume", "is 70:70's, and the server runs as 999:999")
    assert any("Permission denied" in line for line in stranger["evidence"])
    doctor.mend(stranger["help"])
    kept(alpine, "999:999")
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], [])


OUTDATED = """
UPDATE pg_database SET datcollversion = '153.14' WHERE datname IN ('auth_db', 'template1');
UPDATE pg_database SET datcollversion = NULL WHERE datname = 'agent_runtime';
"""

# An index of the service's own, which no superuser may make anew in his own session.
INDEX = """
CREATE FUNCTION folded(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  IF session_user = 'codelab' THEN RAISE EXCEPTION 'as the superuser'; END IF;
  RETURN lower($1);
END $$;
ALTER FUNCTION folded(text) OWNER TO auth_service;
SET SESSION AUTHORIZATION auth_service;
CREATE INDEX notes_folded ON notes (folded(text));
RESET SESSION AUTHORIZATION;
UPDATE pg_collation SET collversion = '153.14' WHERE collname = 'de-x-icu';
"""


@pytest.mark.versions
def test_indexes_of_another_version_are_told_and_made_anew(deployment: Deployment) -> None:
    """As after an image with another C library; the service's own index is made anew as the service's role."""
    with_server(deployment, access="per_service", initdb={"locale": "en-US", "provider": "icu"})
    deployment.run_printed(deployment.generate("--profile", "own"))
    psql(deployment, "auth_db", INDEX)
    psql(deployment, "postgres", OUTDATED)
    doctor = Doctor(deployment)
    node = "SELECT pg_relation_filenode('notes_folded'), pg_relation_filenode('notes_pkey');"
    before = psql(deployment, "auth_db", node).split("|")
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], ["collation"])
    told = found.the("collation", "the indexes of `auth_db` were sorted by version `153.14`", "warning")
    now = psql(deployment, "postgres", "SELECT pg_database_collation_actual_version(1::oid);")
    assert f"which is `{now}` now" in told["message"]
    for database in ("auth_db", "template1"):
        doctor.mend(found.the("collation", f"`{database}`", "warning")["help"])
    found = doctor.look()
    assert (found.of("problem"), found.of("warning")) == ([], [])
    assert not set(psql(deployment, "auth_db", node).split("|")) & set(before)
    outdated = "SELECT count(*) FROM pg_collation WHERE collversion <> pg_collation_actual_version(oid);"
    assert psql(deployment, "auth_db", outdated) == "0"

    said = run_script(deployment, "reindex").stderr
    assert "every database is sorted by the version that its indexes were made with" in said
    said = run_script(deployment, "reindex", "--all").stderr
    for database in (*DATABASES.values(), "codelab", "postgres", "template1"):
        assert f"making the indexes of {database} anew" in said
    unknown = "SELECT count(*) FROM pg_database WHERE datallowconn AND datcollversion IS NULL;"
    assert psql(deployment, "postgres", unknown) == "0"
    for service in SERVICES:
        assert deployment.read(service) == SEEDS


def test_rows_that_an_index_had_missed_are_told(deployment: Deployment) -> None:
    """Two rows of one key: that database stays as it is, and the others are made anew."""
    with_server(deployment, access="per_service")
    deployment.run_printed(deployment.generate("--profile", "own"))
    damage = """
    UPDATE pg_index SET indisready = false, indislive = false WHERE indexrelid = 'notes_pkey'::regclass;
    INSERT INTO notes VALUES (1, 'twice');
    UPDATE pg_index SET indisready = true, indislive = true WHERE indexrelid = 'notes_pkey'::regclass;
    """
    for statement in damage.strip().splitlines():
        psql(deployment, "auth_db", statement)
    psql(deployment, "postgres", OUTDATED)
    said = run_script(deployment, "reindex", status=1).stderr
    assert re.search(r"Key \(id\)=\(1\) is duplicated", said)
    assert "not made anew: auth_db" in said
    left = "SELECT datname FROM pg_database WHERE datcollversion = '153.14';"
    assert psql(deployment, "postgres", left) == "auth_db"
    psql(deployment, "auth_db", "DELETE FROM notes WHERE text = 'twice';")
    run_script(deployment, "reindex")
    assert psql(deployment, "postgres", left) == ""


