"""No password of a deployment stands in any log, whatever the server logs, after all that an administrator does with it."""

import base64
import json
import re
import secrets
import time
from collections import defaultdict
from typing import Any
from urllib.parse import quote

import images
import pytest
from deployment import SEEDS, Deployment, check
from generated import Generated
from server import psql

# What fails is logged with the statement that failed. With more than debug2 the server itself writes its environment into
# its log, so a profile can't have that; each session gets it from the server.
LOUD = {
    "log_min_messages": "debug2",
    "log_min_error_statement": "debug5",
    "log_statement": "all",
    "debug_print_parse": "on",
}
LOUDER = "ALTER ROLE ALL SET log_min_messages = debug5"

PROFILE: dict[str, Any] = {
    "extends": "builtin:prod-postgres",
    "postgres": {
        "access": "per_service",
        "image": images.POSTGRES_OF_USER or images.POSTGRES,
        **({} if images.POSTGRES_OF_USER else {"version": 15}),
        "settings": LOUD,
    },
}

PASSWORDS = ("POSTGRES_PASSWORD", "AGENT_RUNTIME__DB_PASSWORD", "AUTH_SERVICE__DB_PASSWORD")


class Heard:
    """What was said and logged up to now, by who said it, and the secrets that are looked for in it."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.said: dict[str, str] = defaultdict(str)
        self.secrets: dict[str, set[str]] = defaultdict(set)
        self.since = time.time()

    def run(self, *command: str, **how: Any) -> str:
        """Runs something as the deployment's user does, and listens to all of it."""
        status = how.pop("status", 0)
        self.deployment.check_project()
        done = self.deployment.finish(list(command), **{"cwd": self.deployment.root, **how})
        check(done, status)
        self.listen(command[0], done.stdout + done.stderr)
        return done.stdout

    def script(self, name: str, *arguments: str) -> str:
        """The containers that a script has replaced are gone with their logs: those of now are kept before."""
        self.logs()
        return self.run(str(self.deployment.out / "scripts" / "db" / f"{name}.sh"), *arguments)

    def start(self, generated: Generated) -> None:
        self.listen("codelab-gen", generated.said + generated.notes)
        self.logs()
        self.run("sh", "-ec", generated.next_command)

    def listen(self, who: str, text: str) -> None:
        self.said[who] += text
        variables = self.deployment.variables()
        folder = self.deployment.out / "secrets"
        for name in PASSWORDS:
            file = folder / name.lower()
            value = file.read_text(encoding="utf-8") if file.exists() else variables.get(name, "").strip("'")
            assert value, name
            self.secrets[name].add(value)

    def logs(self) -> None:
        for name in self.deployment.containers():
            self.said[f"the log of {name}"] += self.deployment.logs(name)

    def engine(self) -> None:
        engine = self.deployment.engine
        between = ["--since", str(self.since), "--until", str(time.time())]
        self.said["events of the engine"] = engine.docker("events", *between, "--format", "{{json .}}")
        if engine.host_of is not None:
            self.said["the log of the engine"] = engine.folder.joinpath("dockerd.log").read_text(errors="replace")

    def backups(self) -> None:
        for path in self.deployment.out.joinpath("backups").rglob("*"):
            if path.is_file():
                self.said[str(path.name)] += path.read_bytes().decode(errors="replace")

    def found(self) -> set[tuple[str, str]]:
        """Who has which secret, in any form that programs write."""
        return {
            (who, name)
            for who, text in self.said.items()
            for name, values in self.secrets.items()
            if any(form in text for value in values for form in forms(value))
        }


def forms(value: str) -> set[str]:
    """As it is, as a URL, JSON, SQL and base64 have it, and each part that all of them but the last leave as it is."""
    url = quote(value, safe="")
    encoded = base64.b64encode(value.encode()).decode()
    whole = {value, url, url.replace("~", "%7E"), json.dumps(value)[1:-1], value.replace("'", "''"), encoded}
    return {*whole, *re.findall("[0-9A-Za-z]{12,}", value)}


def started(deployment: Deployment, secrets_in: str) -> Heard:
    """With passwords that are written differently in a URL, in JSON and in SQL."""
    heard = Heard(deployment)
    deployment.write_profile("own", {**PROFILE, "secrets_in": secrets_in})
    given = {name: f"its own/p@ss {secrets.token_hex(8)}~1\"é" for name in PASSWORDS}
    heard.start(deployment.generate("--profile", "own", env=given))
    psql(deployment, "postgres", LOUDER)
    deployment.compose("up", "-d", "--force-recreate", "postgres-ensure")
    assert deployment.engine.docker("wait", deployment.name("postgres-ensure")).strip() == "0"
    assert heard.secrets == {name: {value} for name, value in given.items()}
    return heard


def nothing_is_found(heard: Heard) -> None:
    heard.logs()
    heard.engine()
    heard.backups()
    loud = heard.said["the log of postgres"]
    for sign in ("DEBUG:  StartTransaction(1)", "parse tree:", "CREATE DATABASE", "CREATE ROLE"):
        assert sign in loud, f"the server does not log all that it can: {sign}"
    assert "exec_create" in heard.said["events of the engine"]
    assert heard.found() == set()
    deployment = heard.deployment
    if deployment.out.joinpath("secrets").exists():
        heard.said["what the engine tells of the server"] = json.dumps(deployment.containers()["postgres"])
        assert heard.found() == set()
    sql = f"ALTER ROLE nobody PASSWORD '{next(iter(heard.secrets['POSTGRES_PASSWORD']))}'"
    deployment.try_inside("postgres", "psql", "-XU", "codelab", "-d", "postgres", "-c", sql)
    heard.logs()
    assert heard.found() == {("the log of postgres", "POSTGRES_PASSWORD")}, "this test notices"


@pytest.mark.parametrize("secrets_in", ["dotenv", "files"])
def test_no_log_has_a_password_after_a_backup_and_a_restore(deployment: Deployment, secrets_in: str) -> None:
    heard = started(deployment, secrets_in)
    heard.run(*deployment.generate_command("doctor"))
    backup = heard.script("backup").strip()
    deployment.write("auth-service", "later")
    heard.script("restore", backup, "auth-service")
    assert deployment.read("auth-service") == SEEDS
    heard.script("psql", "auth-service", "-c", "SELECT 1")
    nothing_is_found(heard)


@pytest.mark.parametrize("secrets_in", ["dotenv", "files"])
def test_no_log_has_a_password_after_new_ones_and_a_move(deployment: Deployment, secrets_in: str) -> None:
    """Also those that were replaced, and those of a run that is refused."""
    heard = started(deployment, secrets_in)
    heard.start(deployment.generate("rotate", *PASSWORDS))
    assert {len(values) for values in heard.secrets.values()} == {2}
    heard.run(*deployment.generate_command("--check"))
    heard.logs()
    heard.run(*deployment.generate_command("migrate", "auth-service", "--to", "sqlite"))
    nothing_is_found(heard)
