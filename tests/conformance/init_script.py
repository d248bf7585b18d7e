"""A server and the init scripts that codelab-gen writes, run as in the container or from an administrator's shell.

What this module knows:

* a script in the container finds the server by the default socket folder, which the tests can't have for
  themselves: `PSQL_STAND_IN` goes before the real psql in PATH and leads it to the server under test. It also
  notes psql's arguments, can hold each psql until it was looked at, and can kill the whole script after a given number
  of statements;
* all passwords contain `MARK`, so that one is found wherever it should not be.
"""

import asyncio
import json
import signal
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import asyncpg

from cases import write_profile
from postgres_server import SUPERUSER_PASSWORD, Postgres, PostgresServer
from programs import LONG, PATIENCE, SCRUBBED, Generate, run

MARK = "SeCrEt"

LOG_EVERYTHING = {
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_transaction_sample_rate": "1",
    "log_min_error_statement": "debug5",
    "log_error_verbosity": "verbose",
    "shared_preload_libraries": "pg_stat_statements",
}

PSQL_STAND_IN = r"""#!/bin/bash
set -eu
PATH=/usr/bin:/bin
printf '%s\n' "$*" >>"$STAND_IN_ARGUMENTS"
if [ -n "${STAND_IN_SOCKET:-}" ]; then
  if [ -n "${PGHOST:-}${PGHOSTADDR:-}${PGSERVICE:-}" ]; then
    echo 'psql would go elsewhere' >&2
    exit 99
  fi
  set -- --host "$STAND_IN_SOCKET" "$@"
fi
if [ -n "${STAND_IN_HOLD:-}" ]; then
  touch "$STAND_IN_HOLD/$$"
  while [ -e "$STAND_IN_HOLD/$$" ]; do sleep 0.01; done
fi
if [ -z "${STAND_IN_KILL_AFTER:-}" ]; then
  exec "$STAND_IN_PSQL" "$@"
fi
# A statement ends with a line that ends with ; or \gexec: let pass as many as are left, then kill the script.
done_before="$(cat "$STAND_IN_COUNT" 2>/dev/null || echo 0)"
all="$(cat)"
sql="$(awk -v left="$((STAND_IN_KILL_AFTER - done_before))" 'left > 0; /^[^ ].*;$|\\gexec$/ { left-- }' <<<"$all")"
status=0
"$STAND_IN_PSQL" "$@" <<<"$sql" || status="$?" # cut off inside of an \if
total="$((done_before + $(grep -cE '^[^ ].*;$|\\gexec$' <<<"$all")))"
echo "$total" >"$STAND_IN_COUNT"
if [ "$total" -ge "$STAND_IN_KILL_AFTER" ]; then
  kill -9 0
fi
exit "$status"
"""

# The part of the image's docker-entrypoint.sh that runs what stands in /docker-entrypoint-initdb.d.
ENTRYPOINT = r"""
set -Eeo pipefail
state() {
  compgen -v | grep -vE '^(BASH_.*|PIPESTATUS|before|after|f|_)$'
  compgen -A function
  set +o
  shopt -p || true
  trap
  pwd
  umask
}
before="$(state)"
for f; do
  if [ -x "$f" ]; then "$f"; else . "$f"; fi
done
after="$(state)"
if [ "$before" != "$after" ]; then
  echo 'the script left something behind'
  diff <(echo "$before") <(echo "$after")
fi
echo 'the entrypoint goes on'
"""

CITEXT = {"auth-service": {"database": {"postgres": {"name": "auth_db", "extensions": ["citext"]}}}}
ON_SQLITE = {"auth-service": {"database": {"engine": "sqlite"}}}
EXTERNAL = {"host": "db.example.com", "port": 5432}

READY = "init-postgres: the database agent_runtime is ready\ninit-postgres: the database auth_db is ready\n"

