"""An administrator who runs the scripts of a deployment, with a server of the tests in the place of its container.

What this module knows:

* `DOCKER` stands in the place of Docker's client. What the scripts run in the server's container it runs here, with the
  variables that the container would have and no others; `PROGRAM` leads PostgreSQL's programs to the server of the tests;
* what the scripts run in a service's container is `service`, a program of the test: that container is in the hands of
  somebody else;
* a service does all that it does as its own role, which owns its database and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from init_script import clean
from postgres_server import SUPERUSER_PASSWORD, PostgresServer
from programs import PATIENCE, SCRUBBED, Generate

DOCKER = r"""#!/bin/bash
set -u
set_inside() {
  inside=(env -i "PATH=$PROGRAMS:/usr/bin:/bin" HOME=/tmp "POSTGRES_USER=codelab" "POSTGRES_PASSWORD=$SUPERUSER_PASSWORD")
  while IFS= read -r line; do inside+=("$line"); done < <(sed -n "s/^\([A-Z_]*__DB_PASSWORD\)='*\([^']*\)'*$/\1=\2/p" .env)
  inside+=(${given[@]+"${given[@]}"})
}
given=()
case $1 in
compose)
  case " $* " in
  *' config --services '*) printf '%s\n' postgres postgres-ensure ;;
  *' config '*) echo 'name: shop' ;;
  *' run '*postgres-ensure*) set_inside && exec "${inside[@]}" bash scripts/init-postgres.sh ;;
  *' run '*) echo service ;;
  esac
  ;;
ps) case $* in *started-by*) ;; *service=postgres*) echo server running ;; esac ;;
exec)
  shift
  while :; do
    case $1 in
    --interactive) shift ;;
    --env)
      case $2 in *=*) given+=("$2") ;; *) given+=("$2=${!2-}") ;; esac
      shift 2
      ;;
    *) break ;;
    esac
  done
  container=$1
  shift
  # asked as whom it runs it says nothing: as whoever `docker exec` comes in
  [ "$container" = server ] || case $1 in /bin/sh) exit 0 ;; *) exec "$SERVICE" "$@" ;; esac
  set_inside
  exec "${inside[@]}" "$@"
  ;;
