"""The three ways in which secrets reach Compose, and the server by its own script."""

import stat
from pathlib import Path

import pytest

from programs import Compose, Generate, Meaning, run

pytestmark = pytest.mark.quick

PASSWORD = "aB3.x_y-z0123456"
URL = f"postgresql+asyncpg://codelab:{PASSWORD}@postgres:5432/auth_db"


def test_a_secret_manager_needs_no_dotenv(
    tmp_path: Path, generate: Generate, compose: Compose, meaning: Meaning
) -> None:
    generate("prod-postgres", tmp_path, "--set", "secrets_in=environment")
    (tmp_path / ".env").unlink()
    refused = compose(tmp_path, "config", "-q", status=1)
    assert "set POSTGRES_PASSWORD in the environment of docker compose" in refused.stderr
    services = meaning(tmp_path, env={"POSTGRES_PASSWORD": PASSWORD})["services"]
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == PASSWORD
    assert services["auth-service"]["environment"]["AUTH_SERVICE__DB_URL"] == URL


@pytest.mark.parametrize("password", [PASSWORD, 'its $HOME and `id` "p@ss" \\n'])
def test_a_file_holds_the_password_for_the_server_alone(
    password: str, tmp_path: Path, generate: Generate, meaning: Meaning
) -> None:
    with_file = ("--set", "secrets_in=files", "--allow-weak-secrets")
    generate("prod-postgres", tmp_path, *with_file, env={"POSTGRES_PASSWORD": password})
    model = meaning(tmp_path)
    postgres = model["services"]["postgres"]
    assert postgres["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/postgres_password"
    assert "POSTGRES_PASSWORD" not in postgres["environment"]
    assert [secret["source"] for secret in postgres["secrets"]] == ["postgres_password"]
    file = Path(model["secrets"]["postgres_password"]["file"])
    assert file == tmp_path / "secrets" / "postgres_password"
    assert file.read_text(encoding="utf-8") == password
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    for name in ("agent-runtime", "auth-service"):
        assert "secrets" not in model["services"][name]


def test_the_script_reads_the_files(tmp_path: Path, generate: Generate) -> None:
    generate("prod-postgres", tmp_path, "--set", "secrets_in=files", "--set", "postgres.access=per_service")
    script = (tmp_path / "scripts" / "init-postgres.sh").read_text(encoding="utf-8")
    head = script[: script.index("# Settings made for other programs")]
    names = ["POSTGRES_PASSWORD", "AGENT_RUNTIME__DB_PASSWORD", "AUTH_SERVICE__DB_PASSWORD"]
    files = {f"{name}_FILE": str(tmp_path / "secrets" / name.lower()) for name in names}
    show = "".join(f'printf "%s|" "${name}"\n' for name in names)
    told = run("/bin/bash", "-c", f"{head}{show})", cwd=tmp_path, env={"POSTGRES_USER": "codelab", **files})
    assert told.stdout == "".join(f"{Path(file).read_text(encoding='utf-8')}|" for file in files.values())
