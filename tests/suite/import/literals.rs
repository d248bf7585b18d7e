//! Secrets that stand as they are in texts of a Compose file: `.env` gets them, and references stand in their place.

use super::kinds::{SERVER, generated};
use super::refused;
use crate::support::read;

const PASSWORD: &str = "Wq81LmZxP0aa";

/// Imports and generates; `.env` holds these lines afterwards, and no committed file the value.
fn moved(compose: &str, value: &str, lines: &[&str], references: &[&str]) {
    let (folder, all, _) = generated(&[("docker-compose.yml", compose), ("Dockerfile", "")]);
    assert!(!all.contains(value), "{compose}: {all}");
    let dotenv = read(folder.path(), ".env");
    for line in lines {
        assert!(dotenv.lines().any(|known| known == *line), "{line}: {dotenv}");
    }
    for reference in references {
        assert!(all.contains(reference), "{reference}: {all}");
    }
}

/// Imports and generates; the text stays as it is, and no `.env` is written.
fn stays(compose: &str, text: &str) {
    let (folder, all, _) = generated(&[("docker-compose.yml", compose), ("Dockerfile", "")]);
    assert!(all.contains(text), "{text}: {all}");
    let dotenv = std::fs::read_to_string(folder.path().join(".env")).unwrap_or_default();
    assert!(!dotenv.lines().any(|line| line.contains('=') && !line.starts_with('#')), "{compose}: {dotenv}");
}

fn service(line: &str) -> String {
    format!("services:\n  api:\n    image: api:1\n    {line}\n")
}

#[test]
fn what_stands_behind_a_flag_moves_from_commands_and_health_checks() {
    for (line, value, key, reference) in [
        ("command: redis-server --requirepass r4d1s", "r4d1s", "API__PASSWORD=r4d1s", "--requirepass ${API__PASSWORD}"),
        ("command: [x, --master-key=mk-99]", "mk-99", "API__MASTER_KEY=mk-99", "--master-key=${API__MASTER_KEY}"),
        ("command: [x, --api-key, ak-99]", "ak-99", "API__API_KEY=ak-99", "\"${API__API_KEY}\""),
        ("entrypoint: [sh, -c, 'x --token=tk-99; y']", "tk-99", "API__TOKEN=tk-99", "x --token=${API__TOKEN}; y"),
        ("command: x --db-password dp-99", "dp-99", "API__DB_PASSWORD_2=dp-99", "${API__DB_PASSWORD_2}"),
        (
            "healthcheck: { test: [CMD, redis-cli, -a, r4d1s, ping] }",
            "r4d1s",
            "API__PASSWORD=r4d1s",
            "\"${API__PASSWORD}\"",
        ),
        ("healthcheck: { test: mysqladmin ping -pr00t-9 }", "r00t-9", "API__PASSWORD=r00t-9", "-p${API__PASSWORD}"),
        (
            "healthcheck: { test: PGPASSWORD=pw-9 psql }",
            "pw-9",
            "API__PGPASSWORD=pw-9",
            "PGPASSWORD=${API__PGPASSWORD}",
        ),
        ("build: { context: ., args: { NPM_TOKEN: npm-99 } }", "npm-99", "NPM_TOKEN=npm-99", "\"${NPM_TOKEN}\""),
        ("build: { context: ., args: [NPM_TOKEN=npm-99] }", "npm-99", "NPM_TOKEN=npm-99", "\"${NPM_TOKEN}\""),
    ] {
        moved(&service(line), value, &[key], &[reference]);
    }
    for (line, text) in [
        ("command: x --tls-key /certs/a.pem", "/certs/a.pem"),
        ("command: x --sort-key=name", "--sort-key=name"),
        ("command: x --max-tokens=4096", "--max-tokens=4096"),
        ("command: x -a r4d1s", "r4d1s"),
        ("healthcheck: { test: [CMD-SHELL, 'x --password $$PASSWORD'] }", "--password $$PASSWORD"),
        ("build: { context: ., args: { NPM_VERSION: npm-99 } }", "NPM_VERSION: npm-99"),
    ] {
        stays(&service(line), text);
    }
}

