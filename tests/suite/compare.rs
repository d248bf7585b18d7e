//! `--check` and `--diff`: what differs is told, nothing is written, and no secret is needed, made or shown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::report::document;
use crate::support::{Finish as _, codelab_gen, read, run, stderr, stdout, tree, value};

/// Runs a comparison, and makes sure that it left everything as it was.
fn compared(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let before = tree(folder);
    let run = codelab_gen(folder).args(arguments).finish();
    assert_eq!(tree(folder), before, "{arguments:?} wrote");
    (run.status.code(), stdout(&run), stderr(&run))
}

fn run_text(folder: &Path, arguments: &[&str]) -> String {
    stderr(&run(folder, arguments))
}

fn generated(arguments: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), arguments);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    folder
}

#[test]
fn right_after_generating_nothing_differs() {
    for arguments in [
        &["-p", "dev"][..],
        &["-p", "prod"],
        &["-p", "mixed"],
        &["-p", "prod", "--set", "secrets_in=files"],
        &["-p", "prod", "--set", "secrets_in=environment"],
        &["-p", "prod", "--set", "postgres.access=per_service", "--set", "secrets.KEY=generate"],
    ] {
        let folder = generated(arguments);
        for ending in ["--check", "--diff"] {
            let (code, out, err) = compared(folder.path(), &[arguments, &[ending]].concat());
            assert_eq!(code, Some(0), "{arguments:?} {ending}: {out}{err}");
        }
    }
}

#[test]
fn nothing_stands_there_yet() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, _) = compared(folder.path(), &["-p", "prod", "-o", "new/deploy", "--check"]);
    assert_eq!(code, Some(1));
    assert!(!out.contains("deploy/.env\n") && out.contains("created   new/deploy/docker-compose.yml\n"), "{out}");
    let (code, out, _) = compared(folder.path(), &["-p", "prod", "-o", "new/deploy", "--diff"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("created   new/deploy/.env\n") && out.contains("\n+POSTGRES_PASSWORD\n"), "{out}");
}

