//! Knows which networks a container is drawn on. Must not know what else is drawn.

use crate::deployment::{Container, DEFAULT_NETWORK, Deployment, NETWORK_MODE, Service};
use crate::profile::Raw;

/// What a container stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Membership {
    /// These networks: the default one first, the others in the order of their names.
    Networks(Vec<String>),
    /// Compose's `network_mode`: the network of the host, or of another container.
    Mode(String),
    /// No network.
    Nothing,
}

impl Membership {
    pub(super) fn of_service(service: &Service, deployment: &Deployment) -> Self {
        let mode = service.compose.iter().find(|(key, _)| key == NETWORK_MODE);
        match (mode, deployment.networks_of(service)) {
            (Some((_, Raw::Scalar { text, .. })), _) if text == "none" => Self::Nothing,
            (Some((_, Raw::Scalar { text, .. })), _) => Self::Mode(text.clone()),
            (_, Some(networks)) => Self::of_names(names(&networks)),
            (_, None) => Self::of_names(Vec::new()),
        }
    }

    pub(super) fn of_server(container: &Container, deployment: &Deployment) -> Self {
        Self::of_names(names(&deployment.networks_of_server(container)))
    }

    /// Compose takes no names for its default.
    fn of_names(mut names: Vec<String>) -> Self {
        if names.is_empty() {
            names.push(DEFAULT_NETWORK.to_owned());
        }
        names.sort_unstable_by(|a, b| (a != DEFAULT_NETWORK, a).cmp(&(b != DEFAULT_NETWORK, b)));
        names.dedup();
        Self::Networks(names)
    }

    /// What is read above those that share it.
    pub(super) fn title(&self) -> Option<String> {
        match self {
            Self::Networks(names) => {
                let word = if names.len() == 1 { "network" } else { "networks" };
                Some(format!("{word} {}", names.join(", ")))
            }
            Self::Mode(mode) => Some(format!("{NETWORK_MODE}: {mode}")),
            Self::Nothing => None,
        }
    }
}

fn names(networks: &Raw) -> Vec<String> {
    let scalar = |raw: &Raw| match raw {
        Raw::Scalar { text, .. } => Some(text.clone()),
        Raw::Sequence(_) | Raw::Mapping(_) => None,
    };
    match networks {
        Raw::Sequence(items) => items.iter().filter_map(scalar).collect(),
        Raw::Mapping(entries) => entries.iter().map(|(name, _)| name.clone()).collect(),
        Raw::Scalar { .. } => Vec::new(),
    }
}
