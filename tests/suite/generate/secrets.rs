//! Where secrets come from, what becomes of them, and that none shows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Finish as _, PASSWORD, codelab_gen, read, run, run_with_password, stderr, stdout, value};

#[test]
fn a_password_is_made_up_once_and_kept_by_every_later_run() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), &["-p", "prod"]);
    assert!(stdout(&first).contains("secret    POSTGRES_PASSWORD: generated\n"), "{}", stdout(&first));
    let dotenv = read(folder.path(), ".env");
    let password = value(&dotenv, "POSTGRES_PASSWORD").to_owned();
    assert_eq!(password.len(), 32);
    assert!(password.bytes().all(|letter| letter.is_ascii_alphanumeric()), "{password}");

    let second = run(folder.path(), &[]);
    assert!(stdout(&second).contains("secret    POSTGRES_PASSWORD: kept from .env\n"), "{}", stdout(&second));
    assert_eq!(stdout(&second).matches("unchanged ").count(), 5, "{}", stdout(&second));
    assert_eq!(read(folder.path(), ".env"), dotenv);

    run(folder.path(), &["-p", "dev", "--accept", "engine"]);
    assert_eq!(value(&read(folder.path(), ".env"), "POSTGRES_PASSWORD"), password, "kept though dev does not use it");
    run(folder.path(), &["-p", "prod"]);
    assert_eq!(read(folder.path(), ".env"), dotenv);

    let other = tempfile::tempdir().unwrap();
    run(other.path(), &["-p", "prod"]);
    assert_ne!(value(&read(other.path(), ".env"), "POSTGRES_PASSWORD"), password);
}

#[test]
fn two_values_for_one_secret_are_refused_with_both_ways_out() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let dotenv = read(folder.path(), ".env");
    let refused = run_with_password(folder.path(), &["-p", "prod"]);
    assert_eq!(refused.status.code(), Some(4), "{}", stderr(&refused));
    let text = stderr(&refused);
    assert!(text.contains("`POSTGRES_PASSWORD` is set in the environment and differs"), "{text}");
    assert!(text.contains("`unset POSTGRES_PASSWORD`"), "{text}");
    assert!(text.contains("`codelab-gen rotate POSTGRES_PASSWORD --from-env`"), "{text}");
    assert_eq!(read(folder.path(), ".env"), dotenv);
}

#[test]
fn weak_secrets_are_refused_in_production_and_staging_only() {
    for (arguments, code) in [
        (&["-p", "prod"][..], 4),
        (&["-p", "prod", "--set", "stage=staging"], 4),
        (&["-p", "prod", "--set", "stage=ci"], 0),
        (&["-p", "mixed"], 0),
        (&["-p", "prod", "--allow-weak-secrets"], 0),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = codelab_gen(folder.path());
        let run = command.args(arguments).env("POSTGRES_PASSWORD", PASSWORD).finish();
        assert_eq!(run.status.code(), Some(code), "{arguments:?}: {}", stderr(&run));
        if code == 4 {
            assert!(stderr(&run).contains("`POSTGRES_PASSWORD` is a value from documents"));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    run_with_password(folder.path(), &["-p", "prod"]);
    let warned = codelab_gen(folder.path()).finish();
    assert_eq!(warned.status.code(), Some(0), "one that is there already is a warning");
    assert!(stderr(&warned).contains("warning: the secret `POSTGRES_PASSWORD` is a value"), "{}", stderr(&warned));
    assert!(stderr(&warned).contains("codelab-gen rotate POSTGRES_PASSWORD"), "{}", stderr(&warned));
}

#[test]
fn another_role_is_no_edited_password() {
    let folder = tempfile::tempdir().unwrap();
    for access in ["shared", "per_service", "shared"] {
        let setting = format!("postgres.access={access}");
        let done = run(folder.path(), &["-p", "prod", "--set", &setting]);
        assert!(done.status.success() && !stdout(&done).contains("edited"), "{}", stdout(&done));
    }
}

#[test]
fn a_password_edited_in_dotenv_goes_into_the_urls() {
    let folder = tempfile::tempdir().unwrap();
    run_with_password(folder.path(), &["-p", "prod"]);
    let edited =
        read(folder.path(), ".env").replace("POSTGRES_PASSWORD=codelab_password", "POSTGRES_PASSWORD='p@ss w$rd'");
    fs::write(folder.path().join(".env"), edited).unwrap();
    let told = run(folder.path(), &[]);
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    let line = "secret    POSTGRES_PASSWORD: edited in .env, the URLs follow\n";
    assert!(stdout(&told).contains(line), "{}", stdout(&told));
    assert!(stdout(&told).ends_with("docker compose up -d --wait --remove-orphans\n"), "{}", stdout(&told));
    assert!(!stdout(&run(folder.path(), &[])).contains(line), "told once");
    let dotenv = read(folder.path(), ".env");
    assert_eq!(value(&dotenv, "POSTGRES_PASSWORD"), "'p@ss w$rd'");
    assert!(value(&dotenv, "AUTH_SERVICE__DB_URL").contains("://codelab:p%40ss%20w%24rd@postgres:"), "{dotenv}");
}

#[test]
fn no_secret_is_printed_or_stands_in_a_committed_file() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["-p", "prod"][..],
        &["--format", "json"],
        &["-p", "dev", "--accept", "engine"],
        &["-p", "mixed", "--format", "json"],
    ] {
        let run = run_with_password(folder.path(), arguments);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        assert!(!stdout(&run).contains(PASSWORD) && !stderr(&run).contains(PASSWORD), "{}", stdout(&run));
    }
    for name in [".env.example", "docker-compose.yml", "scripts/init-postgres.sh"] {
        assert!(!read(folder.path(), name).contains(PASSWORD), "{name}");
    }
}

