"""A deployment that is kept by hand comes over in one command, and Docker Compose understands the same of it before and
after, but for the improvements that are listed here, each with its reason."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cases import PROFILES, write_profile
from programs import HERE, Compose, Generate, Meaning, run

SEVEN = HERE / "hand_kept" / "seven"
REQUIREMENTS = HERE / "hand_kept" / "requirements"
Import = Callable[[Path], str]

# What may differ in the seven services, as a path with `*` for one step, and why.
IMPROVEMENTS = {
    "networks.database": "the server stands on a network without a way out",
    "networks.postgres-published": "a server that is published stands on a network for that: an internal one can't publish",
    "services.*.networks.database": "the server's users and the server meet on that network",
    "services.postgres.networks.postgres-published": "as above: the server is published",
    "services.postgres-ensure": "brings roles, passwords, databases and owners in line at every start",
    "services.*.depends_on.postgres-ensure": "services start once their databases are in line",
    "services.agent-runtime.depends_on.postgres": "waiting for postgres-ensure includes it",
    "services.auth-service.depends_on.postgres": "waiting for postgres-ensure includes it",
    "services.agent-runtime.working_dir": "the folder that the relative SQLite path hangs on is written out",
    "services.auth-service.working_dir": "the folder that the relative SQLite path hangs on is written out",
    "services.postgres.healthcheck": "asks over TCP, so that a volume in preparation is not ready",
    "services.postgres.stop_grace_period": "a shutdown that is cut off means crash recovery",
    "services.postgres.volumes./var/run/postgresql": "the socket by which postgres-ensure logs in",
    "services.postgres.volumes./docker-entrypoint-initdb.d/init-postgres.sh": "gives way to the script of codelab-gen",
    "services.postgres.volumes./docker-entrypoint-initdb.d/10-init-postgres.sh": "that script",
    "volumes.postgres-socket": "holds that socket",
}


@pytest.fixture
def take_over(binary: Path) -> Import:
    """Imports what stands in a folder, checks the profile, and generates over it; gives all that was said."""

    def take_over(folder: Path) -> str:
        said = run(binary, "import", "--anyway", cwd=folder)
        checked = run(binary, "validate", "imported", cwd=folder)
        done = run(binary, "--profile", "imported", "--force", cwd=folder)
        return "".join(part for each in (said, checked, done) for part in (each.stdout, each.stderr))

    return take_over


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    """The hand-kept stack of seven services."""
    folder = tmp_path / "any-folder"
    shutil.copytree(SEVEN, folder)
    return folder


def normal(model: dict[str, Any]) -> dict[str, Any]:
    """A model without differences of writing: what Docker takes where nothing is written, two places for one limit, lists
    that are sets."""
    services = {name: normal_service(service) for name, service in model["services"].items()}
    volumes = {name: {"driver": "local", **volume} for name, volume in model.get("volumes", {}).items()}
    kept = {key: value for key, value in model.items() if not key.startswith("x-")}
    return {**kept, "services": services, "volumes": volumes}


def normal_service(service: dict[str, Any]) -> dict[str, Any]:
    service = dict(service)
    deploy = dict(service.pop("deploy", {}))
    resources = dict(deploy.pop("resources", {}))
    limits = resources.pop("limits", {})
    limits = {"mem_limit": limits.get("memory"), "cpus": limits.get("cpus"), "scale": deploy.pop("replicas", None)}
    service |= {key: value for key, value in limits.items() if value is not None}
    rest = {key: value for key, value in {**deploy, "resources": resources}.items() if value}
    if rest:
        service["deploy"] = rest
    if check := service.get("healthcheck"):
        dockers = {"interval": "30s", "timeout": "30s", "retries": 3, "start_period": "0s"}
        service["healthcheck"] = check if check.get("disable") else {**dockers, **check}
    mounts = ({key: value for key, value in mount.items() if value != {}} for mount in service.get("volumes", []))
    service["volumes"] = {mount["target"]: mount for mount in mounts}
    ports = ({"host_ip": "0.0.0.0", **port} for port in service.get("ports", []))
    service["ports"] = {f"{port['target']}/{port['protocol']}": port for port in ports}
    return service


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """The paths at which two models differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            inside = f"{path}.{key}" if path else key
            if key in old and key in new:
                yield from differences(old[key], new[key], inside)
            else:
                yield inside
    elif old != new:
        yield path


