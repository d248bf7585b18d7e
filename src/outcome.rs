//! Knows how a run can end, and the exit code of each end, in one table.
//! Must not know how an end is told.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::change::{KeyChange, Refusal};
use crate::diagnostic::Diagnostic;
use crate::field::FieldPath;
use crate::layers::LoadFault;
use crate::render::Output;
use crate::secret::SecretFaults;
use crate::source::{Source, UnreadableFolder};
use crate::spelling;
use crate::target::{Danger, Target};

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// `--check` or `--diff` found a difference.
    Different = 1,
    /// The command line can't be meant like this.
    Usage = 2,
    /// A profile was rejected.
    Rejected = 3,
    /// Somebody's files or data are in the way.
    Refused = 4,
    /// The outside world said no.
    Outside = 5,
    /// A fault of codelab-gen itself.
    Internal = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

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
    /// A deployment that is kept by hand can't become a profile as it stands; nothing was written.
    Unimportable(Rejection),
    /// Files or data of somebody's are in the way; nothing was written.
    Refused(Box<Refused>),
    /// Secrets that have no value, an unusable one, or two; nothing was written.
    Secrets {
        /// Which ones, and why.
        faults: Box<SecretFaults>,
        /// The output folder.
        folder: PathBuf,
        /// What the deployment runs on.
        target: Target,
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

/// What is in the way of writing.
pub struct Refused {
    /// The output folder.
    pub folder: PathBuf,
    /// Every file that is not ours to replace.
    pub refusals: Vec<Refusal>,
    /// The keys of `.env` that were edited, each with the field of the profile that it follows from.
    pub keys: Vec<(KeyChange, Option<FieldPath>)>,
    /// How such files differ from what would be written.
    pub differences: Vec<(Output, String)>,
    /// Changes that part the deployment from its data, without consent.
    pub dangers: Vec<Danger>,
    /// The settings that the outputs were made with and that this run says nothing of.
    pub made_with: Vec<String>,
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
    /// How the run ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } => Exit::Usage,
            Self::Rejected(_) | Self::Unimportable(_) => Exit::Rejected,
            Self::Refused(refused) if refused.is_obstacle() => Exit::Outside,
            Self::Refused(_) => Exit::Refused,
            Self::Secrets { faults, .. } if faults.is_refusal() => Exit::Refused,
            Self::Secrets { .. } | Self::Outside { .. } => Exit::Outside,
            Self::Internal { .. } => Exit::Internal,
        }
    }

    /// A failure of the outside world.
    #[must_use]
    pub fn outside(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Outside { message: message.into(), help: help.into() }
    }
}

impl Refused {
    /// Whether only the outside world is in the way, such as a folder in the place of a file.
    fn is_obstacle(&self) -> bool {
        self.dangers.is_empty() && self.refusals.iter().all(|refusal| refusal.reason.is_obstacle())
    }
}

impl From<UnreadableFolder> for Failure {
    fn from(fault: UnreadableFolder) -> Self {
        let UnreadableFolder { path, error } = fault;
        Self::outside(format!("can't read `{}`: {error}", spelling::path(&path)), "look at the folder's permissions")
    }
}

impl From<LoadFault> for Failure {
    fn from(fault: LoadFault) -> Self {
        match fault {
            LoadFault::Rejected { diagnostic, sources } => {
                Self::Rejected(Rejection { diagnostics: vec![*diagnostic], sources })
            }
            LoadFault::Io { path, error } => Self::outside(
                format!("can't read `{}`: {error}", spelling::path(&path)),
                "look at the file's permissions",
            ),
        }
    }
}
