//! Knows what two services may not have in common: databases, ports, names. Must not know what they do.

use std::collections::{HashMap, HashSet};

use super::scope::Faults;
use crate::deployment::{
    Database, GivenUrl, OPERATED_HOSTS, POSTGRES_DB, POSTGRES_USER, PublishedPort, Server, Service, Variable,
};
use crate::diagnostic::{Code, Diagnostic, Mend, Place};
use crate::field::FieldPath;
use crate::profile::{Profile, given};
use crate::spelling::quoted;
use crate::value::{
    Access, DatabaseName, EnvironmentKey, HostAddress, Port, Rights, ServiceImage, ServiceName, VariableName,
};

/// The keys of `.env` that belong to the server.
const OWNED_KEYS: [&str; 3] = [POSTGRES_USER, "POSTGRES_PASSWORD", POSTGRES_DB];

/// Checks all that clashes.
pub(super) fn check(services: &[Service], server: Option<&Server>, profile: &Profile, faults: &mut Faults) {
    check_databases(services, server, faults);
    check_limits(services, server, faults);
    if profile.target().publishes_on_a_host() {
        check_ports(services, server, faults);
    }
    check_keys(services, profile, faults);
    check_variables(services, server, profile, faults);
    check_postgres_name(services, server, faults);
}

pub(super) fn service_path(name: &ServiceName) -> FieldPath {
    FieldPath::root().key("services").key(name)
}

/// Where a database of a service is described for an engine.
pub(super) fn database_place(service: &ServiceName, database: &Database, engine: &str) -> Place {
    Place::value(&database.path(service).key(engine))
}

/// Whether two services say that they use one database on purpose.
pub(super) fn both_share(first: &Database, second: &Database) -> bool {
    first.shared && second.shared
}

/// Both services say that they share their database.
pub(super) fn share(first: (&Service, &Database), second: (&Service, &Database)) -> Mend {
    let shared = |(service, database): (&Service, &Database)| Mend::add(database.path(&service.name), "shared", "true");
    shared(first).and(shared(second)).titled("write `shared: true` at both")
}

fn check_databases(services: &[Service], server: Option<&Server>, faults: &mut Faults) {
    let per_service = server.is_some_and(|server| server.access == Access::PerService);
    let mut users: HashMap<&str, (&Service, &Database)> = HashMap::new();
    // what ends by itself shares the database of another one by naming it
    for service in services.iter().filter(|service| !service.runs.ends()) {
        for (database, url) in service.databases_on_server().filter(|(database, _)| database.rights == Rights::Owner) {
            let Some(first) = users.insert(url.database.as_str(), (service, database)) else { continue };
            let is_right = both_share(first.1, database) && !per_service;
            if first.0.name != service.name && !is_right {
                faults.push(used_twice(first, (service, database), &url.database, per_service));
            }
        }
    }
    for service in services {
        check_rights_in_one(service, faults);
    }
    check_owned(services, faults);
}

fn used_twice(
    first: (&Service, &Database),
    second: (&Service, &Database),
    name: &DatabaseName,
    per_service: bool,
) -> Diagnostic {
    let both_say_so = both_share(first.1, second.1);
    let name = quoted(name.as_str());
    let (message, help) = if both_say_so {
        let message = format!("two services share the database {name}, but each one has a role of its own");
        let help =
            "write `rights: write` or `rights: read` at all of them but one, or give each service its own database";
        (message, help)
    } else {
        let message = format!("two services use the database {name}");
        let help = if per_service {
            "give each service its own database, or write `rights: write` or `rights: read` at all but one; one that ends by \
             itself says `runs: once`"
        } else {
            "give each service its own database, or write `shared: true` beside it at both; one that ends by itself says \
             `runs: once`"
        };
        (message, help)
    };
    let place = |(service, database): (&Service, &Database)| database_place(&service.name, database, "postgres");
    let fault = Diagnostic::error(Code::SharedDatabase, place(second), message, help);
    let mend = (!both_say_so && !per_service).then(|| share(first, second));
    fault.mended(mend).label("used again here").also(place(first), "first used here")
}

