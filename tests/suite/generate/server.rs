//! What is told of a server that stands, and of folders that services can't write to.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Finish as _, codelab_gen, run, stderr, stdout};

const SERVICE: &str = "format: 1\nproject: app\nstage: development\nservices:\n  api:\n    image: app:1\n    user: 4242:4243\n    \
                       data: ./data:/srv/data\n    database: { sqlite: data/deep/api.db }\n";

fn project(profile: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.yaml"), profile).unwrap();
    folder
}

fn generate(folder: &Path, settings: &[&str]) -> (String, String) {
    let settings: Vec<_> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    let done = run(folder, &[&["-p", "./app.yaml"], settings.as_slice()].concat());
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    (stdout(&done), stderr(&done))
}

#[test]
fn a_folder_that_the_service_can_not_write_to_is_told_with_its_remedy() {
    let folder = project(SERVICE);
    let next = |told: &str| told.lines().last().unwrap().to_owned();
    let (told, notes) = generate(folder.path(), &[]);
    let install = "next: sudo install -d -o 4242 -g 4243 data/deep && docker compose up -d --wait";
    assert_eq!(next(&told), install, "the folder of the file, for the user of the service");
    assert!(notes.contains("`data/deep`, where `api` keeps its data, does not exist"), "{notes}");
    let made = "next: mkdir -p data/deep && docker compose up -d --wait --remove-orphans";
    let (told, _) = generate(folder.path(), &["services.api.user=0"]);
    assert_eq!(next(&told), made);
    let (told, _) = generate(folder.path(), &["services.api.user=nobody"]);
    assert_eq!(next(&told), made, "a name means nothing here");

    let data = folder.path().join("data/deep");
    fs::create_dir_all(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let (told, notes) = generate(folder.path(), &[]);
    assert_eq!(next(&told), "next: docker compose up -d --wait --remove-orphans");
    assert!(notes.contains("warning: `api` runs as the user 4242 and can't write to `data/deep`"), "{notes}");
    assert!(notes.contains("  = help: sudo chown -R 4242:4243 data/deep\n"), "{notes}");
    for settings in
        [&["services.api.user=0"][..], &["services.api.user=nobody"], &["services.api.data=files:/srv/data"]]
    {
        let run = run(folder.path(), &[&["-p", "./app.yaml", "--accept", "volume", "--set"], settings].concat());
        assert!(!stderr(&run).contains("can't write"), "{settings:?}: {}", stderr(&run));
    }
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
    let back = run(folder.path(), &["-p", "./app.yaml", "--accept", "volume"]);
    assert!(back.status.success() && !stderr(&back).contains("can't write"), "{}", stderr(&back));
}

#[test]
fn what_stands_in_the_place_of_a_data_folder_is_told() {
    let folder = project(&SERVICE.replace("data/deep/api.db", "data/api.db"));
    let data = folder.path().join("data");
    let told = "warning: `data`, where `api` keeps its data, is no folder\n  = help: move it away (`mv data data.old`)";
    for stand in [|path: &Path| fs::write(path, "mine"), |path: &Path| std::os::unix::fs::symlink("nowhere", path)] {
        stand(&data).unwrap();
        let (out, notes) = generate(folder.path(), &[]);
        assert!(notes.contains(told), "{notes}");
        assert!(!out.contains("install -d") && !out.contains("mkdir"), "{out}");
        fs::remove_file(&data).unwrap();
    }
}

#[test]
fn a_password_that_is_gone_is_told_where_a_server_stands() {
    for (ensure, next) in [
        ("postgres.ensure=true", "next: docker compose up -d --wait --remove-orphans\n"),
        (
            "postgres.ensure=false",
            "next: docker compose up -d --wait --remove-orphans postgres && docker compose exec -T postgres bash -s ",
        ),
    ] {
        let folder =
            project(&SERVICE.replace(
                "sqlite: data/deep/api.db }",
                "postgres: shop }\npostgres: { image: 'postgres:16', user: app }",
            ));
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::set_permissions(folder.path().join("data"), fs::Permissions::from_mode(0o777)).unwrap();
        let (_, notes) = generate(folder.path(), &[ensure]);
        assert!(!notes.contains("nowhere to be found"), "the first time there is no server: {notes}");
        fs::remove_file(folder.path().join(".env")).unwrap();
        let (told, notes) = generate(folder.path(), &[ensure]);
        assert!(notes.contains("note: `POSTGRES_PASSWORD` was nowhere to be found and is a new one; a server on the volume `postgres-data`"), "{notes}");
        assert!(told.lines().last().is_some_and(|line| format!("{line}\n").starts_with(next)), "{told}");
        let (_, notes) = generate(folder.path(), &[ensure]);
        assert!(!notes.contains("nowhere to be found"), "told once: {notes}");
    }
}

#[test]
fn who_is_asked_for_the_old_password_inside_as_well_is_told_how_to_give_the_new_one() {
    let folder = project(&SERVICE.replace(
        "sqlite: data/deep/api.db }",
        "postgres: shop }\npostgres: { image: 'postgres:16', user: app, local_auth: password }",
    ));
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::set_permissions(folder.path().join("data"), fs::Permissions::from_mode(0o777)).unwrap();
    let told = "note: with `local_auth: password` a server that has the old `POSTGRES_PASSWORD` must be given the new one \
                first\n  = help: before the next command, while it runs: `scripts/db/psql.sh --superuser postgres -c \
                '\\password'` asks for it\n";
    for number in [1, 2] {
        let (_, notes) = generate(folder.path(), &[]);
        assert!(!notes.contains("local_auth"), "run {number}: {notes}");
    }
    let rotated = codelab_gen(folder.path()).args(["rotate", "POSTGRES_PASSWORD"]).finish();
    assert!(stderr(&rotated).contains(told), "{}", stderr(&rotated));

    let dotenv = folder.path().join(".env");
    let text = fs::read_to_string(&dotenv).unwrap();
    let line = text.lines().find(|line| line.starts_with("POSTGRES_PASSWORD=")).unwrap();
    fs::write(&dotenv, text.replace(line, "POSTGRES_PASSWORD=editedByHand0123456789")).unwrap();
    let (_, notes) = generate(folder.path(), &[]);
    assert!(notes.contains(told), "{notes}");

    fs::remove_file(&dotenv).unwrap();
    let (_, notes) = generate(folder.path(), &[]);
    assert!(notes.contains("help: with `local_auth: password` nobody comes in without the old one"), "{notes}");
}

/// The last line of what a run tells.
fn next_of(told: &str) -> String {
    told.lines().last().unwrap().to_owned()
}

#[test]
fn what_is_left_to_do_is_told_again_until_somebody_did_it() {
    let postgres = |section: &str| {
        let database = format!("postgres: shop }}\npostgres: {{ image: 'postgres:16', user: app, {section} }}");
        SERVICE.replace("    user: 4242:4243\n", "").replace("sqlite: data/deep/api.db }", &database)
    };
    let folder = project(&postgres("ensure: false"));
    fs::create_dir(folder.path().join("data")).unwrap();
    let (first, _) = generate(folder.path(), &[]);
    assert_eq!(next_of(&first), "next: docker compose up -d --wait");
    for _ in 0..2 {
        let (told, _) = generate(folder.path(), &["secrets_in=files"]);
        let step =
            "next: docker compose up -d --wait --remove-orphans --force-recreate postgres && docker compose exec";
        assert!(next_of(&told).starts_with(step), "a running server keeps a secret's old file: {told}");
    }

    let folder = project(&postgres("access: per_service, external: { host: db.example.com }"));
    fs::create_dir(folder.path().join("data")).unwrap();
    for _ in 0..2 {
        let (told, _) = generate(folder.path(), &[]);
        assert!(
            next_of(&told).starts_with("next: (set -a; . ./.env; INIT_POSTGRES_USER=ADMINISTRATOR bash "),
            "{told}"
        );
    }
    let folder = project(&postgres("access: per_service, external: { host: db.example.com }"));
    fs::create_dir(folder.path().join("data")).unwrap();
    let (told, _) = generate(folder.path(), &["secrets_in=environment"]);
    assert!(!folder.path().join(".env").exists());
    assert!(next_of(&told).starts_with("next: (INIT_POSTGRES_USER=ADMINISTRATOR bash "), "there is no .env: {told}");
}

#[test]
fn what_takes_data_along_is_named_with_its_folder_and_only_where_both_engines_are_described() {
    let both = SERVICE.replace("    user: 4242:4243\n", "").replace(
        "sqlite: data/deep/api.db }",
        "sqlite: data/api.db, postgres: shop }\nengine: sqlite\npostgres: { image: 'postgres:16', user: app }",
    );
    let folder = project(&both);
    let out = |settings: &[&str]| run(folder.path(), &[&["-p", "./app.yaml", "-o", "deploy"], settings].concat());
    assert!(out(&[]).status.success());
    let told = stdout(&out(&["--set", "engine=postgres"]));
    assert!(told.contains("before the next command: `codelab-gen migrate api --to postgres --out deploy`\n"), "{told}");
    let told = stdout(&out(&[]));
    assert!(told.contains("run `codelab-gen migrate api --to sqlite --out deploy`, and come here again\n"), "{told}");

    let folder = project(SERVICE);
    generate(folder.path(), &[]);
    let only = SERVICE
        .replace("sqlite: data/deep/api.db }", "postgres: shop }\npostgres: { image: 'postgres:16', user: app }");
    fs::write(folder.path().join("app.yaml"), only).unwrap();
    let (told, _) = generate(folder.path(), &[]);
    assert!(
        told.contains("engine    api: postgres instead of sqlite") && !told.contains("codelab-gen migrate"),
        "{told}"
    );
}

#[test]
fn the_data_of_a_server_that_goes_with_its_service_is_told() {
    let two = SERVICE.replace("    user: 4242:4243\n", "").replace(
        "sqlite: data/deep/api.db }",
        "postgres: shop }\n  web: { image: 'nginx:1.27', volumes: ['postgres-socket:/srv/mine'] }\n\
         postgres: { image: 'postgres:16', user: app, ensure: false }",
    );
    let folder = project(&two);
    generate(folder.path(), &[]);
    let web = "format: 1\nproject: app\nstage: development\nservices: { web: { image: 'nginx:1.27' } }\n";
    fs::write(folder.path().join("app.yaml"), web).unwrap();
    let (told, _) = generate(folder.path(), &[]);
    for volume in ["postgres-data", "postgres-socket"] {
        let line = format!("volume    nothing mounts `{volume}` any more; its data stays in it\n");
        assert!(told.contains(&line), "{volume}, which is no socket by its name alone: {told}");
    }
}

#[test]
fn the_socket_of_a_server_that_goes_is_no_data() {
    let folder = project(&SERVICE.replace("    user: 4242:4243\n", "").replace(
        "sqlite: data/deep/api.db }",
        "postgres: shop }\n  web: { image: 'nginx:1.27', depends_on: [api] }\npostgres: { image: 'postgres:16', user: app }",
    ));
    generate(folder.path(), &[]);
    let web = "format: 1\nproject: app\nstage: development\nservices: { web: { image: 'nginx:1.27' } }\n";
    fs::write(folder.path().join("app.yaml"), web).unwrap();
    let (told, _) = generate(folder.path(), &[]);
    assert!(told.contains("nothing mounts `postgres-data` any more"), "{told}");
    assert!(!told.contains("postgres-socket"), "{told}");
}

#[test]
fn a_dotenv_that_goes_is_read_by_no_command() {
    let folder = project(&SERVICE.replace("    user: 4242:4243\n", "").replace(
        "sqlite: data/deep/api.db }",
        "postgres: shop }\nsecrets_in: environment\npostgres: { external: { host: db.example.com }, user: app }",
    ));
    let (told, _) = generate(folder.path(), &[]);
    assert!(told.contains("(set -a; . ./.env; INIT_POSTGRES_USER=ADMINISTRATOR bash"), "{told}");
    let (told, _) = generate(folder.path(), &["postgres.access=per_service"]);
    assert!(told.contains("removed   .env\n"), "{told}");
    assert!(told.contains("(INIT_POSTGRES_USER=ADMINISTRATOR bash"), "{told}");
}

#[test]
fn files_of_secrets_that_nothing_reads_any_more_are_told() {
    let folder = project(
        &SERVICE
            .replace("    user: 4242:4243\n", "")
            .replace("sqlite: data/deep/api.db }", "postgres: shop }\npostgres: { image: 'postgres:16', user: app }"),
    );
    let (_, notes) = generate(folder.path(), &["secrets_in=files"]);
    assert!(!notes.contains("reads any more"), "{notes}");
    let (_, notes) = generate(folder.path(), &[]);
    let told = "note: nothing reads `secrets/postgres_password` any more\n  = help: once the deployment runs, `rm \
                secrets/postgres_password`\n";
    assert!(notes.contains(told), "{notes}");
    assert!(folder.path().join("secrets/postgres_password").exists());
}

#[test]
fn a_network_that_a_service_names_is_there_with_every_engine() {
    let folder = project(
        &SERVICE
            .replace(
                "sqlite: data/deep/api.db }",
                "sqlite: data/api.db, postgres: shop }\n    compose: { networks: [default, database] }",
            )
            .replace("services:", "postgres: { image: 'postgres:16', user: app }\nservices:"),
    );
    for engine in ["sqlite", "postgres"] {
        generate(folder.path(), &[&format!("engine={engine}")]);
        let compose = fs::read_to_string(folder.path().join("docker-compose.yml")).unwrap();
        let compose: serde_yaml::Value = serde_yaml::from_str(&compose).unwrap();
        assert_eq!(compose["networks"]["database"]["internal"], true, "{engine}");
    }
}

/// What runs beside the server comes from the same image, for the same platform, got in the same way.
#[test]
fn the_container_that_brings_databases_in_line_has_the_servers_image() {
    let profile = "format: 1\nproject: app\nstage: staging\nengine: postgres\nservices:\n  api: { image: 'app:1', port: 80, \
                   database: { postgres: api } }\npostgres:\n  image: mirror.example/postgres:15\n  version: 15\n  user: app\n  compose: { platform: \
                   linux/amd64, pull_policy: never, shm_size: 1g, stop_grace_period: 7s }\n";
    let folder = project(profile);
    generate(folder.path(), &[]);
    let text = fs::read_to_string(folder.path().join("docker-compose.yml")).unwrap();
    let (_, ensure) = text.split_once("\n  postgres-ensure:\n").unwrap();
    let ensure: Vec<_> = ensure.lines().take_while(|line| line.is_empty() || line.starts_with("    ")).collect();
    for line in ["    image: mirror.example/postgres:15", "    platform: linux/amd64", "    pull_policy: never"] {
        assert!(ensure.contains(&line), "{line}: {ensure:#?}");
    }
    for key in ["shm_size", "stop_grace_period"] {
        assert!(text.contains(key) && !ensure.iter().any(|line| line.contains(key)), "{key}: {ensure:#?}");
    }
}