# What the scripts are generated from: each profile by what it adds to prod-postgres.
VARIANTS: dict[str, dict[str, Any]] = {
    "shared": {"services": CITEXT},
    "shared_one_service": {"services": ON_SQLITE},
    "shared_bad_extension": {
        "services": {
            "auth-service": {"database": {"postgres": {"name": "auth_db", "extensions": ["no_such_extension"]}}}
        },
        # of an image of one's own nobody knows what it carries
        "postgres": {"image": "registry.example.com/postgres:16", "version": 16},
    },
    "per_service": {"services": CITEXT, "postgres": {"access": "per_service"}},
    "per_service_plain": {"postgres": {"access": "per_service"}},
    "rights": {
        "services": {
            "agent-runtime": {"database": {"postgres": "auth_db", "rights": "write"}},
            "select": {"image": "select:1", "database": {"postgres": "auth_db", "rights": "read"}},
        },
        "postgres": {"access": "per_service"},
    },
    "rights_less": {
        "services": {
            "agent-runtime": {"database": {"postgres": "auth_db", "rights": "read"}},
            "select": {"image": "select:1", "database": {"postgres": "select"}},
        },
        "postgres": {"access": "per_service"},
    },
    "further": {
        "services": {
            "auth-service": {
                "database": {"postgres": {"name": "auth_db", "statement_timeout": "90s"}},
                "databases": {
                    "stats": {"postgres": {"name": "stats", "extensions": ["citext"], "connection_limit": 7}},
                    "agents": {"postgres": "agent_runtime", "rights": "read"},
                },
            },
        },
        "postgres": {"access": "per_service"},
    },
    "further_less": {"postgres": {"access": "per_service"}},
    "further_shared": {"services": {"auth-service": {"databases": {"stats": {"postgres": "stats"}}}}},
    "limited": {
        "services": {
            "auth-service": {
                "database": {
                    "postgres": {
                        "name": "auth_db",
                        "connection_limit": 20,
                        "temp_file_limit": "2g",
                        "statement_timeout": "1m30s",
                    }
                }
            }
        },
        "postgres": {"access": "per_service"},
    },
    "per_service_distances": {
        "services": {
            "auth-service": {"database": {"postgres": {"name": "auth_db", "extensions": ["earthdistance"]}}}
        },
        "postgres": {"access": "per_service"},
    },
    "per_service_one_service": {"services": ON_SQLITE, "postgres": {"access": "per_service"}},
    "per_service_first_is_a_service_s": {"postgres": {"access": "per_service", "database": "auth_db"}},
    "shared_first_is_postgres": {"postgres": {"database": "postgres"}},
    "shared_files": {"secrets_in": "files"},
    "per_service_odd_names": {
        "services": {**ON_SQLITE, "select": {"image": "select:1", "database": {"postgres": "pg_Order-By"}}},
        "postgres": {"access": "per_service"},
    },
    "external_shared": {"services": CITEXT, "postgres": {"user": "app", "external": EXTERNAL}},
    "external_administrator": {"postgres": {"user": "admin", "external": EXTERNAL}},
    "external_per_service_plain": {"postgres": {"access": "per_service", "external": EXTERNAL}},
    "external_per_service": {"services": CITEXT, "postgres": {"access": "per_service", "external": EXTERNAL}},
}


class Servers:
    """The servers of the session, each started when first asked for: a start takes longer than most tests."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._started: dict[tuple[Path, str], PostgresServer] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def with_settings(self, postgres: Postgres, settings: Mapping[str, str]) -> PostgresServer:
        key = (postgres.bin_dir, json.dumps(settings))
        if key not in self._started:
            self._started[key] = self._stack.enter_context(PostgresServer(postgres, settings=settings))
        return self._started[key]


@dataclass
class Deployment:
    """A server with nothing on it yet, what its scripts get from `.env`, and all that was printed and logged since."""

    server: PostgresServer
    major: int
    folder: Path
    generate: Generate
    environment: dict[str, str] = field(init=False)
    output: str = ""

    def __post_init__(self) -> None:
        clean(self.server)
        self._log_before = len(self.server.log)
        self.environment = {
            **SCRUBBED,
            **stand_in(self.folder, self.server),
            "HOME": str(self.folder),
            "POSTGRES_USER": self.server.superuser,
            "POSTGRES_PASSWORD": f"{MARK}-postgres",
            "AGENT_RUNTIME__DB_PASSWORD": f"{MARK}-agent",
            "AUTH_SERVICE__DB_PASSWORD": f"{MARK}-auth",
            "SELECT__DB_PASSWORD": f"{MARK}-select",
        }

    def script(self, name: str) -> Path:
        """The script that codelab-gen writes for the profile `name`."""
        project = self.folder / name
        script = project / "scripts" / "init-postgres.sh"
        if not script.exists():
            self.generate(write_profile(project, VARIANTS[name]), project)
        return script

    def start(self, command: list[str], **changes: str | None) -> subprocess.Popen[str]:
        environment = {name: value for name, value in {**self.environment, **changes}.items() if value is not None}
        return subprocess.Popen(
            command,
            env=environment,
            cwd=self.folder,
            encoding="utf-8",
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def finish(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        output, _ = process.communicate(timeout=PATIENCE)
        self.output += output
        return process.returncode, output

    def attempt(self, name: str, **changes: str | None) -> tuple[int, str]:
        return self.finish(self.start(["bash", str(self.script(name))], **changes))

    def moments_to_be_killed(self) -> range:
        """After how many statements. To save time each version takes some: 1, 6, 11 … on 18, and 3, 8, 13 … on 15."""
        if LONG:
            return range(1, 100)
        return range(1, 100, 5) if self.major == 18 else range(3, 100, 5)

    def is_killed(self, name: str, statements: int) -> bool:
        """Kills the script after so many statements; false where it came to its end with fewer."""
        (self.folder / "count").unlink(missing_ok=True)
        status, output = self.attempt(name, STAND_IN_KILL_AFTER=str(statements))
        assert status in (0, -signal.SIGKILL), output
        return status != 0

    def run(self, name: str, **changes: str | None) -> str:
        status, output = self.attempt(name, **changes)
        assert status == 0, output
        return output

    def enter(self, script: Path, *, executable: bool) -> tuple[int, str]:
        """Runs the script as the image's entrypoint does: as a program, or sourced where it is no program."""
        script.chmod(0o755 if executable else 0o644)
        return self.finish(self.start(["bash", "-c", ENTRYPOINT, "entrypoint", str(script)]))

    @property
    def log(self) -> str:
        return self.server.log[self._log_before :]

    @property
    def arguments(self) -> str:
        """The arguments of every psql that ran, a line each."""
        path = self.folder / "arguments"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def can_log_in(self, role: str, password: str, database: str) -> bool:
        refusals = (
            asyncpg.InvalidPasswordError,
            asyncpg.InsufficientPrivilegeError,
            asyncpg.InvalidAuthorizationSpecificationError,
        )
        try:
            asyncio.run(log_in(self.server, role, password, database))
        except refusals:
            return False
        return True


