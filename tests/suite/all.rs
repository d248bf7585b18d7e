//! `--all`: every profile that has a folder of its own.

use std::fs;
use std::path::Path;

use crate::report::document;
use crate::support::{Finish as _, codelab_gen, run, stderr, stdout, tree};

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("prod", "format: 1\nextends: builtin:prod\nout: ./deploy/prod\n"),
        ("test", "format: 1\nextends: builtin:dev\nstage: ci\nout: ./deploy/test\n"),
        ("dev", "format: 1\nextends: builtin:dev\n"),
        ("base", "format: 1\nout: ./deploy/base\n"),
    ] {
        write_profile(folder.path(), name, text);
    }
    folder
}

fn write_profile(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder.join("profiles")).unwrap();
    fs::write(folder.join(format!("profiles/{name}.yaml")), text).unwrap();
}

#[test]
fn each_profile_with_a_folder_of_its_own_is_generated_and_checked() {
    let folder = project();
    let all = run(folder.path(), &["--all"]);
    assert_eq!(all.status.code(), Some(0), "{}", stderr(&all));
    let lines: Vec<_> = stdout(&all).lines().filter(|line| line.starts_with("profile ")).map(str::to_owned).collect();
    assert_eq!(lines, ["profile prod (profiles/prod.yaml)", "profile test (profiles/test.yaml)"]);
    let made: Vec<_> =
        fs::read_dir(folder.path().join("deploy")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(made.len(), 2, "{made:?}");

    let before = tree(folder.path());
    assert_eq!(run(folder.path(), &["--all", "--check"]).status.code(), Some(0));
    fs::write(folder.path().join("deploy/test/docker-compose.yml"), "services: {}\n").unwrap();
    let check = run(folder.path(), &["--all", "--check"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(stdout(&check).contains("as the profile says\n\nprofile test "), "{}", stdout(&check));
    assert!(stdout(&check).contains("conflict  deploy/test/docker-compose.yml\n"), "{}", stdout(&check));
    assert_eq!(tree(folder.path()).len(), before.len());

    let json = codelab_gen(folder.path()).args(["--all", "--check", "--format", "json"]).finish();
    let document = document(&json);
    assert_eq!(document["runs"][0]["report"]["outcome"], "done");
    assert_eq!(document["runs"][1]["name"], "test");
    assert_eq!(document["runs"][1]["report"]["outcome"], "different");
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let folder = project();
    write_profile(folder.path(), "another", "format: 1\nextends: prod\nout: ./deploy/another\nprot: 1\n");
    let all = run(folder.path(), &["--all"]);
    assert_eq!(all.status.code(), Some(3), "{}", stderr(&all));
    assert!(stderr(&all).contains("unknown key `prot`"), "{}", stderr(&all));
    assert!(folder.path().join("deploy/prod/docker-compose.yml").exists());
    assert!(!folder.path().join("deploy/another").exists());
}

#[test]
fn what_can_not_be_meant_is_wrong_usage() {
    let folder = project();
    assert_eq!(run(folder.path(), &["--all", "-p", "prod"]).status.code(), Some(2));
    assert_eq!(run(folder.path(), &["--all", "-o", "x"]).status.code(), Some(2));
    write_profile(folder.path(), "twin", "format: 1\nextends: prod\n");
    let twin = run(folder.path(), &["--all"]);
    assert_eq!(twin.status.code(), Some(2));
    assert!(stderr(&twin).contains("`prod` and `twin` have the same `out: ./deploy/prod`"), "{}", stderr(&twin));
    let empty = tempfile::tempdir().unwrap();
    let none = run(empty.path(), &["--all", "--check"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("there is nothing to compare"), "{}", stderr(&none));
}

#[test]
fn a_profile_that_can_not_be_read_is_told_whatever_is_wrong_with_it() {
    for (broken, code) in [
        ("format: 1\nextends: builtin:dev\nstage: [development\nout: b\n", 3),
        ("format: 1\nextends: builtin:dev\nstage: developmnt\nout: b\n", 3),
        ("format: 1\nstaeg: development\nout: b\n", 3),
        ("format: 1\nformat: 1\n", 3),
        ("format: 1\nextends: ./nope.yaml\n", 3),
        ("", 3),
    ] {
        let folder = project();
        write_profile(folder.path(), "broken", broken);
        let check = run(folder.path(), &["--all"]);
        assert_eq!(check.status.code(), Some(code), "{broken:?}: {}{}", stdout(&check), stderr(&check));
        assert!(folder.path().join("deploy/prod/docker-compose.yml").exists(), "{broken:?} does not stop the others");
    }
    let folder = project();
    fs::write(folder.path().join("profiles/broken.yaml"), b"format: 1\n\xff").unwrap();
    assert_eq!(run(folder.path(), &["--all"]).status.code(), Some(5));
    assert!(folder.path().join("deploy/prod/docker-compose.yml").exists());
}

#[test]
fn two_ways_to_one_folder_are_one_folder() {
    let folder = project();
    fs::create_dir_all(folder.path().join("deploy/prod")).unwrap();
    std::os::unix::fs::symlink("prod", folder.path().join("deploy/test")).unwrap();
    let clash = run(folder.path(), &["--all"]);
    assert_eq!(clash.status.code(), Some(2), "{}", stdout(&clash));
}
