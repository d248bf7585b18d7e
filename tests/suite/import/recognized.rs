//! Which databases an import recognizes, kind by kind. Whole deployments, as people keep them, are in
//! `tests/conformance/real_life/`.

mod roles;
mod servers;

use super::{SECRET, folder, import, profile_of};
use crate::support::{Finish as _, codelab_gen, read, stderr};

const DOTENV: (&str, &str) = (".env", "POSTGRES_PASSWORD=abc123xyz789\n");

/// A service with these lines, and a server with these; the volume of the server's data is `pg`.
fn shop(api: &str, server: &str) -> String {
    format!("services:\n  api:\n    image: api:1\n{api}  db:\n{server}volumes: {{ pg: {{}} }}\n")
}

fn server(image: &str, data: &str, more: &str) -> String {
    format!(
        "    image: {image}\n    environment: {{ POSTGRES_USER: shop, POSTGRES_PASSWORD: '${{POSTGRES_PASSWORD}}', \
         POSTGRES_DB: shop }}\n    volumes: ['{data}']\n{more}"
    )
}

fn usual_server() -> String {
    server("postgres:16", "pg:/var/lib/postgresql/data", "")
}

const URL: &str = "    environment: { DB_URL: 'postgresql://shop:${POSTGRES_PASSWORD}@db/shop' }\n";

