//! Changes that part a deployment from its data: refused with the steps, made with `--accept`, told when harmless.

use std::fs;
use std::path::Path;

use crate::support::{read, run, stderr, stdout, tree};

/// A project with one service of its own, so that each case can change one thing.
const PROFILE: &str = "format: 1\nproject: shop\nstage: production\nservices:\n  api:\n    image: 'nginx:1.27'\n    \
                       data: api-data:/app/data\n    database: { sqlite: data/x.db, postgres: shop }\n    port: 80\n\
                       engine: postgres\npostgres: { user: shop, image: 'postgres:16.4-alpine3.20', volume: pg-data }\n";

fn project(profile: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_profile(folder.path(), profile);
    let first = run(folder.path(), &["-p", "shop"]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    folder
}

fn write_profile(folder: &Path, text: &str) {
    fs::create_dir_all(folder.join("profiles")).unwrap();
    fs::write(folder.join("profiles/shop.yaml"), text).unwrap();
}

#[test]
fn each_danger_is_refused_by_its_name_and_made_with_consent() {
    for (kind, old, new, what) in [
        ("project", "project: shop", "project: store", "would be `store` instead of `shop`"),
        ("volume", "pg-data", "pg16-data", "mount the volume `pg16-data` instead of `pg-data`"),
        ("volume", "api-data:", "./data:", "`api` would mount `./data` instead of `api-data`"),
        ("volume", "volume: pg-data", "external: { host: db.example.com }", "use the server on `db.example.com`"),
        ("major", "postgres:16.4-alpine3.20", "postgres:17.0-alpine3.20", "not start on the data of PostgreSQL 16"),
        ("flavour", "16.4-alpine3.20", "16.4-bookworm", "another system may sort texts differently"),
        ("flavour", "postgres:16.4-alpine3.20", "postgres:16.4", "another system may sort texts differently"),
    ] {
        let folder = project(PROFILE);
        let changed = PROFILE.replace(old, new);
        let changed = if new.starts_with("external") {
            changed.replace("image: 'postgres:16.4-alpine3.20', ", "")
        } else {
            changed
        };
        write_profile(folder.path(), &changed);
        let before = tree(folder.path());
        let refused = run(folder.path(), &[]);
        assert_eq!(refused.status.code(), Some(4), "{kind} {new}: {}", stdout(&refused));
        assert!(stderr(&refused).contains(what), "{}", stderr(&refused));
        assert_eq!(stderr(&refused).matches("`--accept ").count(), 1, "{}", stderr(&refused));
        assert!(stderr(&refused).contains(&format!("`--accept {kind}` does it")), "{}", stderr(&refused));
        let other = if kind == "major" { "volume" } else { "major" };
        assert_eq!(run(folder.path(), &["--accept", other]).status.code(), Some(4), "{kind}: another word is none");
        assert_eq!(tree(folder.path()), before);
        let diff = run(folder.path(), &["--diff"]);
        assert!(stdout(&diff).contains(what), "{}", stdout(&diff));
        let accepted = run(folder.path(), &["--accept", kind]);
        assert_eq!(accepted.status.code(), Some(0), "{kind}: {}", stderr(&accepted));
        assert_eq!(run(folder.path(), &[]).status.code(), Some(0), "{kind}: told once");
    }
}

#[test]
fn what_keeps_the_data_is_no_danger() {
    for (old, new) in [
        ("16.4-alpine3.20", "16.9-alpine3.22"),
        ("'postgres:16.4-alpine3.20'", "'docker.io/library/postgres:16.4-alpine3.20'"),
        ("port: 80", "port: 8080"),
        ("stage: production", "stage: staging"),
        ("data: api-data:/app/data", "data: api-data:/app/data\n    volumes: ['./more:/more']"),
    ] {
        let folder = project(PROFILE);
        write_profile(folder.path(), &PROFILE.replace(old, new));
        let run = run(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(0), "{new}: {}", stderr(&run));
        assert!(!stdout(&run).contains("its data stays"), "{new}: {}", stdout(&run));
    }
    let sqlite = PROFILE.replace("engine: postgres", "engine: sqlite");
    for (old, new, stays) in [("port: 80", "port: 8080", false), ("data/x.db", "data/y.db", true)] {
        let folder = project(&sqlite);
        write_profile(folder.path(), &sqlite.replace(old, new));
        let told = stdout(&run(folder.path(), &[]));
        assert_eq!(told.contains("its data stays in `api-data/x.db`"), stays, "{new}: {told}");
    }
    let mount = |folder: &str| {
        PROFILE
            .replace("data: api-data:/app/data", &format!("data: api-data:/app/data\n    volumes: ['{folder}:/more']"))
    };
    let folder = project(&mount("./more"));
    write_profile(folder.path(), &mount("./other"));
    let run = run(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(0), "a folder that is no data: {}", stderr(&run));
}

#[test]
fn a_new_volume_makes_a_new_major_harmless() {
    let folder = project(PROFILE);
    write_profile(folder.path(), &PROFILE.replace("16.4-alpine3.20", "17.0-bookworm").replace("pg-data", "pg17-data"));
    let refused = run(folder.path(), &["--accept", "major", "--accept", "flavour"]);
    assert_eq!(refused.status.code(), Some(4), "{}", stderr(&refused));
    let accepted = run(folder.path(), &["--accept", "volume"]);
    assert_eq!(accepted.status.code(), Some(0), "{}", stderr(&accepted));
}

#[test]
fn another_engine_is_refused_only_where_another_profile_brings_it_into_production() {
    let folder = project(PROFILE);
    let dev = "format: 1\nextends: shop\nstage: development\nengine: sqlite\n";
    fs::write(folder.path().join("profiles/dev.yaml"), dev).unwrap();
    let refused = run(folder.path(), &["-p", "dev"]);
    assert_eq!(refused.status.code(), Some(4), "{}", stdout(&refused));
    assert!(
        stderr(&refused).contains("leave `--profile` out, then the profile `shop` is taken"),
        "{}",
        stderr(&refused)
    );
    let by_setting = run(folder.path(), &["--set", "engine=sqlite"]);
    assert_eq!(by_setting.status.code(), Some(4), "{}", stdout(&by_setting));

    write_profile(folder.path(), &PROFILE.replace("engine: postgres", "engine: sqlite"));
    let meant = run(folder.path(), &[]);
    assert_eq!(meant.status.code(), Some(0), "{}", stderr(&meant));
    let told = "engine    api: sqlite instead of postgres; its data stays in the database `shop` of the volume `pg-data`\n  \
         = help: to take it along, go back to the profile with PostgreSQL, run `codelab-gen migrate api --to sqlite`";
    assert!(stdout(&meant).contains(told), "{}", stdout(&meant));
    assert!(stdout(&meant).ends_with("--remove-orphans\n"), "{}", stdout(&meant));

    write_profile(folder.path(), PROFILE);
    let back = run(folder.path(), &[]);
    let told = "engine    api: postgres instead of sqlite; its data stays in `api-data/x.db`\n  = help: to take it along, \
                before the next command: `codelab-gen migrate api --to postgres`\n";
    assert!(stdout(&back).contains(told), "{}", stdout(&back));
}

#[test]
fn a_development_folder_changes_its_engine_freely() {
    let folder = tempfile::tempdir().unwrap();
    for (profile, told) in [
        ("dev", ""),
        ("mixed", "its data stays in `./auth-service/data/auth.db`\n"),
        ("dev", "its data stays in the database `auth_db` of the volume `postgres-data`\n"),
    ] {
        let run = run(folder.path(), &["-p", profile]);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        assert!(stdout(&run).contains(told), "{}", stdout(&run));
    }
    for gone in ["scripts/init-postgres.sh", "scripts/db/psql.sh"] {
        assert!(!folder.path().join(gone).exists(), "{gone} of the other profile");
    }
}

#[test]
fn the_name_of_an_adopted_project_is_that_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let deploy = folder.path().join("My.Stack");
    fs::create_dir(&deploy).unwrap();
    let mine = "services:\n  db:\n    image: postgres:16-alpine\n    volumes: ['postgres-data:/var/lib/postgresql/data']\n\
                volumes:\n  postgres-data:\n";
    fs::write(deploy.join("docker-compose.yml"), mine).unwrap();
    let refused = run(&deploy, &["-p", "prod", "--force"]);
    assert_eq!(refused.status.code(), Some(4), "{}", stdout(&refused));
    let text = stderr(&refused);
    assert!(
        text.contains("would be `codelab` instead of `mystack`") && text.contains("volumes would not be found"),
        "{text}"
    );
    fs::write(deploy.join(".env"), "COMPOSE_PROJECT_NAME=mystack\n").unwrap();
    let adopted = run(&deploy, &["-p", "prod", "--force"]);
    assert_eq!(adopted.status.code(), Some(0), "{}", stderr(&adopted));
    assert_eq!(read(&deploy, "docker-compose.yml.orig"), mine);
}

