//! Knows which networks of Compose the containers stand on, so that each reaches what the deployment says and no more.
//! Must not know how the file says it.

use super::extras::{Extras, value};
use crate::deployment::{Container, Deployment, Service};
use crate::profile::Raw;
use crate::value::ServiceName;

/// The network that has no way out, where the database and its users meet.
pub(crate) const DATABASE_NETWORK: &str = "database";

/// The network that has no way out, for services that need none; the others stand on it to reach those.
pub(crate) const INSIDE_NETWORK: &str = "inside";

/// The network that a published server is reached by from the host: an internal one can't publish. Nobody else is on it.
pub(crate) const PUBLISHED_NETWORK: &str = "postgres-published";

/// The network that Compose gives to every container that names none.
pub(crate) const DEFAULT_NETWORK: &str = "default";

/// Compose's key for networks, of a service and at the top.
pub(crate) const NETWORKS: &str = "networks";

/// Compose's key for a container that stands on no network of its project.
pub(crate) const NETWORK_MODE: &str = "network_mode";

/// A network that is made for the deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MadeNetwork<'d> {
    /// [`DEFAULT_NETWORK`], where a service names it beside others: Compose would make it all the same, podman-compose not.
    Default,
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
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Default => DEFAULT_NETWORK.to_owned(),
            Self::Database => DATABASE_NETWORK.to_owned(),
            Self::Link(service) => format!("{DATABASE_NETWORK}-{service}"),
            Self::Inside => INSIDE_NETWORK.to_owned(),
            Self::Published => PUBLISHED_NETWORK.to_owned(),
        }
    }

    /// Whether it has no way out.
    pub(crate) fn is_internal(&self) -> bool {
        !matches!(self, Self::Default | Self::Published)
    }
}

/// The networks of a deployment.
#[derive(Clone, Copy)]
pub(crate) struct Networks<'d> {
    deployment: &'d Deployment,
    extras: &'d Extras,
    /// Whether some services reach nothing outside of the deployment.
    is_divided: bool,
}

impl<'d> Networks<'d> {
    pub(crate) fn of(deployment: &'d Deployment, extras: &'d Extras) -> Self {
        let is_divided = deployment.services.iter().any(|service| !service.outbound);
        Self { deployment, extras, is_divided }
    }

    /// Those of a service as Compose writes them; nothing where Compose's default is right.
    pub(crate) fn of_service(&self, service: &Service) -> Option<Raw> {
        let written = self.written(service);
        if written.is_some() || value(self.extras.service(&service.name), NETWORK_MODE).is_some() {
            let link = self.link_of(service).map(|link| link.name());
            return written.map(|networks| link.iter().fold(networks.clone(), |all, link| joined(&all, link)));
        }
        let outside = service.outbound.then_some(DEFAULT_NETWORK);
        let inside = self.is_divided.then_some(INSIDE_NETWORK);
        let database = self.deployment.reaches_server(service).then_some(DATABASE_NETWORK);
        let names: Vec<_> = outside.into_iter().chain(inside).chain(database).collect();
        (names != [DEFAULT_NETWORK]).then(|| Raw::words(names))
    }

    /// Those of the server as Compose writes them.
    pub(crate) fn of_server(&self, container: &Container) -> Raw {
        let written = value(&self.extras.server, NETWORKS).cloned();
        let links = self.deployment.services.iter().filter_map(|service| self.link_of(service));
        let published = container.publish.is_some().then_some(MadeNetwork::Published);
        let made = std::iter::once(MadeNetwork::Database).chain(links).chain(published);
        made.fold(written.unwrap_or(Raw::Sequence(Vec::new())), |all, network| joined(&all, &network.name()))
    }

    /// Compose's `network_mode`, where the profile gives a service one.
    pub(crate) fn mode_of(&self, service: &Service) -> Option<&'d str> {
        value(self.extras.service(&service.name), NETWORK_MODE).and_then(text_of)
    }

    /// Those that there are beside Compose's default. That of the database is there for a service that names it also while
    /// none uses PostgreSQL.
    pub(crate) fn made(&self) -> Vec<MadeNetwork<'d>> {
        let services = &self.deployment.services;
        let names =
            |name: &str| services.iter().any(|service| self.written(service).is_some_and(|all| names(all, name)));
        let server = self.deployment.contained_server();
        let database = (server.is_some() || names(DATABASE_NETWORK)).then_some(MadeNetwork::Database);
        let links = services.iter().filter_map(|service| self.link_of(service));
        let inside = (self.is_divided || names(INSIDE_NETWORK)).then_some(MadeNetwork::Inside);
        let is_published = server.is_some_and(|(_, container)| container.publish.is_some());
        let published = is_published.then_some(MadeNetwork::Published);
        let is_named = |service| self.of_service(service).is_some_and(|all| listed(&all).contains(&DEFAULT_NETWORK));
        let default = services.iter().any(is_named).then_some(MadeNetwork::Default);
        default.into_iter().chain(database).chain(links).chain(inside).chain(published).collect()
    }

    /// Networks of a service's own.
    fn written(&self, service: &Service) -> Option<&'d Raw> {
        value(self.extras.service(&service.name), NETWORKS)
    }

    /// How a service with networks of its own reaches the server, where it meets it on none of them. On that of the
    /// database it would meet services that its own networks part it from.
    fn link_of<'s>(&self, service: &'s Service) -> Option<MadeNetwork<'s>> {
        let written = self.written(service)?;
        self.deployment.contained_server()?;
        let of_server = value(&self.extras.server, NETWORKS).map(listed).unwrap_or_default();
        let meets = |name: &&str| names(written, name);
        let is_there = of_server.iter().chain(&[DATABASE_NETWORK]).any(meets);
        (self.deployment.reaches_server(service) && !is_there).then_some(MadeNetwork::Link(&service.name))
    }
}

/// The names of networks of a container.
pub(crate) fn listed(networks: &Raw) -> Vec<&str> {
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
