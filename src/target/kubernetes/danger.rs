//! Knows which changes of manifests part pods from their data, or would be refused by a cluster that has data.
//! Must not know how that is told, nor whether somebody accepted it.

use super::fixed::room_dangers;
use super::operated;
use super::standing::Object;
use super::transfer::{TO_ANOTHER_VOLUME, keep_major};
use crate::deployment::{Deployment, POSTGRES_USER};
use crate::spelling::shell_word;
use crate::target::danger::{Danger, DangerKind};
use crate::value::{ImageReference, TextValue as _};

/// Every change that would part the deployment from its data.
pub(super) fn dangers(old: &[Object], new: &[Object], deployment: &Deployment) -> Vec<Danger> {
    let project = project_danger(old, deployment);
    let others = old.iter().flat_map(|old| object_dangers(old, new, deployment));
    project.into_iter().chain(others).collect()
}

fn object_dangers(old: &Object, all: &[Object], deployment: &Deployment) -> Vec<Danger> {
    let Some(new) = all.iter().find(|new| new.name == old.name && new.kind == old.kind) else {
        return server_leaves(old, deployment).into_iter().collect();
    };
    if old.is_operated() {
        return operated::dangers(old, new, deployment);
    }
    let volume: Vec<_> = volume_danger(old, new).into_iter().collect();
    if !volume.is_empty() || !old.is_server() {
        // on another volume nothing of the old one is read
        return volume.into_iter().chain(room_dangers(old, new)).collect();
    }
    let on_it = [
        role_danger(old, new),
        major_danger(old, new),
        flavour_danger(old, new, deployment).or_else(|| user_danger(old, new)),
    ];
    on_it.into_iter().flatten().chain(room_dangers(old, new)).collect()
}

/// What finds its pods by the project's name can't get another one.
fn project_danger(old: &[Object], deployment: &Deployment) -> Option<Danger> {
    let is_kept = |object: &&Object| matches!(object.kind.as_str(), "Deployment" | "StatefulSet");
    let stands = old.iter().filter(is_kept).find_map(|object| object.project.as_deref())?;
    let wanted = deployment.project.as_str();
    (stands != wanted).then(|| Danger {
        kind: DangerKind::Project,
        message: format!(
            "the objects would belong to `{wanted}` instead of `{stands}`: a cluster refuses that for what finds its \
             pods by this name"
        ),
        steps: format!(
            "keep the name: `project: {stands}` in the profile; or have it all made anew, without a volume: before the next \
             command `kubectl delete deployment,statefulset,job -l {} --cascade=foreground`",
            shell_word(format!("app.kubernetes.io/part-of={stands},app.kubernetes.io/managed-by=codelab-gen"))
        ),
    })
}

/// A server that the volume's data was not made for.
fn role_danger(old: &Object, new: &Object) -> Option<Danger> {
    let (stands, wanted) = (old.variable(POSTGRES_USER)?, new.variable(POSTGRES_USER)?);
    (stands != wanted).then(|| Danger::role(&old.name, stands, wanted))
}

/// An image of another system. The server refuses to start on files of another user, whatever their group.
fn flavour_danger(old: &Object, new: &Object, deployment: &Deployment) -> Option<Danger> {
    let image = |object: &Object| ImageReference::parse(object.image.as_deref()?).ok();
    let (stands, wanted) = (image(old)?, image(new)?);
    if stands.flavour() == wanted.flavour() {
        return None;
    }
    let keep = if stands.leaves_system_open() || wanted.leaves_system_open() {
        format!("only one of the tags names its system: name that of `{stands}` in the new one")
    } else {
        "keep the system in the tag".to_owned()
    };
    let user = old.variable(POSTGRES_USER).unwrap_or("postgres");
    let else_do = if stands.postgres_identity() == wanted.postgres_identity() {
        let services =
            format!("app.kubernetes.io/part-of={},app.kubernetes.io/component=service", deployment.project.as_str());
        // a service that is only scaled down would stay so: most manifests leave the number open
        format!(
            "make all indexes anew before a service meets them, and before the next command: `kubectl delete deployment -l {} \
             --cascade=foreground && kubectl set image statefulset/postgres '*={wanted}' && kubectl rollout status \
             statefulset/postgres && kubectl exec -it postgres-0 -c postgres -- reindexdb -U {user} --all`",
            shell_word(services)
        )
    } else {
        format!("the new image runs as another user, who can't read the files: {TO_ANOTHER_VOLUME}")
    };
    Some(Danger::flavour(&stands, &wanted, format!("{keep}; else {else_do}")))
}

/// Another user of the same image. PostgreSQL starts on files of its own user only.
fn user_danger(old: &Object, new: &Object) -> Option<Danger> {
    let (stands, wanted) = (old.user.as_deref()?, new.user.as_deref()?);
    let (_, claim) = new.mounts.first()?;
    (stands != wanted).then(|| Danger {
        kind: DangerKind::Volume,
        message: format!(
            "PostgreSQL would run as user {wanted} instead of {stands}, and does not start on data that is not its own"
        ),
        steps: format!(
            "keep `postgres.user_id: {stands}`; or give the files of the claim `{claim}-{}-0` to the new user first, by a pod \
             of root that mounts it while the server is stopped",
            new.name
        ),
    })
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
    if !old.is_server() {
        return None;
    }
    let major = |object: &Object| ImageReference::parse(object.image.as_deref()?).ok()?.postgres_major();
    let (before, after) = (major(old)?, major(new)?);
    (before != after).then(|| Danger {
        kind: DangerKind::Major,
        message: format!("PostgreSQL {after} does not start on the data of PostgreSQL {before}"),
        steps: if before < after { TO_ANOTHER_VOLUME.to_owned() } else { keep_major(before) },
    })
}

/// A server elsewhere, or made in another way, in the place of one in a pod.
fn server_leaves(old: &Object, deployment: &Deployment) -> Option<Danger> {
    let place = match old.mounts.first() {
        Some((_, claim)) if old.is_server() => format!("in its claim `{claim}`"),
        None if old.is_operated() => format!("of the {} `{}`", old.kind, old.name),
        Some(_) | None => return None,
    };
    deployment.server.as_ref()?;
    Some(Danger {
        kind: DangerKind::Volume,
        message: format!("the services would use another server than `postgres`, and not see the data {place}"),
        steps: "move the databases: `scripts/db/backup.sh` while it still runs, and `scripts/db/restore.sh` there"
            .to_owned(),
    })
}
