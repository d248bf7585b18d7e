//! Knows what one service means. Must not know the other services, but for their names.

use std::collections::HashMap;

use super::container::{check_pinned, limits};
use super::database::{Home, certificates_file, resolve_database};
use super::environment::environment;
use super::scope::{Faults, Scope};
use super::stage;
use super::told;
use crate::deployment::{
    Build, CERTIFICATES_FILE, Certificates, CheckTimes, Database, HealthCheck, Probe, Program, PublishedPort, Restart,
    Server, Service, Variable,
};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{self, CheckCommand, Setting, given};
use crate::spelling::quoted;
use crate::value::{
    ContainerPath, HostPath, Mount, MountSource, ServiceName, Stage, StartCondition, TextValue as _, VariableName,
};

/// The variable by which libpq and asyncpg find certificates.
const CERTIFICATES_VARIABLE: &str = "PGSSLROOTCERT";

pub(super) fn resolve_service(
    name: &ServiceName,
    written: &profile::Service,
    scope: &Scope<'_>,
    faults: &mut Faults,
) -> Option<Service> {
    let at = FieldPath::root().key("services").key(name);
    let program = program(written, scope.stage, &at, faults);
    let data = written.data.get();
    let default_dir = data.map(|data| data.target.parent());
    let working_dir = written.working_dir.get().cloned().or(default_dir);
    let mut databases = Vec::new();
    for (further, database) in written.all_databases() {
        let parts = told::parts(written, further);
        let home = Home { name, data, working_dir: working_dir.as_ref(), parts, at: at.clone(), further };
        databases.extend(resolve_database(database, &home, scope, faults));
    }
    check_variables(&databases, name, faults);
    let publish = told(written.publish.get().map(|publish| published_port(publish, written, &at, faults)));
    let health_check = told(written.healthcheck.get().map(|check| health_check(check, written, &at, faults)));
    let environment = environment(written, &databases, scope, &at, faults);
    let mounts: Vec<Mount> = data.into_iter().chain(written.volumes.get().into_iter().flatten()).cloned().collect();
    if !written.outbound() {
        check_inside(written, &databases, scope, &at, faults);
    }
    let runs = scope.jobs.runs(name, written);
    let are_whole = databases.len() == written.all_databases().count();
    let (first, further) = databases.into_iter().partition::<Vec<_>, _>(|database| database.name.is_none());
    let fences = stage::fences_of_service(scope.stage, written.hardening(), &mounts);
    let mut service = Service {
        name: name.clone(),
        program: program?,
        command: written.command.get().map(|command| command.words.clone()),
        entrypoint: written.entrypoint.get().map(|entrypoint| entrypoint.words.clone()),
        user: written.user.get().map(|user| user.0.clone()),
        working_dir,
        port: written.port.copied(),
        publish: publish.ok()?,
        outbound: written.outbound(),
        mounts,
        has_data: data.is_some(),
        environment,
        health_check: health_check.ok()?,
        depends_on: depends_on(written, scope),
        labels: given(&written.labels).map(|(name, text)| (name.as_str().to_owned(), text.0.clone())).collect(),
        replicas: written.replicas.copied().filter(|replicas| replicas.get() != 1),
        stop_grace_period: written.stop_grace_period.get().cloned(),
        limits: limits(&written.limits),
        fences,
        restart: if runs.ends() { Restart::Never } else { stage::restart(scope.stage) },
        runs,
        log: stage::kept_log(scope.stage),
        database: first.into_iter().next(),
        further,
    };
    trust_certificates(&mut service, scope.server);
    are_whole.then_some(service)
}

/// A part that is wrong, which was told.
struct Told;

/// A part that the service may have, once it was looked at.
#[expect(clippy::option_option, reason = "the outer one is the profile's, the inner one the judgement's")]
fn told<T>(part: Option<Option<T>>) -> Result<Option<T>, Told> {
    part.map(|resolved| resolved.ok_or(Told)).transpose()
}

/// Each URL has a variable of its own.
fn check_variables(databases: &[Database], service: &ServiceName, faults: &mut Faults) {
    let mut users: HashMap<&VariableName, FieldPath> = HashMap::new();
    for database in databases {
        let Some(given) = &database.given else { continue };
        let at = database.path(service);
        if let Some(first) = users.insert(&given.variable, at.clone()) {
            let variable = quoted(given.variable.as_str());
            let message = format!("{variable} would hold the connection URLs of two databases");
            let help = "give one of them another variable with `env`";
            let fault = Diagnostic::error(Code::VariableClash, Place::key(&at), message, help);
            faults.push(fault.also(Place::key(&first), "the other one"));
        }
    }
}

fn program(written: &profile::Service, stage: Stage, at: &FieldPath, faults: &mut Faults) -> Option<Program> {
    let image = written.image.get().cloned();
    if let Some(image) = &image
        && !written.build.is_given()
    {
        check_pinned(image.usual(), stage, &at.key("image"), faults);
    }
    match (written.build.get(), image) {
        (None, Some(image)) => Some(Program::Image(image)),
        (None, None) => {
            let help = "write `build: ./FOLDER` with its Dockerfile, or `image: NAME:TAG`";
            faults.add(Code::NoProgram, Place::key(at), "the service has neither `build` nor `image`", help);
            None
        }
        (Some(build), image) => {
            let Some(context) = build.context.get().cloned() else {
                let help = "write `context: ./FOLDER`";
                let place = Place::key(&at.key("build"));
                faults.add(Code::MissingField, place, "the build has no context", help);
                return None;
            };
            let build = Build {
                context,
                dockerfile: build.dockerfile.get().cloned(),
                target: build.target.get().map(|target| target.0.clone()),
                args: given(&build.args).map(|(name, value)| (name.clone(), value.0.clone())).collect(),
            };
            Some(match image {
                Some(image) => Program::BuiltAs(build, image),
                None => Program::Built(build),
            })
        }
    }
}

