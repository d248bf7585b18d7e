//! Knows what a change of existing manifests means for the data, and what stays where another target takes their place.
//! Must not know how that is told, nor whether somebody accepted it.

use super::danger::dangers;
use super::fixed::notes;
use super::outputs::{KUSTOMIZATION, is_manifest};
use super::standing::{Object, objects};
use super::switch::switches;
use crate::render::{Output, examine};
use crate::target::compose::After;
use crate::target::danger::{Danger, DangerKind};
use crate::target::engine::engine_danger;
use crate::target::stands::{Compared, Stands};

/// What a change means for the data, and what `kubectl apply` leaves in the cluster.
pub(in crate::target) fn compare(stands: &Stands<'_>, after: After<'_>) -> Compared {
    let deployment = after.deployment;
    let (old, new) = (all(&stands.files), all(&stands.next));
    let is_new = |object: &&Object| new.iter().any(|new| (&new.kind, &new.name) == (&object.kind, &object.name));
    let (claims, others): (Vec<_>, Vec<_>) =
        old.iter().filter(|object| !is_new(object)).partition(|object| object.is_claim());
    let switches = switches(&old, deployment);
    let recorded = stands.files.iter().find(|(output, _)| **output == KUSTOMIZATION);
    let mark = recorded.and_then(|(output, text)| examine(text, output));
    let mut all_dangers: Vec<_> =
        engine_danger(mark.as_ref(), after.placement, &switches, "kustomization.yaml").into_iter().collect();
    all_dangers.extend(dangers(&old, &new, deployment));
    Compared {
        notes: notes(&old, &new),
        dangers: all_dangers,
        left_volumes: claims.into_iter().map(|claim| claim.name.clone()).collect(),
        left_objects: others.into_iter().map(Object::reference).collect(),
        switches,
    }
}

fn all(files: &[(&Output, &str)]) -> Vec<Object> {
    files.iter().filter(|(output, _)| is_manifest(output)).flat_map(|(_, text)| objects(text)).collect()
}

/// That the deployment runs on this no longer, but on what has the other name.
pub(in crate::target) fn leaving(other: &str) -> Danger {
    Danger {
        kind: DangerKind::Target,
        message: format!(
            "the deployment would run on {other} instead of Kubernetes, and start there without data: its objects and \
             volumes stay in the cluster"
        ),
        steps: "dump its databases while it runs; then `kubectl delete -k kubernetes`, while these files are there, removes \
                it, with the claims of the services' volumes; that of PostgreSQL stays"
            .to_owned(),
    }
}