/// Adopts a hand-kept Compose file by the production profile.
fn adopted(name: &str, compose: &str, dotenv: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), compose).unwrap();
    if !dotenv.is_empty() {
        fs::write(folder.path().join(".env"), dotenv).unwrap();
    }
    let run = run(folder.path(), &["-p", "prod", "--force"]);
    (run.status.code(), stdout(&run) + &stderr(&run))
}

const DATA: &str = "volumes: ['postgres-data:/var/lib/postgresql/data']";

#[test]
fn a_hand_kept_file_whose_data_would_be_left_is_told() {
    let server = format!("image: 'postgres:16-alpine', {DATA}");
    for (name, compose, dotenv, what) in [
        ("docker-compose.yml", format!("name: codelab\nservices:\n  postgres: {{ {server}, ports: !reset [] }}\n"), "", "can't be read whole"),
        ("docker-compose.yaml", format!("name: old\nservices:\n  postgres: {{ {server} }}\nvolumes: {{ postgres-data: }}\n"), "", "instead of `old`"),
        ("compose.yaml", format!("name: old\nservices:\n  postgres: {{ {server} }}\nvolumes: {{ postgres-data: }}\n"), "", "instead of `old`"),
        ("docker-compose.yml", format!("name: codelab\nservices:\n  postgres: {{ {server} }}\nvolumes: {{ postgres-data: {{ external: true }} }}\n"), "", "start on an empty one"),
        ("docker-compose.yml", format!("name: ${{PROJECT:-shop}}\nservices:\n  postgres: {{ {server} }}\nvolumes: {{ postgres-data: }}\n"), "", "instead of `shop`"),
        ("docker-compose.yml", format!("name: shop\nservices:\n  postgres: {{ {server} }}\n"), "COMPOSE_PROJECT_NAME=\n", "instead of `shop`"),
        ("docker-compose.yml", "name: codelab\nservices:\n  postgres: { image: edoburu/pgbouncer }\n  db: { image: 'postgres:12', volumes: ['olddb:/var/lib/postgresql/data'] }\n".to_owned(), "", "instead of `olddb`"),
        ("docker-compose.yml", "name: codelab\nservices:\n  db: { image: 'postgres:16-alpine', environment: { PGDATA: /data/pg }, volumes: ['pg:/data/pg'] }\n".to_owned(), "", "instead of `pg`"),
        ("docker-compose.yml", format!("name: codelab\nservices:\n  postgres: {{ image: 'postgres:${{V:-13}}-alpine', {DATA} }}\n"), "", "does not start on the data of PostgreSQL 13"),
        ("docker-compose.yml", format!("name: codelab\nservices:\n  postgres: {{ {server}, environment: {{ POSTGRES_USER: admin }} }}\n"), "", "has no role `codelab`"),
    ] {
        let (code, told) = adopted(name, &compose, dotenv);
        assert_eq!(code, Some(4), "{compose}: {told}");
        assert!(told.contains(what), "{what}: {told}");
    }
}

