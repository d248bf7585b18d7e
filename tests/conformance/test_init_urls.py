"""Before the init script touches the server, it compares the connection URLs that the services get with all the rest.

What these tests know:

* where a URL is refused no psql ran at all, which the stand-in would have noted;
* every URL here has `MARK` in its password, and the fixture `deployment` looks for it in all that was printed.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from cases import PASSWORDS
from init_script import MARK, READY, Deployment
from programs import SCRUBBED, Generate, Meaning, run, tool
from test_init_external import prepare_external
from test_password_logins import all_passwords, deployed, role
from values import SEED, hostile_values

URL = "AUTH_SERVICE__DB_URL"
OTHER_URL = "AGENT_RUNTIME__DB_URL"
PASSWORD = "AUTH_SERVICE__DB_PASSWORD"
SECRET = f"{MARK}-auth"
GOOD = f"postgresql+asyncpg://auth_service:{SECRET}@postgres:5432/auth_db"
OTHER_GOOD = f"postgresql+asyncpg://agent_runtime:{MARK}-agent@postgres:5432/agent_runtime"

UNSET = "  help: a variable that the shell exports wins over .env; to go back to that: unset"
END = (
    "  help: otherwise .env is out of date: run codelab-gen again to write it\n"
    "  help: where no .env gives the URL, a password may have A-Z a-z 0-9 . _ - only\n"
)
IN_COMPOSE = "  help: then run docker compose up -d --wait; services that were to change are stopped until then\n"

NOT_THAT = f"the password in {URL} is not that of {PASSWORD}"
NOT_ENCODED = f"the password in {URL} has characters that must be percent-encoded in a URL"

# What the URL of auth-service is instead, with what is told about it.
FAULTS = {
    "another password": (GOOD.replace("-auth@", "-old@"), [NOT_THAT]),
    "a decoded NUL": (GOOD.replace("-auth@", "-auth%00@"), [NOT_THAT]),
    "no password": ("postgresql+asyncpg://auth_service@postgres/auth_db", [f"{URL} has no password, expected that of {PASSWORD}"]),
    "an empty password": ("postgresql://auth_service:@postgres/auth_db", [f"{URL} has no password, expected that of {PASSWORD}"]),
    "another role": (GOOD.replace("//auth_service", "//codelab"), [f"the role in {URL} is codelab, expected auth_service"]),
    "another host": (GOOD.replace("@postgres", "@db.example.com"), [f"the host in {URL} is db.example.com, expected postgres"]),
    "another port": (GOOD.replace(":5432", ":6432"), [f"the port in {URL} is 6432, expected 5432"]),
    "another database": (GOOD.replace("/auth_db", "/auth?x=1"), [f"the database in {URL} is auth, expected auth_db"]),
    "no database": (GOOD.replace("/auth_db", ""), [f"the database in {URL} is not auth_db"]),
    "SQLite": ("sqlite:///data/auth.db", [f"{URL} leads to SQLite, expected the PostgreSQL database auth_db"]),
    "another engine": ("mysql" + GOOD[10:], [f"{URL} does not begin with postgresql://"]),
    "no URL": (SECRET, [f"{URL} does not begin with postgresql://"]),
    "the password as role": (
        f"postgresql://{SECRET}@postgres/auth_db",
        [f"{URL} has no password, expected that of {PASSWORD}", f"the role in {URL} is not auth_service"],
    ),
    "nothing right": (
        f"postgres://x:{MARK}@[::1]:1:2/\x1b[31m",
        [
            NOT_THAT,
            f"the role in {URL} is x, expected auth_service",
            f"the host in {URL} is not postgres",
            f"the port in {URL} is not 5432",
            f"the database in {URL} is not auth_db",
        ],
    ),
    "an @ in another password": (
        GOOD.replace("-auth@", "@-auth@"),
        [NOT_THAT, f"the host in {URL} is not postgres"],
    ),
}  # fmt: skip

# What Compose builds where no .env gives the URL: the password as it is. Only some of them can be read.
RAW = {
    MARK + "p@ss": [NOT_ENCODED],
    "p@" + MARK + "/x?y": [NOT_ENCODED],
    MARK + "%41": [NOT_ENCODED],
    MARK + "%00": [NOT_ENCODED],
    MARK + "100%": [],
    MARK + ":/?#&'\"\\$*": [],
}


def lines(faults: list[str], names: str, end: str = END + IN_COMPOSE) -> str:
    told = "".join(f"init-postgres: {fault}\n" for fault in [*faults, "nothing was changed"])
    return f"{told}{UNSET} {names}\n{end}"


def state(deployment: Deployment) -> list[str]:
    """Every row of roles and databases, with the transaction that wrote it."""
    return deployment.server.query("SELECT xmin, * FROM pg_authid; SELECT xmin, * FROM pg_database")


@pytest.mark.parametrize("url, faults", FAULTS.values(), ids=FAULTS.keys())
def test_wrong_url(deployment: Deployment, url: str, faults: list[str]) -> None:
    before = state(deployment)
    status, output = deployment.attempt("per_service", **{URL: url, OTHER_URL: OTHER_GOOD})
    names = f"{URL} {PASSWORD}" if NOT_THAT in faults else URL
    assert (status, output) == (1, lines(faults, names))
    assert deployment.arguments == ""
    assert state(deployment) == before


@pytest.mark.quick
def test_all_faults_are_told(deployment: Deployment) -> None:
    other = OTHER_GOOD.replace("agent_runtime:", "agent:")
    status, output = deployment.attempt("per_service", **{URL: FAULTS["SQLite"][0], OTHER_URL: other})
    faults = [f"the role in {OTHER_URL} is agent, expected agent_runtime", *FAULTS["SQLite"][1]]
    assert (status, output) == (1, lines(faults, f"{OTHER_URL} {URL}"))
    assert deployment.arguments == ""


def test_changed_password_of_a_shared_role(deployment: Deployment) -> None:
    urls = {f"{name}__DB_URL": f"postgresql://codelab:{MARK}@postgres/{database}" for name, database in
            (("AGENT_RUNTIME", "agent_runtime"), ("AUTH_SERVICE", "auth_db"))}  # fmt: skip
    status, output = deployment.attempt("shared", **urls)
    faults = [f"the password in {url} is not that of POSTGRES_PASSWORD" for url in (OTHER_URL, URL)]
    assert (status, output) == (1, lines(faults, f"{OTHER_URL} POSTGRES_PASSWORD {URL}"))
    assert deployment.arguments == ""


@pytest.mark.quick
@pytest.mark.parametrize("password, faults", RAW.items())
def test_password_as_it_is(deployment: Deployment, password: str, faults: list[str]) -> None:
    url = GOOD.replace(SECRET, password)
    status, output = deployment.attempt("per_service", **{URL: url, PASSWORD: password})
    assert (status, output) == ((1, lines(faults, URL)) if faults else (0, READY))


@pytest.mark.parametrize(
    "url",
    [
        GOOD,
        GOOD.replace("+asyncpg", ""),
        GOOD.replace("postgresql+asyncpg", "postgres"),
        GOOD.replace("+asyncpg", "+psycopg").replace(":5432", ""),
        f"{GOOD}?ssl=require&application_name=a@b:c/d",
        GOOD.replace(MARK, quote(MARK[0]) + "%" + MARK[1].encode().hex() + MARK[2:]).replace("auth_service", "auth%5fservice"),
        "",
    ],
)  # fmt: skip
def test_right_url(deployment: Deployment, url: str) -> None:
    assert deployment.run("per_service", **{URL: url}) == READY


def test_password_in_a_file(deployment: Deployment) -> None:
    file = deployment.folder / "postgres_password"
    file.write_text(f"{MARK}@", encoding="utf-8")
    changes = {"POSTGRES_PASSWORD": None, "POSTGRES_PASSWORD_FILE": str(file)}
    url = f"postgresql://codelab:{MARK}%40@postgres/auth_db"
    assert deployment.run("shared_files", **changes, **{URL: url}) == READY
    status, output = deployment.attempt("shared_files", **changes, **{URL: url.replace("%40", "")})
    told = f"the password in {URL} is not that of POSTGRES_PASSWORD"
    assert (status, output) == (1, lines([told], f"{URL} POSTGRES_PASSWORD"))


@pytest.mark.default_logging
def test_external(deployment: Deployment) -> None:
    """The URL leads to the server of the profile, however the administrator reaches it."""
    prepare_external(deployment)
    good = GOOD.replace("@postgres", "@db.example.com")
    status, output = deployment.attempt("external_per_service", **{URL: GOOD})
    assert (status, output) == (1, lines([f"the host in {URL} is postgres, expected db.example.com"], URL, end=END))
    assert deployment.arguments == ""
    assert deployment.run("external_per_service", **{URL: good}) == READY


SQLALCHEMY = """
import json, sys
from sqlalchemy import make_url

