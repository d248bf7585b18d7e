"""Every form in which a service is told its database opens it, by the driver that reads this form.

What these tests know:

* a service of the profile stands for each driver and each password, with a role and a database of its own;
* of what it is told only the address inside the Compose network gives way to that of the test's server;
* of .NET only the class that reads such texts is to be had, Mono's own, and not Npgsql, which builds on it.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from cases import PASSWORDS
from drivers import LANGUAGES, Answer, Question, properties_of_java, words_of_dotnet
from init_script import run_as_the_image_does
from postgres_server import Postgres, PostgresServer
from programs import Generate, Meaning, run, tool

WHO = "SELECT current_user || ' in ' || current_database()"

# What a profile calls a driver, and by what the program of the language opens it.
FORMS = {
    "python-2.0": [
        ("asyncpg", "async"),
        ("psycopg", "async"),
        ("psycopg", "sync"),
        ("psycopg2", "sync"),
    ],
    "python": [
        ("asyncpg", "async"),
        ("psycopg", "sync"),
        ("psycopg2", "sync"),
        ("plain", "psycopg"),
        ("dsn", "psycopg"),
    ],
    "go": [
        ("pq", "postgres"),
        ("pgx", "pgx"),
        ("pgx", "pgxpool"),
        ("dsn", "postgres"),
        ("dsn", "pgx"),
    ],
    "rust": [
        ("sqlx", "sqlx"),
        ("tokio_postgres", "tokio_postgres"),
        ("dsn", "tokio_postgres"),
    ],
    "node": [("node", "pg"), ("plain", "pg"), ("prisma", "prisma")],
    "django": [("django", "dj_database_url"), ("django", "environ")],
    "java": [("jdbc", "jdbc")],
    "ruby": [("rails", "rails"), ("plain", "pg"), ("dsn", "pg")],
    "php": [("laravel", "url"), ("dsn", "libpq")],
}

# Words with values need quotes around blanks, which no form of .env holds beside a dollar.
UNWRITABLE_WORDS = [password for password in PASSWORDS if " " in password and "$" in password]

POSTGRES = {"image": "postgres:16", "user": "codelab", "access": "per_service"}


@pytest.fixture(scope="module")
def server(postgres_18: Postgres) -> Iterator[PostgresServer]:
    with PostgresServer(postgres_18) as server:
        yield server


@pytest.fixture
def container() -> Iterator[Path]:
    """A folder whose path may stand in a profile, which the user's folder for such things need not."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="container-") as container:
        yield Path(container)


@dataclass(frozen=True)
class Case:
    """A service with what it is to be."""

    name: str
    form: str
    by: str
    password: str

    @property
    def role(self) -> str:
        return self.name.replace("-", "_")


def write_profile(folder: Path, services: Mapping[str, Any], **more: Any) -> Path:
    path = folder / "case.yaml"
    profile = {
        "format": 1,
        "project": "case",
        "stage": "ci",
        "services": services,
        "postgres": POSTGRES,
        **more,
    }
    path.write_text(json.dumps(profile), encoding="utf-8")
    return path


def at(server: PostgresServer, text: str) -> str:
    """The text with the test's server in the place of the deployment's."""
    here = [
        ("@postgres:5432/", f"@{server.host}:{server.port}/"),
        ("//postgres:5432/", f"//{server.host}:{server.port}/"),
        ("host=postgres port=5432 ", f"host={server.host} port={server.port} "),
    ]
    found = [(old, new) for old, new in here if old in text]
    assert len(found) == 1, text
    return text.replace(*found[0])


def told(services: Mapping[str, Any], name: str) -> str:
    return services[name]["environment"][name.upper().replace("-", "_") + "__DB_URL"]


