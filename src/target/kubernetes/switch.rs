//! Knows which database a service opens, as its manifest records it, and where the data of the former stays.
//! Must not know whether another one is wanted.

use super::standing::{Object, annotation};
use crate::deployment::{Database, Deployment, Service};
use crate::target::compose::{EngineSwitch, StandingUrl, left};
use crate::url::ConnectionUrl;
use crate::value::Engine;

/// What stands before the path of a file.
const FILE: &str = "sqlite:";

/// What stands before the host and the database.
const ON_SERVER: &str = "postgres:";

/// The database of a URL, without who opens it.
pub(super) fn opened(url: &ConnectionUrl) -> String {
    match url {
        ConnectionUrl::Sqlite(url) => format!("{FILE}{}", url.file),
        ConnectionUrl::Postgres(url) => format!("{ON_SERVER}{}/{}", url.host, url.database),
    }
}

/// Every database of a service that becomes another one.
pub(super) fn switches(old: &[Object], deployment: &Deployment) -> Vec<EngineSwitch> {
    let services = deployment.services.iter();
    services.flat_map(|service| service.databases().filter_map(|database| switch(service, database, old))).collect()
}

fn switch(service: &Service, database: &Database, old: &[Object]) -> Option<EngineSwitch> {
    let url = &database.url;
    // the name of a Job changes with what it does
    let before = old
        .iter()
        .find(|object| object.of.as_deref() == Some(service.name.as_str()) && !object.databases.is_empty())?;
    let key = annotation(database.name.as_ref());
    let (_, stands) = before.databases.iter().find(|(known, _)| *known == key)?;
    if *stands == opened(url) {
        return None;
    }
    let (StandingUrl { engine: from, .. }, stays) = standing(stands, before, old)?;
    Some(EngineSwitch { service: database.called(&service.name), from, to: url.engine(), stays })
}

/// What a record of a database says, and where its data stays.
fn standing<'s>(record: &'s str, of: &Object, old: &[Object]) -> Option<(StandingUrl<'s>, String)> {
    if let Some(file) = record.strip_prefix(FILE) {
        return Some((StandingUrl { engine: Engine::Sqlite, opened: file, host: "" }, file_stays(file, of)));
    }
    let (host, opened) = record.strip_prefix(ON_SERVER)?.split_once('/')?;
    Some((StandingUrl { engine: Engine::Postgres, opened, host }, database_stays(opened, host, old)))
}

/// Every database that a service which stays had, and that no service has any more: what is told, and the help.
pub(super) fn left_databases(old: &[Object], deployment: &Deployment) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    for service in &deployment.services {
        let Some(before) = old.iter().find(|object| object.of.as_deref() == Some(service.name.as_str())) else {
            continue;
        };
        let is_left = |key: &str| !service.databases().any(|database| annotation(database.name.as_ref()) == *key);
        for (_, record) in before.databases.iter().filter(|(key, _)| is_left(key)) {
            let Some((url, stays)) = standing(record, before, old) else { continue };
            notes.extend(left(&service.name, &url, &stays, deployment));
        }
    }
    notes
}

fn file_stays(file: &str, before: &Object) -> String {
    let is_above = |folder: &str| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let claim = before.mounts.iter().find(|(folder, _)| is_above(folder.trim_end_matches('/')));
    claim.map_or_else(|| format!("in `{file}`"), |(_, claim)| format!("in `{file}` of the claim `{claim}`"))
}

fn database_stays(database: &str, host: &str, old: &[Object]) -> String {
    let server = old.iter().find(|object| object.is_server() && object.name == host);
    let claim = server.and_then(|server| server.mounts.first());
    claim.map_or_else(
        || format!("in the database `{database}` on `{host}`"),
        |(_, claim)| format!("in the database `{database}` of the claim `{claim}-{host}-0`"),
    )
}
