//! Knows which values of a deployment follow from others, and which defaults mean nothing in it.
//! Must not know what a profile wrote.

use std::collections::HashMap;

use super::value::Explained;
use crate::deployment::{Deployment, Host, Limits, Probe, PublishedPort, Server, Service};
use crate::field::FieldPath;
use crate::target::Target;
use crate::url::ConnectionUrl;
use crate::value::{Access, DatabaseLabel, Runs, SecretsIn};

/// What stands where a password would.
const PASSWORD: &str = "…";

/// The services of a deployment by name: of many, each is looked up often.
pub(super) type Services<'d> = HashMap<&'d str, &'d Service>;

/// The services of a deployment by name.
pub(super) fn services(deployment: &Deployment) -> Services<'_> {
    deployment.services.iter().map(|service| (service.name.as_str(), service)).collect()
}

/// Whether a field is of something that this deployment does without: the driver of a service that opens a file, the
/// program that asks a URL of one that runs a command, the container of a server that is elsewhere.
pub(super) fn is_without_meaning(path: &FieldPath, deployment: &Deployment, services: &Services<'_>) -> bool {
    let steps: Vec<_> = path.steps().iter().map(String::as_str).collect();
    let service = |name: &str| services.get(name).copied();
    match steps.as_slice() {
        ["services", name, way @ ("database" | "databases"), rest @ ..] => {
            let (label, field) = match (*way, rest) {
                ("database", [field]) => (None, *field),
                ("databases", [label, field]) => (Some(*label), *field),
                _ => return false,
            };
            let mut databases = service(name).into_iter().flat_map(Service::databases);
            let database = databases.find(|database| database.name.as_ref().map(DatabaseLabel::as_str) == label);
            let is_file = || database.is_some_and(|database| !database.is_on_server());
            let shares = |server: &Server| server.access == Access::Shared;
            match field {
                "driver" => is_file(),
                "rights" => deployment.server.as_ref().is_none_or(shares) || is_file(),
                _ => false,
            }
        }
        ["services", name, "healthcheck", "with"] => {
            let check = service(name).and_then(|service| service.health_check.as_ref());
            check.is_some_and(|check| matches!(check.probe, Probe::Line(_) | Probe::Words(_)))
        }
        // in a pod the image runs no script
        ["postgres", "init_script"] => deployment
            .contained_server()
            .is_none_or(|(_, container)| container.ensure && deployment.target.ensured_by(container).is_none()),
        ["postgres", "volume" | "ensure" | "local_auth"] => deployment.contained_server().is_none(),
        // another place has the secrets, whatever this says
        ["secrets_in"] => deployment.secrets_in == SecretsIn::Dotenv && !deployment.target.keeps_in_dotenv(),
        ["postgres", "access"] => deployment.server.is_none(),
        _ => false,
    }
}

/// What follows from other values: what people would otherwise have to look up in the outputs.
pub(super) fn derived(deployment: &Deployment) -> Vec<Explained> {
    let explained = |path: FieldPath, value: String| Explained { path, value, from: "derived".to_owned() };
    let of_target = deployment.target.derived(deployment).into_iter();
    let mut all: Vec<_> = of_target.map(|(path, value)| explained(path, value)).collect();
    for service in &deployment.services {
        let at = FieldPath::root().key("services").key(&service.name);
        all.extend(of_service(service, deployment, &at).into_iter().map(|(path, value)| explained(path, value)));
    }
    let secrets = FieldPath::root().key("secrets");
    let first_value = match deployment.secrets_in {
        SecretsIn::Dotenv | SecretsIn::Files => "generate",
        SecretsIn::Environment => "from the environment",
        SecretsIn::External => "from a Secret that something else makes",
    };
    all.extend(deployment.secrets.keys().map(|name| explained(secrets.key(name), first_value.to_owned())));
    let at = FieldPath::root().key("postgres");
    all.extend(
        deployment.server.as_ref().map(|server| of_settings(server, deployment.target, &at)).unwrap_or_default(),
    );
    let Some((server, container)) = deployment.contained_server() else { return all };
    all.push(explained(at.key("shm_size"), format!("{}mb", container.shared_memory)));
    if let Some(port) = container.publish.as_ref().filter(|_| deployment.target.publishes_on_a_host()) {
        let (path, address) = listening(port, &at);
        all.push(explained(path, address));
        for database in &server.databases {
            let address = if port.address.is_unspecified() { "127.0.0.1".to_owned() } else { port.address.to_string() };
            let (role, name) = (&database.owner.role, &database.name);
            let url = format!("postgresql://{role}:{PASSWORD}@{address}:{}/{name}", port.port);
            all.push(explained(at.key("url_on_the_host").key(name), url));
        }
    }
    all
}

