//! Knows what `docker-compose.yml` says of the networks themselves. Must not know which containers stand on them.

use super::interpolation::{raw, yes};
use crate::deployment::{Deployment, MadeNetwork, NETWORKS};
use crate::profile::Raw;
use crate::yaml::document::{Mapping, Value};

/// The networks, and the raw top-level keys without them. One of the user's own that is called like ours takes its place.
pub(super) fn networks(deployment: &Deployment) -> (Mapping, Vec<&(String, Raw)>) {
    let (own, rest): (Vec<_>, Vec<_>) = deployment.compose.iter().partition(|(key, _)| key == NETWORKS);
    let own = own.into_iter().filter_map(|(_, networks)| networks.entries()).flatten();
    let own: Mapping = own.map(|(name, network)| (name.clone(), raw(network))).collect();
    let made = deployment.made_networks();
    let made: Mapping = made.iter().map(|network| (network.name(), made_network(network))).collect();
    let mut networks = made.without(&own);
    networks.append(own);
    (networks, rest)
}

fn made_network(network: &MadeNetwork<'_>) -> Value {
    let comment = match network {
        MadeNetwork::Database => "no way out, and only the database's users are on it".to_owned(),
        MadeNetwork::Link(service) => {
            format!("no way out: {service} has networks of its own, and meets no other service here")
        }
        MadeNetwork::Inside => "no way out, for services that need none".to_owned(),
        MadeNetwork::Published => "the way to the server's published port; no service is on it".to_owned(),
    };
    let internal = || Mapping::from_iter([("internal", yes())]).into();
    let network = if network.is_internal() { internal() } else { Value::nothing() };
    network.above(comment)
}
