"""What `validate` says of settings, extensions and connections is what real servers of each version say."""

import asyncio
import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from init_script import Servers, clean
from postgres_server import Postgres, PostgresServer, made_by
from programs import SCRUBBED, Generate
from server_tables import (
    LOADED_LATER,
    MAJORS,
    MODULES,
    OF_LIBRARIES,
    Setting,
    ask,
    libraries_of,
    literal,
    official_extensions,
    rows,
    settings,
)

# What the servers of the tests are built without, and the official images have; the server of 16 has none at all.
NOT_BUILT: dict[int, set[str]] = {
    15: set(),
    17: {"xml2", "uuid-ossp"},
    18: {"pgcrypto", "sslinfo", "uuid-ossp", "xml2"},
}

# Settings that `ALTER SYSTEM` does not take, although a command does.
NOT_BY_SQL = {"allow_alter_system", "transaction_read_only", "transaction_deferrable", "transaction_isolation"}

# Settings of Debian's own, and of minor versions that not every server of the tests has.
NEWER = {"composite_type_mismatch", "extension_destdir", "output_plugin_libraries"}

# What hangs on how a server is built, or on its machine; the second is about a text that means nothing.
OF_BUILD = {("bonjour", "on"), ("bonjour", "t"), ("bonjour", "1"), ("ssl", "on"), ("ssl", "t"), ("ssl", "1")}
OF_MACHINE = {("max_stack_depth", "2147483647"), ("ssl_max_protocol_version", "")}

# Right by themselves and refused with the rest of what a server has: GROUPS below.
IN_GROUPS = {
    ("wal_level", "minimal"),
    *((name, f"2{unit}") for name in ("min_wal_size", "max_wal_size") for unit in ("", "MB", " MB ")),
}

# Their sum has a limit as well, which the greatest number alone exceeds up to 17.
TOGETHER = {"max_connections", "autovacuum_max_workers", "max_worker_processes", "max_wal_senders"}