def ask(language: str, questions: Sequence[Question]) -> list[Answer]:
    return LANGUAGES[language](questions)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_form_opens_whatever_the_password(
    language: str,
    tmp_path: Path,
    generate: Generate,
    meaning: Meaning,
    server: PostgresServer,
) -> None:
    cases = [
        Case(f"{language.replace('.', '')}-{place}-{number}", form, by, password)
        for place, (form, by) in enumerate(FORMS[language])
        for number, password in enumerate(PASSWORDS)
        if form != "dsn" or password not in UNWRITABLE_WORDS
    ]
    services = {
        case.name: {
            "image": "a:1",
            "database": {"postgres": case.role, "driver": case.form},
        }
        for case in cases
    }
    passwords = {f"{case.role.upper()}__DB_PASSWORD": case.password for case in cases}
    generate(
        write_profile(tmp_path, services),
        tmp_path,
        "--allow-weak-secrets",
        env=passwords,
    )
    model = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, model["postgres"]["environment"])

    questions = [Question(case.by, at(server, told(model, case.name)), WHO) for case in cases]
    answers = ask(language, questions)
    wrong = [
        (case, said) for case, said in zip(cases, answers, strict=True) if said.said != f"{case.role} in {case.role}"
    ]
    assert wrong == []


@pytest.mark.quick
@pytest.mark.parametrize("language", ["django", "go", "java", "node", "php", "python", "ruby", "rust"])
def test_another_password_opens_nothing(
    language: str,
    tmp_path: Path,
    generate: Generate,
    meaning: Meaning,
    server: PostgresServer,
) -> None:
    """Without this the tests around it would show nothing."""
    form, by = FORMS[language][0]
    services = {"api": {"image": "a:1", "database": {"postgres": "another", "driver": form}}}
    secret = {"API__DB_PASSWORD": "twelve-characters"}
    generate(write_profile(tmp_path, services), tmp_path, env=secret)
    model = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, model["postgres"]["environment"])
    text = at(server, told(model, "api")).replace("twelve-characters", "thirteen-chars")
    [answer] = ask(language, [Question(by, text, WHO)])
    assert answer.said == "" and "password" in answer.error, answer


@pytest.mark.parametrize("password", UNWRITABLE_WORDS)
def test_words_that_no_dotenv_could_hold_are_refused(password: str, tmp_path: Path, generate: Generate) -> None:
    services = {"api": {"image": "a:1", "database": {"postgres": "api", "driver": "dsn"}}}
    profile = write_profile(tmp_path, services)
    with pytest.raises(pytest.fail.Exception, match="exit 5, expected 0"):
        generate(
            profile,
            tmp_path,
            "--allow-weak-secrets",
            env={"API__DB_PASSWORD": password},
        )
    assert not tmp_path.joinpath(".env").exists()


# By which programs each driver's options are tried: one of them takes each.
OPTIONS = {
    "asyncpg": [("python", "async")],
    "psycopg": [("python", "sync")],
    "psycopg2": [("python", "sync")],
    "dsn": [("python", "psycopg"), ("go", "pgxpool"), ("go", "postgres")],
    "django": [("django", "dj_database_url"), ("django", "environ")],
    "pq": [("go", "postgres")],
    "pgx": [("go", "pgxpool")],
    "node": [("node", "pg")],
    "jdbc": [("java", "jdbc")],
    "rails": [("ruby", "rails")],
    "laravel": [("php", "url")],
    "sqlx": [("rust", "sqlx")],
    "tokio_postgres": [("rust", "tokio_postgres")],
}

# What takes a class of the program's own, or a server with TLS.
UNTRIED = {
    "authenticationPluginClassName",
    "direct_tls",
    "socketFactory",
    "sslhostnameverifier",
    "sslpasswordcallback",
    "xmlFactoryFactory",
}

