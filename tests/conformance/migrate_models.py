"""A service with a schema that is difficult to move, as a migration meets it: it makes its tables, seeds and reads.

It runs in the environments that hold SQLAlchemy and nothing else, so it imports nothing of the tests.

    python migrate_models.py make|seed|read[,...] URL
    python migrate_models.py fill[,...] URL SAMPLES
"""

import asyncio
import datetime as dt
import enum
import json
import math
import sys
import uuid
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Identity,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    Uuid,
    insert,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine


class Role(enum.Enum):
    ADMIN = "admin"
    GUEST = "guest"


metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", String(60), unique=True, nullable=False),
    Column("name", Text),
    Column("active", Boolean, nullable=False),
    Column("role", Enum(Role, name="role_of_user")),
    Column("created", DateTime(timezone=True)),
    Column("seen", DateTime),
    Column("birthday", Date),
    Column("wakes", Time),
    Column("rests", Interval),
    Column("balance", Numeric(14, 2)),
    Column("precise", Numeric(20, 10)),
    Column("score", Float),
    Column("avatar", LargeBinary),
    Column("settings", JSON),
    Column("traits", JSON().with_variant(JSONB, "postgresql")),
    Column("tags", JSON().with_variant(ARRAY(Text), "postgresql")),
    # A cycle: posts have authors, and authors a favourite post.
    Column("favourite", ForeignKey("posts.id", name="users_favourite")),
)

posts = Table(
    "posts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("author", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("answers", ForeignKey("posts.id")),
    Column("body", Text, nullable=False),
    Column("views", BigInteger),
    Column("doubled", BigInteger, Computed("views * 2", persisted=True)),
)

# `order` and the quote are names that nobody may forget to quote.
items = Table(
    'order "items"',
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("select", SmallInteger, CheckConstraint('"select" < 30000', name="select_is_small")),
    Column("Post Id", ForeignKey("posts.id")),
    Column("code", String(10)),
)

emptied = Table("emptied", metadata, Column("id", Integer, primary_key=True), Column("value", Text))
samples = Table(
    "samples",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("value", Float),
    Column("ok", Boolean),
    Column("label", String(30)),
)
revision = Table("alembic_version", metadata, Column("version_num", String(32), primary_key=True))

TEXTS = [
    "",
    " both ends ",
    "tab\there",
    "line\nline\r\n",
    "back\\slash \\N \\. \\t",
    "'\"`;--",
    "Юникод é 😀 \U0010ffff",
    "\u007f\u0001",
]
NUMBERS = ["0", "0.01", "-0.01", "1", "10.10", "-999999999.99", "123456789.12", "100"]
PRECISE = ["0.0000000001", "1.1", "-2", "12345.678901", "0.1", "0.3", "3.3333333333", "1E+3"]
FLOATS = [0.1, -1.5, 1e300, 5e-324, math.inf, -math.inf, 0.0, 1 / 3]
DOCUMENTS: list[Any] = [
    None,
    {},
    [],
    5,
    1.5,
    "text",
    True,
    {"b": [1, 2.5, None, False], "a": {"ключ": '😀 \\ " \n \x7f'}, "long": 12345678901234567890, "e": 1e-7},
]
TAGS: list[Any] = [[], ["a"], ["a,b", "{", "}", '"', "\\", "NULL", "", "😀"], None, ["x"] * 5, ["'"], [" "], ["\n"]]
DAYS = dt.timedelta(days=1)
PAUSES = [
    DAYS,
    -DAYS,
    0 * DAYS,
    DAYS / 7,
    dt.timedelta(microseconds=1),
    dt.timedelta(microseconds=-1),
    4000 * DAYS,
    None,
]
TIMES = [dt.time(0), dt.time(23, 59, 59, 999999), dt.time(12), None] * 2
UTC = dt.UTC
MOMENTS = [
    dt.datetime(1, 1, 1),
    dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
    dt.datetime(2024, 2, 29, 12, 30, 45, 120000),
    dt.datetime(1970, 1, 1),
    dt.datetime(1969, 12, 31, 23, 59, 59, 1),
    None,
    dt.datetime(2026, 3, 29, 2, 30),
    dt.datetime(1890, 1, 1, 0, 0, 1),
]


def aware(moment: "dt.datetime | None") -> "dt.datetime | None":
    return moment and moment.replace(tzinfo=UTC)


