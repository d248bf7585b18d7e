//! Knows what is told of variables that were filled when the files were made. Must not know how one was.

use std::collections::BTreeSet;

use super::Telling;
use crate::command::generate::outside::{Filled, Origin};
use crate::report;
use crate::spelling::on_one_line;

impl Telling<'_> {
    /// Where the values come from that stand in the files from now on, a line for each variable.
    pub(super) fn filled_lines(&self) -> Vec<String> {
        let words = |origin| match origin {
            Origin::Environment => "taken from the environment",
            Origin::Standing => "kept as it is",
            Origin::Default => "its default",
        };
        let line = |Filled { name, origin, .. }: &Filled| format!("variable  {name}: {}\n", words(*origin));
        let lines: BTreeSet<_> = self.outcome.filled.iter().map(line).collect();
        lines.into_iter().collect()
    }

    /// The same for programs, for each service.
    pub(super) fn filled_documents(&self) -> Vec<report::FilledVariable> {
        let word = |origin| match origin {
            Origin::Environment => "environment",
            Origin::Standing => "standing",
            Origin::Default => "default",
        };
        let document = |Filled { name, service, origin, .. }: &Filled| report::FilledVariable {
            name: name.clone(),
            service: service.clone(),
            from: word(*origin).to_owned(),
        };
        self.outcome.filled.iter().map(document).collect()
    }

    /// Which values were compared with nothing, since they are not set where this runs.
    pub(super) fn not_compared(&self) -> Option<String> {
        let standing = self.outcome.filled.iter().filter(|filled| filled.origin == Origin::Standing);
        let names: BTreeSet<_> = standing.map(|filled| format!("`{}` of {}", filled.name, filled.service)).collect();
        (!names.is_empty()).then(|| {
            let names = on_one_line(&names.into_iter().collect::<Vec<_>>().join(", "));
            format!(
                "note: not set here, so the value in the file was taken to be right: {names}\n  = help: set it, to compare it as \
                 well\n"
            )
        })
    }

    /// Values that stand in a `.env` only, where somebody may have written them for Compose.
    pub(super) fn dotenv_differs(&self) -> Option<String> {
        let filled = self.outcome.filled.iter().filter(|filled| filled.dotenv_differs);
        let names: BTreeSet<_> =
            filled.clone().map(|filled| format!("`{}` of {}", filled.name, filled.service)).collect();
        let set: BTreeSet<_> = filled.map(|filled| format!("{}=…", filled.name)).collect();
        let list = |names: BTreeSet<String>, between: &str| names.into_iter().collect::<Vec<_>>().join(between);
        (!names.is_empty()).then(|| {
            format!(
                "note: {} got the profile's default; `.env` says another value, and nothing reads it on {}\n  = help: to have \
                 that, set it for the run: `{} codelab-gen`\n",
                list(names, ", "),
                self.target.deployment.target.title(),
                list(set, " ")
            )
        })
    }
}
