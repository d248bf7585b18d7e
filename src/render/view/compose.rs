//! Knows what `docker-compose.yml` says. Sees names of secrets, never a value: there is none in what it is given.

use minijinja::Value;
use serde::Serialize;

use super::super::escape::{interpolated, verbatim, yaml_scalar};
use super::super::{Output, raw};
use super::Header;
use crate::deployment::{
    Build, Container, Database, Deployment, HealthCheck, Probe, Program, PublishedPort, Server, Service, Variable,
    secret_file_path,
};
use crate::placement::Placement;
use crate::profile::{Command, Raw};
use crate::url::ConnectionUrl;
use crate::value::{CommandProbe, EnvironmentKey, SecretsIn, ServiceName, StartCondition};

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
struct ServiceView {
    name: String,
    image: Option<String>,
    build: Option<BuildView>,
    entrypoint: Option<Value>,
    command: Option<Value>,
    user: Option<String>,
    working_dir: Option<String>,
    environment: Vec<Entry>,
    volumes: Vec<String>,
    port: Option<Value>,
    health_check: Option<HealthCheckView>,
    depends_on: Vec<DependencyView>,
    labels: Vec<Entry>,
    replicas: Option<u16>,
    memory: Option<String>,
    cpus: Option<String>,
    compose: Vec<Value>,
}

