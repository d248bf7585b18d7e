//! Knows what Docker Compose would read in the place of `docker-compose.yml` or beside it, and how that is put aside where
//! codelab-gen takes a deployment over. Must not know what stands in those files.

use std::path::{Path, PathBuf};

use super::{Action, Change, ChangeKind, Existing, RefusalReason};
use crate::dotenv;
use crate::target::compose;

/// The variable that says which files Compose reads.
pub(super) const FILES: &str = "COMPOSE_FILE";

/// The variable that says what stands between them.
const SEPARATOR: &str = "COMPOSE_PATH_SEPARATOR";

/// What stands before a line that says so no longer.
const ASIDE: &str = "# put aside, since docker-compose.yml says it all: ";

/// A Compose file of another name, which Compose is not to find any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Where it stands.
    pub(super) from: PathBuf,
    /// Where it is kept; nothing where a copy of it is kept already.
    pub(super) original: Option<PathBuf>,
}

impl Aside {
    /// Where it stands.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.from
    }

    /// Where it is kept.
    #[must_use]
    pub fn original(&self) -> Option<&Path> {
        self.original.as_deref()
    }
}

/// Everything that Compose reads beside a `docker-compose.yml` which codelab-gen did not write yet.
#[derive(Default)]
pub(super) struct InTheWay {
    pub(super) files: Vec<Aside>,
    names: Vec<&'static str>,
    /// The line of `.env` by which it reads other files.
    line: Option<usize>,
}

impl InTheWay {
    pub(super) fn find(existing: &Existing, folder: &Path) -> Self {
        if existing.has_own_compose() {
            return Self::default();
        }
        let others = existing.other_compose();
        let aside =
            others.iter().map(|other| Aside { from: folder.join(other.name), original: other.original.clone() });
        let text = existing.get(&compose::DOTENV).map(|file| file.text.as_str()).unwrap_or_default();
        Self {
            files: aside.collect(),
            names: others.iter().map(|other| other.name).collect(),
            line: line_of_others(text),
        }
    }

    /// Why it may not be put aside without a word of the user.
    pub(super) fn reasons(&self) -> Vec<RefusalReason> {
        let files = self.names.iter().map(|name| RefusalReason::OtherCompose(name));
        files.chain(self.line.map(RefusalReason::ComposeFile)).collect()
    }

    /// Whether a line of `.env` is in the way.
    pub(super) fn has_line(&self) -> bool {
        self.line.is_some()
    }

    /// A text of `.env` whose line says so no longer.
    pub(super) fn without_line(&self, text: &str) -> Option<String> {
        let line = self.line?;
        let mut without = String::new();
        for (index, written) in text.split_inclusive('\n').enumerate() {
            without.push_str(if index + 1 == line { ASIDE } else { "" });
            without.push_str(written);
        }
        Some(without)
    }
}

/// The line by which Compose reads other files than `docker-compose.yml` and the one that it reads beside that anyway.
fn line_of_others(text: &str) -> Option<usize> {
    let parts = dotenv::user_parts(text).ok()?;
    let last = |key: &str| parts.iter().rev().find(|part| part.key == Some(key));
    let files = last(FILES)?;
    let separator = last(SEPARATOR).and_then(|part| part.to_compose.clone()).filter(|text| !text.is_empty());
    let value = files.to_compose.as_deref().filter(|value| !value.is_empty());
    let names: Vec<_> =
        value?.split(separator.as_deref().unwrap_or(":")).map(|name| name.trim_start_matches("./")).collect();
    let is_usual = matches!(names.as_slice(), [ours] | [ours, "docker-compose.override.yml" | "docker-compose.override.yaml"]
        if *ours == compose::FILE.path());
    (!is_usual).then_some(files.line)
}

impl Change {
    /// The same change, which may not be made.
    pub(super) fn refused(self, more: Vec<RefusalReason>) -> Self {
        let action = match self.action {
            Action::Refuse { mut reasons, text } => {
                reasons.extend(more);
                Action::Refuse { reasons, text }
            }
            Action::Write { text: Some(text), .. } => Action::Refuse { reasons: more, text },
            other @ (Action::Keep | Action::Remove | Action::Write { text: None, .. }) => other,
        };
        Self { action, ..self }
    }
}

/// The change of a `.env` in which nothing changes but the line that is put aside.
pub(super) fn dotenv_without_line(in_the_way: &InTheWay, existing: &Existing) -> Option<Change> {
    let file = existing.get(&compose::DOTENV)?;
    let text = in_the_way.without_line(&file.text)?;
    let action = Action::Write { kind: ChangeKind::Updated, text: Some(text), original: None };
    let before = Some(file.text.clone());
    Some(Change { output: compose::DOTENV, keys: Vec::new(), mode: Some(file.mode), before, action })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_names_other_files_is_found_and_put_aside() {
        for (text, line) in [
            ("A=1\nCOMPOSE_FILE=docker-compose.yml:compose.db.yml\n", Some(2)),
            ("COMPOSE_FILE=stack.yml\n", Some(1)),
            ("COMPOSE_FILE=\"docker-compose.yml;b.yml\"\nCOMPOSE_PATH_SEPARATOR=;\n", Some(1)),
            ("COMPOSE_FILE=./docker-compose.yml\n", None),
            ("COMPOSE_FILE=docker-compose.yml:docker-compose.override.yml\n", None),
            ("COMPOSE_FILE=\n", None),
            ("#COMPOSE_FILE=b.yml\n", None),
            ("", None),
        ] {
            assert_eq!(line_of_others(text), line, "{text}");
            let in_the_way = InTheWay { line, ..InTheWay::default() };
            let without = in_the_way.without_line(text);
            assert_eq!(without.is_some(), line.is_some());
            assert_eq!(without.and_then(|text| line_of_others(&text)), None, "{text}");
        }
    }
}