#[test]
fn what_is_committed_is_enough_for_a_check() {
    let folder = generated(&["-p", "prod"]);
    fs::remove_file(folder.path().join(".env")).unwrap();
    let (code, out, err) = compared(folder.path(), &["--check"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.ends_with("as the profile says\n"), "{out}");
    let (code, out, _) = compared(folder.path(), &["--diff"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("\ncreated   .env\n"), "{out}");
}

#[test]
fn every_file_that_differs_is_listed_with_its_unified_diff() {
    let folder = generated(&["-p", "prod"]);
    let port = ["--set", "services.auth-service.port=9000", "--check"];
    let (code, out, err) = compared(folder.path(), &port);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("\nupdated   docker-compose.yml\n"), "{out}");
    assert!(out.contains("--- docker-compose.yml\n+++ docker-compose.yml\n@@ "), "{out}");
    assert!(out.contains("'127.0.0.1',8003)") && out.contains("\n+      test:"), "{out}");
    assert!(err.contains("= help: run codelab-gen without --check, and commit what it writes\n"), "{err}");
}

#[test]
fn line_ends_and_permissions_are_told_as_that() {
    let folder = generated(&["-p", "prod"]);
    let compose = folder.path().join("docker-compose.yml");
    let script = folder.path().join("scripts/init-postgres.sh");
    let text = read(folder.path(), "docker-compose.yml");
    fs::write(&compose, text.replace('\n', "\r\n")).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, out, _) = compared(folder.path(), &["--check"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("\nline-ends docker-compose.yml\n"), "{out}");
    assert!(out.contains("\nmode      scripts/init-postgres.sh (0644 instead of 0755)\n"), "{out}");
    assert!(!out.contains("@@"), "{out}");
    let mended = run(folder.path(), &[]);
    assert!(stdout(&mended).contains("line-ends docker-compose.yml\n"), "{}", stdout(&mended));
    assert_eq!(read(folder.path(), "docker-compose.yml"), text);
    assert_eq!(fs::metadata(&script).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn what_a_umask_takes_from_a_clone_is_no_drift() {
    let folder = generated(&["-p", "prod"]);
    for (name, mode) in [("docker-compose.yml", 0o600), (".env.example", 0o664), ("scripts/init-postgres.sh", 0o775)] {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    assert_eq!(compared(folder.path(), &["--check"]).0, Some(0));
}

#[test]
fn dotenv_is_compared_by_its_keys_and_no_value_shows() {
    let folder = generated(&["-p", "prod"]);
    let dotenv = read(folder.path(), ".env");
    let password = value(&dotenv, "POSTGRES_PASSWORD").to_owned();
    let arguments = ["--set", "secrets.API_KEY=required", "--set", "services.auth-service.database.postgres=other_db"];
    for ending in ["--check", "--diff"] {
        let (code, out, err) = compared(folder.path(), &[&arguments[..], &[ending]].concat());
        assert_eq!(code, Some(1), "{out}");
        assert!(out.contains("--- .env (keys only)\n+++ .env (keys only)\n~AUTH_SERVICE__DB_URL\n+API_KEY\n"), "{out}");
        assert!(!out.contains(&password) && !err.contains(&password), "{out}{err}");
    }
    let edited = dotenv.replace(&password, "another_password_in_its_place");
    fs::write(folder.path().join(".env"), edited).unwrap();
    assert_eq!(compared(folder.path(), &["--check"]).0, Some(0), "a secret is not compared");
}

#[test]
fn a_secret_that_was_pasted_into_a_committed_file_does_not_show() {
    let folder = generated(&["-p", "prod"]);
    let password = value(&read(folder.path(), ".env"), "POSTGRES_PASSWORD").to_owned();
    let edited = format!("{}# the password is {password}\n", read(folder.path(), "docker-compose.yml"));
    fs::write(folder.path().join("docker-compose.yml"), edited).unwrap();
    for arguments in [&["--check"][..], &["--diff"], &[], &["--check", "--format", "json"]] {
        let (code, out, err) = compared(folder.path(), arguments);
        assert_ne!(code, Some(0));
        assert!(!out.contains(&password) && !err.contains(&password), "{out}{err}");
        assert!(out.contains("the password is [secret]") || err.contains("the password is [secret]"), "{out}{err}");
    }
}

#[test]
fn no_secret_is_asked_for() {
    let folder = generated(&["-p", "prod"]);
    let arguments = ["--set", "secrets.API_KEY=required", "--set", "secrets.OTHER={ file: ./missing }", "--check"];
    let (code, _, err) = compared(folder.path(), &arguments);
    assert_eq!(code, Some(1), "{err}");
    let mut command = codelab_gen(folder.path());
    let disagreeing = command.arg("--check").env("POSTGRES_PASSWORD", "another value altogether").finish();
    assert_eq!(disagreeing.status.code(), Some(0), "{}", stderr(&disagreeing));
}

#[test]
fn settings_of_the_last_run_are_recalled() {
    let folder = generated(&["-p", "prod", "--set", "stage=staging", "--set", "services.auth-service.port=9 "]);
    let (code, _, err) = compared(folder.path(), &["--check"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("were made with `--set stage=staging --set 'services.auth-service.port=9 '`"), "{err}");
    let run = codelab_gen(folder.path()).args(["--check", "--format", "json"]).finish();
    assert_eq!(document(&run)["made_with"][0], "stage=staging");
    let part =
        run_text(folder.path(), &["--check", "--set", "stage=staging", "--set", "services.auth-service.port=8004"]);
    assert!(part.contains("were made with `--set 'services.auth-service.port=9 '`, which"), "{part}");
    let same = ["--set", "stage=staging", "--set", "services.auth-service.port=9 ", "--check"];
    assert_eq!(compared(folder.path(), &same).0, Some(0));
}

#[test]
fn every_conflict_is_told_at_once() {
    let folder = generated(&["-p", "prod"]);
    fs::write(folder.path().join(".env.example"), "MINE=1\n").unwrap();
    let edited = read(folder.path(), ".env").replace("/auth_db", "/other_db");
    fs::write(folder.path().join(".env"), edited).unwrap();
    fs::write(folder.path().join("scripts/init-postgres.sh"), b"\xff\n").unwrap();
    fs::remove_file(folder.path().join("docker-compose.yml")).unwrap();
    fs::create_dir(folder.path().join("docker-compose.yml")).unwrap();
    let (code, out, err) = compared(folder.path(), &["-p", "prod", "--check"]);
    assert_eq!((code, out.matches("conflict ").count()), (Some(1), 4), "{out}{err}");
    let (code, _, err) = compared(folder.path(), &["-p", "prod"]);
    assert_eq!((code, err.matches("error: ").count()), (Some(4), 4), "{err}");
    let line = 1 + read(folder.path(), ".env").lines().position(|line| line.starts_with("AUTH_SERVICE__")).unwrap();
    let told =
        format!("`AUTH_SERVICE__DB_URL`, on line {line}: different; it follows from `services.auth-service.database`");
    assert!(err.contains(&told), "{err}");
}

#[test]
fn an_edit_is_shown_with_the_ways_on() {
    let folder = generated(&["-p", "prod"]);
    let compose = read(folder.path(), "docker-compose.yml");
    let edited = compose.replace("    shm_size: 256mb", "    shm_size: 1gb\u{1b}[2J");
    fs::write(folder.path().join("docker-compose.yml"), edited).unwrap();
    let (code, _, err) = compared(folder.path(), &[]);
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains("\n-    shm_size: 256mb  #") && err.contains("\n+    shm_size: 1gb\\u{1b}[2J  #"), "{err}");
    for way in ["the profile", "docker-compose.override.yml", "`--force`", "docker-compose.yml.orig"] {
        assert!(err.contains(way), "{way}: {err}");
    }
}

#[test]
fn a_leftover_of_another_profile_is_drift() {
    let folder = generated(&["-p", "mixed"]);
    let (code, out, _) = compared(folder.path(), &["-p", "dev", "--check"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("\nremoved   scripts/init-postgres.sh\n"), "{out}");
}

#[test]
fn a_secret_of_another_profile_or_of_a_broken_dotenv_does_not_show_either() {
    let pasted = |folder: &Path, secret: &str| {
        let compose = read(folder, "docker-compose.yml");
        fs::write(folder.join("docker-compose.yml"), format!("{compose}# {secret}\n")).unwrap();
        for arguments in [&["-p", "dev"][..], &["-p", "dev", "--diff"], &["-p", "prod"], &["-p", "prod", "--check"]] {
            let run = codelab_gen(folder).args(arguments).finish();
            let told = stdout(&run) + &stderr(&run);
            assert!(!told.contains(secret), "{arguments:?}: {told}");
        }
    };
    let in_files = generated(&["-p", "prod", "--set", "secrets_in=files"]);
    pasted(in_files.path(), &read(in_files.path(), "secrets/postgres_password"));
    let broken = generated(&["-p", "prod"]);
    let dotenv = read(broken.path(), ".env");
    fs::write(broken.path().join(".env"), dotenv.replace("POSTGRES_DB=codelab", "POSTGRES_DB=a b")).unwrap();
    pasted(broken.path(), value(&dotenv, "POSTGRES_PASSWORD"));
}

#[test]
fn words_of_the_mark_in_a_setting_are_no_mark() {
    for setting in [
        "services.auth-service.environment.A=x body=not-yet-computed",
        "services.auth-service.environment.A=format=1 body=0",
    ] {
        let folder = generated(&["-p", "dev", "--set", setting]);
        assert_eq!(run(folder.path(), &["-p", "dev", "--set", setting, "--check"]).status.code(), Some(0), "{setting}");
        let again = run(folder.path(), &["-p", "dev", "--set", setting]);
        assert_eq!(stdout(&again).matches("unchanged ").count(), 4, "{}", stdout(&again));
        let changed = run(folder.path(), &["-p", "dev"]);
        assert_eq!(changed.status.code(), Some(0), "no output counts as edited: {}", stderr(&changed));
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["body=not-yet-computed.yaml", "codelab-gen: profile=zz format=1.yaml"] {
        fs::write(folder.path().join(name), "format: 1\nextends: builtin:dev\n").unwrap();
        let arguments = ["-p", &format!("./{name}"), "-o", "out", "--force"];
        run(folder.path(), &arguments);
        let again = run(folder.path(), &arguments[..4]);
        assert_eq!(again.status.code(), Some(0), "{name}: {}", stderr(&again));
        let changed = run(folder.path(), &[&arguments[..4], &["--set", "services.auth-service.labels.a=b"]].concat());
        assert_eq!(changed.status.code(), Some(0), "{name}: no output counts as edited: {}", stderr(&changed));
    }
}

#[test]
fn a_checkout_of_windows_is_told_as_line_ends() {
    let folder = generated(&["-p", "prod"]);
    for name in [".env.example", "docker-compose.yml", "scripts/init-postgres.sh"] {
        let text = read(folder.path(), name);
        fs::write(folder.path().join(name), text.replace('\n', "\r\n")).unwrap();
    }
    let (_, out, err) = compared(folder.path(), &["--check"]);
    assert_eq!(out.matches("\nline-ends ").count(), 3, "{out}{err}");
    let dotenv = read(folder.path(), ".env");
    fs::write(folder.path().join(".env"), dotenv.replace('\n', "\r\n")).unwrap();
    let (_, out, err) = compared(folder.path(), &["--check"]);
    assert!(!out.contains("+POSTGRES_USER") && err.contains("has line ends of Windows"), "{out}{err}");
}

#[test]
fn what_codelab_gen_did_not_write_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mine = "name: codelab\nservices:\n  db: { image: 'postgres:16', environment: { POSTGRES_PASSWORD: hunter2hunter2 } }\n";
    fs::write(folder.path().join("docker-compose.yml"), mine).unwrap();
    for arguments in [&["-p", "prod", "--diff"][..], &["-p", "prod", "--diff", "--force"], &["-p", "prod", "--check"]] {
        let (code, out, err) = compared(folder.path(), arguments);
        assert_eq!(code, Some(1), "{err}");
        assert!(!out.contains("hunter2") && !err.contains("hunter2"), "{out}{err}");
    }
}

#[test]
fn an_edited_output_is_not_mended_by_running_again() {
    let folder = generated(&["-p", "prod"]);
    let compose = read(folder.path(), "docker-compose.yml");
    fs::write(folder.path().join("docker-compose.yml"), compose + "# mine\n").unwrap();
    let (code, _, err) = compared(folder.path(), &["--check"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("note: ") && err.contains("= help: do what the notes say, then run codelab-gen"), "{err}");
}

/// Gives every output the line that a codelab-gen of another format would have written.
fn of_format(folder: &Path, format: u32) {
    for (path, _, bytes) in tree(folder).into_iter().filter(|(path, ..)| path.is_file()) {
        let text = String::from_utf8(bytes).unwrap().replace(" format=1 body=", &format!(" format={format} body="));
        fs::write(path, text).unwrap();
    }
}

#[test]
fn outputs_of_another_version_are_told_as_such_and_not_as_edited() {
    for (format, json, told) in
        [(0, "older", "note: an older codelab-gen made"), (2, "newer", "note: a newer codelab-gen made")]
    {
        let folder = generated(&["-p", "prod"]);
        of_format(folder.path(), format);
        let (code, out, err) = compared(folder.path(), &["--check"]);
        assert_eq!((code, err.matches(told).count()), (Some(1), 1), "{out}{err}");
        assert!(out.contains("\nupdated   docker-compose.yml\n") && !err.contains("edited"), "{out}{err}");
        let run = codelab_gen(folder.path()).args(["--check", "--format", "json"]).finish();
        assert_eq!(document(&run)["made_by"], json);
        let (_, out, _) = compared(folder.path(), &["--check", "--format", "github"]);
        assert!(out.contains(&format!("%0A{}", told.trim_start_matches("note: "))), "{out}");
        assert!(run_text(folder.path(), &[]).contains(told));
        let (code, out, err) = compared(folder.path(), &["--check"]);
        assert_eq!((code, err.contains("codelab-gen made")), (Some(0), false), "{out}{err}");
    }
}
