//! Knows what `init-postgres.sh` makes: roles, databases, extensions; and how a target starts it. Sees names of variables,
//! never a password. Must not know which target that is.

use serde::Serialize;

use crate::deployment::{
    Database, Deployment, External, ExternalTls, Host, Member, OwnedDatabase, RoleLimits, Server, Service,
};
use crate::placement::Placement;
use crate::render::{Dialect, Header, Template};
use crate::url::{Grammar, Login, PostgresUrl, grammar};
use crate::value::{Access, Choice as _, DatabaseName};

/// The script.
pub(super) const TEXT: Template = Template(include_str!("../../templates/scripts/init-postgres.sh.j2"), Dialect::Shell);

/// Who starts the script, which decides where it finds its passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Start {
    /// Docker Compose, or the image: they are variables, or files that variables name.
    Compose,
    /// A container in the server's pod: they are files that variables name.
    Pod,
    /// An administrator, where they are files in a folder beside the script.
    Administrator,
}

#[derive(Serialize)]
pub(super) struct InitScriptView {
    #[serde(flatten)]
    header: Header,
    start: Start,
    required: Vec<String>,
    files: Vec<String>,
    urls: Vec<UrlView>,
    /// The functions that read them.
    checks: Vec<&'static str>,
    external: Option<ExternalView>,
    ensure: bool,
    per_service: bool,
    has_extensions: bool,
    /// `DATABASE:ROLE` of each.
    members: Vec<String>,
    roles: Vec<RoleView>,
    service_roles: Vec<String>,
    created: Vec<OwnerView>,
    closed: Vec<String>,
    databases: Vec<DatabaseView>,
}

