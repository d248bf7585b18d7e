"""Profiles in an editor: what yaml-language-server underlines, completes and explains by the schema."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from language_server import Diagnostic, LanguageServer
from verdicts import ROOT, SCHEMA, validate

EDITORS = ROOT / "tests" / "editors"
INVALID = ROOT / "tests" / "invalid"

# The first line of a profile that an editor finds the schema by.
MODELINE = f"# yaml-language-server: $schema={SCHEMA.as_uri()}\n"

GOOD = [
    *sorted((ROOT / "profiles").glob("*.yaml")),
    *sorted((ROOT / "tests" / "golden").glob("*.yaml")),
    EDITORS / "good.yaml",
]

# Wrong as text, before there is any data; editors tell such faults without a schema.
NOT_DATA = {"deep", "document-size", "duplicate-key", "not-utf8", "syntax"}

WRONG = [
    *sorted((EDITORS / "wrong").glob("*.yaml")),
    *(
        file
        for file in sorted(INVALID.glob("*.yaml"))
        if file.with_suffix(".stderr").exists() and file.stem not in NOT_DATA
    ),
]

# Where an editor underlines another line than the program names: file, the program's line, the editor's.
ELSEWHERE = {
    # two forms of a value in one mapping: the program names the mapping, the editor the key that its best form lacks
    ("values.yaml", 41): 42,
}

# What the server says of a rule that has no words of its own.
UNHELPFUL = ["does not match the pattern", "Matches a schema", "Matches multiple schemas"]


def underlined(server: LanguageServer, files: Sequence[Path]) -> dict[Path, list[Diagnostic]]:
    """What an editor underlines in each file, with lines as they are in it.

    A fault is written first, so that an answer without any shows that the schema was read, and knows this file.
    """
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    shifts = {file: 0 if text.startswith("# yaml-language-server:") else 1 for file, text in texts.items()}

    def is_told(told: list[Diagnostic]) -> bool:
        return any("no_such_key" in diagnostic.message for diagnostic in told)

    for file, text in texts.items():
        server.write(file, f"{MODELINE * shifts[file]}{text}\nno_such_key: 1\n")
    server.diagnostics(files, is_told)
    for file, text in texts.items():
        server.write(file, MODELINE * shifts[file] + text)
    found = server.diagnostics(files, lambda told: not is_told(told))
    return {
        file: [Diagnostic(one.line - shifts[file], one.columns, one.message) for one in told]
        for file, told in found.items()
    }


def test_a_good_profile_has_nothing_underlined(server: LanguageServer, binary: Path) -> None:
    assert validate(binary, GOOD, ROOT) == [[]] * len(GOOD)
    assert underlined(server, GOOD) == {file: [] for file in GOOD}


def test_each_fault_is_underlined_once_on_the_line_that_the_program_names(server: LanguageServer, binary: Path) -> None:
    found = underlined(server, WRONG)
    for file, faults in zip(WRONG, validate(binary, WRONG, ROOT), strict=True):
        lines = [ELSEWHERE.get((file.name, fault.line), fault.line) for fault in faults if fault.is_sayable]
        assert sorted(lines) == [diagnostic.line for diagnostic in found[file]], (file, found[file])
    messages = [diagnostic.message for told in found.values() for diagnostic in told]
    assert not [message for message in messages if any(words in message for words in UNHELPFUL)]


def test_the_wrong_profiles_break_most_rules_that_a_schema_can_say(binary: Path) -> None:
    codes = {fault.code for faults in validate(binary, WRONG, ROOT) for fault in faults if fault.is_sayable}
    assert codes >= {
        "conflict",
        "invalid-value",
        "missing-field",
        "no-engine",
        "no-postgres",
        "no-program",
        "owned-key",
        "sqlite-replicas",
        "tls-conflict",
        "undescribed-engine",
        "unknown-key",
        "unpinned-image",
        "wrong-type",
    }


# What stands in good or wrong profiles above the places that are completed.
SERVICE = "format: 1\nproject: a\nstage: development\nservices:\n  api:\n    image: app:1\n"


@dataclass(frozen=True)
class Offer:
    """One completion as an editor lists it."""

    label: str
    documentation: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.strip().splitlines()


def offers(server: LanguageServer, name: str, text: str) -> list[Offer]:
    """What is offered at the `|` of a text."""
    file = EDITORS / f"{name}.yaml"
    before, after = (MODELINE + text).split("|")
    server.write(file, before + after)
    items = server.completion(file, before.count("\n"), len(before) - before.rfind("\n") - 1)
    return [offer(item) for item in items]


def offer(item: dict[str, Any]) -> Offer:
    documentation = item.get("documentation") or ""
    if isinstance(documentation, dict):
        documentation = documentation["value"]
    text = item.get("textEdit", {}).get("newText") or item.get("insertText") or ""
    return Offer(item["label"], documentation, text)


@cache
def definition(name: str) -> dict[str, Any]:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return schema["definitions"][name] if name else schema


CHOICES = {
    "engine of a service": (
        SERVICE + "    database:\n      engine: |",
        {
            "sqlite": "One file in the service's data mount; no server.",
            "postgres": "A database on the deployment's PostgreSQL server.",
        },
    ),
    "engine of the profile": (
        "format: 1\nengine: |",
        {
            "sqlite": "One file in the service's data mount; no server.",
            "postgres": "A database on the deployment's PostgreSQL server.",
        },
    ),
    "stage": (
        "format: 1\nstage: |",
        {
            "development": "On a developer's machine.",
            "ci": "In automatic tests.",
            "staging": "As production, before production.",
            "production": "Where users' data is.",
        },
    ),
    "condition": (
        SERVICE + "    depends_on:\n      redis: |",
        {
            "started": "It was started.",
            "healthy": "Its health check passes.",
            "completed": "It ended without a fault.",
        },
    ),
    "tls": (
        "format: 1\nproject: a\nstage: ci\npostgres:\n  external:\n    tls: |",
        {
            "verify-full": "Encrypted, and the server's certificate and name are verified.",
            "require": "Encrypted; whoever answers is believed.",
            "disable": "Not encrypted.",
        },
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_offers_its_words_with_their_meaning(name: str, server: LanguageServer) -> None:
    text, words = CHOICES[name]
    offered = [(offer.label, offer.documentation) for offer in offers(server, name, text)]
    assert offered == [*words.items(), ("null", "Removes what was inherited.")]


# The keys of each mapping, asked for at a place where the rules between fields hold, and where they don't.
KEYS = {
    "profile": ("", "format: 1\n|", {"format"}),
    "service": ("Service", SERVICE + "    |", {"image"}),
    "service of a base": ("Service", "format: 1\nservices:\n  api:\n    image: app:1\n    |", {"image"}),
    "begun key": ("Service", SERVICE + "    he|", {"image"}),
    "database": ("Database", SERVICE + "    database:\n      driver: plain\n      |", {"driver"}),
    "health check": ("HealthCheck", SERVICE + "    healthcheck:\n      retries: 1\n      |", {"retries"}),
    "server": ("Postgres", "format: 1\nproject: a\nstage: production\npostgres:\n  user: a\n  |", {"user"}),
    "external": (
        "External",
        "format: 1\nproject: a\nstage: ci\npostgres:\n  external:\n    port: 1\n    |",
        {"port"},
    ),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_mapping_offers_its_keys_with_their_descriptions(name: str, server: LanguageServer) -> None:
    """Each key once, as the format describes it; nothing that only a rule between fields speaks of."""
    mapping, text, written = KEYS[name]
    schema = definition(mapping)
    snippets = {snippet["label"] for snippet in schema.get("defaultSnippets", [])}
    offered = [offer for offer in offers(server, name, text) if offer.label not in snippets]
    described = {key: field["description"] for key, field in schema["properties"].items() if key not in written}
    assert sorted((offer.label, offer.documentation) for offer in offered) == sorted(described.items())
    for offer in offered:
        assert offer.text.startswith(f"{offer.label}:"), offer
        assert "|" not in offer.text, f"a choice of guesses: {offer}"


def test_a_health_check_is_offered_to_a_service(server: LanguageServer) -> None:
    [offer] = [offer for offer in offers(server, "he", SERVICE + "    he|") if offer.label == "healthcheck"]
    assert offer.documentation == "How Docker finds out whether the service works."


SNIPPETS = {
    "service": (
        "format: 1\nproject: a\nstage: development\nservices:\n  |",
        {
            "service with a database": ["${1:api}:", "  build: ./${1:api}", "  port: ${2:8000}"],
            "service from an image": ["${1:redis}:", "  image: ${2:redis:7.4-alpine}"],
        },
    ),
    "value": (
        SERVICE + "    environment:\n      LOG: |",
        {
            "env": ["env: ${1:LOG_LEVEL}", "  default: ${2:info}"],
            "secret": ["secret: ${1:API_KEY}"],
            "database": ["database: ${1|url,host,port,user,password,name|}"],
        },
    ),
    "secret": (
        "format: 1\nsecrets:\n  KEY: |",
        {"generate": ["generate"], "required": ["required"], "file": ["file: ${1:./keys/key.txt}"]},
    ),
    "publish": (
        SERVICE + "    publish: |",
        {
            "port": ["${1:8000}"],
            "address and port": ["${1:0.0.0.0:80}"],
            "env": ["env: ${1:API_PORT}", "  default: ${2:8000}"],
        },
    ),
    "database": (
        SERVICE + "    database:\n      |",
        {
            "both engines": ["sqlite: data/${1:app}.db", "postgres: ${1:app}"],
            "postgres only": ["postgres: ${1:app}"],
            "sqlite only": ["sqlite: data/${1:app}.db"],
        },
    ),
    "health check": (
        SERVICE + "    healthcheck:\n      |",
        {
            "http check": ["http: ${1:/health}", "with: ${2|python,curl,wget|}"],
            "command check": ["command:", "  - ${1:redis-cli}", "  - ${2:ping}"],
        },
    ),
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippets_are_offered_and_explained(name: str, server: LanguageServer) -> None:
    text, snippets = SNIPPETS[name]
    offered = {offer.label: offer for offer in offers(server, f"snippet of {name}", text)}
    for label, lines in snippets.items():
        assert offered[label].lines[: len(lines)] == lines
        assert offered[label].documentation


HOVERED = {
    "healthcheck": "How Docker finds out whether a service works: a URL path to ask, or a command.",
    "engine: postgres": "The engine of every service that describes both and chooses none itself.",
    "extends": "The profile that this one builds on: a path relative to this file, or a name. Mappings merge by key, lists "
    "and single values replace what was inherited, `null` removes it.",
    "engine: sqlite": "The engine that is used; by default the profile's `engine`, or the only one described here.",
    "port:": "The port that the program listens on inside of its container; `publish` and `healthcheck.http` lead to it.",
    "image": "The image that is run, or with `build` the name that the built image gets. Its tag may follow a variable of "
    "`.env`: `api:${VERSION:-1.2}`.",
    "services": "The programs that run, by name.",
    "api": "A program of the deployment.",
    "depends_on": "Services that must run before this one.",
    "environment": "Variables of the container. The variable with the connection URL is there by itself.",
    "LEVEL": "The value of a variable of `.env` or the shell.",
    "PLAIN": "What a variable of the service holds.",
    "KEY": "Made up once, kept for good.",
    "publish": "A port of the host: a number, which listens on 127.0.0.1, `ADDRESS:PORT`, where `all` is every address, or a port that a variable of `.env` "
    "or the shell may change.",
    "build": "How an image is built.",
    "sqlite: data": "A SQLite database.",
    "replicas": "How many containers of it run; by default one.",
    "access": "Whether all services log in as `user`, or each one as a role of its own. By default `shared`.",
}

EXPLAINED = """\
format: 1
extends: ./base.yaml
project: app
stage: production
engine: postgres
secrets: { KEY: generate }
services:
  api:
    image: app:1
    build: ./app
    port: 8000
    publish: 8000
    replicas: 2
    healthcheck: { http: /health, with: curl }
    depends_on: { redis: started }
    environment: { LEVEL: { env: LEVEL, default: info }, PLAIN: text }
    database:
      engine: sqlite
      sqlite: data/a.db