/// What a server of the deployment is made with.
fn of_settings(server: &Server, target: Target, at: &FieldPath) -> Vec<Explained> {
    let explained = |path: FieldPath, value: String| Explained { path, value, from: "derived".to_owned() };
    let (major, limits, settings, sizes) = match &server.host {
        Host::Container(container) => (container.major, &container.limits, &container.settings, &container.sizes),
        Host::Operated(operated) => (operated.major, &operated.limits, &operated.settings, &operated.sizes),
        Host::External(_) => return Vec::new(),
    };
    let mut all = Vec::new();
    all.extend(server.first_database().map(|database| explained(at.key("database"), database.to_string())));
    all.push(explained(at.key("version"), major.to_string()));
    all.extend(of_limits(limits, target, at).into_iter().map(|(path, value)| explained(path, value)));
    let of_settings = at.key("settings");
    all.extend(sizes.iter().map(|size| Explained {
        path: of_settings.key(size.name),
        value: size.value.clone(),
        from: format!("derived: {}", size.rule),
    }));
    let set = settings.iter().filter(|(name, _)| sizes.iter().all(|size| size.name != name.as_str()));
    all.extend(set.map(|(name, value)| explained(of_settings.key(name), value.clone())));
    all
}

fn of_service(service: &Service, deployment: &Deployment, at: &FieldPath) -> Vec<(FieldPath, String)> {
    let mut values = Vec::new();
    values.extend(service.working_dir.as_ref().map(|folder| (at.key("working_dir"), folder.to_string())));
    let published = service.publish.as_ref().filter(|_| deployment.target.publishes_on_a_host());
    values.extend(published.map(|port| listening(port, at)));
    if service.runs == Runs::Once {
        let at = at.key("runs");
        values.push((at.key("when"), deployment.target.runs_once().to_owned()));
        values.push((at, service.runs.to_string()));
    }
    let waits = deployment.target.waits_for(deployment, service).into_iter();
    values.extend(waits.map(|(name, condition)| (at.key("depends_on").key(name), condition.to_string())));
    for database in service.databases() {
        let at = database.path(&service.name);
        values.push((at.key("engine"), database.url.engine().to_string()));
        if let Some(given) = &database.given {
            values.push((at.key("env"), given.variable.to_string()));
            values.push((at.key("url"), database.url.text(PASSWORD)));
        }
        values.extend(match &database.url {
            ConnectionUrl::Postgres(url) => Some((at.key("password"), format!("the secret {}", url.login.password))),
            ConnectionUrl::Sqlite(url) => Some((at.key("file"), url.file.to_string())),
        });
    }
    values
}

/// The address of the host that listens for a published port.
fn listening(port: &PublishedPort, at: &FieldPath) -> (FieldPath, String) {
    (at.key("publish").key("address"), port.address.to_string())
}

fn of_limits(limits: &Limits, target: Target, at: &FieldPath) -> Vec<(FieldPath, String)> {
    let at = at.key("limits");
    let Limits { memory, cpus, pids } = limits;
    let memory = memory.as_ref().map(|memory| (at.key("memory"), memory.to_string()));
    let cpus = cpus.as_ref().map(|cpus| (at.key("cpus"), cpus.to_string()));
    let pids = pids.as_ref().filter(|_| target.limits_processes()).map(|pids| (at.key("pids"), pids.to_string()));
    memory.into_iter().chain(cpus).chain(pids).collect()
}
