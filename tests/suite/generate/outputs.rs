//! What a run writes and tells.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use crate::support::{Finish as _, codelab_gen, read, run, run_with_password, stderr, stdout, urls, value};

#[test]
fn urls_are_exactly_those_of_the_requirements() {
    const AGENT_SQLITE: &str = "AGENT_RUNTIME__DB_URL=sqlite:///data/agent_runtime.db";
    const AGENT_POSTGRES: &str =
        "AGENT_RUNTIME__DB_URL=postgresql+asyncpg://codelab:codelab_password@postgres:5432/agent_runtime";
    const AUTH_SQLITE: &str = "AUTH_SERVICE__DB_URL=sqlite:///data/auth.db";
    const AUTH_POSTGRES: &str =
        "AUTH_SERVICE__DB_URL=postgresql+asyncpg://codelab:codelab_password@postgres:5432/auth_db";
    for (profile, expected) in [
        ("dev", [AGENT_SQLITE, AUTH_SQLITE]),
        ("prod", [AGENT_POSTGRES, AUTH_POSTGRES]),
        ("mixed", [AGENT_SQLITE, AUTH_POSTGRES]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let run = run_with_password(folder.path(), &["--profile", profile]);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        assert_eq!(urls(folder.path()), expected);
    }
}

#[test]
fn an_absolute_sqlite_path_has_four_slashes() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "dev", "--set", "services.auth-service.database.sqlite=/app/data/auth.db"]);
    assert_eq!(urls(folder.path())[1], "AUTH_SERVICE__DB_URL=sqlite:////app/data/auth.db");
}

#[test]
fn what_is_missing_on_disk_is_noted_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), &["-p", "dev", "-o", "deploy"]);
    let notes = stderr(&first);
    assert!(notes.contains("the build context `agent-runtime` of `agent-runtime` does not exist"), "{notes}");
    assert!(notes.contains("`auth-service/data`, where `auth-service` keeps its data, does not exist"), "{notes}");
    let next = "next: mkdir -p agent-runtime/data auth-service/data && cd deploy && docker compose up -d --wait\n";
    assert!(stdout(&first).ends_with(next), "{}", stdout(&first));
    for name in ["agent-runtime/data", "auth-service/data"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    assert_eq!(stderr(&run(folder.path(), &["-p", "dev", "-o", "deploy"])), "");
    let compose = read(folder.path(), "deploy/docker-compose.yml");
    assert!(compose.contains("build: ../agent-runtime\n") && compose.contains("- ../auth-service/data:/app/data\n"));
}

#[test]
fn the_next_command_can_be_typed_and_removes_services_that_left() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), &["-p", "prod", "-o", "my deploy"]);
    assert!(stdout(&first).ends_with("&& cd 'my deploy' && docker compose up -d --wait\n"), "{}", stdout(&first));
    let second = run(folder.path(), &["-p", "dev", "-o", "my deploy", "--accept", "engine"]);
    assert!(stdout(&second).ends_with("up -d --wait --remove-orphans\n"), "{}", stdout(&second));
}

#[test]
fn permissions_are_mended() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), &["-p", "prod"]).status.code(), Some(0));
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o7777;
    fs::set_permissions(folder.path().join(".env"), fs::Permissions::from_mode(0o644)).unwrap();
    let mended = run(folder.path(), &[]);
    assert!(stdout(&mended).contains("mode      .env\n"), "{}", stdout(&mended));
    assert_eq!(mode(".env"), 0o600);
}

#[test]
fn json_is_one_document_for_every_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let json = |run: &Output| serde_json::from_str::<serde_json::Value>(&stdout(run)).unwrap();
    let done = run(folder.path(), &["-p", "prod", "--format", "json"]);
    let files = json(&done)["files"].as_array().unwrap().clone();
    let last = files.last().unwrap();
    assert_eq!((files.len(), &last["path"], &last["change"]), (12, &"docker-compose.yml".into(), &"created".into()));
    assert_eq!(json(&done)["secrets"][0], serde_json::json!({ "name": "POSTGRES_PASSWORD", "from": "generated" }));
    let rejected = run(folder.path(), &["-p", "prod", "--set", "services.x.port=0", "--format", "json"]);
    assert_eq!(json(&rejected)["diagnostics"][0]["code"], "invalid-value");
    assert_eq!(json(&rejected)["diagnostics"][0]["place"]["column"], 17);
    fs::write(folder.path().join(".env.example"), "mine\n").unwrap();
    let refused = run(folder.path(), &["-p", "prod", "--format", "json"]);
    assert_eq!(refused.status.code(), Some(4));
    assert_eq!(json(&refused)["refusals"][0]["path"], ".env.example");
}

