//! Knows what a change of existing manifests means for the data, and what stays where another target takes their place.
//! Must not know how that is told, nor whether somebody accepted it.

use crate::target::danger::{Danger, DangerKind};

/// That the deployment runs on this no longer, but on what has the other name.
pub(in crate::target) fn leaving(other: &str) -> Danger {
    Danger {
        kind: DangerKind::Target,
        message: format!(
            "the deployment would run on {other} instead of Kubernetes, and start there without data: its objects and \
             volumes stay in the cluster"
        ),
        steps: "dump its databases while it runs; then `kubectl delete -k kubernetes`, while these files are there, removes \
                it, with its volume claims"
            .to_owned(),
    }
}