async def log_in(server: PostgresServer, role: str, password: str, database: str) -> None:
    connection = await asyncpg.connect(
        host=server.host, port=server.port, user=role, password=password, database=database, ssl=False
    )
    await connection.close()


def clean(server: PostgresServer) -> None:
    """Leaves of the server what initdb made."""
    server.query(rf"""
SELECT pg_terminate_backend(pid, {PATIENCE:.0f}000) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid();
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
WHERE datname !~ '^(postgres|template[01])$' \gexec
SELECT format('DROP EXTENSION %I CASCADE', extname) FROM pg_extension WHERE extname <> 'plpgsql' \gexec
SELECT 'DROP ROLE ' || string_agg(quote_ident(rolname), ', ') FROM pg_roles
WHERE rolname !~ '^pg_' AND rolname <> current_user HAVING count(*) > 0 \gexec
ALTER ROLE CURRENT_USER PASSWORD '{SUPERUSER_PASSWORD}';
GRANT CONNECT, TEMPORARY ON DATABASE postgres TO PUBLIC;
GRANT CONNECT ON DATABASE template0, template1 TO PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC;
\connect template1
GRANT USAGE ON SCHEMA public TO PUBLIC;
""")


def databases(server: PostgresServer) -> list[str]:
    """Each database but the server's own, with its owner."""
    return server.query(
        "SELECT datname, pg_get_userbyid(datdba) FROM pg_database"
        " WHERE datname !~ '^(postgres|template[01])$' ORDER BY datname"
    )


def roles(server: PostgresServer) -> list[str]:
    """Each role but the server's own: name, may log in, superuser, createdb, createrole, has a password."""
    return server.query(
        "SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolpassword IS NOT NULL"
        " FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY rolname"
    )


def extensions(server: PostgresServer, database: str) -> list[str]:
    return server.query("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'", database)


def run_as_the_image_does(folder: Path, server: PostgresServer, environment: Mapping[str, str]) -> None:
    """Makes POSTGRES_DB, as the image does first, then runs the script in `folder` with the container's environment."""
    database = environment["POSTGRES_DB"]
    if not server.query(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"):
        server.query(f'CREATE DATABASE "{database}"')
    run(folder / "scripts" / "init-postgres.sh", cwd=folder, env={**environment, **stand_in(folder, server)})


def stand_in(folder: Path, server: PostgresServer) -> dict[str, str]:
    """Puts the stand-in into `folder`, and gives the environment that makes a script use it."""
    program = folder / "bin" / "psql"
    program.parent.mkdir()
    program.write_text(PSQL_STAND_IN, encoding="utf-8")
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}:{SCRUBBED['PATH']}",
        "PGPORT": str(server.port),
        "STAND_IN_PSQL": str(server.psql),
        "STAND_IN_SOCKET": str(server.socket_dir),
        "STAND_IN_ARGUMENTS": str(folder / "arguments"),
        "STAND_IN_COUNT": str(folder / "count"),
    }
