//! Which server and which databases an import recognizes, kind by kind. Whole deployments, as people keep them, are in
//! `tests/conformance/real_life/`.

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
fn a_server_is_known_by_what_its_image_is() {
    let data = "pg:/var/lib/postgresql/data";
    for (image, version) in [
        ("postgres:16", None),
        ("docker.io/library/postgres:17-alpine3.21", None),
        ("ghcr.io/mirror/postgres:16.4", Some("16 # the one")),
        ("postgis/postgis:16-3.4-alpine", Some("16 # the one")),
        ("pgvector/pgvector:0.8.0-pg17", Some("17 # the one")),
        ("timescale/timescaledb:latest-pg16", Some("16 # the one")),
        ("'postgres:${PG:-16}-alpine'", None),
        ("registry.example.com/team/store:pg15.2", Some("15 # the one")),
        ("postgres", Some("17 # a guess")),
        ("postgres:alpine", Some("17 # a guess")),
    ] {
        let (profile, said) = taken(&shop(URL, &server(image, data, "")), &[]);
        assert!(has_section(&profile), "{image}: {profile}");
        let written = profile.lines().find_map(|line| line.strip_prefix("  version: "));
        assert_eq!(written.is_some(), version.is_some(), "{image}: {profile}");
        assert!(version.is_none_or(|version| written.unwrap().starts_with(version)), "{image}: {profile}");
        assert_eq!(said.contains("is a guess"), version.is_some_and(|it| it.contains("guess")), "{image}: {said}");
    }
    let (profile, _) = taken(&shop(URL, &server("postgres:latest", "pg:/var/lib/postgresql", "")), &[]);
    assert!(profile.contains("  version: 18 # a guess"), "{profile}");
}