def explains(improvement: str, path: str) -> bool:
    pattern = re.escape(improvement).replace(r"\*", r"[^.]+")
    return re.fullmatch(rf"{pattern}(\..+)?", path) is not None


@pytest.mark.quick
def test_seven_services_stay_the_same_but_for_the_listed_improvements(
    seven: Path, take_over: Import, meaning: Meaning
) -> None:
    old = normal(meaning(seven))
    assert len(old["services"]) == 7
    take_over(seven)
    new = normal(meaning(seven))
    found = list(differences(old, new))
    unexplained = [path for path in found if not any(explains(known, path) for known in IMPROVEMENTS)]
    assert not unexplained
    unused = [known for known in IMPROVEMENTS if not any(explains(known, path) for path in found)]
    assert not unused, "improvements that are listed and do not happen"


def test_every_volume_keeps_its_name(seven: Path, take_over: Import, meaning: Meaning) -> None:
    def names(model: dict[str, Any]) -> dict[str, str]:
        return {name: volume["name"] for name, volume in model["volumes"].items()}

    old = names(meaning(seven))
    take_over(seven)
    new = names(meaning(seven))
    assert old["postgres-data"] == "codelab-ai-service_postgres-data"
    assert {**new, **old} == new, "a volume with data is gone"
    assert set(new) - set(old) == {"postgres-socket"}


def test_a_bare_variable_is_still_passed_on_and_a_secret_still_follows_its_variable(
    seven: Path, take_over: Import, meaning: Meaning
) -> None:
    take_over(seven)
    env = {"AGENT_RUNTIME__MAX_WORKERS": "8", "AGENT_POOL_SIZE": "5", "LOG_LEVEL": "ERROR", "REDIS_PASSWORD": "another"}
    services = meaning(seven, env=env)["services"]
    agent = services["agent-runtime"]["environment"]
    assert agent["AGENT_RUNTIME__MAX_WORKERS"] == "8"
    assert agent["AGENT_RUNTIME__POOL_SIZE"] == "5"
    assert agent["AGENT_RUNTIME__LOG_LEVEL"] == "ERROR"
    assert services["gateway"]["environment"]["GATEWAY__REDIS_URL"] == "redis://:another@redis:6379/0"
    assert services["redis"]["command"] == ["redis-server", "--appendonly", "yes", "--requirepass", "another"]
    assert meaning(seven)["services"]["agent-runtime"]["environment"]["AGENT_RUNTIME__MAX_WORKERS"] is None


@pytest.mark.quick
def test_no_secret_stands_outside_of_dotenv(seven: Path, take_over: Import) -> None:
    secrets = {
        line.split("=", 1)[1].strip("'")
        for line in (SEVEN / ".env").read_text(encoding="utf-8").splitlines()
        if re.match(r"[A-Z_]*(PASSWORD|SECRET|KEY)=.", line)
    } | {"sk-litellm-0123456789abcdef", "change-me-now"}
    assert len(secrets) == 7
    said = take_over(seven)
    outputs = [path for path in seven.rglob("*") if path.is_file() and path.name not in (".env", "docker-compose.yml.orig")]
    texts = [said, *(path.read_text(encoding="utf-8") for path in outputs)]
    shown = [secret for secret in secrets for text in texts if secret in text]
    assert not shown
    assert (seven / ".env").stat().st_mode & 0o777 == 0o600


def test_nothing_of_the_old_files_is_lost(seven: Path, take_over: Import) -> None:
    take_over(seven)
    for name in ("docker-compose.yml", "scripts/init-postgres.sh"):
        assert (seven / f"{name}.orig").read_bytes() == (SEVEN / name).read_bytes()
    old = (SEVEN / ".env").read_text(encoding="utf-8").splitlines()
    new = (seven / ".env").read_text(encoding="utf-8").splitlines()
    assert not [line for line in old if line and line not in new]


