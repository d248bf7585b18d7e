//! Knows how a run can end, and the exit code of each end, in one table.
//! Must not know how an end is told.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::change::Refusal;
use crate::diagnostic::Diagnostic;
use crate::layers::LoadFault;
use crate::secret::SecretFaults;
use crate::source::{Source, UnreadableFolder};

/// Why a run did not do what was asked.
pub enum Failure {
    /// The command line can't be meant like this.
    Usage {
        /// What is wrong.
        message: String,
        /// The way out.
        help: String,
    },
    /// The profile was rejected; nothing was written.
    Rejected(Rejection),
    /// At least one of several profiles was rejected, which was told beside the others.
    RejectedAndTold,
    /// Files that are not ours, or were edited; nothing was written.
    Refused {
        /// The output folder.
        folder: PathBuf,
        /// Every one of them.
        refusals: Vec<Refusal>,
    },
    /// Secrets that have no value, an unusable one, or two; nothing was written.
    Secrets {
        /// Which ones, and why.
        faults: Box<SecretFaults>,
        /// The output folder.
        folder: PathBuf,
    },
    /// The outside world said no: files, permissions, a secret that nobody gave.
    Outside {
        /// What is wrong.
        message: String,
        /// The way out.
        help: String,
    },
    /// A fault of codelab-gen itself.
    Internal {
        /// What is wrong.
        message: String,
    },
}

/// The faults of a profile, with the texts that they stand in.
#[derive(Debug)]
pub struct Rejection {
    /// The faults.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts, the strongest layer first.
    pub sources: Vec<Source>,
}

impl Failure {
    /// The exit code; 0 is success, 1 is kept for differences that `--check` will find.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage { .. } => 2,
            Self::Rejected(_) | Self::RejectedAndTold => 3,
            Self::Refused { .. } => 4,
            Self::Secrets { faults, .. } if faults.is_refusal() => 4,
            Self::Secrets { .. } | Self::Outside { .. } => 5,
            Self::Internal { .. } => 70,
        })
    }

    /// A failure of the outside world.
    #[must_use]
    pub fn outside(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Outside { message: message.into(), help: help.into() }
    }
}

impl From<UnreadableFolder> for Failure {
    fn from(fault: UnreadableFolder) -> Self {
        let UnreadableFolder { path, error } = fault;
        Self::outside(format!("can't read `{}`: {error}", path.display()), "look at the folder's permissions")
    }
}

impl From<LoadFault> for Failure {
    fn from(fault: LoadFault) -> Self {
        match fault {
            LoadFault::Rejected { diagnostic, sources } => {
                Self::Rejected(Rejection { diagnostics: vec![*diagnostic], sources })
            }
            LoadFault::Io { path, error } => {
                Self::outside(format!("can't read `{}`: {error}", path.display()), "look at the file's permissions")
            }
        }
    }
}
