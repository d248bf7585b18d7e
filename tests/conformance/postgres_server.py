"""A real PostgreSQL server for tests.

What this module knows:

* `initdb` and `postgres` refuse to run as root, so under root they run as `nobody`; their folder then has to
  be one that `nobody` may reach, which pytest's own `tmp_path` is not;
* the path of a Unix socket has room for about a hundred bytes, so the folder stands directly below /tmp;
* the server writes `ready` into `postmaster.pid` when it accepts connections, which `pg_ctl` waits for too;
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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
POLL_INTERVAL = 0.02
STATUS_LINE_OF_PID_FILE = 7


@dataclass(frozen=True)
class Certificate:
    """What a server shows to its clients, with the key to it; both in PEM."""

    chain: bytes
    key: bytes


class PostgresServer:
    """One server with its own folder, Unix socket and loopback port; use it in a `with` statement."""

    def __init__(
        self,
        bin_dir: Path,
        *,
        superuser: str = "codelab",
        superuser_password: str = "from initdb",
        settings: Mapping[str, str] | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        self.bin_dir = bin_dir
        self.superuser = superuser
        self.superuser_password = superuser_password
        self.host = "127.0.0.1"
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._settings = dict(settings or {})
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None
        give_to_its_user(self.folder)

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
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> PostgresServer:
        try:
            self._initdb()
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

    def start(self) -> None:
        """Starts the server and returns when it accepts connections."""
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [self.bin_dir / "postgres", "-D", self.data_dir, *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **unprivileged(),
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """Stops the server that `start` has started, by its process id."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(signal.SIGINT)  # "fast": ends the sessions instead of waiting for them
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)  # the postmaster takes its children with it
            process.wait(STOP_TIMEOUT)

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
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{sql!r}: {done.stderr}")
        return done.stdout.splitlines()

    @property
    def _log_path(self) -> Path:
        return self.folder / "server.log"

    def _initdb(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(f"{self.superuser_password}\n", encoding="utf-8")
        password_file.chmod(0o644)  # readable by `nobody` under any umask; the folder lets nobody else in
        subprocess.run(
            [
                self.bin_dir / "initdb",
                "-D",
                self.data_dir,
                "-U",
                self.superuser,
                f"--pwfile={password_file}",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
            ],
            stdout=subprocess.DEVNULL,
            check=True,
            cwd=self.folder,
            **unprivileged(),
        )
        password_file.unlink()
        with (self.data_dir / "pg_hba.conf").open("a", encoding="utf-8") as rules:
            rules.write("\nhost all all all scram-sha-256\n")

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
            "ssl": "off" if self._certificate is None else "on",
            **self._settings,
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _wait_until_ready(self) -> None:
        process = self._process
        assert process is not None
        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_ready(process.pid):
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with {process.returncode}:\n{self.log}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server is not ready after {START_TIMEOUT:.0f} s:\n{self.log}")
            time.sleep(POLL_INTERVAL)

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self.data_dir / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        if lines[:1] != [str(pid)]:  # left over by a server that was killed
            return False
        return [line.strip() for line in lines[STATUS_LINE_OF_PID_FILE:]] == ["ready"]


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def give_to_its_user(path: Path) -> None:
    """Gives what the tests made to the user that a server runs as."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def unprivileged() -> dict[str, Any]:
    """What makes `subprocess` start a program as `nobody` when the tests run as root."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    if os.geteuid() != 0:
        return {"env": environment}
    nobody = pwd.getpwnam("nobody")
    return {"env": environment, "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
