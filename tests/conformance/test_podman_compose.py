"""podman-compose reads what is generated. It starts none of it where Podman knows no health (docs/other-engines.md)."""

from pathlib import Path

import pytest
import yaml

from programs import Generate, run, tool

# `config` runs nothing but this, to learn the version.
PODMAN = '#!/bin/sh\n[ "$1" = --version ] && echo "podman version 4.3.1"\n'


@pytest.mark.parametrize("profile", ["dev", "mixed", "prod"])
def test_it_reads_the_file(profile: str, tmp_path: Path, generate: Generate) -> None:
    folder = tmp_path / "deploy"
    generate(profile, folder, "--allow-weak-secrets", env={"INTERNAL_API_KEY": "a" * 32})
    programs = tmp_path / "bin"
    programs.mkdir()
    podman = programs / "podman"
    podman.write_text(PODMAN, encoding="ascii")
    podman.chmod(0o755)
    path = f"{programs}:/usr/bin:/bin"
    said = run(tool("podman-compose"), "config", cwd=folder, env={"PATH": path}).stdout
    read = yaml.safe_load(said)
    written = yaml.safe_load(folder.joinpath("docker-compose.yml").read_text(encoding="utf-8"))
    assert set(read["services"]) == set(written["services"])
    named = {name for service in written["services"].values() for name in service.get("networks", [])}
    assert named <= set(written.get("networks", {})), "podman-compose makes no network that is not declared"