#[test]
fn a_required_secret_that_is_missing_is_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let settings = ["-p", "dev", "--set", "secrets.LLM_KEY=required", "--set", "secrets.MAIL_KEY=required"];
    let elsewhere = run(folder.path(), &[&settings[..], &["-o", "new/folder"]].concat());
    assert_eq!(elsewhere.status.code(), Some(5), "{}", stderr(&elsewhere));
    let missing = run(folder.path(), &settings);
    assert_eq!(missing.status.code(), Some(5), "{}", stderr(&missing));
    assert!(stderr(&missing).contains("required secrets are missing: `LLM_KEY`, `MAIL_KEY`"), "{}", stderr(&missing));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    let mut command = codelab_gen(folder.path());
    let given = command.args(settings).env("LLM_KEY", "one").env("MAIL_KEY", "two").finish();
    assert_eq!(given.status.code(), Some(0), "{}", stderr(&given));
    assert!(read(folder.path(), ".env").contains("\n# Secrets\nLLM_KEY=one\nMAIL_KEY=two\n"));
    assert!(read(folder.path(), ".env.example").contains("\n# Secrets\nLLM_KEY=\nMAIL_KEY=\n"));
}

#[test]
fn a_secret_that_no_reader_agrees_on_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let run = codelab_gen(folder.path()).args(["-p", "prod"]).env("POSTGRES_PASSWORD", "hunter${2}").finish();
    assert_eq!(run.status.code(), Some(5), "{}", stderr(&run));
    assert!(stderr(&run).contains("`POSTGRES_PASSWORD`") && !stderr(&run).contains("hunter"), "{}", stderr(&run));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_variable_that_is_no_text_does_not_pass_for_unset() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mut command = codelab_gen(folder.path());
    let run = command.args(["-p", "prod"]).env("POSTGRES_PASSWORD", OsStr::from_bytes(b"a\xffb")).finish();
    assert_eq!(run.status.code(), Some(5), "{}", stderr(&run));
    assert!(stderr(&run).contains("`POSTGRES_PASSWORD` can't be written: it is not UTF-8"), "{}", stderr(&run));
    let mut command = codelab_gen(folder.path());
    let run = command.env("CODELAB_PROFILE", OsStr::from_bytes(b"\xff")).finish();
    assert_eq!(run.status.code(), Some(2), "{}", stderr(&run));
}

#[test]
fn a_secret_moves_between_dotenv_and_its_file_and_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let in_files = ["-p", "prod", "--set", "secrets_in=files"];
    run(folder.path(), &["-p", "prod"]);
    let password = value(&read(folder.path(), ".env"), "POSTGRES_PASSWORD").to_owned();

    let moved = run(folder.path(), &in_files);
    assert!(stdout(&moved).contains("created   secrets/postgres_password\n"), "{}", stdout(&moved));
    assert_eq!(read(folder.path(), "secrets/postgres_password"), password, "without a line end");
    let dotenv = read(folder.path(), ".env");
    assert!(!dotenv.contains("POSTGRES_PASSWORD=") && dotenv.contains(&format!(":{password}@")), "{dotenv}");
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!([mode("secrets"), mode("secrets/postgres_password")], [0o700, 0o644]);
    let again = run(folder.path(), &in_files);
    assert_eq!(stdout(&again).matches("unchanged ").count(), 6, "{}", stdout(&again));

    fs::write(folder.path().join("secrets/postgres_password"), "edited by hand\n").unwrap();
    let edited = run(folder.path(), &in_files);
    assert_eq!(edited.status.code(), Some(0), "{}", stderr(&edited));
    assert_eq!(read(folder.path(), "secrets/postgres_password"), "edited by hand");
    assert!(read(folder.path(), ".env").contains(":edited%20by%20hand@"));

    run(folder.path(), &["-p", "prod"]);
    assert_eq!(value(&read(folder.path(), ".env"), "POSTGRES_PASSWORD"), "'edited by hand'");
}

