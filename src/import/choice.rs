//! Knows which of the servers of a hand-kept deployment becomes that of the profile, and which services use it. Must
//! not know how either is described.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::environment::{self, Given};
use super::ledger::Ledger;
use super::scope::Scope;
use super::server::{self, Server};
use super::service::Service;
use super::{database, reach, recognition};
use crate::diagnostic::Code;
use crate::spelling::quoted;
use crate::value::{Engine, ServiceName, TextValue as _};
use crate::yaml::{Entry, Node};

/// What an import reads at first.
pub(super) struct Whole<'w, 'text> {
    pub(super) root: &'w Node<'text>,
    /// What the project is called.
    pub(super) project: &'w str,
    /// The services.
    pub(super) entries: &'w [&'w Entry<'text>],
    /// The text of all files.
    pub(super) text: &'w str,
}

/// Servers that may stay services, with their variables.
type Aside<'n, 'text> = Vec<(&'n Entry<'text>, Vec<Given>)>;

/// Why a server stays a service, by its name.
type Reasons<'n> = BTreeMap<&'n str, String>;

/// The services of the profile, and the server of its `postgres` section: of several the one that most services use, as
/// far as a profile can say it. The others stay services.
pub(super) fn recognize<'n, 'text>(
    whole: &Whole<'n, 'text>,
    scope: &Scope,
    ledger: &mut Ledger<'_>,
) -> (Vec<Service<'n, 'text>>, Option<Server<'n, 'text>>) {
    let (mut services, aside) = services_and_servers(whole, ledger);
    let mut why_not = Reasons::new();
    let servers = recognized(&aside, whole, &mut why_not, ledger);
    let chosen = choose(servers, &mut services, (whole, scope), &mut why_not, ledger);
    match &chosen {
        // before other services, of which one may have a password of this name as well
        Some(server) => {
            server::take_password(server, ledger);
            ledger.volumes_beside.extend(server::volumes_beside(server));
        }
        // no service is said to have a database on it
        None => services.iter_mut().for_each(|service| service.leave_server(whole.text, ledger)),
    }
    for service in &services {
        service.note_database(ledger);
    }
    for (entry, given) in aside {
        let Some(why) = why_not.get(entry.key.as_ref()) else { continue };
        note_own_service(entry, why, ledger);
        if let Some(name) = service_name(entry, ledger) {
            services.push(Service::read(entry, name, given, ledger));
        }
    }
    services.sort_by_key(|service| service.entry.key_span.start);
    (services, chosen)
}

/// What is a service, and what is a PostgreSQL server.
fn services_and_servers<'n, 'text>(
    whole: &Whole<'n, 'text>,
    ledger: &mut Ledger<'_>,
) -> (Vec<Service<'n, 'text>>, Aside<'n, 'text>) {
    let given: Vec<Vec<Given>> = whole.entries.iter().map(|entry| environment::of(&entry.value)).collect();
    for given in given.iter().flatten() {
        given.find_secrets(ledger);
        given.note_passed(ledger);
    }
    let mut services = Vec::new();
    let mut aside = Vec::new();
    for (entry, given) in whole.entries.iter().zip(given) {
        if recognition::is_server(&entry.value, ledger) {
            aside.push((*entry, given));
        } else if let Some(name) = service_name(entry, ledger) {
            services.push(Service::read(entry, name, given, ledger));
        }
    }
    (services, aside)
}

/// The servers that a profile can say.
fn recognized<'n, 'text>(
    aside: &Aside<'n, 'text>,
    whole: &Whole<'n, 'text>,
    why_not: &mut Reasons<'n>,
    ledger: &mut Ledger<'_>,
) -> Vec<Server<'n, 'text>> {
    let mut servers = Vec::new();
    for (entry, _) in aside {
        let stays = ledger.servers_that_stay.get(entry.key.as_ref()).cloned();
        let recognized = || recognition::recognize(entry, whole.root, whole.project, ledger);
        match stays.map_or_else(recognized, Err) {
            Ok(server) => servers.push(server),
            Err(why) => drop(why_not.insert(&entry.key, why)),
        }
    }
    servers
}

