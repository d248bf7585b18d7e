//! Which files an import reads, and what becomes of them once their deployment is generated.

use std::fs;

use super::{ONE, folder, import, refused};
use crate::support::{Finish as _, codelab_gen, read, stderr, stdout};

const WEB: &str = "services:\n  web:\n    image: web:1\n";

#[test]
fn the_file_that_compose_takes_is_put_aside_with_the_others() {
    for name in ["compose.yaml", "compose.yml", "docker-compose.yaml"] {
        let folder = folder(&[(name, ONE)]);
        assert_eq!(import(folder.path(), &[]).status.code(), Some(0));
        let refused = codelab_gen(folder.path()).args(["-p", "imported"]).finish();
        assert_eq!(refused.status.code(), Some(4), "{}", stderr(&refused));
        assert!(stderr(&refused).contains(&format!("`--force` keeps it as {name}.orig")), "{}", stderr(&refused));
        let diff = codelab_gen(folder.path()).args(["-p", "imported", "--force", "--diff"]).finish();
        assert!(stdout(&diff).contains(&format!("aside     {name}\n")), "{}", stdout(&diff));
        assert_eq!(read(folder.path(), name), ONE);
        let run = codelab_gen(folder.path()).args(["-p", "imported", "--force", "--format", "json"]).finish();
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        let document: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
        assert_eq!(document["aside"][0]["original"], format!("{name}.orig"));
        assert!(!folder.path().join(name).exists());
        assert_eq!(read(folder.path(), &format!("{name}.orig")), ONE);
        let again = codelab_gen(folder.path()).finish();
        assert_eq!((again.status.code(), stderr(&again).as_str()), (Some(0), ""));
        // what comes later is the user's own doing
        fs::write(folder.path().join("compose.yaml"), ONE).unwrap();
        let twin = codelab_gen(folder.path()).finish();
        assert_eq!(twin.status.code(), Some(0));
        assert!(stderr(&twin).contains("Docker Compose takes `compose.yaml` and not"), "{}", stderr(&twin));
    }
}

