"""What the tests run beside a service, in its own container, to use its database or to try what it must not do.

    client.py read                    the notes, as JSON
    client.py write                   the text on standard input becomes a note
    client.py sql                     runs the SQL on standard input by the service's own URL: JSON of the last rows, or
                                      `error` with the server's SQLSTATE or SQLite's words
    client.py hold                    keeps a connection to the SQLite file open until the container ends
    client.py login HOST DB [USER]    whether the password on standard input logs the user in: `in`, or a SQLSTATE
    client.py reach HOST PORT         whether a TCP connection is made: `reached`, `no name`, or `unreachable`
"""

import asyncio
import http.client
import json
import signal
import socket
import sqlite3
import sys

from settings import settings

# Libraries are imported where they are used: they take longer than all that the other commands do.


def main(command: str, *arguments: str) -> None:
    match command:
        case "read":
            print(request("GET"))
        case "write":
            request("POST", sys.stdin.read())
        case "sql":
            print(asyncio.run(run_sql(sys.stdin.read())))
        case "hold":
            hold()
        case "login":
            print(asyncio.run(login(*arguments, password=sys.stdin.read())))
        case "reach":
            print(reach(*arguments))


def request(method: str, body: str | None = None) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", settings()[1], timeout=30)
    connection.request(method, "/notes", None if body is None else body.encode())
    response = connection.getresponse()
    answer = response.read().decode()
    if response.status != 200:
        sys.exit(f"{response.status} {response.reason}: {answer}")
    return answer


async def run_sql(script: str) -> str:
    """Each statement is on a line of its own; all are one transaction."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    engine = create_async_engine(settings()[0], poolclass=NullPool)
    rows: list[list[object]] = []
    try:
        async with engine.begin() as connection:
            for statement in script.strip().splitlines():
                result = await connection.execute(text(statement))
                rows = [list(row) for row in result] if result.returns_rows else []
    except DBAPIError as error:
        return json.dumps(["error", getattr(error.orig, "sqlstate", None) or str(error.orig)])
    finally:
        await engine.dispose()
    return json.dumps(rows, default=str)


def hold() -> None:
    connection = sqlite3.connect(settings()[0].partition(":///")[2])
    connection.execute("SELECT count(*) FROM notes").fetchall()
    signal.pause()


async def login(host: str, database: str, user: str = "codelab", *, password: str) -> str:
    import asyncpg

    try:
        connection = await asyncpg.connect(host=host, user=user, password=password, database=database, timeout=30)
    except asyncpg.PostgresError as error:
        return str(error.sqlstate)
    await connection.close()
    return "in"


def reach(host: str, port: str) -> str:
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except socket.gaierror:
        return "no name"
    except OSError:
        return "unreachable"
    return "reached"


if __name__ == "__main__":
    main(*sys.argv[1:])