/// A service logs in to a database as one role, which has one set of rights there.
fn check_rights_in_one(service: &Service, faults: &mut Faults) {
    let mut seen: HashMap<&str, &Database> = HashMap::new();
    for (database, url) in service.databases_on_server() {
        let first = *seen.entry(url.database.as_str()).or_insert(database);
        if first.rights != database.rights {
            let message = format!(
                "the service would have other rights in the database {} than it has there anyway",
                quoted(url.database.as_str())
            );
            let help = "write the same `rights` at both, or let another service use it with these rights";
            let place = Place::key(&database.path(&service.name));
            let fault = Diagnostic::error(Code::SharedDatabase, place, message, help);
            faults.push(fault.also(Place::key(&first.path(&service.name)), "the other ones"));
        }
    }
}

/// A database that services read or write has an owner.
fn check_owned(services: &[Service], faults: &mut Faults) {
    let all = || services.iter().flat_map(|service| service.databases_on_server().map(move |found| (service, found)));
    let owners = all().filter(|(_, (database, _))| database.rights == Rights::Owner);
    let owned: HashSet<&str> = owners.map(|(_, (_, url))| url.database.as_str()).collect();
    for (service, (database, url)) in all() {
        if database.rights != Rights::Owner && !owned.contains(url.database.as_str()) {
            let message = format!("no service owns the database {}", quoted(url.database.as_str()));
            let help = "let one service have it with `rights: owner`, which is the default";
            let place = |field| database_place(&service.name, database, field);
            let fault = Diagnostic::error(Code::SharedDatabase, place("rights"), message, help);
            faults.push(fault.also(place("postgres"), "the database"));
        }
    }
}

/// Limits are those of a role: what is said of it twice must be the same, be it by one that ends by itself of the role of
/// another service, or by one service at two of its databases.
fn check_limits(services: &[Service], server: Option<&Server>, faults: &mut Faults) {
    let Some(server) = server.filter(|server| server.access == Access::PerService) else { return };
    for service in services {
        for (database, url) in service.databases_on_server() {
            let Some(owned) = server.databases.iter().find(|owned| owned.name == url.database) else { continue };
            let member = owned.members.iter().find(|member| member.login == url.login);
            let role = member.map_or(&owned.limits, |member| &member.limits);
            let own = &database.limits;
            let lost = [
                ("connection_limit", own.connections.is_some() && own.connections != role.connections),
                ("temp_file_limit", own.temp_files.is_some() && own.temp_files != role.temp_files),
                ("statement_timeout", own.statement.is_some() && own.statement != role.statement),
            ];
            for (field, _) in lost.into_iter().filter(|(_, is_lost)| *is_lost) {
                let at = database.path(&service.name).key("postgres").key(field);
                faults.push(another_limit(field, url.login.role.as_str(), service.runs.ends(), &at));
            }
        }
    }
}

fn another_limit(field: &str, role: &str, ends: bool, at: &FieldPath) -> Diagnostic {
    let (who, help) = if ends {
        ("another service", "limits belong to the role: write one at the service that always runs, and remove this one")
    } else {
        ("another database", "limits belong to the role: write one at one database of the service, and remove this one")
    };
    let message = format!("`{field}` limits the role `{role}`, for which {who} says another limit");
    Diagnostic::error(Code::RoleLimit, Place::key(at), message, help)
}

/// Who publishes a port of one number.
#[derive(Default)]
struct Publishers {
    first: Option<FieldPath>,
    /// The first one on all addresses.
    everywhere: Option<FieldPath>,
    by_address: HashMap<HostAddress, FieldPath>,
}

impl Publishers {
    /// The one that gets in the way of a port on this address.
    fn overlapping(&self, address: HostAddress) -> Option<&FieldPath> {
        if address.is_unspecified() {
            return self.first.as_ref();
        }
        self.everywhere.as_ref().or_else(|| self.by_address.get(&address))
    }

    fn add(&mut self, address: HostAddress, path: FieldPath) {
        self.first.get_or_insert_with(|| path.clone());
        if address.is_unspecified() {
            self.everywhere.get_or_insert_with(|| path.clone());
        }
        self.by_address.entry(address).or_insert(path);
    }
}

