//! Knows which engine a service uses and what its connection URL is. Must not know the other services.

use indexmap::IndexMap;

use super::engine::described;
use super::extensions::with_those_needed;
use super::mounts::kept_in;
use super::operated::is_operators_role;
use super::options::{self, Reader};
use super::scope::{Faults, Scope};
use super::told;
use crate::deployment::{
    CERTIFICATES_FILE, CERTIFICATES_FOLDER, CERTIFICATES_KEY, Certificates, Database, External, ExternalTls, GivenUrl,
    Host, Member, OPERATED_HOST, OwnedDatabase, Pool, RoleLimits, Server, Service,
};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::profile;
use crate::spelling::quoted;
use crate::url::{ConnectionUrl, Login, PostgresUrl};
use crate::value::{
    Access, Choice as _, ContainerPath, DatabaseLabel, DatabaseName, DatabasePart, Driver, Engine, EnvironmentKey,
    Mount, Port, Rights, RoleName, ServiceName, SqlitePath, Tls, VariableName,
};

/// The database that every server has, and that programs connect to which want none in particular.
const MAINTENANCE: &str = "postgres";

/// The certificates that Debian's and Alpine's images carry. No Python driver finds them by itself.
const IMAGE_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What a database's rules look at in its service.
pub(super) struct Home<'s> {
    pub(super) name: &'s ServiceName,
    pub(super) data: Option<&'s Mount>,
    pub(super) working_dir: Option<&'s ContainerPath>,
    /// What variables of the service hold of the database.
    pub(super) parts: Vec<(VariableName, DatabasePart)>,
    pub(super) at: FieldPath,
    /// The name of the database where it is a further one.
    pub(super) further: Option<&'s DatabaseLabel>,
}

impl Home<'_> {
    /// Where the database is written.
    fn database(&self) -> FieldPath {
        profile::database_path(&self.at, self.further)
    }
}

/// The database of a service by the engine that is chosen; the other engine's description is checked as well, so that
/// switching is one word.
pub(super) fn resolve_database(
    database: &profile::Database,
    home: &Home<'_>,
    scope: &Scope<'_>,
    faults: &mut Faults,
) -> Option<Database> {
    let at = home.database();
    let sqlite = database.sqlite.get().map(|sqlite| resolve_sqlite(database, sqlite, home, &at.key("sqlite"), faults));
    let postgres = database.postgres.get().map(|written| database_name(written, scope, &at.key("postgres"), faults));
    let sqlite_file = match &sqlite {
        Some(Some(ConnectionUrl::Sqlite(url))) => Some(url.file.clone()),
        Some(Some(ConnectionUrl::Postgres(_)) | None) | None => None,
    };
    let driver = database.driver();
    let options = options::options(&database.options, Reader::Postgres(driver), &at.key("options"), faults);
    told::check_use(database, &home.parts, &at, faults);
    let engine = engine(database, scope, &at, faults)?;
    let url = match engine {
        Engine::Sqlite => sqlite??,
        Engine::Postgres => {
            let server = server(scope, database, &at, faults)?;
            if let Some(written) = database.postgres.get() {
                check_limits(written, server, &at.key("postgres"), faults);
            }
            check_rights(database, server, &at, faults);
            let name = postgres??;
            let owner = match database.rights() {
                Rights::Owner => scope.jobs.owner(home.name, Some(&name)),
                Rights::Write | Rights::Read => home.name,
            };
            let url = postgres_url(server, login(server, home, owner, faults)?, name);
            // the profile's `tls` decides for a server elsewhere, whatever was right inside of the deployment
            let options = options.into_iter().filter(|option| url.tls.is_none() || !option.is_about_tls());
            ConnectionUrl::Postgres(PostgresUrl { driver, options: options.collect(), ..url })
        }
    };
    let given = database.gives_url().then(|| {
        let key = EnvironmentKey::of_url(home.name, home.further);
        let variable = database.env.get().cloned().unwrap_or_else(|| VariableName::of_key(&key));
        GivenUrl { key, variable }
    });
    let on_server = database.postgres.get();
    Some(Database {
        name: home.further.cloned(),
        given,
        kept_in: kept_in(&url, home.data),
        url,
        driver,
        word: told::word(engine, driver, database),
        parts: home.parts.clone(),
        sqlite_file,
        rights: database.rights(),
        shared: database.shared.copied() == Some(true),
        extensions: on_server.and_then(|written| written.extensions.get()).cloned().unwrap_or_default(),
        limits: on_server.map(limits).unwrap_or_default(),
        pool: database.pool.get().map_or(Pool::USUAL, pool),
    })
}

