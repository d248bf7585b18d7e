//! Knows which service logs in to the server without a URL that a profile writes: by parts, each in a variable of its own,
//! or by a text in another form. Must not know how a profile is laid out.
//!
//! Such a service keeps what it has. The profile says which database is its own, and which variables are parts of it.

use super::found::{Database, Home, OTHER_PASSWORD, PostgresSide, other_role};
use super::words::completed;
use crate::import::connection::{Target, target, target_in_lines};
use crate::import::ledger::Ledger;
use crate::import::parts::Named;
use crate::import::server::Server;
use crate::value::{DatabaseName, DatabasePart, Driver, Engine, EnvironmentKey, TextValue as _, VariableName};

const PORT: &str = "5432";

/// A variable that may hold a part.
struct Variable {
    name: String,
    named: Named,
    value: String,
    /// Whether the Compose file gives it.
    is_given: bool,
}

/// The database of a service that tells it otherwise than by a URL of the profile; nothing where it tells none.
///
/// # Errors
/// Why a profile can't say it: the service is somebody else to the server.
pub(super) fn find(home: &Home<'_>, server: &Server<'_, '_>, ledger: &Ledger<'_>) -> Result<Option<Database>, String> {
    let (variables, targets) = (variables(home, ledger), targets(home, server, ledger));
    let hosts = hosts(&variables, server);
    if hosts.is_empty() && targets.is_empty() && !(home.waits && logs_in(&variables, server)) {
        return Ok(None);
    }
    let about: Vec<_> = variables.iter().filter(|variable| variable.named.is_about(&hosts)).collect();
    let of_targets = |part: fn(&Target) -> Option<&String>| targets.iter().filter_map(part).map(String::as_str);
    let values = |part: DatabasePart| meant(&about, &hosts, part);
    let users: Vec<_> = of_targets(|target| target.user.as_ref()).chain(values(DatabasePart::User)).collect();
    let passwords: Vec<_> =
        of_targets(|target| target.password.as_ref()).chain(values(DatabasePart::Password)).collect();
    let mut at = of_targets(|target| target.port.as_ref()).chain(values(DatabasePart::Port));
    if at.any(|port| port != PORT) {
        return Err("it reaches the server at another port than 5432".to_owned());
    }
    if let Some(other) = other_than(&users, server.user.as_str()) {
        return Err(other_role(other, home));
    }
    if other_than(&passwords, &server.password).is_some() {
        return Err(OTHER_PASSWORD.to_owned());
    }
    let named = of_targets(|target| target.database.as_ref()).next().map(str::to_owned);
    let named = named.or_else(|| name(&about, &hosts, server));
    // an admin's tool knows no more than the host
    if users.is_empty() && passwords.is_empty() && named.is_none() {
        return Ok(None);
    }
    let name = match named {
        Some(name) => DatabaseName::parse(&name).ok().filter(|name| !name.is_reserved() || name.as_str() == "postgres"),
        None => (!server.has_scripts).then(|| server.database.clone()),
    };
    let name = name.ok_or("its database has a name that a profile can't give")?;
    let parts = parts(home, server, &name, ledger);
    let is_given = |name: &str| home.given.iter().any(|given| given.name == name);
    let is_of_files = parts.is_empty()
        && !about.iter().any(|it| is_given(&it.name))
        && given_targets(home, server, ledger).is_empty();
    Ok(Some(Database { is_of_files, ..of_name(name, parts, false) }))
}

/// Whether the service has the server's own login, though not its host: that may stand in its program.
fn logs_in(variables: &[Variable], server: &Server<'_, '_>) -> bool {
    let has = |part: DatabasePart, value: &str| {
        variables.iter().any(|it| it.named.part == part && it.value == value && it.named.is_about(&[]))
    };
    has(DatabasePart::User, server.user.as_str()) && has(DatabasePart::Password, &server.password)
}

/// A database that is told by no URL of the profile.
pub(super) fn of_name(name: DatabaseName, parts: Vec<(String, DatabasePart)>, is_guess: bool) -> Database {
    let postgres = Some(PostgresSide { name, driver: Driver::Asyncpg, options: None });
    Database { url: None, parts, engine: Engine::Postgres, sqlite: None, postgres, is_guess, is_of_files: false }
}

