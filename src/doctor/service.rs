//! Knows what can be wrong inside of a service that has a database: its driver, and its SQLite file. Must not know
//! PostgreSQL.

use super::container::Container;
use super::docker::{Docker, Silence};
use super::living::Living;
use super::probe::{Answer, probe};
use super::remedy::Remedies;
use super::sqlite::Looked;
use crate::deployment::{Database, Service};
use crate::report::Finding;
use crate::url::ConnectionUrl;
use crate::value::{Driver, SqliteDriver};

const DRIVER: &str = "driver";
const SILENT: &str = "service-silent";

/// Looks into every service that has a database.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let Living { subject, containers, docker, remedies, .. } = *living;
    let mut found = Vec::new();
    for service in &subject.deployment.services {
        if !service.has_database() {
            continue;
        }
        if let Some(container) = containers.of(service.name.as_str()) {
            for database in service.databases() {
                // two databases may have one driver
                let more = look_into(service, database, container, docker, remedies);
                let more: Vec<_> = more.into_iter().filter(|finding| !found.contains(finding)).collect();
                found.extend(more);
            }
        } else {
            let message = format!("the inside of `{}`, which has no container", service.name);
            found.push(Finding::unseen(DRIVER, message));
        }
    }
    found
}

fn look_into(
    service: &Service,
    database: &Database,
    container: &Container,
    docker: &Docker,
    remedies: &Remedies<'_>,
) -> Vec<Finding> {
    let name = service.name.as_str();
    let (module, file) = match &database.url {
        ConnectionUrl::Sqlite(url) => (sqlite_module(url.driver, database.driver), url.file.as_str()),
        ConnectionUrl::Postgres(url) => (driver_module(url.driver), ""),
    };
    let (python, answer) = match probe(container, module, file, docker) {
        Ok(answer) => answer,
        Err(silence) => return vec![not_looked_into(name, container, &silence, docker, remedies)],
    };
    let mut found: Vec<_> = driver(name, module, &answer, remedies).into_iter().collect();
    if !file.is_empty() {
        found.extend(Looked { service, file, python, answer: &answer, container, remedies }.findings());
    }
    found
}

fn not_looked_into(
    name: &str,
    container: &Container,
    silence: &Silence,
    docker: &Docker,
    remedies: &Remedies<'_>,
) -> Finding {
    if silence.is_cut_off() {
        let message = format!("`{name}` was asked about its inside, and did not answer as it should");
        let restart = remedies.there(&format!("docker compose restart {name}"));
        let help = format!("see `{}`; `{restart}`", remedies.there(&format!("docker compose logs {name}")));
        return Finding::warning(SILENT, message, help).shown_by(&silence.text());
    }
    // what was said may be the service's own
    if docker.ask(&["image", "inspect", "--format", "{{.Id}}", container.image()]).is_err() {
        let message = format!("the inside of `{name}`: its image is not on this machine any more");
        return Finding { help: Some(remedies.up()), ..Finding::unseen(DRIVER, message) };
    }
    let message = format!("the inside of `{name}`: no Python in its image could look");
    Finding::unseen(DRIVER, message).shown_by(&silence.text())
}

fn driver_module(driver: Driver) -> &'static str {
    match driver {
        Driver::Asyncpg => "asyncpg",
        Driver::Psycopg => "psycopg",
        Driver::Psycopg2 => "psycopg2",
        Driver::Django
        | Driver::Jdbc
        | Driver::Npgsql
        | Driver::Pq
        | Driver::Pgx
        | Driver::Dsn
        | Driver::Node
        | Driver::Prisma
        | Driver::Rails
        | Driver::Laravel
        | Driver::Sqlx
        | Driver::TokioPostgres
        | Driver::Plain
        | Driver::Postgres => "",
    }
}

/// What opens a file in Python, beside what comes with it; nothing where the application is in another language.
fn sqlite_module(sqlite: SqliteDriver, driver: Driver) -> &'static str {
    let is_python =
        matches!(driver, Driver::Asyncpg | Driver::Psycopg | Driver::Psycopg2 | Driver::Plain | Driver::Postgres);
    match sqlite {
        SqliteDriver::Sqlite if is_python => "aiosqlite",
        SqliteDriver::Aiosqlite => "aiosqlite",
        SqliteDriver::Sqlite
        | SqliteDriver::Jdbc
        | SqliteDriver::Dotnet
        | SqliteDriver::GoSqlite3
        | SqliteDriver::Prisma
        | SqliteDriver::Rails
        | SqliteDriver::Sqlx
        | SqliteDriver::Path => "",
    }
}

fn driver(service: &str, module: &str, answer: &Answer, remedies: &Remedies<'_>) -> Option<Finding> {
    if module.is_empty() {
        return None;
    }
    let Some(error) = &answer.driver else {
        return Some(Finding::ok(DRIVER, format!("the image of `{service}` has `{module}`")));
    };
    let message = format!("the image of `{service}` lacks the driver `{module}`");
    let build = remedies.there("docker compose up -d --build --wait");
    let help = format!("add `{module}` to what its image installs, then `{build}`");
    // a service may open SQLite by another driver
    let is_sure = module != "aiosqlite";
    let found = if is_sure { Finding::problem(DRIVER, message, help) } else { Finding::warning(DRIVER, message, help) };
    Some(found.shown_by(error))
}
