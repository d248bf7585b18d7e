//! Knows what `docker-compose.yml` says of one service of the profile. Must not know the server's container.

use minijinja::Value;
use serde::Serialize;

use super::keys::keys_of_service;
use super::{Entry, literal_entry, port_text, required, url_text};
use crate::deployment::{Build, Database, Deployment, HealthCheck, Probe, Program, Service, Variable};
use crate::placement::Placement;
use crate::profile::CheckCommand;
use crate::render::escape::interpolated;
use crate::render::raw;
use crate::value::{CommandProbe, SecretsIn, ServiceName, StartCondition};

#[derive(Serialize)]
pub(super) struct ServiceView {
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
    keys: Vec<Value>,
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
struct HealthCheckView {
    test: Value,
    interval: String,
    timeout: String,
    retries: u16,
    start_period: String,
}

#[derive(Serialize)]
pub(super) struct DependencyView {
    name: String,
    condition: &'static str,
}

/// One service of the profile.
pub(super) fn service_view(service: &Service, deployment: &Deployment, placement: &Placement) -> ServiceView {
    let Service {
        name,
        program,
        command,
        entrypoint,
        user,
        working_dir,
        publish,
        outbound: _,
        mounts,
        has_data: _,
        environment,
        health_check,
        depends_on: _,
        labels,
        replicas,
        limits: _,
        hardening: _,
        runs_once: _,
        database,
        compose: _,
    } = service;
    let (image, build) = match program {
        Program::Built(build) => (None, Some(build)),
        Program::BuiltAs(build, image) => (Some(image), Some(build)),
        Program::Image(image) => (Some(image), None),
    };
    let waited = deployment.waits_for(service);
    ServiceView {
        name: name.to_string(),
        image: image.map(ToString::to_string),
        build: build.map(|build| build_view(build, placement)),
        entrypoint: entrypoint.as_deref().map(word_list),
        command: command.as_deref().map(word_list),
        user: user.clone(),
        working_dir: working_dir.as_ref().map(ToString::to_string),
        environment: entries(environment, database.as_ref(), deployment.secrets_in),
        volumes: mounts.iter().map(|mount| placement.mount(mount)).collect(),
        port: publish.as_ref().map(port_text),
        health_check: health_check.as_ref().map(health_check_view),
        depends_on: waited.iter().map(|(name, condition)| dependency_view(name, *condition)).collect(),
        labels: labels.iter().map(|(name, text)| literal_entry(name, text)).collect(),
        replicas: replicas.map(crate::value::Replicas::get),
        keys: raw::lines(&keys_of_service(service, deployment), 4),
    }
}

fn build_view(build: &Build, placement: &Placement) -> BuildView {
    let Build { context, dockerfile, target, args } = build;
    BuildView {
        is_plain: dockerfile.is_none() && target.is_none() && args.is_empty(),
        context: context.folder().map_or_else(|| context.to_string(), |folder| placement.from_out(folder)),
        dockerfile: dockerfile.as_ref().map(ToString::to_string),
        target: target.clone(),
        args: args.iter().map(|(name, value)| literal_entry(name.as_str(), value)).collect(),
    }
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

/// Always a list: Compose would split a text by rules of its own.
fn word_list(words: &[String]) -> Value {
    words.iter().map(String::as_str).collect()
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
        Probe::Command(CheckCommand::Line(line)) => return ["CMD-SHELL", line].into_iter().collect(),
        Probe::Command(CheckCommand::Words(words)) => {
            return std::iter::once("CMD").chain(words.iter().map(String::as_str)).collect();
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

pub(super) fn dependency_view(name: &ServiceName, condition: StartCondition) -> DependencyView {
    let condition = match condition {
        StartCondition::Started => "service_started",
        StartCondition::Healthy => "service_healthy",
        StartCondition::Completed => "service_completed_successfully",
    };
    DependencyView { name: name.to_string(), condition }
}
