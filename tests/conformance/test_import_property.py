"""Random deployments that are kept by hand, in random spellings, mean the same once they are imported and generated, but for
the listed improvements. Docker Compose judges, once as the files stand and once with a shell that sets what only a shell can."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from import_models import Kept, by_name, is_improvement, kept, renamed, same_value
from programs import LONG, SCRUBBED, Meaning
from test_import import differences, normal

# So many deployments, in so many tests: one test takes some seconds.
COUNT, CHUNKS = (10_000, 400) if LONG else (200, 20)
# Services of every profile of Compose count, also those that others wait for.
ALL = {"COMPOSE_PROFILES": "*"}
# Settings that follow from the limits of a server that has them.
SIZES = {
    "effective_cache_size",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "max_wal_size",
    "max_worker_processes",
    "shared_buffers",
    "work_mem",
}
SHELLS = (ALL, ALL | {"SHELL_HOME": "/of/home", "SHELL_USER": "1001"})


def test_random_deployments_are_of_every_kind() -> None:
    """The generator makes what it is said to make: with and without a server, by lists and by mappings."""
    all_of = [kept(seed) for seed in range(200)]
    assert 0.4 < sum(deployment.server is not None for deployment in all_of) / len(all_of) < 0.9
    for part in ("env_file", "  - '", "environment:\n      -", "${SHELL_HOME}", "{ type: bind", "networks:", "healthcheck"):
        assert any(part in deployment.compose for deployment in all_of), part


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_deployment_means_the_same_whatever_its_spelling(
    chunk: int, tmp_path: Path, binary: Path, meaning: Meaning
) -> None:
    imported = 0
    for seed in range(chunk, COUNT, CHUNKS):
        folder = tmp_path / str(seed) / "shop"
        folder.mkdir(parents=True)
        imported += means_the_same(kept(seed), folder, binary, meaning)
    share = imported / (COUNT / CHUNKS)
    assert share >= 0.6, f"only {share:.0%} were imported"


def means_the_same(deployment: Kept, folder: Path, binary: Path, meaning: Meaning) -> bool:
    """Whether it was imported; a fault that is told, with nothing written, is an answer too."""
    (folder / "docker-compose.yml").write_text(deployment.compose, encoding="utf-8")
    (folder / ".env").write_text(deployment.dotenv, encoding="utf-8")
    before = [normal(meaning(folder, env=shell)) for shell in SHELLS]
    told = f"{folder}\n{deployment.compose}---\n{deployment.dotenv}---\n"
    said = attempt(binary, "import", "--anyway", folder=folder)
    if said is None:
        assert not (folder / "profiles").exists()
        return False
    done = attempt(binary, "--profile", "imported", "--force", folder=folder)
    assert done is not None, f"{told}the command that import tells does not work"
    told += said + done
    for shell, old in zip(SHELLS, before, strict=True):
        found = list(unexplained(old, normal(meaning(folder, env=shell)), deployment))
        assert not found, f"{told}{shell}: {found}"
    check_notes(said + done, folder, told)
    return True


def attempt(binary: Path, *arguments: str, folder: Path) -> str | None:
    """What was said; nothing where it was refused."""
    done = subprocess.run(
        [binary, *arguments], cwd=folder, env=SCRUBBED, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode in (0, 2, 3), done.stdout + done.stderr
    return done.stdout + done.stderr if done.returncode == 0 else None


def unexplained(old: dict[str, Any], new: dict[str, Any], deployment: Kept) -> list[str]:
    server = deployment.server or "postgres"
    old, new = full(by_name(old)), full(by_name(new))
    if "postgres-ensure" in new["services"]:
        old = renamed(old, server)
    found = []
    for path in differences(old, new):
        at = path.split(".")
        values = [value_at(model, at) for model in (old, new)]
        is_variable = len(at) == 4 and at[2] == "environment"
        if is_variable and same_value(*values, server):
            continue
        if path == "services.postgres.command" and only_sizes_came(*values):
            continue
        gets_dotenv = "env_file: .env" in deployment.compose and is_variable and values[0] is None
        if not gets_dotenv and not ("postgres-ensure" in new["services"] and is_improvement(path)):
            found.append(f"{path}: {values[0]!r} -> {values[1]!r}")
    return found


def only_sizes_came(old: list[str] | None, new: list[str] | None) -> bool:
    """Whether a server's command is what it was, with settings behind that follow from its limits."""
    start = old or ["postgres"]
    if new is None or new[: len(start)] != start:
        return False
    flags, settings = new[len(start) :: 2], new[len(start) + 1 :: 2]
    return set(flags) <= {"-c"} and {setting.split("=")[0] for setting in settings} <= SIZES


def full(model: dict[str, Any]) -> dict[str, Any]:
    """A model in which what a service does not say is empty."""
    for service in model["services"].values():
        for key in ("depends_on", "environment", "networks"):
            service[key] = {
                name: {} if value is None and key == "networks" else value for name, value in service.get(key, {}).items()
            }
    return model


def value_at(model: Any, at: list[str]) -> Any:
    for step in at:
        model = model.get(step) if isinstance(model, dict) else None
    return model


def check_notes(said: str, folder: Path, told: str) -> None:
    """Notes that were untrue once."""
    assert "another one of postgres" not in said, told
    assert "nothing mounts" not in said, told
    beside = folder / "docker-compose.override.yml"
    assert ("it is in docker-compose.override.yml" in said) == beside.exists(), told
    own = (folder / ".env").read_text(encoding="utf-8") if (folder / ".env").exists() else ""
    outside = own.split("# >>> codelab-gen")[0] + own.split("# <<< codelab-gen")[-1]
    for line in said.splitlines():
        if "stayed outside of it" in line:
            for name in line.split("`")[1::2]:
                assert name == "compose:" or name == "env_file" or name in outside, f"{told}{name}"