#[test]
fn the_password_of_the_server_is_referred_to_in_every_text() {
    let server = SERVER.replace("${POSTGRES_PASSWORD}", PASSWORD);
    let top = |line: &str, more: &str| {
        format!(
            "services:\n  api:\n    image: api:1\n    environment: {{ DATABASE_URL: 'postgres://shop:{PASSWORD}@db/shop' \
             }}\n    {line}\n{server}{more}"
        )
    };
    let key = format!("POSTGRES_PASSWORD={PASSWORD}");
    for (line, more, reference) in [
        (
            "configs: [c]",
            "configs: { c: { content: 'url=postgres://shop:Wq81LmZxP0aa@db/shop' } }\n",
            "url=postgres://shop:${POSTGRES_PASSWORD}@db/shop",
        ),
        ("post_start: [{ command: x Wq81LmZxP0aa }]", "", "x ${POSTGRES_PASSWORD}"),
        ("annotations: { a: x Wq81LmZxP0aa }", "", "x ${POSTGRES_PASSWORD}"),
        ("labels: { a: x Wq81LmZxP0aa }", "", "x ${POSTGRES_PASSWORD}"),
        (
            "healthcheck: { test: 'PGPASSWORD=Wq81LmZxP0aa psql -h db -c \"select 1\"' }",
            "",
            "PGPASSWORD=${POSTGRES_PASSWORD} psql",
        ),
        (
            "build: { context: ., args: { DB: 'postgres://shop:Wq81LmZxP0aa@db/shop' } }",
            "",
            "postgres://shop:${POSTGRES_PASSWORD}@db/shop",
        ),
    ] {
        moved(&top(line, more), PASSWORD, &[&key], &[reference]);
    }
    // a name of something is not a secret, though a password is the same
    let same = top("hostname: Wq81LmZxP0aa", "");
    let (_, all, _) = generated(&[("docker-compose.yml", &same)]);
    assert!(all.contains("hostname: Wq81LmZxP0aa"), "{all}");
}

/// The variable of a URL does not stand for its password.
#[test]
fn the_password_of_a_url_gets_a_key_of_its_own() {
    let compose = "services:\n  api:\n    image: api:1\n    environment: { REDIS_URL: 'redis://:r3d1sLiteral99@cache:6379/0' }\n  \
                   cache:\n    image: redis:7\n    command: redis-server --requirepass r3d1sLiteral99\n    healthcheck: { test: \
                   [CMD, redis-cli, -a, r3d1sLiteral99, ping] }\n";
    let lines = ["REDIS_URL_PASSWORD=r3d1sLiteral99", "REDIS_URL=redis://:r3d1sLiteral99@cache:6379/0"];
    moved(compose, "r3d1sLiteral99", &lines, &["--requirepass ${REDIS_URL_PASSWORD}", "\"${REDIS_URL_PASSWORD}\""]);
    let of_dotenv = compose.replace("'redis://:r3d1sLiteral99@cache:6379/0'", "'${REDIS_URL}'");
    let dotenv = "REDIS_URL=redis://:r3d1sLiteral99@cache:6379/0\n";
    let (folder, all, _) = generated(&[("docker-compose.yml", &of_dotenv), (".env", dotenv)]);
    assert!(all.contains("--requirepass ${REDIS_URL_PASSWORD}") && !all.contains("r3d1sLiteral99"), "{all}");
    assert!(read(folder.path(), ".env").contains("REDIS_URL_PASSWORD=r3d1sLiteral99\n"));
}

