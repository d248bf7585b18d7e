//! Knows which networks there are, and which containers stand on them. Must not know what else a container has.

use minijinja::Value;
use serde::Serialize;

use crate::deployment::{Container, DATABASE_NETWORK as DATABASE, Deployment, Service};
use crate::profile::Raw;
use crate::render::raw;

/// The network that Compose gives to every container that names none.
const DEFAULT: &str = "default";

/// Compose's key for networks, of a service and at the top.
const KEY: &str = "networks";

#[derive(Serialize)]
pub(super) struct NetworksView {
    has_database: bool,
    others: Vec<Value>,
}

/// The networks, and the raw top-level keys without them. One of the user's own that is called like ours takes its place.
pub(super) fn networks_view(deployment: &Deployment) -> (NetworksView, Vec<(String, Raw)>) {
    let (own, rest): (Vec<_>, Vec<_>) = deployment.compose.iter().cloned().partition(|(key, _)| key == KEY);
    let own: Vec<(String, Raw)> =
        own.into_iter().filter_map(|(_, networks)| networks.into_entries()).flatten().collect();
    let is_own = own.iter().any(|(name, _)| name == DATABASE);
    // a service that names it keeps doing so while none uses PostgreSQL
    let is_named =
        deployment.services.iter().any(|service| written(service).is_some_and(|networks| names(networks, DATABASE)));
    let has_database = (deployment.contained_server().is_some() || is_named) && !is_own;
    (NetworksView { has_database, others: raw::lines(&own, 2) }, rest)
}

/// The networks of a service: nothing to write where Compose's default is right.
pub(super) fn networks_of_service(service: &Service, deployment: &Deployment) -> Option<Raw> {
    let has_none = service.compose.iter().any(|(key, _)| key == "network_mode");
    match written(service) {
        networks if has_none || !deployment.reaches_server(service) => networks.cloned(),
        Some(networks) => Some(joined(networks, DATABASE)),
        None => Some(Raw::words([DEFAULT, DATABASE])),
    }
}

/// The networks of the server: a port that is published on an internal network is not reachable, so that the server with
/// one stands on the default network as well.
pub(super) fn networks_of_server(container: &Container) -> Raw {
    match container.compose.iter().find(|(key, _)| key == KEY) {
        Some((_, networks)) if container.publish.is_some() => joined(&joined(networks, DATABASE), DEFAULT),
        Some((_, networks)) => joined(networks, DATABASE),
        None if container.publish.is_some() => Raw::words([DEFAULT, DATABASE]),
        None => Raw::words([DATABASE]),
    }
}

/// The networks that a service names itself.
fn written(service: &Service) -> Option<&Raw> {
    service.compose.iter().find(|(key, _)| key == KEY).map(|(_, networks)| networks)
}

/// Whether networks of a container are this one, among others.
fn names(networks: &Raw, name: &str) -> bool {
    match networks {
        Raw::Sequence(items) => items.contains(&Raw::text(name)) || items.contains(&Raw::plain(name)),
        Raw::Mapping(_) => networks.get(name).is_some(),
        Raw::Scalar { .. } => false,
    }
}

/// Networks of the user's own, and this one.
fn joined(networks: &Raw, name: &str) -> Raw {
    let mut networks = networks.clone();
    if !names(&networks, name) {
        match &mut networks {
            Raw::Sequence(items) => items.push(Raw::plain(name)),
            Raw::Mapping(entries) => entries.push((name.to_owned(), Raw::Mapping(Vec::new()))),
            Raw::Scalar { .. } => {}
        }
    }
    networks
}
