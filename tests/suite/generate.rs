//! What a run writes, keeps, refuses and tells.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Output;

use crate::support::{Finish as _, codelab_gen, stderr, stdout};

const PASSWORD: &str = "codelab_password";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    codelab_gen(folder).arg("--allow-weak-secrets").args(arguments).finish()
}

fn run_with_password(folder: &Path, arguments: &[&str]) -> Output {
    codelab_gen(folder).arg("--allow-weak-secrets").args(arguments).env("POSTGRES_PASSWORD", PASSWORD).finish()
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

fn value<'t>(dotenv: &'t str, key: &str) -> &'t str {
    dotenv
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .unwrap_or_else(|| panic!("{key}: {dotenv}"))
}

fn urls(folder: &Path) -> Vec<String> {
    let dotenv = read(folder, ".env");
    let urls = dotenv.lines().filter(|line| line.contains("__DB_URL="));
    urls.map(str::to_owned).collect()
}

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
    assert_eq!(stdout(&second).matches("unchanged ").count(), 4, "{}", stdout(&second));
    assert_eq!(read(folder.path(), ".env"), dotenv);

    run(folder.path(), &["-p", "dev"]);
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
            assert!(stderr(&run).contains("`POSTGRES_PASSWORD` is a value that stands in documents"));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    run_with_password(folder.path(), &["-p", "prod"]);
    let warned = codelab_gen(folder.path()).finish();
    assert_eq!(warned.status.code(), Some(0), "one that stands there already is a warning");
    assert!(stderr(&warned).contains("warning: the secret `POSTGRES_PASSWORD` is a value"), "{}", stderr(&warned));
    assert!(stderr(&warned).contains("codelab-gen rotate POSTGRES_PASSWORD"), "{}", stderr(&warned));
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
    assert!(!stdout(&run(folder.path(), &[])).contains(line), "told once");
    let dotenv = read(folder.path(), ".env");
    assert_eq!(value(&dotenv, "POSTGRES_PASSWORD"), "'p@ss w$rd'");
    assert!(value(&dotenv, "AUTH_SERVICE__DB_URL").contains("://codelab:p%40ss%20w%24rd@postgres:"), "{dotenv}");
}

#[test]
fn no_secret_is_printed_or_stands_in_a_committed_file() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["-p", "prod"][..], &["--format", "json"], &["-p", "dev"], &["-p", "mixed", "--format", "json"]]
    {
        let run = run_with_password(folder.path(), arguments);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        assert!(!stdout(&run).contains(PASSWORD) && !stderr(&run).contains(PASSWORD), "{}", stdout(&run));
    }
    for name in [".env.example", "docker-compose.yml", "scripts/init-postgres.sh"] {
        assert!(!read(folder.path(), name).contains(PASSWORD), "{name}");
    }
}

#[test]
fn files_that_are_not_ours_are_refused_all_at_once_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env.example"), "MINE=\n").unwrap();
    fs::write(folder.path().join("docker-compose.yml"), "services: {}\n").unwrap();
    let run = run(folder.path(), &["-p", "prod"]);
    assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
    let text = stderr(&run);
    assert!(text.contains(".env.example` stands there already, and codelab-gen did not write it"), "{text}");
    assert!(text.contains("docker-compose.yml` stands there already, and codelab-gen did not write it"), "{text}");
    assert!(text.contains("mv .env.example .env.example.orig") && text.ends_with("nothing was written\n"), "{text}");
    assert_eq!(read(folder.path(), ".env.example"), "MINE=\n");
    assert_eq!(read(folder.path(), "docker-compose.yml"), "services: {}\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_dotenv_of_the_users_own_is_adopted_with_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let mine = "# hand-kept\nPOSTGRES_USER=codelab\nPOSTGRES_PASSWORD='my own p@ssword'\nPOSTGRES_DB=old_db\n\
                COMPOSE_PROFILES=a\nLEGACY=1\n# AUTH_SERVICE__DB_URL=sqlite:///data/auth.db\n";
    fs::write(folder.path().join(".env"), mine).unwrap();
    let adopted = run(folder.path(), &["-p", "prod"]);
    assert_eq!(adopted.status.code(), Some(0), "{}", stderr(&adopted));
    let dotenv = read(folder.path(), ".env");
    let (before, block) = dotenv.split_at(dotenv.find("# >>> codelab-gen").unwrap());
    assert_eq!(
        before,
        "# hand-kept\n# replaced by the block of codelab-gen: POSTGRES_DB=old_db\nCOMPOSE_PROFILES=a\nLEGACY=1\n\
         # AUTH_SERVICE__DB_URL=sqlite:///data/auth.db\n\n"
    );
    assert_eq!(value(block, "POSTGRES_PASSWORD"), "'my own p@ssword'");
    assert!(value(block, "AUTH_SERVICE__DB_URL").contains(":my%20own%20p%40ssword@"), "{block}");
    let notes = stderr(&adopted);
    assert!(notes.contains("`.env` was adopted") && notes.contains("`LEGACY` stayed outside of it"), "{notes}");
    assert!(!notes.contains("COMPOSE_PROFILES"), "{notes}");
    let again = run(folder.path(), &[]);
    assert!(stdout(&again).contains("unchanged .env\n"), "{}", stdout(&again));
    assert!(!stderr(&again).contains("adopted"), "{}", stderr(&again));
}

