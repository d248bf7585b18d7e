# ruff: noqa: PYI034, UP007, UP017, UP045 # a service's image may have Python 3.9
"""Copies all rows of one service between SQLite and PostgreSQL, into a schema that the service itself has made.

It knows both engines' catalogues and how SQLAlchemy stores each type in them. It must not know the service: neither its
models, nor its profile, nor its own database variable; both URLs are given to it, and it never prints a value or a URL.

    python - check <migrate.py   is the target without rows? Prints a token that `copy` takes
    python - copy <migrate.py    copies and verifies in one transaction, then prints rows and checksum of each table

MIGRATE_SOURCE_URL, MIGRATE_TARGET_URL   the two databases; one of them SQLite, the other PostgreSQL
MIGRATE_TARGET_WAS_EMPTY                 the token of `check`: what stands in the target by now are the service's own
                                         seeds, and `copy` removes them; without it, rows there are a refusal
MIGRATE_PROGRESS=1                       progress as on a terminal

exit 0  done
exit 1  refused: every reason was listed, nothing was changed
exit 2  wrong usage
exit 3  a database can't be opened
exit 4  the copy failed and was rolled back: the target is as it was
exit 5  the connection broke in the moment of the commit: the target holds either all or nothing of the copy
exit 6  a library is not there, nothing was changed
exit 70 a fault of this program, rolled back
exit 130, 143  interrupted by SIGINT, SIGTERM, rolled back

It is one file because it comes by standard input. In this order: what a schema is made of, values, rows on their way,
SQLite, PostgreSQL, the preflight, the two commands, how the program ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
import logging
import math
import os
import re
import signal
import socket
import sqlite3
import ssl
import struct
import sys
import time as clock
import uuid
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, Optional, Union

REFUSED, USAGE, UNREACHABLE, ROLLED_BACK, UNKNOWN, LACKING, OWN_FAULT = (
    1,
    2,
    3,
    4,
    5,
    6,
    70,
)

try:
    # SQLAlchemy waits by it, and says that it is not there only when it has begun
    importlib.import_module("greenlet")
    from sqlalchemy import make_url
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool
except ImportError as missing:
    print(
        f"error: this Python has no `{missing.name or 'sqlalchemy'}`, expected SQLAlchemy 1.4 or later with greenlet\n"
        "  help: install `sqlalchemy[asyncio]` and a driver in the service's image",
        file=sys.stderr,
    )
    sys.exit(LACKING)

REVISIONS = "alembic_version"
STAGE = "codelab_migrate_stage"
STAGE_KEY = "codelab_migrate_key"
KEYS_SHOWN = 3
ROWS_AT_ONCE = 2000
BYTES_AT_ONCE = 1 << 20
# Longer than any image takes to make its schema; a token that lay about for days says nothing about the target.
TOKEN_SECONDS = 6 * 3600
LOCK_SECONDS = 10

Convert = Optional[Callable[[Any], Any]]
Columns = list[Sequence[Any]]


class Stop(Exception):
    """Ends the program with an exit code and what the user is told."""

    def __init__(self, code: int, found: str, instruction: str) -> None:
        super().__init__(found)
        self.code = code
        self.text = f"error: {one_line(found)}\n  help: {one_line(instruction)}"


class Refusal(Exception):
    """Ends the program with all the faults that the preflight found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class Interrupted(KeyboardInterrupt):
    """A signal came. The event loop lets a KeyboardInterrupt through, but a driver may swallow it: hence `number`."""

    number = 0

    @classmethod
    def hold(cls) -> None:
        if cls.number:
            raise cls


class Misfit(Exception):
    """A value has no form on the other side; the text says what it is, never the value itself."""


@dataclass(frozen=True)
class Fault:
    place: str
    found: str
    instruction: str
    rows: int = 0
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f", in {shown_rows(self.rows)}" if self.rows else ""
        more = ", ..." if self.rows > len(self.keys) else ""
        keys = f" ({', '.join(self.keys)}{more})" if self.keys else ""
        said = one_line(f"error: {self.place}: {self.found}{where}{keys}")
        return f"{said}\n  help: {one_line(self.instruction)}"


def one_line(text: str) -> str:
    """Names come from databases: what is not seen, or orders something of a terminal, stands there as an escape."""
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape").decode()
        for character in text
    )


def shown_rows(number: int) -> str:
    return f"{number} row{'s' * (number != 1)}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))


@dataclass(frozen=True)
class PostgresType:
    """A type below all its domains."""

    name: str
    modifier: int = -1
    labels: frozenset[str] | None = None
    element: PostgresType | None = None

    @property
    def length(self) -> int | None:
        return self.modifier - 4 if self.modifier >= 4 else None

    @property
    def digits(self) -> tuple[int, int] | None:
        """Precision and scale of a numeric; the scale is a signed number of 11 bits."""
        if self.modifier < 4:
            return None
        packed = self.modifier - 4
        return packed >> 16 & 0xFFFF, ((packed & 0x7FF) ^ 1024) - 1024

    def __str__(self) -> str:
        if self.element is not None:
            return f"{self.element}[]"
        if self.name in ("varchar", "bpchar") and self.length is not None:
            return f"{'char' if self.name == 'bpchar' else 'varchar'}({self.length})"
        if self.name == "numeric" and self.digits is not None:
            return f"numeric({self.digits[0]},{self.digits[1]})"
        return self.name


@dataclass
class Column:
    name: str
    not_null: bool
    has_default: bool
    generated: bool
    declared: str = ""
    postgres: PostgresType | None = None


@dataclass
class ForeignKey:
    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass
class Unique:
    """A unique index; `plain` ones compare whole columns, value by value, in every row."""

    name: str
    expressions: tuple[str, ...]
    columns: tuple[str, ...]
    plain: bool
    predicate: str = ""
    nulls_equal: bool = False


@dataclass
class Table:
    name: str
    columns: dict[str, Column] = field(default_factory=dict)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    # What tells a row in a message: a number or UUID that is its key, else its place in the file.
    key: str = ""
    key_name: str = ""


@dataclass
class Batch:
    """Some rows, column by column, which lets one comprehension convert many values."""

    columns: Columns
    keys: Sequence[Any]


@dataclass
class Codec:
    """How a value passes between SQLite, the canonical text and PostgreSQL; a missing step leaves it as it is.

    The canonical text is one that PostgreSQL reads, and the same whatever form the value was stored in, so both
    sides' checksums can be taken over it; where that can't be (JSON), `comparable` makes one text of all equal ones.
    """

    read_sqlite: Convert
    write_sqlite: Convert = None
    read_postgres: Convert = None
    write_postgres: Convert = None
    comparable: Convert = None
    # May hold what COPY escapes, and may be long.
    textual: bool = False
    # Different values in SQLite are different in PostgreSQL as well.
    injective: bool = False
    select: str = "{}"


def kind(value: Any) -> str:
    return {str: "text", bytes: "a blob", int: "an integer", float: "a real number"}[
        type(value)
    ]


def affinity(declared: str) -> str:
    """As https://www.sqlite.org/datatype3.html#determination_of_column_affinity says, in its order."""
    name = declared.upper()
    if "INT" in name:
        return "INTEGER"
    if any(part in name for part in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if "BLOB" in name or not name:
        return "BLOB"
    return (
        "REAL" if any(part in name for part in ("REAL", "FLOA", "DOUB")) else "NUMERIC"
    )


def codec_for(
    column: PostgresType, declared: str, note: Callable[[str], None]
) -> Codec:
    """The one place that says which pair of types passes how."""
    name = column.name
    if column.element is not None:
        return array(column.element)
    if column.labels is not None:
        return enumeration(column.labels)
    if name in ("int2", "int4", "int8"):
        return integer(8 * int(name[3:]))
    if name in ("timestamp", "timestamptz"):
        return moment(name == "timestamptz", column.modifier, note)
    if name in ("time", "timetz"):
        return time_of_day(name == "timetz", column.modifier)
    if name in ("text", "varchar", "bpchar", "citext", "name"):
        return text(column)
    if name in ("json", "jsonb"):
        return document(name == "jsonb", declared)
    made: dict[str, Callable[[], Codec]] = {
        "bool": boolean,
        "float4": single,
        "float8": double,
        "numeric": lambda: numeric(column, declared),
        "date": lambda: day(note),
        "interval": interval,
        "uuid": lambda: identifier(declared),
        "bytea": blob,
    }
    return made.get(name, foreign)()


def checked_text(value: Any) -> str:
    """Text that PostgreSQL can hold; what was no UTF-8 in the file arrives as lone surrogates."""
    if type(value) is not str:
        raise Misfit(kind(value))
    if "\0" in value:
        raise Misfit("text with a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Misfit("text that is no valid UTF-8") from None
    return value


def text(column: PostgresType) -> Codec:
    limit, padded = column.length, column.name == "bpchar"

    def read(value: Any) -> str:
        # A declared type without CHAR or TEXT in it (STRING) has made numbers of digits.
        found = checked_text(str(value) if type(value) is int else value)
        if limit is not None and len(found) > limit:
            raise Misfit(f"text longer than {limit} characters")
        if padded and found.endswith(" "):
            raise Misfit("text with spaces at its end, which are not kept")
        return found

    trim = (lambda value: value.rstrip(" ")) if padded else None
    return Codec(
        read, read_postgres=trim, textual=True, injective=column.name != "citext"
    )


def enumeration(labels: frozenset[str]) -> Codec:
    def read(value: Any) -> str:
        if value not in labels:
            raise Misfit("a label that the type does not have")
        return str(value)

    return Codec(read, textual=True, injective=True)


def integer(bits: int) -> Codec:
    limit = 1 << (bits - 1)

    def read(value: Any) -> str:
        if type(value) is not int:
            raise Misfit(kind(value))
        if not -limit <= value < limit:
            raise Misfit("an integer out of range")
        return str(value)

    return Codec(read, int, injective=True)


def boolean() -> Codec:
    def read(value: Any) -> str:
        if type(value) is not int or value not in (0, 1):
            raise Misfit(f"{kind(value)} other than 0 and 1")
        return "t" if value else "f"

    return Codec(read, lambda value: int(value == "t"), injective=True)


def real(value: Any) -> float:
    if type(value) not in (int, float):
        raise Misfit(kind(value))
    if type(value) is int and abs(value) > 1 << 53 and int(float(value)) != value:
        raise Misfit("an integer with more digits than a real number keeps")
    return float(value)


def real_for_sqlite(value: str) -> float:
    number = float(value)
    if math.isnan(number):
        raise Misfit("not-a-number, which SQLite stores as NULL")
    return number


def double() -> Codec:
    # SQLite keeps no negative zero, so it is zero on both sides.
    def canonical(value: float) -> str:
        return repr(value + 0.0)

    return Codec(
        lambda value: canonical(real(value)),
        real_for_sqlite,
        lambda value: canonical(float(value)),
    )


def single() -> Codec:
    def canonical(value: float) -> str:
        """The shortest text that gives the same four bytes, as PostgreSQL writes it."""
        packed = struct.pack("<f", value)
        shown = (f"{value:.{digits}g}" for digits in range(6, 10))
        return next(
            (found for found in shown if struct.pack("<f", float(found)) == packed),
            repr(value),
        )

    def read(value: Any) -> str:
        number = real(value)
        try:
            found = repr(float(canonical(number)) + 0.0)
            exact = struct.unpack("<f", struct.pack("<f", number))[0] == number
        except OverflowError:
            raise Misfit("a real number out of range") from None
        if not exact and float(found) != number and not math.isnan(number):
            raise Misfit("a real number with more digits than four bytes keep")
        return found

    return Codec(
        read, real_for_sqlite, lambda value: repr(float(canonical(float(value))) + 0.0)
    )


NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,5})?", re.ASCII)


