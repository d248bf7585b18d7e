//! Knows what `docker-compose.yml` says of the networks themselves. Must not know which containers stand on them.

use super::super::extras::Extras;
use super::super::networks::{MadeNetwork, NETWORKS, Networks};
use crate::profile::Raw;
use crate::target::interpolation::{raw, yes};
use crate::yaml::document::{Mapping, Value};

/// The networks, and the raw top-level keys without them. One of the user's own that is called like ours takes its place.
pub(super) fn networks_and_others<'e>(networks: Networks<'_>, extras: &'e Extras) -> (Mapping, Vec<&'e (String, Raw)>) {
    let (own, rest): (Vec<_>, Vec<_>) = extras.top.iter().partition(|(key, _)| key == NETWORKS);
    let own = own.into_iter().filter_map(|(_, networks)| networks.entries()).flatten();
    let own: Mapping = own.map(|(name, network)| (name.clone(), raw(network))).collect();
    let made = networks.made();
    let made: Mapping = made.iter().map(|network| (network.name(), made_network(network))).collect();
    let mut all = made.without(&own);
    all.append(own);
    (all, rest)
}

fn made_network(network: &MadeNetwork<'_>) -> Value {
    let comment = match network {
        MadeNetwork::Default => return Value::nothing(),
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
