//! Knows what `docker-compose.yml` says of one service of the profile. Must not know the server's container.

use super::super::interpolation::{command, literal, number, reference, word};
use super::super::secrets::{required, url};
use super::keys::ports;
use crate::deployment::{Build, CheckTimes, Database, Deployment, HealthCheck, Probe, Program, Service, Variable};
use crate::placement::Placement;
use crate::value::{CommandProbe, DatabaseLabel, SecretsIn, ServiceImage, StartCondition};
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
    keys.push_given("healthcheck", health_check.as_ref().map(health_check_keys));
    keys.push_filled(
        "depends_on",
        waited.iter().map(|(name, until)| (name.to_string(), waits_until(*until))).collect::<Mapping>(),
    );
    keys.push_filled("labels", labels.iter().map(|(name, text)| (name.clone(), literal(text))).collect::<Mapping>());
    keys.push_given("scale", replicas.map(number));
    keys.push_given("stop_grace_period", stop_grace_period.as_ref().map(|time| literal(time.as_str())));
    keys
}

/// An image, of which only a variable that it follows is live.
fn image_text(image: &ServiceImage) -> Value {
    if image.follows().is_some() { reference(image.to_string()) } else { literal(&image.to_string()) }
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

fn health_check_keys(check: &HealthCheck) -> Mapping {
    let mut keys = Mapping::from_iter([("test", probe_command(&check.probe))]);
    keys.append(check_times(&check.times));
    keys
}

/// When a container is asked whether it works.
pub(super) fn check_times(times: &CheckTimes) -> Mapping {
    let CheckTimes { interval, timeout, retries, start_period } = times;
    Mapping::from_iter([
        ("interval", literal(interval.as_str())),
        ("timeout", literal(timeout.as_str())),
        ("retries", number(retries)),
        ("start_period", literal(start_period.as_str())),
    ])
}

/// `http.client` and not `urllib`: the latter would go through a proxy that Docker gives to every container. No word has a
/// blank in it: Podman's Docker API takes each apart there.
fn probe_command(probe: &Probe) -> Value {
    let (with, port, path) = match probe {
        Probe::Http { with, port, path } => (with, port, path),
        Probe::Line(line) => return command(["CMD-SHELL", line]),
        Probe::Words(words) => return command(std::iter::once("CMD").chain(words.iter().map(String::as_str))),
    };
    let url = format!("http://127.0.0.1:{port}{path}");
    match with {
        CommandProbe::Python => {
            let script = format!(
                "c=__import__('http.client').client.HTTPConnection('127.0.0.1',{port});c.request('GET','{path}');\
                 raise(SystemExit(c.getresponse().status>=400))"
            );
            command(["CMD", "python", "-c", &script])
        }
        CommandProbe::Curl => command(["CMD", "curl", "-fsS", "--noproxy", "*", "-o", "/dev/null", &url]),
        CommandProbe::Wget => command(["CMD", "wget", "-q", "-Y", "off", "-O", "/dev/null", &url]),
    }
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
