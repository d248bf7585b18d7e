//! Knows which database a hand-kept service uses, and which one it would use by the lines that are commented out.
//! Must not know how a profile is laid out.

use super::connection::{self, Connection, PostgresConnection};
use super::environment::Given;
use super::ledger::Ledger;
use super::server::Server;
use crate::interpolation::{Otherwise, Template};
use crate::value::{
    ContainerPath, DatabaseName, Driver, Engine, EnvironmentKey, Mount, MountSource, RoleName, ServiceName, SqlitePath,
    TextValue as _, VariableName,
};

/// What a database is looked for in.
pub(super) struct Home<'h> {
    pub(super) name: &'h ServiceName,
    pub(super) given: &'h [Given],
    pub(super) mounts: &'h [Mount],
    pub(super) working_dir: Option<&'h ContainerPath>,
    /// Whether the container gets all of `.env`.
    pub(super) has_dotenv: bool,
    /// The lines of the service that are commented out.
    pub(super) commented: &'h [(String, String)],
}

/// The database of a service.
pub(super) struct Database {
    /// The container's variable for the URL.
    pub(super) variable: String,
    /// The URL of today.
    pub(super) url: String,
    /// The engine of today.
    pub(super) engine: Engine,
    pub(super) sqlite: Option<SqliteFile>,
    pub(super) postgres: Option<(DatabaseName, Driver)>,
}

/// A SQLite file in a mount.
#[derive(Clone)]
pub(super) struct SqliteFile {
    pub(super) path: SqlitePath,
    /// The mount that it lies in.
    pub(super) data: usize,
}

/// A variable that holds a connection URL.
struct Candidate<'h> {
    variable: String,
    source: Option<String>,
    url: String,
    given: Option<&'h Given>,
}

/// Finds the database of a service; nothing where it has none that a profile can say.
pub(super) fn find(home: &Home<'_>, server: Option<&Server<'_, '_>>, ledger: &mut Ledger<'_>) -> Option<Database> {
    let usual = EnvironmentKey::of_service(home.name, "__DB_URL").to_string();
    let mut candidates: Vec<_> = home.given.iter().filter_map(|given| candidate(given, ledger)).collect();
    if home.has_dotenv {
        candidates.extend(in_dotenv(home, &usual, ledger));
    }
    let rank = |candidate: &Candidate<'_>| match candidate.variable.as_str() {
        name if name == usual => 0,
        name if name.ends_with("DB_URL") || name.ends_with("DATABASE_URL") => 1,
        _ => 2,
    };
    candidates.sort_by_key(rank);
    candidates.into_iter().find_map(|candidate| accept(candidate, home, server, ledger))
}

/// The URLs of `.env`, which the container gets whole: its own by its name, and one that leads to the server, which only
/// one service can mean that names no other.
fn in_dotenv<'h>(home: &Home<'_>, usual: &str, ledger: &Ledger<'_>) -> Vec<Candidate<'h>> {
    let is_given = |name: &str| home.given.iter().any(|given| given.name == name);
    let is_others = |name: &str| name.ends_with("__DB_URL") && name != usual;
    let is_url = |url: &str| connection::read(url).is_some();
    let mut found: Vec<_> = ledger
        .variables
        .all()
        .filter(|(name, url)| is_url(url) && !is_given(name) && !is_others(name) && VariableName::parse(name).is_ok())
        .collect();
    found.sort_unstable();
    let candidate = |(name, url): (&str, &str)| Candidate {
        variable: name.to_owned(),
        source: Some(name.to_owned()),
        url: url.to_owned(),
        given: None,
    };
    found.into_iter().map(candidate).collect()
}

fn candidate<'h>(given: &'h Given, ledger: &Ledger<'_>) -> Option<Candidate<'h>> {
    let url = given.today(ledger)?;
    let is_url = connection::read(&url).is_some() && VariableName::parse(&given.name).is_ok();
    is_url.then(|| Candidate { variable: given.name.clone(), source: given.source(), url, given: Some(given) })
}

