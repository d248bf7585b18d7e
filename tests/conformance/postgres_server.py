"""A real PostgreSQL server for tests.

What this module knows:

* `initdb` and `postgres` refuse to run as root, so under root they run as `nobody`; their folder then has to
  be one that `nobody` may reach, which pytest's own `tmp_path` is not;
* the path of a Unix socket has room for about a hundred bytes, so the folder stands directly below /tmp;
* `initdb` takes longer than a start, so each version's data folder is made once and copied;
* the server writes `ready` into `postmaster.pid` when it accepts connections, which `pg_ctl` waits for too;
* a port that was free may be taken when the server comes to it, and then it gets another one;
* as in the official image, the socket trusts everybody, TCP asks for a password (SCRAM), and one rule lets everybody in
  who has one;
* with TLS the server takes `server.crt` and `server.key` from its data folder, and only a key that is its user's alone.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from programs import PATIENCE, SCRUBBED

SUPERUSER = "codelab"
SUPERUSER_PASSWORD = "from initdb"
PORTS_TRIED = 10
POLL_INTERVAL = 0.02
STATUS_LINE_OF_PID_FILE = 7


@dataclass(frozen=True)
class Postgres:
    """The programs of one version, and a data folder that they made, which each server copies."""

    bin_dir: Path
    made: Path


@dataclass(frozen=True)
class Certificate:
    """What a server shows to its clients, with the key to it; both in PEM."""

    chain: bytes
    key: bytes


class PostgresServer:
    """One server with its own folder, Unix socket and loopback port; use it in a `with` statement."""

    def __init__(
        self,
        postgres: Postgres,
        *,
        settings: Mapping[str, str] | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        self.bin_dir = postgres.bin_dir
        self.superuser = SUPERUSER
        self.host = "127.0.0.1"
        self.port = free_port()
        self.folder = folder_for_a_server()
        self._made = postgres.made
        self._settings = dict(settings or {})
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket_dir(self) -> Path:
        return self.folder

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def psql(self) -> Path:
        return self.bin_dir / "psql"

    @property
    def log(self) -> str:
        """Everything that the server has logged up to now."""
        return self._log_path.read_text(encoding="utf-8", errors="replace") if self._log_path.exists() else ""

    def __enter__(self) -> PostgresServer:
        try:
            run_unprivileged("/bin/cp", "-a", self._made, self.data_dir)
            self._install_certificate()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def pid(self) -> int:
        """The process id of the server that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts the server and returns when it accepts connections."""
        for _ in range(PORTS_TRIED):
            log_before = len(self.log)
            self._launch()
            if self._is_up():
                return
            said = self.log[log_before:]
            if "Address already in use" not in said:
                raise RuntimeError(f"the server ended:\n{said}")
            self.port = free_port()
        raise RuntimeError(f"{PORTS_TRIED} ports that had been free were taken")

    def stop(self) -> None:
        """Stops the server that `start` has started, by its process id."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(signal.SIGINT)  # "fast": ends the sessions instead of waiting for them
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)  # the postmaster takes its children with it
            process.wait(PATIENCE)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def query(self, sql: str, database: str = "postgres") -> list[str]:
        """The rows of `sql`, run as the superuser through the socket; columns are parted by `|`."""
        done = subprocess.run(
            [
                self.psql,
                "-XqAt",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                self.socket_dir,
                "-p",
                str(self.port),
                "-U",
                self.superuser,
                "-d",
                database,
                "-f",
                "-",
            ],
            input=sql,
            env=SCRUBBED,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{sql!r}: {done.stderr}")
        return done.stdout.splitlines()

    @property
    def _log_path(self) -> Path:
        return self.folder / "server.log"

    def _install_certificate(self) -> None:
        if self._certificate is None:
            return
        for name, pem in (("server.crt", self._certificate.chain), ("server.key", self._certificate.key)):
            path = self.data_dir / name
            path.write_bytes(pem)
            path.chmod(0o600)
            give_to_its_user(path)

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_dir),
            "fsync": "off",
            "timezone": "UTC",  # as in the official image, and not what initdb found on this machine
            "ssl": "off" if self._certificate is None else "on",
            **self._settings,
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _launch(self) -> None:
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                # also where this process is killed, a server ends
                ["/usr/bin/setpriv", "--pdeathsig", "INT", self.bin_dir / "postgres", "-D", self.data_dir, *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **unprivileged(),
            )

    def _is_up(self) -> bool:
        """Waits until the server accepts connections; false where it ended instead."""
        process = self._process
        assert process is not None
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready(process.pid):
            if process.poll() is not None:
                self._process = None
                return False
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server is not ready after {PATIENCE:.0f} s:\n{self.log}")
            time.sleep(POLL_INTERVAL)
        return True

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self.data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        if lines[:1] != [str(pid)]:  # left over by a server that was killed
            return False
        return [line.strip() for line in lines[STATUS_LINE_OF_PID_FILE:]] == ["ready"]


@contextmanager
def made_by(bin_dir: Path, *, wal_segment: int = 1) -> Iterator[Postgres]:
    """What servers of these programs are copied from, for as long as the block lasts."""
    folder = folder_for_a_server()
    try:
        data, password_file = folder / "data", folder / "password"
        password_file.write_text(f"{SUPERUSER_PASSWORD}\n", encoding="utf-8")
        password_file.chmod(0o644)  # readable by `nobody` under any umask; the folder lets nobody else in
        run_unprivileged(
            bin_dir / "initdb",
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--no-sync",
            f"--wal-segsize={wal_segment}",  # small ones are less to copy
            "--encoding=UTF8",
            "--locale=C",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
        )
        with (data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write("\nhost all all all scram-sha-256\n")
        yield Postgres(bin_dir, data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with nobody_listening() as port:
        return port


@contextmanager
def nobody_listening() -> Iterator[int]:
    """A loopback port at which nobody answers, and that nobody else can take."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        yield port


def folder_for_a_server() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    give_to_its_user(folder)
    return folder


def give_to_its_user(path: Path) -> None:
    """Gives what the tests made to the user that a server runs as."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def run_unprivileged(*command: str | Path) -> None:
    done = subprocess.run(command, cwd="/", capture_output=True, check=False, **unprivileged())
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {(done.stdout + done.stderr).decode(errors='replace')}")


def unprivileged() -> dict[str, Any]:
    """What makes `subprocess` start a program as `nobody` when the tests run as root."""
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    if os.geteuid() != 0:
        return {"env": environment}
    nobody = pwd.getpwnam("nobody")
    return {"env": environment, "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
