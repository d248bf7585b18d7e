//! Knows which networks the containers stand on, and what each one waits for before it starts.
//! Must not know how a file says it.

use super::{Container, Deployment, Service};
use crate::profile::Raw;
use crate::value::{ServiceName, StartCondition};

/// The network that has no way out, where the database and its users meet.
pub const DATABASE_NETWORK: &str = "database";

/// The network that has no way out, for services that need none; the others stand on it to reach those.
pub const INSIDE_NETWORK: &str = "inside";

/// The network that a published server is reached by from the host: an internal one can't publish. Nobody else is on it.
pub const PUBLISHED_NETWORK: &str = "postgres-published";

/// The network that Compose gives to every container that names none.
pub const DEFAULT_NETWORK: &str = "default";

/// Compose's key for networks, of a service and at the top.
pub const NETWORKS: &str = "networks";

/// Compose's key for a container that stands on no network of its project.
pub const NETWORK_MODE: &str = "network_mode";

/// A network that is made for the deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MadeNetwork<'d> {
    /// [`DATABASE_NETWORK`].
    Database,
    /// That of the server and one service, which has networks of its own and meets the others there or not at all.
    Link(&'d ServiceName),
    /// [`INSIDE_NETWORK`].
    Inside,
    /// [`PUBLISHED_NETWORK`].
    Published,
}

impl MadeNetwork<'_> {
    /// How it is called.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Database => DATABASE_NETWORK.to_owned(),
            Self::Link(service) => format!("{DATABASE_NETWORK}-{service}"),
            Self::Inside => INSIDE_NETWORK.to_owned(),
            Self::Published => PUBLISHED_NETWORK.to_owned(),
        }
    }

    /// Whether it has no way out.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        *self != Self::Published
    }
}

impl Deployment {
    /// The networks of a service as Compose writes them; nothing where Compose's default is right.
    #[must_use]
    pub fn networks_of(&self, service: &Service) -> Option<Raw> {
        let written = raw_key(&service.compose, NETWORKS);
        if written.is_some() || raw_key(&service.compose, NETWORK_MODE).is_some() {
            let link = self.link_of(service).map(|link| link.name());
            return written.map(|networks| link.iter().fold(networks.clone(), |all, link| joined(&all, link)));
        }
        let outside = service.outbound.then_some(DEFAULT_NETWORK);
        let inside = self.is_divided().then_some(INSIDE_NETWORK);
        let database = self.reaches_server(service).then_some(DATABASE_NETWORK);
        let names: Vec<_> = outside.into_iter().chain(inside).chain(database).collect();
        (names != [DEFAULT_NETWORK]).then(|| Raw::words(names))
    }

    /// The networks of the server as Compose writes them.
    #[must_use]
    pub fn networks_of_server(&self, container: &Container) -> Raw {
        let written = raw_key(&container.compose, NETWORKS).cloned();
        let links = self.services.iter().filter_map(|service| self.link_of(service));
        let published = container.publish.is_some().then_some(MadeNetwork::Published);
        let made = std::iter::once(MadeNetwork::Database).chain(links).chain(published);
        made.fold(written.unwrap_or(Raw::Sequence(Vec::new())), |all, network| joined(&all, &network.name()))
    }

    /// The networks that the deployment has beside Compose's default. That of the database is there for a service that
    /// names it also while none uses PostgreSQL.
    #[must_use]
    pub fn made_networks(&self) -> Vec<MadeNetwork<'_>> {
        let names = |name: &str| {
            let written = |service: &Service| raw_key(&service.compose, NETWORKS).is_some_and(|all| names(all, name));
            self.services.iter().any(written)
        };
        let server = self.contained_server();
        let database = (server.is_some() || names(DATABASE_NETWORK)).then_some(MadeNetwork::Database);
        let links = self.services.iter().filter_map(|service| self.link_of(service));
        let inside = (self.is_divided() || names(INSIDE_NETWORK)).then_some(MadeNetwork::Inside);
        let is_published = server.is_some_and(|(_, container)| container.publish.is_some());
        let published = is_published.then_some(MadeNetwork::Published);
        database.into_iter().chain(links).chain(inside).chain(published).collect()
    }

    /// Whether some services reach nothing outside of the deployment.
    fn is_divided(&self) -> bool {
        self.services.iter().any(|service| !service.outbound)
    }

    /// How a service with networks of its own reaches the server, where it meets it on none of them. On that of the
    /// database it would meet services that its own networks part it from.
    fn link_of<'d>(&self, service: &'d Service) -> Option<MadeNetwork<'d>> {
        let written = raw_key(&service.compose, NETWORKS)?;
        let (_, server) = self.contained_server()?;
        let of_server = raw_key(&server.compose, NETWORKS).map(listed).unwrap_or_default();
        let meets = |name: &&str| names(written, name);
        let is_there = of_server.iter().chain(&[DATABASE_NETWORK]).any(meets);
        (self.reaches_server(service) && !is_there).then_some(MadeNetwork::Link(&service.name))
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

fn raw_key<'r>(keys: &'r [(String, Raw)], name: &str) -> Option<&'r Raw> {
    keys.iter().find(|(key, _)| key == name).map(|(_, raw)| raw)
}

/// The names of networks of a container.
fn listed(networks: &Raw) -> Vec<&str> {
    match networks {
        Raw::Sequence(items) => items.iter().filter_map(text_of).collect(),
        Raw::Mapping(entries) => entries.iter().map(|(name, _)| name.as_str()).collect(),
        Raw::Scalar { .. } => Vec::new(),
    }
}

fn text_of(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Scalar { text, .. } => Some(text),
        Raw::Sequence(_) | Raw::Mapping(_) => None,
    }
}

/// Whether networks of a container are this one, among others.
fn names(networks: &Raw, name: &str) -> bool {
    listed(networks).contains(&name)
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
