"""What the program is made of: what dependencies may be, and the list of them that goes with a release."""

import json
import tomllib
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from programs import ROOT, run, tool, version, with_cargo


def deny(policy: Path, *what: str, status: int = 0) -> str:
    """Asks cargo-deny; advisories can't be asked for, because their data is had from a repository only."""
    done = run(
        tool("cargo-deny"),
        *("--manifest-path", ROOT / "Cargo.toml", "--locked", "--config", policy, "check", *what),
        cwd=policy.parent,
        env=with_cargo(),
        status=status,
    )
    return done.stdout + done.stderr


def test_dependencies_are_what_they_may_be() -> None:
    assert deny(ROOT / "deny.toml", "bans", "licenses", "sources") == "bans ok, licenses ok, sources ok\n"


@pytest.mark.parametrize(
    ("what", "old", "new", "told"),
    [
        ("licenses", '"MIT", ', "", "error[rejected]: failed to satisfy license requirements"),
        ("bans", "deny = [", 'deny = [{ crate = "serde" },', "error[banned]: crate 'serde = "),
        ("sources", "[sources]", "[sources]\nallow-registry = []", "error[source-not-allowed]"),
    ],
)
def test_what_dependencies_may_not_be_is_found(what: str, old: str, new: str, told: str, tmp_path: Path) -> None:
    policy = tmp_path / "deny.toml"
    text = (ROOT / "deny.toml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    policy.write_text(text.replace(old, new), encoding="utf-8")
    status = {"bans": 2, "licenses": 4, "sources": 8}[what]
    assert told in deny(policy, what, status=status)


def test_the_bill_of_materials_lists_every_dependency_with_its_checksum(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".cyclonedx.json")]
        text = archive.read(name).decode()
    bill = json.loads(text)
    assert JsonStrictValidator(SchemaVersion.from_version(bill["specVersion"])).validate_str(text) is None
    program = bill["metadata"]["component"]
    assert (program["name"], program["version"]) == ("codelab-gen", version())
    assert all(part["licenses"] and part["hashes"][0]["alg"] == "SHA-256" for part in bill["components"])
    tree = ("tree", "--locked", "--target", "all", "--edges", "normal,build", "--prefix", "none", "--format", "{p}")
    lines = {line.split(" (")[0] for line in run("cargo", *tree, cwd=ROOT, env=with_cargo()).stdout.splitlines()}
    expected = {line.replace(" v", " ") for line in lines if line and not line.startswith("codelab-gen ")}
    listed = {f"{part['name']} {part['version']}" for part in bill["components"]}
    # it lists what a feature that is off would bring as well
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    assert expected <= listed <= {f"{package['name']} {package['version']}" for package in locked}
    assert len(listed - expected) < 5
