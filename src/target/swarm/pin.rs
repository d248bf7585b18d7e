//! Knows which node has a volume: the one with the volume's label. Must not know how a node gets it.

use crate::deployment::{Container, Deployment, Service};
use crate::target::interpolation::literal;
use crate::value::{MountSource, ProjectName, VolumeName};
use crate::yaml::document::{Mapping, Value};

/// The label of the node that has a volume.
pub(super) fn label(project: &ProjectName, volume: &VolumeName) -> String {
    format!("{project}.{volume}")
}

/// The volumes that a service mounts.
pub(super) fn volumes_of(service: &Service) -> Vec<&VolumeName> {
    let named = service.mounts.iter().filter_map(|mount| match &mount.source {
        MountSource::Volume(name) => Some(name),
        MountSource::Bind(_) => None,
    });
    let mut volumes: Vec<_> = named.collect();
    volumes.dedup();
    volumes
}

/// The volume of the server's data.
pub(super) fn volumes_of_server(container: &Container) -> Vec<&VolumeName> {
    container.volume.volume().into_iter().collect()
}

/// Every label that a node must have.
pub(super) fn labels(deployment: &Deployment) -> Vec<String> {
    let server = deployment.contained_server().map(|(_, container)| volumes_of_server(container)).unwrap_or_default();
    let mut labels: Vec<String> = Vec::new();
    for volume in server.into_iter().chain(deployment.services.iter().flat_map(volumes_of)) {
        let label = label(&deployment.project, volume);
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// The node with all of these volumes; nothing where there are none.
pub(super) fn placement(project: &ProjectName, volumes: &[&VolumeName]) -> Mapping {
    let constraint = |volume: &&VolumeName| literal(&format!("node.labels.{} == true", label(project, volume)));
    let constraints: Value = volumes.iter().map(constraint).collect();
    let mut placement = Mapping::default();
    placement.push_filled("constraints", constraints);
    placement
}