esac
"""

PROGRAM = r"""#!/bin/bash
export PGHOST={socket} PGPORT={port}
exec {program} "$@"
"""

SERVICES = {
    "api": {
        "image": "shop/api:1.4",
        "port": 8000,
        "data": "api-data:/app/data",
        "database": {"sqlite": "data/api.db", "postgres": "api"},
    },
    "web": {"image": "shop/web:1.4", "port": 8001, "database": {"postgres": "web"}},
}


class Shop:
    """A deployment with the services api and web, each with a role and a database of its own."""

    def __init__(self, server: PostgresServer, folder: Path, generate: Generate, **database: Any) -> None:
        self.server = server
        self.folder = folder / "shop"
        services = {
            **SERVICES,
            "api": {
                **SERVICES["api"],
                "database": {**SERVICES["api"]["database"], **database},
            },
        }
        profile = folder / "profiles" / "shop.yaml"
        profile.parent.mkdir()
        profile.write_text(
            json.dumps(
                {
                    "format": 1,
                    "project": "shop",
                    "stage": "production",
                    "engine": "postgres",
                    "services": services,
                    "postgres": {
                        "image": "postgres:15-bookworm",
                        "user": "codelab",
                        "access": "per_service",
                    },
                }
            ),
            encoding="utf-8",
        )
        generate(profile, self.folder)
        programs = folder / "programs"
        programs.mkdir()
        for name in ("psql", "pg_dump", "pg_dumpall", "pg_restore"):
            put(
                programs / name,
                PROGRAM.format(
                    socket=server.socket_dir,
                    port=server.port,
                    program=server.bin_dir / name,
                ),
            )
        put(folder / "bin" / "docker", DOCKER)
        self.service = folder / "service"
        self.environment = {
            **SCRUBBED,
            "PATH": f"{folder / 'bin'}:{SCRUBBED['PATH']}",
            "PROGRAMS": str(programs),
            "SUPERUSER_PASSWORD": SUPERUSER_PASSWORD,
            "SERVICE": str(self.service),
        }
        clean(server)
        self.check(["docker", "compose", "run", "postgres-ensure"])

    def does(self, sql: str, service: str = "api", database: str | None = None) -> list[str]:
        """What a service runs over its own connection."""
        with self.connected(service, database) as session:
            said, _ = session.communicate(sql, timeout=PATIENCE)
        assert session.returncode == 0, said
        return said.splitlines()

    @contextmanager
    def connected(self, service: str = "api", database: str | None = None) -> Iterator[subprocess.Popen[str]]:
        """A session of a service, which lasts as long as the block."""
        options = [
            "-XqAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            self.server.socket_dir,
            "-p",
            str(self.server.port),
        ]
        session = subprocess.Popen(
            [
                self.server.psql,
                *options,
                "-U",
                service,
                "-d",
                database or service,
                "-f",
                "-",
            ],
            env=SCRUBBED,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        try:
            yield session
        finally:
            session.kill()
            session.communicate()

    def run(self, *command: str, **more: str) -> tuple[int, str, str]:
        """Runs a program as the administrator does: its exit status, what it prints, and what it says of errors."""
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            printed, said = process.communicate(timeout=PATIENCE)
        finally:
            with_its_own(process)
        return (
            process.returncode,
            printed.decode(errors="replace"),
            said.decode(errors="backslashreplace"),
        )

    def check(self, command: list[str], **more: str) -> str:
        status, printed, said = self.run(*command, **more)
        assert status == 0, printed + said
        return printed + said

    def script(self, name: str, *arguments: str, status: int = 0) -> tuple[str, str]:
        """Runs a script of scripts/db: what it prints, and what it says."""
        found, printed, said = self.run(f"scripts/db/{name}.sh", *arguments)
        assert found == status, f"exit {found}: {printed}{said}\n{self.server.log[-4000:]}"
        return printed, said

    def back_up(self, *arguments: str) -> Path:
        printed, said = self.script("backup", *arguments)
        assert said == "", said
        return Path(printed.strip())

    def look(self, sql: str, database: str) -> list[str]:
        """What an administrator sees who takes nothing of the service's."""
        return self.script("psql", "--superuser", database, "-Atc", sql)[0].splitlines()

    def in_server(self, function: str, *arguments: str, **more: str) -> str:
        """A function of postgres.sh, as the other scripts run it."""
        variables = [part for name in more for part in ("--env", name)]
        body = self.folder.joinpath("scripts/db/postgres.sh").read_text(encoding="utf-8")
        return self.check(
            [
                "docker",
                "exec",
                *variables,
                "server",
                "bash",
                "-c",
                body,
                "postgres.sh",
                function,
                *arguments,
            ],
            **more,
        )

    def answers(self, program: str) -> None:
        """What the container of api runs, whatever it is asked to."""
        put(self.service, f"#!/bin/bash\n{program}\n")

    def superusers(self) -> list[str]:
        return self.server.query("SELECT rolname FROM pg_roles WHERE rolsuper")

    def names(self) -> list[str]:
        """The databases that are there, but for the server's own."""
        return self.server.query(
            "SELECT datname FROM pg_database WHERE datname !~ '^(postgres|template[01])$' ORDER BY 1"
        )


def put(path: Path, program: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(program, encoding="utf-8")
    path.chmod(0o755)


def with_its_own(process: subprocess.Popen[bytes]) -> None:
    """Ends what a program has started and left, such as a container that never ends."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def facts(backup: Path) -> dict[str, list[str]]:
    """The lines of a manifest by their first word."""
    found: dict[str, list[str]] = {}
    for line in backup.joinpath("manifest").read_text(encoding="utf-8").splitlines():
        key, _, rest = line.partition("\t")
        found.setdefault(key, []).append(rest)
    return found


def forge(backup: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Another content of a file, and a manifest that knows it, as somebody elsewhere could have made it."""
    path, manifest = backup / name, backup / "manifest"
    before = path.read_bytes()
    after = change(before)
    assert before != after
    path.write_bytes(after)
    lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]
    body = "".join(lines).replace(sha256(before), sha256(after))
    manifest.write_text(f"{body}end\t{sha256(body.encode())}\n", encoding="utf-8")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
