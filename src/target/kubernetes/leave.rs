//! Knows what a change of existing manifests means for the data, and what stays where another target takes their place.
//! Must not know how that is told, nor whether somebody accepted it.

use super::danger::dangers;
use super::fixed::notes;
use super::outputs::{KUSTOMIZATION, is_manifest};
use super::standing::{Object, objects};
use super::switch::{left_databases, switches};
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
    let gone: Vec<_> = old.iter().filter(|object| !is_new(object)).collect();
    // what lets in and out whom servers have that run on stays with them
    let servers = gone.iter().copied().find(|object| object.is_operated());
    let is_theirs = |object: &&Object| servers.is_some_and(|servers| servers.of == object.of);
    let (theirs, gone): (Vec<_>, Vec<_>) = gone.into_iter().partition(is_theirs);
    let (claims, others): (Vec<_>, Vec<_>) = gone.into_iter().partition(|object| object.is_claim());
    let switches = switches(&old, deployment);
    let recorded = stands.files.iter().find(|(output, _)| **output == KUSTOMIZATION);
    let mark = recorded.and_then(|(output, text)| examine(text, output));
    let mut all_dangers: Vec<_> =
        engine_danger(mark.as_ref(), after.placement, &switches, "kustomization.yaml").into_iter().collect();
    all_dangers.extend(dangers(&old, &new, deployment));
    Compared {
        notes: notes(&old, &new)
            .into_iter()
            .chain(servers.map(|servers| run_on(servers, &theirs)))
            .chain(left_databases(&old, deployment))
            .collect(),
        dangers: all_dangers,
        left_volumes: claims.into_iter().map(|claim| claim.name.clone()).collect(),
        left_objects: others.into_iter().map(Object::reference).collect(),
        switches,
    }
}

/// Servers of an operator, which deletes their data with them.
fn run_on(servers: &Object, theirs: &[&Object]) -> (String, String) {
    let name = &servers.name;
    let message =
        format!("no file makes the servers of the {} `{name}` any more; they run on with their data", servers.kind);
    let others = theirs.iter().filter(|object| !object.is_operated()).map(|object| format!(" {}", object.reference()));
    let help = format!(
        "once the data is elsewhere: `kubectl delete clusters.postgresql.cnpg.io/{name}{}`, which deletes their volumes too",
        others.collect::<String>()
    );
    (message, help)
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
        steps: "`scripts/db/backup.sh` while it runs; then `kubectl delete -k kubernetes`, while these files are there, removes \
                it, with the claims of the services' volumes; that of PostgreSQL stays"
            .to_owned(),
    }
}
