//! `doctor` where no engine answers: what it finds in files, variables and ports. The rest is in tests/e2e.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::report::document;
use crate::support::{Finish as _, codelab_gen, run, stderr, stdout, tree, value};

/// A PATH without docker: no test asks the machine's own engine.
const NO_PROGRAMS: &str = "/nonexistent";

/// The findings about a deployment, `verdict [check] message` each.
fn findings(folder: &Path, environment: &[(&str, &str)]) -> Vec<String> {
    findings_with(folder, &[], environment)
}

fn findings_with(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
    let before = tree(folder);
    let mut command = codelab_gen(folder);
    command.args(["doctor", "--format", "json"]).args(arguments).envs(environment.iter().copied());
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

/// The findings for people.
fn told(folder: &Path, arguments: &[&str]) -> String {
    stdout(&codelab_gen(folder).arg("doctor").args(arguments).env("PATH", NO_PROGRAMS).finish())
}

fn dotenv(folder: &tempfile::TempDir) -> String {
    fs::read_to_string(folder.path().join(".env")).unwrap()
}

fn deployed() -> tempfile::TempDir {
    deployed_with(&["-p", "prod"])
}

fn deployed_with(arguments: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["agent-runtime/data", "auth-service/data"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    let done = run(folder.path(), arguments);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
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
    let docker =
        "problem [docker] the program `docker` is not installed -> install Docker Engine with its Compose plugin";
    assert!(has(&found, docker), "{found:#?}");
    let problems: Vec<_> = found.iter().filter(|line| line.starts_with("problem")).collect();
    assert!(!problems.is_empty() && problems.iter().all(|line| line.starts_with("problem [docker]")), "{found:#?}");

    let last = told(folder.path(), &[]);
    assert!(last.find("\nunseen ") < last.find("\nproblem "), "the worst is the last: {last}");
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
    let weak =
        "warning [secrets] `POSTGRES_PASSWORD` is a value from documents -> codelab-gen rotate POSTGRES_PASSWORD";
    assert!(has(&found, weak), "{found:#?}");
    assert!(!found.concat().contains("codelab_password"), "{found:#?}");
    let dotenv = dotenv(&folder);
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
    let told = told(folder.path(), &settings);
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
    let found = told(folder.path(), &["--set", &publish]);
    let expected = format!(
        "problem   [ports] port {port} of 127.0.0.1, which `auth-service` publishes, is taken by another program\n"
    );
    assert!(found.contains(&expected), "{found}");
    // not by giving the port back, which any other program could take
    let elsewhere = format!("services.auth-service.publish=127.0.0.2:{port}");
    assert_eq!(run(folder.path(), &["--set", &elsewhere]).status.code(), Some(0));
    assert!(!told(folder.path(), &["--set", &elsewhere]).contains("[ports]"));
}

#[test]
fn a_password_that_the_urls_lack_and_a_file_that_is_lost_are_found() {
    let folder = deployed();
    let dotenv = dotenv(&folder);
    let line = dotenv.lines().find(|line| line.starts_with("POSTGRES_PASSWORD=")).unwrap();
    fs::write(folder.path().join(".env"), dotenv.replacen(line, "POSTGRES_PASSWORD=editedByHand0123456789", 1))
        .unwrap();
    let edited = "problem [secrets] `POSTGRES_PASSWORD` was edited in .env, and the URLs there still have the old one";
    assert!(has(&findings(folder.path(), &[]), edited));
    assert_eq!(run(folder.path(), &["-p", "prod", "--set", "secrets_in=files"]).status.code(), Some(0));
    fs::write(folder.path().join("secrets/postgres_password"), "").unwrap();
    let told = told(folder.path(), &["--set", "secrets_in=files"]);
    assert!(told.contains("problem   [secrets] `secrets/postgres_password` is missing or empty\n"), "{told}");
}

#[test]
fn outputs_of_another_profile_are_told_together() {
    let folder = deployed();
    for name in ["backup", "restore"] {
        fs::remove_file(folder.path().join(format!("scripts/db/{name}.sh"))).unwrap();
    }
    let found = findings(folder.path(), &[]);
    assert!(has(&found, "problem [outputs] each of 2 outputs is missing -> codelab-gen"), "{found:#?}");
    let found = told(folder.path(), &[]);
    let named = "            | scripts/db/backup.sh\n            | scripts/db/restore.sh\n  = help: codelab-gen\n";
    assert!(found.contains(named), "{found}");

    let found = findings_with(folder.path(), &["-p", "dev"], &[]);
    let told = |what: &str| found.iter().any(|line| line.starts_with("problem [outputs] ") && line.ends_with(what));
    assert!(told("outputs belongs to another profile -> codelab-gen --profile dev"), "{found:#?}");
    let renew = "is not as the profile says -> codelab-gen --profile dev && docker compose up -d --wait";
    assert!(told(renew), "{found:#?}");
}

#[test]
fn remedies_are_typed_in_the_folder_that_doctor_was_called_in() {
    let folder = tempfile::tempdir().unwrap();
    let out = ["--out", "my deploy"];
    assert_eq!(run(folder.path(), &[["-p", "prod"].as_slice(), &out].concat()).status.code(), Some(0));
    fs::write(folder.path().join("my deploy/compose.yml"), "services: {}\n").unwrap();
    fs::remove_file(folder.path().join("my deploy/scripts/db/psql.sh")).unwrap();
    let found = findings_with(folder.path(), &out, &[]);
    let twin = "problem [compose-file] Docker Compose takes `compose.yml` and not `docker-compose.yml` -> \
                cd 'my deploy' && mv compose.yml compose.yml.orig";
    assert!(has(&found, twin), "{found:#?}");
    let missing = "problem [outputs] `scripts/db/psql.sh` is missing -> codelab-gen --out 'my deploy'";
    assert!(has(&found, missing), "{found:#?}");
}

#[test]
fn a_variable_that_names_other_compose_files_is_found() {
    const OTHERS: &str = "problem [compose-file] `COMPOSE_FILE` does not name docker-compose.yml -> ";
    let folder = deployed();
    fs::write(folder.path().join("compose.yaml"), "services: {}\n").unwrap();
    let found = findings(folder.path(), &[("COMPOSE_FILE", "compose.yaml")]);
    assert!(has(&found, &format!("{OTHERS}unset COMPOSE_FILE")), "{found:#?}");

    let dotenv = dotenv(&folder);
    let add = |value: &str| fs::write(folder.path().join(".env"), format!("{dotenv}COMPOSE_FILE={value}\n")).unwrap();
    add("compose.yaml");
    let found = findings(folder.path(), &[]);
    assert!(has(&found, &format!("{OTHERS}remove it from .env, or add docker-compose.yml there")), "{found:#?}");
    add("compose.yaml:docker-compose.yml");
    assert!(!findings(folder.path(), &[]).concat().contains("[compose-file]"), "it names ours as well");
}

#[test]
fn what_the_shell_sets_is_a_fault_where_it_differs() {
    let setting = ["--set", "secrets.API_KEY=generate"];
    let folder = deployed_with(&[["-p", "prod"].as_slice(), &setting].concat());
    let dotenv = dotenv(&folder);
    let url = value(&dotenv, "AUTH_SERVICE__DB_URL");
    let left = [("AUTH_SERVICE__DB_URL", url), ("POSTGRES_PASSWORD", "leftByTheShell"), ("API_KEY", "alsoLeftBehind")];
    let found = findings_with(folder.path(), &setting, &left);
    assert!(!found.concat().contains("AUTH_SERVICE__DB_URL"), "{found:#?}");
    for name in ["POSTGRES_PASSWORD", "API_KEY"] {
        let told = format!("problem [environment] the shell sets `{name}`, which Docker Compose takes instead of");
        assert!(has(&found, &told), "{found:#?}");
    }
}

#[test]
fn a_deployment_without_secrets_lacks_none() {
    let folder = deployed_with(&["-p", "dev"]);
    fs::remove_file(folder.path().join(".env")).unwrap();
    let found = findings(folder.path(), &[]);
    assert!(has(&found, "ok [secrets] "), "{found:#?}");
}

#[test]
fn a_weak_secret_is_no_fault_where_one_develops() {
    let folder = tempfile::tempdir().unwrap();
    let stage = ["--set", "stage=development"];
    let mut command = codelab_gen(folder.path());
    command.args(["-p", "prod"]).args(stage).env("POSTGRES_PASSWORD", "codelab_password");
    assert_eq!(command.finish().status.code(), Some(0));
    let found = findings_with(folder.path(), &stage, &[]);
    assert!(has(&found, "ok [secrets] "), "{found:#?}");
}

#[test]
fn secrets_of_a_manager_are_not_missed_where_it_sets_them() {
    let managed = ["--set", "secrets_in=environment"];
    let folder = deployed_with(&[["-p", "prod"].as_slice(), &managed].concat());
    let found = findings_with(folder.path(), &managed, &[]);
    let unseen = "unseen [secrets] `POSTGRES_PASSWORD` come from a secret manager, and are not set here -> start doctor through it";
    assert!(has(&found, unseen), "{found:#?}");
    let found = findings_with(folder.path(), &managed, &[("POSTGRES_PASSWORD", "ofTheManager0123456789")]);
    assert!(has(&found, "ok [secrets] "), "{found:#?}");
}

#[test]
fn the_port_of_a_variable_is_the_one_that_compose_would_take() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let default = TcpListener::bind("127.0.0.1:0").unwrap();
    let [taken_port, port] = [&taken, &default].map(|listener| listener.local_addr().unwrap().port().to_string());
    let publish = format!("postgres.publish={{ env: DB_PORT, default: {port} }}");
    let publish = ["--set", &publish];
    let folder = deployed_with(&[["-p", "prod"].as_slice(), &publish].concat());
    let is_told = |environment: &[(&str, &str)]| {
        let expected = format!("problem [ports] port {taken_port} of 127.0.0.1, which `postgres` publishes, is taken");
        has(&findings_with(folder.path(), &publish, environment), &expected)
    };
    assert!(!is_told(&[]));
    assert!(is_told(&[("DB_PORT", &taken_port)]));
    let dotenv = dotenv(&folder);
    fs::write(folder.path().join(".env"), format!("{dotenv}DB_PORT={taken_port}\n")).unwrap();
    assert!(is_told(&[]));
    assert!(!is_told(&[("DB_PORT", &port)]), "the shell's wins");
    let expected = format!("problem [ports] port {port} of 127.0.0.1, which `postgres` publishes, is taken");
    assert!(has(&findings_with(folder.path(), &publish, &[("DB_PORT", "")]), &expected), "an empty one is none");
}

#[test]
fn a_folder_that_its_service_can_not_write_is_found() {
    let settings = ["--set", "services.auth-service.user=4711", "--set", "services.auth-service.image=auth:1"];
    let folder = deployed_with(&[["-p", "dev"].as_slice(), &settings].concat());
    fs::set_permissions(folder.path().join("auth-service/data"), fs::Permissions::from_mode(0o755)).unwrap();
    let found = findings_with(folder.path(), &settings, &[]);
    let closed = "problem [folders] `auth-service` runs as the user 4711 and can't write to `auth-service/data`, which belongs to ";
    let help = " -> sudo chown -R 4711:4711 auth-service/data";
    assert!(found.iter().any(|line| line.starts_with(closed) && line.ends_with(help)), "{found:#?}");

    fs::rename(folder.path().join("auth-service"), folder.path().join("moved")).unwrap();
    let found = findings_with(folder.path(), &settings, &[]);
    let context = "problem [folders] the build context `./auth-service` of `auth-service` does not exist";
    assert!(has(&found, context), "built under a name as well: {found:#?}");
}
