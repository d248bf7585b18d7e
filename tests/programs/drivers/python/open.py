"""Opens what stands on each line of the standard input, as JSON, and prints what it is told there: through SQLAlchemy as a
service does, with and without `async`, or by libpq alone.
"""

import asyncio
import json
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine


async def asynchronously(url: str, sql: str) -> str:
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return str((await connection.execute(text(sql))).scalar())
    finally:
        await engine.dispose()


def answer(driver: str, url: str, sql: str) -> str:
    if driver == "async":
        return asyncio.run(asynchronously(url, sql))
    if driver == "psycopg":
        import psycopg

        with psycopg.connect(url) as connection:
            return str(connection.execute(sql).fetchone()[0])
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return str(connection.execute(text(sql)).scalar())
    finally:
        engine.dispose()


for line in sys.stdin:
    asked = json.loads(line)
    try:
        told = {"said": answer(asked["driver"], asked["text"], asked["sql"])}
    except Exception as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told), flush=True)