fn engine(database: &profile::Database, scope: &Scope<'_>, at: &FieldPath, faults: &mut Faults) -> Option<Engine> {
    let described = described(database);
    if let Some(chosen) = database.engine.copied() {
        if !described.contains(&chosen) {
            let word = chosen.as_str();
            let message = format!("the engine is `{word}`, but the database has no `{word}`");
            let help = match chosen {
                Engine::Sqlite => "write `sqlite: data/NAME.db` beside it",
                Engine::Postgres => "write `postgres: DATABASE_NAME` beside it",
            };
            faults.add(Code::UndescribedEngine, Place::value(&at.key("engine")), message, help);
            return None;
        }
        return Some(chosen);
    }
    match (described.as_slice(), scope.engine) {
        ([], _) => {
            let help = "write `sqlite: data/NAME.db`, `postgres: DATABASE_NAME`, or both";
            faults.add(Code::MissingField, Place::key(at), "the database describes no engine", help);
            None
        }
        ([only], _) => Some(*only),
        (_, Some(default)) => Some(default),
        (_, None) => {
            let help =
                "write `engine: sqlite` or `engine: postgres` here, or at the top of the profile for all services";
            faults.add(Code::NoEngine, Place::key(at), "the database describes both engines and chooses none", help);
            None
        }
    }
}

fn resolve_sqlite(
    database: &profile::Database,
    sqlite: &profile::Sqlite,
    home: &Home<'_>,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<ConnectionUrl> {
    let Some(path) = sqlite.path.get() else {
        faults.add(Code::MissingField, Place::key(at), "the SQLite file is not named", "write `path: data/NAME.db`");
        return None;
    };
    let (Some(data), Some(working_dir)) = (home.data, home.working_dir) else {
        let help = "write `data: ./FOLDER:/app/data` or `data: VOLUME:/app/data` at the service";
        let message = "a SQLite file needs a place that outlives its container, but the service has no `data`";
        faults.add(Code::MissingField, Place::value(at), message, help);
        return None;
    };
    let file = working_dir.join(path);
    if data.target.strip(&file).is_none() {
        faults.push(outside_mount(path, &file, data, working_dir, home, at));
        return None;
    }
    told::sqlite_url(database, sqlite, (path, file), &home.database(), faults).map(ConnectionUrl::Sqlite)
}

fn outside_mount(
    path: &SqlitePath,
    file: &ContainerPath,
    data: &Mount,
    working_dir: &ContainerPath,
    home: &Home<'_>,
    at: &FieldPath,
) -> Diagnostic {
    let target = &data.target;
    let inside = target.join(&path.file_name());
    let better = working_dir.strip(&inside).unwrap_or(inside.as_str());
    Diagnostic::error(
        Code::OutsideMount,
        Place::value(&at.key("path")),
        format!("{} is the file `{file}`, which lies outside of the data mount `{target}`", quoted(path.as_str())),
        format!("write `{better}`: a file outside of the mount is lost with its container"),
    )
    .also(Place::value(&home.at.key("data")), "the data mount")
}

fn database_name(
    written: &profile::PostgresDatabase,
    scope: &Scope<'_>,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<DatabaseName> {
    let Some(name) = written.name.get() else {
        faults.add(Code::MissingField, Place::key(at), "the database is not named", "write `name: DATABASE_NAME`");
        return None;
    };
    if name.is_reserved() && !is_of_superuser(name, scope) {
        let message = format!("PostgreSQL keeps the database name {} for itself", quoted(name.as_str()));
        faults.add(Code::ReservedName, Place::value(&at.key("name")), message, "choose another name");
        return None;
    }
    Some(name.clone())
}

