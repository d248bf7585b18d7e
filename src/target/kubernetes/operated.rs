//! Knows which changes of servers that an operator runs endanger their data, are refused by it, or mean less than one thinks.
//! Must not know what the operator is told.

use super::standing::{Object, Room, Servers};
use super::transfer::keep_major;
use crate::deployment::Deployment;
use crate::target::danger::{Danger, DangerKind};
use crate::value::{Access, ImageReference, TextValue as _};

/// The systems that its own images are made on; what is before them in a tag only adds programs.
const SYSTEMS: [&str; 4] = ["bullseye", "bookworm", "trixie", "forky"];

/// What would part services from data, and what the operator refuses.
pub(super) fn dangers(old: &Object, new: &Object, deployment: &Deployment) -> Vec<Danger> {
    let image = |object: &Object| ImageReference::parse(object.image.as_deref()?).ok();
    let images = image(old).zip(image(new));
    let images = images.as_ref().map(|(stands, wanted)| (stands, wanted));
    let (major, flavour) = images.map(|(stands, wanted)| of_images(stands, wanted)).unwrap_or_default();
    let found = [room_danger(old, new), role_danger(old, new, deployment), user_danger(old, new), major, flavour];
    found.into_iter().flatten().collect()
}

fn room_danger(old: &Object, new: &Object) -> Option<Danger> {
    let (stands, wanted) = (old.rooms.first()?, new.rooms.first()?);
    stands.is_larger_than(wanted).then(|| Danger {
        kind: DangerKind::Volume,
        message: format!(
            "the servers would have {} instead of {}, which the operator refuses",
            wanted.size, stands.size
        ),
        steps: format!("keep `postgres.storage: {}`: a volume can grow, and not shrink", stands.size),
    })
}

/// The role is the operator's to make once: another name makes another one, which owns nothing.
fn role_danger(old: &Object, new: &Object, deployment: &Deployment) -> Option<Danger> {
    let is_shared = deployment.server.as_ref().is_some_and(|server| server.access == Access::Shared);
    let (stands, wanted) = (&old.servers.as_ref()?.owner, &new.servers.as_ref()?.owner);
    (is_shared && stands != wanted).then(|| Danger {
        kind: DangerKind::Volume,
        message: format!(
            "the services would log in as `{wanted}` instead of `{stands}`, who owns the tables in the databases"
        ),
        steps: format!(
            "keep `postgres.user: {stands}`; or give the tables away first, in each database: `REASSIGN OWNED BY {stands} TO \
             {wanted}` (`kubectl exec -it postgres-1 -c postgres -- psql DATABASE`)"
        ),
    })
}

/// What it runs as can't change as long as the `Cluster` is there.
fn user_danger(old: &Object, new: &Object) -> Option<Danger> {
    const USUAL: &str = "26";
    let user = |object: &Object| object.user.clone().unwrap_or_else(|| USUAL.to_owned());
    let (stands, wanted) = (user(old), user(new));
    (stands != wanted).then(|| Danger {
        kind: DangerKind::Volume,
        message: format!("the servers would run as user {wanted} instead of {stands}, which the operator refuses"),
        steps: format!(
            "keep `postgres.user_id: {stands}`, with an image that has it; or make a backup, delete the servers and restore"
        ),
    })
}

