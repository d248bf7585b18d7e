"""Renovate's recipe finds the images of profiles, and what it changes is what codelab-gen then says."""

import json
import re
from pathlib import Path

import pytest

from programs import ROOT, run, shown

pytestmark = pytest.mark.quick

DIGEST = "sha256:" + "0a" * 32


def recipe() -> dict[str, object]:
    manager = json.loads(shown("Renovate", "json"))["customManagers"][0]
    assert len(manager["matchStrings"]) == 1 and len(manager["managerFilePatterns"]) == 1
    return manager


def images(text: str) -> list[dict[str, str | None]]:
    """What Renovate's regular expression finds; Python writes names of groups with a P."""
    pattern = re.compile(str(recipe()["matchStrings"][0]).replace("(?<", "(?P<"), flags=re.MULTILINE)
    return [found.groupdict() for found in pattern.finditer(text)]


@pytest.mark.parametrize(
    ("line", "name", "tag", "digest"),
    [
        ("  image: postgres:16-alpine", "postgres", "16-alpine", None),
        ("  image: postgres:16-alpine # a comment", "postgres", "16-alpine", None),
        ("  image: 'postgres:16.4'", "postgres", "16.4", None),
        ('redis: { image: "redis:7.4-alpine" }', "redis", "7.4-alpine", None),
        ("redis: { image: redis:7.4-alpine, port: 6379 }", "redis", "7.4-alpine", None),
        (f"image: ghcr.io/acme/app:1.2@{DIGEST}", "ghcr.io/acme/app", "1.2", DIGEST),
        (f"image: acme/app@{DIGEST}", "acme/app", None, DIGEST),
        ("image: registry.example.com:5000/team/app:1.2_3", "registry.example.com:5000/team/app", "1.2_3", None),
        ("image: localhost:5000/app", "localhost:5000/app", None, None),
        ("image: nginx", "nginx", None, None),
    ],
)
def test_an_image_is_found_however_it_is_written(line: str, name: str, tag: str | None, digest: str | None) -> None:
    assert images(line) == [{"depName": name, "currentValue": tag, "currentDigest": digest}]


@pytest.mark.parametrize("line", ["image: ${IMAGE}", "base_image: x:1", "image: { env: IMAGE }", "images: x:1"])
def test_what_is_no_image_is_not_found(line: str) -> None:
    assert images(line) == []


def test_every_image_of_the_built_in_profiles_is_found() -> None:
    pattern = re.compile(str(recipe()["managerFilePatterns"][0]).strip("/"))
    profiles = sorted((ROOT / "profiles").glob("*.yaml"))
    texts = [path.read_text(encoding="utf-8") for path in profiles]
    assert all(pattern.search(str(path.relative_to(ROOT))) for path in profiles)
    assert not pattern.search("deploy/docker-compose.yml")
    written = [line for text in texts for line in text.splitlines() if re.match(r"\s*image:", line)]
    found = [image for text in texts for image in images(text)]
    assert len(found) == len(written) > 0
    assert {"depName": "postgres", "currentValue": "16-alpine", "currentDigest": None} in found


def test_an_update_is_drift_until_codelab_gen_has_run(project: Path, binary: Path) -> None:
    base = project / "profiles" / "base.yaml"
    text = base.read_text(encoding="utf-8")
    base.write_text(text.replace("postgres:16-alpine", "postgres:16.9-alpine"), encoding="utf-8")
    check = run(binary, "--check", "--all", cwd=project, status=1)
    assert "+    image: postgres:16.9-alpine" in check.stdout
    run(binary, "--all", cwd=project)
    run(binary, "--check", "--all", cwd=project)
