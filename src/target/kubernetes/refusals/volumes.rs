//! Knows what a pod can't mount: folders of this host, volumes without a size, one volume on several nodes.
//! Must not know who runs in it.

use indexmap::IndexMap;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Database, Profile, Service, Storage, given};
use crate::spelling::quoted;
use crate::value::{Engine, HostPath, Mount, MountSource, ServiceName, VolumeName};

/// A mount with its place.
struct Placed<'p> {
    service: &'p ServiceName,
    written: &'p Service,
    mount: &'p Mount,
    at: FieldPath,
    is_data: bool,
}

/// What can't be mounted.
pub(super) fn faults(profile: &Profile) -> Vec<Diagnostic> {
    let mounts = mounts(profile);
    let mut faults: Vec<_> = mounts.iter().filter_map(host_path).collect();
    let mut users: IndexMap<&VolumeName, Vec<&Placed<'_>>> = IndexMap::new();
    for placed in &mounts {
        if let MountSource::Volume(volume) = &placed.mount.source {
            users.entry(volume).or_default().push(placed);
        }
    }
    for (volume, users) in users {
        match storage(volume, &users, profile) {
            None => faults.extend(missing(volume, &users)),
            Some(storage) if storage.shared() => faults.extend(users.iter().filter_map(|user| sqlite(user, profile))),
            Some(_) => faults.extend(on_several_nodes(volume, &users)),
        }
    }
    faults
}

fn mounts(profile: &Profile) -> Vec<Placed<'_>> {
    let mut mounts = Vec::new();
    for (service, written) in given(&profile.services) {
        let at = FieldPath::root().key("services").key(service);
        let data = written.data.get();
        mounts.extend(data.map(|mount| Placed { service, written, mount, at: at.key("data"), is_data: true }));
        let others = written.volumes.get().into_iter().flatten().enumerate();
        mounts.extend(others.map(|(index, mount)| {
            let at = at.key("volumes").key(index);
            Placed { service, written, mount, at, is_data: false }
        }));
    }
    mounts
}

/// The nodes have no folder of this host. What is only read can come along as a file of a ConfigMap.
fn host_path(Placed { mount, at, is_data, .. }: &Placed<'_>) -> Option<Diagnostic> {
    let MountSource::Bind(path) = &mount.source else { return None };
    let target = &mount.target;
    let (message, help) = if *is_data || !mount.read_only {
        let message = format!("{} is a folder of this host, which no node has", quoted(path.as_str()));
        let place = if *is_data { "data" } else { "volumes" };
        (
            message,
            format!(
                "mount a named volume: `{place}: {}NAME:{target}`, and give it `storage`",
                if *is_data { "" } else { "- " }
            ),
        )
    } else if leads_out(path) {
        let message = format!("{} is no file of the project, and no node has it", quoted(path.as_str()));
        (message, "copy it into the project and mount that, or remove the mount".to_owned())
    } else {
        return None;
    };
    Some(Diagnostic::error(Code::TargetUnsupported, Place::value(at), message, help))
}

/// Whether a path is surely none of the project's.
fn leads_out(path: &HostPath) -> bool {
    path.is_absolute() || path.as_str().split('/').next() == Some("..")
}

/// What the profile says of a volume's room, by its own name or where it is data.
fn storage<'p>(volume: &VolumeName, users: &[&Placed<'p>], profile: &'p Profile) -> Option<&'p Storage> {
    let named = given(&profile.volumes).find(|(name, _)| *name == volume).and_then(|(_, volume)| volume.storage.get());
    named.or_else(|| users.iter().filter(|user| user.is_data).find_map(|user| user.written.storage.get()))
}

fn missing(volume: &VolumeName, users: &[&Placed<'_>]) -> Option<Diagnostic> {
    let user = users.iter().find(|user| user.is_data).or_else(|| users.first())?;
    let help = if user.is_data {
        format!("write `storage: 10Gi` below `{}:`", user.service)
    } else {
        format!("write `volumes: {{ {volume}: {{ storage: 10Gi }} }}` at the top of the profile")
    };
    let message = format!("the volume `{volume}` needs a size on Kubernetes");
    Some(Diagnostic::error(Code::StorageSize, Place::value(&user.at), message, help))
}

/// A volume of one node can't be mounted by pods that may stand on several.
fn on_several_nodes(volume: &VolumeName, users: &[&Placed<'_>]) -> Option<Diagnostic> {
    let first = users.first()?;
    let help = format!(
        "where a storage class can do that (`ReadWriteMany`), write `volumes: {{ {volume}: {{ storage: {{ size: 10Gi, class: \
         NAME, shared: true }} }} }}`"
    );
    if let Some(other) = users.iter().find(|user| user.service != first.service) {
        let message = format!(
            "pods of `{}` and `{}` would mount the volume `{volume}`, which one node has",
            first.service, other.service
        );
        let fault = Diagnostic::error(Code::TargetUnsupported, Place::value(&other.at), message, help);
        return Some(fault.also(Place::value(&first.at), "mounted here first"));
    }
    let many = users.iter().find(|user| user.written.replicas.copied().is_some_and(|replicas| replicas.get() > 1))?;
    let message = format!("several pods of `{}` would mount the volume `{volume}`, which one node has", many.service);
    let fault = Diagnostic::error(Code::TargetUnsupported, Place::value(&many.at), message, help);
    let replicas = FieldPath::root().key("services").key(many.service).key("replicas");
    Some(fault.also(Place::value(&replicas), "the pods"))
}

/// What several nodes mount is a file system of the network, whose locks SQLite can't rely on.
fn sqlite(user: &Placed<'_>, profile: &Profile) -> Option<Diagnostic> {
    let uses_sqlite = |database: &Database| {
        let engine = database.engine.copied().or_else(|| profile.engine.copied());
        database.sqlite.is_given() && (engine == Some(Engine::Sqlite) || !database.postgres.is_given())
    };
    let has_file = user.is_data && user.written.all_databases().any(|(_, database)| uses_sqlite(database));
    has_file.then(|| {
        let message = "a SQLite file on a volume that several nodes mount would break: its locks do not hold there";
        let help = "remove `shared: true`, or let the service use PostgreSQL";
        Diagnostic::error(Code::TargetUnsupported, Place::value(&user.at), message, help)
    })
}