#[test]
fn with_a_secret_manager_no_secret_is_made_asked_for_or_written() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["-p", "prod", "--set", "secrets_in=environment", "--set", "secrets.LLM_KEY=required"];
    let run = codelab_gen(folder.path()).args(arguments).env("POSTGRES_PASSWORD", "hunter2hunter2hunter2").finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(stderr(&run).contains("Docker Compose needs `POSTGRES_PASSWORD`, `LLM_KEY` in its environment"));
    let dotenv = read(folder.path(), ".env");
    assert!(!dotenv.contains("hunter2") && !dotenv.contains("PASSWORD") && !dotenv.contains("\nLLM_KEY="), "{dotenv}");
    assert!(!dotenv.contains("__DB_URL"), "{dotenv}");
    assert!(
        read(folder.path(), "docker-compose.yml")
            .contains("set POSTGRES_PASSWORD in the environment of docker compose")
    );
}

#[test]
fn a_password_in_a_file_has_no_part_for_a_service() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["-p", "prod", "--set", "secrets_in=files"];
    let part = ["--set", "services.auth-service.environment.PGPASSWORD={ database: password }"];
    let refused = run(folder.path(), &[&arguments[..], &part[..]].concat());
    assert_eq!(refused.status.code(), Some(3));
    assert!(stderr(&refused).contains("the password is in a file that only the server gets"), "{}", stderr(&refused));
}

#[test]
fn a_secret_that_somebody_must_give_is_never_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let required = ["--set", "secrets.LLM_KEY=required"];
    let mut command = codelab_gen(folder.path());
    command.args(["-p", "dev"]).args(required).env("LLM_KEY", "sk-live-0123456789abcdefghij");
    assert_eq!(command.finish().status.code(), Some(0));
    let before = read(folder.path(), ".env");
    let refused = codelab_gen(folder.path()).args(["rotate", "LLM_KEY"]).args(required).finish();
    assert_eq!(refused.status.code(), Some(4), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("the secret `LLM_KEY` is `required`"), "{}", stderr(&refused));
    assert_eq!(read(folder.path(), ".env"), before);
    let mut given = codelab_gen(folder.path());
    given.args(["rotate", "LLM_KEY", "--from-env"]).args(required).env("LLM_KEY", "sk-live-another-0123456789");
    assert_eq!(given.finish().status.code(), Some(0));
    assert_eq!(value(&read(folder.path(), ".env"), "LLM_KEY"), "sk-live-another-0123456789");
}

#[test]
fn the_key_of_backups_is_given_and_never_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let backups = ["--set", "backups.to=store", "--set", "backups.encrypt=true"];
    let run = |arguments: &[&str], key: Option<&str>| {
        let mut command = codelab_gen(folder.path());
        command.args(arguments).args(["-p", "builtin:mixed"]).args(backups);
        command.args(["--set", "services.agent-runtime.database.engine=postgres"]);
        command.envs(key.map(|key| ("BACKUP_KEY", key))).finish()
    };
    assert_eq!(run(&[], None).status.code(), Some(0), "{}", stderr(&run(&[], None)));
    let key = value(&read(folder.path(), ".env"), "BACKUP_KEY").to_owned();
    let refused = run(&["rotate", "POSTGRES_PASSWORD", "BACKUP_KEY"], None);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("nobody could restore the backups that are there"), "{}", stderr(&refused));
    assert_eq!(value(&read(folder.path(), ".env"), "BACKUP_KEY"), key);

    let given = run(&["rotate", "BACKUP_KEY", "--from-env"], Some("the-key-of-another-host"));
    assert_eq!(given.status.code(), Some(0), "{}", stderr(&given));
    assert_eq!(value(&read(folder.path(), ".env"), "BACKUP_KEY"), "the-key-of-another-host");
}