@pytest.fixture(params=MAJORS, ids=lambda major: f"PostgreSQL {major}")
def major(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def postgres(request: pytest.FixtureRequest, major: int) -> Postgres:
    found: Postgres = request.getfixturevalue(f"postgres_{major}")
    return found


@pytest.fixture
def server(postgres: Postgres, servers: Servers) -> Iterator[PostgresServer]:
    """A server with all libraries that have settings, as far as it has them."""
    known = libraries_of(postgres.bin_dir)
    loaded = {"shared_preload_libraries": ",".join(module for module in MODULES if module in known)}
    server = servers.with_settings(postgres, loaded)
    yield server
    assert ask(server, "ALTER SYSTEM RESET ALL", "DISCARD ALL") == [None, None]
    clean(server)


Validate = Callable[[Mapping[str, Any]], list[dict[str, Any]]]


@pytest.fixture
def validate(binary: Path, tmp_path: Path) -> Validate:
    """What `validate` finds wrong with a profile."""

    def validate(profile: Mapping[str, Any]) -> list[dict[str, Any]]:
        path = tmp_path / "profile.yaml"
        # a line for each setting: by that a fault is known
        path.write_text(json.dumps(profile, indent=0), encoding="utf-8")
        done = subprocess.run(
            [binary, "validate", path, "--format", "json"],
            env=SCRUBBED,
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode in (0, 3), done.stderr
        lines = path.read_text(encoding="utf-8").splitlines()
        found: list[dict[str, Any]] = json.loads(done.stdout)["profiles"][0]["diagnostics"]
        return [{**fault, "text": lines[fault["place"]["line"] - 1]} for fault in found]

    return validate


def profile(major: int, *, postgres: Mapping[str, Any] | None = None, **service: Any) -> dict[str, Any]:
    database = service.pop("database", {"postgres": "app"})
    return {
        "format": 1,
        "stage": "development",
        "project": "rules",
        "services": {"api": {"image": "api:1", "database": database, **service}},
        "postgres": {"image": f"postgres:{major}", "user": "codelab", **(postgres or {})},
    }


def refused(validate: Validate, major: int, values: Mapping[str, str]) -> set[str]:
    """The settings that the program refuses."""
    found = validate(profile(major, postgres={"settings": dict(values)}))
    told = [fault for fault in found if fault["code"] in ("unknown-setting", "setting-value")]
    names = [re.match(r'"([^"]+)":', fault["text"]) for fault in told]
    assert all(names), told
    return {name[1] for name in names if name}


def known_to(server: PostgresServer) -> dict[str, Setting]:
    """The settings that the server itself has."""
    sql = "".join(
        f"DO $$ BEGIN LOAD {literal(name)}; EXCEPTION WHEN OTHERS THEN NULL; END $$;\n" for name in LOADED_LATER
    )
    columns = "lower(name), vartype, unit, min_val, max_val, context, array_to_string(enumvals, ',')"
    cells = [line.split("|") for line in server.query(f"{sql} SELECT {columns} FROM pg_settings")]
    return {
        row[0]: Setting(*row[:6], words=frozenset(row[6].split(",")) - {""}, also=frozenset())
        for row in cells
        if not row[0].startswith(("pltcl", "plperl"))
    }


def test_the_table_of_settings_is_what_servers_say(server: PostgresServer, major: int) -> None:
    table, known = settings(major), known_to(server)
    modules = {name.partition(".")[0] for name in known if "." in name}
    of_others = {name for name in table if "." in name and name.partition(".")[0] not in modules}
    aliases = {name for name, setting in table.items() if setting.kind == "alias"}

    assert set(table) - of_others - aliases - NEWER == set(known) - NEWER
    for name, setting in known.items():
        row = table[name]
        rules = {word for word in row.words if row.kind in ("integer", "real")}
        assert (row.kind, row.unit, row.context) == (setting.kind, setting.unit, setting.context), name
        assert row.words - rules - OF_LIBRARIES == setting.words - OF_LIBRARIES or row.context == "internal", name
        if row.context != "internal":
            assert (row.least, row.greatest) == (setting.least, setting.greatest), name


def cases(setting: Setting) -> list[str]:
    """Values at both ends of what a setting takes, and beyond."""
    match setting.kind:
        case "bool":
            return ["on", "OFF", "t", "no", "1", "of", "o", "2", " on", "on ", "maybe", ""]
        case "enum":
            listed = sorted((setting.words | setting.also) - OF_LIBRARIES)
            return [*listed, listed[0].upper(), "nonsense", "", "t", f" {listed[0]}"]
        case "integer" | "real":
            least, greatest = float(setting.least), float(setting.greatest)
            unit = setting.unit if setting.unit != "8kB" else ""
            step = 1 if setting.kind == "integer" else max(abs(least), 1)
            below, above = least - step, greatest + step
            shown = [f"{number:.0f}" if number == int(number) else str(number) for number in (least, below)]
            high = [setting.greatest, f"{above:.0f}"] if abs(greatest) < 1e15 else [setting.greatest]
            return [
                *shown,
                *high,
                f"{shown[0]}{unit}",
                f"{shown[0]} {setting.unit} ",
                "1XB",
                "1mb",
                "1MS",
                "",
                "many",
                "1 1",
            ]
    return []


def test_values_are_refused_where_servers_refuse_them(server: PostgresServer, major: int, validate: Validate) -> None:
    known = known_to(server)
    table = {
        name: row
        for name, row in settings(major).items()
        if name in known and row.context != "internal" and name not in NOT_BY_SQL
    }
    rounds = [(name, value) for name, row in table.items() for value in cases(row)]
    assert len(rounds) > 2000
    loads = [f"DO $$ BEGIN LOAD {literal(name)}; EXCEPTION WHEN OTHERS THEN NULL; END $$" for name in LOADED_LATER]
    alters = [f"ALTER SYSTEM SET {name} = {literal(value)}" for name, value in rounds]
    answers = dict(zip(rounds, ask(server, *loads, *alters)[len(loads) :], strict=True))
    exempt = OF_BUILD | OF_MACHINE | IN_GROUPS | {(name, "262143") for name in TOGETHER}
    wrong = []
    for index in range(max(len(cases(row)) for row in table.values())):
        values = {name: cases(row)[index] for name, row in table.items() if index < len(cases(row))}
        told = refused(validate, major, values)
        wrong += [
            (name, value, answers[name, value])
            for name, value in values.items()
            if (name in told) != (answers[name, value] is not None) and (name, value) not in exempt
        ]
    assert wrong == [], "\n".join(map(str, wrong))


def test_old_names_lead_to_the_new_ones(server: PostgresServer, major: int) -> None:
    aliases = {row.name: next(iter(row.words)) for row in settings(major).values() if row.kind == "alias"}
    assert "sort_mem" in aliases
    for old, new in aliases.items():
        assert server.query(f"SHOW {old}") == server.query(f"SHOW {new}"), old


# Settings that are right one by one. Each group begins with one that a server does not start with.
GROUPS: list[tuple[int, dict[str, str], dict[str, str]]] = [
    (15, {"wal_level": "minimal"}, {"wal_level": "minimal", "max_wal_senders": "0"}),
    (15, {"wal_level": "minimal", "max_wal_senders": "0", "archive_mode": "on"}, {"archive_mode": "on"}),
    (17, {"wal_level": "minimal", "max_wal_senders": "0", "summarize_wal": "on"}, {"summarize_wal": "on"}),
    (15, {"max_connections": "3"}, {"max_connections": "4"}),
    (
        16,
        {"max_connections": "20", "reserved_connections": "17"},
        {"max_connections": "20", "reserved_connections": "16"},
    ),
    (15, {"shared_preload_libraries": "no_such_library"}, {"shared_preload_libraries": ""}),
    (17, {"transaction_buffers": "17"}, {"transaction_buffers": "32"}),
    (16, {"vacuum_buffer_usage_limit": "64kB"}, {"vacuum_buffer_usage_limit": "0"}),
    (15, {"work_mem": "4mb"}, {"work_mem": "4MB"}),
    (15, {"max_conections": "20"}, {"application.max_conections": "20"}),
    (15, {"min_wal_size": "16MB"}, {"min_wal_size": "32MB"}),
]


@pytest.fixture(scope="session")
def usual_15(postgres_15: Postgres) -> Iterator[Postgres]:
    """Made as the image makes it: with files of WAL of the usual size."""
    with made_by(postgres_15.bin_dir, wal_segment=16) as made:
        yield made


@pytest.mark.parametrize(("first", "wrong", "right"), GROUPS, ids=[" ".join(group[1]) for group in GROUPS])
def test_a_server_starts_where_the_profile_is_valid(
    request: pytest.FixtureRequest, first: int, wrong: dict[str, str], right: dict[str, str], validate: Validate
) -> None:
    """On the first version that has the settings."""
    fixture = "usual_15" if "min_wal_size" in wrong else f"postgres_{first}"
    postgres: Postgres = request.getfixturevalue(fixture)
    assert validate(profile(first, postgres={"settings": wrong})) != []
    with pytest.raises(RuntimeError, match="the server ended"), PostgresServer(postgres, settings=wrong):
        pass
    assert [
        fault for fault in validate(profile(first, postgres={"settings": right})) if fault["severity"] == "error"
    ] == []
    with PostgresServer(postgres, settings=right) as server:
        assert server.query("SELECT 1") == ["1"]


def command(generate: Generate, folder: Path, written: Mapping[str, Any]) -> dict[str, str]:
    """The settings that the generated file starts the server with."""
    folder.mkdir(exist_ok=True)
    (folder / "profile.yaml").write_text(json.dumps(written), encoding="utf-8")
    generate("./profile.yaml", folder)
    file = yaml.safe_load((folder / "docker-compose.yml").read_text(encoding="utf-8"))
    words = file["services"]["postgres"].get("command", ["postgres"])
    assert words[1::2] == ["-c"] * (len(words) // 2)
    return dict(word.split("=", 1) for word in words[2::2])


@pytest.mark.parametrize(("memory", "cpus"), [("64m", "0.5"), ("1g", "1"), ("4g", "12")])
def test_what_follows_from_limits_is_taken(
    postgres: Postgres, major: int, memory: str, cpus: str, generate: Generate, tmp_path: Path
) -> None:
    limits = {"memory": memory, "cpus": cpus}
    derived = command(generate, tmp_path, profile(major, postgres={"limits": limits}))
    assert "shared_buffers" in derived and "effective_cache_size" in derived
    with PostgresServer(postgres, settings=derived) as server:
        for name, value in derived.items():
            bytes_of = f"SELECT pg_size_bytes(current_setting('{name}')) = pg_size_bytes('{value}')"
            is_so = bytes_of if value.endswith("B") else f"SELECT current_setting('{name}') = '{value}'"
            assert server.query(is_so) == ["t"], name


@pytest.mark.parametrize("major", NOT_BUILT, ids=lambda major: f"PostgreSQL {major}", indirect=True)
def test_the_table_of_extensions_is_what_servers_say(server: PostgresServer, major: int) -> None:
    missing = NOT_BUILT[major]
    table = official_extensions(major)
    found = server.query(
        "SELECT name, trusted, array_to_string(requires, ',') FROM pg_available_extension_versions"
        " WHERE (name, version) IN (SELECT name, default_version FROM pg_available_extensions)"
    )
    available = {name: (trusted == "t", needs) for name, trusted, needs in (line.split("|") for line in found)}
    languages = {name for name in available if re.search("pl(perlu?|python3u)$", name)}
    assert set(available) - languages - {"vector"} == set(table) - missing
    for name in set(table) - missing:
        assert (table[name].trusted, ",".join(table[name].needs)) == available[name], name


@pytest.mark.parametrize("major", NOT_BUILT, ids=lambda major: f"PostgreSQL {major}", indirect=True)
def test_extensions_are_refused_where_servers_have_none(server: PostgresServer, major: int, validate: Validate) -> None:
    missing = NOT_BUILT[major]
    names = sorted({row[0] for row in rows("extensions.tsv")} - missing - {"plpgsql", "vector", "plpython3u"})
    asked = {"postgres": {"name": "app", "extensions": [*names, "no_such_extension"]}}
    found = validate(profile(major, database=asked))
    told = {json.loads(fault["text"].rstrip(",")) for fault in found if fault["code"] == "extension-not-in-image"}
    server.query("CREATE DATABASE extensions")
    creates = [f'CREATE EXTENSION "{name}" CASCADE' for name in names]
    answers = dict(zip(names, ask(server, *creates, database="extensions"), strict=True))
    present = {name for name, answer in answers.items() if answer is None or "already exists" in answer}
    assert told == {*set(names) - present, "no_such_extension"}, answers


def test_an_extension_that_must_be_loaded_is_loaded(postgres_15: Postgres, generate: Generate, tmp_path: Path) -> None:
    asked = {"postgres": {"name": "app", "extensions": ["pg_stat_statements", "earthdistance"]}}
    written = {"settings": {"shared_preload_libraries": "auto_explain"}}
    loaded = command(generate, tmp_path, profile(15, postgres=written, database=asked))
    assert loaded == {"shared_preload_libraries": "auto_explain,pg_stat_statements"}
    count = "CREATE EXTENSION pg_stat_statements; SELECT count(*) >= 0 FROM pg_stat_statements"
    with PostgresServer(postgres_15, settings=loaded) as server:
        assert server.query(count) == ["t"]
    with PostgresServer(postgres_15) as server, pytest.raises(RuntimeError, match="must be loaded"):
        server.query(count)


async def opened(server: PostgresServer) -> int:
    """How many connections a role that is no superuser gets."""
    connections: list[asyncpg.Connection[Any]] = []
    try:
        while True:
            connections.append(
                await asyncpg.connect(
                    host=server.host, port=server.port, user="app", password="app", database="postgres", ssl=False
                )
            )
    except asyncpg.TooManyConnectionsError:
        return len(connections)
    finally:
        for connection in connections:
            await connection.close()


@pytest.mark.parametrize(
    "written",
    [
        {"max_connections": "12"},
        {"max_connections": "12", "superuser_reserved_connections": "1", "reserved_connections": "4"},
    ],
    ids=["usual", "reserved"],
)
def test_the_budget_of_connections_is_the_servers(
    postgres_16: Postgres, written: dict[str, str], validate: Validate
) -> None:
    with PostgresServer(postgres_16, settings=written) as server:
        server.query("CREATE ROLE app LOGIN PASSWORD 'app'")
        free = asyncio.run(opened(server))
    assert 5 < free < 12

    def told(pool: int, **more: Any) -> list[str]:
        database = {"postgres": "app", "pool": pool}
        return [
            fault["code"] for fault in validate(profile(16, postgres={"settings": written}, database=database, **more))
        ]

    assert told(free) == []
    assert told(free + 1) == ["connection-budget"]
    assert told(1, replicas=free) == []
    assert told(1, replicas=free + 1) == ["connection-budget"]
