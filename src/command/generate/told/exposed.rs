//! Knows how it is told that git has files with secrets, or would take them. Must not know how that was found out.

use super::Telling;
use crate::command::generate::git::Exposed;
use crate::command::generate::request::Ending;
use crate::report;
use crate::spelling::shell_word;

impl Telling<'_> {
    /// Whether secrets are, or would be, where everybody who has the repository reads them: that fails a check, and so does
    /// a git that does not tell.
    pub(super) fn exposes(&self) -> bool {
        let git = &self.outcome.git;
        self.ending == Ending::Check && (!git.exposed.is_empty() || git.silent.is_some())
    }

    /// Each file with secrets that git has or would take, for people.
    pub(super) fn exposed_text(&self) -> Vec<String> {
        let word = if self.ending == Ending::Check { "error" } else { "warning" };
        let exposed = self.exposed().into_iter();
        exposed.map(|report::Exposed { message, help, .. }| format!("{word}: {message}\n  = help: {help}\n")).collect()
    }

    /// Each file with secrets that git has or would take, for programs.
    pub(super) fn exposed(&self) -> Vec<report::Exposed> {
        let document = |exposed: &Exposed| {
            let Exposed { path, others, is_tracked } = exposed;
            let (shown, line) = (self.shown(path), exposed.line());
            let (all, holds) = match others {
                0 => (shown.clone(), "holds"),
                _ => (self.shown(exposed.folder().unwrap_or(path)), "hold"),
            };
            let named = match others {
                0 => format!("`{shown}`, which"),
                1 => format!("`{shown}` and another file beside it, which"),
                _ => format!("`{shown}` and {others} other files beside it, which"),
            };
            let (message, help) = if *is_tracked {
                let recursive = if *others == 0 { "" } else { "-r " };
                let command = format!("git rm {recursive}--cached {}", shell_word(&all));
                let help =
                    format!("`{command}`, add `{line}` to .gitignore, and rotate the secrets that were committed");
                (format!("git tracks {named} {holds} secrets"), help)
            } else {
                (format!("git would take {named} {holds} secrets"), format!("add `{line}` to .gitignore"))
            };
            report::Exposed { path: path.clone(), tracked: *is_tracked, others: *others, message, help }
        };
        self.outcome.git.exposed.iter().map(document).collect()
    }
}
