//! Knows the commands for written manifests. Must not know which cluster or namespace is meant: what is typed says neither,
//! so kubectl's own context and namespace hold.

use crate::deployment::Deployment;
use crate::spelling::shell_word;

/// What brings everything in line with the manifests.
pub(in crate::target) const UP: &str = "kubectl apply -k kubernetes";

/// What shows how the cluster differs from the manifests.
pub const LOOK: &str = "kubectl diff -k kubernetes";

/// What brings the deployment up, and waits for it.
pub(in crate::target) fn next_command(deployment: &Deployment) -> String {
    let project = shell_word(format!("app.kubernetes.io/part-of={}", deployment.project));
    format!("{UP} && kubectl rollout status --timeout 5m deployment,statefulset -l {project}")
}