#[test]
fn a_hand_kept_file_with_the_same_data_is_adopted() {
    let volumes = "volumes: { postgres-data: { name: codelab_postgres-data } }\n";
    for (compose, dotenv) in [
        (format!("name: codelab\nservices:\n  postgres: {{ image: 'postgres:16-alpine', {DATA} }}\n{volumes}"), ""),
        (format!("name: codelab\nservices:\n  postgres: {{ image: 'postgres:alpine', {DATA} }}\n"), ""),
        ("name: codelab\nservices:\n  postgres: { image: 'postgres:16-alpine', volumes: ['./pg.conf:/var/lib/postgresql/postgresql.conf:ro', 'b:/var/lib/postgresql-backups', 'postgres-data:/var/lib/postgresql/data'] }\n".to_owned(), ""),
        (format!("services:\n  postgres: {{ image: 'postgres:16-alpine', {DATA} }}\n"), "export COMPOSE_PROJECT_NAME=shop\n"),
    ] {
        let (code, told) = adopted("docker-compose.yml", &compose, dotenv);
        assert_eq!(code, Some(0), "{compose}: {told}");
    }
}

#[test]
fn another_database_of_the_same_engine_and_a_volume_that_nobody_mounts_are_told() {
    let folder = project(PROFILE);
    write_profile(folder.path(), &PROFILE.replace("postgres: shop }", "postgres: store }"));
    let told = run(folder.path(), &[]);
    let line =
        "database  api: another one of postgres; its data stays in the database `shop` of the volume `pg-data`\n";
    assert!(stdout(&told).contains(line), "{}", stdout(&told));
    let cache = "  cache: { image: 'redis:7.4', data: cache-data:/data }\nengine:";
    write_profile(folder.path(), &PROFILE.replace("engine:", cache));
    assert_eq!(run(folder.path(), &[]).status.code(), Some(0));
    write_profile(folder.path(), PROFILE);
    let told = run(folder.path(), &[]);
    let line = "volume    nothing mounts `cache-data` any more; its data stays in it\n";
    assert!(stdout(&told).contains(line), "{}", stdout(&told));
}

