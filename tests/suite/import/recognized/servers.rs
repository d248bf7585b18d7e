//! Which server an import recognizes, and what becomes of its data, its files and its variables.

use super::{DOTENV, URL, has_section, server, shop, taken, usual_server};
use crate::import::{SECRET, folder, import};
use crate::support::{Finish as _, codelab_gen, read, stderr};

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