#[test]
fn a_dotenv_that_readers_read_differently_is_not_adopted() {
    for (mine, line) in [("A=1\nPOSTGRES_PASSWORD=my p@ss\n", 2), ("export POSTGRES_PASSWORD=x\n", 1), ("A=\"x\n", 1)] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".env"), mine).unwrap();
        let run = run(folder.path(), &["-p", "prod"]);
        assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
        assert!(stderr(&run).contains(&format!("line {line} of ")), "{}", stderr(&run));
        assert!(!stderr(&run).contains("p@ss"), "{}", stderr(&run));
        assert_eq!(read(folder.path(), ".env"), mine);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn an_edited_output_is_refused_and_stays() {
    for name in ["docker-compose.yml", "scripts/init-postgres.sh", ".env.example"] {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), &["-p", "prod"]);
        let edited = format!("{}# mine\n", read(folder.path(), name));
        fs::write(folder.path().join(name), &edited).unwrap();
        let run = run(folder.path(), &["-p", "dev"]);
        let expected = if name.starts_with("scripts") { Some(0) } else { Some(4) };
        assert_eq!(run.status.code(), expected, "{name}: {}", stderr(&run));
        assert_eq!(read(folder.path(), name), edited);
    }
}

#[test]
fn lines_of_the_users_own_stay_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "dev"]);
    let block = read(folder.path(), ".env");
    let (before, after) = ("# mine\nCOMPOSE_PROJECT_NAME=other\n\n", "\nexport  ODD = 'x' # y\nlast line without end");
    fs::write(folder.path().join(".env"), format!("{before}{block}{after}")).unwrap();
    let run = run(folder.path(), &["-p", "prod"]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let dotenv = read(folder.path(), ".env");
    assert!(dotenv.starts_with(before) && dotenv.ends_with(after), "{dotenv}");
    assert!(dotenv.contains("\nPOSTGRES_USER=codelab\n"), "{dotenv}");
}

#[test]
fn a_key_on_both_sides_of_the_mark_and_an_odd_line_are_refused_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let block = read(folder.path(), ".env");
    let odd = 2 + block.lines().position(|line| line.starts_with("POSTGRES_DB=")).unwrap();
    for (dotenv, line, what) in [
        (format!("# mine\nPOSTGRES_DB=x\n{block}"), 2, "`POSTGRES_DB` stands in the block"),
        (
            format!("{block}\nexport POSTGRES_USER=x\n"),
            block.lines().count() + 2,
            "`POSTGRES_USER` stands in the block",
        ),
        (format!("# mine\n{}", block.replace("POSTGRES_DB=codelab", "POSTGRES_DB=a b")), odd, "in a way that not all"),
    ] {
        fs::write(folder.path().join(".env"), &dotenv).unwrap();
        let run = run(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
        let text = stderr(&run);
        assert!(
            text.contains(what)
                && (text.contains(&format!("line {line} of ")) || text.contains(&format!("on line {line}\n"))),
            "{line}: {text}"
        );
        assert_eq!(read(folder.path(), ".env"), dotenv);
    }
}

#[test]
fn links_and_folders_in_the_place_of_outputs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    symlink(target.path(), folder.path().join("scripts")).unwrap();
    let linked = run(folder.path(), &["-p", "prod"]);
    assert_eq!(linked.status.code(), Some(4), "{}", stderr(&linked));
    assert!(stderr(&linked).contains("symbolic link"), "{}", stderr(&linked));
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);

    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".env")).unwrap();
    let run = run(folder.path(), &["-p", "prod"]);
    assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
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
fn what_is_missing_on_disk_is_noted_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), &["-p", "dev", "-o", "deploy"]);
    let notes = stderr(&first);
    assert!(notes.contains("the build context `agent-runtime` of `agent-runtime` does not exist"), "{notes}");
    assert!(notes.contains("mkdir -p auth-service/data"), "{notes}");
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
    assert!(stdout(&first).ends_with("next: cd 'my deploy' && docker compose up -d --wait\n"), "{}", stdout(&first));
    let second = run(folder.path(), &["-p", "dev", "-o", "my deploy"]);
    assert!(stdout(&second).ends_with("up -d --wait --remove-orphans\n"), "{}", stdout(&second));
    assert!(stderr(&second).contains("`my deploy/scripts/init-postgres.sh` is not used by this profile"));
}