#[test]
fn a_name_that_means_another_value_is_not_taken() {
    let compose = "services:\n  a: { image: 'a:1', environment: { P_TOKEN: aaaa-1111 }, command: x aaaa-1111 }\n  b: { image: \
                   'b:1', environment: { P_TOKEN: bbbb-2222 }, command: x bbbb-2222 }\n";
    moved(
        compose,
        "aaaa-1111",
        &["A__P_TOKEN=aaaa-1111", "B__P_TOKEN=bbbb-2222"],
        &["x ${A__P_TOKEN}", "x ${B__P_TOKEN}"],
    );
    let (folder, all, _) =
        generated(&[("docker-compose.yml", &service("command: x --token tk-9")), (".env", "OF_TOKEN=tk-9\n")]);
    assert!(all.contains("--token ${API__TOKEN}"), "a short value is the same by chance: {all}");
    assert!(read(folder.path(), ".env").contains("API__TOKEN=tk-9\n"));
    let compose = "services:\n  a: { image: 'a:1', command: 'x --token aa-1 ${A__TOKEN:-none}' }\n";
    moved(compose, "aa-1", &["A__TOKEN_2=aa-1"], &["x --token ${A__TOKEN_2} ${A__TOKEN}"]);
}

#[test]
fn a_switch_is_no_secret_whatever_its_name() {
    for value in ["'yes'", "'1'", "'0'", "'true'", "'No'"] {
        let line = format!("environment: {{ MYSQL_ALLOW_EMPTY_PASSWORD: {value} }}");
        stays(&service(&line), "MYSQL_ALLOW_EMPTY_PASSWORD: ");
    }
    moved(&service("environment: { MYSQL_PASSWORD: 'yes-9' }"), "yes-9", &["MYSQL_PASSWORD=yes-9"], &[]);
}

/// A place that a reference can't stand in: a variable of a URL would be the wrong one to name.
#[test]
fn what_is_refused_asks_for_a_line_that_holds_just_the_value() {
    let url = service("environment: { A_URL: 'redis://:r3d1sLiteral99@c/0' }\n    working_dir: r3d1sLiteral99");
    let help = "put `NAME=…` with it into .env, write `${NAME}` in its place, and import again";
    refused(&[("docker-compose.yml", &url)], 3, &["holds the value of the secret `A_URL`", help]);
    let (_, all, _) = generated(&[
        ("docker-compose.yml", &url.replace("working_dir: r3d1sLiteral99", "working_dir: '${A_PASSWORD}'")),
        (".env", "A_PASSWORD=r3d1sLiteral99\n"),
    ]);
    assert!(all.contains("working_dir: \"${A_PASSWORD}\"") && !all.contains("r3d1sLiteral99"), "{all}");
}

#[test]
fn what_a_header_or_a_file_of_settings_says_moves_too() {
    for (line, value, key, reference) in [
        (
            "command: curl -fsS -u admin:pw-99 http://h/a",
            "pw-99",
            "API__PASSWORD=pw-99",
            "-u admin:${API__PASSWORD} http",
        ),
        (
            "command: [curl, --user, 'admin:pw-99', 'http://h/a']",
            "pw-99",
            "API__PASSWORD=pw-99",
            "admin:${API__PASSWORD}",
        ),
        (
            "healthcheck: { test: [CMD, curl, -H, 'Authorization: Bearer tk-99', 'http://h/a'] }",
            "tk-99",
            "API__TOKEN=tk-99",
            "Authorization: Bearer ${API__TOKEN}",
        ),
        (
            "environment: { OTLP_HEADERS: 'Authorization=Bearer tk-99' }",
            "tk-99",
            "API__TOKEN=tk-99",
            "Authorization=Bearer ${API__TOKEN}",
        ),
        (
            "environment: [\"HEADERS=X-Api-Key: ak-99\\nAuthorization: Basic YTpi99\"]",
            "YTpi99",
            "API__TOKEN=YTpi99",
            "Authorization: Basic ${API__TOKEN}",
        ),
        (
            "environment: { CONFIG: \"cache:\\n  password: 'c4che'\\n  user: x\\n\" }",
            "c4che",
            "API__PASSWORD=c4che",
            "password: '${API__PASSWORD}'",
        ),
    ] {
        moved(&service(line), value, &[key], &[reference]);
    }
    for (line, text) in [
        ("command: [curl, -u, admin, 'http://h/a']", "[curl, \"-u\", admin,"),
        ("environment: { NOTE: 'password: see the wiki' }", "NOTE: \"password: see the wiki\""),
        ("environment: { HEADERS: 'Accept=text/plain' }", "HEADERS: \"Accept=text/plain\""),
    ] {
        stays(&service(line), text);
    }
}