# A value that each option takes, by its name in small letters; FILE is one that is there.
VALUES: dict[str, Any] = {
    "prepared_statement_cache_size": 0, "command_timeout": 60, "target_session_attrs": "any", "krbsrvname": "postgres",
    "krbspn": "postgres/db", "gsslib": "gssapi", "ssl": "disable", "application_name": "shop & co: 100%",
    "fallback_application_name": "shop", "connect_timeout": 30, "options": "-c search_path=public", "client_encoding": "UTF8",
    "keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "keepalives_retries": 3,
    "tcp_user_timeout": 30000, "channel_binding": "prefer", "sslmode": "disable", "sslrootcert": "FILE", "sslcert": "FILE",
    "sslkey": "FILE", "sslcrl": "FILE", "sslcrldir": "FILE", "sslsni": 1, "sslcompression": 0,
    "ssl_min_protocol_version": "TLSv1.2", "ssl_max_protocol_version": "TLSv1.3", "gssencmode": "disable",
    "binary_parameters": "yes", "disable_prepared_binary_result": "yes", "search_path": "public", "timezone": "UTC",
    "lock_timeout": 10000, "idle_in_transaction_session_timeout": 10000, "default_transaction_read_only": "on",
    "default_query_exec_mode": "exec", "statement_cache_capacity": 100, "description_cache_capacity": 100,
    "statement-cache-capacity": 100, "pool_max_conns": 5, "pool_min_conns": 1, "pool_max_conn_lifetime": "1h",
    "pool_max_conn_lifetime_jitter": "1m", "pool_max_conn_idle_time": "30m", "pool_health_check_period": "1m",
    "connectiontimeoutmillis": 30000, "query_timeout": 30000, "keepalive": True, "keepaliveinitialdelaymillis": 1000,
    "uselibpqcompat": True, "pool": 5, "checkout_timeout": 30, "idle_timeout": 300, "reaping_frequency": 60,
    "prepared_statements": False, "statement_limit": 100, "advisory_locks": False, "schema_search_path": "public",
    "encoding": "unicode", "min_messages": "warning", "insert_returning": True, "charset": "utf8", "prefix": "shop_",
    "synchronous_commit": "off", "isolation_level": "serializable", "load_balance_hosts": "disable",
    "applicationname": "shop & co: 100%", "currentschema": "public", "connecttimeout": 30, "sockettimeout": 30,
    "logintimeout": 30, "cancelsignaltimeout": 10, "tcpkeepalive": True, "tcpnodelay": True, "preparethreshold": 5,
    "preparedstatementcachequeries": 10, "preparedstatementcachesizemib": 5, "preferquerymode": "simple",
    "rewritebatchedinserts": True, "defaultrowfetchsize": 100, "maxresultbuffer": "10M", "adaptivefetch": False,
    "binarytransfer": True, "stringtype": "unspecified", "readonly": True, "readonlymode": "always", "autosave": "never",
    "targetservertype": "any", "loadbalancehosts": False, "hostrecheckseconds": 10, "assumeminserverversion": "12",
    "logunclosedconnections": True, "logservererrordetail": False, "allowencodingchanges": True,
    "escapesyntaxcallmode": "select", "channelbinding": "prefer", "sslfactory":
    "org.postgresql.ssl.LibPQFactory", "sslresponsetimeout": 1000, "replication": False, "require_auth": "scram-sha-256",
    "requirepeer": "postgres", "min_protocol_version": "3.0", "max_protocol_version": "3.0", "sslnegotiation": "postgres",
    "sslcertmode": "allow", "sslkeylogfile": "FILE", "gssdelegation": 0, "oauth_issuer": "https://id.example.com",
    "oauth_client_id": "shop", "oauth_scope": "openid", "datestyle": "ISO, MDY", "tz": "UTC", "geqo": "on", "sslinline": False,
    "pool_min_idle_conns": 1, "conn_max_age": 60, "conn_health_checks": True, "atomic_requests": True, "autocommit": True,
    "disable_server_side_cursors": True, "assume_role": "codelab", "isolation_level": 2, "server_side_binding": True,
    "prepare_threshold": 5, "max_connections": 5, "min_connections": 0, "max_age": 600, "pool_jitter": 0.2,
    "connection_retries": 1, "retry_deadline": 5, "query_cache": 100, "schema_order": "public", "default_timezone": "utc",
    "replica": False, "database_tasks": True, "migrations_paths": "db/migrate", "schema_cache_path": "db/cache.yml",
    "schema_dump": "structure.sql", "seeds": True, "prefix_indexes": True, "schema": "public", "sticky": True,
    "enablechannelbinding": False, "binary": False, "ssl-mode": "disable", "ssl-root-cert": "FILE", "ssl-ca": "FILE",
    "ssl-cert": "FILE", "ssl-key": "FILE", "adaptivefetchmaximum": 100, "adaptivefetchminimum": 1,
    "binarytransferdisable": "int4", "binarytransferenable": "int4", "cleanupsavepoints": True, "convertbooleantonumeric": True,
    "databasemetadatacachefields": 10, "databasemetadatacachefieldsmib": 1, "disablecolumnsanitiser": True,
    "groupstartupparameters": True, "gssresponsetimeout": 1000, "gssusedefaultcreds": False, "hideunprivilegedobjects": True,
    "jaasapplicationname": "pgjdbc", "jaaslogin": False, "kerberosservername": "postgres", "localsocketaddress": "0.0.0.0",
    "loggerfile": "FILE", "loggerlevel": "OFF", "maxsendbuffersize": 8192, "protocolversion": 3,
    "quotereturningidentifiers": True, "receivebuffersize": 8192, "sendbuffersize": 8192, "sspiserviceclass": "POSTGRES",
    "unknownlength": 1000, "usespnego": False, "sslfactoryarg": "shop", "socketfactoryarg": "shop",
}  # fmt: skip