#[test]
fn rotate_gives_a_new_secret_and_the_command_that_applies_it() {
    let folder = tempfile::tempdir().unwrap();
    let rotate = |arguments: &[&str]| {
        let mut command = codelab_gen(folder.path());
        command.arg("rotate").args(arguments);
        command
    };
    let nowhere = rotate(&["POSTGRES_PASSWORD"]).finish();
    assert_eq!(nowhere.status.code(), Some(2), "{}", stderr(&nowhere));
    for name in ["agent-runtime/data", "auth-service/data"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    run_with_password(folder.path(), &["-p", "prod", "--set", "secrets.API_KEY=generate"]);

    let made = rotate(&["POSTGRES_PASSWORD", "--set", "secrets.API_KEY=generate"]).finish();
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let dotenv = read(folder.path(), ".env");
    let password = value(&dotenv, "POSTGRES_PASSWORD").to_owned();
    assert_eq!(password.len(), 32);
    assert!(!dotenv.contains(PASSWORD) && value(&dotenv, "AUTH_SERVICE__DB_URL").contains(&password), "{dotenv}");
    let next = stdout(&made);
    assert!(
        next.ends_with("\nnext: docker compose up -d --wait --remove-orphans\n") && !next.contains(&password),
        "{next}"
    );

    let once = ["POSTGRES_PASSWORD", "--set", "secrets.API_KEY=generate", "--set", "postgres.ensure=false"];
    let made = rotate(&once).finish();
    let next = stdout(&made);
    assert!(
        next.contains(
            "next: docker compose up -d --wait --remove-orphans postgres && docker compose exec -T postgres bash "
        ),
        "{next}"
    );
    assert!(next.ends_with(" && docker compose up -d --wait --remove-orphans\n"), "{next}");
    let password = value(&read(folder.path(), ".env"), "POSTGRES_PASSWORD").to_owned();

    let mut given = rotate(&["API_KEY", "--from-env", "--set", "secrets.API_KEY=generate"]);
    let given = given.env("API_KEY", "a key of my very own").finish();
    assert!(stdout(&given).ends_with("next: docker compose up -d --wait --remove-orphans\n"), "{}", stdout(&given));
    assert_eq!(value(&read(folder.path(), ".env"), "API_KEY"), "'a key of my very own'");

    for (arguments, variable, code, what) in [
        (&["POSTGRES_PASWORD"][..], None, 2, "did you mean `POSTGRES_PASSWORD`?"),
        (&["POSTGRES_PASSWORD", "--from-env"], None, 5, "required secrets are missing: `POSTGRES_PASSWORD`"),
        (&["POSTGRES_PASSWORD"], Some("exported by the shell"), 4, "`unset POSTGRES_PASSWORD`"),
        (&["POSTGRES_PASSWORD", "--from-env"], Some("change-me-in-production"), 4, "is a placeholder"),
    ] {
        let mut command = rotate(arguments);
        command.envs(variable.map(|value| ("POSTGRES_PASSWORD", value)));
        let refused = command.finish();
        assert_eq!(refused.status.code(), Some(code), "{}", stderr(&refused));
        assert!(stderr(&refused).contains(what), "{}", stderr(&refused));
        assert_eq!(value(&read(folder.path(), ".env"), "POSTGRES_PASSWORD"), password);
    }
}

#[test]
fn a_secret_rotated_in_dotenv_does_not_fall_back_to_its_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let in_files = ["-p", "prod", "--set", "secrets_in=files"];
    run(folder.path(), &in_files);
    run(folder.path(), &["-p", "prod"]);
    let rotated = codelab_gen(folder.path()).args(["rotate", "POSTGRES_PASSWORD", "-p", "prod"]).finish();
    assert_eq!(rotated.status.code(), Some(0), "{}", stderr(&rotated));
    let password = value(&read(folder.path(), ".env"), "POSTGRES_PASSWORD").to_owned();
    run(folder.path(), &in_files);
    assert_eq!(read(folder.path(), "secrets/postgres_password"), password);
}

#[test]
fn an_example_that_was_filled_in_is_somebodys_work() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let example = read(folder.path(), ".env.example");
    for filled in [
        example.replace("POSTGRES_PASSWORD=\n", "POSTGRES_PASSWORD=only_here\n"),
        example.replace("${POSTGRES_PASSWORD}@postgres:5432/auth_db", "only_here@postgres:5432/auth_db"),
    ] {
        assert_ne!(filled, example);
        fs::write(folder.path().join(".env.example"), &filled).unwrap();
        let refused = run(folder.path(), &["-p", "prod"]);
        assert_eq!(refused.status.code(), Some(4), "{}", stdout(&refused));
        assert_eq!(read(folder.path(), ".env.example"), filled);
    }
}

#[test]
fn a_folder_of_secrets_that_was_opened_is_closed_again() {
    let folder = tempfile::tempdir().unwrap();
    let in_files = ["-p", "prod", "--set", "secrets_in=files"];
    run(folder.path(), &in_files);
    let secrets = folder.path().join("secrets");
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o755)).unwrap();
    let closed = run(folder.path(), &in_files);
    assert!(stdout(&closed).contains("mode      secrets/postgres_password\n"), "{}", stdout(&closed));
    assert_eq!(fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn what_a_secret_manager_takes_over_is_told_while_dotenv_still_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let told = stderr(&run(folder.path(), &["-p", "prod", "--set", "secrets_in=environment"]));
    assert!(told.contains("note: .env still holds `POSTGRES_PASSWORD`\n"), "{told}");
}
