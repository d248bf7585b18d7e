//! A repository that has secrets, or would take them, fails `--check`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Finish as _, codelab_gen, read, stderr, stdout};

/// Everything that `.gitignore` should have.
const IGNORED: &str = ".env\n.env.*\n!.env.example\n*.orig*\nsecrets/\nbackups/\n.*.codelab-gen.tmp\n";

/// A command without anything of the user's: neither what he ignores everywhere, nor the repository of a hook.
fn alone(command: &mut Command) -> &mut Command {
    let path = std::env::var_os("PATH").unwrap();
    command.env_clear().env("PATH", path).env("GIT_CONFIG_NOSYSTEM", "1")
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    let done = alone(&mut git).current_dir(folder).args(arguments).output().unwrap();
    assert!(done.status.success(), "git {arguments:?}: {}", stderr(&done));
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    alone(&mut codelab_gen(folder)).args(arguments).finish()
}

/// A repository with a profile and its outputs in `out`.
fn project(out: &str, profile: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    git(root.path(), &["init", "--quiet"]);
    fs::create_dir(root.path().join("profiles")).unwrap();
    fs::write(root.path().join("profiles/shop.yaml"), format!("format: 1\n{profile}\nout: '{out}'\n")).unwrap();
    fs::write(root.path().join(".gitignore"), IGNORED).unwrap();
    let made = run(root.path(), &["--all"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    root
}

const FILES: &str = "extends: builtin:prod-postgres\nsecrets_in: files";

#[test]
fn a_check_without_secrets_in_git_is_silent() {
    let root = project("./deploy", FILES);
    fs::create_dir_all(root.path().join("deploy/backups/20260101T000000Z")).unwrap();
    fs::write(root.path().join("deploy/backups/20260101T000000Z/manifest"), "1\n").unwrap();
    git(root.path(), &["add", "."]);
    let check = run(root.path(), &["--check", "--all"]);
    assert_eq!((check.status.code(), stderr(&check).as_str()), (Some(0), ""));
    // what CI has: no secret at all
    git(root.path(), &["clean", "-q", "-d", "-f", "-X"]);
    assert!(!root.path().join("deploy/.env").exists());
    let check = run(root.path(), &["--check", "--all"]);
    assert_eq!((check.status.code(), stderr(&check).as_str()), (Some(0), ""), "{}", stdout(&check));
}

#[test]
fn each_file_of_secrets_that_git_has_or_would_take_fails_a_check() {
    for out in ["./deploy", "./a b/ünïcode"] {
        let root = project(out, FILES);
        let out = out.trim_start_matches("./");
        let secret = read(root.path(), &format!("{out}/secrets/postgres_password"));
        for (name, line) in [
            (".env", ".env"),
            ("secrets/postgres_password", "secrets/"),
            ("secrets/postgres_password.orig.2", "secrets/"),
            ("secrets/an_older_one", "secrets/"),
            ("backups/20260101T000000Z/manifest", "backups/"),
            (".env.orig", "*.orig*"),
            (".env.orig.2", "*.orig*"),
            (".env.codelab-gen.tmp", ".*.codelab-gen.tmp"),
        ] {
            let way = format!("{out}/{name}");
            let path = root.path().join(&way);
            let was_there = path.exists();
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if !was_there {
                fs::write(&path, &secret).unwrap();
            }
            git(root.path(), &["add", "--force", &way]);
            assert_fails(root.path(), &way, &format!("git tracks `{way}`, which holds secrets"), line, true);
            git(root.path(), &["rm", "--quiet", "--cached", &way]);
            // nothing else would be taken
            let rest: Vec<_> = ["/secrets/*", "/backups/*/*"].iter().map(|rest| format!("/{out}{rest}\n")).collect();
            let rest = format!("{IGNORED}!/{out}/backups/\n!/{out}/secrets/\n{}!/{way}\n", rest.concat());
            fs::write(root.path().join(".gitignore"), rest).unwrap();
            assert_fails(root.path(), &way, &format!("git would take `{way}`, which holds secrets"), line, false);
            fs::write(root.path().join(".gitignore"), IGNORED).unwrap();
            if !was_there {
                fs::remove_file(path).unwrap();
            }
        }
        let check = run(root.path(), &["--check", "--all"]);
        assert_eq!(check.status.code(), Some(0), "{}", stderr(&check));
    }
}

/// What `--force` kept may be a file that somebody wrote by hand, with secrets in it.
#[test]
fn what_was_kept_of_an_output_is_judged_by_what_it_says() {
    let root = project("./deploy", "extends: builtin:prod-postgres");
    for (name, line, is_secret) in [
        ("docker-compose.yml.orig", "      API_TOKEN: hunter2-hunter2", true),
        ("docker-compose.yml.orig.2", "      - API_TOKEN=\"hunter2-hunter2\"", true),
        ("docker-compose.yml.orig", "      DB_URL: postgresql://u:hunter2@db/x", true),
        ("scripts/init-postgres.sh.orig", "export PGPASSWORD='hunter2-hunter2'", true),
        ("docker-compose.yml.orig", "      API_TOKEN: ${API_TOKEN:?no token}", false),
        ("docker-compose.yml.orig", "      DB_URL: postgresql://u:${PASSWORD}@db/x", false),
        ("docker-compose.yml.orig", "      # API_TOKEN: hunter2-hunter2", false),
        ("scripts/init-postgres.sh.orig", "export PGPASSWORD=\"$1\"", false),
    ] {
        let way = format!("deploy/{name}");
        fs::write(root.path().join(&way), format!("# mine\n{line}\n")).unwrap();
        git(root.path(), &["add", "--force", &way]);
        if is_secret {
            assert_fails(root.path(), &way, &format!("git tracks `{way}`, which holds secrets"), "*.orig*", true);
        } else {
            let check = run(root.path(), &["--check", "--all"]);
            assert_eq!(check.status.code(), Some(0), "{line}: {}", stderr(&check));
        }
        git(root.path(), &["rm", "--quiet", "--force", &way]);
    }
}

/// Every format tells of the file, and fails.
fn assert_fails(root: &Path, way: &str, message: &str, line: &str, is_tracked: bool) {
    let check = run(root, &["--check", "--all"]);
    assert_eq!(check.status.code(), Some(1), "{way}: {}", stderr(&check));
    assert!(stderr(&check).contains(&format!("error: {message}\n  = help: ")), "{way}: {}", stderr(&check));
    assert!(stderr(&check).contains(&format!("add `{line}` to .gitignore")), "{way}: {}", stderr(&check));

    let check = run(root, &["--check", "--all", "--format", "github"]);
    let told = stdout(&check);
    assert_eq!((check.status.code(), told.lines().count()), (Some(1), 1), "{way}: {told}");
    assert!(told.starts_with(&format!("::error file={way},title=secrets-in-git::{message}%0Ahelp: ")), "{way}: {told}");

    let check = run(root, &["--check", "--all", "--format", "json"]);
    let document: Value = serde_json::from_slice(&check.stdout).unwrap();
    let report = document.pointer("/runs/0/report").unwrap();
    assert_eq!((check.status.code(), report.get("outcome")), (Some(1), Some(&Value::from("different"))));
    let exposed = report.pointer("/exposed/0").unwrap();
    assert_eq!(exposed.get("message"), Some(&message.into()));
    assert_eq!(exposed.get("tracked"), Some(&is_tracked.into()));
    assert!(way.ends_with(exposed.get("path").and_then(Value::as_str).unwrap()));
}

#[test]
fn one_file_speaks_for_a_folder() {
    let root = project("./deploy", FILES);
    for name in ["a_secret", "b_secret"] {
        fs::write(root.path().join("deploy/secrets").join(name), "12345678\n").unwrap();
    }
    git(root.path(), &["add", "--force", "deploy/secrets"]);
    let told = stderr(&run(root.path(), &["--check", "--all"]));
    let files = fs::read_dir(root.path().join("deploy/secrets")).unwrap().count();
    let expected =
        format!("git tracks `deploy/secrets/a_secret` and {} other files beside it, which hold secrets", files - 1);
    assert!(told.contains(&expected), "{told}");
    assert!(told.contains("`git rm -r --cached deploy/secrets`"), "{told}");
}

#[test]
fn what_holds_no_secret_may_be_committed() {
    let root = project("./deploy", "extends: builtin:dev-sqlite");
    let folder = root.path().join("deploy");
    fs::write(folder.join(".env"), format!("{}TOKEN_LIFETIME=86400\nLOG_LEVEL=debug\n", read(&folder, ".env")))
        .unwrap();
    fs::create_dir_all(folder.join("secrets")).unwrap();
    fs::create_dir_all(folder.join("backups")).unwrap();
    fs::write(folder.join("secrets/README.md"), "ask the operators\n").unwrap();
    fs::write(folder.join("backups/.gitkeep"), "").unwrap();
    git(root.path(), &["add", "--force", "deploy"]);
    let check = run(root.path(), &["--check", "--all"]);
    assert_eq!((check.status.code(), stderr(&check).as_str()), (Some(0), ""), "{}", read(&folder, ".env"));

    fs::write(folder.join(".env"), format!("{}OPENAI_API_KEY=sk-of-mine-1234\n", read(&folder, ".env"))).unwrap();
    let check = run(root.path(), &["--check", "--all"]);
    assert_eq!(check.status.code(), Some(1), "{}", stderr(&check));
}

#[test]
fn a_difference_warns_of_secrets_in_git() {
    let root = project("./deploy", FILES);
    git(root.path(), &["add", "--force", "deploy/.env"]);
    let diff = run(root.path(), &["--diff", "--all"]);
    assert_eq!(diff.status.code(), Some(0), "{}", stderr(&diff));
    assert!(stderr(&diff).contains("warning: git tracks `deploy/.env`"), "{}", stderr(&diff));
}
