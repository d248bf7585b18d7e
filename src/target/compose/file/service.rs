//! Knows what `docker-compose.yml` says of one service of the profile. Must not know the server's container.

use super::super::secrets::{required, url};
use super::keys::ports;
use crate::deployment::{Build, Database, Deployment, Program, Service, Variable};
use crate::placement::Placement;
use crate::target::container_keys::{self, image_text};
use crate::target::interpolation::{command, literal, number, reference, word};
use crate::value::{DatabaseLabel, Duration, SecretsIn, StartCondition, TextValue};
use crate::yaml::document::{Mapping, Value};

/// The keys of one service of the profile, but for those that keep it running and keep it in.
pub(super) fn service(service: &Service, deployment: &Deployment, placement: &Placement) -> Mapping {
    let Service {
        name: _,
        program,
        command: arguments,
        entrypoint,
        user,
        working_dir,
        port: _,
        publish,
        outbound: _,
        mounts,
        has_data: _,
        environment: _,
        health_check,
        depends_on: _,
        labels,
        replicas,
        stop_grace_period,
        limits: _,
        fences: _,
        runs: _,
        restart: _,
        log: _,
        database: _,
        further: _,
    } = service;
    let (image, build) = match program {
        Program::Built(build) => (None, Some(build)),
        Program::BuiltAs(build, image) => (Some(image), Some(build)),
        Program::Image(image) => (Some(image), None),
    };
    let words = |words: &Option<Vec<String>>| Some(command(words.as_ref()?.iter().map(String::as_str)));
    let waited = deployment.waits_for(service);
    let mut keys = Mapping::default();
    keys.push_given("image", image.map(image_text));
    keys.push_given("build", build.map(|build| build_keys(build, placement)));
    keys.push_given("entrypoint", words(entrypoint));
    keys.push_given("command", words(arguments));
    keys.push_given("user", user.as_deref().map(literal));
    keys.push_given("working_dir", working_dir.as_ref().map(|folder| literal(folder.as_str())));
    keys.push_filled("environment", variables(service, deployment.secrets_in));
    keys.push_filled("volumes", mounts.iter().map(|mount| literal(&placement.mount(mount))).collect::<Value>());
    keys.push_filled("ports", ports(publish.as_ref()));
    keys.push_given("healthcheck", health_check.as_ref().map(container_keys::health_check));
    keys.push_filled(
        "depends_on",
        waited.iter().map(|(name, until)| (name.to_string(), waits_until(*until))).collect::<Mapping>(),
    );
    keys.push_filled("labels", labels.iter().map(|(name, text)| (name.clone(), literal(text))).collect::<Mapping>());
    keys.push_given("scale", replicas.map(number));
    keys.push_given("stop_grace_period", stop_grace_period.as_ref().map(|time| literal(time.as_str())));
    keys
}

fn build_keys(build: &Build, placement: &Placement) -> Value {
    let Build { context, dockerfile, target, args } = build;
    let context = literal(&context.folder().map_or_else(|| context.to_string(), |folder| placement.from_out(folder)));
    if dockerfile.is_none() && target.is_none() && args.is_empty() {
        return context;
    }
    let mut keys = Mapping::default();
    keys.push("context", context);
    keys.push_given("dockerfile", dockerfile.as_ref().map(|file| literal(file.as_str())));
    keys.push_given("target", target.as_deref().map(literal));
    keys.push_filled("args", args.iter().map(|(name, text)| (name.to_string(), literal(text))).collect::<Mapping>());
    keys.into()
}

/// The connection URLs first, then the rest in the order of the profile. Compose resolves no references in their names.
fn variables(service: &Service, secrets_in: SecretsIn) -> Mapping {
    let of_url = |database: &Database| {
        let given = database.given.as_ref()?;
        Some((given.variable.to_string(), url(given, &database.url, secrets_in)))
    };
    let same = |of: &Option<DatabaseLabel>| {
        let url = service.database_called(of.as_ref()).and_then(of_url);
        url.map_or_else(Value::nothing, |(_, url)| url)
    };
    let value = |variable: &Variable| match variable {
        Variable::Url(of) => same(of),
        Variable::Literal(_) | Variable::Environment { .. } | Variable::Secret(_) => {
            variable_value(variable, secrets_in).unwrap_or_else(Value::nothing)
        }
    };
    let others = service.environment.iter().map(|(name, variable)| (name.to_string(), value(variable)));
    service.databases().filter_map(of_url).chain(others).collect()
}

/// What a variable holds; nothing for the connection URL, which is not its own.
pub(super) fn variable_value(variable: &Variable, secrets_in: SecretsIn) -> Option<Value> {
    Some(match variable {
        Variable::Literal(text) => literal(text),
        Variable::Environment { name, default: Some(default) } => reference(format!("${{{name}:-{default}}}")),
        Variable::Environment { name, default: None } => reference(format!("${{{name}:?set {name} in .env}}")),
        Variable::Secret(secret) => reference(required(secret, secrets_in)),
        Variable::Url(_) => return None,
    })
}

/// What is waited for in another service.
pub(super) fn waits_until(condition: StartCondition) -> Value {
    let condition = match condition {
        StartCondition::Started => "service_started",
        StartCondition::Healthy => "service_healthy",
        StartCondition::Completed => "service_completed_successfully",
    };
    Mapping::from_iter([("condition", word(condition))]).into()
}

/// Compose's key, and the field of a service that writes it.
pub(crate) const SERVICE_KEYS: [(&str, &str); 19] = [
    ("build", "build"),
    ("image", "image"),
    ("command", "command"),
    ("entrypoint", "entrypoint"),
    ("user", "user"),
    ("working_dir", "working_dir"),
    ("ports", "publish"),
    ("volumes", "volumes"),
    ("environment", "environment"),
    ("healthcheck", "healthcheck"),
    ("depends_on", "depends_on"),
    ("labels", "labels"),
    ("scale", "replicas"),
    ("stop_grace_period", "stop_grace_period"),
    ("mem_limit", "limits.memory"),
    ("cpus", "limits.cpus"),
    ("cpu_period", "limits.cpus"),
    ("cpu_quota", "limits.cpus"),
    ("pids_limit", "limits.pids"),
];

/// Whether a field takes a text.
pub(crate) type Takes = fn(&str) -> bool;

/// Keys that say what their field says, where that takes the text: so an import writes it.
pub(crate) const AS_WRITTEN: [(&str, Takes); 1] = [("stop_grace_period", is::<Duration>)];

fn is<T: TextValue>(text: &str) -> bool {
    T::parse(text).is_ok()
}
