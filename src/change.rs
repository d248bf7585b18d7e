//! Knows what stands in the output folder, what would change there, and how that is written.
//! Must not know how an output's text is made.

mod apply;
mod existing;

use std::path::{Path, PathBuf};

use crate::dotenv;
use crate::render::{Output, RenderedFile, Seal, examine};
use crate::yaml;

pub use apply::{WriteFault, apply, lock};
pub use existing::{Existing, ExistingFile, ReadFault, unused_secrets};

/// What happens to one output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there.
    Created,
    /// Its text or its permissions change.
    Updated,
    /// Nothing.
    Unchanged,
}

impl ChangeKind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// One output with what happens to it.
pub struct Change {
    /// Which one.
    pub output: Output,
    /// What happens.
    pub kind: ChangeKind,
    /// The whole new text of the file, the user's own lines included.
    text: String,
}

/// All that one run would change.
pub struct ChangeSet {
    /// The output folder.
    pub folder: PathBuf,
    /// Every output of the deployment.
    pub changes: Vec<Change>,
}

impl ChangeSet {
    /// How many YAML nodes Docker Compose will find in `docker-compose.yml`.
    #[must_use]
    pub fn compose_nodes(&self) -> usize {
        let compose = self.changes.iter().find(|change| change.output == Output::Compose);
        compose.map_or(0, |change| yaml::count_nodes(&change.text))
    }
}

/// Why an output may not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The output.
    pub output: Output,
    /// Why.
    pub reason: RefusalReason,
}

/// The reasons not to touch a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalReason {
    /// It stands there without our mark.
    NotOurs,
    /// It has our mark, and was edited since.
    Edited,
    /// It is a symbolic link, or a folder on the way to it is one.
    Link,
    /// It is not a file.
    NotAFile,
    /// It is not UTF-8.
    NotUtf8,
    /// Its lines end as on Windows.
    CarriageReturns,
    /// Its block has not one mark at its start and one at its end.
    BrokenMarks,
    /// A line of the block has a form that readers of `.env` read differently; its number.
    OddLine(usize),
    /// A key of the block stands outside of it as well, on this line.
    KeyOutside {
        /// The key.
        key: String,
        /// The line.
        line: usize,
    },
}

/// Compares the finished files with what stands in the output folder.
///
/// # Errors
/// Every file that may not be written.
pub fn plan(folder: &Path, files: Vec<RenderedFile>, existing: &Existing) -> Result<ChangeSet, Vec<Refusal>> {
    let mut changes = Vec::new();
    let mut refusals = Vec::new();
    for file in files {
        let output = file.output;
        match plan_file(file, existing.get(output)) {
            Ok(change) => changes.push(change),
            Err(reasons) => refusals.extend(reasons.into_iter().map(|reason| Refusal { output, reason })),
        }
    }
    if refusals.is_empty() { Ok(ChangeSet { folder: folder.to_owned(), changes }) } else { Err(refusals) }
}

fn plan_file(file: RenderedFile, existing: Option<&ExistingFile>) -> Result<Change, Vec<RefusalReason>> {
    let RenderedFile { output, text } = file;
    let Some(existing) = existing else { return Ok(Change { output, kind: ChangeKind::Created, text }) };
    if output.is_block()
        && let Some(reason) = broken_block(&existing.text)
    {
        return Err(vec![reason]);
    }
    match examine(&existing.text, output) {
        None => return Err(vec![RefusalReason::NotOurs]),
        Some(mark) if mark.seal == Seal::Broken => return Err(vec![RefusalReason::Edited]),
        Some(_) => {}
    }
    let text = if output.is_block() { with_users_lines(&text, &existing.text)? } else { text };
    let same = text == existing.text && existing.mode == output.mode();
    let kind = if same { ChangeKind::Unchanged } else { ChangeKind::Updated };
    Ok(Change { output, kind, text })
}

/// What makes a `.env` unreadable that has codelab-gen's marks, or what was left of them.
fn broken_block(text: &str) -> Option<RefusalReason> {
    let has_marks = text.contains(dotenv::BLOCK_START) || text.contains(dotenv::BLOCK_END);
    match dotenv::split(text) {
        Some(split) if split.block.contains('\r') => Some(RefusalReason::CarriageReturns),
        None if has_marks => Some(RefusalReason::BrokenMarks),
        Some(_) | None => None,
    }
}

/// The new block between the user's lines, which stay byte for byte.
fn with_users_lines(block: &str, existing: &str) -> Result<String, Vec<RefusalReason>> {
    let Some(split) = dotenv::split(existing) else { return Err(vec![RefusalReason::NotOurs]) };
    let ours = dotenv::read(block).unwrap_or_default();
    let behind = 1 + split.before.matches('\n').count() + split.block.matches('\n').count();
    let before = dotenv::keys_of(split.before).into_iter();
    let after = dotenv::keys_of(split.after).into_iter().map(|(line, key)| (line + behind - 1, key));
    let clashes: Vec<_> = before
        .chain(after)
        .filter(|(_, key)| ours.iter().any(|entry| entry.key == *key))
        .map(|(line, key)| RefusalReason::KeyOutside { key: key.to_owned(), line })
        .collect();
    if !clashes.is_empty() {
        return Err(clashes);
    }
    Ok(format!("{}{block}{}", split.before, split.after))
}
