//! Knows how one looks into a service, whether it runs or not: its driver, and its SQLite file. Must not know PostgreSQL.

use serde_json::Value;

use super::container::Container;
use super::containers::Containers;
use super::docker::{Docker, Silence, is_no_image};
use super::finding::Finding;
use super::remedy::Remedies;
use super::sqlite::Looked;
use crate::deployment::{Database, Deployment, Service};
use crate::url::ConnectionUrl;
use crate::value::Driver;

const DRIVER: &str = "driver";

/// Looks, and changes nothing.
const PROBE: &str = include_str!("probe.py");

/// What an image may call it.
const PYTHONS: [&str; 2] = ["python", "python3"];

/// Looks into every service that has a database.
pub(super) fn services(
    deployment: &Deployment,
    containers: &Containers,
    docker: &Docker,
    remedies: &Remedies<'_>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for service in &deployment.services {
        let Some(database) = &service.database else { continue };
        if let Some(container) = containers.of(service.name.as_str()) {
            found.extend(look_into(service, database, container, docker, remedies));
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
        ConnectionUrl::Sqlite { file, .. } => ("aiosqlite", file.as_str()),
        ConnectionUrl::Postgres(url) => (driver_module(url.driver), ""),
    };
    let (python, answer) = match probe(container, module, file, docker) {
        Ok(answer) => answer,
        Err(silence) => {
            return vec![not_looked_into(name, &silence.text(), remedies)];
        }
    };
    let mut found: Vec<_> = driver(name, module, &answer, remedies).into_iter().collect();
    if !file.is_empty() {
        found.extend(Looked { service, file, python, answer: &answer, remedies }.findings());
    }
    found
}

fn not_looked_into(name: &str, said: &str, remedies: &Remedies<'_>) -> Finding {
    if is_no_image(said) {
        let message = format!("the inside of `{name}`: its image is not on this machine any more");
        return Finding { help: Some(remedies.up()), ..Finding::unseen(DRIVER, message) };
    }
    Finding::unseen(DRIVER, format!("the inside of `{name}`: no Python in its image could look")).shown_by(said)
}

/// What the probe says, and the Python that ran it: in the container where it runs, else in another one of the same image
/// and mounts.
fn probe(container: &Container, module: &str, file: &str, docker: &Docker) -> Result<(&'static str, Value), Silence> {
    let mut last = Silence::Failed(String::new());
    for python in PYTHONS {
        // without -B an import would write what it compiled
        let script = ["-B", "-c", PROBE, module, file];
        let said = if container.stays() {
            docker.ask(&[&["exec", container.id(), python], script.as_slice()].concat())
        } else {
            let run = ["run", "--rm", "--pull", "never", "--network", "none", "--log-driver", "none"];
            let like = ["--volumes-from", container.id(), "--user", container.user()];
            let program = ["--entrypoint", python, container.image()];
            docker.ask(&[run.as_slice(), &like, &program, &script].concat())
        };
        let unreadable = |error: serde_json::Error| Silence::Failed(format!("unreadable answer: {error}"));
        match said {
            Ok(text) => return serde_json::from_str(&text).map(|answer| (python, answer)).map_err(unreadable),
            Err(silence) => last = silence,
        }
    }
    Err(last)
}

fn driver_module(driver: Driver) -> &'static str {
    match driver {
        Driver::Asyncpg => "asyncpg",
        Driver::Psycopg => "psycopg",
        Driver::Plain => "",
    }
}

fn driver(service: &str, module: &str, answer: &Value, remedies: &Remedies<'_>) -> Option<Finding> {
    if module.is_empty() {
        return None;
    }
    let Some(error) = answer.get("driver").and_then(Value::as_str) else {
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