def plain_number(value: str) -> str:
    """Without zeros at the end, so that 1, 1.0 and 1.00 are one number."""
    if "." in value:
        value = value.rstrip("0").rstrip(".")
    return "0" if value == "-0" else value


def numeric(column: PostgresType, declared: str) -> Codec:
    digits, as_text = column.digits, affinity(declared) == "TEXT"

    def read(value: Any) -> str:
        if type(value) is bytes or (type(value) is str and not NUMBER.fullmatch(value)):
            raise Misfit(kind(value))
        if type(value) is float and not math.isfinite(value):
            raise Misfit("a real number that is not finite")
        # repr gives the shortest text of a float: the digits that were written, not those of its binary form.
        found = plain_number(
            format(Decimal(repr(value) if type(value) is float else value), "f")
        )
        return found if digits is None else within(found, value, digits)

    def write(value: str) -> Any:
        if as_text:
            return value
        number = real_for_sqlite(value)
        if math.isinf(number):
            raise Misfit("an infinite number")
        # SQLite makes integers of whole numbers, and then shows all digits of their binary form.
        if Decimal(value) not in (Decimal(repr(number)), Decimal(number)):
            raise Misfit("a number with more digits than SQLite's real numbers keep")
        return number

    return Codec(read, write, plain_number)


def within(found: str, value: Any, digits: tuple[int, int]) -> str:
    precision, scale = digits
    fraction = found.partition(".")[2]
    if len(fraction) > max(scale, 0) and type(value) is float:
        # A sum made in SQLite, 0.30000000000000004: a real number is exact to 15 digits, the rest is its binary form.
        found = plain_number(format(Decimal(f"{value:.15g}"), "f"))
        fraction = found.partition(".")[2]
    if len(fraction) > max(scale, 0) or (scale < 0 and Decimal(found) % 10**-scale):
        raise Misfit(f"a number with more than {scale} digits after the point")
    if len(found.partition(".")[0].lstrip("-0")) > precision - scale:
        raise Misfit(
            f"a number with more than {precision - scale} digits before the point"
        )
    return found


MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
EPOCH = datetime(1970, 1, 1)
NO_FORM = (
    "a time that SQLAlchemy can't read from SQLite: before the year 1 or after 9999"
)


def parsed_moment(value: Any) -> datetime:
    if type(value) is not str:
        raise Misfit(f"{kind(value)} instead of a time as text")
    try:
        if len(value) == 26 and value[19] == ".":
            return datetime.fromisoformat(value)
        match = MOMENT.fullmatch(value)
        if match is None:
            raise Misfit("text that is no time")
        day_, minute, second, fraction, zone = match.groups()
        if (fraction or "")[6:].strip("0"):
            raise Misfit("a time with more than 6 digits after the point")
        zone = {None: "", "Z": "+00:00"}.get(zone, zone)
        if zone and ":" not in zone:
            zone = f"{zone[:3]}:{zone[3:] or '00'}"
        exact = f"{minute or '00:00'}:{second or '00'}.{(fraction or '0')[:6]:0<6}"
        return datetime.fromisoformat(f"{day_} {exact}{zone}")
    except ValueError:
        raise Misfit("text that is no time") from None


def hold_fraction(value: str, precision: int) -> str:
    """Refuses digits that PostgreSQL would round away; the canonical text always has six."""
    if 0 <= precision < 6 and value[-6:][precision:].strip("0"):
        raise Misfit(f"a time with more than {precision} digits after the point")
    return value


def finite(value: str, note: Callable[[str], None]) -> datetime:
    """What asyncpg makes of the infinite times, and makes infinite when it writes them."""
    note(
        "infinite times were taken as the first and the last of Python, as asyncpg reads them"
    )
    return datetime.min if value.startswith("-") else datetime.max


def six_digits(value: str) -> str:
    whole, _, fraction = value.partition(".")
    return f"{whole}.{fraction:0<6}"


def moment(aware: bool, precision: int, note: Callable[[str], None]) -> Codec:
    def read(value: Any) -> str:
        found = parsed_moment(value)
        if found.tzinfo is not None:
            if not aware:
                raise Misfit(
                    "a time with an offset, which a column without time zone drops"
                )
            try:
                found = found.astimezone(timezone.utc).replace(tzinfo=None)
            except OverflowError:
                raise Misfit("text that is no time") from None
        elif aware:
            note("times without an offset were taken as UTC")
        shown = hold_fraction(found.isoformat(" ", "microseconds"), precision)
        return f"{shown}+00" if aware else shown

    def read_postgres(value: str) -> str:
        if value.endswith("BC"):
            return value
        shown = (
            finite(value, note).isoformat(" ", "microseconds")
            if value.endswith("infinity")
            else value
        )
        return (
            f"{six_digits(shown.replace('+00', ''))}+00" if aware else six_digits(shown)
        )

    def write(value: str) -> str:
        shown = value[:-3] if aware else value
        if len(shown) != 26 or value.endswith("BC"):
            raise Misfit(NO_FORM)
        return shown

    return Codec(read, write, read_postgres)


def time_of_day(aware: bool, precision: int) -> Codec:
    def read(value: Any) -> str:
        if type(value) is not str:
            raise Misfit(f"{kind(value)} instead of a time as text")
        try:
            found = time.fromisoformat(value)
        except ValueError:
            raise Misfit("text that is no time of day") from None
        if found.tzinfo is not None:
            raise Misfit("a time of day with an offset")
        shown = hold_fraction(found.isoformat("microseconds"), precision)
        return f"{shown}+00" if aware else shown

    def read_postgres(value: str) -> str:
        return (
            f"{six_digits(value[:-3])}+00"
            if aware and value.endswith("+00")
            else six_digits(value)
        )

    def write(value: str) -> str:
        shown = value[:-3] if aware else value
        if len(shown) != 15 or shown.startswith("24"):
            raise Misfit(
                "a time of day that SQLAlchemy can't read from SQLite: 24:00, or with an offset"
            )
        return shown

    return Codec(read, write, read_postgres)


def day(note: Callable[[str], None]) -> Codec:
    def read(value: Any) -> str:
        if type(value) is not str:
            raise Misfit(f"{kind(value)} instead of a date as text")
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            raise Misfit("text that is no date") from None

    def write(value: str) -> str:
        if len(value) != 10:
            raise Misfit(NO_FORM)
        return value

    def read_postgres(value: str) -> str:
        return (
            finite(value, note).date().isoformat()
            if value.endswith("infinity")
            else value
        )

    return Codec(read, write, read_postgres)


