//! Knows what the services of an import have in common. Must not know how one of them is said.

use std::collections::{HashMap, HashSet};

use super::ledger::Ledger;
use super::reach::needs;
use super::server::Server;
use super::service::Service;
use crate::compose::nodes;
use crate::profile::Raw;
use crate::target::compose::{DATABASE_NETWORK, DEFAULT_NETWORK, INSIDE_NETWORK, NETWORKS, PUBLISHED_NETWORK};
use crate::value::{Engine, MountSource, ServiceName};
use crate::yaml::Node;

/// What a service of the profile depends on beside itself.
pub(super) struct Scope {
    /// Whether codelab-gen wrote the Compose file.
    pub(super) is_generated: bool,
    /// The engine of most services that have both.
    pub(super) engine: Option<Engine>,
    /// What the server's host is called, its key first.
    server: Vec<String>,
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

impl Scope {
    pub(super) fn new(is_generated: bool) -> Self {
        Self {
            is_generated,
            engine: None,
            server: Vec::new(),
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
        self.server = server.map(|server| server.names.clone()).unwrap_or_default();
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
        let is_on_default = |node: &Node<'_>| match nodes::child(node, "networks") {
            None => nodes::child(node, "network_mode").is_none(),
            Some(networks) => {
                nodes::entry(networks, "default").is_some()
                    || nodes::items(networks).iter().any(|name| nodes::text(name) == Some("default"))
            }
        };
        let others: Vec<_> = services
            .iter()
            .filter(|service| service.database().is_none() && is_on_default(&service.entry.value))
            .filter(|service| !needs(service, &server.names, ledger))
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
                "the server stays on Compose's own network: {} is on the networks of another service",
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
        self.runs_server && service.database().is_none() && needs(service, &self.server, ledger)
    }

    /// What the profile calls a service that is waited for; nothing where it says so by itself.
    pub(super) fn awaited<'a>(&self, name: &'a str, has_database: bool) -> Option<&'a str> {
        if self.is_generated && name == ServiceName::postgres_ensure().as_str() {
            return None;
        }
        if self.server_key() == Some(name) {
            return (self.runs_server && !has_database).then_some("postgres");
        }
        Some(name)
    }

    /// Whether a service of the Compose file is the server, and runs as the profile's.
    pub(super) fn runs_as_server(&self, name: &str) -> bool {
        self.runs_server && self.server_key() == Some(name)
    }

    /// The service of the Compose file that becomes the server.
    fn server_key(&self) -> Option<&str> {
        self.server.first().map(String::as_str)
    }

    /// Writes the name that the server has now wherever a key names it: links go on saying what it is called there.
    pub(super) fn rename_server(&self, compose: &mut [(String, Raw)]) {
        let own = ServiceName::postgres();
        let Some(server) = self.server_key().filter(|server| self.runs_server && *server != own.as_str()) else {
            return;
        };
        for (key, value) in compose {
            let rename = |raw: &mut Raw| {
                let Raw::Scalar { text, .. } = &*raw else { return };
                if let Some(renamed) = renamed(key, text, server, own.as_str()) {
                    *raw = Raw::text(&renamed);
                }
            };
            match value {
                Raw::Sequence(items) => items.iter_mut().for_each(rename),
                one @ Raw::Scalar { .. } => rename(one),
                Raw::Mapping(_) => {}
            }
        }
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
    let mode = nodes::text_of(node, "network_mode").unwrap_or_default();
    ["service:", "container:"].iter().any(|kind| mode.starts_with(kind))
}

/// A text of a key that names the server, with the name that it has now.
fn renamed(key: &str, text: &str, server: &str, own: &str) -> Option<String> {
    match key {
        "links" => {
            let (name, alias) = text.split_once(':').unwrap_or((text, text));
            (name == server).then(|| format!("{own}:{alias}"))
        }
        "volumes_from" => {
            let rest = text.strip_prefix(server)?;
            (rest.is_empty() || rest.starts_with(':')).then(|| format!("{own}{rest}"))
        }
        "network_mode" | "ipc" | "pid" => {
            (text.strip_prefix("service:") == Some(server)).then(|| format!("service:{own}"))
        }
        _ => None,
    }
}
