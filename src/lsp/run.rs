//! Knows how a user's click runs the program itself on a profile: as from a shell, with all of its questions and limits.
//! Must not know what it does.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::project::written;

/// What a click can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    Generate,
    Check,
    Diff,
}

impl Errand {
    pub(super) const ALL: [Self; 3] = [Self::Generate, Self::Check, Self::Diff];

    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Generate => "codelab-gen.generate",
            Self::Check => "codelab-gen.check",
            Self::Diff => "codelab-gen.diff",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::Check => "check",
            Self::Diff => "diff",
        }
    }

    fn option(self) -> Option<&'static str> {
        match self {
            Self::Generate => None,
            Self::Check => Some("--check"),
            Self::Diff => Some("--diff"),
        }
    }

    /// Runs the program in a folder on a profile, else on the one that its outputs record; the exit code, and what was said.
    pub(super) fn run(self, profile: Option<&Path>, folder: &Path) -> io::Result<Value> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(profile.into_iter().flat_map(|profile| ["--profile".to_owned(), written(profile)]));
        command.args(self.option()).current_dir(folder);
        let output = command.stdin(Stdio::null()).output()?;
        Ok(json!({
            "exit": output.status.code(),
            "stdout": String::from_utf8_lossy(&output.stdout),
            "stderr": String::from_utf8_lossy(&output.stderr),
        }))
    }
}
