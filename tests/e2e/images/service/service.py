"""A stand-in for the services of the built-in profiles: keeps notes in whichever database its URL names.

It knows what the real ones know too: one variable with a connection URL, that `sqlite:///` is opened by aiosqlite, and
that the log may show the URL but not its password. Every request opens its own connection, so nothing is remembered
between the database and the answer.
"""

import os
import signal

# The first process of a container has no default action for SIGTERM. Before everything else, and without a tidy end: a
# container that is stopped while this program starts, or looks a name up, would last until Docker loses its patience.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

import asyncio
import json
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

from settings import settings
from sqlalchemy import Column, Integer, MetaData, Table, Text, func, insert, make_url, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

SEEDS = ["seed one", "seed two"]

NOTES = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("text", Text, nullable=False))

Result = TypeVar("Result")

URL, PORT = settings()


def in_database(work: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
    """Does the work in one transaction on a connection of its own."""

    async def connected() -> Result:
        engine = create_async_engine(URL, poolclass=NullPool)
        try:
            async with engine.begin() as connection:
                return await work(connection)
        finally:
            await engine.dispose()

    return asyncio.run(connected())


async def prepare(connection: AsyncConnection) -> None:
    """Makes the table, and seeds it once."""
    await connection.run_sync(NOTES.metadata.create_all)
    if await connection.scalar(select(func.count()).select_from(NOTES)) == 0:
        await connection.execute(insert(NOTES), [{"text": text} for text in SEEDS])


async def read(connection: AsyncConnection) -> list[str]:
    return list(await connection.scalars(select(NOTES.c.text).order_by(NOTES.c.id)))


class Handler(BaseHTTPRequestHandler):
    """`GET /health`, `GET /notes` and `POST /notes` with the text as the body."""

    def do_GET(self) -> None:
        notes = in_database(read)
        self.answer(json.dumps(notes) if self.path == "/notes" else "ok")

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()

        async def write(connection: AsyncConnection) -> None:
            await connection.execute(insert(NOTES).values(text=text))

        in_database(write)
        self.answer("written")

    def answer(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Health checks would fill the log."""


def main() -> None:
    in_database(prepare)
    print(f"Database initialized with URL: {make_url(URL).render_as_string(hide_password=True)}")
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
