"""scripts/db/psql.sh: a session on the database that is meant, as the role that is meant."""

from operations import run_script

from deployment import Deployment

WHO = "SELECT current_user, current_database()"


def test_databases_and_roles(deployment: Deployment) -> None:
    deployment.run_printed(
        deployment.generate_profile("mixed", "--set", "postgres.access=per_service", "--set", "secrets_in=files")
    )

    def psql(*arguments: str, status: int = 0) -> str:
        done = run_script(deployment, "psql", *arguments, status=status)
        return done.stdout + done.stderr

    assert psql("auth-service", "-Atc", WHO) == "auth_service|auth_db\n"
    assert psql("auth_db", "-Atc", WHO) == "auth_service|auth_db\n"
    assert psql("-Atc", WHO) == "auth_service|auth_db\n"
    assert psql("--superuser", "auth-service", "-Atc", WHO) == "codelab|auth_db\n"
    assert psql("postgres", "-Atc", WHO) == "codelab|postgres\n"
    command = [str(deployment.out / "scripts/db/psql.sh"), "auth-service", "-At"]
    assert deployment.finish(command, stdin="SELECT 'a' || chr(39);\n").stdout == "a'\n"
    assert "ERROR" in psql("auth-service", "-c", "SELECT 1/0", status=1)
    assert psql("agent-runtime", "-c", WHO, status=1).startswith("psql: agent-runtime uses SQLite\n")
    for name in ("backup", "restore", "psql"):
        assert run_script(deployment, name, "--help").stdout.startswith(f"usage: scripts/db/{name}.sh ")
