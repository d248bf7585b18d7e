"""The health checks, run as the container would run them, against servers in each state that counts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from postgres_server import PostgresServer, free_port
from programs import Generate, Meaning, run, tool


class Health(BaseHTTPRequestHandler):
    """Answers /health with the status of the server it belongs to."""

    def do_GET(self) -> None:
        self.send_response(self.server.status if self.path == "/health" else 404)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def service_answering(port: int, status: int) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", port), Health) as server:
        server.status = status  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def of_service(tmp_path: Path, port: int, generate: Generate, meaning: Meaning) -> list[str]:
    generate("dev-sqlite", tmp_path, "--set", f"services.agent-runtime.port={port}")
    return meaning(tmp_path)["services"]["agent-runtime"]["healthcheck"]["test"]


def verdict(test: list[str], bin_dir: Path, folder: Path, status: int, **env: str) -> None:
    """Fails unless the check ends with this status: 0 is healthy."""
    kind, *command = test
    assert kind == "CMD"
    run("/usr/bin/env", *command, cwd=folder, env={"PATH": f"{bin_dir}:/usr/bin:/bin", **env}, status=status)


def test_a_service_that_answers_is_healthy(of_service: list[str], port: int, tmp_path: Path) -> None:
    with service_answering(port, 200):
        verdict(of_service, tool("python").parent, tmp_path, status=0)


@pytest.mark.parametrize("answer", [404, 500, 503])
def test_a_service_that_answers_with_an_error_is_not(
    of_service: list[str], port: int, tmp_path: Path, answer: int
) -> None:
    with service_answering(port, answer):
        verdict(of_service, tool("python").parent, tmp_path, status=1)


def test_a_service_that_does_not_listen_is_not(of_service: list[str], tmp_path: Path) -> None:
    verdict(of_service, tool("python").parent, tmp_path, status=1)


@pytest.mark.parametrize(("addresses", "status"), [("127.0.0.1", 0), ("", 2)], ids=["up", "first boot"])
def test_postgres_is_healthy_once_it_listens_on_tcp(
    addresses: str, status: int, tmp_path: Path, generate: Generate, meaning: Meaning, postgres_18: Path
) -> None:
    """The image's first-boot server, which runs the init scripts, listens on its socket only."""
    generate("prod-postgres", tmp_path)
    test = meaning(tmp_path)["services"]["postgres"]["healthcheck"]["test"]
    with PostgresServer(postgres_18, settings={"listen_addresses": addresses}) as server:
        server.query("CREATE DATABASE codelab")
        verdict(test, postgres_18, tmp_path, status, PGHOST=str(server.socket_dir), PGPORT=str(server.port))
