"""The tables of src/postgres, as the tests read them, and real servers that say what is so."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from postgres_server import SUPERUSER_PASSWORD, PostgresServer
from programs import ROOT

TABLES = ROOT / "src" / "postgres"
MAJORS = (15, 16, 17, 18)

# Words that take a library with which not every server of the tests is built; the official images are.
OF_LIBRARIES = {"lz4", "zstd", "io_uring"}

# Libraries whose settings the tables have; a server without one has none of its settings.
MODULES = ("pg_stat_statements", "auto_explain", "pg_prewarm", "auth_delay", "passwordcheck", "basic_archive")
LOADED_LATER = ("pg_trgm", "postgres_fdw", "plpgsql", "basebackup_to_shell", "isn", "pgcrypto")

# After so many settings the file that the server keeps them in is emptied: it is written anew for each of them.
FEW = 20


@dataclass(frozen=True)
class Setting:
    """A row of settings.tsv."""

    name: str
    kind: str
    unit: str
    least: str
    greatest: str
    context: str
    words: frozenset[str]
    also: frozenset[str]


@dataclass(frozen=True)
class Extension:
    """A row of extensions.tsv."""

    name: str
    trusted: bool
    needs: frozenset[str]


def rows(table: str) -> list[list[str]]:
    lines = (TABLES / table).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def has(cell: str, major: int) -> bool:
    """Whether a cell such as `15-18` names the version."""
    first, _, last = cell.partition("-")
    return bool(cell) and int(first) <= major <= int(last)


def words(cell: str) -> frozenset[str]:
    return frozenset(cell.split(",")) - {""}


def settings(major: int) -> dict[str, Setting]:
    return {
        name: Setting(name, kind, unit, least, greatest, context, words(listed), words(also))
        for majors, name, kind, unit, least, greatest, context, listed, also in rows("settings.tsv")
        if has(majors, major)
    }


def official_extensions(major: int) -> dict[str, Extension]:
    return {
        name: Extension(name, trusted == "yes", words(needs))
        for name, majors, trusted, needs, *_ in rows("extensions.tsv")
        if has(majors, major)
    }


def libraries_of(bin_dir: Path) -> set[str]:
    """The libraries that a server has beside its programs, which is where each package puts them."""
    folders = [bin_dir.parent / "lib", bin_dir.parent / "lib" / "postgresql"]
    return {path.stem for folder in folders for path in folder.glob("*.so")}


def ask(server: PostgresServer, *statements: str, database: str = "postgres") -> list[str | None]:
    """What the server says against each statement, run one by one as the superuser; nothing where it takes it."""
    return asyncio.run(said(server, statements, database))


async def said(server: PostgresServer, statements: Iterable[str], database: str) -> list[str | None]:
    connection = await asyncpg.connect(
        host=server.host,
        port=server.port,
        user=server.superuser,
        password=SUPERUSER_PASSWORD,
        database=database,
        ssl=False,
    )
    answers: list[str | None] = []
    try:
        for index, statement in enumerate(statements):
            if index % FEW == 0:
                await connection.execute("ALTER SYSTEM RESET ALL")
            try:
                await connection.execute(statement)
                answers.append(None)
            except asyncpg.PostgresError as error:
                answers.append(str(error))
    finally:
        await connection.close()
    return answers


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
