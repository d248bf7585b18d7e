"""The cases that several test modules go through."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PROFILES = ("dev-sqlite", "mixed", "prod-postgres")
WITH_POSTGRES = ("mixed", "prod-postgres")

# Between them every character that a reader of `.env`, a URL or a shell treats in its own way.
PASSWORDS = (
    "codelab_password",
    "p@ss:w/rd?#%41&=+ ~",
    'a$b"c`d;(e)|<f> !',
    "it's {so} *[simple]*",
    "back\\slash $HOME",
    "пароль é 😀",
)


def write_profile(project: Path, more: Mapping[str, Any]) -> Path:
    """Gives the project a profile that says more than prod-postgres does. JSON is YAML."""
    path = project / "profiles" / "case.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"format": 1, "extends": "builtin:prod-postgres", **more}), encoding="utf-8")
    return path