fn published_port(
    publish: &profile::Publish,
    written: &profile::Service,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<PublishedPort> {
    let Some(target) = written.port.copied() else {
        let help = "write `port:` with the port that the program listens on";
        let place = Place::value(&at.key("publish"));
        faults.add(Code::MissingField, place, "a port is published, but the service has no `port` of its own", help);
        return None;
    };
    let profile::Publish { address, port, variable } = publish.clone();
    Some(PublishedPort { address, port, variable, target })
}

fn health_check(
    check: &profile::HealthCheck,
    written: &profile::Service,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<HealthCheck> {
    let at = at.key("healthcheck");
    let probe = match (check.http.get(), check.command.get()) {
        (Some(path), None) => {
            let with = check.with();
            let probe = written.port.copied().map(|port| Probe::Http { with, port, path: path.clone() });
            if probe.is_none() {
                let help = "write `port:` with the port that the program listens on";
                let message = "the health check asks a URL, but the service has no `port`";
                faults.add(Code::MissingField, Place::key(&at), message, help);
            }
            probe
        }
        (None, Some(command)) if command.is_empty() => {
            let help = "write the command, such as `[redis-cli, ping]`, or remove the health check";
            let place = Place::value(&at.key("command"));
            faults.add(Code::InvalidValue, place, "an empty command checks nothing", help);
            None
        }
        (None, Some(CheckCommand::Line(line))) => Some(Probe::Line(line.clone())),
        (None, Some(CheckCommand::Words(words))) => Some(Probe::Words(words.clone())),
        (Some(_), Some(_)) => {
            let fault = Diagnostic::error(
                Code::Conflict,
                Place::key(&at.key("command")),
                "a health check has `http` or `command`, not both",
                "remove one of them",
            );
            faults.push(fault.also(Place::key(&at.key("http")), ""));
            None
        }
        (None, None) => {
            let help = "write `http: /health` or `command: [...]`, or remove the health check";
            faults.add(Code::MissingField, Place::key(&at), "the health check says nothing to check", help);
            None
        }
    };
    Some(HealthCheck {
        probe: probe?,
        times: CheckTimes {
            interval: check.interval(),
            timeout: check.timeout(),
            retries: check.retries(),
            start_period: check.start_period(),
        },
    })
}

/// What is waited for, as far as this service says it; the best that the other one offers where it says nothing.
fn depends_on(written: &profile::Service, scope: &Scope<'_>) -> Vec<(ServiceName, StartCondition)> {
    let Some(depends_on) = written.depends_on.get() else { return Vec::new() };
    let best = |name: &ServiceName| {
        if scope.jobs.has(name) {
            return StartCondition::Completed;
        }
        let other = scope.services.get().and_then(|services| services.get(name)).and_then(Setting::get);
        let checked = other.is_some_and(|other| other.healthcheck.is_given());
        if checked || *name == ServiceName::postgres() { StartCondition::Healthy } else { StartCondition::Started }
    };
    let resolved = depends_on.0.iter().map(|(name, condition)| (name.clone(), condition.unwrap_or_else(|| best(name))));
    resolved.collect()
}

/// What a service without a way out can't have.
fn check_inside(
    written: &profile::Service,
    databases: &[Database],
    scope: &Scope<'_>,
    at: &FieldPath,
    faults: &mut Faults,
) {
    let outbound = Place::value(&at.key("outbound"));
    if written.publish.is_given() {
        let message = "a service with `outbound: false` has no published port: its networks have no way in either";
        let help = "remove `publish`, or publish the port of a service that passes on what comes";
        let fault = Diagnostic::error(Code::Conflict, Place::key(&at.key("publish")), message, help);
        faults.push(fault.also(outbound.clone(), ""));
    }
    let is_elsewhere = scope.server.is_some_and(|server| !server.is_inside());
    if is_elsewhere && databases.iter().any(Database::is_on_server) {
        let message = "the service could not reach its database, whose server is outside of the deployment";
        let fault = Diagnostic::error(Code::Conflict, outbound, message, "remove `outbound`");
        let external = FieldPath::root().key("postgres").key("external");
        faults.push(fault.also(Place::key(&external), "the server is elsewhere"));
    }
}

/// Gives a service that verifies its server the certificates to do so. A variable of the user's own wins.
fn trust_certificates(service: &mut Service, server: Option<&Server>) {
    let Some(server) = server else { return };
    let Some(file) = certificates_file(server) else { return };
    let certificates = server.certificates();
    if !service.uses_postgres() || service.environment.iter().any(|(name, _)| name.as_str() == CERTIFICATES_VARIABLE) {
        return;
    }
    let Ok(variable) = VariableName::parse(CERTIFICATES_VARIABLE) else { return };
    service.environment.push((variable, Variable::Literal(file)));
    service.mounts.extend(certificates.as_ref().and_then(Certificates::file).and_then(ca_mount));
}

fn ca_mount(ca: &HostPath) -> Option<Mount> {
    let target = ContainerPath::parse(CERTIFICATES_FILE).ok()?;
    Some(Mount { source: MountSource::Bind(ca.clone()), target, read_only: true })
}
