//! Knows what stands in the output folder, what would change there, and how that is written.
//! Must not know how an output's text is made.

mod apply;
mod beside;
mod block;
mod compare;
mod difference;
mod existing;
mod keys;
mod lock;
mod plan;
mod refusal;
mod steps;

use std::path::{Path, PathBuf};

use crate::render::Output;
use crate::secret::Secret;
use crate::target::Danger;
use crate::target::compose::{self, EngineSwitch};

pub use apply::{WriteFault, apply};
pub use beside::Aside;
pub use block::place;
pub use existing::{Existing, ExistingFile, ReadFault, unused_secrets};
pub use keys::{KeyChange, KeyChangeKind};
pub use lock::FolderLock;
pub use plan::{Wanted, WantedSecret, plan};
pub use refusal::{Refusal, RefusalReason, RefusedFile};

/// What happens to one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there.
    Created,
    /// Its text changes.
    Updated,
    /// Only the ends of its lines change, from those of Windows.
    LineEnds,
    /// Only its permissions change.
    Mode,
    /// Nothing.
    Unchanged,
    /// It is left over from another profile, and goes.
    Removed,
    /// It may not be touched.
    Conflict,
}

impl ChangeKind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::LineEnds => "line-ends",
            Self::Mode => "mode",
            Self::Unchanged => "unchanged",
            Self::Removed => "removed",
            Self::Conflict => "conflict",
        }
    }
}

/// What is to be done about one output.
enum Action {
    Keep,
    Write {
        kind: ChangeKind,
        /// The whole new text, the user's own lines included; nothing where it needs secrets that were withheld.
        text: Option<String>,
        /// Where the file that stands there is kept before.
        original: Option<PathBuf>,
    },
    Remove,
    Refuse {
        reasons: Vec<RefusalReason>,
        /// What would have been written.
        text: String,
    },
}

/// One output with what happens to it.
pub struct Change {
    /// Which one.
    pub output: Output,
    /// The keys of `.env` that change; none for other outputs.
    pub keys: Vec<KeyChange>,
    /// The permissions that it has, where it is there.
    pub mode: Option<u32>,
    before: Option<String>,
    action: Action,
}

impl Change {
    /// What happens.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        match self.action {
            Action::Keep => ChangeKind::Unchanged,
            Action::Write { kind, .. } => kind,
            Action::Remove => ChangeKind::Removed,
            Action::Refuse { .. } => ChangeKind::Conflict,
        }
    }

    /// Where the file that stood there is kept, where it was not ours.
    #[must_use]
    pub fn original(&self) -> Option<&Path> {
        match &self.action {
            Action::Write { original, .. } => original.as_deref(),
            Action::Keep | Action::Remove | Action::Refuse { .. } => None,
        }
    }

    /// Its text after the run, or as it would be.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.action {
            Action::Write { text, .. } => text.as_deref(),
            Action::Refuse { text, .. } => Some(text),
            Action::Keep => self.before.as_deref(),
            Action::Remove => None,
        }
    }

    /// Why it may not be touched.
    #[must_use]
    pub fn reasons(&self) -> &[RefusalReason] {
        match &self.action {
            Action::Refuse { reasons, .. } => reasons,
            Action::Keep | Action::Write { .. } | Action::Remove => &[],
        }
    }

    /// Whether what is committed differs from what the profile says. `.env` is not committed: there only keys count, and
    /// only where it is there.
    #[must_use]
    pub fn is_drift(&self) -> bool {
        match self.kind() {
            ChangeKind::Unchanged => false,
            ChangeKind::Conflict => true,
            _ if self.output.is_block() => self.before.is_some() && !self.keys.is_empty(),
            ChangeKind::Created
            | ChangeKind::Updated
            | ChangeKind::LineEnds
            | ChangeKind::Mode
            | ChangeKind::Removed => true,
        }
    }
}

/// The file of one secret with what happens to it.
pub struct SecretChange {
    /// Where it stands in the output folder.
    pub path: String,
    /// What happens.
    pub kind: ChangeKind,
    /// Why it may not be touched.
    pub reason: Option<RefusalReason>,
    /// Its permissions.
    mode: u32,
    /// What it holds afterwards; nothing where that was withheld.
    secret: Option<Secret>,
}

impl SecretChange {
    /// Whether what is no secret of it differs from what the profile says. It is not committed: where it is missing, that
    /// tells nothing.
    #[must_use]
    pub fn is_drift(&self) -> bool {
        self.kind == ChangeKind::Updated && self.secret.is_none()
    }
}

/// All that one run would change.
#[cfg_attr(test, derive(Default))]
pub struct ChangeSet {
    /// The output folder.
    pub folder: PathBuf,
    /// Every file of a secret.
    pub secret_files: Vec<SecretChange>,
    /// Every output that the deployment has, and those that are left over from another one.
    pub changes: Vec<Change>,
    /// Compose files of other names that are put aside.
    pub aside: Vec<Aside>,
    /// Whether a line of `.env` is put aside by which Compose read other files.
    pub has_line_aside: bool,
    /// Services that open another database.
    pub switches: Vec<EngineSwitch>,
    /// Named volumes that nothing mounts any more; their data stays.
    pub left_volumes: Vec<String>,
    /// What goes on running, though no file makes it any more, as its own program names it.
    pub left_objects: Vec<String>,
    /// What else a target says of the change: what, and the help.
    pub notes: Vec<(String, String)>,
    /// Changes that would part the deployment from its data.
    pub dangers: Vec<Danger>,
    /// What runs that were killed left.
    leftovers: Vec<PathBuf>,
    /// Secrets that must not show in a difference.
    secrets: Vec<Secret>,
}

impl ChangeSet {
    /// The text of `docker-compose.yml` after the run.
    #[must_use]
    pub fn compose_text(&self) -> Option<&str> {
        self.changes.iter().find(|change| change.output == compose::FILE)?.text()
    }

    /// Every reason not to write.
    #[must_use]
    pub fn refusals(&self) -> Vec<Refusal> {
        let of_secret = self.secret_files.iter().filter_map(|change| {
            let file = RefusedFile::Secret(change.path.clone());
            Some(Refusal { file, reason: change.reason.clone()? })
        });
        let of_output = self.changes.iter().flat_map(|change| {
            let file = RefusedFile::Output(change.output.clone());
            change.reasons().iter().map(move |reason| Refusal { file: file.clone(), reason: reason.clone() })
        });
        of_secret.chain(of_output).collect()
    }
}

#[cfg(test)]
mod tests;