def test_the_same_again_changes_nothing(seven: Path, take_over: Import, binary: Path) -> None:
    take_over(seven)
    run(binary, "--check", cwd=seven)


@pytest.mark.parametrize(
    ("agent", "auth", "engine"),
    [
        ("sqlite", "sqlite", "sqlite"),
        ("postgres", "postgres", "postgres"),
        ("sqlite", "postgres", "postgres"),
        ("postgres", "sqlite", "postgres"),
    ],
)
def test_urls_of_the_requirements_are_known_in_both_engines(
    agent: str, auth: str, engine: str, tmp_path: Path, take_over: Import, meaning: Meaning
) -> None:
    shutil.copytree(REQUIREMENTS, tmp_path, dirs_exist_ok=True)
    dotenv = tmp_path / ".env"
    text = dotenv.read_text(encoding="utf-8")
    for key, chosen in (("AGENT_RUNTIME", agent), ("AUTH_SERVICE", auth)):
        text = re.sub(rf"^# ({key}__DB_URL={chosen})", r"\1", text, flags=re.MULTILINE)
    dotenv.write_text(text, encoding="utf-8")
    old = urls(meaning(tmp_path))
    take_over(tmp_path)
    assert urls(meaning(tmp_path)) == old
    profile = (tmp_path / "profiles" / "imported.yaml").read_text(encoding="utf-8")
    assert re.search(rf"^engine: {engine} ", profile, flags=re.MULTILINE)
    for described in ("sqlite: data/agent_runtime.db", "postgres: agent_runtime", "sqlite: data/auth.db", "postgres: auth_db"):
        assert described in profile


def urls(model: dict[str, Any]) -> dict[str, str]:
    keys = {"agent-runtime": "AGENT_RUNTIME__DB_URL", "auth-service": "AUTH_SERVICE__DB_URL"}
    return {name: model["services"][name]["environment"][key] for name, key in keys.items()}


@pytest.mark.parametrize("profile", PROFILES)
def test_what_codelab_gen_wrote_comes_back_as_the_same_deployment(
    profile: str, tmp_path: Path, generate: Generate, take_over: Import, meaning: Meaning
) -> None:
    generate(profile, tmp_path)
    old = meaning(tmp_path)
    take_over(tmp_path)
    assert meaning(tmp_path) == old
    assert not (tmp_path / "docker-compose.override.yml").exists()


def test_networks_and_logins_of_the_server_come_back(
    tmp_path: Path, generate: Generate, take_over: Import, meaning: Meaning
) -> None:
    """What codelab-gen makes of `outbound`, `publish`, `local_auth` and networks of a service's own."""
    services = {"agent-runtime": {"outbound": False}, "auth-service": {"compose": {"networks": ["apart"]}}}
    postgres = {"publish": 5433, "local_auth": "password"}
    more = {"services": services, "postgres": postgres, "compose": {"networks": {"apart": {}}}}
    generate(write_profile(tmp_path, more), tmp_path)
    old = meaning(tmp_path)
    assert set(old["networks"]) == {"inside", "database", "database-auth-service", "postgres-published", "apart"}
    take_over(tmp_path)
    assert meaning(tmp_path) == old
    imported = tmp_path.joinpath("profiles", "imported.yaml").read_text(encoding="utf-8")
    assert "outbound: false" in imported and "local_auth: password" in imported


