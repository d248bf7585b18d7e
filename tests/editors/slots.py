"""Where each kind of value stands in a profile, and values at the borders of what may stand there."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from mutations import CHARACTERS, LENGTHS, NUMBERS, TEXTS

# A small whole profile; each slot is laid over it.
SMALL = {"format": 1, "project": "a", "stage": "development", "services": {"api": {"image": "app:1"}}}

# One a line; HOLE stands for a value, or for a key.
SLOTS = """
format: HOLE
HOLE: 1
aliases: [HOLE]
stage: HOLE
out: HOLE
project: HOLE
engine: HOLE
secrets_in: HOLE
volumes: HOLE
volumes: { HOLE: { storage: 1Gi } }
volumes: { data: HOLE }
volumes: { data: { storage: HOLE } }
image_pull_secrets: HOLE
image_pull_secrets: [HOLE]
nodes: HOLE
nodes: { count: HOLE }
nodes: { memory: HOLE }
nodes: { cpus: HOLE }
secrets: HOLE
secrets: { KEY: HOLE }
secrets: { HOLE: generate }
secrets: { KEY: { file: HOLE } }
compose: { HOLE: 1 }
compose: { a: { HOLE: 1 } }
compose: { a: [{ HOLE: 1 }] }
services: HOLE
services: { HOLE: { image: "app:1" } }
services: { api: HOLE }
services: { api: { HOLE: 1 } }
services: { api: { build: HOLE } }
services: { api: { build: { context: HOLE } } }
services: { api: { build: { context: ., dockerfile: HOLE } } }
services: { api: { build: { context: ., target: HOLE } } }
services: { api: { build: { context: ., args: { A: HOLE } } } }
services: { api: { build: { context: ., args: { HOLE: a } } } }
services: { api: { image: HOLE } }
{ stage: production, services: { api: { image: HOLE } } }
services: { api: { command: HOLE } }
services: { api: { command: [HOLE] } }
services: { api: { entrypoint: HOLE } }
services: { api: { user: HOLE } }
services: { api: { working_dir: HOLE } }
services: { api: { port: HOLE } }
services: { api: { port: 80, publish: HOLE } }
services: { api: { port: 80, publish: { default: HOLE } } }
services: { api: { port: 80, publish: { default: 80, env: HOLE } } }
services: { api: { port: 80, publish: { default: 80, address: HOLE } } }
services: { api: { outbound: HOLE } }
services: { api: { port: 80, publish: 80, outbound: HOLE } }
services: { api: { data: HOLE } }
services: { api: { volumes: [HOLE] } }
services: { api: { environment: { A: HOLE } } }
services: { api: { environment: { HOLE: a } } }
services: { api: { environment: { A: { env: HOLE } } } }
services: { api: { environment: { A: { env: A, default: HOLE } } } }
services: { api: { environment: { A: { env: A, HOLE: 1 } } } }
services: { api: { environment: { A: { secret: HOLE } } } }
services: { api: { environment: { A: { database: HOLE } } } }
services: { api: { port: 80, healthcheck: { http: HOLE } } }
services: { api: { port: 80, healthcheck: { http: /, with: HOLE } } }
services: { api: { healthcheck: { command: HOLE } } }
services: { api: { healthcheck: { command: a, interval: HOLE } } }
services: { api: { healthcheck: { command: a, retries: HOLE } } }
services: { api: { depends_on: HOLE } }
services: { api: { depends_on: [HOLE] } }
services: { api: { depends_on: { HOLE: started } } }
services: { api: { depends_on: { other: HOLE } } }
services: { api: { labels: { a: HOLE } } }
services: { api: { labels: { HOLE: a } } }
services: { api: { replicas: HOLE } }
services: { api: { stop_grace_period: HOLE } }
services: { api: { storage: HOLE } }
services: { api: { data: "data:/app/data", storage: HOLE } }
services: { api: { data: "data:/app/data", storage: { size: HOLE } } }
services: { api: { data: "data:/app/data", storage: { size: 1Gi, class: HOLE } } }
services: { api: { data: "data:/app/data", storage: { size: 1Gi, shared: HOLE } } }
services: { api: { limits: { memory: HOLE } } }
services: { api: { runs: HOLE } }
services: { api: { runs: HOLE, compose: { restart: always } } }
services: { api: { limits: { cpus: HOLE } } }
services: { api: { data: "./a:/app/data", database: { sqlite: HOLE } } }
services: { api: { data: "./a:/app/data", database: { sqlite: { path: HOLE } } } }
services: { api: { data: "./a:/app/data", database: { sqlite: { path: data/a.db, driver: HOLE } } } }
services: { api: { data: "./a:/app/data", database: { sqlite: { path: data/a.db, options: HOLE } } } }
services: { api: { data: "./a:/app/data", database: { sqlite: { path: data/a.db, options: { timeout: HOLE } } } } }
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, engine: HOLE } } }
{ services: { api: { database: { postgres: HOLE } } }, postgres: { image: "postgres:16", user: app } }
{ services: { api: { database: { postgres: b } } }, postgres: { image: "postgres:16", user: app }, backups: HOLE }
{ services: { api: { database: { postgres: b } } }, postgres: { image: "postgres:16", user: app }, backups: { to: HOLE } }
{ services: { api: { database: { postgres: b } } }, postgres: { image: "postgres:16", user: app }, backups: { to: store, daily_at: HOLE } }
{ services: { api: { database: { postgres: b } } }, postgres: { image: "postgres:16", user: app }, backups: { to: store, keep: HOLE } }
{ services: { api: { database: { postgres: b } } }, postgres: { image: "postgres:16", user: app }, backups: { to: store, encrypt: HOLE } }
{ services: { api: { database: { postgres: b } } }, postgres: { image: "postgres:16", user: app }, backups: { to: store, drill: HOLE } }
{ services: { api: { database: { postgres: b } } }, postgres: { image: "postgres:16", user: app }, backups: { to: store, drill: { api: HOLE } } }
{ services: { api: { database: { postgres: { name: HOLE } } } }, postgres: { image: "postgres:16", user: app } }
{engine: sqlite, services: {api: {data: "./a:/b", database: {sqlite: /b/c, postgres: {name: d, extensions: [HOLE]}}}}}
{engine: sqlite, services: {api: {data: "./a:/b", database: {sqlite: /b/c, postgres: {name: d, connection_limit: HOLE}}}}}
{engine: sqlite, services: {api: {data: "./a:/b", database: {sqlite: /b/c, postgres: {name: d, temp_file_limit: HOLE}}}}}
{engine: sqlite, services: {api: {data: "./a:/b", database: {sqlite: /b/c, postgres: {name: d, statement_timeout: HOLE}}}}}
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, driver: HOLE } } }
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, env: HOLE } } }
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, shared: HOLE } } }
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, options: HOLE } } }
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, pool: HOLE } } }
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, pool: { size: HOLE } } } }
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, pool: { size: 5, overflow: HOLE } } } }
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, driver: plain, options: { HOLE: a } } } }
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, driver: plain, options: { a: HOLE } } } }
services: { api: { data: "./a:/app/data", database: { sqlite: data/a.db, give_url: HOLE } } }
{ services: { api: { database: { postgres: b } }, web: { image: "a:1", database: { postgres: b, rights: HOLE } } }, postgres: { image: "postgres:16", user: app, access: per_service } }
{ services: { api: { database: { postgres: b, give_url: HOLE } } }, postgres: { image: "postgres:16", user: app } }
postgres: { image: HOLE, user: app }
{ stage: production, postgres: { image: HOLE, user: app } }
postgres: { image: "postgres:16", user: HOLE }
postgres: { image: "postgres:16", user: app, version: HOLE }
postgres: { image: "postgres:16", user: app, user_id: HOLE }
postgres: { image: "postgres:16", user: app, database: HOLE }
postgres: { image: "postgres:16", user: app, access: HOLE }
postgres: { image: "postgres:16", user: app, publish: HOLE }
postgres: { image: "postgres:16", user: app, volume: HOLE }
postgres: { image: "postgres:16", user: app, local_auth: HOLE }
postgres: { image: "postgres:16", user: app, healthcheck: { interval: HOLE } }
postgres: { image: "postgres:16", user: app, healthcheck: { retries: HOLE } }
postgres: { image: "postgres:16", user: app, healthcheck: { start_period: HOLE } }
postgres: { image: "postgres:16", user: app, initdb: { locale: HOLE } }
postgres: { image: "postgres:16", user: app, initdb: { locale: C, provider: HOLE } }
postgres: { image: "postgres:18", user: app, initdb: { locale: C, provider: HOLE } }
postgres: { image: "postgres:16", user: app, initdb: { checksums: HOLE } }
postgres: { image: "postgres:16", user: app, initdb: { args: [HOLE] } }
postgres: { image: "postgres:16", user: app, environment: { A: HOLE } }
postgres: { image: "postgres:16", user: app, environment: { HOLE: a } }
postgres: { image: "postgres:16", user: app, storage: HOLE }
postgres: { image: "postgres:16", user: app, storage: { size: HOLE } }
postgres: { image: "postgres:16", user: app, storage: { size: 1Gi, class: HOLE } }
postgres: { image: "postgres:16", user: app, storage: { size: 1Gi, shared: HOLE } }
{ target: kubernetes, postgres: { image: "postgres:16", user: app, storage: 1Gi, operator: HOLE } }
{ target: kubernetes, postgres: { image: "postgres:16", user: app, storage: 1Gi, operator: cloudnative-pg, instances: HOLE } }
{ services: { api: { outbound: HOLE, database: { postgres: b } } }, postgres: { user: app, external: { host: a } } }
postgres: { image: "postgres:16", user: app, settings: { a: HOLE } }
postgres: { image: "postgres:16", user: app, settings: { HOLE: a } }
postgres: { user: app, external: { host: HOLE } }
postgres: { user: app, external: { host: a, port: HOLE } }
postgres: { user: app, external: { host: a, tls: HOLE } }
postgres: { user: app, external: { host: a, tls: verify-full, ca: HOLE } }
{ target: kubernetes, postgres: { user: app, external: { host: a, ca_secret: HOLE } } }
""".strip().splitlines()

# Texts that one character more is put into: names, paths, mounts.
STEMS = ["{}a", "a{}", "a{}a", "A{}", "/{}a", "/a{}", "./a{}:/a", "./a:/a{}"]

# Almost right for long: a reader whose regular expression tries every way to take them apart never ends.
LONG = [stem * 150 + "\x00" for stem in ["a", "/", "a/", "/a", "a-", "a_", "a.", "1s", "10", "a:", "./"]]
LONG += [start + "a" * 150 + "\x00" for start in ["/", "./", "./a:/", "a/a:", "a@sha256:"]]


@cache
def border_values() -> list[Any]:
    """Each once, by what JSON makes of it."""
    values: list[Any] = [*TEXTS, *NUMBERS, *LONG, True, False, None, [], {}, ["a"], {"a": 1}, {"x-a": 1}, {"to": "store"}]
    for length in LENGTHS:
        values += [(stem * length)[:length] for stem in ["a", "A", "0", "é", "😀", "_", "-", ".", "/a"]]
        values += ["a" * length + "\n", "v" * length + ":/b", "a:" + "t" * length]
    for character in CHARACTERS:
        values += [stem.replace("{}", character) for stem in STEMS]
    return list({json.dumps(value): value for value in values}.values())


def filled(slot: str, values: list[Any]) -> Iterator[Any]:
    """The small profile with each value in a slot; a slot for keys takes texts only."""
    template = YAML(typ="safe", pure=True).load(slot)
    is_key = "HOLE:" in slot and not slot.endswith(": HOLE")
    for value in values:
        if not is_key or isinstance(value, str):
            yield laid_over(SMALL, fill(template, value))


def fill(template: Any, value: Any) -> Any:
    match template:
        case "HOLE":
            return value
        case dict():
            return {value if key == "HOLE" else key: fill(inner, value) for key, inner in template.items()}
        case list():
            return [fill(inner, value) for inner in template]
        case _:
            return template


def laid_over(base: Any, over: Any) -> Any:
    """As one layer of a profile lies over another: mappings by key, everything else whole, nothing where `null`."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    merged = dict(base)
    for key, value in over.items():
        merged[key] = laid_over(base[key], value) if key in base else value
    return merged


def without_nulls(document: Any) -> Any:
    match document:
        case dict():
            return {key: without_nulls(value) for key, value in document.items() if value is not None}
        case list():
            return [without_nulls(item) for item in document]
        case _:
            return document
