//! Knows what of a profile Kubernetes can't run. Must not know what becomes of the rest.

use crate::deployment::Deployment;
use crate::diagnostic::Diagnostic;
use crate::profile::Profile;

/// What a profile says that can't be followed.
pub(in crate::target) fn refusals(_profile: &Profile) -> Vec<Diagnostic> {
    Vec::new()
}

/// What a deployment is that can't run there.
pub(in crate::target) fn faults(_deployment: &Deployment) -> Vec<Diagnostic> {
    Vec::new()
}
