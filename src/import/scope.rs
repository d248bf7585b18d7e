//! Knows what the services of an import have in common. Must not know how one of them is said.

use std::collections::{HashMap, HashSet};

use super::environment::Given;
use super::ledger::Ledger;
use super::server::Server;
use super::service::Service;
use super::tree;
use super::variables;
use crate::profile::Raw;
use crate::target::compose::{DATABASE_NETWORK, DEFAULT_NETWORK, INSIDE_NETWORK, NETWORKS, PUBLISHED_NETWORK};
use crate::value::{Engine, MountSource, ServiceName};
use crate::yaml::Node;

/// What a service of the profile depends on beside itself.
pub(super) struct Scope<'s> {
    text: &'s str,
    /// Whether codelab-gen wrote the Compose file.
    pub(super) is_generated: bool,
    /// The engine of most services that have both.
    pub(super) engine: Option<Engine>,
    server: Option<String>,
    runs_server: bool,
    /// The services, and whether a profile says their health checks.
    services: HashMap<String, bool>,
    /// What services open, and how many of them.
    opened: HashMap<String, usize>,
    /// The named volumes that something mounts.
    pub(super) mounted: HashSet<String>,
    /// Where the server keeps its data, a volume as the Compose file calls it.
    data_of_server: Option<MountSource>,
}

impl<'s> Scope<'s> {
    pub(super) fn new(text: &'s str, is_generated: bool) -> Self {
        Self {
            text,
            is_generated,
            engine: None,
            server: None,
            runs_server: false,
            services: HashMap::new(),
            opened: HashMap::new(),
            mounted: HashSet::new(),
            data_of_server: None,
        }
    }

    /// Takes in what is known once all services are read.
    pub(super) fn learn(&mut self, services: &[Service<'_, '_>], server: Option<&Server<'_, '_>>) {
        let databases = || services.iter().filter_map(Service::database);
        let choices = || databases().filter(|database| database.sqlite.is_some() && database.postgres.is_some());
        let on_postgres = choices().filter(|database| database.engine == Engine::Postgres).count();
        let all = choices().count();
        let most = if 2 * on_postgres >= all { Engine::Postgres } else { Engine::Sqlite };
        self.engine = (all > 0).then_some(most);
        self.server = server.map(|server| server.name().to_owned());
        self.runs_server = server.is_some() && databases().any(|database| database.engine == Engine::Postgres);
        self.services = services.iter().map(|service| (service.name.to_string(), service.is_checked())).collect();
        for opened in services.iter().filter_map(Service::opened) {
            *self.opened.entry(opened).or_default() += 1;
        }
        self.data_of_server = server.map(|server| server.data.source.clone());
        let of_server = self.data_of_server.iter().filter_map(|source| match source {
            MountSource::Volume(name) => Some(name.to_string()),
            MountSource::Bind(_) => None,
        });
        self.mounted = services.iter().flat_map(Service::volumes).chain(of_server).collect();
    }

    /// Whether this is where the server keeps its data.
    pub(super) fn is_data_of_server(&self, source: &MountSource) -> bool {
        self.data_of_server.as_ref() == Some(source)
    }