/// Ports of the host, by number.
fn check_ports(services: &[Service], server: Option<&Server>, faults: &mut Faults) {
    let container = server.and_then(Server::container).and_then(|container| container.publish.as_ref());
    let of_server = container.map(|port| (FieldPath::root().key("postgres").key("publish"), port));
    let of_services = services
        .iter()
        .filter_map(|service| service.publish.as_ref().map(|port| (service_path(&service.name).key("publish"), port)));
    let mut taken: HashMap<Port, Publishers> = HashMap::new();
    for service in services.iter().filter(|service| service.replicas.is_some()) {
        if service.publish.is_some() {
            let at = service_path(&service.name);
            let message = "several containers can't share one port of the host";
            let help = "remove `publish` or `replicas`, or put a gateway before the service";
            let fault = Diagnostic::error(Code::PortClash, Place::value(&at.key("replicas")), message, help);
            faults.push(fault.also(Place::value(&at.key("publish")), "the port"));
        }
    }
    let mut variables: HashMap<&EnvironmentKey, FieldPath> = HashMap::new();
    for (path, PublishedPort { address, port, variable, .. }) in of_services.chain(of_server) {
        if let Some(variable) = variable
            && let Some(first) = variables.insert(variable, path.clone())
        {
            let message = format!("`{variable}` would give two services the same port of the host");
            let help = "give each published port a variable of its own";
            let fault = Diagnostic::error(Code::PortClash, Place::value(&path), message, help);
            faults.push(fault.also(Place::value(&first), "the other one"));
        }
        let others = taken.entry(*port).or_default();
        if let Some(first) = others.overlapping(*address) {
            let message = format!("port {port} of the host is published twice");
            let help = "publish one of them on another port";
            let fault = Diagnostic::error(Code::PortClash, Place::value(&path), message, help);
            faults.push(fault.label("published again here").also(Place::value(first), "first published here"));
        }
        others.add(*address, path);
    }
}

/// Keys of `.env` come from services' names, where `-` and `_` become the same, and from secrets.
fn check_keys(services: &[Service], profile: &Profile, faults: &mut Faults) {
    let mut owners: HashMap<EnvironmentKey, Place> = HashMap::new();
    for service in services {
        for database in service.databases() {
            let Some(GivenUrl { key, .. }) = &database.given else { continue };
            let (what, at) = match &database.name {
                None => ("services", service_path(&service.name)),
                Some(_) => ("databases", database.path(&service.name)),
            };
            let place = Place::key(&at);
            if let Some(first) = owners.insert(key.clone(), place.clone()) {
                let message = format!("the key `{key}` of .env would belong to two {what}");
                let help = format!("rename one of the {what}");
                let fault = Diagnostic::error(Code::KeyClash, place, message, help);
                faults.push(fault.also(first, "the other one"));
            }
        }
    }
    for (name, _) in given(&profile.secrets) {
        let place = Place::key(&FieldPath::root().key("secrets").key(name));
        if let Some(owner) = owner_of(name.as_str()) {
            let message = format!("the key `{name}` of .env belongs to {owner}");
            let fault = Diagnostic::error(Code::KeyClash, place, message, "give the secret another name");
            faults.push(match owners.get(name) {
                Some(owner) => fault.also(owner.clone(), "the service"),
                None => fault,
            });
        }
    }
}

/// Whose a key of `.env` or of a shell is by its name alone, whatever this profile has: no secret may be called so.
fn owner_of(name: &str) -> Option<&'static str> {
    match name {
        POSTGRES_USER | POSTGRES_DB => Some("the server"),
        "PATH" | "HOME" => Some("the shell"),
        _ if name.starts_with("COMPOSE_") => Some("Docker Compose"),
        _ if name.ends_with("__DB_URL") => Some("a service's connection URL"),
        _ => None,
    }
}

/// A variable whose name is also a key that codelab-gen writes would take that key's value, a secret's for instance.
fn check_variables(services: &[Service], server: Option<&Server>, profile: &Profile, faults: &mut Faults) {
    let secrets: HashSet<_> = given(&profile.secrets).map(|(name, _)| name).collect();
    let key = profile.backups.get().filter(|backups| backups.encrypt()).map(|_| EnvironmentKey::backup_key());
    check_key_of_backups(key.as_ref(), services, faults);
    let is_owned = |name: &EnvironmentKey| {
        let is_of_server = OWNED_KEYS.contains(&name.as_str()) || name.as_str().ends_with("__DB_PASSWORD");
        is_of_server || secrets.contains(name) || key.as_ref() == Some(name)
    };
    let mut all = Vec::new();
    for service in services {
        let at = service_path(&service.name);
        let of_port = service.publish.as_ref().and_then(|port| port.variable.as_ref());
        let of_image = service.program.image().and_then(ServiceImage::follows);
        all.extend(of_image.map(|(name, _)| (name, at.key("image"))));
        all.extend(of_port.map(|name| (name, at.key("publish").key("env"))));
        all.extend(of_environment(&service.environment, &at));
    }
    let container = server.and_then(Server::container);
    let at = FieldPath::root().key("postgres");
    all.extend(container.into_iter().flat_map(|container| of_environment(&container.environment, &at)));
    for (name, path) in all.into_iter().filter(|(name, _)| is_owned(name)) {
        let message = format!("the key `{name}` of .env is written by codelab-gen");
        let help = if secrets.contains(name) {
            format!("write `{{ secret: {name} }}` for the secret, or use another name")
        } else {
            "use another name; a service's own password is `{ database: password }`".to_owned()
        };
        faults.add(Code::KeyClash, Place::value(&path), message, help);
    }
}