def read(text):
    try:
        url = make_url(text)
    except Exception:
        return None
    return [url.get_backend_name(), url.username, url.password, url.host, url.port or 5432, url.database]

print(json.dumps([read(text) for text in json.load(sys.stdin)]))
"""

# Ends the script when it would start to work, so that no server is needed.
PSQL_THAT_ENDS = "#!/usr/bin/env bash\nexit 77\n"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, generate: Generate, meaning: Meaning) -> Iterator["Many"]:
    yield Many(tmp_path_factory.mktemp("urls"), generate, meaning)


class Many:
    """The script for as many services as there are passwords, each with a role and a database of its own."""

    def __init__(self, folder: Path, generate: Generate, meaning: Meaning) -> None:
        self.folder = folder
        self.passwords = [password for password in all_passwords() if len(quote(password)) < 50_000]
        services: Mapping[str, Any] = deployed(folder, self.passwords, generate, meaning)
        self.environment = services["postgres-ensure"]["environment"]
        psql = folder / "bin" / "psql"
        psql.parent.mkdir()
        psql.write_text(PSQL_THAT_ENDS, encoding="utf-8")
        psql.chmod(0o755)

    def refused(self, **changes: str) -> set[int]:
        """The numbers of the services whose URLs the script refuses."""
        path = f"{self.folder / 'bin'}:{SCRUBBED['PATH']}"
        environment = {**SCRUBBED, **self.environment, **changes, "PATH": path}
        script = self.folder / "scripts" / "init-postgres.sh"
        done = subprocess.run(["bash", str(script)], env=environment, capture_output=True, encoding="utf-8", check=False)
        told, refusal, _ = done.stderr.partition("init-postgres: nothing was changed")
        assert done.returncode == (1 if refusal else 77), done.stderr[-2000:]
        return {int(line.partition(" S")[2][:3]) for line in told.splitlines()}


def test_every_password_as_codelab_gen_writes_it(many: Many) -> None:
    assert many.refused() == set()
    urls = {name: url.replace("@postgres", "%2D@postgres") for name, url in many.environment.items() if "_URL" in name}
    assert many.refused(**urls) == set(range(len(many.passwords)))


def any_url(random: Random, number: int, password: str) -> str:
    """A URL that is right in most of its parts."""
    name, encoded = role(number), random.choice((quote(password, safe=""), quote(password), password, password))
    parts = [
        ("postgresql+asyncpg", "postgresql", "postgresql+psycopg", "sqlite", "postgresql-x", ""),
        ("://", ":/", ":", "//", ":///"),
        (f"{name}:{encoded}@", f"{name}@", "", f"a@{name}:{encoded}@", f"{name}:{encoded}"),
        ("postgres", "", "other", "postgres ", "Postgres"),
        (":5432", "", ":", ":5433", ":x", ":5432:5432"),
        ("/", "", "//", ":"),
        (f"{name}_db", "", "s", f"{name}_db/", f"{name}_db@x"),
        ("", "?ssl=require", "?a@b", "#x", "?"),
    ]
    return "".join(right if random.random() < 0.9 else random.choice(others) for right, *others in parts)


@pytest.mark.parametrize("environment", ["sqlalchemy-2.0", "sqlalchemy-current"])
def test_every_url_as_sqlalchemy_reads_it(many: Many, environment: str) -> None:
    random = Random(f"{SEED} of URLs {environment}")
    hostile = [value for value in hostile_values(3_000, random.random()) if len(quote(value)) < 20_000]
    passwords = random.sample(hostile, len(many.passwords))
    urls = [any_url(random, number, password) for number, password in enumerate(passwords)]
    python = tool("python", environment)
    read = json.loads(run(python, "-c", SQLALCHEMY, cwd=many.folder, stdin=json.dumps(urls)).stdout)
    wanted = [
        ["postgresql", role(number), password, "postgres", 5432, f"{role(number)}_db"]
        for number, password in enumerate(passwords)
    ]
    wrong = {number for number in range(len(urls)) if read[number] != wanted[number]}
    changes = {f"{role(number).upper()}__DB_URL": url for number, url in enumerate(urls)}
    changes |= {f"{role(number).upper()}__DB_PASSWORD": password for number, password in enumerate(passwords)}
    refused = many.refused(**changes)
    differing = [(urls[number], passwords[number], read[number]) for number in sorted(wrong ^ refused)]
    assert differing == [], f"seed {SEED}"
    assert len(wrong) > 40 and len(urls) - len(wrong) > 40


# What services of other languages are told instead, with what is told about it.
HEADS = {
    "jdbc": "jdbc:postgresql://postgres:5432/shop?user=api&password={}",
    "npgsql": "Host=postgres;Port=5432;Database=shop;Username=api;Password={}",
    "dsn": "host=postgres port=5432 dbname=shop user=api password={}",
}
SHOWN = {"jdbc": "jdbc:postgresql://", "npgsql": "host=", "dsn": "host="}
WORD = "API__DB_URL"
WRONG_WORDS = {
    "another password": ("{}", "{}x", "the password in API__DB_URL is not that of API__DB_PASSWORD"),
    "no password": ("{}", "", "API__DB_URL has no password, expected that of API__DB_PASSWORD"),
    "another role": ("=api", "=root", "the role in API__DB_URL is root, expected api"),
    "another host": ("postgres:5432|=postgres", "db:5432|=db", "the host in API__DB_URL is db, expected postgres"),
    "another port": ("5432", "6432", "the port in API__DB_URL is 6432, expected 5432"),
    "another database": ("shop", "other", "the database in API__DB_URL is other, expected shop"),
    "another engine": ("jdbc:|ost=", "x|x=", "API__DB_URL does not begin with "),
}  # fmt: skip


@pytest.fixture(scope="module", params=HEADS)
def worded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, generate: Generate, meaning: Meaning) -> "Worded":
    return Worded(request.param, tmp_path_factory.mktemp("words"), generate, meaning)


class Worded:
    """The script for a service that is told its database in other words than a URL."""

    def __init__(self, driver: str, folder: Path, generate: Generate, meaning: Meaning) -> None:
        self.driver, self.folder = driver, folder
        service = {"image": "a:1", "database": {"postgres": "shop", "driver": driver}}
        profile = {
            "format": 1,
            "project": "shop",
            "stage": "ci",
            "services": {"api": service},
            "postgres": {"image": "postgres:16", "user": "shop", "access": "per_service"},
        }
        folder.joinpath("shop.yaml").write_text(json.dumps(profile), encoding="utf-8")
        self.generate, self.meaning = generate, meaning
        psql = folder / "bin" / "psql"
        psql.parent.mkdir()
        psql.write_text(PSQL_THAT_ENDS, encoding="utf-8")
        psql.chmod(0o755)

    def environment(self, password: str) -> dict[str, str]:
        self.folder.joinpath(".env").unlink(missing_ok=True)
        secret = {"API__DB_PASSWORD": password}
        self.generate(self.folder / "shop.yaml", self.folder, "--allow-weak-secrets", "--force", env=secret)
        return self.meaning(self.folder)["services"]["postgres-ensure"]["environment"]

    def run(self, environment: Mapping[str, str]) -> tuple[int, str]:
        path = f"{self.folder / 'bin'}:{SCRUBBED['PATH']}"
        script = self.folder / "scripts" / "init-postgres.sh"
        environment = {**SCRUBBED, **environment, "PATH": path}
        done = subprocess.run(["bash", str(script)], env=environment, capture_output=True, encoding="utf-8", check=False)
        return done.returncode, done.stderr


def test_words_are_right_whatever_the_password(worded: Worded) -> None:
    for password in PASSWORDS:
        if worded.driver == "dsn" and " " in password and "$" in password:
            continue
        status, said = worded.run(worded.environment(password))
        assert status == 77, (password, said)


@pytest.mark.parametrize("kind", WRONG_WORDS)
def test_wrong_words(worded: Worded, kind: str) -> None:
    old, new, fault = WRONG_WORDS[kind]
    environment = worded.environment(f"{MARK}-twelve")
    text = environment[WORD]
    head = HEADS[worded.driver].format(f"{MARK}-twelve")
    assert text.startswith(head), text
    changed = text
    for one, other in zip(old.split("|"), new.split("|"), strict=True):
        changed = changed.replace(one.replace("{}", f"{MARK}-twelve"), other.replace("{}", f"{MARK}-twelve"), 1)
    assert changed != text
    status, said = worded.run({**environment, WORD: changed})
    assert status == 1 and MARK not in said, said
    first = said.splitlines()[0]
    assert first == f"init-postgres: {fault}" + (SHOWN[worded.driver] if kind == "another engine" else "")