    /// Whether a service that has nothing to do with the server, as far as the profile knows, met it on Compose's own
    /// network; tells which. The server then stays there.
    pub(super) fn meets_others(
        &self,
        services: &[Service<'_, '_>],
        server: &Server<'_, '_>,
        ledger: &mut Ledger<'_>,
    ) -> bool {
        let is_on_default = |node: &Node<'_>| match tree::child(node, "networks") {
            None => tree::child(node, "network_mode").is_none(),
            Some(networks) => {
                tree::entry(networks, "default").is_some()
                    || tree::items(networks).iter().any(|name| tree::text(name) == Some("default"))
            }
        };
        let others: Vec<_> = services
            .iter()
            .filter(|service| service.database().is_none() && is_on_default(&service.entry.value))
            .filter(|service| !needs(service, server.name(), ledger))
            .map(|service| format!("`{}`", service.name))
            .collect();
        if !self.runs_server || self.is_generated || others.is_empty() || !is_on_default(server.node()) {
            return false;
        }
        let through: Vec<_> = services
            .iter()
            .filter(|service| service.database().is_some() && borrows(&service.entry.value))
            .map(|service| format!("`{}`", service.name))
            .collect();
        if through.is_empty() {
            let message =
                format!("{} can reach the server on Compose's own network, and it stays there", others.join(", "));
            let help = "take `networks` out of `postgres.compose` in the profile where none of them uses it";
            ledger.note(Some(server.span()), message, help);
        } else {
            let message = format!(
                "the server stays on Compose's own network: {} stands on the networks of another service",
                through.join(", ")
            );
            let help = "leave `networks` in `postgres.compose` of the profile: by them it reaches the server";
            ledger.note(Some(server.span()), message, help);
        }
        true
    }

    /// Tells where the server would not run.
    pub(super) fn note_server(&self, server: Option<&Server<'_, '_>>, ledger: &mut Ledger<'_>) {
        let Some(server) = server.filter(|_| !self.runs_server) else { return };
        let message = format!("`{}` is not started any more while no service uses it", server.name());
        let help = "its volume stays, and is mounted again once a service's engine is `postgres`";
        ledger.note(Some(server.span()), message, help);
    }

    /// Whether a service that has no database in the profile reaches the server, which runs.
    pub(super) fn reached(&self, service: &Service<'_, '_>, ledger: &Ledger<'_>) -> bool {
        let server = self.server.as_deref().filter(|_| self.runs_server && service.database().is_none());
        server.is_some_and(|server| needs(service, server, ledger))
    }

    /// What the profile calls a service that is waited for; nothing where it says so by itself.
    pub(super) fn awaited<'a>(&self, name: &'a str, has_database: bool) -> Option<&'a str> {
        if self.is_generated && name == ServiceName::postgres_ensure().as_str() {
            return None;
        }
        if self.server.as_deref() == Some(name) {
            return (self.runs_server && !has_database).then_some("postgres");
        }
        Some(name)
    }

    /// Whether a service of the Compose file is the server, and runs as the profile's.
    pub(super) fn runs_as_server(&self, name: &str) -> bool {
        self.runs_server && self.server.as_deref() == Some(name)
    }

    /// Whether the profile knows enough of a service to wait for it.
    pub(super) fn can_wait(&self, name: &str, condition: &str) -> bool {
        let is_server = self.runs_server && name == ServiceName::postgres().as_str();
        let known = self.services.get(name);
        is_server || known.is_some_and(|is_checked| *is_checked || condition != "healthy")
    }

    /// Whether another service uses the same database.
    pub(super) fn is_shared(&self, service: &Service<'_, '_>) -> bool {
        service.opened().is_some_and(|opened| self.opened.get(&opened).is_some_and(|count| *count > 1))
    }

    /// The keys and values of the lines of a service that are commented out.
    pub(super) fn commented_in(&self, node: &Node<'_>) -> Vec<(String, String)> {
        let text = self.text.get(node.span.clone()).unwrap_or_default();
        text.lines().filter_map(variables::commented).collect()
    }

    /// Drops raw keys that codelab-gen writes by itself; whether they say that a container has no way out.
    pub(super) fn drop_generated(&self, compose: &mut Vec<(String, Raw)>) -> bool {
        let names = |networks: &Raw| -> Option<Vec<String>> {
            let Raw::Sequence(names) = networks else { return None };
            names
                .iter()
                .map(|name| if let Raw::Scalar { text, .. } = name { Some(text.clone()) } else { None })
                .collect()
        };
        let ours = [DEFAULT_NETWORK, INSIDE_NETWORK, DATABASE_NETWORK, PUBLISHED_NETWORK];
        let at = compose.iter().position(|(key, _)| self.is_generated && key == NETWORKS);
        let found = at.and_then(|at| Some((at, names(&compose.get(at)?.1)?)));
        let is_link = |name: &str| name.strip_prefix(DATABASE_NETWORK).is_some_and(|rest| rest.starts_with('-'));
        let is_ours = |name: &String| ours.contains(&name.as_str()) || is_link(name);
        let found = found.filter(|(_, names)| names.iter().all(is_ours));
        let Some((at, names)) = found else { return false };
        compose.remove(at);
        let is_on = |network: &str| names.iter().any(|name| name == network);
        is_on(INSIDE_NETWORK) && !is_on(DEFAULT_NETWORK)
    }
}