#[test]
fn data_is_kept_in_a_volume_or_in_a_folder_and_never_left() {
    for (data, more, place, beside) in [
        ("./pg:/var/lib/postgresql/data", "", "  volume: ./pg\n", None),
        ("/srv/pg:/var/lib/postgresql/data/", "", "  volume: /srv/pg\n", None),
        ("${PG_AT:-./x/pg}:/var/lib/postgresql/data", "", "  volume: ./x/pg\n", None),
        ("./pg:/var/lib/postgresql/data:Z", "", "  volume: ./pg\n", Some("./pg:/var/lib/postgresql/data:Z")),
        ("pg:/srv/data", "    labels: { a: b }\n", "  volume: pg\n", Some("PGDATA: /var/lib/postgresql/data/16")),
    ] {
        let is_elsewhere = data.contains("/srv/data");
        let own = server("postgres:16", data, more);
        let own = if is_elsewhere {
            own.replace("POSTGRES_DB: shop", "POSTGRES_DB: shop, PGDATA: /srv/data/16")
        } else {
            own
        };
        let files = [("docker-compose.yml", &*shop(URL, &own)), DOTENV];
        let folder = folder(&files);
        let run = import(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        let profile = read(folder.path(), "profiles/imported.yaml");
        assert!(has_section(&profile) && profile.contains(place), "{data}: {profile}");
        if let Some(beside) = beside {
            assert!(read(folder.path(), "docker-compose.override.yml").contains(beside), "{data}");
        }
        let run = codelab_gen(folder.path()).args(["--profile", "imported", "--force"]).finish();
        assert_eq!(run.status.code(), Some(0), "no danger to data: {}", stderr(&run));
    }
    // only of the official image it is known where it keeps its data by itself
    for (image, is_kept) in [("postgres:16", false), ("postgres", true), ("timescale/timescaledb-ha:pg16", true)] {
        let given = "POSTGRES_DB: shop, PGDATA: /var/lib/postgresql/data";
        let own = server(image, "pg:/var/lib/postgresql/data", "").replace("POSTGRES_DB: shop", given);
        let folder = folder(&[("docker-compose.yml", &*shop(URL, &own)), DOTENV]);
        assert_eq!(import(folder.path(), &[]).status.code(), Some(0));
        assert!(has_section(&read(folder.path(), "profiles/imported.yaml")), "{image}");
        assert_eq!(folder.path().join("docker-compose.override.yml").exists(), is_kept, "{image}");
    }
    // a backup that reads it is refused in a profile, and stays in the file beside
    let backup = format!("{URL}  backup: {{ image: 'b:1', volumes: ['pg:/backup:ro', './out:/out'] }}\n");
    let files = [("docker-compose.yml", &*shop(&backup, &usual_server())), DOTENV];
    let folder = folder(&files);
    assert_eq!(import(folder.path(), &[]).status.code(), Some(0));
    assert!(read(folder.path(), "docker-compose.override.yml").contains("- pg:/backup:ro\n"));
    assert!(read(folder.path(), "profiles/imported.yaml").contains("- ./out:/out\n"));
}

#[test]
fn what_a_server_gets_by_files_is_known() {
    let by_file = "    image: postgres:16\n    env_file: [./db.env]\n    volumes: ['pg:/var/lib/postgresql/data']\n";
    let api = "    env_file: ./api.env\n";
    let files = [
        ("db.env", "POSTGRES_USER=shop\nPOSTGRES_PASSWORD=from-a-file-1\nPOSTGRES_DB=shop\n"),
        ("api.env", "PGHOST=db\nPGUSER=shop\nPGPASSWORD=from-a-file-1\nPGDATABASE=stock\n"),
    ];
    let compose = shop(api, by_file);
    let folder = folder(&[&[("docker-compose.yml", &*compose)][..], &files].concat());
    assert_eq!(import(folder.path(), &[]).status.code(), Some(0));
    let profile = read(folder.path(), "profiles/imported.yaml");
    assert!(profile.contains("      postgres: stock\n      give_url: false"), "{profile}");
    assert!(has_section(&profile) && !profile.contains("from-a-file-1"), "{profile}");
    assert!(read(folder.path(), ".env").contains("POSTGRES_PASSWORD=from-a-file-1\n"));

    let secret = "    image: postgres:16\n    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD_FILE: /run/secrets/pw \
                  }\n    secrets: [{ source: key, target: pw }]\n    volumes: ['pg:/var/lib/postgresql/data']\n";
    let compose = format!(
        "{}secrets: {{ key: {{ file: ./key.txt }} }}\n",
        shop("    environment: { PGHOST: db, PGUSER: shop }\n", secret)
    );
    let files = [("docker-compose.yml", &*compose), ("key.txt", "in-a-file-of-secrets\n")];
    let folder = super::folder(&files);
    let run = import(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(read(folder.path(), ".env").contains("POSTGRES_PASSWORD=in-a-file-of-secrets\n"));
    let run = codelab_gen(folder.path()).args(["--profile", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(
        !read(folder.path(), "docker-compose.yml").contains("POSTGRES_PASSWORD_FILE"),
        "the image takes one of both"
    );

    // the Compose file may be a stranger's
    let outside = compose.replace("./key.txt", "../key.txt");
    let folder = super::folder(&[("shop/docker-compose.yml", &*outside), ("key.txt", SECRET)]);
    let run = import(&folder.path().join("shop"), &[]);
    assert!(stderr(&run).contains("it has no `POSTGRES_PASSWORD` with a value"), "{}", stderr(&run));
}

#[test]
fn of_several_servers_that_one_counts_that_most_services_use() {
    let other = "  other:\n    image: postgres:16\n    environment: { POSTGRES_PASSWORD: other-pw-1 }\n    volumes: \
                 ['other:/var/lib/postgresql/data']\n";
    let compose = shop(&format!("{URL}  job:\n    image: job:1\n{URL}{other}"), &usual_server());
    let compose = compose.replace("{ pg: {} }", "{ pg: {}, other: {} }");
    let (profile, said) = taken(&compose, &[]);
    assert!(has_section(&profile) && profile.contains("\n  other:\n    image: postgres:16\n"), "{profile}");
    assert!(profile.contains("  volume: pg\n") && profile.matches("shared: true").count() == 2, "{profile}");
    assert!(said.contains("`other` stays a service like the others") && said.contains("`db` is the server"), "{said}");
    let (profile, said) = taken(&compose.replace("other:\n    image", "postgres:\n    image"), &[]);
    assert!(!has_section(&profile) && said.contains("another service is called `postgres`"), "{said}");
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

#[test]
fn a_server_is_one_container() {
    for (more, is_one) in [
        ("    deploy: { replicas: 1 }\n", true),
        ("    scale: 1\n", true),
        ("    deploy: { replicas: 2 }\n", false),
        ("    deploy: { replicas: '${COUNT:-1}' }\n", true),
        ("    scale: 3\n", false),
    ] {
        let (profile, _) = taken(&shop(URL, &server("postgres:16", "pg:/var/lib/postgresql/data", more)), &[]);
        assert_eq!(has_section(&profile), is_one, "{more}: {profile}");
    }
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

/// A server with the password of its superuser, and these other services.
fn superusers(services: &str) -> String {
    format!(
        "services:\n  postgres:\n    image: postgres:16-bookworm\n    environment: {{ POSTGRES_PASSWORD: '${{POSTGRES_PASSWORD}}' }}\n    \
         volumes: ['pgdata:/var/lib/postgresql/data']\n{services}volumes: {{ pgdata: }}\n"
    )
}

#[test]
fn a_database_is_not_taken_away_from_a_role_that_a_command_logs_in_as() {
    for command in [
        "'-url=jdbc:postgresql://postgres:5432/shop -user=owner -password=owner-pw-0123456789x migrate'",
        "['-url=jdbc:postgresql://postgres:5432/shop', '-user=owner', '-password=owner-pw-0123456789x', migrate]",
        "sh -c 'PGPASSWORD=owner-pw-0123456789x psql -h postgres -U owner -d shop -f /x.sql'",
        "--url jdbc:postgresql://postgres/shop --username owner --password owner-pw-0123456789x update",
    ] {
        let own =
            format!("  flyway:\n    image: flyway/flyway:10\n    command: {command}\n    depends_on: [postgres]\n");
        let said = untaken(&superusers(&own));
        assert!(said.contains("another role") || said.contains("its role is not the one"), "{command}: {said}");
        let admin = "  tool:\n    image: tool:1\n    environment: { DB_URL: \
                     'postgresql://postgres:${POSTGRES_PASSWORD}@postgres/shop' }\n";
        let said = untaken(&superusers(&[&own, admin].concat()));
        assert!(said.contains("would lose it"), "{command}: {said}");
        let elsewhere = admin.replace("postgres/shop", "postgres/stock");
        let (profile, _) = taken(&superusers(&[&own, &*elsewhere].concat()), &[]);
        assert!(has_section(&profile) && profile.contains("      postgres: stock\n"), "{profile}");
        assert_eq!(profile.matches("    database:\n").count(), 1, "{profile}");
    }
}

#[test]
fn a_database_that_another_role_opens_as_well_stays_with_all_of_its_users() {
    let admin = |name: &str| {
        format!(
            "  {name}:\n    image: a:1\n    environment: {{ DB_URL: \
             'postgresql://postgres:${{POSTGRES_PASSWORD}}@postgres/shop' }}\n"
        )
    };
    for other in [
        "{ DSN: 'postgresql://owner:owner-pw-0123456789x@postgres/shop' }",
        "{ PGHOST: postgres, PGUSER: owner, PGPASSWORD: owner-pw-0123456789x, PGDATABASE: shop }",
        "{ DSN: 'jdbc:postgresql://postgres/shop', DB_USER: owner, DB_PASSWORD: owner-pw-0123456789x }",
        "{ DSN: 'host=postgres user=owner dbname=shop password=owner-pw-0123456789x' }",
    ] {
        let other = format!("  api:\n    image: a:1\n    environment: {other}\n");
        let said = untaken(&superusers(&[admin("setup"), admin("again"), other.clone()].concat()));
        assert_eq!(said.matches("would lose it").count(), 1, "{other}: {said}");
    }
}

/// What is said of a deployment of which no service gets a database.
fn untaken(compose: &str) -> String {
    let (profile, said) = taken(compose, &[]);
    assert!(!has_section(&profile) && !profile.contains("    database:\n"), "its owner would change: {profile}");
    said
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

/// What the image is told beside who logs in has fields of its own.
#[test]
fn variables_initdb_and_times_of_a_server_become_its_fields() {
    let data = "pg:/var/lib/postgresql/data";
    let with = |more: &str, check: &str| {
        server("postgres:16", data, check).replace("POSTGRES_DB: shop }", &format!("POSTGRES_DB: shop, {more} }}"))
    };
    for (more, check, fields) in [
        ("TZ: Europe/Berlin", "", &["environment:\n    TZ: Europe/Berlin\n"][..]),
        ("TZ: '${TZ:-UTC}'", "", &["environment:\n    TZ: { env: TZ, default: UTC }\n"]),
        ("POSTGRES_INITDB_ARGS: '--data-checksums'", "", &["initdb: { checksums: true }\n"]),
        (
            "POSTGRES_INITDB_ARGS: '--auth=scram-sha-256 --encoding=UTF8 --locale=C --wal-segsize=64'",
            "",
            &["local_auth: password\n", "initdb: { locale: C, args: [\"--wal-segsize=64\"] }\n"],
        ),
        (
            "POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale-provider=icu --icu-locale=de-DE'",
            "",
            &["initdb: { locale: de-DE, provider: icu }\n"],
        ),
        (
            "TZ: UTC",
            "    healthcheck: { test: [CMD, pg_isready], interval: 10s, timeout: 5s, retries: 12, start_period: 20m }\n",
            &["healthcheck: { interval: 10s, retries: 12, start_period: 20m }\n", "TZ: UTC\n"],
        ),
        // a first start has more time than that
        (
            "TZ: UTC",
            "    healthcheck: { test: [CMD, pg_isready], interval: 5s, start_period: 10s }\n",
            &["environment:\n    TZ: UTC\n"],
        ),
    ] {
        let folder = folder(&[("docker-compose.yml", &shop(URL, &with(more, check))), DOTENV]);
        let run = import(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(0), "{more}: {}", stderr(&run));
        let profile = read(folder.path(), "profiles/imported.yaml");
        for field in fields {
            assert!(profile.contains(field), "{more}: {field}\n{profile}");
        }
        assert!(!profile.contains("start_period: 10s"), "{profile}");
        assert!(!folder.path().join("docker-compose.override.yml").exists(), "{more}: {}", stderr(&run));
    }
}

/// What no field says stays as it is written, in the file beside.
#[test]
fn variables_of_a_server_without_a_field_stay_beside_it() {
    let data = "pg:/var/lib/postgresql/data";
    for more in [
        "POSTGRES_INITDB_ARGS: '--encoding=UTF-8 --lc-collate=C --lc-ctype=C'",
        "POSTGRES_INITDB_ARGS: '-k'",
        "POSTGRES_INITDB_ARGS: '--data-checksums  --wal-segsize=64'",
        "POSTGRES_INITDB_WALDIR: /wal",
        "PGOPTIONS: '-c work_mem=8MB'",
    ] {
        let compose = shop(URL, &server("postgres:16", data, ""))
            .replace("POSTGRES_DB: shop }", &format!("POSTGRES_DB: shop, {more} }}"));
        let folder = folder(&[("docker-compose.yml", &compose), DOTENV]);
        let run = import(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(0), "{more}: {}", stderr(&run));
        let beside = read(folder.path(), "docker-compose.override.yml");
        let value = more.split_once(": ").unwrap().1.trim_matches('\'');
        assert!(beside.contains(value), "{more}: {beside}");
    }
}
