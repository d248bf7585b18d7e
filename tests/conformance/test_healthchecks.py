"""The health checks, run as the container would run them, against servers in each state that counts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from postgres_server import Postgres, PostgresServer
from programs import Generate, Meaning, run, tool

pytestmark = pytest.mark.quick


class Health(BaseHTTPRequestHandler):
    """Answers /health with the status of the server it belongs to."""

    def do_GET(self) -> None:
        self.send_response(self.server.status if self.path == "/health" else 404)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def service() -> Iterator[ThreadingHTTPServer]:
    """A server that has its port, so that nobody else can take it, and does not listen yet."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Health, bind_and_activate=False) as server:
        server.server_bind()
        yield server


@contextmanager
def answering(server: ThreadingHTTPServer, status: int) -> Iterator[None]:
    server.status = status  # type: ignore[attr-defined]
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def of_service(tmp_path: Path, service: ThreadingHTTPServer, generate: Generate, meaning: Meaning) -> list[str]:
    generate("dev-sqlite", tmp_path, "--set", f"services.agent-runtime.port={service.server_port}")
    return meaning(tmp_path)["services"]["agent-runtime"]["healthcheck"]["test"]


def verdict(test: list[str], bin_dir: Path, folder: Path, status: int, **env: str) -> None:
    """Fails unless the check ends with this status: 0 is healthy."""
    kind, *command = test
    assert kind == "CMD"
    run("/usr/bin/env", *command, cwd=folder, env={"PATH": f"{bin_dir}:/usr/bin:/bin", **env}, status=status)


@pytest.mark.parametrize(("answer", "status"), [(200, 0), (404, 1), (500, 1), (503, 1)])
def test_a_service_is_healthy_that_answers_without_an_error(
    of_service: list[str], service: ThreadingHTTPServer, tmp_path: Path, answer: int, status: int
) -> None:
    with answering(service, answer):
        verdict(of_service, tool("python").parent, tmp_path, status)


def test_a_service_that_does_not_listen_is_not(of_service: list[str], tmp_path: Path) -> None:
    verdict(of_service, tool("python").parent, tmp_path, status=1)


@pytest.mark.parametrize(("addresses", "status"), [("127.0.0.1", 0), ("", 2)], ids=["up", "first boot"])
def test_postgres_is_healthy_once_it_listens_on_tcp(
    addresses: str, status: int, tmp_path: Path, generate: Generate, meaning: Meaning, postgres_18: Postgres
) -> None:
    """The image's first-boot server, which runs the init scripts, listens on its socket only."""
    generate("prod-postgres", tmp_path)
    test = meaning(tmp_path)["services"]["postgres"]["healthcheck"]["test"]
    with PostgresServer(postgres_18, settings={"listen_addresses": addresses}) as server:
        server.query("CREATE DATABASE codelab")
        verdict(test, postgres_18.bin_dir, tmp_path, status, PGHOST=str(server.socket_dir), PGPORT=str(server.port))
