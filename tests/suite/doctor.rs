//! `doctor` where no engine answers: what it finds in files, variables and ports. The rest is in tests/e2e.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::report::document;
use crate::support::{Finish as _, codelab_gen, run, stderr, stdout, tree};

/// A PATH without docker: no test asks the machine's own engine.
const NO_PROGRAMS: &str = "/nonexistent";

/// The findings about a deployment, `verdict [check] message` each.
fn findings(folder: &Path, environment: &[(&str, &str)]) -> Vec<String> {
    let before = tree(folder);
    let mut command = codelab_gen(folder);
    command.args(["doctor", "--format", "json"]).envs(environment.iter().copied());
    let done = command.env("PATH", NO_PROGRAMS).finish();
    assert_eq!(done.status.code(), Some(1), "without an engine there is a problem: {}", stderr(&done));
    assert_eq!(tree(folder), before, "doctor wrote");
    let report = document(&done);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let line = |finding: &serde_json::Value| {
        let help = finding["help"].as_str().unwrap_or("-");
        format!("{} [{}] {} -> {help}", text(&finding["verdict"]), text(&finding["check"]), text(&finding["message"]))
    };
    report.pointer("/findings").and_then(|found| found.as_array()).unwrap().iter().map(line).collect()
}

fn deployed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["agent-runtime/data", "auth-service/data"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    assert_eq!(run(folder.path(), &["-p", "prod"]).status.code(), Some(0));
    folder
}

fn has(found: &[String], start: &str) -> bool {
    found.iter().any(|line| line.starts_with(start))
}

#[test]
fn a_sound_deployment_lacks_nothing_but_the_engine() {
    let folder = deployed();
    let found = findings(folder.path(), &[]);
    assert!(has(&found, "ok [outputs] the outputs are as the profile says"), "{found:#?}");
    assert!(has(&found, "ok [secrets] every secret has a value"), "{found:#?}");
    assert!(has(&found, "unseen [connections-settings] "), "{found:#?}");
    let problems: Vec<_> = found.iter().filter(|line| line.starts_with("problem")).collect();
    assert!(!problems.is_empty() && problems.iter().all(|line| line.starts_with("problem [docker]")), "{found:#?}");

    let told = codelab_gen(folder.path()).arg("doctor").env("PATH", NO_PROGRAMS).finish();
    let last = stdout(&told);
    assert!(last.ends_with(" 0 warnings, 1 not to be seen\n"), "{last}");
    let without = tempfile::tempdir().unwrap();
    assert_eq!(run(without.path(), &["doctor"]).status.code(), Some(2), "there is nothing to look at");
}