/// The server that most services use, of those that can be the profile's.
fn choose<'n, 'text>(
    mut servers: Vec<Server<'n, 'text>>,
    services: &mut [Service<'n, 'text>],
    (whole, scope): (&Whole<'n, 'text>, &Scope),
    why_not: &mut Reasons<'n>,
    ledger: &Ledger<'_>,
) -> Option<Server<'n, 'text>> {
    let users = |server: &Server<'_, '_>| services.iter().filter(|it| reach::needs(it, &server.names, ledger)).count();
    servers.sort_by_cached_key(|server| (Reverse(users(server)), server.name() != ServiceName::postgres().as_str()));
    let mut chosen: Option<Server<'_, '_>> = None;
    for server in servers {
        let settled = match &chosen {
            Some(chosen) => Err(format!("`{}` is the server that more of the services use", chosen.name())),
            None => settle(services, &server, whole, scope, ledger).map_err(str::to_owned),
        };
        match settled {
            Ok(()) => chosen = Some(server),
            Err(why) => drop(why_not.insert(&server.entry.key, why)),
        }
    }
    chosen
}

/// Finds the databases of the services on a server. Where no service tells of one, those that wait for the server are taken
/// to use the one that it is made with: a profile's server runs for somebody.
///
/// # Errors
/// Why the server stays a service.
fn settle(
    services: &mut [Service<'_, '_>],
    server: &Server<'_, '_>,
    whole: &Whole<'_, '_>,
    scope: &Scope,
    ledger: &Ledger<'_>,
) -> Result<(), &'static str> {
    for service in services.iter_mut() {
        service.find_database(Some(server), whole.text, ledger);
    }
    leave_bystanders(services, server);
    leave_contested(services);
    let is_known = services.iter().filter_map(Service::database).any(|database| database.postgres.is_some());
    let is_clear = !scope.is_generated && services.iter().all(|service| !service.found.is_somebody_else);
    if !is_known && is_clear {
        for service in services.iter_mut().filter(|service| service.database().is_none()) {
            if reach::needs(service, &server.names, ledger) {
                service.found.database = database::guess(server);
            }
        }
    }
    let postgres = ServiceName::postgres();
    let is_taken = |entry: &&Entry<'_>| entry.key == postgres.as_str();
    if server.name() != postgres.as_str() && whole.entries.iter().copied().any(|entry| is_taken(&entry)) {
        return Err("another service is called `postgres`, which is the name of the section's server");
    }
    reach::is_wanted(server, services, ledger)
}

/// A file of variables is given to many services that do not need all of it: of those that know the server by nothing else,
/// the ones that wait for it use it.
fn leave_bystanders(services: &mut [Service<'_, '_>], server: &Server<'_, '_>) {
    let is_bystander = |service: &Service<'_, '_>| {
        let of_files = service.database().is_some_and(|database| database.is_of_files && database.postgres.is_some());
        of_files && !service.waits_for(server.name())
    };
    let uses = |service: &Service<'_, '_>| service.database().is_some_and(|database| database.postgres.is_some());
    if services.iter().any(|service| uses(service) && !is_bystander(service)) {
        for service in services.iter_mut().filter(|service| is_bystander(service)) {
            service.found.database = None;
        }
    }
}

/// Who owns a database that is described is the server's own role: one that another role opens would be taken away from
/// that, and stays as it is for all of its users.
fn leave_contested(services: &mut [Service<'_, '_>]) {
    let opened = |service: &Service<'_, '_>| {
        service.found.of_others.iter().map(|name| (name.clone(), service.name.to_string())).collect::<Vec<_>>()
    };
    let others: BTreeMap<String, String> = services.iter().flat_map(opened).collect();
    let mut told = BTreeSet::new();
    for service in services {
        let Some(database) = &mut service.found.database else { continue };
        let Some(name) = database.postgres.as_ref().map(|postgres| postgres.name.to_string()) else { continue };
        let Some(other) = others.get(&name) else { continue };
        match database.engine {
            Engine::Sqlite => database.postgres = None,
            Engine::Postgres => {
                service.found.database = None;
                service.found.is_somebody_else = true;
            }
        }
        if told.insert(name.clone()) {
            let message = format!(
                "`{name}` is no `database` of the profile: `{other}` opens it as another role than the server's, and \
                 would lose it"
            );
            service.found.told.push((None, message));
        }
    }
}

fn note_own_service(entry: &Entry<'_>, why: &str, ledger: &mut Ledger<'_>) {
    let message = format!("`{}` stays a service like the others, and gets no `postgres` section: {why}", entry.key);
    let help = "it runs as before; codelab-gen makes no databases on it and writes no scripts for it";
    ledger.reason(Some(&entry.key_span), message, help);
}

fn service_name(entry: &Entry<'_>, ledger: &mut Ledger<'_>) -> Option<ServiceName> {
    let name = ServiceName::parse(&entry.key);
    if let Err(mismatch) = &name {
        let message = format!("expected {}, found {}", mismatch.expected, quoted(&entry.key));
        ledger.fault(Code::InvalidValue, &entry.key_span, message, "rename the service, and import again");
    }
    name.ok()
}