/// Whether a service stands on the networks of another one.
fn borrows(node: &Node<'_>) -> bool {
    let mode = tree::text_of(node, "network_mode").unwrap_or_default();
    ["service:", "container:"].iter().any(|kind| mode.starts_with(kind))
}

/// Whether the `postgres` section says all that is wanted of a server.
///
/// # Errors
/// Why not.
pub(super) fn is_wanted(
    server: &Server<'_, '_>,
    services: &[Service<'_, '_>],
    ledger: &Ledger<'_>,
) -> Result<(), &'static str> {
    let databases: Vec<_> = services.iter().filter_map(Service::database).collect();
    if databases.iter().all(|database| database.postgres.is_none()) {
        return Err("no service is known to have a database on it, as the role that it is made with");
    }
    let is_renamed = server.name() != ServiceName::postgres().as_str();
    if is_renamed && services.iter().any(|service| is_bound(service, server.name())) {
        return Err(
            "another service is bound to its container by its name, and the section's server is called `postgres`",
        );
    }
    if is_renamed && ledger.named_beside.contains(server.name()) {
        return Err("the file beside the Compose file names it, and the section's server is called `postgres`");
    }
    let runs = databases.iter().any(|database| database.engine == Engine::Postgres);
    let others = services.iter().filter(|service| service.database().is_none());
    let mut users = others.filter(|service| needs(service, server.name(), ledger));
    if !runs && users.next().is_some() {
        return Err("a service without a database in the profile uses it");
    }
    Ok(())
}

/// A key of Compose by which another service takes part of the server's container, by the name that it would lose.
fn is_bound(service: &Service<'_, '_>, server: &str) -> bool {
    let node = &service.entry.value;
    let of_service =
        |key: &&str| tree::text_of(node, key).and_then(|text| text.strip_prefix("service:")) == Some(server);
    let listed = |key: &&str| {
        let items = tree::child(node, key).map(tree::items).unwrap_or_default();
        items.iter().filter_map(tree::text).any(|text| text.split(':').next() == Some(server))
    };
    ["network_mode", "ipc", "pid"].iter().any(of_service) || ["volumes_from", "links"].iter().any(listed)
}

/// Whether a service waits for the server, or names its host.
pub(super) fn needs(service: &Service<'_, '_>, server: &str, ledger: &Ledger<'_>) -> bool {
    let waits = service.waits_for(server);
    let names_it = |given: &Given| given.today(ledger).is_some_and(|today| is_host(&given.name, &today, server));
    waits || service.given.iter().any(names_it)
}

/// Whether a variable names a host: by its own name, in a URL, before a port, or as `host=…`. The same word may be a role,
/// a database or a kind of store.
fn is_host(name: &str, value: &str, host: &str) -> bool {
    const NAMES: [&str; 7] = ["HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS", "ENDPOINT", "HOSTS"];
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let upper = name.to_ascii_uppercase();
    let is_named =
        upper.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| NAMES.iter().any(|it| word.ends_with(it)));
    value.match_indices(host).any(|(at, _)| {
        let (before, behind) = (value.get(..at).unwrap_or_default(), value.get(at + host.len()..).unwrap_or_default());
        if before.ends_with(is_part) || behind.starts_with(is_part) {
            return false;
        }
        let is_before_port =
            behind.strip_prefix(':').is_some_and(|port| port.starts_with(|c: char| c.is_ascii_digit()));
        let key = before.to_ascii_lowercase();
        let is_in_url = before.ends_with('@') || before.ends_with("://");
        is_named || is_in_url || is_before_port || ["host=", "server="].iter().any(|it| key.ends_with(it))
    })
}