#[test]
fn permissions_hold_under_any_umask_and_are_mended() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_codelab-gen");
    let script = format!("umask 077; '{program}' -p prod >/dev/null 2>&1");
    let status = std::process::Command::new("sh").current_dir(folder.path()).args(["-c", &script]).status().unwrap();
    assert!(status.success());
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!([mode(".env"), mode("docker-compose.yml"), mode("scripts/init-postgres.sh")], [0o600, 0o644, 0o755]);
    fs::set_permissions(folder.path().join(".env"), fs::Permissions::from_mode(0o644)).unwrap();
    let mended = run(folder.path(), &[]);
    assert!(stdout(&mended).contains("updated   .env\n"), "{}", stdout(&mended));
    assert_eq!(mode(".env"), 0o600);
}

#[test]
fn json_is_one_document_for_every_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let json = |run: &Output| serde_json::from_str::<serde_json::Value>(&stdout(run)).unwrap();
    let done = run(folder.path(), &["-p", "prod", "--format", "json"]);
    assert_eq!(json(&done)["files"][3], serde_json::json!({ "path": "docker-compose.yml", "change": "created" }));
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
fn a_copied_example_with_a_password_is_recognized() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let example =
        read(folder.path(), ".env.example").replace("POSTGRES_PASSWORD=\n", "POSTGRES_PASSWORD=by_hand_0123456789\n");
    fs::write(folder.path().join(".env"), example).unwrap();
    let adopted = run(folder.path(), &[]);
    assert_eq!(adopted.status.code(), Some(0), "{}", stderr(&adopted));
    let dotenv = read(folder.path(), ".env");
    assert_eq!(value(&dotenv, "POSTGRES_PASSWORD"), "by_hand_0123456789");
    assert!(value(&dotenv, "AUTH_SERVICE__DB_URL").contains(":by_hand_0123456789@"), "{dotenv}");
}

#[test]
fn windows_line_ends_and_broken_marks_are_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let dotenv = read(folder.path(), ".env");
    for (broken, what) in [
        (dotenv.replace('\n', "\r\n"), "has line ends of Windows"),
        (dotenv.replace("# <<< codelab-gen\n", ""), "not exactly one first and one last mark"),
        (format!("{dotenv}{dotenv}"), "not exactly one first and one last mark"),
    ] {
        fs::write(folder.path().join(".env"), &broken).unwrap();
        let run = run(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
        assert!(stderr(&run).contains(what), "{}", stderr(&run));
        assert_eq!(read(folder.path(), ".env"), broken);
    }
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
    assert_eq!(stdout(&again).matches("unchanged ").count(), 5, "{}", stdout(&again));

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
    assert!(!dotenv.contains("hunter2") && !dotenv.contains("PASSWORD") && !dotenv.contains("LLM_KEY"), "{dotenv}");
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
    assert!(
        stderr(&refused).contains("the password stands in a file that only the server gets"),
        "{}",
        stderr(&refused)
    );
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
    run_with_password(folder.path(), &["-p", "prod", "--set", "secrets.API_KEY=generate"]);

    let made = rotate(&["POSTGRES_PASSWORD", "--set", "secrets.API_KEY=generate"]).finish();
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let dotenv = read(folder.path(), ".env");
    let password = value(&dotenv, "POSTGRES_PASSWORD").to_owned();
    assert_eq!(password.len(), 32);
    assert!(!dotenv.contains(PASSWORD) && value(&dotenv, "AUTH_SERVICE__DB_URL").contains(&password), "{dotenv}");
    let next = stdout(&made);
    assert!(
        next.contains("next: docker compose up -d --wait postgres && docker compose exec -T postgres bash "),
        "{next}"
    );
    assert!(next.ends_with(" && docker compose up -d --wait\n") && !next.contains(&password), "{next}");

    let mut given = rotate(&["API_KEY", "--from-env", "--set", "secrets.API_KEY=generate"]);
    let given = given.env("API_KEY", "a key of my very own").finish();
    assert!(stdout(&given).ends_with("next: docker compose up -d --wait\n"), "{}", stdout(&given));
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
