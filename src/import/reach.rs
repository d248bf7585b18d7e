//! Knows which service needs the server, and whether it would still find it as that of a profile. Must not know how
//! either is said.

use super::environment::Given;
use super::ledger::Ledger;
use super::server::Server;
use super::service::Service;
use crate::value::{Engine, ServiceName};

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
    if is_renamed && ledger.named_beside.contains(server.name()) {
        return Err("the file beside the Compose file names it, and the section's server is called `postgres`");
    }
    let runs = databases.iter().any(|database| database.engine == Engine::Postgres);
    let others = services.iter().filter(|service| service.database().is_none());
    let mut users = others.filter(|service| needs(service, &server.names, ledger));
    if !runs && users.next().is_some() {
        return Err("a service without a database in the profile uses it");
    }
    Ok(())
}

/// Whether a service waits for the server, or names its host, which has these names, its key first.
pub(super) fn needs(service: &Service<'_, '_>, server: &[String], ledger: &Ledger<'_>) -> bool {
    let waits = server.first().is_some_and(|key| service.waits_for(key));
    let is_named = |given: &Given, today: &str| server.iter().any(|host| is_host(&given.name, today, host));
    let names_it = |given: &Given| given.today(ledger).is_some_and(|today| is_named(given, &today));
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
