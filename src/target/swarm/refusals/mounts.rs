//! Knows what a task on any node can't mount: folders of this host. Must not know which node has a volume.

use super::unsupported::unsupported;
use crate::diagnostic::{Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::Service;
use crate::spelling::quoted;
use crate::value::{HostPath, Mount, MountSource, ServiceName};

/// What can't be mounted.
pub(super) fn faults(name: &ServiceName, service: &Service, at: &FieldPath) -> Vec<Diagnostic> {
    let data = service.data.get().map(|mount| (mount, at.key("data"), true));
    let others = service.volumes.get().into_iter().flatten().enumerate();
    let others = others.map(|(index, mount)| (mount, at.key("volumes").key(index), false));
    let all = data.into_iter().chain(others);
    all.filter_map(|(mount, at, is_data)| of_mount(name, mount, &at, is_data)).collect()
}

/// What is only read can come along as a config.
fn of_mount(service: &ServiceName, mount: &Mount, at: &FieldPath, is_data: bool) -> Option<Diagnostic> {
    let MountSource::Bind(path) = &mount.source else { return None };
    let (found, target) = (quoted(path.as_str()), &mount.target);
    let (message, help) = if is_data || !mount.read_only {
        let dash = if is_data { "" } else { "- " };
        let field = if is_data { "data" } else { "volumes" };
        (
            format!("{found} is a folder of this host, and `{service}` may run on any node"),
            format!("mount a named volume: `{field}: {dash}NAME:{target}`; the node that has it gets a label"),
        )
    } else if leads_out(path) {
        (
            format!("{found} is no file of the project, and only files of the project come along as configs"),
            "copy it into the project and mount that, or remove the mount".to_owned(),
        )
    } else {
        return None;
    };
    Some(unsupported(Place::value(at), message, help))
}

/// Whether a path is surely none of the project's.
fn leads_out(path: &HostPath) -> bool {
    path.is_absolute() || path.as_str().split('/').next() == Some("..")
}
