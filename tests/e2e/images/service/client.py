"""What the tests run beside a service, in its own container: read and write notes, or try a password.

    client.py read             the notes, as JSON
    client.py write            the text on standard input becomes a note
    client.py login HOST DB    whether the password on standard input logs `codelab` in: `in`, or the server's SQLSTATE
"""

import asyncio
import http.client
import os
import sys

import asyncpg


def main(command: str, *arguments: str) -> None:
    match command:
        case "read":
            print(request("GET"))
        case "write":
            request("POST", sys.stdin.read())
        case "login":
            print(asyncio.run(login(*arguments, password=sys.stdin.read())))


def request(method: str, body: str | None = None) -> str:
    port = 8001 if "AGENT_RUNTIME__DB_URL" in os.environ else 8003
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, "/notes", None if body is None else body.encode())
    response = connection.getresponse()
    text = response.read().decode()
    if response.status != 200:
        sys.exit(f"{response.status} {response.reason}: {text}")
    return text


async def login(host: str, database: str, password: str) -> str:
    try:
        connection = await asyncpg.connect(host=host, user="codelab", password=password, database=database, timeout=30)
    except asyncpg.PostgresError as error:
        return str(error.sqlstate)
    await connection.close()
    return "in"


if __name__ == "__main__":
    main(*sys.argv[1:])
