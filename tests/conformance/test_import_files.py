"""Whatever files a deployment is kept in, Docker Compose reads the same before an import and after it, in one file."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from programs import Compose, Meaning, run
from test_import import Import, differences, normal, take_over  # noqa: F401 the fixture is asked for by its name

API = "services:\n  api:\n    image: api:1\n"

# What one file says and another one changes: each in the forms that people write.
BASE = """
services:
  api:
    image: api:1
    command: [serve, --slow]
    environment: ["A=1", "B=${B:-b}", PASSED]
    ports: ["127.0.0.1:8000:8000"]
    volumes: ["./data:/data", "cache:/cache"]
    depends_on: [cache]
    healthcheck: { test: [CMD, check], interval: 5s, timeout: 2s }
    labels: { one: "1" }
    networks: [front]
    logging: { driver: json-file, options: { max-size: 1m } }
    dns: 1.1.1.1
    ulimits: { nofile: { soft: 1, hard: 2 } }
    cap_add: [NET_ADMIN]
  cache: { image: "redis:7" }
networks: { front: {} }
volumes: { cache: {} }
"""
OVER = """
services:
  api:
    image: api:2
    command: serve --fast
    environment: { A: "2", C: "3" }
    ports: ["127.0.0.1:8001:8001", "127.0.0.1:8000:8000"]
    volumes: [{ type: bind, source: ./other, target: /data }]
    depends_on: { worker: { condition: service_started } }
    healthcheck: { test: check --twice }
    labels: [two=2]
    networks: { front: { aliases: [web] }, back: }
    logging: { driver: local }
    dns: [8.8.8.8]
    ulimits: { nofile: { hard: 3 } }
    cap_add: [NET_ADMIN, SYS_TIME]
  worker: { image: "worker:1" }
networks: { back: {} }
"""
EXTENDS = """
include:
  - db/db.yml
  - path: [more.yml]
services:
  api: { extends: { file: deploy/common.yml, service: base }, environment: { B: "2" } }
  web: { extends: api, command: web }
"""
COMMON = """
services:
  base: { extends: root, environment: [A=1], volumes: ["./conf:/conf:ro", "/srv:/srv"], env_file: [base.env] }
  root: { image: "base:1", build: ../app, restart: always }
"""
DB = """
services:
  db:
    image: other-db:1
    volumes: ["data:/var/lib/other", { type: bind, source: ./init, target: /init }]
    secrets: [key]