ISO_INTERVAL = re.compile(
    r"P(?:-?\d+Y|-?\d+M)*(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)


def interval() -> Codec:
    """SQLAlchemy stores a timedelta in SQLite as the time which is so long after 1970."""

    def canonical(length: timedelta) -> str:
        return f"{length.days} days {length.seconds}.{length.microseconds:06} seconds"

    def read(value: Any) -> str:
        found = parsed_moment(value)
        if found.tzinfo is not None:
            raise Misfit(
                "a time with an offset instead of one as long after 1970 as the interval"
            )
        return canonical(found - EPOCH)

    def read_postgres(value: str) -> str:
        match = ISO_INTERVAL.fullmatch(value)
        if match is None or re.match(r"P-?\d+[YM]", value):
            raise Misfit(
                "an interval with months or years, which a timedelta does not have"
            )
        days, hours, minutes, seconds = (Decimal(part or 0) for part in match.groups())
        microseconds = int((hours * 3600 + minutes * 60 + seconds) * 1_000_000)
        try:
            return canonical(timedelta(days=int(days), microseconds=microseconds))
        except OverflowError:
            raise Misfit("an interval longer than a timedelta") from None

    def write(value: str) -> str:
        days, _, seconds, _ = value.split(" ")
        whole, _, fraction = seconds.partition(".")
        try:
            return (EPOCH + timedelta(int(days), int(whole), int(fraction))).isoformat(
                " ", "microseconds"
            )
        except OverflowError:
            raise Misfit(
                "an interval that does not end between the years 1 and 9999 when it starts in 1970"
            ) from None

    return Codec(read, write, read_postgres)


def identifier(declared: str) -> Codec:
    """SQLAlchemy's Uuid is 32 hexadecimal digits in SQLite; other hands declare CHAR(36), TEXT or a blob."""
    name = declared.upper()
    shape = re.compile(
        r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        re.IGNORECASE,
    )

    def read(value: Any) -> str:
        if type(value) is bytes and len(value) == 16:
            return str(uuid.UUID(bytes=value))
        if type(value) is not str:
            raise Misfit(kind(value))
        if not shape.fullmatch(value):
            raise Misfit("text that is no UUID")
        digits = value.lower().replace("-", "")
        return (
            f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
        )

    def write(value: str) -> Any:
        if affinity(name) == "BLOB" or "BINARY" in name:
            return uuid.UUID(value).bytes
        hyphens = "36" in name or (affinity(name) == "TEXT" and "32" not in name)
        return value if hyphens else value.replace("-", "")

    return Codec(read, write)


def blob() -> Codec:
    def read(value: Any) -> str:
        if type(value) is not bytes:
            raise Misfit(f"{kind(value)} instead of a blob")
        return f"\\x{value.hex()}"

    return Codec(
        read, lambda value: bytes.fromhex(value[2:]), textual=True, injective=True
    )


def foreign() -> Codec:
    """A type that only PostgreSQL reads (inet, tsvector, ranges): its own text, which it may write otherwise."""

    def read(value: Any) -> str:
        return checked_text(str(value) if type(value) in (int, float) else value)

    return Codec(read, comparable=lambda _: "there", textual=True)


NUL_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+\.\d+')
NO_ASCII = re.compile(r"[^\x00-\x7e]")


def refuse_constant(_: str) -> NoReturn:
    raise ValueError


def whole_number(token: str) -> Any:
    """Python itself refuses to make an integer of some thousand digits."""
    return int(token) if len(token) < 400 else Decimal(token)


def parsed_json(value: str) -> Any:
    try:
        return json.loads(
            value,
            parse_float=Decimal,
            parse_int=whole_number,
            parse_constant=refuse_constant,
        )
    except RecursionError:
        raise Misfit("JSON that is nested too deeply") from None
    except ValueError:
        raise Misfit("text that is no JSON, or JSON with NaN or Infinity") from None


def document(binary: bool, declared: str) -> Codec:
    """`json` keeps its text; `jsonb` keeps the value, and its text is put into the form that Python's json writes."""

    def read(value: Any) -> str:
        if type(value) in (int, float):
            # The declared type JSON makes numbers of texts that look like one.
            value = repr(value)
        found = checked_text(value)
        parsed = parsed_json(found)
        if binary and "\\u" in found:
            if NUL_ESCAPE.search(found):
                raise Misfit("JSON with a NUL character")
            try:
                json.dumps(parsed, ensure_ascii=False, default=str).encode()
            except UnicodeEncodeError:
                raise Misfit("JSON with half of a surrogate pair") from None
        return found

    def write(value: str) -> Any:
        shown = written_by_python(value) if binary else value
        return (
            lone_number(shown)
            if affinity(declared) == "NUMERIC" and NUMBER.fullmatch(shown)
            else shown
        )

    return Codec(read, write, comparable=comparable_json, textual=True)


def lone_number(value: str) -> Any:
    """What a column that is declared as JSON makes of a text like a number; SQLite reads some of them inexactly."""
    exact, number = Decimal(value), float(value)
    if exact == exact.to_integral_value() and abs(exact) < 1 << 63:
        return int(exact)
    if exact not in (Decimal(repr(number)), Decimal(number)):
        raise Misfit("a JSON number with more digits than SQLite keeps")
    return number


def escaped_for_json(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


def token_by_python(match: re.Match[str]) -> str:
    token = match.group()
    if token[0] == '"':
        return NO_ASCII.sub(escaped_for_json, token)
    shown = repr(float(token))
    return (
        shown
        if shown not in ("inf", "-inf") and Decimal(shown) == Decimal(token)
        else token
    )


def written_by_python(value: str) -> str:
    """The text of a jsonb as json.dumps writes it, token by token: to parse it would make floats of long numbers."""
    return JSON_TOKEN.sub(token_by_python, value)


def json_number(value: Any) -> Any:
    if value == value.to_integral_value() and value.adjusted() < 400:
        return int(value)
    return f"\0{value.normalize()}"


def comparable_json(value: str) -> str:
    return json.dumps(parsed_json(value), sort_keys=True, default=json_number)


def array(element: PostgresType) -> Codec:
    """An array that the model declares as JSON for SQLite."""
    numbers = element.name in ("int2", "int4", "int8", "float4", "float8", "numeric")
    wanted: tuple[type, ...] = (
        (int, float) if numbers else (bool,) if element.name == "bool" else (str,)
    )

    def literal(value: Any) -> str:
        if isinstance(value, list):
            return "{" + ",".join(map(literal, value)) + "}"
        if value is None:
            return "NULL"
        if type(value) not in wanted:
            raise Misfit(f"a JSON array with other elements than `{element.name}`")
        if isinstance(value, str):
            return (
                '"'
                + checked_text(value).replace("\\", "\\\\").replace('"', '\\"')
                + '"'
            )
        return repr(value)

    def read(value: Any) -> str:
        found = checked_text(value)
        parsed_json(found)
        values = json.loads(found)
        if not isinstance(values, list):
            raise Misfit("JSON that is no array")
        literal(values)
        return json.dumps(values)

    return Codec(
        read,
        read_postgres=lambda value: json.dumps(json.loads(value)),
        write_postgres=lambda value: literal(json.loads(value)),
        comparable=comparable_json,
        textual=True,
        select="array_to_json({})",
    )


@dataclass
class Lane:
    """One column with its way from the source to the canonical text, into the target and back from there."""

    source: Column
    target: Column
    codec: Codec
    shown: str
    read: Convert
    write: Convert
    reread: Convert


@dataclass
class Plan:
    """One table of both sides, with what the source holds as the preflight has found."""

    source: Table
    target: Table
    lanes: list[Lane]
    rows: int
    digest: Digest = field(default_factory=lambda: Digest())

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def names(self) -> list[str]:
        return [lane.source.name for lane in self.lanes]


SPECIAL = re.compile(r"[\\\t\n\r]")
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
UNESCAPED = {
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
}


def converted(column: Sequence[Any], convert: Convert) -> Sequence[Any]:
    if convert is None:
        return column
    return [None if value is None else convert(value) for value in column]


def copy_lines(columns: Columns, textual: Sequence[bool]) -> Iterator[str]:
    """Rows as COPY reads and writes them, which also serves as the text that a checksum is taken over."""
    fields = []
    for column, escapes in zip(columns, textual):
        if escapes:
            shown = [
                "\\N"
                if value is None
                else escaped(value)
                if SPECIAL.search(value)
                else value
                for value in column
            ]
        else:
            shown = ["\\N" if value is None else value for value in column]
        fields.append(shown)
    return map("\t".join, zip(*fields))


def escaped(value: str) -> str:
    return (
        value.replace("\\", "\\\\")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
    )


def copied_columns(lines: list[str], width: int) -> Columns:
    """The columns of what COPY wrote."""
    rows = zip(*(line.split("\t") for line in lines))
    columns: Columns = []
    for column in rows:
        if any("\\" in value for value in column):
            columns.append(
                [None if value == "\\N" else unescaped(value) for value in column]
            )
        else:
            columns.append(column)
    return columns or [()] * width


def unescaped(value: str) -> str:
    return (
        ESCAPE.sub(lambda match: UNESCAPED.get(match.group(1), match.group(1)), value)
        if "\\" in value
        else value
    )


class Digest:
    """Rows and the sum of their hashes: the same in any order, and unlike XOR not blind to a row that came twice."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, columns: Columns, lanes: Sequence[Lane]) -> None:
        comparable = [
            converted(column, lane.codec.comparable)
            for column, lane in zip(columns, lanes)
        ]
        total, rows = 0, 0
        for line in copy_lines(comparable, [True] * len(lanes)):
            total += int.from_bytes(
                hashlib.blake2b(line.encode(), digest_size=16).digest(), "big"
            )
            rows += 1
        self.rows += rows
        self._sum = (self._sum + total) % (1 << 128)

    def __str__(self) -> str:
        return f"{self._sum:032x}"


class Progress:
    """Says how far the work is: a line that is rewritten on a terminal, else a line for each table when it is done."""

    def __init__(self, total: int) -> None:
        self._live = sys.stderr.isatty() or os.environ.get("MIGRATE_PROGRESS") == "1"
        self._total = total
        self._done = 0
        self._started = clock.monotonic()
        self._shown = 0.0
        self._verb, self._table, self._rows, self._of = "", "", 0, 0
        self._table_started = 0.0

    def start(self, verb: str, table: str, rows: int) -> None:
        self._verb, self._table, self._rows, self._of = verb, table, 0, rows
        self._table_started, self._shown = clock.monotonic(), 0.0

    def advance(self, rows: int) -> None:
        Interrupted.hold()
        self._rows += rows
        self._done += rows
        now = clock.monotonic()
        if self._live and now - self._shown > 0.2:
            self._shown = now
            left = (
                (self._total - self._done) * (now - self._started) / max(self._done, 1)
            )
            self._write(f"{self._line(now)}, {max(left, 0):.0f} s left", "")

    def finish(self) -> None:
        if self._live or self._verb == "copying":
            self._write(self._line(clock.monotonic()), "\n")

    def _line(self, now: float) -> str:
        rate = self._rows / max(now - self._table_started, 0.001)
        table = one_line(self._table)
        return f"{self._verb} `{table}`: {self._rows} of {self._of} rows, {rate:.0f} rows/s"

    def _write(self, line: str, end: str) -> None:
        print(
            f"\r\033[K{line}" if self._live else line,
            end=end,
            file=sys.stderr,
            flush=True,
        )


class SqliteFile:
    """A file of SQLite: the source is only ever read, the target changes in one transaction."""

    stage_schema = "temp"
    schema = "main"

    def __init__(self, path: Path, side: str, uri_query: str) -> None:
        self.path, self.side = path, side
        self._connection = sqlite3.connect(
            f"{path.as_uri()}?{uri_query}",
            uri=True,
            timeout=LOCK_SECONDS,
            isolation_level=None,
        )
        # A file can be made to run what it says of itself, and to look sound where it is not.
        for setting in ("trusted_schema = OFF", "cell_size_check = ON"):
            self._connection.execute(f"PRAGMA {setting}")
        # A TEXT which is no UTF-8 must arrive, to be told with its row.
        self._connection.text_factory = partial(
            str, encoding="utf-8", errors="surrogateescape"
        )
        self._immutable = os.stat(path) if "immutable" in uri_query else None
        self._triggers: list[tuple[str, str]] = []

    async def __aenter__(self) -> SqliteFile:
        return self

    async def __aexit__(self, *error: object) -> None:
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")
        self._connection.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()

    async def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.rows(sql)

    async def tables(self) -> dict[str, Table]:
        found = self.rows(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        # So SQLite writes it for each true one: a schema can call a view a table, and reading that may have no end.
        virtual = [
            name for name, sql in found if not str(sql).startswith("CREATE TABLE ")
        ]
        shadows = tuple(f"{name}_" for name in virtual)
        self.left_out = [f"virtual table `{name}`" for name in virtual]
        names = [
            name
            for name, _ in found
            if name not in virtual and not (shadows and name.startswith(shadows))
        ]
        tables = {name: self._table(name) for name in names}
        for table in tables.values():
            table.foreign_keys = self._foreign_keys(table, tables)
        return tables

    def _table(self, name: str) -> Table:
        table = Table(name)
        info = self.rows(f"PRAGMA table_xinfo({quoted(name)})")
        primary = [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]]
        alias = len(primary) == 1 and any(
            row[5] and row[2].upper() == "INTEGER" for row in info
        )
        for _, column, declared, not_null, default, is_key, hidden in info:
            if hidden != 1:
                numbered = bool(is_key) and alias
                table.columns[column] = Column(
                    column,
                    bool(not_null),
                    default is not None or numbered,
                    hidden in (2, 3),
                    declared,
                )
        table.uniques = self._uniques(name)
        if primary:
            table.uniques.append(
                Unique("primary key", tuple(map(quoted, primary)), tuple(primary), True)
            )
        with suppress(sqlite3.OperationalError):
            self.rows(f"SELECT rowid FROM {quoted(name)} LIMIT 0")
            table.key, table.key_name = "rowid", primary[0] if alias else "rowid"
        return table

    def _uniques(self, table: str) -> list[Unique]:
        """Those over columns in every row; what is unique by an expression or in some rows fails while copying."""
        found = []
        for _, index, unique, origin, partial_index in self.rows(
            f"PRAGMA index_list({quoted(table)})"
        ):
            parts = [
                row
                for row in self.rows(f"PRAGMA index_xinfo({quoted(index)})")
                if row[5]
            ]
            if (
                not unique
                or origin == "pk"
                or partial_index
                or any(row[2] is None for row in parts)
            ):
                continue
            expressions = tuple(
                f"{quoted(name)} COLLATE {collation}"
                for _, _, name, _, collation, _ in parts
            )
            plain = all(row[4].upper() == "BINARY" for row in parts)
            shown = index if origin == "c" else "unique"
            found.append(
                Unique(shown, expressions, tuple(row[2] for row in parts), plain)
            )
        return found

    def _foreign_keys(self, table: Table, tables: dict[str, Table]) -> list[ForeignKey]:
        keys: dict[int, ForeignKey] = {}
        names = {name.lower(): name for name in tables}
        for number, _, parent, column, parent_column, *_ in self.rows(
            f"PRAGMA foreign_key_list({quoted(table.name)})"
        ):
            parent = names.get(parent.lower(), parent)
            key = keys.setdefault(number, ForeignKey(table.name, (), parent, ()))
            key.columns += (column,)
            key.parent_columns += (parent_column,) if parent_column else ()
        for key in keys.values():
            if not key.parent_columns and key.parent in tables:
                primary = [
                    unique
                    for unique in tables[key.parent].uniques
                    if unique.name == "primary key"
                ]
                key.parent_columns = primary[0].columns if primary else ()
        return list(keys.values())

    async def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {quoted(table)}")[0][0])

    def batches(self, table: Table, lanes: Sequence[Lane]) -> Iterator[Batch]:
        """All rows; a batch ends early where its values are long, so that memory stays bounded."""
        long = [
            f"coalesce(length({quoted(lane.source.name)}), 0)"
            for lane in lanes
            if lane.codec.textual
        ]
        columns = listed([lane.source.name for lane in lanes])
        cursor = self._connection.execute(
            f"SELECT {columns}, {table.key or 'NULL'}, {' + '.join(long) or '0'} FROM {quoted(table.name)}"
        )
        rows: list[tuple[Any, ...]] = []
        size = 0
        for row in cursor:
            rows.append(row)
            size += row[-1]
            if len(rows) >= ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
                yield self._batch(rows)
                rows, size = [], 0
        if rows:
            yield self._batch(rows)

    @staticmethod
    def _batch(rows: list[tuple[Any, ...]]) -> Batch:
        *columns, keys, _ = zip(*rows)
        return Batch(list(columns), keys)

    async def scan(
        self, table: Table, lanes: Sequence[Lane], take: Callable[[Batch], None]
    ) -> None:
        for batch in self.batches(table, lanes):
            take(batch)

    async def begin_reading(self) -> None:
        self._connection.execute("BEGIN")
        self.rows("SELECT count(*) FROM sqlite_master")

    def hold_unchanged(self) -> None:
        """An immutable file is read without a lock; what changed meanwhile would be read half old, half new."""
        if self._immutable is None:
            return
        now = os.stat(self.path)
        wal = Path(f"{self.path}-wal")
        if (now.st_mtime_ns, now.st_size) != (
            self._immutable.st_mtime_ns,
            self._immutable.st_size,
        ) or wal.exists():
            raise Stop(
                ROLLED_BACK,
                "the source was written during the copy",
                "stop the service, then run again",
            )

    async def begin_writing(self, tables: Sequence[Table]) -> list[Fault]:
        self._connection.execute("PRAGMA foreign_keys = OFF")
        self._connection.execute("BEGIN IMMEDIATE")
        return []

    async def suspend(self, tables: Sequence[Table]) -> None:
        """SQLite can't switch triggers off, so they go and come back within the transaction."""
        names = {table.name.lower() for table in tables}
        found = self.rows(
            "SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        )
        self._triggers = [
            (name, sql) for name, sql, table in found if table.lower() in names
        ]
        for name, _ in self._triggers:
            self._connection.execute(f"DROP TRIGGER {quoted(name)}")

    async def remove_rows(self, table: str) -> None:
        self._connection.execute(f"DELETE FROM {quoted(table)}")

    async def fill(
        self,
        schema: str,
        table: str,
        names: Sequence[str],
        plan: Plan,
        source: Any,
        make: Callable[[Batch], Columns],
    ) -> None:
        places = ", ".join("?" * len(names))
        sql = (
            f"INSERT INTO {schema}.{quoted(table)} ({listed(names)}) VALUES ({places})"
        )
        await source.scan(
            plan.source,
            plan.lanes,
            lambda batch: self._connection.executemany(sql, zip(*make(batch))),
        )

    async def open_stage(self, table: str, names: Sequence[str]) -> None:
        self._connection.execute(f"DROP TABLE IF EXISTS temp.{STAGE}")
        self._connection.execute(
            f"CREATE TEMP TABLE {STAGE} AS SELECT {listed(names)}, '' AS {STAGE_KEY} FROM main.{quoted(table)} WHERE 0"
        )

    async def resume(self) -> None:
        for _, sql in self._triggers:
            self._connection.execute(sql)

    async def continue_numbers(
        self, tables: Sequence[Table], notes: dict[str, None]
    ) -> None:
        if not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"):
            return
        for table in tables:
            if table.key and await self.count(table.name):
                self._connection.execute(
                    f"UPDATE sqlite_sequence SET seq = (SELECT max(rowid) FROM {quoted(table.name)}) WHERE name = ?",
                    (table.name,),
                )

    async def hold_sound(self) -> None:
        orphans = self.rows("PRAGMA foreign_key_check")
        if orphans:
            names = ", ".join(sorted({f"`{row[0]}`" for row in orphans}))
            raise Stop(
                ROLLED_BACK,
                f"{len(orphans)} rows of {names} have no parent in the target",
                "remove the rows of the tables which only the target has",
            )
        if self.rows("PRAGMA integrity_check(1)") != [("ok",)]:
            raise Stop(
                ROLLED_BACK,
                "`PRAGMA integrity_check` finds the target damaged",
                "make the target anew",
            )

    async def commit(self) -> None:
        self._connection.execute("COMMIT")

    async def close_whole(self) -> None:
        """Leaves one file: the last connection that closes takes -wal and -shm with it."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        left = [
            suffix
            for suffix in ("-wal", "-shm", "-journal")
            if Path(f"{self.path}{suffix}").exists()
        ]
        if left:
            say(
                f"warning: the copy is complete, but another program has the target open: {', '.join(left)} are left"
            )


def sqlite_path(url: URL, side: str) -> Path:
    if (
        not url.database
        or url.database == ":memory:"
        or url.database.startswith("file:")
    ):
        raise Stop(
            USAGE,
            f"the {side} is no file of SQLite",
            f"set MIGRATE_{side.upper()}_URL to sqlite:///PATH",
        )
    return Path(os.path.abspath(url.database))


def open_sqlite(path: Path, side: str, write: bool) -> SqliteFile:
    advice = (
        "start and stop the service once, which makes or mends the file, then run again"
    )
    if path.is_symlink() or not path.is_file():
        raise Stop(UNREACHABLE, f"the {side} `{path}` is no file", advice)
    for suffix in ("-wal", "-shm", "-journal"):
        beside = Path(f"{path}{suffix}")
        if beside.is_symlink() or beside.exists() and not beside.is_file():
            raise Stop(UNREACHABLE, f"`{beside}` of the {side} is no file", advice)
    try:
        with path.open("rb") as file:
            header = file.read(20)
        wal = Path(f"{path}-wal")
        # mode=ro leaves -shm and -wal behind, or fails where it can't make them. A WAL database without -wal is open
        # nowhere, and then needs neither.
        quiet = header[18:19] == b"\2" and not (wal.exists() and wal.stat().st_size)
        database = SqliteFile(
            path, side, "mode=rw" if write else "immutable=1" if quiet else "mode=ro"
        )
        database.rows("SELECT count(*) FROM sqlite_master")
    except (sqlite3.Error, OSError) as error:
        raise Stop(
            UNREACHABLE, f"the {side} `{path}` can't be read: {error}", advice
        ) from None
    return database


class AsyncpgLink:
    """The few things that are needed of asyncpg's connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def prepare(self) -> None:
        pass

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._connection.fetch(sql)]

    async def execute(self, sql: str) -> None:
        await self._connection.execute(sql)

    async def copy_in(
        self,
        schema: str,
        table: str,
        names: Sequence[str],
        chunks: AsyncIterator[bytes],
    ) -> None:
        await self._connection.copy_to_table(
            table,
            schema_name=schema,
            columns=list(names),
            source=chunks,
            format="text",
            encoding="utf-8",
        )

    async def copy_out(self, query: str, take: Callable[[bytes], None]) -> None:
        async def output(chunk: bytes) -> None:
            take(chunk)

        await self._connection.copy_from_query(
            query, output=output, format="text", encoding="utf-8"
        )

    def break_off(self) -> None:
        self._connection.terminate()


class PsycopgLink:
    """The same of psycopg's."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def prepare(self) -> None:
        await self._connection.set_autocommit(True)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self._connection.cursor() as cursor:
            await cursor.execute(sql)
            found: list[tuple[Any, ...]] = await cursor.fetchall()
            return found

    async def execute(self, sql: str) -> None:
        async with self._connection.cursor() as cursor:
            await cursor.execute(sql)

    async def copy_in(
        self,
        schema: str,
        table: str,
        names: Sequence[str],
        chunks: AsyncIterator[bytes],
    ) -> None:
        sql = f"COPY {quoted(schema)}.{quoted(table)} ({listed(names)}) FROM STDIN"
        async with self._connection.cursor() as cursor, cursor.copy(sql) as copy:
            async for chunk in chunks:
                await copy.write(chunk)

    async def copy_out(self, query: str, take: Callable[[bytes], None]) -> None:
        async with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY ({query}) TO STDOUT") as copy,
        ):
            async for chunk in copy:
                take(bytes(chunk))

    def break_off(self) -> None:
        self._connection.pgconn.finish()


SESSION = """
SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601';
SET bytea_output = 'hex'; SET extra_float_digits = 3; SET row_security = off; SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '{lock}s'; SET standard_conforming_strings = on
"""

PEOPLES_TABLES = """
c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
"""

TABLES = f"""
SELECT c.oid::bigint, c.relname::text, n.nspname::text, n.nspname = current_schema(), pg_has_role(c.relowner, 'USAGE')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {PEOPLES_TABLES} ORDER BY 3, 2
"""

COLUMNS = """
SELECT a.attrelid::bigint, a.attnum::int, a.attname::text, a.atttypid::bigint, a.atttypmod, a.attnotnull,
  a.atthasdef OR a.attidentity <> '', a.attgenerated <> '', coalesce(l.collisdeterministic, true)
FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum
"""

TYPES = """
SELECT oid::bigint, typname::text, typtype::text, typbasetype::bigint, typtypmod,
  CASE WHEN typcategory = 'A' THEN typelem::bigint ELSE 0 END, typnotnull FROM pg_type
"""

UNIQUES = """
SELECT i.indrelid::bigint, x.relname::text, pg_get_expr(i.indpred, i.indrelid),
  coalesce(to_jsonb(i) ->> 'indnullsnotdistinct', 'false') = 'true', i.indexprs IS NULL,
  array_to_json(ARRAY(SELECT pg_get_indexdef(x.oid, k, false) FROM generate_series(1, i.indnkeyatts) k))::text,
  array_to_json(ARRAY(SELECT DISTINCT k FROM (
    SELECT unnest(i.indkey::int2[]) UNION SELECT d.refobjsubid FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = x.oid AND d.refobjid = i.indrelid) s (k) WHERE k > 0))::text,
  NOT i.indisprimary
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indisunique
"""

FOREIGN_KEYS = """
SELECT conrelid::bigint, confrelid::bigint, array_to_json(conkey)::text, array_to_json(confkey)::text, convalidated,
  conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid),
  quote_literal(obj_description(oid, 'pg_constraint'))
FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
"""

TRIGGERS = """
SELECT tgrelid::bigint, tgrelid::regclass::text, quote_ident(tgname), tgenabled::text
FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgparentid = 0
"""

SEQUENCES = """
SELECT DISTINCT o.relation::bigint, a.attname::text, s.seqrelid::regclass::text, s.seqmin, s.seqmax, s.seqincrement
FROM (
  SELECT d.objid, d.refobjid, d.refobjsubid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
  UNION SELECT d.refobjid, f.adrelid, f.adnum FROM pg_attrdef f JOIN pg_depend d
    ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
) o (sequence, relation, number)
JOIN pg_sequence s ON s.seqrelid = o.sequence
JOIN pg_attribute a ON a.attrelid = o.relation AND a.attnum = o.number
"""

# Those of the role's own that no column owns and no default asks.
FREE_SEQUENCES = """
SELECT s.seqrelid::regclass::text, c.relname::text, s.seqmin, s.seqmax, s.seqincrement
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
WHERE pg_has_role(c.relowner, 'USAGE') AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
    AND (d.deptype = 'e' OR d.deptype IN ('a', 'i') AND d.refobjsubid > 0)
) AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid = s.seqrelid
) ORDER BY 1
"""

WHOLE = ("int2", "int4", "int8")


def columns_by_name(
    sequence: str, tables: Sequence[Table]
) -> tuple[list[tuple[str, str]], str]:
    """Whose numbers a sequence may give: those of the table and column that its name says, else all keys."""
    whole = [
        (table, name)
        for table in tables
        for name, column in table.columns.items()
        if column.postgres is not None and column.postgres.name in WHOLE
    ]
    for table, name in whole:
        if sequence.lower() == f"{table.name}_{name}_seq".lower():
            return [(table.name, name)], f"`{table.name}`.`{name}`"
    keys = [
        (table, name)
        for table, name in whole
        if any(unique.columns == (name,) for unique in table.uniques)
    ]
    for table in tables:
        named = {
            form.format(table.name).lower()
            for form in ("{}_seq", "seq_{}", "{}_sequence", "{}_id_seq")
        }
        own = [(table.name, name) for other, name in keys if other is table]
        if sequence.lower() in named and own:
            return own, f"the keys of `{table.name}`"
    return [(table.name, name) for table, name in keys], "the highest key of all tables"


class PostgresServer:
    """A database of PostgreSQL, as the owner of its tables sees it; everything happens in one transaction."""

    stage_schema = "pg_temp"

    def __init__(
        self,
        link: Union[AsyncpgLink, PsycopgLink],
        close: Callable[[], Awaitable[None]],
        side: str,
    ) -> None:
        self._link, self._close, self.side = link, close, side
        self.schema = "public"
        self._oids: dict[int, str] = {}
        self._resume: list[str] = []
        self.left_out: list[str] = []
        self.elsewhere: list[tuple[str, str]] = []

    async def __aenter__(self) -> PostgresServer:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None and not issubclass(kind, Exception):
            self._link.break_off()
            return
        with suppress(Exception):
            await asyncio.wait_for(self._link.execute("ROLLBACK"), LOCK_SECONDS)
        with suppress(Exception):
            await self._close()

    async def query(self, sql: str) -> list[tuple[Any, ...]]:
        return await self._link.rows(sql)

    async def tables(self) -> dict[str, Table]:
        tables: dict[int, Table] = {}
        self._strangers = []
        self.elsewhere = []
        for oid, name, schema, here, owned in await self._link.rows(TABLES):
            if not here:
                self.elsewhere.append((schema, name))
                continue
            self.schema = schema
            tables[oid] = Table(name)
            if not owned:
                self._strangers.append(name)
        self._oids = {oid: table.name for oid, table in tables.items()}
        numbers = await self._columns(tables)
        await self._uniques(tables, numbers)
        for child, parent, columns, parent_columns, valid, *_ in await self._link.rows(
            FOREIGN_KEYS
        ):
            if child in tables and parent in tables and valid:
                names = tuple(numbers[child, number] for number in json.loads(columns))
                parents = tuple(
                    numbers[parent, number] for number in json.loads(parent_columns)
                )
                key = ForeignKey(
                    tables[child].name, names, tables[parent].name, parents
                )
                tables[child].foreign_keys.append(key)
        return {table.name: table for table in tables.values()}

    async def _columns(self, tables: dict[int, Table]) -> dict[tuple[int, int], str]:
        labels: dict[int, set[str]] = {}
        for oid, label in await self._link.rows(
            "SELECT enumtypid::bigint, enumlabel::text FROM pg_enum"
        ):
            labels.setdefault(oid, set()).add(label)
        types = {row[0]: row[1:] for row in await self._link.rows(TYPES)}
        self._folding: set[tuple[int, str]] = set()
        numbers = {}
        for (
            oid,
            number,
            name,
            kind_,
            modifier,
            not_null,
            default,
            generated,
            exact,
        ) in await self._link.rows(COLUMNS):
            if oid in tables:
                found, refuses_null = resolved_type(kind_, modifier, types, labels)
                column = Column(
                    name, not_null or refuses_null, default, generated, postgres=found
                )
                tables[oid].columns[name] = column
                numbers[oid, number] = name
                if not exact or found.name == "citext":
                    self._folding.add((oid, name))
        return numbers

    async def _uniques(
        self, tables: dict[int, Table], numbers: dict[tuple[int, int], str]
    ) -> None:
        for (
            oid,
            index,
            predicate,
            nulls_equal,
            whole,
            expressions,
            attributes,
            secondary,
        ) in await self.query(UNIQUES):
            if oid not in tables:
                continue
            table = tables[oid]
            columns = tuple(numbers[oid, number] for number in json.loads(attributes))
            folds = any((oid, name) in self._folding for name in columns)
            plain = whole and not predicate and not nulls_equal and not folds
            parts = tuple(json.loads(expressions))
            table.uniques.append(
                Unique(index, parts, columns, plain, predicate or "", nulls_equal)
            )
            if not secondary and len(columns) == 1:
                type_ = table.columns[columns[0]].postgres
                # Any other key may be personal (an e-mail address) or a secret (a token).
                if type_ is not None and type_.name in ("int2", "int4", "int8", "uuid"):
                    table.key, table.key_name = quoted(columns[0]), columns[0]
        for table in tables.values():
            if not table.key:
                table.key, table.key_name = "ctid", "ctid"

    async def count(self, table: str) -> int:
        return int(
            (await self._link.rows(f"SELECT count(*) FROM {quoted(table)}"))[0][0]
        )

    async def scan(
        self, table: Table, lanes: Sequence[Lane], take: Callable[[Batch], None]
    ) -> None:
        columns = ", ".join(
            lane.codec.select.format(quoted(lane.source.name)) for lane in lanes
        )
        rest = bytearray()

        def take_lines(end: int) -> None:
            lines = rest[:end].decode().split("\n")
            del rest[: end + 1]
            *found, keys = copied_columns(lines, len(lanes) + 1)
            take(Batch(found, keys))

        def take_chunk(chunk: bytes) -> None:
            rest.extend(chunk)
            if len(rest) >= BYTES_AT_ONCE >> 2 and b"\n" in chunk:
                take_lines(rest.rfind(b"\n"))

        await self._link.copy_out(
            f"SELECT {columns}, {table.key}::text FROM {quoted(table.name)}", take_chunk
        )
        if rest:
            take_lines(len(rest) - 1)

    async def begin_reading(self) -> None:
        await self._link.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def hold_unchanged(self) -> None:
        """A snapshot can't change."""

    async def begin_writing(self, tables: Sequence[Table]) -> list[Fault]:
        strangers = [table.name for table in tables if table.name in self._strangers]
        if strangers:
            advice = "run scripts/init-postgres.sh, which sets the owner, or name the owner in MIGRATE_TARGET_URL"
            return [
                Fault(f"`{name}`", "the role of the URL is not its owner", advice)
                for name in strangers
            ]
        await self._link.execute("BEGIN")
        if tables:
            names = listed([table.name for table in tables])
            await self._link.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        return []

    async def suspend(self, tables: Sequence[Table]) -> None:
        """Takes what would disturb the rows on their way off the tables, within the transaction.

        Foreign keys go and come back, as pg_restore does it: no order of tables satisfies a cycle; only a superuser
        may switch their triggers off; deferring all of them would check row by row, from a queue in the server's
        memory, and would not hold back ON DELETE CASCADE. ADD CONSTRAINT checks all rows in one join.
        User triggers have done their work when the rows were first written.
        """
        names = {table.name for table in tables}
        for (
            child,
            parent,
            _,
            _,
            _,
            table,
            name,
            definition,
            comment,
        ) in await self._link.rows(FOREIGN_KEYS):
            if self._oids.get(child) in names or self._oids.get(parent) in names:
                await self._link.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
                self._resume.append(
                    f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
                )
                if comment is not None:
                    self._resume.append(
                        f"COMMENT ON CONSTRAINT {name} ON {table} IS {comment}"
                    )
        for oid, table, name, enabled in await self._link.rows(TRIGGERS):
            if self._oids.get(oid) in names:
                await self._link.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
                always = "ALWAYS " if enabled == "A" else ""
                self._resume.append(
                    f"ALTER TABLE {table} ENABLE {always}TRIGGER {name}"
                )

    async def remove_rows(self, table: str) -> None:
        await self._link.execute(f"DELETE FROM {quoted(table)}")

    async def fill(
        self,
        schema: str,
        table: str,
        names: Sequence[str],
        plan: Plan,
        source: Any,
        make: Callable[[Batch], Columns],
    ) -> None:
        textual = [True] * len(names)
        if len(names) == len(plan.lanes):
            textual = [lane.codec.textual for lane in plan.lanes]

        async def chunks() -> AsyncIterator[bytes]:
            for batch in source.batches(plan.source, plan.lanes):
                lines = "\n".join(copy_lines(make(batch), textual))
                if lines:
                    yield f"{lines}\n".encode()

        await self._link.copy_in(schema, table, names, chunks())

    async def open_stage(self, table: str, names: Sequence[str]) -> None:
        await self._link.execute(f"DROP TABLE IF EXISTS pg_temp.{STAGE}")
        await self._link.execute(
            f"CREATE TEMP TABLE {STAGE} ON COMMIT DROP AS SELECT {listed(names)}, ''::text AS {STAGE_KEY}"
            f" FROM {quoted(self.schema)}.{quoted(table)} WITH NO DATA"
        )

    async def resume(self) -> None:
        for sql in self._resume:
            await self._link.execute(sql)

    async def continue_numbers(
        self, tables: Sequence[Table], notes: dict[str, None]
    ) -> None:
        """ALTER SEQUENCE and not setval, which no rollback takes back."""
        names = {table.name for table in tables}
        wanted: dict[str, int] = {}
        for oid, column, sequence, low, high, step in await self._link.rows(SEQUENCES):
            table = self._oids.get(oid)
            if table not in names or table is None:
                continue
            end = "min" if step < 0 else "max"
            [[last]] = await self._link.rows(
                f"SELECT {end}({quoted(column)})::bigint FROM {quoted(table)}"
            )
            if last is not None and low <= last <= high:
                found = min(max(last + (1 if step > 0 else -1), low), high)
                better = min if step < 0 else max
                wanted[sequence] = better(found, wanted.get(sequence, found))
        for sequence, number in wanted.items():
            await self._link.execute(f"ALTER SEQUENCE {sequence} RESTART WITH {number}")
        await self._continue_free(tables, notes)

    async def _continue_free(
        self, tables: Sequence[Table], notes: dict[str, None]
    ) -> None:
        """A sequence that a program asks itself: no column of the catalogue says that its numbers go there."""
        for sequence, name, low, high, step in await self._link.rows(FREE_SEQUENCES):
            columns, whose = columns_by_name(name, tables)
            lasts = []
            for table, column in columns:
                [[last]] = await self._link.rows(
                    f"SELECT {'min' if step < 0 else 'max'}({quoted(column)})::bigint FROM {quoted(table)}"
                )
                if last is not None and low <= last <= high:
                    lasts.append(last)
            if not lasts:
                continue
            last = min(lasts) if step < 0 else max(lasts)
            number = min(max(last + (1 if step > 0 else -1), low), high)
            await self._link.execute(f"ALTER SEQUENCE {sequence} RESTART WITH {number}")
            notes[
                f"sequence {sequence}: no column says that it takes numbers from it; it goes on with {number}, behind {whose}"
            ] = None

    async def hold_sound(self) -> None:
        """The constraints that came back have checked all rows."""

    async def commit(self) -> None:
        await self._link.execute("COMMIT")

    async def close_whole(self) -> None:
        """Fresh statistics: without them the first queries on the tables are planned for empty ones."""
        with suppress(Exception):
            await self._link.execute(
                "; ".join(f"ANALYZE {quoted(name)}" for name in self._oids.values())
            )


