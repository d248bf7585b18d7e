//! Knows what a change of existing manifests means for the data, and what stays where another target takes their place.
//! Must not know how that is told, nor whether somebody accepted it.

use super::outputs::is_manifest;
use super::standing::{Object, objects};
use crate::deployment::Deployment;
use crate::render::Output;
use crate::target::danger::{Danger, DangerKind};
use crate::target::stands::{Compared, Stands};
use crate::value::{ImageReference, ServiceName, TextValue as _};

/// What a change means for the data, and what `kubectl apply` leaves in the cluster.
pub(in crate::target) fn compare(stands: &Stands<'_>, deployment: &Deployment) -> Compared {
    let (old, new) = (all(&stands.files), all(&stands.next));
    let is_new = |object: &&Object| new.iter().any(|new| (&new.kind, &new.name) == (&object.kind, &object.name));
    let (claims, others): (Vec<_>, Vec<_>) =
        old.iter().filter(|object| !is_new(object)).partition(|object| object.is_claim());
    Compared {
        dangers: old.iter().flat_map(|old| dangers(old, &new, deployment)).collect(),
        left_volumes: claims.into_iter().map(|claim| claim.name.clone()).collect(),
        left_objects: others.into_iter().map(Object::reference).collect(),
        ..Compared::default()
    }
}

fn all(files: &[(&Output, &str)]) -> Vec<Object> {
    files.iter().filter(|(output, _)| is_manifest(output)).flat_map(|(_, text)| objects(text)).collect()
}

fn dangers(old: &Object, all: &[Object], deployment: &Deployment) -> Vec<Danger> {
    let Some(new) = all.iter().find(|new| new.name == old.name && new.kind == old.kind) else {
        return server_leaves(old, deployment).into_iter().collect();
    };
    let volume = volume_danger(old, new);
    // on another volume nothing of the old one is read
    let major = if volume.is_none() { major_danger(old, new) } else { None };
    volume.into_iter().chain(major).collect()
}

/// Where a claim becomes another one.
fn volume_danger(old: &Object, new: &Object) -> Option<Danger> {
    old.mounts.iter().find_map(|(path, before)| {
        let (_, after) = new.mounts.iter().find(|(known, claim)| known == path && claim != before)?;
        Some(Danger {
            kind: DangerKind::Volume,
            message: format!(
                "`{}` would mount the claim `{after}` instead of `{before}`, and not see the data there",
                old.name
            ),
            steps: format!(
                "keep the volume in the profile that `{before}` is made of, or copy its content to the new one first"
            ),
        })
    })
}

/// Another major version of PostgreSQL on the same data.
fn major_danger(old: &Object, new: &Object) -> Option<Danger> {
    if old.name != ServiceName::postgres().as_str() {
        return None;
    }
    let major = |object: &Object| ImageReference::parse(object.image.as_deref()?).ok()?.postgres_major();
    let (before, after) = (major(old)?, major(new)?);
    (before != after).then(|| Danger {
        kind: DangerKind::Major,
        message: format!("PostgreSQL {after} does not start on the data of PostgreSQL {before}"),
        steps: "dump the old server (`pg_dumpall`), give the new one another `postgres.volume`, and restore there"
            .to_owned(),
    })
}

/// A server elsewhere, or made in another way, in the place of one in a pod.
fn server_leaves(old: &Object, deployment: &Deployment) -> Option<Danger> {
    let (_, claim) = old.mounts.first().filter(|_| old.name == ServiceName::postgres().as_str())?;
    deployment.server.as_ref()?;
    Some(Danger {
        kind: DangerKind::Volume,
        message: format!(
            "the services would use another server than `postgres`, and not see the data in its claim `{claim}`"
        ),
        steps: "move the databases first: dump them while it still runs, and restore them there".to_owned(),
    })
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
                it, with its volume claims"
            .to_owned(),
    }
}