#[derive(Serialize)]
struct BuildView {
    is_plain: bool,
    context: String,
    dockerfile: Option<String>,
    target: Option<String>,
    args: Vec<Entry>,
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

#[derive(Serialize)]
struct HealthCheckView {
    test: Value,
    interval: String,
    timeout: String,
    retries: u16,
    start_period: String,
}

#[derive(Serialize)]
struct DependencyView {
    name: String,
    condition: &'static str,
}

#[derive(Serialize)]
struct PostgresView {
    name: String,
    image: String,
    major: u16,
    command: Option<Value>,
    environment: Vec<Entry>,
    secret_files: Vec<String>,
    data: String,
    init_script: String,
    port: Option<Value>,
    test: Value,
    shm_size: Option<&'static str>,
    stop_grace_period: Option<&'static str>,
    compose: Vec<Value>,
}

/// Everything that runs.
pub(in crate::render) fn view(deployment: &Deployment, placement: &Placement) -> ComposeView {
    let server = deployment.server.as_ref();
    let container = server.and_then(|server| Some((server, server.container()?)));
    ComposeView {
        header: Header::new(deployment, placement),
        project: deployment.project.to_string(),
        built_urls: server.is_some() && deployment.secrets_in != SecretsIn::Files,
        services: deployment
            .services
            .iter()
            .map(|service| service_view(service, container.is_some(), deployment.secrets_in, placement))
            .collect(),
        postgres: container.map(|(server, container)| postgres_view(server, container, deployment)),
        volumes: deployment.volumes.iter().map(ToString::to_string).collect(),
        secret_files: deployment.secret_files().into_iter().map(secret_file_view).collect(),
        compose: raw::lines(&deployment.compose, 0),
    }
}

fn service_view(service: &Service, has_container: bool, secrets_in: SecretsIn, placement: &Placement) -> ServiceView {
    let Service {
        name,
        program,
        command,
        entrypoint,
        user,
        working_dir,
        publish,
        mounts,
        has_data: _,
        environment,
        health_check,
        depends_on,
        labels,
        replicas,
        memory,
        cpus,
        database,
        compose,
    } = service;
    let (image, build) = match program {
        Program::Built(build) => (None, Some(build)),
        Program::BuiltAs(build, image) => (Some(image), Some(build)),
        Program::Image(image) => (Some(image), None),
    };
    ServiceView {
        name: name.to_string(),
        image: image.map(ToString::to_string),
        build: build.map(|build| build_view(build, placement)),
        entrypoint: entrypoint.as_ref().map(command_text),
        command: command.as_ref().map(command_text),
        user: user.clone(),
        working_dir: working_dir.as_ref().map(ToString::to_string),
        environment: entries(environment, database.as_ref(), secrets_in),
        volumes: mounts.iter().map(|mount| placement.mount(mount)).collect(),
        port: publish.as_ref().map(port_text),
        health_check: health_check.as_ref().map(health_check_view),
        depends_on: dependencies(depends_on, database.as_ref().filter(|_| has_container)),
        labels: labels.iter().map(|(name, text)| literal_entry(name, text)).collect(),
        replicas: replicas.map(crate::value::Replicas::get),
        memory: memory.as_ref().map(ToString::to_string),
        cpus: cpus.as_ref().map(ToString::to_string),
        compose: raw::lines(compose, 4),
    }
}

fn build_view(build: &Build, placement: &Placement) -> BuildView {
    let Build { context, dockerfile, target, args } = build;
    BuildView {
        is_plain: dockerfile.is_none() && target.is_none() && args.is_empty(),
        context: placement.from_out(context),
        dockerfile: dockerfile.as_ref().map(ToString::to_string),
        target: target.clone(),
        args: args.iter().map(|(name, value)| literal_entry(name.as_str(), value)).collect(),
    }
}

fn literal_entry(name: &str, value: &str) -> Entry {
    Entry::new(name, Value::from(value))
}

/// The connection URL first, then the rest in the order of the profile.
fn entries(
    environment: &[(crate::value::VariableName, Variable)],
    database: Option<&Database>,
    secrets_in: SecretsIn,
) -> Vec<Entry> {
    let url = database.map(|database| Entry::new(database.variable.as_str(), url_text(database, secrets_in)));
    let others = environment.iter().map(|(name, variable)| {
        let value = match variable {
            Variable::Literal(text) => Value::from(text.as_str()),
            Variable::Environment { name, default: Some(default) } => interpolated(format!("${{{name}:-{default}}}")),
            Variable::Environment { name, default: None } => interpolated(format!("${{{name}:?set {name} in .env}}")),
            Variable::Secret(secret) => interpolated(required(secret, secrets_in)),
            Variable::Url => database.map(|database| url_text(database, secrets_in)).unwrap_or_default(),
        };
        Entry::new(name.as_str(), value)
    });
    url.into_iter().chain(others).collect()
}

/// `${KEY:-URL}`: what `.env` says wins, because only there a password can be encoded. Where the password stands in a
/// file, Compose does not see it, and the URL must be there.
fn url_text(database: &Database, secrets_in: SecretsIn) -> Value {
    match (database.url.password(), secrets_in) {
        (Some(_), SecretsIn::Files) => interpolated(required(&database.key, secrets_in)),
        (password, SecretsIn::Dotenv | SecretsIn::Environment | SecretsIn::Files) => {
            let password = password.map(|password| required(password, secrets_in)).unwrap_or_default();
            interpolated(format!("${{{}:-{}}}", database.key, database.url.text(&password)))
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

fn command_text(command: &Command) -> Value {
    match command {
        Command::Line(line) => Value::from(line.0.as_str()),
        Command::Words(words) => words.iter().map(|word| word.0.as_str()).collect(),
    }
}

fn health_check_view(check: &HealthCheck) -> HealthCheckView {
    let HealthCheck { probe, interval, timeout, retries, start_period } = check;
    HealthCheckView {
        test: probe_command(probe),
        interval: interval.to_string(),
        timeout: timeout.to_string(),
        retries: retries.get(),
        start_period: start_period.to_string(),
    }
}

/// `http.client` and not `urllib`: the latter would go through a proxy that Docker gives to every container.
fn probe_command(probe: &Probe) -> Value {
    let (with, port, path) = match probe {
        Probe::Http { with, port, path } => (with, port, path),
        Probe::Command(Command::Line(line)) => return ["CMD-SHELL", &line.0].into_iter().collect(),
        Probe::Command(Command::Words(words)) => {
            return std::iter::once("CMD").chain(words.iter().map(|word| word.0.as_str())).collect();
        }
    };
    let url = format!("http://127.0.0.1:{port}{path}");
    let words: Vec<String> = match with {
        CommandProbe::Python => {
            let script = format!(
                "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', {port}); \
                 c.request('GET', '{path}'); sys.exit(c.getresponse().status >= 400)"
            );
            vec!["CMD".into(), "python".into(), "-c".into(), script]
        }
        CommandProbe::Curl => ["CMD", "curl", "-fsS", "--noproxy", "*", "-o", "/dev/null", &url].map(Into::into).into(),
        CommandProbe::Wget => ["CMD", "wget", "-q", "-Y", "off", "-O", "/dev/null", &url].map(Into::into).into(),
    };
    words.into_iter().collect()
}

/// What the profile says, and the server where the service's data is on it.
fn dependencies(depends_on: &[(ServiceName, StartCondition)], database: Option<&Database>) -> Vec<DependencyView> {
    let postgres = ServiceName::postgres();
    let uses_server = database.is_some_and(|database| matches!(database.url, ConnectionUrl::Postgres(_)));
    let server = (uses_server && depends_on.iter().all(|(name, _)| *name != postgres))
        .then_some((&postgres, StartCondition::Healthy));
    let written = depends_on.iter().map(|(name, condition)| (name, *condition));
    server.into_iter().chain(written).map(|(name, condition)| dependency_view(name, condition)).collect()
}

fn dependency_view(name: &ServiceName, condition: StartCondition) -> DependencyView {
    let condition = match condition {
        StartCondition::Started => "service_started",
        StartCondition::Healthy => "service_healthy",
        StartCondition::Completed => "service_completed_successfully",
    };
    DependencyView { name: name.to_string(), condition }
}

fn postgres_view(server: &Server, container: &Container, deployment: &Deployment) -> PostgresView {
    let Container { image, major, database, publish, volume, settings, compose } = container;
    let folder = container.data_folder();
    let has = |key: &str| compose.iter().any(|(known, _): &(String, Raw)| known == key);
    let unless = |key: &str, value: &'static str| (!has(key)).then_some(value);
    let settings = settings.iter().flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]);
    let command: Vec<String> = std::iter::once("postgres".to_owned()).chain(settings).collect();
    PostgresView {
        name: ServiceName::postgres().to_string(),
        image: image.to_string(),
        major: major.get(),
        command: (command.len() > 1).then(|| command.into_iter().collect()),
        environment: server_entries(server, container, deployment.secrets_in),
        secret_files: deployment.secret_files().into_iter().map(secret_name).collect(),
        data: format!("{volume}:{folder}"),
        init_script: format!("./{}:/docker-entrypoint-initdb.d/10-init-postgres.sh:ro", Output::InitScript.path()),
        port: publish.as_ref().map(port_text),
        test: ["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", server.user.as_str(), "-d", database.as_str()]
            .into_iter()
            .collect(),
        shm_size: unless("shm_size", "256mb"),
        stop_grace_period: unless("stop_grace_period", "2m"),
        compose: raw::lines(compose, 4),
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
