//! Knows what `docker-compose.yml` says of the server's container, and of the one that brings its databases in line.
//! Must not know the other services, but for their connection URLs.

use minijinja::Value;
use serde::Serialize;

use super::keys::{keys_of_ensure, keys_of_image, keys_of_server};
use super::{Entry, literal_entry, port_text, required, secret_name, url_text};
use crate::deployment::{BY_PASSWORD, Container, Deployment, INITDB_ARGS, NETWORKS, SOCKET_FOLDER, Server};
use crate::render::escape::interpolated;
use crate::render::{Output, raw};
use crate::value::{EnvironmentKey, LocalAuth, SecretsIn, ServiceName, VolumeName};

#[derive(Serialize)]
pub(super) struct PostgresView {
    name: String,
    image: String,
    major: u16,
    command: Option<Value>,
    environment: Vec<Entry>,
    secret_files: Vec<String>,
    data: String,
    socket: Option<String>,
    init_script: Option<String>,
    port: Option<Value>,
    test: Value,
    shm_size: Option<&'static str>,
    stop_grace_period: Option<&'static str>,
    networks: Vec<Value>,
    is_fenced: bool,
    keys: Vec<Value>,
}

#[derive(Serialize)]
pub(super) struct EnsureView {
    name: String,
    server: String,
    image: String,
    environment: Vec<Entry>,
    secret_files: Vec<String>,
    socket: String,
    script: String,
    keys: Vec<Value>,
}

/// The server's container.
pub(super) fn postgres_view(server: &Server, container: &Container, deployment: &Deployment) -> PostgresView {
    let Container { image, major, database, publish, volume, ensure, init_script, local_auth, .. } = container;
    let (settings, compose) = (&container.settings, &container.compose);
    let folder = container.data_folder();
    let has = |key: &str| compose.iter().any(|(known, _)| known == key);
    let unless = |key: &str, value: &'static str| (!has(key)).then_some(value);
    let settings = settings.iter().flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]);
    let command: Vec<String> = std::iter::once("postgres".to_owned()).chain(settings).collect();
    PostgresView {
        name: ServiceName::postgres().to_string(),
        image: image.to_string(),
        major: major.get(),
        command: (command.len() > 1).then(|| command.into_iter().collect()),
        environment: server_entries(server, container, deployment.secrets_in)
            .into_iter()
            .chain(made_with(*local_auth))
            .collect(),
        secret_files: deployment.secret_files().into_iter().map(secret_name).collect(),
        data: format!("{volume}:{folder}"),
        socket: ensure.then(|| format!("{}:{SOCKET_FOLDER}", VolumeName::postgres_socket())),
        init_script: (*init_script || !*ensure)
            .then(|| format!("./{}:/docker-entrypoint-initdb.d/10-init-postgres.sh:ro", Output::InitScript.path())),
        port: publish.as_ref().map(port_text),
        test: ["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", server.user.as_str(), "-d", database.as_str()]
            .into_iter()
            .collect(),
        shm_size: unless("shm_size", "256mb"),
        stop_grace_period: unless("stop_grace_period", "2m"),
        networks: raw::lines(&[(NETWORKS.to_owned(), deployment.networks_of_server(container))], 4),
        is_fenced: deployment.stage.is_strict(),
        keys: raw::lines(&keys_of_server(container, deployment.stage), 4),
    }
}

/// The container that runs the script at every start; nothing where the profile wants none.
pub(super) fn ensure_view(server: &Server, container: &Container, deployment: &Deployment) -> Option<EnsureView> {
    const SCRIPT: &str = "/init-postgres.sh";
    let on_server = deployment.services.iter().filter(|service| service.uses_postgres());
    let urls = on_server.filter_map(|service| service.database.as_ref());
    let urls = urls.map(|database| Entry::new(database.key.as_str(), url_text(database, deployment.secrets_in)));
    container.ensure.then(|| EnsureView {
        name: ServiceName::postgres_ensure().to_string(),
        server: ServiceName::postgres().to_string(),
        image: container.image.to_string(),
        environment: server_entries(server, container, deployment.secrets_in).into_iter().chain(urls).collect(),
        secret_files: deployment.secret_files().into_iter().map(secret_name).collect(),
        socket: format!("{}:{SOCKET_FOLDER}:ro", VolumeName::postgres_socket()),
        script: format!("./{}:{SCRIPT}:ro", Output::InitScript.path()),
        keys: raw::lines(&[keys_of_image(container), keys_of_ensure(container, deployment.stage)].concat(), 4),
    })
}

/// What the image gives to `initdb`, where the volume is empty.
fn made_with(local_auth: LocalAuth) -> Option<Entry> {
    match local_auth {
        LocalAuth::Trust => None,
        LocalAuth::Password => Some(literal_entry(INITDB_ARGS, BY_PASSWORD)),
    }
}

fn server_entries(server: &Server, container: &Container, secrets_in: SecretsIn) -> Vec<Entry> {
    let password = |key: &EnvironmentKey| match secrets_in {
        SecretsIn::Dotenv | SecretsIn::Environment => Entry::new(key.as_str(), interpolated(required(key, secrets_in))),
        SecretsIn::Files => literal_entry(&format!("{key}_FILE"), &format!("/run/secrets/{}", secret_name(key))),
    };
    let mut entries = vec![
        literal_entry("POSTGRES_USER", server.user.as_str()),
        password(&server.administrator_password),
        literal_entry("POSTGRES_DB", container.database.as_str()),
    ];
    let logins = server.logins().into_iter().filter(|login| login.password != server.administrator_password);
    entries.extend(logins.map(|login| password(&login.password)));
    entries
}