def options_of(driver: str, binary: Path, folder: Path) -> list[str]:
    """The options that a driver takes, as the program tells them of one that it does not take."""
    services = {
        "api": {
            "image": "a:1",
            "database": {
                "postgres": "api",
                "driver": driver,
                "options": {"qqqqqqqqqqqqqq": 1},
            },
        }
    }
    command = [
        str(binary),
        "validate",
        "--format",
        "json",
        str(write_profile(folder, services)),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    [fault] = json.loads(done.stdout)["profiles"][0]["diagnostics"]
    return re.findall("`([^`]+)`", fault["help"])


def value_of(driver: str, name: str, file: Path) -> Any:
    value = VALUES[name.lower()]
    if name == "ssl":
        value = {"jdbc": False, "node": "0"}.get(driver, value)
    own = {
        ("django", "pool"): False,
        ("rails", "keepalive"): 60,
        ("laravel", "isolation_level"): "serializable",
    }
    value = own.get((driver, name), value)
    return str(file) if value == "FILE" else value


@pytest.mark.parametrize("driver", OPTIONS)
def test_each_option_is_taken_by_its_driver(
    driver: str,
    binary: Path,
    tmp_path: Path,
    generate: Generate,
    meaning: Meaning,
    server: PostgresServer,
) -> None:
    """None of them encrypts here: those of certificates name a file that is one, and no more is known of them."""
    file = tmp_path / "file"
    trustme.CA().cert_pem.write_to_path(str(file))
    names = [name for name in options_of(driver, binary, tmp_path) if name not in UNTRIED]
    assert len(names) > 4
    without_tls = {} if driver == "asyncpg" else {"sslmode": "disable"}
    services = {
        f"s{number}": {
            "image": "a:1",
            "database": {
                "postgres": "options",
                "shared": True,
                "driver": driver,
                "options": {**without_tls, name: value_of(driver, name, file)},
            },
        }
        for number, name in enumerate(names)
    }
    shared = {"image": "postgres:16", "user": "codelab"}
    generate(write_profile(tmp_path, services, postgres=shared), tmp_path)
    model = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, model["postgres"]["environment"])
    left = {name: at(server, told(model, service)) for name, service in zip(names, services, strict=True)}
    errors: dict[str, list[str]] = {}
    for language, by in OPTIONS[driver]:
        questions = [Question(by, text, "SELECT current_database()::text") for text in left.values()]
        for name, answer in zip(list(left), ask(language, questions), strict=True):
            if answer.said == "options":
                del left[name]
            else:
                errors.setdefault(name, []).append(answer.error)
    assert {name: errors[name] for name in left} == {}


# Who logs in, where, and what is a secret: the profile says it.
OF_THE_PROFILE = {"service", "servicefile", "user", "password", "passfile", "dbname", "host", "hostaddr", "port", "sslpassword"}


def test_no_option_of_libpq_is_missing(binary: Path, tmp_path: Path) -> None:
    asked = "from psycopg.pq import Conninfo; print(*(o.keyword.decode() for o in Conninfo.get_defaults()))"
    own = set(run(tool("python", "sqlalchemy-current"), "-c", asked, cwd=tmp_path).stdout.split())
    secrets = {"scram_client_key", "scram_server_key", "oauth_client_secret"}
    assert own - OF_THE_PROFILE - secrets == set(options_of("psycopg", binary, tmp_path))


def test_no_option_of_jdbc_is_missing(binary: Path, tmp_path: Path) -> None:
    own = set(properties_of_java())
    of_the_profile = {"PGDBNAME", "PGHOST", "PGPORT", *OF_THE_PROFILE}
    assert own - of_the_profile == set(options_of("jdbc", binary, tmp_path))