def resolved_type(
    oid: int,
    modifier: int,
    types: dict[int, tuple[Any, ...]],
    labels: dict[int, set[str]],
) -> tuple[PostgresType, bool]:
    """The type below its domains, and whether one of them refuses NULL."""
    name, family, base, base_modifier, element, refuses_null = types[oid]
    if family == "d":
        found, below = resolved_type(base, base_modifier, types, labels)
        return found, refuses_null or below
    if element:
        return PostgresType(
            name, modifier, element=resolved_type(element, modifier, types, labels)[0]
        ), False
    return PostgresType(
        name, modifier, frozenset(labels.get(oid, ())) if family == "e" else None
    ), False


async def open_postgres(url: URL, side: str) -> PostgresServer:
    """Connects as the service does: SQLAlchemy reads the URL and its options."""
    place = f"the {side}"
    if re.fullmatch(r"[\w.:-]+", url.host or "") and re.fullmatch(
        r"[\w.-]+", url.database or ""
    ):
        place = f"the {side} `{url.database}` at `{url.host}`"
    try:
        engine = create_async_engine(
            with_driver(url), poolclass=NullPool, hide_parameters=True
        )
        connection = await engine.connect()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        link = PsycopgLink(driver) if hasattr(driver, "pgconn") else AsyncpgLink(driver)
        await link.prepare()
        await link.execute(SESSION.format(lock=LOCK_SECONDS))
    # Drivers raise of all kinds, and their texts may hold the URL.
    except Exception as error:  # noqa: BLE001
        found, advice = why_unreachable(error)
        raise Stop(UNREACHABLE, f"{place} can't be opened: {found}", advice) from None

    async def close() -> None:
        await connection.close()
        await engine.dispose()

    return PostgresServer(link, close, side)


