//! Knows how the difference between what stands and what would be written is shown. Must not show a secret.

use similar::{Algorithm, TextDiff};

use super::{Action, Change, ChangeKind, ChangeSet, KeyChangeKind};
use crate::render::examine;
use crate::secret::conceal;
use crate::spelling::harmless;

/// A text so long is compared by its first and last differing lines only: a finer comparison takes too long.
const COMPARED_BYTES: usize = 4 * 1024 * 1024;

impl ChangeSet {
    /// The difference of one output: of `.env` its keys, of a file that would be replaced the lines that change, of one
    /// that was edited the edit. Nothing where no text differs, and of a file that goes: it is ours whole.
    #[must_use]
    pub fn difference(&self, change: &Change) -> Option<String> {
        if change.output.is_block() {
            return keys_text(change);
        }
        let path = change.output.path();
        let stands = change.before.as_deref();
        // what codelab-gen did not write is somebody's whole, with the secrets that may stand in it
        if stands.is_some_and(|text| examine(text, &change.output).is_none()) {
            return None;
        }
        let (old, new, names) = match &change.action {
            Action::Keep | Action::Remove | Action::Write { kind: ChangeKind::LineEnds | ChangeKind::Mode, .. } => {
                return None;
            }
            Action::Write { text, .. } => {
                let old = if stands.is_some() { path } else { "/dev/null" };
                (stands.unwrap_or_default(), text.as_deref()?, (old.to_owned(), path.to_owned()))
            }
            Action::Refuse { text, .. } => {
                let names = (format!("{path} (as codelab-gen would write it)"), format!("{path} (as it is)"));
                (text.as_str(), stands?, names)
            }
        };
        let text = unified(old, new, &names);
        (!text.is_empty()).then(|| conceal(&harmless(&text), &self.secrets))
    }
}

fn unified(old: &str, new: &str, (old_name, new_name): &(String, String)) -> String {
    let algorithm = if old.len().max(new.len()) > COMPARED_BYTES { Algorithm::Patience } else { Algorithm::Myers };
    let diff = TextDiff::configure().algorithm(algorithm).diff_lines(old, new);
    diff.unified_diff().context_radius(3).header(old_name, new_name).to_string()
}

/// One line a key; a value is never shown.
fn keys_text(change: &Change) -> Option<String> {
    let path = change.output.path();
    let mut text = format!("--- {path} (keys only)\n+++ {path} (keys only)\n");
    for key in &change.keys {
        let sign = match key.kind {
            KeyChangeKind::Missing => "+",
            KeyChangeKind::Stale => "-",
            KeyChangeKind::Different => "~",
        };
        text.extend([sign, &key.key, "\n"]);
    }
    (!change.keys.is_empty()).then_some(text)
}
