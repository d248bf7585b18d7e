//! A build that sends files with secrets is told, with the lines for its `.dockerignore`.

use std::fs;

use serde_json::Value;

use crate::support::{run, stderr};

/// A project whose service is built of a folder, with the outputs in another one.
fn project(build: &str, out: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("profiles")).unwrap();
    fs::create_dir(root.path().join("api")).unwrap();
    let profile = format!(
        "format: 1\nproject: shop\nstage: development\nengine: postgres\nout: '{out}'\nservices:\n  api: {{ build: \
         {build}, port: 8000, database: {{ postgres: api }} }}\npostgres: {{ image: 'postgres:16-bookworm', user: shop }}\n"
    );
    fs::write(root.path().join("profiles/shop.yaml"), profile).unwrap();
    root
}

const ALL: &str = "      .env\n      .env.*\n      *.orig*\n      backups/\n";

#[test]
fn a_context_that_holds_secrets_is_told_with_the_missing_lines() {
    let root = project(".", ".");
    let note = "note: building `api` sends files that hold secrets, and `COPY . .` puts them into the image\n  = help: add \
                to `.dockerignore`:\n";
    let told = || stderr(&run(root.path(), &["-p", "shop"]));
    let first = told();
    assert!(first.contains(&format!("{note}{ALL}")), "{first}");
    fs::write(root.path().join(".dockerignore"), "node_modules\n.env*\n").unwrap();
    let some = told();
    assert!(some.contains(&format!("{note}      *.orig*\n      backups/\n")), "{some}");
    for all in [".env\n.env.*\n*.orig*\nbackups/\n", "*\n!src\n!pyproject.toml\n", "**/.env*\n**/*.orig*\n/backups\n"] {
        fs::write(root.path().join(".dockerignore"), all).unwrap();
        let quiet = told();
        assert!(!quiet.contains("sends files"), "{all}: {quiet}");
    }
    fs::write(root.path().join(".dockerignore"), "*\n!backups/latest\n").unwrap();
    let excepted = told();
    assert!(excepted.contains(&format!("{note}      backups/\n")), "{excepted}");
    // the builder takes the one beside the Dockerfile before the usual one
    fs::write(root.path().join("Dockerfile.dockerignore"), "").unwrap();
    let beside = told();
    assert!(beside.contains(&format!("add to `Dockerfile.dockerignore`:\n{ALL}")), "{beside}");
}

#[test]
fn only_what_lies_in_the_context_is_told() {
    for (build, out, expected) in [
        ("./api", ".", None),
        ("./api", "./deploy", None),
        (
            ".",
            "./deploy",
            Some("      deploy/.env\n      deploy/.env.*\n      deploy/*.orig*\n      deploy/backups/\n"),
        ),
        ("./api/..", "./a [b]", Some("      **/.env\n      **/.env.*\n      **/*.orig*\n      **/backups/\n")),
        ("{ context: ., dockerfile: api/Dockerfile }", ".", Some(ALL)),
    ] {
        let root = project(build, out);
        let told = stderr(&run(root.path(), &["-p", "shop"]));
        match expected {
            Some(lines) => assert!(told.contains(lines), "{build} {out}: {told}"),
            None => assert!(!told.contains("sends files"), "{build} {out}: {told}"),
        }
    }
}

#[test]
fn files_of_secrets_are_among_the_lines_and_in_the_document() {
    let root = project(".", "./deploy");
    let run = run(root.path(), &["-p", "shop", "--set", "secrets_in=files", "--format", "json"]);
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    let sent = document.pointer("/sent/0").unwrap();
    let lines = ["deploy/.env", "deploy/.env.*", "deploy/*.orig*", "deploy/secrets/", "deploy/backups/"];
    assert_eq!(sent, &serde_json::json!({ "services": ["api"], "file": ".dockerignore", "lines": lines }));
}

#[test]
fn the_folder_of_continuous_backups_is_left_out_too() {
    for (to, line) in [
        ("./store", Some("      store/pgbackrest/\n")),
        ("./backups", None),
        ("./api/a b", Some("      api/a b/pgbackrest/\n")),
        ("../elsewhere", None),
        ("a-volume", None),
    ] {
        let root = project(".", ".");
        let profile = root.path().join("profiles/shop.yaml");
        let text = fs::read_to_string(&profile).unwrap() + &format!("backups: {{ to: '{to}' }}\n");
        fs::write(&profile, text).unwrap();
        let told = || stderr(&run(root.path(), &["-p", "shop"]));
        let first = told();
        let expected = line.unwrap_or_default();
        assert!(first.contains(&format!("{ALL}{expected}")), "{to}: {first}");
        assert_eq!(first.contains("pgbackrest/"), line.is_some(), "{to}: {first}");
        let out = format!("{ALL}{expected}").replace("      ", "");
        fs::write(root.path().join(".dockerignore"), out).unwrap();
        let quiet = told();
        assert!(!quiet.contains("sends files"), "{to}: {quiet}");
    }
}

#[test]
fn a_file_that_is_no_text_leaves_nothing_out() {
    let root = project(".", ".");
    std::os::unix::fs::symlink("/dev/zero", root.path().join(".dockerignore")).unwrap();
    let told = stderr(&run(root.path(), &["-p", "shop"]));
    assert!(told.contains(ALL), "{told}");
}
