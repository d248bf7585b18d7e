"""Every form in which a service is told its database opens it, by the driver that reads this form.

What these tests know:

* a service of the profile stands for each driver and each password, with a role and a database of its own;
* of what it is told only the address inside the Compose network gives way to that of the test's server;
* .NET is not to be had here: what Npgsql is told is checked by the grammar that its documentation gives, in src/url.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cases import PASSWORDS
from drivers import LANGUAGES, Answer, Question
from init_script import run_as_the_image_does
from postgres_server import Postgres, PostgresServer
from programs import Generate, Meaning, run

WHO = "SELECT current_user || ' in ' || current_database()"

# What a profile calls a driver, and by what the program of the language opens it.
FORMS = {
    "python-2.0": [("asyncpg", "async"), ("psycopg", "async"), ("psycopg", "sync"), ("psycopg2", "sync")],
    "python": [("asyncpg", "async"), ("psycopg", "sync"), ("psycopg2", "sync"), ("plain", "psycopg"), ("dsn", "psycopg")],
    "go": [("pq", "postgres"), ("pgx", "pgx"), ("pgx", "pgxpool"), ("dsn", "postgres"), ("dsn", "pgx")],
    "rust": [("sqlx", "sqlx"), ("tokio_postgres", "tokio_postgres"), ("dsn", "tokio_postgres")],
    "node": [("node", "pg"), ("plain", "pg")],
    "java": [("jdbc", "jdbc")],
    "ruby": [("rails", "rails"), ("plain", "pg"), ("dsn", "pg")],
    "php": [("laravel", "url"), ("dsn", "libpq")],
}

# Words with values need quotes around blanks, which no form of .env holds beside a dollar.
UNWRITABLE_WORDS = [password for password in PASSWORDS if " " in password and "$" in password]

POSTGRES = {"image": "postgres:16", "user": "codelab", "access": "per_service"}


@pytest.fixture(scope="module")
def server(postgres_18: Postgres) -> Iterator[PostgresServer]:
    with PostgresServer(postgres_18) as server:
        yield server


@pytest.fixture
def container() -> Iterator[Path]:
    """A folder whose path may stand in a profile, which the user's folder for such things need not."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="container-") as container:
        yield Path(container)


@dataclass(frozen=True)
class Case:
    """A service with what it is to be."""

    name: str
    form: str
    by: str
    password: str

    @property
    def role(self) -> str:
        return self.name.replace("-", "_")


def write_profile(folder: Path, services: Mapping[str, Any], **more: Any) -> Path:
    path = folder / "case.yaml"
    profile = {"format": 1, "project": "case", "stage": "ci", "services": services, "postgres": POSTGRES, **more}
    path.write_text(json.dumps(profile), encoding="utf-8")
    return path


def at(server: PostgresServer, text: str) -> str:
    """The text with the test's server in the place of the deployment's."""
    here = [
        ("@postgres:5432/", f"@{server.host}:{server.port}/"),
        ("//postgres:5432/", f"//{server.host}:{server.port}/"),
        ("host=postgres port=5432 ", f"host={server.host} port={server.port} "),
    ]
    found = [(old, new) for old, new in here if old in text]
    assert len(found) == 1, text
    return text.replace(*found[0])


def told(services: Mapping[str, Any], name: str) -> str:
    return services[name]["environment"][name.upper().replace("-", "_") + "__DB_URL"]


def ask(language: str, questions: Sequence[Question]) -> list[Answer]:
    return LANGUAGES[language](questions)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_form_opens_whatever_the_password(
    language: str, tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer
) -> None:
    cases = [
        Case(f"{language.replace('.', '')}-{place}-{number}", form, by, password)
        for place, (form, by) in enumerate(FORMS[language])
        for number, password in enumerate(PASSWORDS)
        if form != "dsn" or password not in UNWRITABLE_WORDS
    ]
    services = {case.name: {"image": "a:1", "database": {"postgres": case.role, "driver": case.form}} for case in cases}
    passwords = {f"{case.role.upper()}__DB_PASSWORD": case.password for case in cases}
    generate(write_profile(tmp_path, services), tmp_path, "--allow-weak-secrets", env=passwords)
    model = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, model["postgres"]["environment"])

    questions = [Question(case.by, at(server, told(model, case.name)), WHO) for case in cases]
    answers = ask(language, questions)
    wrong = [(case, said) for case, said in zip(cases, answers, strict=True) if said.said != f"{case.role} in {case.role}"]
    assert wrong == []


@pytest.mark.quick
@pytest.mark.parametrize("language", ["go", "java", "node", "php", "python", "ruby", "rust"])
def test_another_password_opens_nothing(
    language: str, tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer
) -> None:
    """Without this the tests around it would show nothing."""
    form, by = FORMS[language][0]
    services = {"api": {"image": "a:1", "database": {"postgres": "another", "driver": form}}}
    secret = {"API__DB_PASSWORD": "twelve-characters"}
    generate(write_profile(tmp_path, services), tmp_path, env=secret)
    model = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, model["postgres"]["environment"])
    text = at(server, told(model, "api")).replace("twelve-characters", "thirteen-chars")
    [answer] = ask(language, [Question(by, text, WHO)])
    assert answer.said == "" and "password" in answer.error, answer


@pytest.mark.parametrize("password", UNWRITABLE_WORDS)
def test_words_that_no_dotenv_could_hold_are_refused(password: str, tmp_path: Path, generate: Generate) -> None:
    services = {"api": {"image": "a:1", "database": {"postgres": "api", "driver": "dsn"}}}
    profile = write_profile(tmp_path, services)
    with pytest.raises(pytest.fail.Exception, match="exit 5, expected 0"):
        generate(profile, tmp_path, "--allow-weak-secrets", env={"API__DB_PASSWORD": password})
    assert not tmp_path.joinpath(".env").exists()
