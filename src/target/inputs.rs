//! Knows what a target is told beside the deployment. Must not know what it makes of that.

use crate::placement::Placement;
use crate::secret::Values;

/// Everything that rendering takes beside the deployment.
pub struct Inputs<'i> {
    /// The values of secrets.
    pub values: Values<'i>,
    /// Where the outputs stand, and how the profile is called in their headers.
    pub placement: &'i Placement,
}

/// What the command that starts a deployment depends on, beside the deployment.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    /// Whether a deployment stood in the folder before.
    pub stood: bool,
    /// Whether the file with secrets is there.
    pub has_secrets: bool,
}