/// The profile, which generates, and what was said of it.
fn taken(compose: &str, more: &[(&str, &str)]) -> (String, String) {
    let files = [&[("docker-compose.yml", compose), DOTENV][..], more].concat();
    let folder = folder(&files);
    let run = import(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let profile = read(folder.path(), "profiles/imported.yaml");
    let said = stderr(&run);
    let run = codelab_gen(folder.path()).args(["--profile", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}\n{profile}", stderr(&run));
    (profile, said)
}

fn has_section(profile: &str) -> bool {
    profile.contains("\npostgres: #")
}

#[test]
fn a_database_is_known_by_its_parts_whatever_they_are_called() {
    let parts = |variables: &str| shop(&format!("    environment: {{ {variables} }}\n"), &usual_server());
    let password = "'${POSTGRES_PASSWORD}'";
    for (variables, expected) in [
        (
            format!("DB_HOST: db, DB_PORT: 5432, DB_USER: shop, DB_PASSWORD: {password}, DB_NAME: stock"),
            &[
                "DB_HOST: { database: host }",
                "DB_PORT: { database: port }",
                "DB_USER: { database: user }",
                "DB_PASSWORD: { database: password }",
                "DB_NAME: { database: name }",
                "      postgres: stock\n",
            ][..],
        ),
        (
            format!(
                "GITEA__database__HOST: 'db:5432', GITEA__database__NAME: stock, GITEA__database__USER: shop, \
                     GITEA__database__PASSWD: {password}"
            ),
            &[
                "GITEA__database__HOST: db:5432",
                "GITEA__database__NAME: { database: name }",
                "GITEA__database__PASSWD: { database: password }",
            ],
        ),
        (
            format!(
                "SPRING_DATASOURCE_URL: 'jdbc:postgresql://db:5432/stock', SPRING_DATASOURCE_USERNAME: shop, \
                     SPRING_DATASOURCE_PASSWORD: {password}"
            ),
            &[
                "SPRING_DATASOURCE_URL: jdbc:postgresql://db:5432/stock",
                "SPRING_DATASOURCE_USERNAME: { database: user }",
                "      postgres: stock\n",
            ],
        ),
        (
            format!(
                "KC_DB: postgres, KC_DB_URL_HOST: db, KC_DB_URL_DATABASE: stock, KC_DB_USERNAME: shop, KC_DB_PASSWORD: {password}"
            ),
            &["KC_DB: postgres\n", "KC_DB_URL_HOST: { database: host }", "      postgres: stock\n"],
        ),
        (
            "DB_HOST: db, DB_USER: shop, ADMIN_PASSWORD: abc123xyz789, REDIS_USER: shop".to_owned(),
            &["ADMIN_PASSWORD: { secret: ADMIN_PASSWORD }", "REDIS_USER: shop\n", "      postgres: shop\n"],
        ),
    ] {
        let (profile, _) = taken(&parts(&variables), &[]);
        assert!(has_section(&profile) && profile.contains("      give_url: false #"), "{variables}: {profile}");
        for line in expected {
            assert!(profile.contains(line), "{line}: {profile}");
        }
    }
    for (variables, why) in [
        ("DB_HOST: db, DB_USER: other, DB_PASSWORD: else-1-else", "its role is not the one"),
        ("DB_HOST: db, DB_USER: shop, DB_PASSWORD: else-1-else", "it has another password"),
        ("DB_HOST: db, DB_USER: shop, DB_PORT: 6432", "at another port than 5432"),
        ("DSN: 'host=db user=other dbname=x password=else-1-else'", "its role is not the one"),
        ("DSN: 'jdbc:postgresql://db/x?user=other'", "its role is not the one"),
    ] {
        let (profile, said) = taken(&parts(variables), &[]);
        assert!(!has_section(&profile), "its owner would change: {profile}");
        assert!(said.contains(why), "{why}: {said}");
    }
}

#[test]
fn a_url_stays_as_it_is_written() {
    for (url, lines) in [
        (
            "postgres://shop:PW@db:5432/shop?sslmode=disable",
            "      driver: postgres\n      options: \"sslmode=disable\"\n",
        ),
        ("postgresql+psycopg2://shop:PW@db/shop", "      driver: psycopg2\n"),
        (
            "postgresql://shop:PW@db/shop?schema=public&a=b%20c",
            "      driver: plain\n      options: \"schema=public&a=b%20c\"\n",
        ),
    ] {
        let written = url.replace("PW", "${POSTGRES_PASSWORD}");
        let files = [
            ("docker-compose.yml", &*shop(&format!("    environment: {{ DSN: '{written}' }}\n"), &usual_server())),
            DOTENV,
        ];
        let folder = folder(&files);
        assert_eq!(import(folder.path(), &[]).status.code(), Some(0));
        let profile = read(folder.path(), "profiles/imported.yaml");
        assert!(profile.contains(lines), "{url}: {profile}");
        assert_eq!(codelab_gen(folder.path()).args(["-p", "imported", "--force"]).finish().status.code(), Some(0));
        let dotenv = read(folder.path(), ".env");
        let port = url.replace("@db/", "@db:5432/").replace("@db", "@postgres").replace("PW", "abc123xyz789");
        assert!(dotenv.contains(&port), "{port}: {dotenv}");
    }
    // what no driver writes stays a variable
    let ecto = "    environment: { DATABASE_URL: 'ecto://shop:${POSTGRES_PASSWORD}@db/shop' }\n";
    let files = [("docker-compose.yml", &*shop(ecto, &usual_server())), DOTENV];
    let folder = folder(&files);
    assert_eq!(import(folder.path(), &[]).status.code(), Some(0));
    assert!(
        read(folder.path(), "docker-compose.override.yml").contains("\"ecto://shop:${POSTGRES_PASSWORD}@db/shop\"")
    );
    assert!(read(folder.path(), "profiles/imported.yaml").contains("      postgres: shop\n      give_url: false"));
}

/// A profile's server runs for somebody: where nothing tells for whom, that is a guess, and never one that gives a database
/// of another role away.
#[test]
fn a_service_that_only_waits_for_the_server_is_a_guess() {
    let waits = "    depends_on: [db]\n";
    let (profile, said) = taken(&shop(waits, &usual_server()), &[]);
    assert!(profile.contains("      postgres: shop # a guess"), "{profile}");
    assert!(said.contains("that `shop` is its database is a guess"), "{said}");
    let (profile, _) = taken(&shop("", &usual_server()), &[]);
    assert!(!has_section(&profile), "nobody uses it: {profile}");
    let scripts = "    labels: { a: b }\n";
    let own =
        server("postgres:16", "pg:/var/lib/postgresql/data', './init.sql:/docker-entrypoint-initdb.d/1.sql", scripts);
    let (profile, _) = taken(&shop(waits, &own), &[("init.sql", "CREATE ROLE app;\n")]);
    assert!(!has_section(&profile), "the scripts may give it to another role: {profile}");
}

#[test]
fn a_tag_goes_on_following_its_variable() {
    for (image, dotenv, expected) in [
        ("app:${VERSION:-1.2}", "VERSION=1.3\n", "image: \"app:${VERSION:-1.2}\"\n"),
        ("app:v${VERSION}-slim", "VERSION=1.3\n", "image: \"app:v${VERSION:-1.3}-slim\"\n"),
        ("app:${VERSION:?set it}", "VERSION=1.3\n", "image: \"app:${VERSION:-1.3}\"\n"),
        ("app:${VERSION-1.2}", "", "image: \"app:${VERSION:-1.2}\"\n"),
        ("${IMAGE:-app:1}", "", "image: app:1\n"),
        ("${REGISTRY:-a.example}/app:${VERSION:-1}", "", "image: a.example/app:1\n"),
    ] {
        let compose = format!("services:\n  api:\n    image: '{image}'\n");
        let folder = folder(&[("docker-compose.yml", &compose), (".env", dotenv)]);
        let run = import(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        let profile = read(folder.path(), "profiles/imported.yaml");
        assert!(profile.contains(expected), "{image}: {profile}");
        let beside = folder.path().join("docker-compose.override.yml").exists();
        assert_eq!(beside, !expected.contains("${"), "{image}: what follows more than that does so beside");
        let run = codelab_gen(folder.path()).args(["-p", "imported", "--force"]).finish();
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        let compose = read(folder.path(), "docker-compose.yml");
        assert!(compose.contains(expected.trim_end()), "{compose}");
    }
}

/// What is refused in a profile goes into a file that is committed, and holds no secret either.
#[test]
fn a_secret_in_a_text_becomes_a_reference_to_it() {
    let compose = format!(
        "services:\n  r:\n    image: r:1\n    command: [r, --pass, '{SECRET}', 'a {SECRET} b', '$${SECRET}']\n"
    );
    let dotenv = format!("R_PASSWORD={SECRET}\n");
    let folder = folder(&[("docker-compose.yml", &compose), (".env", &dotenv)]);
    let run = import(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let beside = read(folder.path(), "docker-compose.override.yml");
    for line in ["- \"${R_PASSWORD}\"\n", "- \"a ${R_PASSWORD} b\"\n", "- \"$$${R_PASSWORD}\"\n"] {
        assert!(beside.contains(line), "{line}: {beside}");
    }
}

#[test]
fn a_password_in_a_text_of_names_and_values_moves_to_dotenv() {
    for text in [
        format!("Server=sql;Database=d;User Id=u;Password={SECRET}"),
        format!("host=elsewhere user=u password={SECRET} dbname=d"),
        format!("jdbc:postgresql://elsewhere/d?user=u&password={SECRET}"),
    ] {
        let compose = format!("services:\n  api:\n    image: api:1\n    environment: {{ CONNECTION: '{text}' }}\n");
        let profile = profile_of(&[("docker-compose.yml", &compose)]);
        assert!(profile.contains("CONNECTION: { secret: CONNECTION }"), "{profile}");
    }
}

/// Settings in a variable of several lines, and a URL in the command, tell the database as well.
#[test]
fn a_database_is_found_in_settings_and_in_commands() {
    let settings = "    environment:\n      CONFIG: |\n        db:\n          host: db\n          user: shop\n          dbname: \
                    orders\n        other: 1\n";
    let command = "    command: serve --uri postgresql+psycopg2://shop:${POSTGRES_PASSWORD}@db:5432/orders\n";
    for api in [settings, command] {
        let (profile, said) = taken(&shop(api, &usual_server()), &[]);
        assert!(profile.contains("      postgres: orders\n"), "{api}: {profile}");
        assert!(!said.contains("is a guess"), "{api}: {said}");
    }
}

/// Who logs in as somebody else stays that, also where the server's own login is given beside.
#[test]
fn variables_that_are_called_as_the_host_count_before_others() {
    let api = "    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: '${POSTGRES_PASSWORD}', APP_DATABASE_HOST: db, \
               APP_DATABASE_USER: app, APP_DATABASE_PASSWORD: app-pw-1, APP_DATABASE_NAME: app }\n";
    let (profile, said) = taken(&shop(api, &usual_server()), &[]);
    assert!(!has_section(&profile), "{profile}");
    assert!(said.contains("as the role that it is made with"), "{said}");
}

/// What Compose makes of a name is the project, and no danger.
#[test]
fn a_project_is_called_as_compose_calls_it() {
    for (name, project) in [("My Shop", "myshop"), ("_Shop.2", "shop2"), ("shop", "shop")] {
        let (profile, _) = taken(&format!("name: '{name}'\n{}", shop(URL, &usual_server())), &[]);
        assert!(profile.contains(&format!("\nproject: {project} #")), "{name}: {profile}");
    }
}

/// A step that leads nowhere is none.
#[test]
fn a_path_of_sqlite_may_begin_with_a_dot() {
    let api = "services:\n  api:\n    image: api:1\n    working_dir: /app\n    environment: { DB_URL: 'sqlite:///./data/x.db' }\n    \
               volumes: ['./data:/app/data']\n";
    let (profile, said) = taken(api, &[]);
    assert!(profile.contains("      sqlite: data/x.db\n"), "{profile}");
    assert!(!said.contains("another"), "{said}");
}

#[test]
fn who_does_not_wait_for_a_migration_that_others_wait_for_goes_on_so() {
    let service = |name: &str, more: &str| {
        let url = "'postgresql://shop:${POSTGRES_PASSWORD}@db/shop'";
        format!(
            "  {name}:\n    image: app:1\n    environment: {{ DB_URL: {url} }}\n    depends_on:\n      db: {{ condition: service_healthy }}\n{more}"
        )
    };
    let waits = "      migrate: { condition: service_completed_successfully }\n";
    let services = [service("migrate", ""), service("web", waits), service("worker", "")].concat();
    let compose = format!("services:\n{services}  db:\n{}volumes: {{ pg: {{}} }}\n", usual_server());
    let (profile, said) = taken(&compose, &[]);
    assert!(has_section(&profile), "{profile}");
    assert_eq!(profile.matches("      postgres: shop\n").count(), 3, "{profile}");
    assert!(profile.contains("migrate: completed") && !profile.contains("runs:"), "{profile}");
    assert!(!said.contains("something else"), "{said}");
}