fn accept(
    candidate: Candidate<'_>,
    home: &Home<'_>,
    server: Option<&Server<'_, '_>>,
    ledger: &mut Ledger<'_>,
) -> Option<Database> {
    let Candidate { variable, source, url, given } = candidate;
    let told = connection::read(&url)?.and_then(|connection| side(&connection, home, server, ledger));
    let (engine, mut sqlite, mut postgres) = match told {
        Ok(Side::Sqlite(file)) => (Engine::Sqlite, Some(file), None),
        Ok(Side::Postgres(name, driver)) => (Engine::Postgres, None, Some((name, driver))),
        Err(why) => {
            let message = format!("`{variable}` of `{}` is no `database` of the profile: {why}", home.name);
            let help = "it stays a variable; describe the database by hand to switch its engine with the profile";
            ledger.reason(given.map(|given| &given.span), message, help);
            return None;
        }
    };
    for other in alternatives(&variable, source.as_deref(), given, home, ledger) {
        let Some(Ok(connection)) = connection::read(&other) else { continue };
        match (side(&connection, home, server, ledger), engine) {
            (Ok(Side::Sqlite(file)), Engine::Postgres) => sqlite = sqlite.or(Some(file)),
            (Ok(Side::Postgres(name, driver)), Engine::Sqlite) => postgres = postgres.or(Some((name, driver))),
            (Ok(Side::Sqlite(_)), Engine::Sqlite) | (Ok(Side::Postgres(..)), Engine::Postgres) | (Err(_), _) => {}
        }
    }
    Some(Database { variable, url, engine, sqlite, postgres })
}

/// What else the URL would be: the default of its reference, and lines that are commented out.
fn alternatives(
    variable: &str,
    source: Option<&str>,
    given: Option<&Given>,
    home: &Home<'_>,
    ledger: &Ledger<'_>,
) -> Vec<String> {
    let default = given.and_then(|given| match &given.value {
        super::environment::GivenValue::Text(text) => {
            let template = Template::parse(text)?;
            match &template.single()?.otherwise {
                Otherwise::Default { text, .. } => ledger.variables.fill(text),
                Otherwise::Empty | Otherwise::Required | Otherwise::Alternative => None,
            }
        }
        super::environment::GivenValue::Passed | super::environment::GivenValue::Odd(_) => None,
    });
    let of_dotenv = [Some(variable), source.filter(|source| *source != variable)];
    let of_dotenv = of_dotenv.into_iter().flatten().flat_map(|key| ledger.variables.commented(key));
    let of_compose = home.commented.iter().filter(|(key, _)| key == variable).map(|(_, value)| value.as_str());
    let commented = of_dotenv.chain(of_compose);
    let filled = commented.filter_map(|text| ledger.variables.fill(&Template::parse(text)?));
    default.into_iter().chain(filled).collect()
}

/// One engine of a database.
enum Side {
    Sqlite(SqliteFile),
    Postgres(DatabaseName, Driver),
}

/// # Errors
/// Why a profile can't say it, in words.
fn side(
    connection: &Connection,
    home: &Home<'_>,
    server: Option<&Server<'_, '_>>,
    ledger: &mut Ledger<'_>,
) -> Result<Side, String> {
    match connection {
        Connection::Sqlite(path) => {
            let data = data_mount(path, home).ok_or("its SQLite file lies in no mount that is sure to hold it")?;
            Ok(Side::Sqlite(SqliteFile { path: path.clone(), data }))
        }
        Connection::Postgres(url) => {
            let server = server.ok_or("the profile has no `postgres` section")?;
            is_on(server, url, home)?;
            if url.password != server.password {
                let message = format!("the URL of `{}` has another password than `POSTGRES_PASSWORD`", home.name);
                ledger.note(None, message, "the generated one has that of `POSTGRES_PASSWORD`");
            }
            Ok(Side::Postgres(url.database.clone(), url.driver))
        }
    }
}

fn is_on(server: &Server<'_, '_>, url: &PostgresConnection, home: &Home<'_>) -> Result<(), String> {
    if url.host != server.name() {
        return Err(format!("its server `{}` is no service of the deployment", url.host));
    }
    if url.port != "5432" {
        return Err("it reaches the server at another port than 5432".to_owned());
    }
    if url.user != server.user.as_str() {
        let own = RoleName::of_service(home.name);
        let message = "its role is not the one that the server is made with";
        return Err(if url.user == own.as_str() {
            format!("{message}; see `access: per_service`")
        } else {
            message.into()
        });
    }
    Ok(())
}

/// The mount that a SQLite file lies in. A relative path hangs on the folder that the program runs in; without
/// `working_dir` that is the image's, and known only where the path begins with the mount's own name.
fn data_mount(path: &SqlitePath, home: &Home<'_>) -> Option<usize> {
    home.mounts.iter().position(|mount| {
        let folder = home.working_dir.cloned().unwrap_or_else(|| mount.target.parent());
        let is_folder = match &mount.source {
            MountSource::Volume(_) | MountSource::Bind(_) => !mount.read_only,
        };
        is_folder && mount.target.strip(&folder.join(path)).is_some()
    })
}
