//! Knows who runs the program, and which folders of others git was told to take. Must not know what is taken from them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::source::Trust;

/// The variable in which sudo says who became root.
const INVOKER_VARIABLE: &str = "SUDO_UID";

/// Of this process.
pub(super) fn trust() -> Trust {
    Trust {
        user: rustix::process::geteuid().as_raw(),
        invoker: std::env::var(INVOKER_VARIABLE).ok().and_then(|user| user.parse().ok()),
        safe: safe_directories,
    }
}

/// What git's settings of the machine, the user and the environment say; never those of a repository, which are its
/// owner's word.
fn safe_directories() -> Vec<PathBuf> {
    let mut command = Command::new("git");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"] {
        command.env_remove(variable);
    }
    command.args(["-C", "/", "config", "-z", "--path", "--show-scope", "--get-all", "safe.directory"]);
    let Ok(output) = command.stdin(Stdio::null()).stderr(Stdio::null()).output() else { return Vec::new() };
    let mut words = output.stdout.split(|byte| *byte == 0);
    let mut folders = Vec::new();
    while let (Some(scope), Some(folder)) = (words.next(), words.next()) {
        if [&b"system"[..], b"global", b"command"].contains(&scope) {
            folders.push(PathBuf::from(OsStr::from_bytes(folder)));
        }
    }
    folders
}