/// The variables of the Compose file that hold nothing but a part of the database, and those of files that hold the
/// password.
pub(super) fn parts(
    home: &Home<'_>,
    server: &Server<'_, '_>,
    database: &DatabaseName,
    ledger: &Ledger<'_>,
) -> Vec<(String, DatabasePart)> {
    let variables = variables(home, ledger);
    let hosts = hosts(&variables, server);
    let holds = |variable: &&Variable| {
        let (value, named) = (variable.value.as_str(), &variable.named);
        let is_same = match named.part {
            DatabasePart::Host => return server.is_called(value),
            DatabasePart::Port => value == PORT,
            DatabasePart::User => value == server.user.as_str(),
            DatabasePart::Password => value == server.password,
            DatabasePart::Name => value == database.as_str(),
            DatabasePart::Url | DatabasePart::Address | DatabasePart::Driver => false,
        };
        is_same && named.is_about(&hosts)
    };
    // a file would keep an old password
    let of_dotenv = |name: &str| home.has_dotenv && name == EnvironmentKey::postgres_password().as_str();
    let is_copy = |it: &Variable| it.named.part == DatabasePart::Password && !of_dotenv(&it.name);
    let given = variables.iter().filter(|it| (it.is_given || is_copy(it)) && VariableName::parse(&it.name).is_ok());
    given.filter(holds).map(|variable| (variable.name.clone(), variable.named.part)).collect()
}

/// Everything that the container gets and that may be a part, by the file's order.
fn variables(home: &Home<'_>, ledger: &Ledger<'_>) -> Vec<Variable> {
    let variable = |name: &str, value: String, is_given: bool| {
        let named = Named::read(name).filter(|_| !value.is_empty())?;
        Some(Variable { name: name.to_owned(), named, value, is_given })
    };
    let given = home.given.iter().filter_map(|given| variable(&given.name, given.today(ledger)?, true));
    let is_given = |name: &String| home.given.iter().any(|given| given.name == *name);
    let of_files = home.of_files.iter().filter(|(name, _)| !is_given(name));
    given.chain(of_files.filter_map(|(name, value)| variable(name, value.clone(), false))).collect()
}

/// The role, and the name of the database, of a service whose variables say another role than the server's.
pub(super) fn other_login(
    home: &Home<'_>,
    server: &Server<'_, '_>,
    ledger: &Ledger<'_>,
) -> Option<(String, Option<String>)> {
    let variables = variables(home, ledger);
    let hosts = hosts(&variables, server);
    if hosts.is_empty() && targets(home, server, ledger).is_empty() {
        return None;
    }
    let about: Vec<_> = variables.iter().filter(|variable| variable.named.is_about(&hosts)).collect();
    let other = other_than(&meant(&about, &hosts, DatabasePart::User), server.user.as_str())?.to_owned();
    Some((other, name(&about, &hosts, server)))
}

/// The texts that lead to the server.
pub(super) fn targets(home: &Home<'_>, server: &Server<'_, '_>, ledger: &Ledger<'_>) -> Vec<Target> {
    let of_files = home.of_files.values().filter_map(|value| target(value));
    let of_program = home.program.iter().filter_map(|url| Some(completed(target(url)?, home.words)));
    let beside = of_files.chain(of_program).filter(|target| server.is_called(&target.host));
    given_targets(home, server, ledger).into_iter().chain(beside).collect()
}

fn given_targets(home: &Home<'_>, server: &Server<'_, '_>, ledger: &Ledger<'_>) -> Vec<Target> {
    let given = home.given.iter().filter_map(|given| given.today(ledger)).filter_map(|text| {
        let target = target(&text).or_else(|| target_in_lines(&text, &|host| server.is_called(host)))?;
        server.is_called(&target.host).then_some(target)
    });
    given.collect()
}

/// How the variables begin that name the server's host.
fn hosts(variables: &[Variable], server: &Server<'_, '_>) -> Vec<String> {
    let is_server = |value: &str| {
        let host = value.strip_suffix(PORT).and_then(|value| value.strip_suffix(':')).unwrap_or(value);
        server.is_called(host)
    };
    let hosts = variables.iter().filter(|it| it.named.part == DatabasePart::Host && is_server(&it.value));
    hosts.map(|it| it.named.before.clone()).collect()
}

/// What variables say of a part: those that are called as the host is, where there are some, else all of them.
fn meant<'v>(about: &[&'v Variable], hosts: &[String], part: DatabasePart) -> Vec<&'v str> {
    let of_part = || about.iter().filter(|it| it.named.part == part);
    let beside: Vec<_> = of_part().filter(|it| hosts.contains(&it.named.before)).map(|it| it.value.as_str()).collect();
    if beside.is_empty() { of_part().map(|it| it.value.as_str()).collect() } else { beside }
}

/// The first of several values, where none of them is the one that is meant.
fn other_than<'v>(values: &[&'v str], meant: &str) -> Option<&'v str> {
    if values.contains(&meant) { None } else { values.first().copied() }
}

/// The name of a database: the server's own where one says that, else what stands beside the host.
fn name(about: &[&Variable], hosts: &[String], server: &Server<'_, '_>) -> Option<String> {
    let names = || about.iter().filter(|it| it.named.part == DatabasePart::Name);
    let own = names().find(|it| it.value == server.database.as_str());
    let beside = || names().find(|it| hosts.contains(&it.named.before));
    own.or_else(beside).or_else(|| names().next()).map(|it| it.value.clone())
}