@pytest.mark.parametrize(("language", "by"), [("go", "pgx"), ("go", "pgxpool"), ("go", "postgres")])
def test_drivers_of_go_hand_settings_on(
    language: str, by: str, tmp_path: Path, generate: Generate, meaning: Meaning, server: PostgresServer
) -> None:
    """As GORM's documentation writes it, `TimeZone=Asia/Shanghai`; none of which libpq knows."""
    options = {"sslmode": "disable", "TimeZone": "Asia/Shanghai", "work_mem": "5MB", "shop.tenant": "one"}
    services = {
        name: {"image": "a:1", "database": {"postgres": name, "driver": driver, "options": options}}
        for name, driver in (("words", "dsn"), ("go", "pq" if by == "postgres" else "pgx"))
    }
    generate(write_profile(tmp_path, services), tmp_path)
    model = meaning(tmp_path)["services"]
    run_as_the_image_does(tmp_path, server, model["postgres"]["environment"])
    sql = "SELECT concat_ws(' ', current_setting('TimeZone'), current_setting('work_mem'), current_setting('shop.tenant'))"
    answers = ask(language, [Question(by, at(server, told(model, name)), sql) for name in services])
    assert [answer.said for answer in answers] == ["Asia/Shanghai 5MB one"] * 2, answers


def test_a_text_for_npgsql_is_read_by_dotnet(tmp_path: Path, generate: Generate, meaning: Meaning) -> None:
    passwords = {f"S{number}__DB_PASSWORD": password for number, password in enumerate(PASSWORDS)}
    options = {"MaxPoolSize": 5, "Search Path": "shop; & co", "Application Name": "a=b"}
    services = {
        f"s{number}": {
            "image": "a:1",
            "database": {"postgres": f"s{number}", "driver": "npgsql", "options": options},
        }
        for number in range(len(PASSWORDS))
    }
    generate(write_profile(tmp_path, services), tmp_path, "--allow-weak-secrets", env=passwords)
    model = meaning(tmp_path)["services"]
    read = words_of_dotnet([told(model, name) for name in services])
    more = {"maxpoolsize": "5", "search path": "shop; & co", "application name": "a=b"}
    assert [{**words, "ssl mode": "Disable"} for words in read] == [
        {
            "host": "postgres",
            "port": "5432",
            "database": f"s{number}",
            "username": f"s{number}",
            "password": password,
            "ssl mode": "Disable",
            **more,
        }
        for number, password in enumerate(PASSWORDS)
    ]


# What each driver of SQLite is told beside the file, what is asked there, and what is the answer.
FILES = [
    ("python", "sqlite", "sync", {"timeout": 7.5}, "PRAGMA busy_timeout", "7500"),
    ("python", "aiosqlite", "async", {"timeout": 7.5}, "PRAGMA busy_timeout", "7500"),
    (
        "java",
        "jdbc",
        "jdbc",
        {"journal_mode": "WAL", "busy_timeout": 7500},
        "PRAGMA busy_timeout",
        "7500",
    ),
    ("java", "jdbc", "jdbc", {"journal_mode": "WAL"}, "PRAGMA journal_mode", "wal"),
    ("java", "jdbc", "jdbc", {"foreign_keys": True}, "PRAGMA foreign_keys", "1"),
    (
        "go",
        "go_sqlite3",
        "sqlite3",
        {"_journal_mode": "WAL"},
        "PRAGMA journal_mode",
        "wal",
    ),
    (
        "go",
        "go_sqlite3",
        "sqlite3",
        {"_busy_timeout": 7500},
        "PRAGMA busy_timeout",
        "7500",
    ),
    (
        "go",
        "go_sqlite3",
        "sqlite3",
        {"_foreign_keys": "on"},
        "PRAGMA foreign_keys",
        "1",
    ),
    ("rust", "sqlx", "sqlx", {}, "SELECT file FROM pragma_database_list", "FILE"),
    ("node", "path", "pg", {}, "SELECT file FROM pragma_database_list", "FILE"),
    ("ruby", "rails", "rails", {"timeout": 7500}, "PRAGMA busy_timeout", "7500"),
    ("ruby", "rails", "rails", {}, "SELECT file FROM pragma_database_list", "FILE"),
    ("php", "sqlite", "url", {}, "SELECT file FROM pragma_database_list", "FILE"),
]