def with_driver(url: URL) -> URL:
    driver = url.drivername.partition("+")[2]
    # psycopg2 is none for event loops
    if driver in ("", "psycopg2"):
        driver = "asyncpg" if importlib.util.find_spec("asyncpg") else "psycopg"
    if driver == "asyncpg" and "sslmode" in url.query and "ssl" not in url.query:
        mode = str(url.query["sslmode"])
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return url.set(drivername=f"postgresql+{driver}")


def causes(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, BaseException) and found not in seen:
            seen.append(found)
            yield found
            waiting += [
                getattr(found, "orig", None),
                found.__cause__,
                found.__context__,
            ]


def sqlstate(error: BaseException) -> str:
    states = (getattr(cause, "sqlstate", None) for cause in causes(error))
    return next((state for state in states if isinstance(state, str)), "")


def why_unreachable(error: BaseException) -> tuple[str, str]:
    """In our own words, by what the drivers' errors are: no text of theirs is ever shown."""
    state = sqlstate(error)
    said = " ".join(str(cause).lower() for cause in causes(error))
    kinds = [type(cause) for cause in causes(error)]

    def is_a(*classes: type) -> bool:
        return any(issubclass(kind_, classes) for kind_ in kinds)

    if state[:2] == "28" or "authentication failed" in said:
        return (
            "the server refuses the role or its password",
            "run scripts/init-postgres.sh, which sets the password",
        )
    if state == "3D000" or ("database" in said and "does not exist" in said):
        return (
            "the server has no such database",
            "run scripts/init-postgres.sh, which makes it",
        )
    if is_a(ModuleNotFoundError, ImportError):
        return (
            "the driver that the URL names is not in the image",
            "install asyncpg or psycopg in the service's image",
        )
    if is_a(socket.gaierror) or "resolve" in said or "translate host name" in said:
        return (
            "the host's name is not known",
            "run in the network of the server, which must be up",
        )
    if is_a(ssl.SSLError) or "ssl" in said:
        return (
            "no TLS connection could be agreed on",
            "check the server's certificate and the URL's ssl option",
        )
    if (
        is_a(ConnectionError, TimeoutError, asyncio.TimeoutError)
        or "refused" in said
        or "timeout" in said
    ):
        return "nobody answers", "start the server and wait until it is healthy"
    name = f"SQLSTATE {state}" if state else f"`{kinds[-1].__name__}`"
    return name, "check that the server is up and that the URL is the service's own"


