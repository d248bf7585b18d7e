//! Knows which database a hand-kept service uses, and which one it would use by the lines that are commented out.
//! Must not know how a profile is laid out.

mod foreign;
mod found;
mod reached;
mod words;

use super::connection::{self, Connection, PostgresConnection};
use super::environment::{Given, GivenValue};
use super::ledger::Ledger;
use super::server::Server;
use crate::interpolation::{Otherwise, Template};
use crate::value::{Engine, EnvironmentKey, MountSource, SqlitePath, TextValue as _, VariableName};

pub(super) use self::found::{Database, Found, Home, PostgresSide};
use self::found::{OTHER_PASSWORD, SqliteFile, other_role};

/// A variable that holds a connection URL.
struct Candidate<'h> {
    variable: String,
    source: Option<String>,
    url: String,
    given: Option<&'h Given>,
}

/// Finds the database of a service; nothing where it has none that a profile can say.
pub(super) fn find(home: &Home<'_>, server: Option<&Server<'_, '_>>, ledger: &Ledger<'_>) -> Found {
    let usual = EnvironmentKey::of_service(home.name, "__DB_URL").to_string();
    let mut candidates: Vec<_> = home.given.iter().filter_map(|given| candidate(given, ledger)).collect();
    candidates.extend(in_files(home, &usual));
    let rank = |candidate: &Candidate<'_>| match candidate.variable.as_str() {
        name if name == usual => 0,
        name if name.ends_with("DB_URL") || name.ends_with("DATABASE_URL") => 1,
        _ => 2,
    };
    candidates.sort_by_key(rank);
    let mut found = accepted(candidates, home, server, ledger);
    let Some(server) = server else { return found };
    found.of_others = foreign::opened(home, server, ledger);
    match &mut found.database {
        Some(Database { engine: Engine::Sqlite, .. }) => {}
        Some(database) => {
            let name = database.postgres.as_ref().map(|postgres| postgres.name.clone());
            database.parts = name.map(|name| reached::parts(home, server, &name, ledger)).unwrap_or_default();
        }
        None => match reached::find(home, server, ledger) {
            Ok(Some(database)) => {
                found.database = Some(database);
                found.told.clear();
            }
            Ok(None) if found.of_others.is_empty() => {}
            Ok(None) => {
                found.is_somebody_else = true;
                let why = "its program logs in as another role than that which the server is made with";
                let message = format!("`{}` uses the server, and has no `database` in the profile: {why}", home.name);
                found.told.push((None, message));
            }
            Err(why) => {
                found.is_somebody_else = true;
                let message = format!("`{}` uses the server, and has no `database` in the profile: {why}", home.name);
                if found.told.is_empty() {
                    found.told.push((None, message));
                }
            }
        },
    }
    found
}

/// The first candidate that a profile can say; why none, where none is.
fn accepted(
    candidates: Vec<Candidate<'_>>,
    home: &Home<'_>,
    server: Option<&Server<'_, '_>>,
    ledger: &Ledger<'_>,
) -> Found {
    let mut found = Found::default();
    for candidate in candidates {
        match accept(&candidate, home, server, ledger) {
            Ok(database) => return Found { database: Some(database), ..Found::default() },
            Err(why) => {
                let message =
                    format!("`{}` of `{}` is no `database` of the profile: {why}", candidate.variable, home.name);
                found.told.push((candidate.given.map(|given| given.span.clone()), message));
            }
        }
    }
    found
}

/// The database that the server is made with, for a service of which nothing tells more than that it waits for the server.
pub(super) fn guess(server: &Server<'_, '_>) -> Option<Database> {
    (!server.has_scripts).then(|| reached::of_name(server.database.clone(), Vec::new(), true))
}

