//! Knows what follows from a deployment for who runs it on a cluster, beside what its manifests say: sums, and how a service
//! gets its new version. Must not know how it is told.

use super::capacity;
use super::volume::Mounts;
use crate::deployment::{Deployment, Service};
use crate::field::FieldPath;

/// By fields that no profile has.
pub(in crate::target) fn derived(deployment: &Deployment) -> Vec<(FieldPath, String)> {
    let strategies = deployment.services.iter().filter_map(|service| {
        let at = FieldPath::root().key("services").key(&service.name).key("strategy");
        Some((at, strategy(service, deployment)?.to_owned()))
    });
    capacity::requests(deployment).into_iter().chain(strategies).collect()
}

/// How a new version takes the place of the old one, where there is a gap.
fn strategy(service: &Service, deployment: &Deployment) -> Option<&'static str> {
    if service.databases_in_files().next().is_some() {
        return Some("Recreate: one pod, whose file has one writer; it ends before the new one starts");
    }
    let has_gap = !service.runs.ends() && Mounts::of(service).has_one_node(deployment);
    has_gap.then_some("Recreate: one node has the volume, so the old pod ends before the new one starts")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::resolved;

    #[test]
    fn a_gap_between_two_versions_is_told() {
        let deployment = resolved(
            "format: 1\nproject: a\nstage: development\ntarget: kubernetes\nservices:\n  \
             lite: { image: \"a:1\", data: \"lite:/d\", storage: 1Gi, database: { sqlite: /d/x.db } }\n  \
             kept: { image: \"a:1\", data: \"kept:/d\", storage: 1Gi }\n  \
             many: { image: \"a:1\", data: \"many:/d\", storage: { size: 1Gi, shared: true } }\n  \
             none: { image: \"a:1\" }\n",
        );
        let told: Vec<_> = derived(&deployment).into_iter().map(|(at, value)| format!("{at}: {value}")).collect();
        let told: Vec<_> = told.iter().filter(|line| line.contains("strategy")).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("services.lite.strategy: Recreate: one pod, whose file"), "{told:?}");
        assert!(told[1].starts_with("services.kept.strategy: Recreate: one node"), "{told:?}");
    }
}