CORRECT = "correct or remove these rows in the source, then run again"
MAKE_SCHEMA = "let the version of the service that wrote the source make the schema of the target, then run again"

Database = Union[SqliteFile, PostgresServer]


class Examination:
    """What one table's rows show when they are converted and not yet copied."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._found: dict[tuple[str, str], list[Any]] = {}

    def examine(self, batch: Batch) -> tuple[Columns, Sequence[Any]]:
        """The rows as they would be written, without those that can't be."""
        lanes = self._plan.lanes
        for lane, column in zip(lanes, batch.columns):
            if lane.target.not_null and None in column:
                for value, key in zip(column, batch.keys):
                    if value is None:
                        self._add(lane, "NULL, which the target refuses", key)
        try:
            canonical: Columns = [
                converted(column, lane.read)
                for lane, column in zip(lanes, batch.columns)
            ]
            written: Columns = [
                converted(column, lane.write) for lane, column in zip(lanes, canonical)
            ]
            self._plan.digest.add(canonical, lanes)
        except Misfit:
            return self._row_by_row(batch)
        return written, batch.keys

    def _row_by_row(self, batch: Batch) -> tuple[Columns, Sequence[Any]]:
        good: list[tuple[list[Any], Any]] = []
        for row, key in zip(zip(*batch.columns), batch.keys):
            fits, written = True, list[Any]()
            for lane, value in zip(self._plan.lanes, row):
                try:
                    [canonical] = converted([value], lane.read)
                    written += converted([canonical], lane.write)
                    converted([canonical], lane.codec.comparable)
                except Misfit as misfit:
                    fits = False
                    self._add(lane, f"{misfit}, expected {lane.shown}", key)
            if fits:
                good.append((written, key))
        columns: Columns = list(zip(*(row for row, _ in good))) or [()] * len(
            self._plan.lanes
        )
        return columns, [key for _, key in good]

    def _add(self, lane: Lane, found: str, key: Any) -> None:
        entry = self._found.setdefault((lane.source.name, found), [0])
        entry[0] += 1
        if len(entry) <= KEYS_SHOWN:
            entry.append(
                f"`{self._plan.source.key_name}` {key}"
                if key is not None
                else "a row without a number"
            )

    def faults(self) -> list[Fault]:
        return [
            Fault(
                f"`{self._plan.name}`.`{column}`",
                f"found {found}",
                CORRECT,
                entry[0],
                tuple(entry[1:]),
            )
            for (column, found), entry in self._found.items()
        ]


