//! Knows what `docker-compose.yml` says. Sees names of secrets, never a value: there is none in what it is given.

mod keys;
mod networks;
mod server;
mod service;

use minijinja::Value;
use serde::Serialize;

use self::networks::{NetworksView, networks_view};
use self::server::{EnsureView, PostgresView, ensure_view, postgres_view};
use self::service::{ServiceView, service_view};
use super::super::escape::{interpolated, verbatim, yaml_scalar};
use super::super::raw;
use super::Header;
use crate::deployment::{Deployment, GivenUrl, PublishedPort, secret_file_path};
use crate::placement::Placement;
use crate::url::ConnectionUrl;
use crate::value::{EnvironmentKey, SecretsIn};

/// What Compose says where something of `.env` is missing.
const MISSING_SECRET: &str = "run codelab-gen to write .env";

#[derive(Serialize)]
pub(in crate::render) struct ComposeView {
    #[serde(flatten)]
    header: Header,
    project: String,
    built_urls: bool,
    services: Vec<ServiceView>,
    postgres: Option<PostgresView>,
    ensure: Option<EnsureView>,
    networks: NetworksView,
    volumes: Vec<String>,
    secret_files: Vec<SecretFileView>,
    compose: Vec<Value>,
}

#[derive(Serialize)]
struct SecretFileView {
    name: String,
    file: String,
}

#[derive(Serialize)]
struct Entry {
    /// Compose resolves no references in keys, so a `$` stays single here.
    name: Value,
    value: Value,
}

impl Entry {
    fn new(name: &str, value: Value) -> Self {
        Self { name: verbatim(yaml_scalar(name)), value }
    }
}

/// Everything that runs.
pub(in crate::render) fn view(deployment: &Deployment, placement: &Placement) -> ComposeView {
    let server = deployment.server.as_ref();
    let contained = deployment.contained_server();
    let (networks, compose) = networks_view(deployment);
    ComposeView {
        header: Header::new(deployment, placement),
        project: deployment.project.to_string(),
        built_urls: server.is_some() && deployment.secrets_in != SecretsIn::Files,
        services: deployment.services.iter().map(|service| service_view(service, deployment, placement)).collect(),
        postgres: contained.map(|(server, container)| postgres_view(server, container, deployment, placement)),
        ensure: contained.and_then(|(server, container)| ensure_view(server, container, deployment)),
        networks,
        volumes: deployment.volumes.iter().map(ToString::to_string).collect(),
        secret_files: deployment.secret_files().into_iter().map(secret_file_view).collect(),
        compose: raw::lines(&compose, 0),
    }
}

fn literal_entry(name: &str, value: &str) -> Entry {
    Entry::new(name, Value::from(value))
}

/// `${KEY:-URL}`: what `.env` says wins, because only there a password can be encoded. Where the password stands in a
/// file, Compose does not see it, and the URL must be there.
fn url_text(given: &GivenUrl, url: &ConnectionUrl, secrets_in: SecretsIn) -> Value {
    match (url.password(), secrets_in) {
        (Some(_), SecretsIn::Files) => interpolated(required(&given.key, secrets_in)),
        (password, SecretsIn::Dotenv | SecretsIn::Environment | SecretsIn::Files) => {
            let password = password.map(|password| required(password, secrets_in)).unwrap_or_default();
            interpolated(format!("${{{}:-{}}}", given.key, url.text(&password)))
        }
    }
}

/// A reference to something that must be there, with what Compose says where it is not.
fn required(key: &EnvironmentKey, secrets_in: SecretsIn) -> String {
    match secrets_in {
        SecretsIn::Dotenv | SecretsIn::Files => format!("${{{key}:?{MISSING_SECRET}}}"),
        SecretsIn::Environment => format!("${{{key}:?set {key} in the environment of docker compose}}"),
    }
}

fn secret_file_view(name: &EnvironmentKey) -> SecretFileView {
    SecretFileView { name: secret_name(name), file: format!("./{}", secret_file_path(name)) }
}

/// What Compose calls a secret's file.
fn secret_name(name: &EnvironmentKey) -> String {
    name.as_str().to_ascii_lowercase()
}

fn port_text(port: &PublishedPort) -> Value {
    let PublishedPort { address, port, variable, target } = port;
    match variable {
        Some(variable) => interpolated(format!("{address}:${{{variable}:-{port}}}:{target}")),
        None => Value::from(format!("{address}:{port}:{target}")),
    }
}
