"""`.env` and `.env.example` under all that reads them: Docker Compose, python-dotenv and a shell."""

import re
import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from dotenv import dotenv_values

from cases import PASSWORDS
from programs import Compose, Generate, Meaning, run

URLS = {
    "dev-sqlite": ("sqlite:///data/agent_runtime.db", "sqlite:///data/auth.db"),
    "mixed": (
        "sqlite:///data/agent_runtime.db",
        "postgresql+asyncpg://codelab:codelab_password@postgres:5432/auth_db",
    ),
    "prod-postgres": (
        "postgresql+asyncpg://codelab:codelab_password@postgres:5432/agent_runtime",
        "postgresql+asyncpg://codelab:codelab_password@postgres:5432/auth_db",
    ),
}
OF_POSTGRES = {"POSTGRES_USER": "codelab", "POSTGRES_PASSWORD": "codelab_password", "POSTGRES_DB": "codelab"}


def keys(env_file: Path) -> list[str]:
    return re.findall(r"^(\w+)=", env_file.read_text(encoding="utf-8"), flags=re.MULTILINE)


def readings(env_file: Path, compose: Compose) -> list[dict[str, str | None]]:
    """What each reader makes of the file's own keys."""
    folder = env_file.parent
    by_compose = compose(folder, "config", "--environment").stdout.splitlines()
    by_shell = run("/bin/bash", "-c", "set -a; . ./.env; env -0", cwd=folder).stdout.split("\0")
    of_all: list[dict[str, str | None]] = [
        {key: value for key, _, value in (line.partition("=") for line in by_compose)},
        {key: value for key, _, value in (line.partition("=") for line in by_shell)},
        dotenv_values(env_file),
    ]
    return [{key: values.get(key) for key in keys(env_file)} for values in of_all]


@pytest.mark.quick
@pytest.mark.parametrize("profile", URLS)
def test_every_reader_sees_the_urls(profile: str, tmp_path: Path, generate: Generate, compose: Compose) -> None:
    generate(profile, tmp_path, "--allow-weak-secrets", env={"POSTGRES_PASSWORD": "codelab_password"})
    agent_runtime, auth_service = URLS[profile]
    urls = {"AGENT_RUNTIME__DB_URL": agent_runtime, "AUTH_SERVICE__DB_URL": auth_service}
    expected = urls if profile == "dev-sqlite" else OF_POSTGRES | urls
    assert readings(tmp_path / ".env", compose) == [expected] * 3
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


@pytest.mark.quick
@pytest.mark.parametrize("password", PASSWORDS)
def test_any_password_arrives(
    password: str, tmp_path: Path, generate: Generate, compose: Compose, meaning: Meaning
) -> None:
    generate("prod-postgres", tmp_path, "--allow-weak-secrets", env={"POSTGRES_PASSWORD": password})
    first, *others = readings(tmp_path / ".env", compose)
    assert others == [first] * 2
    assert first["POSTGRES_PASSWORD"] == password

    services = meaning(tmp_path)["services"]
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == password
    url = services["auth-service"]["environment"]["AUTH_SERVICE__DB_URL"]
    assert url == first["AUTH_SERVICE__DB_URL"]
    parts = urlsplit(url)
    assert (parts.username, unquote(parts.password or "")) == ("codelab", password)
    assert (parts.hostname, parts.port, parts.path) == ("postgres", 5432, "/auth_db")


def test_a_second_run_keeps_the_generated_password(tmp_path: Path, generate: Generate) -> None:
    generate("prod-postgres", tmp_path)
    first = dotenv_values(tmp_path / ".env")["POSTGRES_PASSWORD"]
    assert re.fullmatch("[A-Za-z0-9]{32}", first or "")
    generate("prod-postgres", tmp_path)
    assert dotenv_values(tmp_path / ".env")["POSTGRES_PASSWORD"] == first


@pytest.mark.parametrize(
    ("profile", "access", "user", "secrets"),
    [
        ("dev-sqlite", "shared", None, []),
        ("mixed", "shared", "codelab", ["POSTGRES_PASSWORD"]),
        ("prod-postgres", "shared", "codelab", ["POSTGRES_PASSWORD"]),
        (
            "prod-postgres",
            "per_service",
            "auth_service",
            ["POSTGRES_PASSWORD", "AGENT_RUNTIME__DB_PASSWORD", "AUTH_SERVICE__DB_PASSWORD"],
        ),
    ],
)
def test_the_example_works_once_its_secrets_are_given(
    profile: str,
    access: str,
    user: str | None,
    secrets: list[str],
    tmp_path: Path,
    generate: Generate,
    compose: Compose,
    meaning: Meaning,
) -> None:
    generate(profile, tmp_path, "--set", f"postgres.access={access}")
    example, env_file = tmp_path / ".env.example", tmp_path / ".env"
    assert keys(example) == keys(env_file)

    text = example.read_text(encoding="utf-8")
    assert sorted(re.findall(r"^(\w+)=$", text, flags=re.MULTILINE)) == sorted(secrets)
    env_file.write_text(re.sub(r"^(\w+)=$", r"\1=of_\1", text, flags=re.MULTILINE), encoding="utf-8")

    password = "of_POSTGRES_PASSWORD" if access == "shared" else "of_AUTH_SERVICE__DB_PASSWORD"
    url = f"postgresql+asyncpg://{user}:{password}@postgres:5432/auth_db" if user else "sqlite:///data/auth.db"
    assert [values["AUTH_SERVICE__DB_URL"] for values in readings(env_file, compose)] == [url] * 3
    assert meaning(tmp_path)["services"]["auth-service"]["environment"]["AUTH_SERVICE__DB_URL"] == url
    assert compose(tmp_path, "config", "--quiet").stderr == ""