@pytest.mark.parametrize("language", ["python", "java", "go", "rust", "node", "ruby", "php"])
def test_each_driver_opens_the_file(
    language: str, container: Path, tmp_path: Path, generate: Generate, meaning: Meaning
) -> None:
    cases = [case for case in FILES if case[0] == language]
    services = {}
    for number, (_, driver, _, options, _, _) in enumerate(cases):
        folder = container / f"app {number}" / "data"
        folder.mkdir(parents=True)
        sqlite = {"path": str(folder / "a.db"), "driver": driver, "options": options}
        services[f"s{number}"] = {
            "image": "a:1",
            "data": f"./d{number}:{folder}",
            "database": {"sqlite": sqlite},
        }
    generate(write_profile(tmp_path, services), tmp_path)
    model = meaning(tmp_path)["services"]
    questions = [Question(by, told(model, f"s{number}"), sql) for number, (_, _, by, _, sql, _) in enumerate(cases)]
    files = [str(container / f"app {number}" / "data" / "a.db") for number in range(len(cases))]
    if language == "php":  # Laravel opens no file that is not there
        Path(files[0]).touch()
    expected = [said.replace("FILE", file) for (*_, said), file in zip(cases, files, strict=True)]
    assert [answer.said or answer.error for answer in ask(language, questions)] == expected
    assert all(Path(file).exists() for file in files)


# How Laravel's own configuration takes separate variables, and Spring's an address beside who logs in.
@pytest.mark.parametrize("engine", ["postgres", "sqlite"])
def test_separate_variables_are_right_for_both_engines(
    engine: str,
    container: Path,
    tmp_path: Path,
    generate: Generate,
    meaning: Meaning,
    server: PostgresServer,
) -> None:
    folder = container / "data"
    folder.mkdir()
    parts = ["driver", "host", "port", "name", "user", "password", "address"]
    service = {
        "image": "a:1",
        "data": f"./d:{folder}",
        "environment": {part.upper(): {"database": part} for part in parts},
        "database": {
            "give_url": False,
            "postgres": "parts",
            "sqlite": f"{folder}/a.db",
        },
    }
    words = {
        "laravel": ("pgsql", "sqlite"),
        "jdbc": ("org.postgresql.Driver", "org.sqlite.JDBC"),
    }
    services = {
        name: {
            **service,
            "database": {**service["database"], "driver": name, "postgres": name},
        }
        for name in words
    }
    services["jdbc"]["database"]["sqlite"] = f"{folder}/b.db"
    generate(
        write_profile(tmp_path, services, engine=engine),
        tmp_path,
        "--allow-weak-secrets",
        env={"LARAVEL__DB_PASSWORD": PASSWORDS[2], "JDBC__DB_PASSWORD": PASSWORDS[4]},
    )
    model = meaning(tmp_path)["services"]
    if engine == "postgres":
        run_as_the_image_does(tmp_path, server, model["postgres"]["environment"])
    for name, of_engines in words.items():
        got = model[name]["environment"]
        assert got["DRIVER"] == of_engines[engine == "sqlite"]
        assert (got["HOST"], got["PORT"]) == (("postgres", "5432") if engine == "postgres" else ("", ""))
        if engine == "sqlite":
            assert (got["USER"], got["PASSWORD"]) == ("", "")
    got = model["laravel"]["environment"]
    values = {"driver": got["DRIVER"], "database": got["NAME"]}
    if engine == "postgres":
        values |= {
            "host": server.host,
            "port": server.port,
            "username": got["USER"],
            "password": got["PASSWORD"],
        }
    else:
        Path(got["NAME"]).touch()  # as `artisan migrate` does
    [answer] = ask("php", [Question("values", json.dumps(values), "SELECT 'here'")])
    assert answer == Answer("here")
    got = model["jdbc"]["environment"]
    address = at(server, got["ADDRESS"]) if engine == "postgres" else got["ADDRESS"]
    [answer] = ask(
        "java",
        [Question("jdbc", address, "SELECT 'here'", got["USER"], got["PASSWORD"])],
    )
    assert answer == Answer("here")