def lane_for(source: Column, target: Column, note: Callable[[str], None]) -> Lane:
    to_postgres = target.postgres is not None
    column, declared = (
        (target.postgres, source.declared)
        if to_postgres
        else (source.postgres, target.declared)
    )
    assert column is not None
    codec = codec_for(column, declared, note)
    if to_postgres:
        return Lane(
            source,
            target,
            codec,
            f"`{column}`",
            codec.read_sqlite,
            codec.write_postgres,
            codec.read_postgres,
        )
    # Columns that SQLAlchemy declares otherwise than the type would let guess stay what they are declared.
    shown = f"`{target.declared or 'BLOB'}`"
    return Lane(
        source,
        target,
        codec,
        shown,
        codec.read_postgres,
        codec.write_sqlite,
        codec.read_sqlite,
    )


async def paired(
    source: Database,
    target: Database,
    ours: dict[str, Table],
    theirs: dict[str, Table],
    notes: dict[str, None],
) -> tuple[list[Plan], list[Fault]]:
    """The plans of the tables on both sides, by name, and what has no place in the target."""
    plans: list[Plan] = []
    faults = await revision_faults(source, target, ours, theirs)
    for name, table in sorted(ours.items()):
        rows = await source.count(name)
        if name not in theirs:
            if rows:
                faults.append(
                    Fault(
                        f"`{name}`", "the target has no such table", MAKE_SCHEMA, rows
                    )
                )
            else:
                notes[f"`{name}` is not in the target; it has no rows"] = None
        elif name != REVISIONS:
            lanes, column_faults = await paired_columns(
                source, table, theirs[name], rows, notes
            )
            faults += column_faults
            if lanes:
                plans.append(Plan(table, theirs[name], lanes, rows))
    for place, rows in (await counts_elsewhere(source)).items():
        if rows:
            faults.append(
                Fault(
                    f"`{place}`",
                    "SQLite has no schemas",
                    "move the table into the first schema",
                    rows,
                )
            )
    for name in sorted(set(theirs) - set(ours) - {REVISIONS}):
        notes[f"`{name}` is only in the target, and stays as it is"] = None
    for left_out in getattr(source, "left_out", []):
        notes[f"{left_out} is not copied"] = None
    return plans, faults


async def paired_columns(
    source: Database, ours: Table, theirs: Table, rows: int, notes: dict[str, None]
) -> tuple[list[Lane], list[Fault]]:
    lanes, faults = [], []
    for name, column in ours.columns.items():
        place = f"`{ours.name}`.`{name}`"
        target = theirs.columns.get(name)
        if target is None and not column.generated:
            [[filled]] = await source.query(
                f"SELECT count({quoted(name)}) FROM {quoted(ours.name)}"
            )
            if filled:
                faults.append(
                    Fault(place, "the target has no such column", MAKE_SCHEMA, filled)
                )
            else:
                notes[f"{place} is not in the target; it has no values"] = None
        elif target is not None and not target.generated:

            def note(text_: str, place: str = place) -> None:
                notes[f"{place}: {text_}"] = None

            lanes.append(lane_for(column, target, note))
    for name, column in theirs.columns.items():
        if name in ours.columns or column.generated:
            continue
        place = f"`{ours.name}`.`{name}`"
        if column.not_null and not column.has_default and rows:
            faults.append(
                Fault(
                    place,
                    "the source lacks it, and the target needs a value",
                    MAKE_SCHEMA,
                    rows,
                )
            )
        else:
            notes[f"{place} is only in the target, and gets its default"] = None
    return lanes, faults


async def revision_faults(
    source: Database, target: Database, ours: dict[str, Table], theirs: dict[str, Table]
) -> list[Fault]:
    if REVISIONS not in ours or REVISIONS not in theirs:
        return []
    sql = f"SELECT version_num FROM {REVISIONS} ORDER BY 1"
    mine, other = [
        [str(row[0]) for row in await side.query(sql)] for side in (source, target)
    ]
    if mine == other:
        return []

    def shown(revisions: list[str]) -> str:
        return ", ".join(f"`{revision}`" for revision in revisions) or "none"

    found = f"the target is at revision {shown(other)}, expected {shown(mine)} as in the source"
    return [
        Fault(
            f"`{REVISIONS}`",
            found,
            "run the same migrations on both sides, then run again",
        )
    ]


def needs_stage(unique: Unique, plan: Plan) -> bool:
    """Whether rows that the source holds apart might be one to this index of the target."""
    lanes = {lane.source.name: lane for lane in plan.lanes}
    if not set(unique.columns) <= set(lanes):
        return False
    if not unique.plain:
        return True
    to_sqlite = plan.target.columns[unique.columns[0]].postgres is None
    # One that folds case or takes NULLs for equal is stricter still.
    kept = any(
        set(other.columns) <= set(unique.columns) and not other.predicate
        for other in plan.source.uniques
    )
    return not kept or not (
        to_sqlite or all(lanes[name].codec.injective for name in unique.columns)
    )


async def examine(
    plan: Plan, source: Database, target: Database, progress: Progress
) -> list[Fault]:
    """Converts all rows of a table; those that a unique index may take for equal go to a temporary table beside it."""
    examination = Examination(plan)
    uniques = [unique for unique in plan.target.uniques if needs_stage(unique, plan)]
    wanted = sorted({name for unique in uniques for name in unique.columns})
    places = [plan.names.index(name) for name in wanted]

    def staged(batch: Batch) -> Columns:
        columns, keys = examination.examine(batch)
        progress.advance(len(batch.keys))
        return [*(columns[place] for place in places), [str(key) for key in keys]]

    def seen(batch: Batch) -> None:
        staged(batch)

    progress.start("checking", plan.name, plan.rows)
    if not uniques:
        await source.scan(plan.source, plan.lanes, seen)
        return examination.faults()
    await target.open_stage(plan.name, wanted)
    await target.fill(
        target.stage_schema, STAGE, [*wanted, STAGE_KEY], plan, source, staged
    )
    return examination.faults() + [
        fault for unique in uniques for fault in await duplicates(unique, plan, target)
    ]


async def duplicates(unique: Unique, plan: Plan, target: Database) -> list[Fault]:
    filters = [f"({unique.predicate})"] if unique.predicate else []
    if not unique.nulls_equal:
        filters += [f"({expression}) IS NOT NULL" for expression in unique.expressions]
    twice = (
        f"SELECT {STAGE_KEY} AS k FROM (SELECT {STAGE_KEY},"
        f" count(*) OVER (PARTITION BY {', '.join(unique.expressions)}) AS n"
        f" FROM {target.stage_schema}.{STAGE} WHERE {' AND '.join(filters) or 'true'}) d WHERE n > 1"
    )
    [[rows]] = await target.query(f"SELECT count(*) FROM ({twice}) c")
    if not rows:
        return []
    keys = await target.query(
        f"{twice} ORDER BY length({STAGE_KEY}), k LIMIT {KEYS_SHOWN}"
    )
    shown = tuple(f"`{plan.source.key_name}` {key}" for (key,) in keys)
    place = f"`{plan.name}`.{', '.join(f'`{name}`' for name in unique.columns)}"
    found = (
        f"found values that the target's unique index `{unique.name}` takes for equal"
    )
    return [Fault(place, found, CORRECT, rows, shown)]


async def orphans(
    key: ForeignKey, source: Database, ours: dict[str, Table], theirs: dict[str, Table]
) -> list[Fault]:
    """Rows of the source that a foreign key of the target will refuse; SQLite does not enforce them by itself."""
    child, parent = ours.get(key.child), ours.get(key.parent)
    known = (
        child is not None
        and parent is not None
        and set(key.columns) <= set(child.columns)
        and set(key.parent_columns) <= set(parent.columns)
        and len(key.columns) == len(key.parent_columns)
    )
    if child is None or parent is None or not known:
        return []
    pairs = list(zip(key.columns, key.parent_columns))
    if isinstance(source, PostgresServer):
        types = [
            (child.columns[column].postgres, parent.columns[other].postgres)
            for column, other in pairs
        ]
        if key in child.foreign_keys or any(a != b for a, b in types):
            return []
    present = " AND ".join(f"c.{quoted(column)} IS NOT NULL" for column, _ in pairs)
    same = " AND ".join(
        f"p.{quoted(other)} = c.{quoted(column)}" for column, other in pairs
    )
    lost = (
        f"FROM {quoted(child.name)} c WHERE {present}"
        f" AND NOT EXISTS (SELECT 1 FROM {quoted(parent.name)} p WHERE {same})"
    )
    [[rows]] = await source.query(f"SELECT count(*) {lost}")
    if not rows:
        return []
    keys = (
        await source.query(f"SELECT c.{child.key} {lost} LIMIT {KEYS_SHOWN}")
        if child.key
        else []
    )
    place = f"`{child.name}`.{', '.join(f'`{name}`' for name in key.columns)}"
    found = f"found no parent in `{parent.name}`"
    return [
        Fault(
            place,
            found,
            CORRECT,
            rows,
            tuple(f"`{child.key_name}` {found_key}" for (found_key,) in keys),
        )
    ]


def given_urls() -> tuple[URL, URL]:
    urls = []
    for side in ("SOURCE", "TARGET"):
        name = f"MIGRATE_{side}_URL"
        try:
            urls.append(make_url(os.environ[name]))
        except KeyError:
            raise Stop(
                USAGE, f"{name} is not set", f"set {name} to the {side.lower()}'s URL"
            ) from None
        except Exception:  # noqa: BLE001 # its text may be the URL
            raise Stop(
                USAGE,
                f"{name} is no URL that SQLAlchemy reads",
                "write it as the service's own",
            ) from None
    engines = {url.drivername.partition("+")[0] for url in urls}
    if engines not in ({"sqlite", "postgresql"}, {"sqlite", "postgres"}):
        raise Stop(
            USAGE,
            "the URLs are not one of SQLite and one of PostgreSQL",
            "set both as the service has them",
        )
    return urls[0], urls[1]


async def opened(url: URL, side: str, write: bool = False) -> Database:
    if url.drivername.startswith("sqlite"):
        return open_sqlite(sqlite_path(url, side), side, write)
    return await open_postgres(url, side)