#[test]
fn a_changed_script_is_run_on_a_server_that_stands() {
    let folder = project(PROFILE);
    write_profile(folder.path(), &PROFILE.replace("volume: pg-data", "volume: pg-data, access: per_service"));
    let told = run(folder.path(), &[]);
    assert!(stdout(&told).ends_with("\nnext: docker compose up -d --wait --remove-orphans\n"), "{}", stdout(&told));
    let once = "volume: pg-data, ensure: false";
    write_profile(folder.path(), &PROFILE.replace("volume: pg-data", once));
    let told = run(folder.path(), &[]);
    assert!(stdout(&told).contains("docker compose exec -T postgres bash "), "{}", stdout(&told));
}

#[test]
fn another_system_is_told_with_the_owner_of_its_files_and_the_printed_command_has_all_steps() {
    let give = |user: &str| {
        format!(
            "docker compose run --rm --no-deps --user 0 --cap-add CHOWN --cap-add DAC_OVERRIDE --entrypoint chown postgres -R \
             {user} /var/lib/postgresql/data /var/run/postgresql"
        )
    };
    for (stands, wanted, owner) in [
        ("16.4-alpine3.20", "16.4-bookworm", Some("999:999")),
        ("16.4-bookworm", "16.4-alpine3.22", Some("70:70")),
        ("16.4-bookworm", "16.4-trixie", None),
        ("16.4", "16.4-bookworm", None),
    ] {
        let stands = PROFILE.replace("16.4-alpine3.20", stands);
        let folder = project(&stands);
        let image = format!("postgres.image=postgres:{wanted}");
        let refused = run(folder.path(), &["--set", &image]);
        let accepted = run(folder.path(), &["--set", &image, "--accept", "flavour"]);
        let next = stdout(&accepted).lines().last().unwrap().to_owned();
        for told in [stderr(&refused), next.clone()] {
            let given = owner.map(|owner| format!("docker compose stop && {} && ", give(owner)));
            let given = given.unwrap_or_else(|| "docker compose stop && ".to_owned());
            let rest =
                "docker compose up -d --wait postgres && scripts/db/reindex.sh --all && docker compose up -d --wait";
            assert!(told.contains(&format!("{given}{rest}")), "{wanted}: {told}");
        }
        let again = run(folder.path(), &["--set", &image]);
        assert!(!stdout(&again).contains("reindex"), "told once: {}", stdout(&again));
    }
    let development = PROFILE.replace("stage: production", "stage: development");
    let folder = project(&development);
    let image = "postgres.image=postgres:16.4-bookworm";
    let accepted = run(folder.path(), &["--set", image, "--accept", "flavour"]);
    assert!(
        !stdout(&accepted).contains("chown"),
        "an image that starts as root gives them away: {}",
        stdout(&accepted)
    );
}

#[test]
fn what_would_go_unnoticed_of_the_server_is_told_once() {
    let open = "may be of another system than";
    let fixed = "holds for a new one";
    let checksums = "user: shop, initdb: { checksums: true }";
    for (first, old, new, told) in [
        ("16.9", "16.9'", "16.10'", Some(open)),
        ("16.9", "16.9'", &format!("16.9@sha256:{}'", "0".repeat(64)), Some(open)),
        ("16.9-bookworm", "16.9-bookworm'", "16.10-bookworm'", None),
        ("16.9-alpine3.20", "alpine3.20'", "alpine3.22'", None),
        ("16.9", "user: shop", checksums, Some(fixed)),
        ("16.9", "user: shop", "user: shop, local_auth: password", Some(fixed)),
        ("16.9", "user: shop", "user: shop, environment: { TZ: UTC }", None),
    ] {
        let first = PROFILE.replace("16.4-alpine3.20", first);
        let folder = project(&first);
        write_profile(folder.path(), &first.replace(old, new));
        for arguments in [&["--diff"][..], &[]] {
            let notes = stderr(&run(folder.path(), arguments));
            for word in [open, fixed] {
                assert_eq!(notes.contains(word), Some(word) == told, "{new}: {notes}");
            }
        }
        let notes = stderr(&run(folder.path(), &[]));
        assert!(!notes.contains(open) && !notes.contains(fixed), "{new}: {notes}");
    }
    let folder = project(&PROFILE.replace("16.4-alpine3.20", "16.9"));
    let other = PROFILE.replace("16.4-alpine3.20", "16.9").replace("user: shop", checksums);
    write_profile(folder.path(), &other.replace("volume: pg-data", "volume: new-data"));
    let notes = stderr(&run(folder.path(), &["--accept", "volume"]));
    assert!(!notes.contains(fixed), "the new volume is made so: {notes}");
}
