//! Knows what is known of a deployment before anything is asked. Must not know what is wrong with it.

use std::path::Path;

use crate::change::{ChangeSet, Existing};
use crate::cli::TargetArgs;
use crate::deployment::Deployment;
use crate::secret::NotUnicode;

/// The deployment that is looked at.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// What the profile means.
    pub deployment: &'a Deployment,
    /// The output folder.
    pub folder: &'a Path,
    /// The project's root.
    pub root: &'a Path,
    /// What stands in the output folder.
    pub existing: &'a Existing,
    /// How that differs from what the profile says.
    pub drift: &'a ChangeSet,
    /// How codelab-gen was called.
    pub args: &'a TargetArgs,
    /// The settings that the outputs were made with and that this run has not.
    pub made_with: &'a [String],
    /// The current folder.
    pub current: &'a Path,
    /// Looks up a variable of the environment.
    pub environment: fn(&str) -> Result<Option<String>, NotUnicode>,
}
