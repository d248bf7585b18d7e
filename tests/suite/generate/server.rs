//! What is told of a server that stands, and of folders that services can't write to.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{run, stderr, stdout};

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