/// What the text in a variable must say.
#[derive(Serialize)]
struct UrlView {
    /// The function that reads it.
    check: &'static str,
    /// What stands between words, and around values.
    words: Option<[&'static str; 2]>,
    variable: String,
    role: String,
    password: String,
    host: String,
    port: u16,
    database: String,
}

#[derive(Serialize)]
struct ExternalView {
    host: String,
    port: u16,
    tls: &'static str,
    verifies: bool,
    ca: Option<String>,
}

#[derive(Clone, Serialize)]
struct RoleView {
    name: String,
    password: String,
    limits: Vec<String>,
}

#[derive(Serialize)]
struct OwnerView {
    name: String,
    owner: String,
}

#[derive(Serialize)]
struct DatabaseView {
    name: String,
    owner: String,
    extensions: Vec<String>,
    /// `ROLE:RIGHTS` of each that may use it beside its owner.
    members: Vec<String>,
}

/// The script's content; nothing where no service uses PostgreSQL.
pub(super) fn view(deployment: &Deployment, placement: &Placement, start: Start) -> Option<InitScriptView> {
    let server = deployment.server.as_ref().filter(|server| server.operated().is_none())?;
    let databases = deployment.services.iter().flat_map(Service::databases_on_server);
    let urls: Vec<_> = databases.filter_map(|(database, url)| url_view(database, url)).collect();
    let roles: Vec<_> = roles(server);
    let per_service = server.access == Access::PerService;
    Some(InitScriptView {
        header: Header::new(deployment.stage, placement),
        start,
        required: required(server, &roles),
        files: files(deployment, server, &urls, start),
        checks: urls.iter().map(|url| url.check).collect(),
        urls,
        external: match &server.host {
            Host::Container(_) | Host::Operated(_) => None,
            Host::External(external) => Some(external_view(external, placement)),
        },
        ensure: server.container().is_some_and(|container| container.ensure),
        per_service,
        has_extensions: server.databases.iter().any(|database| !database.extensions.is_empty()),
        members: server.databases.iter().flat_map(members).collect(),
        roles,
        service_roles: server.logins().into_iter().map(|login| login.role.to_string()).collect(),
        created: created(server),
        closed: closed(server),
        databases: server.databases.iter().map(database_view).collect(),
    })
}

/// The variables whose values may be files.
fn files(deployment: &Deployment, server: &Server, urls: &[UrlView], start: Start) -> Vec<String> {
    let passwords = match start {
        Start::Compose => deployment.secret_files(),
        Start::Pod | Start::Administrator => server.passwords(),
    };
    let urls = urls.iter().filter(|_| start == Start::Administrator).map(|url| url.variable.clone());
    passwords.into_iter().map(ToString::to_string).chain(urls).collect()
}

/// The variables without which the script does nothing.
fn required(server: &Server, roles: &[RoleView]) -> Vec<String> {
    let user = match &server.host {
        Host::Container(_) | Host::Operated(_) => "POSTGRES_USER",
        Host::External(_) => "INIT_POSTGRES_USER",
    };
    std::iter::once(user.to_owned()).chain(roles.iter().map(|role| role.password.clone())).collect()
}

/// Who logs in to the server, the administrator of a container first; that of an external server is not ours to alter.
fn roles(server: &Server) -> Vec<RoleView> {
    let administrator = server
        .container()
        .map(|_| (server.user.to_string(), server.administrator_password.to_string()))
        .map(|(name, password)| RoleView { name, password, limits: Vec::new() });
    let is_known = |login: &&Login| administrator.as_ref().is_some_and(|role| role.name == login.role.as_str());
    let others = server.logins().into_iter().filter(|login| !is_known(login));
    let others = others.map(|login| RoleView {
        name: login.role.to_string(),
        password: login.password.to_string(),
        limits: limits(&limits_of(login, server)),
    });
    administrator.iter().cloned().chain(others).collect()
}

/// What a role may use of the server: as the profile says at the databases that it owns, or may use.
fn limits_of(login: &Login, server: &Server) -> RoleLimits {
    let owners = server.databases.iter().map(|database| (&database.owner, &database.limits));
    let members = server.databases.iter().flat_map(|database| &database.members);
    let members = members.map(|member| (&member.login, &member.limits));
    let of_role = owners.chain(members).filter(|(known, _)| *known == login);
    of_role.fold(RoleLimits::default(), |limits, (_, more)| limits.or(more.clone()))
}

/// Limits of a role, by the names and in the units of PostgreSQL.
fn limits(limits: &RoleLimits) -> Vec<String> {
    let RoleLimits { connections, temp_files, statement } = limits;
    let connections = connections.map(|connections| format!("connection_limit={connections}"));
    let temp_files = temp_files.as_ref().map(|size| format!("temp_file_limit={}kB", size.kilobytes()));
    let statement = statement.as_ref().map(|time| format!("statement_timeout={}ms", time.milliseconds()));
    [connections, temp_files, statement].into_iter().flatten().collect()
}

/// The databases that there must be: that which the image makes first, unless its first start was cut off, and the
/// services'.
fn created(server: &Server) -> Vec<OwnerView> {
    let first = first_database(server).filter(|name| !name.is_reserved());
    let first = first.map(|name| OwnerView { name: name.to_string(), owner: server.user.to_string() });
    let of_services = server.databases.iter();
    let of_services = of_services
        .map(|OwnedDatabase { name, owner, .. }| OwnerView { name: name.to_string(), owner: owner.role.to_string() });
    first.into_iter().chain(of_services).collect()
}

/// The databases of the server itself that one can connect to.
fn closed(server: &Server) -> Vec<String> {
    let made_by_initdb = ["postgres", "template1"].map(str::to_owned);
    let first = first_database(server).map(ToString::to_string).filter(|name| !made_by_initdb.contains(name));
    made_by_initdb.iter().cloned().chain(first).collect()
}

/// The database that the image makes first, where it is no service's own.
fn first_database(server: &Server) -> Option<&DatabaseName> {
    let first = &server.container()?.database;
    server.databases.iter().all(|database| database.name != *first).then_some(first)
}

fn url_view(database: &Database, url: &PostgresUrl) -> Option<UrlView> {
    let key = &database.given.as_ref()?.key;
    let PostgresUrl { driver, login, host, port, database, .. } = url;
    let (check, words) = match grammar(*driver) {
        Grammar::Url(_) => ("check_url", None),
        Grammar::Jdbc => ("check_jdbc", None),
        Grammar::Pairs => ("check_words", Some([";", "\""])),
        Grammar::Words => ("check_words", Some([" ", "'"])),
    };
    Some(UrlView {
        check,
        words,
        variable: key.to_string(),
        role: login.role.to_string(),
        password: login.password.to_string(),
        host: host.clone(),
        port: port.get(),
        database: database.to_string(),
    })
}

/// Who may come to a database beside its owner.
fn members(database: &OwnedDatabase) -> impl Iterator<Item = String> {
    database.members.iter().map(|member| format!("{}:{}", database.name, member.login.role))
}

fn database_view(database: &OwnedDatabase) -> DatabaseView {
    let OwnedDatabase { name, owner, extensions, limits: _, members } = database;
    let member = |member: &Member| format!("{}:{}", member.login.role, member.rights);
    DatabaseView {
        name: name.to_string(),
        owner: owner.role.to_string(),
        extensions: extensions.iter().map(ToString::to_string).collect(),
        members: members.iter().map(member).collect(),
    }
}

fn external_view(external: &External, placement: &Placement) -> ExternalView {
    let External { host, port, tls, client: _ } = external;
    let ca = tls.certificates_file().map(|path| placement.from_out(path));
    let verifies = matches!(tls, ExternalTls::VerifyFull(_));
    ExternalView { host: host.clone(), port: port.get(), tls: tls.mode().as_str(), verifies, ca }
}