def user(number: int) -> "dict[str, Any]":
    document = DOCUMENTS[number]
    return {
        "id": uuid.UUID(int=(number + 1) * 0x1234567890ABCDEF1234567890ABCD),
        "email": f"user{number}@example.com",
        "name": TEXTS[number] if number else None,
        "active": number % 2 == 0,
        "role": [Role.ADMIN, Role.GUEST, None][number % 3],
        "created": aware(MOMENTS[number]),
        "seen": MOMENTS[-number],
        "birthday": [dt.date(1, 1, 1), dt.date(9999, 12, 31), None][number % 3],
        "wakes": TIMES[number],
        "rests": PAUSES[number],
        "balance": Decimal(NUMBERS[number]),
        "precise": Decimal(PRECISE[number]),
        "score": FLOATS[number],
        "avatar": [b"", bytes(range(256)), b"\\N\t\n\0", None][number % 4],
        # SQL NULL in one row, JSON null in another.
        "settings": null() if number == 2 else document,
        "traits": null() if number == 3 else document,
        "tags": null() if TAGS[number] is None else TAGS[number],
    }


async def fill(connection: AsyncConnection, samples_wanted: int) -> None:
    people = [user(number) for number in range(8)]
    for person in people:
        await connection.execute(insert(users).values(person))
    for number in range(1, 21):
        await connection.execute(
            insert(posts).values(
                id=number,
                author=people[number % 8]["id"],
                body=TEXTS[number % 8],
                views=[None, 2**62 - 1, -(2**62), 0][number % 4],
            )
        )
    await connection.execute(update(posts).where(posts.c.id < 20).values(answers=posts.c.id + 1))
    await connection.execute(update(users).where(users.c.active).values(favourite=7))
    numbered = connection.dialect.name == "sqlite"
    for number in (2, 3, 5, 41):
        row = {"select": number, "Post Id": number % 20 + 1, "code": TEXTS[number % 8][:10]}
        await connection.execute(insert(items).values({**row, "id": number} if numbered else row))
    start = dt.datetime(2026, 1, 1, tzinfo=UTC)
    for first in range(0, samples_wanted, 20_000):
        rows = [
            {
                "user_id": people[number % 8]["id"],
                "at": start + dt.timedelta(seconds=number, microseconds=number % 1000),
                "value": number / 7,
                "ok": [True, False, None][number % 3],
                "label": f"sample {number}",
            }
            for number in range(first, min(first + 20_000, samples_wanted))
        ]
        await connection.execute(insert(samples), rows)
    await connection.execute(insert(revision).values(version_num="abc123"))


async def seed(connection: AsyncConnection) -> None:
    """What the service itself puts into a new database; its keys are those of the real rows."""
    await connection.execute(insert(users).values({**user(0), "email": "seed@example.com"}))
    await connection.execute(insert(posts).values(author=user(0)["id"], body="seed"))
    await connection.execute(insert(emptied).values(value="seed"))
    await connection.execute(insert(revision).values(version_num="abc123"))


def shown(value: Any) -> str:
    # 12 and 12.00 are equal as Decimal, and documents whatever the order of their keys.
    if isinstance(value, Decimal):
        return f"Decimal {value.normalize()}"
    if isinstance(value, dt.datetime):
        return f"datetime {value.replace(tzinfo=None)}"
    if isinstance(value, (dict, list)):
        return f"json {json.dumps(value, sort_keys=True)}"
    return f"{type(value).__name__} {value!r}"


async def read(connection: AsyncConnection) -> None:
    found = {}
    for table in metadata.tables.values():
        # Whether a document is SQL NULL or JSON null, both of which are None in Python.
        nulls = [column.is_(null()) for column in table.c if isinstance(column.type, JSON)]
        rows = await connection.execute(select(*table.c, *nulls).order_by(*table.primary_key))
        lines = [[shown(value) for value in row] for row in rows]
        found[table.name] = lines if len(lines) < 100 else [len(lines), sha256(repr(lines).encode()).hexdigest()]
    print(json.dumps(found))


async def main(commands: str, url: str, *arguments: str) -> None:
    engine = create_async_engine(url.replace("sqlite:///", "sqlite+aiosqlite:///"))
    async with engine.begin() as connection:
        for command in commands.split(","):
            if command == "make":
                await connection.run_sync(metadata.create_all)
            elif command == "fill":
                await fill(connection, int(arguments[0]))
            else:
                await {"seed": seed, "read": read}[command](connection)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
