"""The scripts for the databases on a real engine, where a service's database or its container is in other hands."""

from operations import back_up, facts, run_script
from server import psql

from deployment import SEEDS, Deployment

# It tells of a superuser in whose session it runs, and makes its owner one.
HOSTILE = """
CREATE SCHEMA evil;
CREATE FUNCTION evil.trap(text, text, boolean) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF (SELECT bool_or(rolsuper) FROM pg_catalog.pg_roles WHERE rolname IN (session_user, current_user)) THEN
    RAISE WARNING 'trapped';
    EXECUTE 'ALTER ROLE auth_service SUPERUSER';
  END IF;
  RETURN pg_catalog.set_config($1, $2, $3);
END $$;
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT evil.trap($1, $2, $3)';
CREATE MATERIALIZED VIEW seen AS SELECT evil.trap('evil.seen', 'x', true);
CREATE TABLE checked (id int CHECK (evil.trap('evil.seen', 'x', true) = 'x'));
CREATE INDEX ON checked (evil.trap('evil.seen', id::text, true));
INSERT INTO checked VALUES (1);
ALTER DATABASE auth_db SET search_path = evil, pg_catalog, public;
"""


def test_a_service_gets_nothing_by_a_backup_and_a_restore(
    deployment: Deployment,
) -> None:
    deployment.run_printed(deployment.generate_profile("mixed", "--set", "postgres.access=per_service"))
    as_service = [
        "psql",
        "-XqAt",
        "-v",
        "ON_ERROR_STOP=1",
        "-U",
        "auth_service",
        "-d",
        "auth_db",
    ]
    deployment.inside("postgres", *as_service, stdin=HOSTILE)
    backup = back_up(deployment)
    assert facts(backup)["auth_db.dump"] == {"public.checked": 1, "public.notes": 2}
    deployment.write("auth-service", "later")
    said = run_script(deployment, "restore", str(backup), "auth-service")
    assert "left out" not in said.stderr
    assert deployment.read("auth-service") == SEEDS
    assert psql(deployment, "postgres", "SELECT rolname FROM pg_roles WHERE rolsuper") == "codelab"
    assert "trapped" not in deployment.logs("postgres")


def test_a_container_that_was_taken_over_stops_no_other_backup(
    deployment: Deployment,
) -> None:
    """Its Python never answers, or says what it likes; the other service is backed up, and the name of this one is told."""
    deployment.run_printed(deployment.generate_profile("mixed"))
    for program, message in {
        "exec sleep 1000": "or its container does not answer",
        "case $* in *'import sqlite3') exit 0 ;; esac; exec sleep 1000": "the container was silent for 10 seconds",
        "case $* in *'import sqlite3') exit 0 ;; esac; exec yes": "the container tells more than a database has",
    }.items():
        take_over = "rm -f /usr/local/bin/python && cat >/usr/local/bin/python && chmod 755 /usr/local/bin/python"
        deployment.inside(
            "agent-runtime",
            "sh",
            "-ec",
            take_over,
            stdin=f"#!/bin/sh\n{program}\n",
            user="0",
        )
        done = run_script(deployment, "backup", status=1)
        assert message in done.stderr
        assert (
            "backup: agent-runtime was not backed up; the new backup is one of the others: auth-service" in done.stderr
        )
        [backup] = deployment.out.joinpath("backups").glob("*-partial")
        assert str(backup) == done.stdout.strip()
        assert facts(backup) == {"auth_db.dump": {"public.notes": 2}}
        backup.rename(deployment.root / f"seen-{backup.name}")
