//! Knows what `docker-compose.yml` says of the networks themselves. Must not know which containers stand on them.

use minijinja::Value;
use serde::Serialize;

use crate::deployment::{Deployment, MadeNetwork, NETWORKS};
use crate::profile::Raw;
use crate::render::raw;

#[derive(Serialize)]
pub(super) struct NetworksView {
    made: Vec<MadeView>,
    others: Vec<Value>,
}

/// A network that is made for the deployment.
#[derive(Serialize)]
struct MadeView {
    is_database: bool,
    is_inside: bool,
    is_of: Option<String>,
    name: String,
    is_internal: bool,
}

/// The networks, and the raw top-level keys without them. One of the user's own that is called like ours takes its place.
pub(super) fn networks_view(deployment: &Deployment) -> (NetworksView, Vec<(String, Raw)>) {
    let (own, rest): (Vec<_>, Vec<_>) = deployment.compose.iter().cloned().partition(|(key, _)| key == NETWORKS);
    let own: Vec<(String, Raw)> =
        own.into_iter().filter_map(|(_, networks)| networks.into_entries()).flatten().collect();
    let made = deployment.made_networks();
    let made = made.iter().filter(|network| !own.iter().any(|(name, _)| *name == network.name())).map(made_view);
    (NetworksView { made: made.collect(), others: raw::lines(&own, 2) }, rest)
}

fn made_view(network: &MadeNetwork<'_>) -> MadeView {
    MadeView {
        is_database: *network == MadeNetwork::Database,
        is_inside: *network == MadeNetwork::Inside,
        is_of: if let MadeNetwork::Link(service) = network { Some(service.to_string()) } else { None },
        name: network.name(),
        is_internal: network.is_internal(),
    }
}
