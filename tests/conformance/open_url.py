"""Opens the URL in DB_URL as a service does, makes the table TABLE with one row in it, and prints the row as read back.

The services of the built-in profiles rewrite `sqlite:///` to `sqlite+aiosqlite:///` before they open it; so does this.
It runs in the environments that hold SQLAlchemy and nothing else, so it imports nothing of the tests.
"""

import asyncio
import json
import os

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy.ext.asyncio import create_async_engine


async def main() -> None:
    url = os.environ["DB_URL"]
    if url.startswith("sqlite:///"):
        url = url.replace("sqlite:///", "sqlite+aiosqlite:///", 1)
    metadata = MetaData()
    table = Table(os.environ["TABLE"], metadata, Column("id", Integer, primary_key=True), Column("name", String(40)))

    engine = create_async_engine(url, pool_pre_ping=True)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.execute(insert(table).values(name=os.environ["NAME"]))
    await engine.dispose()

    async with engine.connect() as connection:
        rows = (await connection.execute(select(table.c.name))).scalars().all()
    await engine.dispose()
    print(json.dumps({"driver": engine.dialect.driver, "rows": list(rows)}))


asyncio.run(main())
