//! Knows what is compared where data is at stake: what stands, and what is wanted. Must not know what that endangers.

use std::path::Path;

use super::extras::Extras;
use super::standing::Standing;
use crate::deployment::Deployment;
use crate::placement::Placement;
use crate::render::Mark;

/// What stands in the output folder, as far as data depends on it.
pub(crate) struct Before<'b> {
    /// What the existing Compose file runs.
    pub(crate) standing: &'b Standing,
    /// The name of that file.
    pub(crate) file: &'static str,
    /// The line of the Compose file, where codelab-gen wrote it.
    pub(crate) mark: Option<&'b Mark>,
    /// The project's name where neither the file nor `.env` gives one: that of the folder.
    pub(crate) folder_project: String,
    /// Whether the user's own lines in `.env` give `COMPOSE_PROJECT_NAME`, which wins over the file.
    pub(crate) has_project_override: bool,
    /// The real names of volumes that the file beside the Compose file gives, which stays as it is.
    pub(crate) volumes_beside: Vec<(String, String)>,
    /// The value of a key, as `.env` has it.
    pub(crate) value: &'b dyn Fn(&str) -> Option<String>,
}

impl Before<'_> {
    /// The name of the project, where `.env` does not give another.
    pub(crate) fn project(&self) -> String {
        self.standing.project().unwrap_or_else(|| self.folder_project.clone())
    }
}

/// What is wanted.
#[derive(Clone, Copy)]
pub(crate) struct After<'a> {
    pub(crate) deployment: &'a Deployment,
    pub(crate) extras: &'a Extras,
    pub(crate) placement: &'a Placement,
    pub(crate) folder: &'a Path,
}
