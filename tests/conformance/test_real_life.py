"""Deployments in the forms that people use: each is imported as the profile that is right, and Docker Compose understands
the same of it before and after, but for the improvements that are listed here.

One file of `real_life/` is one deployment: `-- PATH --` begins a file of it, `-- profile --` the profile without its head,
and `-- differs --` what more is different afterwards, one path a line. `BLESS=1` writes the profile; read the difference
before committing it.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from programs import HERE, Meaning, run
from test_import import differences, explains, normal

FOLDER = HERE / "real_life"
DEPLOYMENTS = sorted(path.stem for path in FOLDER.glob("*.deployment"))
PROFILE = "profile"
DIFFERS = "differs"
SERVER = "postgres"

# What may differ, as a path with `*` for one step, and why.
IMPROVEMENTS = {
    "networks.database": "the server stands on a network without a way out",
    "networks.database-*": "its users with networks of their own meet it on one each",
    "networks.default": "a server that leaves it may be the last one on it",
    "networks.postgres-published": "an internal network can't publish",
    "services.*.networks.database": "the server's users and the server meet on that network",
    "services.*.networks.database-*": "as above, for a service with networks of its own",
    "services.postgres.networks": "as above; it still answers to its old name",
    "services.postgres-ensure": "brings roles, passwords, databases and owners in line at every start",
    "services.*.depends_on.postgres-ensure": "services start once their databases are in line",
    "services.*.depends_on.postgres": "waiting for postgres-ensure includes it",
    "services.*.working_dir": "the folder that a relative SQLite path hangs on is written out",
    "services.postgres.environment.POSTGRES_*": "the role, the database and the password stand there by themselves",
    "services.postgres.healthcheck": "asks over TCP, so that a volume in preparation is not ready",
    "services.postgres.shm_size": "parallel queries need more than the 64 MB that Docker gives",
    "services.postgres.stop_grace_period": "a shutdown that is cut off means crash recovery",
    "services.postgres.volumes./var/run/postgresql": "the socket by which postgres-ensure logs in",
    "services.postgres.volumes./docker-entrypoint-initdb.d/10-init-postgres.sh": "the script for a new volume",
    "volumes.postgres-socket": "holds that socket",
}


def parts_of(name: str) -> dict[str, str]:
    """The files of a deployment, by their paths."""
    text = (FOLDER / f"{name}.deployment").read_text(encoding="utf-8")
    pieces = re.split(r"^-- (\S+) --\n", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def has_server(compose: str) -> bool:
    images = re.findall(r"image: *[\"']?(\S+)", compose)
    return any(re.search(r"postgres(ql)?:|postgres$|postgis/|pgvector|timescaledb|pgauto", image) for image in images)


def body(profile: str) -> str:
    """A profile without its head, which is the same in all."""
    return profile[profile.index("format: 1\n") :]


def as_renamed(model: dict[str, Any], server: str, volumes: dict[str, str]) -> dict[str, Any]:
    """A model with the server under the name of the section's, its host's name in variables too."""
    name = re.compile(rf"(?<![\w.-]){re.escape(server)}(?![\w.-])")

    def value(text: Any) -> Any:
        if not isinstance(text, str):
            return text
        # a password may be encoded where it need not
        return unquote(name.sub(SERVER, text)).replace(f"@{SERVER}/", f"@{SERVER}:5432/")

    services = {}
    for key, service in model["services"].items():
        changed = dict(service)
        changed["environment"] = {name: value(text) for name, text in (service.get("environment") or {}).items()}
        waits = {SERVER if name == server else name: edge for name, edge in (service.get("depends_on") or {}).items()}
        changed["depends_on"] = waits
        mounts = service.get("volumes", {}).items()
        changed["volumes"] = {
            target: {**mount, "source": volumes.get(mount.get("source"), mount.get("source"))} for target, mount in mounts
        }
        services[SERVER if key == server else key] = changed
    kept = {volumes.get(key, key): volume for key, volume in model.get("volumes", {}).items()}
    return {**model, "services": services, "volumes": kept}


def without_block(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Who gets all of `.env` also gets what codelab-gen writes there, which import tells."""
    for name, service in before["services"].items():
        new = after["services"][name]["environment"]
        for key in [key for key in new if key not in service["environment"]]:
            if key.startswith("POSTGRES_") or key.endswith("__DB_URL"):
                del new[key]


@pytest.fixture
def take_over(binary: Path) -> Callable[[Path], None]:
    """Imports what stands in a folder, and generates over it, by the commands that are printed."""

    def take_over(folder: Path) -> None:
        run(binary, "import", "--anyway", cwd=folder)
        run(binary, "--profile", "imported", "--force", cwd=folder)

    return take_over


@pytest.mark.quick
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_becomes_the_profile_that_is_right_and_means_the_same(
    name: str, tmp_path: Path, take_over: Callable[[Path], None], meaning: Meaning
) -> None:
    folder = tmp_path / name
    for path, text in parts_of(name).items():
        if path not in (PROFILE, DIFFERS):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    old = normal(meaning(folder))
    take_over(folder)
    profile = body((folder / "profiles" / "imported.yaml").read_text(encoding="utf-8"))
    new = normal(meaning(folder))
    if os.environ.get("BLESS") == "1":
        parts = {**parts_of(name), PROFILE: profile}
        text = "".join(f"-- {path} --\n{text}" for path, text in parts.items())
        (FOLDER / f"{name}.deployment").write_text(text, encoding="utf-8")
    assert profile == parts_of(name).get(PROFILE)

    gone = [key for key in old["services"] if key not in new["services"]]
    assert len(gone) <= 1
    server = gone[0] if gone else SERVER
    by_name = {volume["name"]: key for key, volume in new.get("volumes", {}).items()}
    volumes = {key: by_name.get(volume["name"], key) for key, volume in old.get("volumes", {}).items()}
    before, after = as_renamed(old, server, volumes), as_renamed(new, server, volumes)
    if re.search(r"(env_file: *\[?|- )(\./)?\.env\b(?!\.)", parts_of(name)["docker-compose.yml"]):
        without_block(before, after)
    known = [*IMPROVEMENTS, *(line.split(":")[0] for line in parts_of(name).get(DIFFERS, "").splitlines())]
    unexplained = [path for path in differences(before, after) if not any(explains(one, path) for one in known)]
    assert not unexplained
    shutil.rmtree(folder)


def test_nine_of_ten_get_their_server() -> None:
    """A server is what a user comes for. What stays a service is told why."""
    with_server = [name for name in DEPLOYMENTS if has_server(parts_of(name)["docker-compose.yml"])]
    sections = [name for name in with_server if "\npostgres: " in parts_of(name)[PROFILE]]
    assert len(DEPLOYMENTS) >= 60
    assert len(sections) >= 0.9 * len(with_server), sorted(set(with_server) - set(sections))
