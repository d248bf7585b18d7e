//! Knows the command that makes written manifests run. Must not know which cluster or namespace is meant.

use crate::deployment::Deployment;

/// What brings the deployment up, and waits for it.
pub(in crate::target) fn next_command(_deployment: &Deployment) -> String {
    "kubectl apply -k kubernetes".to_owned()
}
