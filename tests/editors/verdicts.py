"""What codelab-gen says about profiles, and which of its rules a JSON Schema can say as well."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from programs import SCRUBBED

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schema" / "profile.schema.json"

# `Code::is_beyond_schema`: rules about the text before it is data, other files, what names mean, and far-off fields.
BEYOND_SCHEMA = frozenset(
    {
        "ambiguous-alias",
        "backups",
        "compose-limit",
        "connection-budget",
        "connection-form",
        "dependency-cycle",
        "displaced-hardening",
        "document-size",
        "duplicate-key",
        "extends-cycle",
        "extension-needs-superuser",
        "extension-not-in-image",
        "extension-not-loaded",
        "hidden-character",
        "job-schedule",
        "key-clash",
        "left-out",
        "memory-limit",
        "mount-clash",
        "no-health-check",
        "no-such-part",
        "node-size",
        "not-selectable",
        "not-utf8",
        "nothing-to-remove",
        "outside-mount",
        "outside-project",
        "port-clash",
        "postgres-version",
        "published-everywhere",
        "reserved-name",
        "role-limit",
        "setting-value",
        "shared-database",
        "single-server",
        "sqlite-bind-mount",
        "stale-schema",
        "storage-size",
        "strict-bind-mount",
        "superuser-access",
        "syntax",
        "target-name",
        "target-unsupported",
        "unawaited-job",
        "unencrypted-port",
        "unexpanded",
        "unknown-profile",
        "unknown-secret",
        "unknown-service",
        "unknown-setting",
        "unnamed-system",
        "unpinned-digest",
        "url-option",
        "variable-clash",
    }
)


@dataclass(frozen=True)
class Fault:
    """One fault: its code, what is told, and the line, counted from 1, that it is told of."""

    code: str
    message: str
    line: int

    @classmethod
    def of(cls, diagnostic: dict[str, Any]) -> Self:
        return cls(diagnostic["code"], diagnostic["message"], diagnostic["place"]["line"])

    @property
    def is_sayable(self) -> bool:
        """Whether a JSON Schema can say the rule."""
        return self.code not in BEYOND_SCHEMA


def validate(binary: Path, files: Sequence[Path], folder: Path) -> list[list[Fault]]:
    """The faults of each file, by one run of the program; what it only warns of is none."""
    command = [binary, "validate", "--format", "json", *(file.relative_to(folder) for file in files)]
    done = subprocess.run(
        command, cwd=folder, env=SCRUBBED, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode in (0, 3), done.stderr
    profiles = json.loads(done.stdout)["profiles"]
    assert len(profiles) == len(files)
    return [
        [Fault.of(diagnostic) for diagnostic in profile["diagnostics"] if diagnostic["severity"] == "error"]
        for profile in profiles
    ]
