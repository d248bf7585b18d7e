//! SECURITY.md: each promise names the test that holds it; those that no other file holds stand here.

use std::fs;
use std::path::Path;

use crate::support::{Finish as _, codelab_gen, stderr, stdout};

#[test]
fn each_promise_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let (mut named, mut is_held) = (0, true);
    for line in text.lines() {
        // a promise is an item; of a section that promises nothing the items are limits
        if line.starts_with("- ") || line.starts_with('#') || line.starts_with("Not promised") {
            assert!(is_held, "no test holds the promise before: {line}");
            is_held = true;
        }
        if line.starts_with("- ") && !is_limit(&text, line) {
            is_held = false;
        }
        let Some(named_test) = line.trim().strip_prefix('`').and_then(|line| line.strip_suffix('`')) else { continue };
        let Some((file, name)) = named_test.split_once("::") else { continue };
        let code = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let has = match file.rsplit_once('.') {
            Some((_, "py")) => code.contains(&format!("\ndef {name}(")),
            _ => code.replace("    ", "").contains(&format!("#[test]\nfn {name}() {{")),
        };
        assert!(has, "{file} has no test {name}");
        (named, is_held) = (named + 1, true);
    }
    assert!(named >= 15, "{named}");
}

/// Whether an item stands below the words 'Not promised', and not below the next heading.
fn is_limit(text: &str, line: &str) -> bool {
    let before = text.split_once(line).unwrap().0;
    before.rfind("\nNot promised") > before.rfind("\n#")
}

/// Git would run the monitor of files that its configuration names, of the repository and of one that is committed in
/// the output folder.
#[test]
fn git_runs_nothing_of_a_repository() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let root = folder.path().join("repository");
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.env_clear().env("PATH", &path).env("GIT_CONFIG_NOSYSTEM", "1").current_dir(&root);
        command.args(arguments).output().unwrap()
    };
    fs::create_dir_all(root.join("profiles")).unwrap();
    let profile = "format: 1\nproject: shop\nstage: ci\nout: ./deploy\nservices: { api: { image: 'a:1', port: 80 } }\n";
    fs::write(root.join("profiles/a.yaml"), profile).unwrap();
    assert!(git(&["init", "--quiet"]).status.success());
    assert!(git(&["init", "--quiet", "deploy"]).status.success());
    fs::write(root.join("deploy/.env"), "API_PASSWORD=hunter2-hunter2\n").unwrap();
    let ran = folder.path().join("ran");
    let monitor = folder.path().join("monitor");
    fs::write(&monitor, format!("#!/bin/sh\necho >>'{}'\nexit 1\n", ran.display())).unwrap();
    let executable = std::process::Command::new("chmod").args(["755".as_ref(), monitor.as_os_str()]).status();
    assert!(executable.unwrap().success());
    for repository in [".", "deploy"] {
        let monitor = monitor.to_str().unwrap();
        assert!(git(&["-C", repository, "config", "core.fsmonitor", monitor]).status.success());
        git(&["-C", repository, "ls-files", ".env"]);
        assert!(ran.exists(), "git itself does not run the monitor: the test proves nothing");
        fs::remove_file(&ran).unwrap();
    }
    for arguments in [&["--check", "--all"][..], &["--all"], &["--check", "--all"], &["doctor", "-o", "deploy"]] {
        let mut command = codelab_gen(&root);
        let done = command.args(arguments).env("PATH", &path).env("GIT_CONFIG_NOSYSTEM", "1").finish();
        assert!(!ran.exists(), "{arguments:?}: {}{}", stdout(&done), stderr(&done));
    }
}

/// Whoever unpacks an archive may get a pipe in the place of a file that git reads, and nobody writes to it.
#[test]
fn a_git_that_gives_no_answer_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let path = std::env::var_os("PATH").unwrap();
    let by = |program: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(program);
        command.env_clear().env("PATH", &path).env("GIT_CONFIG_NOSYSTEM", "1").current_dir(root).args(arguments);
        assert!(command.status().unwrap().success(), "{program} {arguments:?}");
    };
    fs::create_dir(root.join("profiles")).unwrap();
    let profile = "format: 1\nproject: shop\nstage: ci\nsecrets: { KEY: generate }\nservices: { api: { image: 'a:1', \
                   environment: { KEY: { secret: KEY } } } }\n";
    fs::write(root.join("profiles/a.yaml"), profile).unwrap();
    assert_eq!(codelab_gen(root).args(["-p", "a"]).finish().status.code(), Some(0));
    assert_eq!(codelab_gen(root).args(["-p", "a", "--check"]).finish().status.code(), Some(0), "nothing else is wrong");
    by("git", &["init", "--quiet"]);
    by("mkfifo", &[".gitignore"]);
    let mut command = codelab_gen(root);
    let done = command.args(["-p", "a", "--check"]).env("PATH", &path).env("GIT_CONFIG_NOSYSTEM", "1").finish();
    assert_eq!(done.status.code(), Some(1), "{}", stderr(&done));
    assert!(stderr(&done).contains("error: git gives no answer"), "{}", stderr(&done));
    // it would wait for whoever writes to the pipe, who would find it there
    let waits =
        std::process::Command::new("timeout").args(["1", "sh", "-c", ": >.gitignore"]).current_dir(root).status();
    assert_eq!(waits.unwrap().code(), Some(124), "git still reads the pipe");
}
