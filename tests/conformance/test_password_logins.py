"""Whatever its password is, a service logs in: through `.env`, Compose, the init script and a connection URL.

What these tests know:

* as `per_service` gives each service a role of its own, one run of the script sets as many passwords as there are
  services; the next run changes them all, so that few databases are enough for many passwords;
* the postgres image keeps the first line only of its password, so here no password has a second one.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from init_script import log_in, run_as_the_image_does
from postgres_server import Postgres, PostgresServer
from programs import HERE, Generate, Meaning, run, tool
from values import KNOWN, SEED, form, hostile_values

ENVIRONMENTS = ("sqlalchemy-2.0", "sqlalchemy-current")
COUNT = 240
AT_ONCE = 30
ROUNDS = [pytest.param(0, marks=pytest.mark.quick), *range(1, COUNT // AT_ONCE)]
OPENED = 3

URL_READER = """
import json, sys
from sqlalchemy import make_url

urls = map(make_url, json.load(sys.stdin))
print(json.dumps([[url.username, url.password, url.host, url.port, url.database] for url in urls]))
"""

Services = Mapping[str, Any]


@pytest.fixture(scope="module")
def server(postgres_18: Postgres) -> Iterator[PostgresServer]:
    with PostgresServer(postgres_18) as server:
        yield server


def all_passwords() -> list[str]:
    values = dict.fromkeys((*KNOWN, *hostile_values(10 * COUNT, f"{SEED} of passwords")))
    return list(islice((value for value in values if form(value) and "\n" not in value), COUNT))


def of_round(number: int) -> list[str]:
    """Every ROUNDS-th one, so that not all the known ones come together."""
    return all_passwords()[number :: len(ROUNDS)]


def role(index: int) -> str:
    """The name of a service and of its role; by their names they stand in the same order as by their numbers."""
    return f"s{index:03}"


def deployed(folder: Path, passwords: Sequence[str], generate: Generate, meaning: Meaning) -> Services:
    """What Compose understands of a deployment in which each service logs in with one of the passwords."""
    names = list(map(role, range(len(passwords))))
    profile = {
        "format": 1,
        "stage": "development",
        "project": "passwords",
        "engine": "postgres",
        "services": {name: {"image": "app:1", "database": {"postgres": f"{name}_db"}} for name in names},
        "postgres": {
            "image": "postgres:18",
            "user": "codelab",
            "database": "codelab",
            "access": "per_service",
            "settings": {"max_connections": 1000},
        },
    }
    path = folder / "profiles" / "case.yaml"
    path.parent.mkdir()
    path.write_text(json.dumps(profile), encoding="utf-8")
    env = {f"{name.upper()}__DB_PASSWORD": password for name, password in zip(names, passwords, strict=True)}
    generate(path, folder, env={"POSTGRES_PASSWORD": passwords[0], **env})
    services: Services = meaning(folder)["services"]
    return services


def urls(services: Services) -> list[str]:
    keys = [(name, f"{name.upper()}__DB_URL") for name in services if name not in ("postgres", "postgres-ensure")]
    return [services[name]["environment"][key] for name, key in keys]


async def taken(server: PostgresServer, passwords: Sequence[str]) -> list[str]:
    """The passwords with which the role of the same number logs in, shortened."""
    logins = [log_in(server, role(index), password, f"{role(index)}_db") for index, password in enumerate(passwords)]
    ends = await asyncio.gather(*logins, return_exceptions=True)
    for end in ends:
        assert end is None or isinstance(end, asyncpg.InvalidPasswordError), end
    return [shown(password) for password, end in zip(passwords, ends, strict=True) if end is None]


def shown(password: str) -> str:
    return f"{password!a:.100}"


@pytest.mark.parametrize("number", ROUNDS)
def test_every_password_logs_in(
    number: int, tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer
) -> None:
    passwords = of_round(number)
    services = deployed(tmp_path, passwords, generate, meaning)
    run_as_the_image_does(tmp_path, server, services["postgres"]["environment"])
    assert asyncio.run(taken(server, passwords)) == list(map(shown, passwords)), f"seed {SEED}, round {number}"
    asyncio.run(log_in(server, "codelab", passwords[0], "codelab"))
    assert asyncio.run(taken(server, [f"{password}-" for password in passwords])) == [], (
        "the server asks for no password"
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_sqlalchemy_reads_every_password_in_its_url(
    environment: str, tmp_path: Path, generate: Generate, meaning: Meaning
) -> None:
    passwords = all_passwords()
    assert len(passwords) == COUNT
    services = deployed(tmp_path, passwords, generate, meaning)
    given = json.dumps(urls(services))
    read = json.loads(run(tool("python", environment), "-c", URL_READER, cwd=tmp_path, stdin=given).stdout)
    expected = [
        [role(index), password, "postgres", 5432, f"{role(index)}_db"] for index, password in enumerate(passwords)
    ]
    faults = [f"{pair!r:.400}" for pair in zip(expected, read, strict=True) if pair[0] != pair[1]]
    assert not faults, f"seed {SEED}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_some_urls_open(
    environment: str, tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer
) -> None:
    passwords = sorted(all_passwords(), key=lambda password: -len(set(password)))[:OPENED]
    services = deployed(tmp_path, passwords, generate, meaning)
    run_as_the_image_does(tmp_path, server, services["postgres"]["environment"])
    for url in urls(services):
        here = url.replace("@postgres:5432/", f"@{server.host}:{server.port}/")
        env = {"DB_URL": here, "TABLE": environment.translate({ord("-"): "_", ord("."): "_"}), "NAME": "x"}
        said = run(tool("python", environment), HERE / "open_url.py", cwd=tmp_path, env=env).stdout
        assert json.loads(said)["driver"] == "asyncpg"
