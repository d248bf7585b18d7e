//! Knows what stands in the output folder, what would change there, and how that is written.
//! Must not know how an output's text is made.

mod apply;
mod block;
mod existing;
mod lock;

use std::path::{Path, PathBuf};

use crate::render::{Output, RenderedFile, Seal, examine};
use crate::secret::Secret;
use crate::yaml;

pub use apply::{WriteFault, apply};
pub use existing::{Existing, ExistingFile, ReadFault, unused_secrets};
pub use lock::FolderLock;

/// The permissions of a secret's file. The server reads it as a user of its image, whom the host does not know; what
/// protects it is its folder.
const SECRET_FILE_MODE: u32 = 0o644;

/// The permissions of the folder of such files.
const SECRET_FOLDER_MODE: u32 = 0o700;

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

/// The file of one secret with what happens to it.
pub struct SecretChange {
    /// Where it stands in the output folder.
    pub path: String,
    /// What happens.
    pub kind: ChangeKind,
    /// What it holds afterwards.
    secret: Secret,
}

/// All that one run would change.
pub struct ChangeSet {
    /// The output folder.
    pub folder: PathBuf,
    /// Every file of a secret.
    pub secret_files: Vec<SecretChange>,
    /// Every output of the deployment.
    pub changes: Vec<Change>,
}

impl ChangeSet {
    /// How many values Docker Compose will count in `docker-compose.yml`.
    #[must_use]
    pub fn compose_values(&self) -> usize {
        let compose = self.changes.iter().find(|change| change.output == Output::Compose);
        compose.map_or(0, |change| yaml::count_values(&change.text))
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
    /// A key of the block stands outside of it as well.
    KeyOutside {
        /// The key.
        key: String,
        /// Its line in the block.
        inside: usize,
        /// Its line outside of it.
        outside: usize,
    },
    /// A key that is to move into the block stands there twice.
    KeyTwice {
        /// The key.
        key: String,
        /// The second line.
        line: usize,
    },
}

/// Compares the finished files with what stands in the output folder.
///
/// # Errors
/// Every file that may not be written.
pub fn plan(
    folder: &Path,
    files: Vec<RenderedFile>,
    secret_files: Vec<(String, Secret)>,
    existing: &Existing,
) -> Result<ChangeSet, Vec<Refusal>> {
    let mut changes = Vec::new();
    let mut refusals = Vec::new();
    for file in files {
        let output = file.output;
        match plan_file(file, existing.get(output)) {
            Ok(change) => changes.push(change),
            Err(reasons) => refusals.extend(reasons.into_iter().map(|reason| Refusal { output, reason })),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let secret_files = secret_files.into_iter().map(|(path, secret)| plan_secret(path, secret, existing)).collect();
    Ok(ChangeSet { folder: folder.to_owned(), secret_files, changes })
}

fn plan_secret(path: String, secret: Secret, existing: &Existing) -> SecretChange {
    let kind = match existing.secret_file(&path) {
        None => ChangeKind::Created,
        Some(file) if secret.is_text(&file.text) && file.mode == SECRET_FILE_MODE => ChangeKind::Unchanged,
        Some(_) => ChangeKind::Updated,
    };
    SecretChange { path, kind, secret }
}

fn plan_file(file: RenderedFile, existing: Option<&ExistingFile>) -> Result<Change, Vec<RefusalReason>> {
    let RenderedFile { output, text } = file;
    let Some(existing) = existing else { return Ok(Change { output, kind: ChangeKind::Created, text }) };
    let text = if output.is_block() { block::place(&text, &existing.text)? } else { text };
    match examine(&existing.text, output) {
        None if output.is_block() => {}
        None => return Err(vec![RefusalReason::NotOurs]),
        Some(mark) if mark.seal == Seal::Broken => return Err(vec![RefusalReason::Edited]),
        Some(_) => {}
    }
    let same = text == existing.text && existing.mode == output.mode();
    let kind = if same { ChangeKind::Unchanged } else { ChangeKind::Updated };
    Ok(Change { output, kind, text })
}
