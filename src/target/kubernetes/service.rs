//! Knows which objects a service of the profile comes down to, in reading order. Must not know what any of them says.

use super::part::{Generated, Part};
use super::volume::{Mounts, claims};
use super::{container, network, server, workload};
use crate::deployment::{Deployment, Service, secret_file_path};
use crate::target::inputs::Inputs;
use crate::value::Runs;

/// A service of the profile.
pub(super) fn part(service: &Service, deployment: &Deployment, inputs: &Inputs<'_>) -> Part {
    let mounts = Mounts::of(service).with(server::certificates(service, deployment));
    let config = mounts.config(service, deployment, inputs.found);
    let config_name = config.as_ref().map(|(name, _)| name.as_str());
    let mut objects = vec![workload::workload(service, &mounts, config_name, deployment, inputs.found)];
    objects.extend(network::service(service, deployment));
    objects.extend(workload::disruption_budget(service, deployment));
    objects.extend(claims(service, deployment));
    objects.extend(config.map(|(_, config)| config));
    objects.push(network::policy(service, deployment));
    let keys = container::secret_keys(service, deployment);
    let secret = (!keys.is_empty()).then(|| Generated {
        name: service.name.to_string(),
        files: keys.into_iter().map(|key| (key.to_string(), secret_file_path(key))).collect(),
        // what a Job says can't change, the name of its Secret neither
        keeps_name: service.runs == Runs::Once,
        ..Generated::default()
    });
    Part { name: service.name.to_string(), objects, secrets: secret.into_iter().collect(), configs: Vec::new() }
}
