//! Knows why a file of the output folder may not be touched. Must not know how that is told.

use std::path::PathBuf;

use crate::render::Output;
use crate::target::kubernetes::is_manifest;

/// Why a file may not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file.
    pub file: RefusedFile,
    /// Why.
    pub reason: RefusalReason,
}

/// A file that may not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusedFile {
    /// An output.
    Output(Output),
    /// The file of a secret, by its path in the output folder.
    Secret(String),
}

impl RefusedFile {
    /// Its path in the output folder.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Output(output) => output.path(),
            Self::Secret(path) => path,
        }
    }

    /// Whether it is this output.
    #[must_use]
    pub fn is(&self, output: &Output) -> bool {
        matches!(self, Self::Output(own) if own == output)
    }

    /// Whether it holds secrets, which would be made anew if it were replaced.
    #[must_use]
    pub fn holds_secrets(&self) -> bool {
        self.is_block() || matches!(self, Self::Secret(_))
    }

    /// Whether it is a manifest of Kubernetes.
    #[must_use]
    pub fn is_manifest(&self) -> bool {
        matches!(self, Self::Output(output) if is_manifest(output))
    }

    /// Whether only a block of it is ours.
    #[must_use]
    pub fn is_block(&self) -> bool {
        matches!(self, Self::Output(output) if output.is_block())
    }
}

/// The reasons not to touch a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalReason {
    /// It stands there without our mark.
    NotOurs,
    /// It has our mark, and was edited since.
    Edited,
    /// This is a symbolic link: the file itself, or a folder on the way to it.
    Link(PathBuf),
    /// It is not a file.
    NotAFile,
    /// This should be a folder on the way to it, and is a file.
    NotAFolder(PathBuf),
    /// It is larger than anything that codelab-gen writes.
    TooLarge,
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
    /// Compose takes this file, which stands beside it without our mark.
    OtherCompose(&'static str),
    /// It has another name of the file by which kustomize finds what is applied.
    Rival,
    /// This line of `.env` has Compose read other files.
    ComposeFile(usize),
    /// What a key holds that is to move into the block is not sure.
    OddValue {
        /// The key.
        key: String,
        /// Its line.
        line: usize,
    },
}

impl RefusalReason {
    /// Whether the file can be replaced all the same, its old content kept beside it. What is no file, or leads
    /// elsewhere, can't; nor can a `.env` that nobody can read for sure: its secrets would be made anew.
    #[must_use]
    pub fn can_be_forced(&self, output: &Output) -> bool {
        match self {
            Self::NotOurs | Self::Edited | Self::OtherCompose(_) | Self::ComposeFile(_) => true,
            Self::NotUtf8 => !output.is_block(),
            Self::Link(_)
            | Self::NotAFile
            | Self::NotAFolder(_)
            | Self::TooLarge
            | Self::CarriageReturns
            | Self::BrokenMarks
            | Self::OddLine(_)
            | Self::KeyOutside { .. }
            | Self::OddValue { .. }
            | Self::Rival => false,
        }
    }

    /// Whether the outside world is in the way, and not somebody's work.
    #[must_use]
    pub fn is_obstacle(&self) -> bool {
        matches!(self, Self::NotAFile | Self::NotAFolder(_))
    }
}

#[cfg(test)]
mod tests;