/// Another major version, and another system.
fn of_images(stands: &ImageReference, wanted: &ImageReference) -> (Option<Danger>, Option<Danger>) {
    let major = |image: &ImageReference| image.tag()?.split(['.', '-', '_']).next()?.parse::<u16>().ok();
    let upgrade = major(stands).zip(major(wanted)).filter(|(before, after)| before != after).map(|(before, after)| {
        let (message, steps) = if before > after {
            (
                format!("PostgreSQL {after} does not start on the data of PostgreSQL {before}, and the operator refuses it"),
                keep_major(before),
            )
        } else {
            (
                format!("the operator would stop all servers to turn the data of PostgreSQL {before} into that of {after}"),
                "`scripts/db/backup.sh` first: there is no way back. The new image must carry every extension that the databases \
                 have, and be of the same system"
                    .to_owned(),
            )
        };
        Danger { kind: DangerKind::Major, message, steps }
    });
    let flavour = (system(stands) != system(wanted)).then(|| {
        let steps = "keep the system in the tag; else make all indexes anew right after the change, before services write: \
                     `kubectl exec -it postgres-1 -c postgres -- reindexdb --all`";
        Danger::flavour(stands, wanted, steps.to_owned())
    });
    (upgrade, flavour)
}

/// What sorts texts in an image, as far as its name tells.
fn system(image: &ImageReference) -> (String, String) {
    let last = image.tag().and_then(|tag| tag.rsplit('-').next()).filter(|last| SYSTEMS.contains(last));
    if let Some(system) = last {
        return (String::new(), system.to_owned());
    }
    let (repository, system) = image.flavour();
    (repository.to_owned(), system.to_owned())
}

/// What changes otherwise than one may think.
pub(super) fn notes(old: &Object, new: &Object) -> Vec<(String, String)> {
    let Some((before, after)) = old.servers.as_ref().zip(new.servers.as_ref()) else { return Vec::new() };
    let class = old.rooms.first().zip(new.rooms.first()).and_then(|(before, after)| class_note(before, after));
    fewer(before, after).into_iter().chain(class).collect()
}

fn fewer(
    Servers { instances: before, .. }: &Servers,
    Servers { instances: after, .. }: &Servers,
) -> Option<(String, String)> {
    (after < before).then(|| {
        let what = match after {
            0 | 1 => "what is acknowledged is on one server only from then on",
            _ => "what is acknowledged may be on one server only while the other one is gone",
        };
        let message = format!("the operator deletes the volumes of {} servers, and {what}", before - after);
        (message, "make a backup first, or keep `instances`".to_owned())
    })
}

fn class_note(before: &Room, after: &Room) -> Option<(String, String)> {
    (before.class != after.class).then(|| {
        let message = "another storage class holds for new servers: those that are there keep their volumes".to_owned();
        let help = "to move them, make them anew one after the other, copies first: `kubectl delete pvc/postgres-2 pod/postgres-2`";
        (message, help.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(stands: &str, wanted: &str) -> Vec<&'static str> {
        let image = |text: &str| ImageReference::parse(text).unwrap();
        let (major, flavour) = of_images(&image(stands), &image(wanted));
        major.into_iter().chain(flavour).map(|danger| danger.kind.as_str()).collect()
    }

    #[test]
    fn images_of_one_system_and_version_are_no_danger() {
        const OPERATORS: &str = "ghcr.io/cloudnative-pg/postgresql";
        let of = |tag: &str| format!("{OPERATORS}:{tag}");
        let gis = "ghcr.io/cloudnative-pg/postgis:17-3-system-trixie";
        for (stands, wanted, expected) in [
            (of("17-system-trixie"), of("17-minimal-trixie"), &[][..]),
            (of("17-system-trixie"), gis.to_owned(), &[]),
            (of("17.5-standard-trixie"), of("17.6-standard-trixie"), &[]),
            (of("17-system-bookworm"), of("17-system-trixie"), &["flavour"]),
            (of("17"), of("17-system-trixie"), &["flavour"]),
            (of("16-system-trixie"), of("17-system-trixie"), &["major"]),
            (of("17-system-trixie"), of("16-system-trixie"), &["major"]),
            ("mine/pg:17.1".to_owned(), "mine/pg:17.2".to_owned(), &[]),
            ("mine/pg:17.1".to_owned(), "other/pg:17.1".to_owned(), &["flavour"]),
        ] {
            assert_eq!(kinds(&stands, &wanted), expected, "{stands} {wanted}");
        }
    }
}
