//! Knows what `stack.yml` says of the networks themselves. Must not know which containers stand on them.

use crate::deployment::Deployment;
use crate::target::compose::{DATABASE_NETWORK, DEFAULT_NETWORK, Extras, MadeNetwork, NETWORKS, Networks};
use crate::target::interpolation::{raw, word, yes};
use crate::yaml::document::{Mapping, Value};

/// The networks. One of the user's own that is called like ours takes its place.
pub(super) fn networks(networks: Networks<'_>, deployment: &Deployment, extras: &Extras) -> Mapping {
    let own = extras.top.iter().filter(|(key, _)| key == NETWORKS);
    let own = own.filter_map(|(_, networks)| networks.entries()).flatten();
    let own: Mapping = own.map(|(name, network)| (name.clone(), raw(network))).collect();
    let made = networks.made();
    let encrypted = deployment.swarm.encrypted;
    let is_usual = encrypted && !made.contains(&MadeNetwork::Default);
    let usual = is_usual.then(|| (DEFAULT_NETWORK.to_owned(), Value::from(overlay(encrypted))));
    let made = made.iter().map(|network| (network.name(), made_network(network, encrypted)));
    let made: Mapping = usual.into_iter().chain(made).collect();
    let mut all = made.without(&own);
    all.append(own);
    all
}

/// A network that reaches from node to node.
fn overlay(encrypted: bool) -> Mapping {
    let mut keys = Mapping::from_iter([("driver", word("overlay"))]);
    let option = || Mapping::from_iter([("encrypted", Value::quoted("true"))]);
    keys.push_given("driver_opts", encrypted.then(option));
    keys
}

fn made_network(network: &MadeNetwork<'_>, encrypted: bool) -> Value {
    let comment = match network {
        MadeNetwork::Default => return overlay(encrypted).into(),
        MadeNetwork::Database => {
            "no way out, and only the database's users are on it; scripts/db starts containers there".to_owned()
        }
        MadeNetwork::Link(service) => {
            format!("no way out: {service} has networks of its own, and meets no other service here")
        }
        MadeNetwork::Inside => "no way out, for services that need none".to_owned(),
        MadeNetwork::Published => "the way to the server's published port; no service is on it".to_owned(),
    };
    let mut keys = overlay(encrypted);
    keys.push_given("internal", network.is_internal().then(yes));
    keys.push_given("attachable", (network.name() == DATABASE_NETWORK).then(yes));
    Value::from(keys).above(comment)
}