#[test]
fn validate_writes_nothing_and_tells_every_profile() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("profiles")).unwrap();
    fs::write(folder.path().join("profiles/good.yaml"), "format: 1\nextends: builtin:dev\n").unwrap();
    fs::write(folder.path().join("profiles/bad.yaml"), "format: 1\nextends: good\nprot: 1\n").unwrap();
    let all = codelab_gen(folder.path()).arg("validate").finish();
    assert_eq!(all.status.code(), Some(3));
    assert_eq!(stdout(&all), "rejected  profiles/bad.yaml\nvalid     profiles/good.yaml\n");
    assert!(stderr(&all).contains("unknown key `prot` in a profile"), "{}", stderr(&all));
    let one = codelab_gen(folder.path()).args(["validate", "good", "builtin:base"]).finish();
    assert_eq!(one.status.code(), Some(0), "{}", stderr(&one));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn wrong_usage_is_exit_2() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--nonsense"][..], &["-p"], &["--format", "xml"], &["-p", "dev", "validate"]] {
        let run = codelab_gen(folder.path()).args(arguments).finish();
        assert_eq!(run.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn runs_at_once_do_not_get_in_each_others_way() {
    let folder = tempfile::tempdir().unwrap();
    let spawn = |_| codelab_gen(folder.path()).args(["-p", "prod", "-o", "deploy"]).spawn().unwrap();
    let runs: Vec<_> = (0..8).map(spawn).collect();
    for mut run in runs {
        assert!(run.wait().unwrap().success());
    }
    let dotenv = read(&folder.path().join("deploy"), ".env");
    assert!(value(&dotenv, "AUTH_SERVICE__DB_URL").contains(value(&dotenv, "POSTGRES_PASSWORD")), "{dotenv}");
    assert_eq!(fs::read_dir(folder.path().join("deploy")).unwrap().count(), 4);
}

#[test]
fn what_the_environment_or_compose_file_would_put_in_its_place_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = codelab_gen(folder.path());
    let told = stderr(&command.args(["-p", "prod"]).env("AUTH_SERVICE__DB_URL", "sqlite:///elsewhere").finish());
    let warning = "warning: Docker Compose would take `AUTH_SERVICE__DB_URL` from the environment";
    assert!(told.contains(warning) && !told.contains("elsewhere"), "{told}");
    let dotenv = format!("COMPOSE_FILE=compose.prod.yml\n{}", read(folder.path(), ".env"));
    fs::write(folder.path().join(".env"), dotenv).unwrap();
    let told = stderr(&run(folder.path(), &[]));
    assert!(told.contains("`COMPOSE_FILE` in .env does not name docker-compose.yml"), "{told}");
}

#[test]
fn a_file_in_the_place_of_a_folder_stops_only_those_who_need_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("scripts"), "mine\n").unwrap();
    let without_database = "format: 1\nproject: app\nstage: ci\nservices: { web: { image: 'nginx:1.27' } }\n";
    fs::write(folder.path().join("web.yaml"), without_database).unwrap();
    let refused = run(folder.path(), &["-p", "prod"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    let told = "scripts` is a file, and should be a folder";
    assert_eq!(stderr(&refused).matches(told).count(), 1, "told once: {}", stderr(&refused));
    assert_eq!(run(folder.path(), &["-p", "./web.yaml"]).status.code(), Some(0));
    assert_eq!(read(folder.path(), "scripts"), "mine\n");
}

#[test]
fn a_file_that_root_writes_stays_its_owners() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir().unwrap();
    let dotenv = folder.path().join(".env");
    fs::write(&dotenv, "# mine\n").unwrap();
    let owner = if fs::metadata(&dotenv).unwrap().uid() == 0 { 12345 } else { fs::metadata(&dotenv).unwrap().uid() };
    std::os::unix::fs::chown(&dotenv, Some(owner), None).unwrap();
    run(folder.path(), &["-p", "prod"]);
    assert!(read(folder.path(), ".env").contains("POSTGRES_PASSWORD="));
    assert_eq!(fs::metadata(&dotenv).unwrap().uid(), owner);
}

#[test]
fn a_file_that_is_missing_is_to_be_put_there_and_a_folder_to_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let profile = "format: 1\nproject: app\nstage: ci\nservices:\n  web:\n    image: 'nginx:1.27'\n    \
                   volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro', './pages:/srv/pages:ro']\n";
    fs::write(folder.path().join("web.yaml"), profile).unwrap();
    let notes = stderr(&run(folder.path(), &["-p", "./web.yaml"]));
    assert!(
        notes.contains("put the file there before the start\n") && !notes.contains("mkdir -p nginx.conf"),
        "{notes}"
    );
    assert!(notes.contains("mkdir -p pages\n"), "{notes}");
}
