//! Knows what a cluster refuses to change in an object that it has, and what was said for a new volume only.
//! Must not know how that is told.

use super::operated;
use super::standing::{Object, Room};
use super::transfer::TO_ANOTHER_VOLUME;
use crate::deployment::INITDB_ARGS;
use crate::target::danger::{Danger, DangerKind};

/// What must be done so that the cluster takes a change, and what of it has no effect: each with the help.
pub(super) fn notes(old: &[Object], new: &[Object]) -> Vec<(String, String)> {
    let pair = |old: &'_ Object| new.iter().position(|new| new.name == old.name && new.kind == old.kind);
    let pairs = old.iter().filter_map(|object| Some((object, new.get(pair(object)?)?)));
    let of_pair = |(old, new)| {
        let of_servers = operated::notes(old, new).into_iter().map(Some);
        [headless(old, new), templates(old, new), made_otherwise(old, new)].into_iter().chain(of_servers)
    };
    pairs.flat_map(of_pair).flatten().collect()
}

/// An address that is given can't be taken back.
fn headless(old: &Object, new: &Object) -> Option<(String, String)> {
    (new.kind == "Service" && new.is_headless && !old.is_headless).then(|| {
        let message =
            format!("without `port` the Service `{}` would have no address, which a cluster refuses", new.name);
        (message, format!("before the next command: `kubectl delete service/{}`", new.name))
    })
}

/// What claims are made of can't change: the StatefulSet is made anew, and takes the claims that are there.
fn templates(old: &Object, new: &Object) -> Option<(String, String)> {
    if old.is_claim() || old.is_operated() || old.rooms == new.rooms {
        return None;
    }
    let name = &new.name;
    let kept = |new: &Room| old.rooms.iter().find(|old| old.name == new.name);
    let grown = new.rooms.iter().filter(|new| kept(new).is_some_and(|old| new.is_larger_than(old)));
    let patches = grown.map(|room| {
        let claim = format!("{}-{name}-0", room.name);
        let patch = format!("{{\"spec\":{{\"resources\":{{\"requests\":{{\"storage\":\"{}\"}}}}}}}}", room.size);
        format!("kubectl patch pvc {claim} -p '{patch}' && ")
    });
    let patches: String = patches.collect();
    let is_same_volume = new.rooms.iter().all(|room| kept(room).is_some());
    let stays = if is_same_volume && patches.is_empty() { ", and the volume that is there stays as it is" } else { "" };
    // a pod goes on where its volume stays
    let cascade = if is_same_volume { "orphan" } else { "foreground" };
    let message =
        format!("a cluster refuses another `storage` or volume for the StatefulSet `{name}` that it has{stays}");
    Some((
        message,
        format!("before the next command: `{patches}kubectl delete statefulset/{name} --cascade={cascade}`"),
    ))
}

/// What `initdb` was given counts for the volume that it made.
fn made_otherwise(old: &Object, new: &Object) -> Option<(String, String)> {
    let ((_, before), (_, after)) = old.mounts.first().zip(new.mounts.first())?;
    let (made, wanted) = (old.variable(INITDB_ARGS), new.variable(INITDB_ARGS));
    (old.is_server() && before == after && made != wanted).then(|| {
        let made = made.map_or_else(|| "as the image makes it".to_owned(), |made| format!("with `{made}`"));
        let message = format!(
            "the volume `{before}` was made {made} and stays so: what `initdb` and `local_auth` say holds for a new one"
        );
        (message, format!("to have it, with `--accept volume`: {TO_ANOTHER_VOLUME}"))
    })
}

/// Claims that could become what is wanted only by being deleted with their data.
pub(super) fn room_dangers(old: &Object, new: &Object) -> Vec<Danger> {
    let claims = old.rooms.iter().filter(|_| old.is_claim());
    let pairs = claims.filter_map(|old| Some((old, new.rooms.iter().find(|new| new.name == old.name)?)));
    pairs.filter_map(|(old, new)| room_danger(old, new)).collect()
}

fn room_danger(old: &Room, new: &Room) -> Option<Danger> {
    let class = |room: &Room| {
        room.class.as_ref().map_or_else(|| "of the cluster's choice".to_owned(), |class| format!("`{class}`"))
    };
    let (before, after) = if old.class != new.class {
        (format!("the class {}", class(old)), format!("the class {}", class(new)))
    } else if old.modes != new.modes {
        (old.modes.join(", "), new.modes.join(", "))
    } else if old.is_larger_than(new) {
        (old.size.clone(), new.size.clone())
    } else {
        return None;
    };
    let name = &new.name;
    Some(Danger {
        kind: DangerKind::Volume,
        message: format!(
            "the claim `{name}` would have {after} instead of {before}, which a cluster refuses as long as its data is there"
        ),
        steps: format!("keep `storage` as it is, or name another volume than `{name}` and copy the data there first"),
    })
}
