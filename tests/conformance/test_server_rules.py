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
from postgres_server import SUPERUSER_PASSWORD, Postgres, PostgresServer
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

# What the servers of the tests are built without, and the official images have.
NOT_BUILT = {
    15: set(),
    16: None,  # it has none of the extensions that PostgreSQL brings along
    17: {"xml2", "uuid-ossp"},
    18: {"pgcrypto", "sslinfo", "uuid-ossp", "xml2"},
}

# Settings that the server takes and that change what the rest of a statement means, or that only its files may hold.
NOT_BY_SQL = {"data_directory", "config_file", "hba_file", "ident_file", "external_pid_file"}


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
    sql = "".join(f"DO $$ BEGIN LOAD {literal(name)}; EXCEPTION WHEN OTHERS THEN NULL; END $$;\n" for name in LOADED_LATER)
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
    debian = {"extension_destdir"}
    assert set(table) - of_others - aliases - debian == set(known) - debian
    for name, setting in known.items():
        row = table[name]
        assert (row.kind, row.unit, row.context) == (setting.kind, setting.unit, setting.context), name
        assert row.words - OF_LIBRARIES == setting.words - OF_LIBRARIES or row.context == "internal", name
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
            return [*shown, *high, f"{shown[0]}{unit}", f"{shown[0]} {setting.unit} ", "1XB", "1mb", "1MS", "", "many", "1 1"]
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
    wrong = []
    for index in range(max(len(cases(row)) for row in table.values())):
        values = {name: cases(row)[index] for name, row in table.items() if index < len(cases(row))}
        told = refused(validate, major, values)
        wrong += [
            (name, value, answers[name, value])
            for name, value in values.items()
            if (name in told) != (answers[name, value] is not None)
        ]
    assert wrong == [], '\n'.join(map(str, wrong))
