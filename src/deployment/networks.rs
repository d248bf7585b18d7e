//! Knows which networks the containers stand on, and what each one waits for before it starts.
//! Must not know how a file says it.

use super::{Container, Deployment, Service};
use crate::profile::Raw;
use crate::value::{ServiceName, StartCondition};

/// The network that has no way out, where the database and its users meet.
pub const DATABASE_NETWORK: &str = "database";

/// The network that Compose gives to every container that names none.
pub const DEFAULT_NETWORK: &str = "default";

/// Compose's key for networks, of a service and at the top.
pub const NETWORKS: &str = "networks";

/// Compose's key for a container that stands on no network of its project.
pub const NETWORK_MODE: &str = "network_mode";

impl Deployment {
    /// The networks of a service as Compose writes them; nothing where Compose's default is right.
    #[must_use]
    pub fn networks_of(&self, service: &Service) -> Option<Raw> {
        let written = raw_key(&service.compose, NETWORKS);
        let has_none = raw_key(&service.compose, NETWORK_MODE).is_some();
        match written {
            _ if has_none || !self.reaches_server(service) => written.cloned(),
            Some(networks) => Some(joined(networks, DATABASE_NETWORK)),
            None => Some(Raw::words([DEFAULT_NETWORK, DATABASE_NETWORK])),
        }
    }

    /// Whether there is a network for the server: where one runs, and where a service names it, which it keeps doing
    /// while none uses PostgreSQL.
    #[must_use]
    pub fn has_database_network(&self) -> bool {
        let names_it = |service: &Service| {
            raw_key(&service.compose, NETWORKS).is_some_and(|networks| names(networks, DATABASE_NETWORK))
        };
        self.contained_server().is_some() || self.services.iter().any(names_it)
    }

    /// What a service waits for: the server where its data is on it, and what the profile says.
    #[must_use]
    pub fn waits_for(&self, service: &Service) -> Vec<(ServiceName, StartCondition)> {
        let container = self.contained_server().map(|(_, container)| container);
        let container = container.filter(|_| service.uses_postgres());
        let server = container.map(|container| {
            if container.ensure {
                (ServiceName::postgres_ensure(), StartCondition::Completed)
            } else {
                (ServiceName::postgres(), StartCondition::Healthy)
            }
        });
        let is_written = |(name, _): &(ServiceName, _)| service.depends_on.iter().any(|(known, _)| known == name);
        let server = server.filter(|server| !is_written(server));
        server.into_iter().chain(service.depends_on.iter().cloned()).collect()
    }
}

impl Container {
    /// The networks of the server: a port that is published on an internal network is not reachable, so that the server
    /// with one stands on the default network as well.
    #[must_use]
    pub fn networks(&self) -> Raw {
        match raw_key(&self.compose, NETWORKS) {
            Some(networks) if self.publish.is_some() => joined(&joined(networks, DATABASE_NETWORK), DEFAULT_NETWORK),
            Some(networks) => joined(networks, DATABASE_NETWORK),
            None if self.publish.is_some() => Raw::words([DEFAULT_NETWORK, DATABASE_NETWORK]),
            None => Raw::words([DATABASE_NETWORK]),
        }
    }
}

fn raw_key<'r>(keys: &'r [(String, Raw)], name: &str) -> Option<&'r Raw> {
    keys.iter().find(|(key, _)| key == name).map(|(_, raw)| raw)
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
