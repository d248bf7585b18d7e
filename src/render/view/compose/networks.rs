//! Knows what `docker-compose.yml` says of the networks themselves. Must not know which containers stand on them.

use minijinja::Value;
use serde::Serialize;

use crate::deployment::{DATABASE_NETWORK, Deployment, NETWORKS};
use crate::profile::Raw;
use crate::render::raw;

#[derive(Serialize)]
pub(super) struct NetworksView {
    has_database: bool,
    others: Vec<Value>,
}

/// The networks, and the raw top-level keys without them. One of the user's own that is called like ours takes its place.
pub(super) fn networks_view(deployment: &Deployment) -> (NetworksView, Vec<(String, Raw)>) {
    let (own, rest): (Vec<_>, Vec<_>) = deployment.compose.iter().cloned().partition(|(key, _)| key == NETWORKS);
    let own: Vec<(String, Raw)> =
        own.into_iter().filter_map(|(_, networks)| networks.into_entries()).flatten().collect();
    let is_own = own.iter().any(|(name, _)| name == DATABASE_NETWORK);
    let has_database = deployment.has_database_network() && !is_own;
    (NetworksView { has_database, others: raw::lines(&own, 2) }, rest)
}