/// Who has the key of the backups reads the data of all services.
fn check_key_of_backups(key: Option<&EnvironmentKey>, services: &[Service], faults: &mut Faults) {
    for service in services {
        for (variable, value) in &service.environment {
            if matches!(value, Variable::Secret(secret) if Some(secret) == key) {
                let place = Place::value(&service_path(&service.name).key("environment").key(variable).key("secret"));
                let message = "the key of the backups is for their container alone";
                faults.add(Code::KeyClash, place, message, "give the service a secret of another name");
            }
        }
    }
}

/// The variables of `.env` that those of a container follow, with where they stand.
fn of_environment<'v>(
    environment: &'v [(VariableName, Variable)],
    at: &FieldPath,
) -> impl Iterator<Item = (&'v EnvironmentKey, FieldPath)> {
    let at = at.key("environment");
    environment.iter().filter_map(move |(variable, value)| match value {
        Variable::Environment { name, .. } => Some((name, at.key(variable).key("env"))),
        Variable::Literal(_) | Variable::Secret(_) | Variable::Url(_) => None,
    })
}

fn check_postgres_name(services: &[Service], server: Option<&Server>, faults: &mut Faults) {
    let Some(server) = server.filter(|server| server.is_inside()) else { return };
    let is_taken = |name: &ServiceName| services.iter().any(|service| service.name == *name);
    if server.operated().is_some() {
        let hosts = services.iter().map(|service| &service.name);
        for name in hosts.filter(|name| OPERATED_HOSTS.contains(&name.as_str())) {
            let message = format!("the name `{name}` belongs to the server that the operator runs");
            faults.add(Code::ReservedName, Place::key(&service_path(name)), message, "rename this service");
        }
    }
    let name = ServiceName::postgres();
    if is_taken(&name) {
        let message = "the name `postgres` belongs to the server that codelab-gen adds";
        let help = "rename this service, or describe the server in the `postgres` section at the top";
        faults.add(Code::ReservedName, Place::key(&service_path(&name)), message, help);
    }
    let name = ServiceName::postgres_ensure();
    if server.container().is_some_and(|container| container.ensure) && is_taken(&name) {
        let message =
            "the name `postgres-ensure` belongs to the service that codelab-gen adds to bring databases in line";
        let help = "rename this service, or write `ensure: false` in the `postgres` section";
        faults.add(Code::ReservedName, Place::key(&service_path(&name)), message, help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextValue as _;

    #[test]
    fn an_unspecified_address_overlaps_with_all_and_every_other_one_with_itself() {
        for (published, address, overlaps) in [
            (&["127.0.0.1"][..], "127.0.0.1", Some("127.0.0.1")),
            (&["127.0.0.1"], "127.0.0.2", None),
            (&["127.0.0.1", "10.0.0.1"], "0.0.0.0", Some("127.0.0.1")),
            (&["10.0.0.1", "0.0.0.0"], "127.0.0.1", Some("0.0.0.0")),
            (&["10.0.0.1", "10.0.0.2", "10.0.0.3"], "10.0.0.3", Some("10.0.0.3")),
            (&["::"], "127.0.0.1", Some("::")),
            (&["0.0.0.0"], "0.0.0.0", Some("0.0.0.0")),
            (&["127.0.0.1"], "all", Some("127.0.0.1")),
            (&["all"], "::1", Some("all")),
            (&[], "0.0.0.0", None),
        ] {
            let mut publishers = Publishers::default();
            for address in published {
                publishers.add(HostAddress::parse(address).unwrap(), FieldPath::root().key(address));
            }
            let found = publishers.overlapping(HostAddress::parse(address).unwrap());
            assert_eq!(
                found,
                overlaps.map(|address| FieldPath::root().key(address)).as_ref(),
                "{published:?} {address}"
            );
        }
    }
}
