//! Knows what of a profile is left out on Kubernetes. Must not know what can't run there at all.

use crate::deployment::Deployment;
use crate::diagnostic::Diagnostic;
use crate::target::compose::Extras;

/// Every warning about what a profile says in vain.
pub(in crate::target) fn warnings(_deployment: &Deployment, _extras: &Extras) -> Vec<Diagnostic> {
    Vec::new()
}
