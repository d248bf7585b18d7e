//! Knows which networks a container is drawn on. Must not know what else is drawn.

use crate::deployment::{Container, Service};
use crate::target::compose::{DEFAULT_NETWORK, NETWORK_MODE, Networks, listed};

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
    pub(super) fn of_service(service: &Service, networks: Networks<'_>) -> Self {
        match networks.mode_of(service) {
            Some("none") => Self::Nothing,
            Some(mode) => Self::Mode(mode.to_owned()),
            None => Self::of_names(&networks.of_service(service).as_ref().map(listed).unwrap_or_default()),
        }
    }

    pub(super) fn of_server(container: &Container, networks: Networks<'_>) -> Self {
        Self::of_names(&listed(&networks.of_server(container)))
    }

    /// Compose takes no names for its default.
    fn of_names(names: &[&str]) -> Self {
        let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
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
