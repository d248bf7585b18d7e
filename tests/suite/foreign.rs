//! What lies above the current folder and belongs to another user is not taken, as git does not take it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{codelab_gen, stderr, stdout};

/// Somebody else.
const OTHER: u32 = 4711;

/// The name of a profile that only the other one has.
const PROFILE: &str = "format: 1\nextends: builtin:dev-sqlite\nproject: planted\nout: ./deploy\n";

/// A repository with profiles around the folder `below`, where a user works. Only root can give it to another one: for
/// anybody else it stays his own, and is taken.
fn project() -> (tempfile::TempDir, bool) {
    let root = tempfile::tempdir().unwrap();
    let path = root.path();
    fs::create_dir_all(path.join("home")).unwrap();
    fs::create_dir_all(path.join("project/below")).unwrap();
    fs::create_dir_all(path.join("project/profiles")).unwrap();
    fs::write(path.join("project/profiles/planted.yaml"), PROFILE).unwrap();
    let made = Command::new("git").args(["init", "--quiet", "project"]).current_dir(path).env("HOME", path).status();
    assert!(made.unwrap().success());
    let given = ["project", "project/.git", "project/profiles"].map(|name| chown(path.join(name), Some(OTHER), None));
    (root, given.iter().all(Result::is_ok))
}

fn run(root: &Path, folder: &str, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = codelab_gen(&root.join(folder));
    command.args(arguments).env("PATH", std::env::var_os("PATH").unwrap()).env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("HOME", root.join("home")).envs(settings.iter().copied()).output().unwrap()
}

#[test]
fn a_repository_of_another_above_is_passed_by_and_told() {
    let (root, is_foreign) = project();
    let listed = |settings: &[(&str, &str)]| {
        let profiles = run(root.path(), "project/below", settings, &["profiles"]);
        (stdout(&profiles).contains("planted"), stderr(&profiles))
    };
    let (is_taken, told) = listed(&[]);
    assert_eq!(is_taken, !is_foreign, "{told}");
    let project = fs::canonicalize(root.path().join("project")).unwrap();
    let help = format!("git config --global --add safe.directory {}", project.display());
    assert_eq!((told.contains("belongs to another user"), told.contains(&help)), (is_foreign, is_foreign), "{told}");
    assert_eq!(told.matches("note: ").count(), usize::from(is_foreign), "{told}");

    // the repository's own word is its owner's
    fs::write(root.path().join("project/.git/config"), "[safe]\n\tdirectory = *\n").unwrap();
    assert_eq!(listed(&[]).0, !is_foreign);
    // git's exceptions
    assert_eq!(listed(&[("SUDO_UID", "4711")]), (true, String::new()));
    assert_eq!(listed(&[("SUDO_UID", "4712")]).0, !is_foreign);
    let by_environment =
        [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "safe.directory"), ("GIT_CONFIG_VALUE_0", "*")];
    assert_eq!(listed(&by_environment), (true, String::new()));
    fs::write(root.path().join("home/.gitconfig"), format!("[safe]\n\tdirectory = {}\n", project.display())).unwrap();
    assert_eq!(listed(&[]), (true, String::new()));
}

#[test]
fn a_folder_of_profiles_on_the_way_is_passed_by_for_ones_own() {
    let (root, is_foreign) = project();
    let project = root.path().join("project");
    let user = fs::metadata(root.path()).unwrap().uid();
    for name in ["", ".git", "profiles"] {
        chown(project.join(name), Some(user), None).unwrap();
    }
    fs::create_dir_all(project.join("below/profiles")).unwrap();
    fs::create_dir_all(project.join("below/deeper")).unwrap();
    let _ = chown(project.join("below/profiles"), Some(OTHER), None);
    let profiles = run(root.path(), "project/below/deeper", &[], &["profiles"]);
    assert_eq!(stdout(&profiles).contains("planted"), is_foreign, "{}", stderr(&profiles));
    assert_eq!(stderr(&profiles).contains("below/profiles` belongs to another user"), is_foreign);
}

#[test]
fn a_container_of_ci_checks_the_checkout_of_another() {
    let (root, _) = project();
    // whoever stands in the root means it
    let made = run(root.path(), "project", &[], &["--all"]);
    assert_eq!((made.status.code(), stderr(&made).contains("another user")), (Some(0), false), "{}", stderr(&made));
    fs::write(root.path().join("project/deploy/.env.orig"), "POSTGRES_PASSWORD=12345678\n").unwrap();
    let check = run(root.path(), "project", &[], &["--check", "--all"]);
    assert_eq!(check.status.code(), Some(1), "{}", stderr(&check));
    assert!(stderr(&check).contains("git would take `deploy/.env.orig`"), "{}", stderr(&check));
}