/// Whether it is the database `postgres` of a server whose superuser it belongs to anyway, as who logs in to it.
fn is_of_superuser(name: &DatabaseName, scope: &Scope<'_>) -> bool {
    let is_own = |server: &Server| server.container().is_some() && server.access == Access::Shared;
    name.as_str() == MAINTENANCE && scope.server.is_some_and(is_own)
}

/// Rights are those of a role, and extensions are made for who owns the database.
fn check_rights(database: &profile::Database, server: &Server, at: &FieldPath, faults: &mut Faults) {
    if database.rights() == Rights::Owner {
        return;
    }
    if server.access == Access::Shared {
        let message = "`rights` are those of a role, and with shared access all services have the server's own";
        let help = "write `access: per_service` in the `postgres` section, or remove it";
        faults.add(Code::RoleLimit, Place::value(&at.key("rights")), message, help);
    }
    if matches!(server.host, Host::Operated(_)) {
        let message = "the operator knows no rights of a role in the database of another one";
        let help = "let the owner grant them, or give each service its own database";
        faults.add(Code::RoleLimit, Place::value(&at.key("rights")), message, help);
    }
    if database.postgres.get().is_some_and(|written| written.extensions.is_given()) {
        let message = "extensions are made for the service that owns the database";
        let help = "write `extensions` at the service whose `rights` are `owner`";
        faults.add(Code::RoleLimit, Place::key(&at.key("postgres").key("extensions")), message, help);
    }
}

/// Limits are those of a role, and only some that an administrator without a superuser's rights may set.
fn check_limits(written: &profile::PostgresDatabase, server: &Server, at: &FieldPath, faults: &mut Faults) {
    let limits = [
        ("connection_limit", written.connection_limit.is_given()),
        ("temp_file_limit", written.temp_file_limit.is_given()),
        ("statement_timeout", written.statement_timeout.is_given()),
    ];
    for (field, _) in limits.into_iter().filter(|(_, is_given)| *is_given) {
        let place = Place::key(&at.key(field));
        if server.access == Access::Shared {
            let message = format!("`{field}` limits a role, and with shared access all services have the server's own");
            let help = "write `access: per_service` in the `postgres` section, or remove it";
            faults.add(Code::RoleLimit, place, message, help);
        } else if server.operated().is_some() && field != "connection_limit" {
            let message = format!("`{field}` is a setting of a role, and CloudNativePG gives roles none");
            let help = format!("remove it, or limit all roles: `settings: {{ {field}: … }}` in the `postgres` section");
            faults.add(Code::RoleLimit, place, message, help);
        } else if field == "temp_file_limit" && !server.is_inside() {
            let message = "only a superuser may set `temp_file_limit`, and the server is external";
            let help = Help::remove().and("; its administrator can run `ALTER ROLE ... SET temp_file_limit`");
            faults.add(Code::RoleLimit, place, message, help);
        }
    }
}

fn server<'s>(
    scope: &Scope<'s>,
    database: &profile::Database,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<&'s Server> {
    if scope.server.is_none() && !scope.postgres_section {
        let place = if database.engine.is_given() { Place::value(&at.key("engine")) } else { Place::key(at) };
        let message = "the service uses PostgreSQL, but the profile has no `postgres` section";
        let help = "write a `postgres:` section with `image: postgres:16-alpine` and `user: NAME`";
        faults.add(Code::NoPostgres, place, message, help);
    }
    scope.server
}

/// As whom a service logs in, whose database is this owner's.
fn login(server: &Server, home: &Home<'_>, owner: &ServiceName, faults: &mut Faults) -> Option<Login> {
    match server.access {
        Access::Shared => Some(Login { role: server.user.clone(), password: server.administrator_password.clone() }),
        Access::PerService => {
            let role = RoleName::of_service(owner);
            let is_operators = server.operated().is_some() && is_operators_role(&role);
            if role.is_reserved() || is_operators || role == server.user {
                let reason = match &role {
                    role if *role == server.user => "is the server's own `user`",
                    _ if is_operators => "is kept by the operator",
                    _ => "is kept by PostgreSQL",
                };
                let message = format!("the service's role {} {reason}", quoted(role.as_str()));
                let fault = Diagnostic::error(Code::ReservedName, Place::key(&home.at), message, "rename the service");
                // another database of the service may have told it
                if !faults.0.contains(&fault) {
                    faults.push(fault);
                }
                return None;
            }
            Some(Login { role, password: EnvironmentKey::of_service(owner, "__DB_PASSWORD") })
        }
    }
}