postgres: { image: "postgres:16", user: app, access: shared }
"""


def shown(server: LanguageServer, text: str, word: str, inside: int = 1) -> str:
    """What is shown over the first place of these words, with Markdown's escapes undone."""
    file = EDITORS / "hover.yaml"
    server.write(file, MODELINE + text)
    before = (MODELINE + text)[: text.index(word) + len(MODELINE) + inside]
    hover = server.hover(file, before.count("\n"), len(before) - before.rfind("\n") - 1)
    return hover.replace("\\", "")


@pytest.mark.parametrize("extends", ["extends", "x-extends"])
@pytest.mark.parametrize("word", HOVERED)
def test_a_key_is_explained_by_its_description(word: str, extends: str, server: LanguageServer) -> None:
    """Also where the rules of a whole profile hold, which describe nothing."""
    text = EXPLAINED.replace("extends", extends) if word != "extends" else EXPLAINED
    explained = shown(server, text, word)
    assert HOVERED[word] in explained.splitlines(), explained
    assert "||" not in explained
    assert explained.startswith("#### ")


@pytest.mark.parametrize("at_value", [False, True], ids=["key", "value"])
def test_a_choice_is_explained_with_all_its_words(at_value: bool, server: LanguageServer) -> None:
    explained = shown(server, EXPLAINED, "engine: sqlite", len("engine: s") if at_value else 1)
    described = [line for line in explained.splitlines() if line.startswith("* ")]
    assert sorted(described) == [
        "* `null`: Removes what was inherited.",
        "* `postgres`: A database on the deployment's PostgreSQL server.",
        "* `sqlite`: One file in the service's data mount; no server.",
    ]
