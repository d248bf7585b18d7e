//! Knows which room each named volume has, what the nodes are, and the ways between them. Must not know which target needs that.

use indexmap::IndexMap;

use super::clash::service_path;
use super::scope::Faults;
use crate::deployment::{Nodes, Storage, Swarm};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{self, Profile, given};
use crate::value::{MountSource, PortMode, VolumeName};

/// The room of each named volume that the profile gives one, by the service that has it as `data` or by its own name.
pub(super) fn storage(profile: &Profile, faults: &mut Faults) -> IndexMap<VolumeName, Storage> {
    let mut all: IndexMap<VolumeName, (Storage, FieldPath)> = IndexMap::new();
    for (name, volume) in given(&profile.volumes) {
        let at = FieldPath::root().key("volumes").key(name).key("storage");
        let storage = volume.storage.get().and_then(|storage| resolve_storage(storage, &at, faults));
        all.extend(storage.map(|storage| (name.clone(), (storage, at))));
    }
    for (name, service) in given(&profile.services) {
        let Some(written) = service.storage.get() else { continue };
        let at = service_path(name).key("storage");
        let Some(data) = service.data.get() else {
            let help = "write `data: NAME:/app/data`, or remove it";
            faults.add(Code::StorageSize, Place::key(&at), "`storage` is the room of `data`, which is not given", help);
            continue;
        };
        let storage = resolve_storage(written, &at, faults);
        // a folder of the host is as large as the host's disk
        let (Some(storage), MountSource::Volume(volume)) = (storage, &data.source) else { continue };
        match all.get(volume) {
            Some((first, place)) if *first != storage => {
                let message = format!("the volume `{volume}` gets two sizes or classes");
                let fault = Diagnostic::error(Code::StorageSize, Place::value(&at), message, "remove one of them");
                faults.push(fault.also(Place::value(place), "the other one"));
            }
            Some(_) => {}
            None => drop(all.insert(volume.clone(), (storage, at))),
        }
    }
    all.into_iter().map(|(name, (storage, _))| (name, storage)).collect()
}

/// What is written of a volume's room.
pub(super) fn resolve_storage(written: &profile::Storage, at: &FieldPath, faults: &mut Faults) -> Option<Storage> {
    let Some(size) = written.size.get().cloned() else {
        faults.add(Code::StorageSize, Place::key(at), "the storage has no size", "write `size: 10Gi`");
        return None;
    };
    Some(Storage { size, class: written.class.get().cloned(), shared: written.shared() })
}

/// The nodes, where the profile says anything of them.
pub(super) fn nodes(profile: &Profile) -> Option<Nodes> {
    let nodes = profile.nodes.get()?;
    Some(Nodes { count: nodes.count(), memory: nodes.memory.get().cloned(), cpus: nodes.cpus.get().cloned() })
}

/// What a Swarm does, whether the profile says anything of it or not.
pub(super) fn swarm(profile: &Profile) -> Swarm {
    let written = profile.swarm.get();
    Swarm {
        encrypted: written.is_some_and(profile::Swarm::encrypted),
        ports: written.map_or(PortMode::Ingress, profile::Swarm::ports),
    }
}
