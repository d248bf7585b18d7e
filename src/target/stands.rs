//! Knows what a target is shown of an output folder, and what it says of a change there. Must not know how it is told.

use super::compose::{Before, EngineSwitch};
use super::danger::Danger;
use crate::render::Output;

/// What stands in the output folder.
pub(crate) struct Stands<'s> {
    /// What the Compose file there runs.
    pub(crate) compose: Option<Before<'s>>,
    /// The name of a Compose file that can't be read whole.
    pub(crate) unreadable: Option<String>,
    /// The outputs with their texts.
    pub(crate) files: Vec<(&'s Output, &'s str)>,
    /// Those that would stand there after the run.
    pub(crate) next: Vec<(&'s Output, &'s str)>,
    /// The value of a key, as `.env` has it.
    pub(crate) value: &'s dyn Fn(&str) -> Option<String>,
}

/// What a change means for the data.
#[derive(Default)]
pub(crate) struct Compared {
    /// Services that open another database.
    pub(crate) switches: Vec<EngineSwitch>,
    /// Changes that would part the deployment from its data.
    pub(crate) dangers: Vec<Danger>,
    /// Named volumes that nothing mounts any more.
    pub(crate) left_volumes: Vec<String>,
    /// What goes on running, though no file makes it any more.
    pub(crate) left_objects: Vec<String>,
    /// What else must be done for it, or holds no longer: what, and the help.
    pub(crate) notes: Vec<(String, String)>,
}
