//! Knows what the parts of a stack's file are made of, and what later runs know it by. Must not know what the file says.

use indexmap::IndexMap;

use crate::deployment::Deployment;
use crate::placement::Placement;
use crate::target::compose::Extras;

/// The key by which a later run knows how the stack was called: `docker stack deploy` takes the name as an argument.
pub(super) const STACK_NAME: &str = "x-stack";

/// The label of what is ours in a Swarm, with the stack's name.
pub(super) const LABEL: &str = "codelab-gen.stack";

/// What the parts of the file are made of.
pub(super) struct Stack<'s> {
    pub(super) deployment: &'s Deployment,
    pub(super) extras: &'s Extras,
    pub(super) placement: &'s Placement,
    /// The files that become configs, by their keys.
    pub(super) configs: &'s IndexMap<String, String>,
}

/// Whether a key at the top of the file means nothing to Docker, nor to a later run.
pub(super) fn is_extension(key: &str) -> bool {
    key.starts_with("x-") && key != STACK_NAME
}