async def rows_of_people(database: Database) -> tuple[int, dict[str, int]]:
    """How many tables there are, and those with rows; the revision of the schema is no row of people."""
    counts = {name: await database.count(name) for name in await database.tables()}
    counts.update(await counts_elsewhere(database))
    return len(counts), {
        name: rows for name, rows in counts.items() if rows and name != REVISIONS
    }


async def counts_elsewhere(database: Database) -> dict[str, int]:
    """The rows of tables outside of the schema that the service finds its tables in."""
    counts = {}
    if isinstance(database, PostgresServer):
        for schema, name in database.elsewhere:
            [[rows]] = await database.query(
                f"SELECT count(*) FROM {quoted(schema)}.{quoted(name)}"
            )
            counts[f"{schema}.{name}"] = int(rows)
    return counts


async def identity(url: URL, database: Database | None) -> str:
    """Which database a token is for; one that was dropped and made anew is another."""
    if database is None or isinstance(database, SqliteFile):
        mark = str(sqlite_path(url, "target"))
    else:
        [[oid]] = await database.query(
            "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"
        )
        mark = f"{url.host}:{url.port}/{url.database}/{oid}"
    return hashlib.sha256(mark.encode()).hexdigest()[:24]


def occupied(counts: dict[str, int], instruction: str) -> Refusal:
    found = "found rows in the target, expected none"
    return Refusal(
        [Fault(f"`{name}`", found, instruction, rows) for name, rows in counts.items()]
    )


async def check() -> None:
    source_url, target_url = given_urls()
    async with await opened(source_url, "source") as source:
        tables = await source.tables()
    missing = (
        target_url.drivername.startswith("sqlite")
        and not sqlite_path(target_url, "target").exists()
    )
    if missing:
        count, counts, mark = 0, dict[str, int](), await identity(target_url, None)
    else:
        async with await opened(target_url, "target") as target:
            count, counts = await rows_of_people(target)
            mark = await identity(target_url, target)
    if counts:
        raise occupied(counts, "back the target up and empty it, or choose another one")
    shown = f"{count} tables without rows" if count else "no tables"
    say(f"the source has {len(tables)} tables, the target has {shown}")
    print(f"{int(clock.time())}-{mark}")


async def hold_seeds_only(
    target: Database, url: URL, names: set[str]
) -> dict[str, int]:
    """The rows to remove, if it is certain that they are the service's own seeds."""
    _, counts = await rows_of_people(target)
    token = os.environ.get("MIGRATE_TARGET_WAS_EMPTY", "")
    if not counts:
        return {}
    if not token:
        raise occupied(
            counts,
            "run `check` before the service makes its schema, and give `copy` the token it prints",
        )
    made, _, mark = token.partition("-")
    age = clock.time() - int(made) if made.isdecimal() else -1
    if mark != await identity(url, target) or not 0 <= age <= TOKEN_SECONDS:
        raise occupied(
            counts, "run `check` on this target: the token is another's, or too old"
        )
    return {name: rows for name, rows in counts.items() if name in names}


async def copy() -> None:
    source_url, target_url = given_urls()
    async with (
        await opened(source_url, "source") as source,
        await opened(target_url, "target", write=True) as target,
    ):
        notes: dict[str, None] = {}
        await source.begin_reading()
        plans = await prepared(source, target, target_url, notes)
        await transfer(plans, source, target, notes)
        source.hold_unchanged()
        await committed(target)
        # What fails from here on must not be told as a copy that was rolled back.
        with suppress(sqlite3.Error, OSError):
            await target.close_whole()
    with suppress(OSError):
        print_summary(plans, notes)


async def prepared(
    source: Database, target: Database, url: URL, notes: dict[str, None]
) -> list[Plan]:
    """The plans, when nothing speaks against them; locks the target, and removes the service's seeds from it."""
    ours, theirs = await source.tables(), await target.tables()
    if not theirs:
        raise Stop(REFUSED, "the target has no tables", MAKE_SCHEMA)
    faults = await target.begin_writing(list(theirs.values()))
    if faults:
        raise Refusal(faults)
    seeds = await hold_seeds_only(target, url, set(ours))
    plans, faults = await paired(source, target, ours, theirs, notes)
    for table in theirs.values():
        for key in table.foreign_keys:
            faults += await orphans(key, source, ours, theirs)
    progress = Progress(3 * sum(plan.rows for plan in plans))
    for plan in plans:
        faults += await examine(plan, source, target, progress)
        progress.finish()
    if faults:
        raise Refusal(faults)
    await target.suspend([plan.target for plan in plans])
    for name, rows in seeds.items():
        await target.remove_rows(name)
        notes[
            f"`{name}`: removed {shown_rows(rows)} that the service had seeded in the target"
        ] = None
    return plans


async def transfer(
    plans: Sequence[Plan], source: Any, target: Any, notes: dict[str, None]
) -> None:
    progress = Progress(2 * sum(plan.rows for plan in plans))
    for plan in plans:
        progress.start("copying", plan.name, plan.rows)

        def written(batch: Batch, plan: Plan = plan) -> Columns:
            progress.advance(len(batch.keys))
            canonical = [
                converted(column, lane.read)
                for lane, column in zip(plan.lanes, batch.columns)
            ]
            return [
                converted(column, lane.write)
                for lane, column in zip(plan.lanes, canonical)
            ]

        await target.fill(target.schema, plan.name, plan.names, plan, source, written)
        progress.finish()
    await target.resume()
    await target.continue_numbers([plan.target for plan in plans], notes)
    for plan in plans:
        progress.start("verifying", plan.name, plan.rows)
        await verify(plan, target, progress)
        progress.finish()
    await target.hold_sound()


async def verify(plan: Plan, target: Database, progress: Progress) -> None:
    found = Digest()

    def take(batch: Batch) -> None:
        progress.advance(len(batch.keys))
        try:
            found.add(
                [
                    converted(column, lane.reread)
                    for lane, column in zip(plan.lanes, batch.columns)
                ],
                plan.lanes,
            )
        except Misfit:
            # Another value than was written; the checksums tell.
            found.rows += len(batch.keys)

    await target.scan(plan.target, plan.lanes, take)
    if (found.rows, str(found)) != (
        plan.digest.rows,
        str(plan.digest),
    ) or found.rows != plan.rows:
        raise Stop(
            ROLLED_BACK,
            f"`{plan.name}`: the target has {shown_rows(found.rows)} with checksum {found},"
            f" expected {shown_rows(plan.digest.rows)} with {plan.digest} as in the source",
            "report this as a fault of migrate.py, with the types of the table's columns",
        )


async def committed(target: Database) -> None:
    # From here on a signal would only make the outcome uncertain.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Interrupted.hold()
    try:
        await target.commit()
    except Exception as error:
        if sqlstate(error) or isinstance(error, sqlite3.Error):
            raise
        advice = (
            "count the rows of the target: it has either all of them or is as it was"
        )
        raise Stop(
            UNKNOWN, "the connection broke in the moment of the commit", advice
        ) from None


def print_summary(plans: Sequence[Plan], notes: dict[str, None]) -> None:
    width = max([5, *(len(one_line(plan.name)) for plan in plans)])
    print(f"{'table':{width}}  {'rows':>12}  checksum (the same in both)")
    for plan in plans:
        print(f"{one_line(plan.name):{width}}  {plan.rows:>12}  {plan.digest}")
    for note in notes:
        say(f"note: {one_line(note)}")


CONDITIONS = {
    "08": "the connection broke",
    "22": "a value that the column's type refuses",
    "23502": "NULL in a column that refuses it",
    "23503": "a row without its parent",
    "23505": "a value twice that must be unique",
    "23514": "a value that a check refuses",
    "23P01": "a row that an exclusion constraint refuses",
    "42501": "a privilege that the role of the URL does not have",
    "53100": "no space left on the server's disk",
    "55P03": "a lock that somebody else holds; is the service stopped?",
    "57": "the server ended the connection",
}


def why_failed(error: BaseException) -> str | None:
    """What a database says about a statement, without the values that PostgreSQL puts into its texts."""
    if isinstance(error, sqlite3.Error):
        return str(error)
    state = sqlstate(error)
    module = type(error).__module__.partition(".")[0]
    if not state:
        return (
            "the connection broke"
            if module in ("asyncpg", "psycopg") or isinstance(error, OSError)
            else None
        )
    found = next(
        (text_ for code, text_ in CONDITIONS.items() if state.startswith(code)),
        f"SQLSTATE {state}",
    )
    described = getattr(error, "diag", error)
    place = re.match(
        r"COPY (.+), line \d+(?:, column ([^:]+))?",
        str(getattr(described, "context", None) or ""),
    )
    names = {
        "table": getattr(described, "table_name", None) or (place and place[1]),
        "column": getattr(described, "column_name", None) or (place and place[2]),
        "constraint": getattr(described, "constraint_name", None),
    }
    return found + "".join(f", {what} `{name}`" for what, name in names.items() if name)


def own_fault(error: BaseException) -> str:
    """Where this program went wrong: lines and the error's class, since its text may hold values."""
    lines = []
    trace = error.__traceback__
    while trace is not None:
        lines.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"error: a fault of migrate.py, `{type(error).__name__}` at {' '.join(lines)}\n  help: report these lines"


def interrupt(number: int, _: object) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Interrupted.number = number
    raise Interrupted


def run(command: Callable[[], Any]) -> int:
    try:
        asyncio.run(command())
    except Stop as stop:
        say(stop.text)
        return stop.code
    except Refusal as refusal:
        for fault in refusal.faults:
            say(str(fault))
        say(f"refused: {len(refusal.faults)} faults, nothing was changed")
        return REFUSED
    # The last place that can keep its text secret.
    except (Exception, Interrupted, asyncio.CancelledError) as error:  # noqa: BLE001
        if Interrupted.number:
            say("interrupted: rolled back, the target is as it was")
            return 128 + Interrupted.number
        found = why_failed(error)
        if found is None:
            say(own_fault(error))
            return OWN_FAULT
        say(
            f"error: the copy was rolled back, the target is as it was: {one_line(found)}\n  help: mend this, then run again"
        )
        return ROLLED_BACK
    return 0


def main(arguments: Sequence[str]) -> int:
    commands = {"check": check, "copy": copy}
    if len(arguments) != 1 or arguments[0] not in commands:
        say(
            "error: expected one argument, `check` or `copy`\n  help: python - check <migrate.py"
        )
        return USAGE
    # What drivers and event loops would say by themselves may hold values or a URL.
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    sys.unraisablehook = lambda _: None
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    return run(commands[arguments[0]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