/// The file in a service's container by which it verifies its server; nothing where it verifies none.
pub(super) fn certificates_file(server: &Server) -> Option<String> {
    let by_image = matches!(&server.host, Host::External(External { tls: ExternalTls::VerifyFull(None), .. }));
    match server.certificates() {
        Some(Certificates::File(_)) => Some(CERTIFICATES_FILE.to_owned()),
        Some(Certificates::Secret(_)) => Some(format!("{CERTIFICATES_FOLDER}/{CERTIFICATES_KEY}")),
        None => by_image.then(|| IMAGE_CERTIFICATES.to_owned()),
    }
}

/// What leads to a database, without what its driver is told beside that.
fn postgres_url(server: &Server, login: Login, name: DatabaseName) -> PostgresUrl {
    let (host, port, tls) = match &server.host {
        Host::Container(_) => (ServiceName::postgres().as_str().to_owned(), Port::POSTGRES, None),
        Host::Operated(_) => (OPERATED_HOST.to_owned(), Port::POSTGRES, Some(Tls::VerifyFull)),
        Host::External(external) => (external.host.clone(), external.port, Some(external.tls.mode())),
    };
    let certificates = certificates_file(server).unwrap_or_default();
    PostgresUrl { driver: Driver::Plain, login, host, port, database: name, tls, certificates, options: Vec::new() }
}

/// The databases that the services use on the server, each once, with the extensions that any of them asks for. Its limits
/// are those of the service that always runs, before those of one that ends by itself.
pub(super) fn owned_databases(services: &[Service]) -> Vec<OwnedDatabase> {
    let mut databases: IndexMap<DatabaseName, OwnedDatabase> = IndexMap::new();
    let all = |rights: fn(Rights) -> bool| {
        let each = services.iter().flat_map(|service| service.databases_on_server().map(move |found| (service, found)));
        each.filter(move |(_, (database, _))| rights(database.rights))
    };
    for (service, (database, url)) in all(|rights| rights == Rights::Owner) {
        let owned = databases.entry(url.database.clone()).or_insert_with(|| OwnedDatabase {
            name: url.database.clone(),
            owner: url.login.clone(),
            extensions: Vec::new(),
            limits: RoleLimits::default(),
            members: Vec::new(),
        });
        let limits = limits_of_role(service, &url.login);
        owned.limits =
            if service.runs.ends() { owned.limits.clone().or(limits) } else { limits.or(owned.limits.clone()) };
        let asked = with_those_needed(&database.extensions);
        let more = asked.iter().filter(|extension| !owned.extensions.contains(extension));
        let more: Vec<_> = more.cloned().collect();
        owned.extensions.extend(more);
    }
    for (service, (database, url)) in all(|rights| rights != Rights::Owner) {
        let Some(owned) = databases.get_mut(&url.database) else { continue };
        if owned.members.iter().any(|member| member.login == url.login) {
            continue;
        }
        let limits = limits_of_role(service, &url.login);
        owned.members.push(Member { login: url.login.clone(), rights: database.rights, limits });
    }
    databases.into_values().collect()
}

/// What a service says of the limits of a role, at whichever of its databases.
fn limits_of_role(service: &Service, login: &Login) -> RoleLimits {
    let of_role = service.databases_on_server().filter(|(_, url)| url.login == *login);
    of_role.fold(RoleLimits::default(), |limits, (database, _)| limits.or(database.limits.clone()))
}

fn pool(written: &profile::Pool) -> Pool {
    let size = written.size.copied().map_or(0, |size| u32::from(size.get()));
    let overflow = written.overflow.copied().map_or(0, |overflow| u32::from(overflow.get()));
    Pool { connections: size + overflow, is_written: true }
}

fn limits(database: &profile::PostgresDatabase) -> RoleLimits {
    RoleLimits {
        connections: database.connection_limit.copied(),
        temp_files: database.temp_file_limit.get().cloned(),
        statement: database.statement_timeout.get().cloned(),
    }
}