CASES = {
    # the two names of the volume are one, and the server is still found by its old name
    "a server of another name": (
        """
name: shop
services:
  api:
    image: api:1
    environment: { DATABASE_URL: "postgresql+asyncpg://shop:s3cret-password-1@db:5432/shop_api", DB_HOST: db }
  admin: { image: "pgadmin:8", environment: { PGHOST: db } }
  db:
    image: postgis/postgis:16-3.4
    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: s3cret-password-1, PGDATA: /var/lib/postgresql/data/pg }
    volumes: [pg:/var/lib/postgresql/data]
volumes: { pg: { name: shop_pgdata } }
""",
        lambda old, new: (
            new["volumes"]["pgdata"]["name"] == old["volumes"]["pg"]["name"]
            and new["services"]["postgres"]["networks"]["database"] == {"aliases": ["db"]}
            and "database" in new["services"]["admin"]["networks"]
            and new["services"]["postgres"]["environment"]["PGDATA"] == "/var/lib/postgresql/data/pg"
        ),
    ),
    "data in a folder of the host": (
        """
services:
  api:
    image: api:1
    environment: ["DB=postgresql://postgres:hunter2hunter2@postgres/api"]
    depends_on: { postgres: { condition: service_healthy } }
  postgres:
    image: postgres:16
    environment: { POSTGRES_PASSWORD: hunter2hunter2 }
    volumes: [./pg:/var/lib/postgresql/data]
    healthcheck: { test: [CMD, pg_isready] }
""",
        lambda old, new: (
            new["services"]["postgres"]["volumes"]["/var/lib/postgresql/data"]
            == old["services"]["postgres"]["volumes"]["/var/lib/postgresql/data"]
            and "postgres-ensure" in new["services"]
            and set(new["volumes"]) == {"postgres-socket"}
        ),
    ),
    "what no profile can say": (
        """
services:
  api:
    image: api:1
    ports: ["8000-8010:8000-8010", "53:53/udp", "9000", "[::1]:7000:7000", "${MAPPED:-7001}:7001"]
    user: ${UID:-1000}:${GID:-1000}
    environment: { RATE: 1.10, MODE: 0777, ON: true, lower: "${lower:-x}", DASH: "${DASH-unset}", PLUS: "${PLUS:+x}" }
    tmpfs: /tmp
    volumes: [/anonymous, "cache:/cache:z", { type: tmpfs, target: /scratch }]
    healthcheck: { disable: true }
    labels: { "with space": "1", kept: "$$5" }
    build: { context: ., cache_from: ["api:cache"], args: { MODE: "1", PASSED: } }
    depends_on: { job: { condition: service_completed_successfully, required: false } }
  job: { image: "job:1", restart: "no", profiles: [debug], extends: { service: base } }
  base: { image: "base:1", cap_add: [NET_ADMIN] }
volumes: { cache: { driver_opts: { type: none, o: bind, device: /srv } } }
configs: { conf: { content: "x=$${y}" } }
""",
        lambda old, new: not list(differences(old, new)),
    ),
    "a volume that has a name of its own": (
        """
services:
  api: { image: "api:1", volumes: ["data:/data", "other:/other"] }
volumes: { data: { external: true }, other: { name: somewhere } }
""",
        lambda old, new: not list(differences(old, new)),
    ),
}


@pytest.mark.quick
@pytest.mark.parametrize("case", CASES)
def test_difficult_files_mean_the_same(case: str, tmp_path: Path, take_over: Import, meaning: Meaning) -> None:
    text, holds = CASES[case]
    (tmp_path / "docker-compose.yml").write_text(text, encoding="utf-8")
    old = normal(meaning(tmp_path))
    take_over(tmp_path)
    new = normal(meaning(tmp_path))
    assert holds(old, new), list(differences(old, new))


def test_a_file_beside_that_is_there_is_not_changed(
    tmp_path: Path, binary: Path, take_over: Import, compose: Compose, meaning: Meaning
) -> None:
    (tmp_path / "docker-compose.yml").write_text(
        "services: { api: { image: 'api:1', ports: ['80:80', '81:81'] } }\n", encoding="utf-8"
    )
    beside = tmp_path / "compose.override.yaml"
    beside.write_text("services: { api: { init: true } }\n", encoding="utf-8")
    said = run(binary, "import", "--anyway", cwd=tmp_path, status=2).stderr
    assert "81:81" in said and not (tmp_path / "profiles").exists()
    beside.write_text("services: { api: { init: true, ports: ['81:81'] } }\n", encoding="utf-8")
    old = normal(meaning(tmp_path))
    take_over(tmp_path)
    assert not list(differences(old, normal(meaning(tmp_path))))
