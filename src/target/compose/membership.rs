//! Knows which networks of Compose a container is drawn on. Must not know what else is drawn.

use super::extras::Extras;
use super::networks::{DEFAULT_NETWORK, NETWORK_MODE, Networks, listed};
use crate::deployment::{Container, Deployment, Service};

/// What stands above the containers that share all networks with a service; nothing where it stands on none.
pub(in crate::target) fn group_of_service(
    service: &Service,
    deployment: &Deployment,
    extras: &Extras,
) -> Option<String> {
    let networks = Networks::of(deployment, extras);
    match networks.mode_of(service) {
        Some("none") => None,
        // the network of the host, or of another container
        Some(mode) => Some(format!("{NETWORK_MODE}: {mode}")),
        None => Some(title(&networks.of_service(service).as_ref().map(listed).unwrap_or_default())),
    }
}

/// The same for the server.
pub(in crate::target) fn group_of_server(container: &Container, deployment: &Deployment, extras: &Extras) -> String {
    title(&listed(&Networks::of(deployment, extras).of_server(container)))
}

/// The default one first, the others in the order of their names. Compose takes no names for its default.
fn title(names: &[&str]) -> String {
    let mut names: Vec<&str> = if names.is_empty() { vec![DEFAULT_NETWORK] } else { names.to_vec() };
    names.sort_unstable_by(|a, b| (*a != DEFAULT_NETWORK, *a).cmp(&(*b != DEFAULT_NETWORK, *b)));
    names.dedup();
    let word = if names.len() == 1 { "network" } else { "networks" };
    format!("{word} {}", names.join(", "))
}
