"""codelab-gen's language server beside yaml-language-server on one file: each thing is said once."""

from pathlib import Path

import pytest
from language_server import LanguageServer
from own_server import Editor
from verdicts import SCHEMA

# A key that the schema does not know, a word that it does not know, two services on one port, an unknown service.
PROFILE = f"""\
# yaml-language-server: $schema={SCHEMA.as_uri()}
format: 1
stage: ci
project: shop
services:
  api:
    image: api:1
    prot: 8000
  web:
    image: web:1
    hardening: strickt
    depends_on: [apj]
  one:
    image: one:1
    port: 80
    publish: 8080
  two:
    image: two:1
    port: 80
    publish: 8080
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    file = tmp_path / "profiles" / "shop.yaml"
    file.write_text(PROFILE, encoding="utf-8")
    return file


def lines(editor: Editor, file: Path) -> list[int]:
    told = editor.published[file]["diagnostics"]
    return sorted(one["range"]["start"]["line"] + 1 for one in told if one["severity"] == 1)


def test_two_servers_say_each_thing_once(binary: Path, server: LanguageServer, profile: Path) -> None:
    theirs = server.diagnostics([profile], bool) if server.write(profile, PROFILE) is None else {}
    by_schema = [told.line for told in theirs[profile]]
    with Editor(binary, profile.parent.parent) as alone:
        alone.open(profile)
        alone.settled(profile)
        everything = lines(alone, profile)
    with Editor(binary, profile.parent.parent, options={"besideYamlLanguageServer": True}) as beside:
        beside.open(profile)
        beside.settled(profile)
        assert sorted([*by_schema, *lines(beside, profile)]) == everything
        at = PROFILE.index("    image: web")
        assert "image" not in {item["label"] for item in beside.at("completion", profile, at + 4) or []}
        at = PROFILE.index("apj")
        assert {"api", "one"} <= {item["label"] for item in beside.at("completion", profile, at)}