#[test]
fn each_fault_of_files_and_variables_is_found_by_name_with_its_remedy() {
    let folder = deployed();
    let at = |name: &str| folder.path().join(name);
    let edited = fs::read_to_string(at("docker-compose.yml")).unwrap().replace("8001", "8005");
    fs::write(at("docker-compose.yml"), edited).unwrap();
    let script = fs::read_to_string(at("scripts/init-postgres.sh")).unwrap().replace('\n', "\r\n");
    fs::write(at("scripts/init-postgres.sh"), script).unwrap();
    fs::set_permissions(at("scripts/db/backup.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::remove_file(at("scripts/db/psql.sh")).unwrap();
    fs::write(at("compose.yaml"), "services: {}\n").unwrap();
    fs::remove_dir_all(at("auth-service")).unwrap();
    let found = findings(folder.path(), &[("AUTH_SERVICE__DB_URL", "sqlite:///left.db")]);
    for expected in [
        "problem [outputs] `docker-compose.yml` was edited, or is not codelab-gen's -> see `codelab-gen --check`",
        "problem [outputs] `scripts/init-postgres.sh` has line ends of Windows -> codelab-gen",
        "problem [outputs] `scripts/db/backup.sh` has other permissions than it needs -> codelab-gen",
        "problem [outputs] `scripts/db/psql.sh` is missing -> codelab-gen",
        "problem [compose-file] Docker Compose takes `compose.yaml` and not `docker-compose.yml` -> mv compose.yaml",
        "problem [folders] the build context `./auth-service` of `auth-service` does not exist",
        "problem [folders] a folder where a service keeps data does not exist; Docker would make it as root's -> mkdir -p auth-service/data",
        "problem [environment] the shell sets `AUTH_SERVICE__DB_URL`, which Docker Compose takes instead of what .env says -> unset AUTH_SERVICE__DB_URL",
    ] {
        assert!(has(&found, expected), "{expected}\n{found:#?}");
    }
}

#[test]
fn secrets_that_are_missing_or_weak_are_found_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = codelab_gen(folder.path());
    command.args(["-p", "prod", "--allow-weak-secrets"]).env("POSTGRES_PASSWORD", "codelab_password");
    assert_eq!(command.finish().status.code(), Some(0));
    let found = findings(folder.path(), &[]);
    let weak = "warning [secrets] `POSTGRES_PASSWORD` is a value that stands in documents -> codelab-gen rotate POSTGRES_PASSWORD";
    assert!(has(&found, weak), "{found:#?}");
    assert!(!found.concat().contains("codelab_password"), "{found:#?}");
    let dotenv = fs::read_to_string(folder.path().join(".env")).unwrap();
    let without: Vec<_> = dotenv.lines().filter(|line| !line.starts_with("POSTGRES_PASSWORD=")).collect();
    let without = without.join("\n") + "\n";
    fs::write(folder.path().join(".env"), without).unwrap();
    assert!(has(&findings(folder.path(), &[]), "problem [secrets] `POSTGRES_PASSWORD` is not set in .env"));
    fs::remove_file(folder.path().join(".env")).unwrap();
    assert!(has(&findings(folder.path(), &[]), "problem [secrets] there is no `.env` -> codelab-gen"));
}

#[test]
fn settings_that_are_not_repeated_are_told_instead_of_their_consequences() {
    let folder = deployed();
    let settings = ["--set", "secrets_in=files", "--set", "services.auth-service.publish=8003"];
    assert_eq!(run(folder.path(), &[["-p", "prod"].as_slice(), &settings].concat()).status.code(), Some(0));
    let found = findings(folder.path(), &[]);
    let outputs: Vec<_> = found.iter().filter(|line| line.contains("[outputs]")).collect();
    let repeated = "-> codelab-gen doctor --set secrets_in=files --set services.auth-service.publish=8003";
    assert!(outputs.len() == 1 && outputs[0].ends_with(repeated), "{found:#?}");

    fs::remove_file(folder.path().join("secrets/postgres_password")).unwrap();
    let mut command = codelab_gen(folder.path());
    let told = stdout(&command.arg("doctor").args(settings).env("PATH", NO_PROGRAMS).finish());
    let missing = "problem   [secrets] `secrets/postgres_password` is missing or empty\n  = help: codelab-gen --set secrets_in=files ";
    assert!(told.contains(missing), "{told}");
}

#[test]
fn a_port_that_another_program_has_is_found() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let publish = format!("services.auth-service.publish={port}");
    assert_eq!(run(folder.path(), &["-p", "dev", "--set", &publish]).status.code(), Some(0));
    let mut command = codelab_gen(folder.path());
    command.args(["doctor", "--set", &publish]).env("PATH", NO_PROGRAMS);
    let told = stdout(&command.finish());
    let expected = format!(
        "problem   [ports] port {port} of 127.0.0.1, which `auth-service` publishes, is taken by another program\n"
    );
    assert!(told.contains(&expected), "{told}");
    drop(taken);
    let mut command = codelab_gen(folder.path());
    command.args(["doctor", "--set", &publish]).env("PATH", NO_PROGRAMS);
    assert!(!stdout(&command.finish()).contains("[ports]"));
}

#[test]
fn a_password_that_the_urls_lack_and_a_file_that_is_lost_are_found() {
    let folder = deployed();
    let dotenv = fs::read_to_string(folder.path().join(".env")).unwrap();
    let line = dotenv.lines().find(|line| line.starts_with("POSTGRES_PASSWORD=")).unwrap();
    fs::write(folder.path().join(".env"), dotenv.replacen(line, "POSTGRES_PASSWORD=editedByHand0123456789", 1))
        .unwrap();
    let edited = "problem [secrets] `POSTGRES_PASSWORD` was edited in .env, and the URLs there still have the old one";
    assert!(has(&findings(folder.path(), &[]), edited));
    assert_eq!(run(folder.path(), &["-p", "prod", "--set", "secrets_in=files"]).status.code(), Some(0));
    fs::write(folder.path().join("secrets/postgres_password"), "").unwrap();
    let mut command = codelab_gen(folder.path());
    let told = stdout(&command.args(["doctor", "--set", "secrets_in=files"]).env("PATH", NO_PROGRAMS).finish());
    assert!(told.contains("problem   [secrets] `secrets/postgres_password` is missing or empty\n"), "{told}");
}
