//! Gives release builds a version that names their commit, where Git knows it. A build for development has the bare
//! version: it is made of what nobody committed, and a new commit must not compile everything again.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let version = match is_release.then(|| commit(&package)).flatten() {
        Some(commit) => {
            watch(&package);
            format!("{version} ({commit})")
        }
        None => version,
    };
    println!("cargo::rustc-env=CODELAB_GEN_VERSION={version}");
}

/// The commit and its day, `abc1234 2026-11-20`: the same wherever and whenever it is built. Nothing where Git is
/// missing or refuses, and nothing for a source package that was unpacked inside of somebody's repository.
fn commit(package: &Path) -> Option<String> {
    git(package, &["ls-files", "--error-unmatch", "build.rs"])?;
    let told = git(package, &["log", "-1", "--no-show-signature", "--format=%H %cs"])?;
    let (hash, day) = told.split_once(' ')?;
    Some(format!("{} {day}", hash.get(..7)?))
}

/// Has Cargo ask again after the next commit or checkout, without looking at anything that is not there: Cargo takes
/// that for changed at every build.
#[expect(clippy::disallowed_methods, reason = "Cargo is to get the path as it is")]
fn watch(package: &Path) {
    let branch = git(package, &["symbolic-ref", "--quiet", "HEAD"]);
    // the log of HEAD tells of every commit and checkout; where none is kept, the branch does, in one of two places
    for name in ["logs/HEAD", "HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        let path = git(package, &["rev-parse", "--git-path", name]).map(|path| package.join(path));
        if let Some(path) = path.filter(|path| path.exists()) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
}

/// What Git answers about the repository that the package stands in, whatever a hook has in its environment.
fn git(package: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(package).args(arguments);
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CEILING_DIRECTORIES"] {
        command.env_remove(variable);
    }
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