/// The URLs of files, which the container gets whole: its own by its name, and one that leads to the server, which only
/// one service can mean that names no other.
fn in_files<'h>(home: &Home<'_>, usual: &str) -> Vec<Candidate<'h>> {
    let is_given = |name: &str| home.given.iter().any(|given| given.name == name);
    let is_others = |name: &str| name.ends_with("__DB_URL") && name != usual;
    let is_url = |url: &str| connection::read(url).is_some();
    let mut found: Vec<_> = home
        .of_files
        .iter()
        .filter(|(name, url)| is_url(url) && !is_given(name) && !is_others(name) && VariableName::parse(name).is_ok())
        .collect();
    found.sort_unstable();
    let candidate = |(name, url): (&String, &String)| Candidate {
        variable: name.clone(),
        source: home.has_dotenv.then(|| name.clone()),
        url: url.clone(),
        given: None,
    };
    found.into_iter().map(candidate).collect()
}

fn candidate<'h>(given: &'h Given, ledger: &Ledger<'_>) -> Option<Candidate<'h>> {
    let url = given.today(ledger)?;
    let is_url = connection::read(&url).is_some() && VariableName::parse(&given.name).is_ok();
    is_url.then(|| Candidate { variable: given.name.clone(), source: given.source(), url, given: Some(given) })
}

/// # Errors
/// Why a profile can't say it, in words.
fn accept(
    candidate: &Candidate<'_>,
    home: &Home<'_>,
    server: Option<&Server<'_, '_>>,
    ledger: &Ledger<'_>,
) -> Result<Database, String> {
    let Candidate { variable, source, url, given } = candidate;
    let connection = connection::read(url).ok_or("it is no URL")??;
    let (engine, mut sqlite, mut postgres) = match side(&connection, home, server)? {
        Side::Sqlite(file) => (Engine::Sqlite, Some(file), None),
        Side::Postgres(side) => (Engine::Postgres, None, Some(side)),
    };
    for other in alternatives(variable, source.as_deref(), *given, home, ledger) {
        let Some(Ok(connection)) = connection::read(&other) else { continue };
        match (side(&connection, home, server), engine) {
            (Ok(Side::Sqlite(file)), Engine::Postgres) => sqlite = sqlite.or(Some(file)),
            (Ok(Side::Postgres(side)), Engine::Sqlite) => postgres = postgres.or(Some(side)),
            (Ok(Side::Sqlite(_)), Engine::Sqlite) | (Ok(Side::Postgres(_)), Engine::Postgres) | (Err(_), _) => {}
        }
    }
    let url = Some((variable.clone(), url.clone()));
    Ok(Database { url, parts: Vec::new(), engine, sqlite, postgres, is_guess: false, is_of_files: given.is_none() })
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
        GivenValue::Text(text) => {
            let template = Template::parse(text)?;
            match &template.single()?.otherwise {
                Otherwise::Default { text, .. } => ledger.variables.fill(text),
                Otherwise::Empty | Otherwise::Required { .. } | Otherwise::Alternative { .. } => None,
            }
        }
        GivenValue::Passed | GivenValue::Odd(_) => None,
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
    Postgres(PostgresSide),
}

/// # Errors
/// Why a profile can't say it, in words.
fn side(connection: &Connection, home: &Home<'_>, server: Option<&Server<'_, '_>>) -> Result<Side, String> {
    match connection {
        Connection::Sqlite(path) => {
            let data = data_mount(path, home).ok_or("its SQLite file lies in no mount that is sure to hold it")?;
            Ok(Side::Sqlite(SqliteFile { path: path.clone(), data }))
        }
        Connection::Postgres(url) => {
            let server = server.ok_or("the profile has no `postgres` section")?;
            is_on(server, url, home)?;
            let PostgresConnection { driver, options, database, .. } = url;
            Ok(Side::Postgres(PostgresSide { name: database.clone(), driver: *driver, options: options.clone() }))
        }
    }
}

fn is_on(server: &Server<'_, '_>, url: &PostgresConnection, home: &Home<'_>) -> Result<(), String> {
    if !server.is_called(&url.host) {
        return Err(format!("its server `{}` is no service of the deployment", url.host));
    }
    if url.port != "5432" {
        return Err("it reaches the server at another port than 5432".to_owned());
    }
    if url.user != server.user.as_str() {
        return Err(other_role(&url.user, home));
    }
    if url.password != server.password {
        return Err(OTHER_PASSWORD.to_owned());
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