#[test]
fn several_files_are_one_deployment() {
    let over = "services:\n  api: { command: go, ports: ['1:1'] }\n  db: { image: 'd:1' }\n";
    let files = [
        ("docker-compose.yml", ONE),
        ("compose.db.yml", over),
        (".env", "COMPOSE_FILE=docker-compose.yml:compose.db.yml\nX=1\n"),
    ];
    let folder = folder(&files);
    let run = import(folder.path(), &[]);
    assert!(stderr(&run).contains("`docker-compose.yml`, `compose.db.yml` are one deployment"), "{}", stderr(&run));
    let profile = read(folder.path(), "profiles/imported.yaml");
    assert!(profile.contains("    command: go\n") && profile.contains("\n  db:\n"), "{profile}");
    let refused = codelab_gen(folder.path()).args(["-p", "imported"]).finish();
    assert!(stderr(&refused).contains("`COMPOSE_FILE`, on line 1 of "), "{}", stderr(&refused));
    let run = codelab_gen(folder.path()).args(["-p", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(stderr(&run).contains("`COMPOSE_FILE` in `.env` is a comment now"), "{}", stderr(&run));
    let line =
        "# put aside, since docker-compose.yml says it all: COMPOSE_FILE=docker-compose.yml:compose.db.yml\nX=1\n";
    assert_eq!(read(folder.path(), ".env"), line);
    let again = codelab_gen(folder.path()).finish();
    assert_eq!((again.status.code(), stderr(&again).as_str()), (Some(0), ""));
}

#[test]
fn files_are_named_as_compose_takes_them() {
    let stack = [("deploy/stack.yml", ONE), ("deploy/more.yml", WEB), ("deploy/.env", "X=1\n")];
    for (arguments, out) in [
        (&["deploy/stack.yml"][..], "api"),
        (&["-f", "deploy/stack.yml"], "api"),
        (&["-f", "deploy/more.yml", "-f", "deploy/stack.yml"], "web"),
        (&["deploy", "--file", "deploy/more.yml"], "web"),
    ] {
        let folder = folder(&stack);
        let run = import(folder.path(), arguments);
        assert_eq!(run.status.code(), Some(0), "{arguments:?}: {}", stderr(&run));
        let profile = read(folder.path(), "deploy/profiles/imported.yaml");
        assert!(profile.contains(&format!("\n  {out}:\n")), "{arguments:?}: {profile}");
        assert_eq!(profile.contains("\n  web:\n") && profile.contains("\n  api:\n"), arguments.len() == 4);
    }
    let folder = folder(&[("docker-compose.yml", WEB), ("stack.yml", ONE)]);
    let run = import(folder.path(), &["stack.yml"]);
    assert!(stderr(&run).contains("`docker-compose.yml` is not among these files"), "{}", stderr(&run));
    assert!(!stderr(&run).contains("are one deployment"), "{}", stderr(&run));
    let run = import(folder.path(), &["stack.yml", "-f", "docker-compose.yml", "--name", "b"]);
    assert_eq!(run.status.code(), Some(2));
}

#[test]
fn what_includes_and_extends_other_files_is_read_with_them() {
    let main =
        "include: [db/db.yml]\nservices:\n  api: { extends: { file: common.yml, service: base }, command: go }\n";
    let files = [
        ("docker-compose.yml", main),
        ("db/db.yml", "services: { db: { image: 'd:1', volumes: ['./init:/init'] } }\n"),
        ("common.yml", "services: { base: { image: 'b:1' } }\n"),
    ];
    let folder = folder(&files);
    assert_eq!(import(folder.path(), &[]).status.code(), Some(0));
    let profile = read(folder.path(), "profiles/imported.yaml");
    for line in ["    image: b:1\n    command: go\n", "      - ./db/init:/init\n"] {
        assert!(profile.contains(line), "{line}: {profile}");
    }
    let missing = [("docker-compose.yml", main), ("common.yml", "services: {}\n")];
    refused(&missing, 5, &["can't read `db/db.yml`"]);
    let broken = [("docker-compose.yml", main), ("db/db.yml", "services: [\n"), ("common.yml", "services: {}\n")];
    refused(&broken, 3, &["--> db/db.yml:"]);
    let no_base = [("docker-compose.yml", main), ("db/db.yml", "services: {}\n"), ("common.yml", "services: {}\n")];
    refused(&no_base, 3, &["extends `base`, which is not known", "docker compose config --no-interpolate"]);
    let own = [files[0], files[1], files[2], ("db/.env", "X=1\n")];
    refused(&own, 2, &["`db/db.yml` has a .env of its own"]);
}

#[test]
fn a_note_is_told_in_the_file_that_it_is_about() {
    let over = "services:\n  api:\n    ports: ['1:1', '2:2']\n";
    let folder = folder(&[("docker-compose.yml", ONE), ("b.yml", over)]);
    let run = import(folder.path(), &["-f", "docker-compose.yml", "-f", "b.yml"]);
    assert!(stderr(&run).contains("note: b.yml:3: `ports` of `api` publishes more than one port"), "{}", stderr(&run));
}

#[test]
fn an_override_that_is_not_read_now_is_not_read_afterwards() {
    let beside = "services: { api: { command: x } }\n";
    let files = [("docker-compose.yml", ONE), ("b.yml", WEB), ("docker-compose.override.yml", beside)];
    let not_named = [files[0], files[1], files[2], (".env", "COMPOSE_FILE=docker-compose.yml:b.yml\n")];
    refused(&not_named, 2, &["does not read `docker-compose.override.yml` now"]);
    let early =
        [files[0], files[1], files[2], (".env", "COMPOSE_FILE=docker-compose.yml:docker-compose.override.yml:b.yml\n")];
    refused(&early, 2, &["the override file is before other files"]);
    let named =
        [files[0], files[1], files[2], (".env", "COMPOSE_FILE=docker-compose.yml:b.yml:docker-compose.override.yml\n")];
    let folder = folder(&named);
    assert_eq!(import(folder.path(), &[]).status.code(), Some(0));
    let profile = read(folder.path(), "profiles/imported.yaml");
    assert!(profile.contains("\n  web:\n") && !profile.contains("command: x"), "{profile}");
}

#[test]
fn a_service_whose_program_stands_in_the_override_has_it() {
    let files = [
        ("docker-compose.yml", "services:\n  api: { command: go }\n"),
        ("docker-compose.override.yml", "services: { api: { build: . } }\n"),
    ];
    let folder = folder(&files);
    assert_eq!(import(folder.path(), &[]).status.code(), Some(0));
    assert!(read(folder.path(), "profiles/imported.yaml").contains("    build: \".\"\n"));
}