volumes: { data: {} }
secrets: { key: { file: ./key.txt } }
"""

CASES: dict[str, dict[str, str]] = {
    "compose.yaml": {"compose.yaml": API, "compose.override.yaml": "services: { api: { init: true } }\n"},
    "compose.yml": {"compose.yml": API},
    "docker-compose.yaml": {"docker-compose.yaml": API},
    "two of Compose's names": {"docker-compose.yml": "services: { old: { image: old } }\n", "compose.yaml": API},
    "COMPOSE_FILE": {
        ".env": "COMPOSE_FILE=docker-compose.yml:over.yml\nB=from-dotenv\n",
        "docker-compose.yml": BASE,
        "over.yml": OVER,
    },
    "another separator, and the override among them": {
        ".env": "COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=base.yml;over.yml;docker-compose.override.yml\n",
        "base.yml": API,
        "over.yml": "services: { api: { command: go }, web: { image: 'web:1' } }\n",
        "docker-compose.override.yml": "services: { api: { init: true } }\n",
    },
    "include and extends": {
        "docker-compose.yml": EXTENDS,
        "deploy/common.yml": COMMON,
        "deploy/base.env": "FROM_FILE=1\n",
        "db/db.yml": DB,
        "db/key.txt": "k",
        "more.yml": "services: { more: { image: 'more:1' } }\n",
    },
    "names that Compose takes": {
        "docker-compose.yml": "services:\n  shop.api: { image: 'a:1', depends_on: [ShopWeb, 2fauth, _x] }\n  ShopWeb: { image: 'w:1' }\n"
        "  2fauth: { image: 'f:1' }\n  _x: { image: 'x:1' }\n",
    },
    "builds of git": {
        "docker-compose.yml": "services:\n  a: { build: 'https://example.com/a.git#v1:app' }\n"
        "  b: { build: { context: 'git@example.com:b/b.git', dockerfile: D, target: t } }\n",
    },
    "a program in the override": {
        "docker-compose.yml": "services: { api: { command: go } }\n",
        "docker-compose.override.yml": "services: { api: { build: . } }\n",
    },
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.quick
@pytest.mark.parametrize("case", CASES)
def test_every_file_is_read_and_compose_reads_what_is_generated(
    case: str,
    tmp_path: Path,
    take_over: Import,  # noqa: F811
    meaning: Meaning,
) -> None:
    write(tmp_path, CASES[case])
    old = normal(meaning(tmp_path))
    take_over(tmp_path)
    new = normal(meaning(tmp_path))
    assert not list(differences(old, new))
    compose_files = {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}
    assert {path.name for path in tmp_path.iterdir()} & compose_files == {"docker-compose.yml"}


@pytest.mark.quick
def test_what_can_not_be_made_one_is_made_one_by_the_command_that_is_told(
    tmp_path: Path, binary: Path, compose: Compose, meaning: Meaning
) -> None:
    """The command keeps variables, secrets and paths."""
    over = "services: { api: { ports: !override ['9:9'], environment: { API_KEY: '${API_KEY}' }, volumes: ['./d:/d'] } }\n"
    dotenv = "COMPOSE_FILE=docker-compose.yml:over.yml\nB=from-dotenv\nAPI_KEY=hunter2hunter2\n"
    write(tmp_path, {"docker-compose.yml": BASE, "over.yml": over, ".env": dotenv})
    old = normal(meaning(tmp_path))
    refusal = run(binary, "import", "--anyway", cwd=tmp_path, status=3).stderr
    command = refusal.split("`docker compose ", 1)[1].split(" >one.yml`", 1)[0]
    one = compose(tmp_path, *shlex.split(command)).stdout
    assert "${B:-b}" in one and "hunter2" not in one and str(tmp_path) not in one
    write(tmp_path, {"one.yml": one})
    run(binary, "import", "--anyway", "one.yml", cwd=tmp_path)
    run(binary, "--force", cwd=tmp_path)
    assert not list(differences(old, normal(meaning(tmp_path))))


@pytest.mark.quick
def test_a_deployment_on_postgres_by_its_dotenv_is_told_no_switch(
    tmp_path: Path, binary: Path, take_over: Import  # noqa: F811
) -> None:
    """The default in the Compose file says SQLite, `.env` says PostgreSQL; its form is none that all readers read alike."""
    compose_file = """
services:
  auth:
    image: auth:1
    working_dir: /app
    environment: ["AUTH__DB_URL=${AUTH__DB_URL:-sqlite:///data/auth.db}"]
    volumes: ["./data:/app/data"]
  postgres:
    image: postgres:16
    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: "${POSTGRES_PASSWORD}" }
    volumes: ["pg:/var/lib/postgresql/data"]
volumes: { pg: }
"""
    for written in (
        "AUTH__DB_URL=postgresql://shop:abc123xyz789@postgres:5432/auth",
        'AUTH__DB_URL="postgresql://shop:${POSTGRES_PASSWORD}@postgres:5432/auth" # live',
        "export AUTH__DB_URL=postgresql://shop:$POSTGRES_PASSWORD@postgres/auth",
    ):
        folder = tmp_path / str(len(written))
        write(folder, {"docker-compose.yml": compose_file, ".env": f"POSTGRES_PASSWORD=abc123xyz789\n{written}\n"})
        said = take_over(folder)
        assert "engine: postgres" in (folder / "profiles" / "imported.yaml").read_text(encoding="utf-8")
        assert "instead of" not in said and "another one of" not in said and "--to postgres" not in said, said
        document: dict[str, Any] = json.loads(run(binary, "--diff", "--format", "json", cwd=folder).stdout)
        assert document["outcome"] == "done", document
