//! Knows what `stack.yml` says of one service of the profile. Must not know the server's container.

use super::keys::{Mode, Order, deploy, fences, log, ports, scratch, with_written};
use crate::deployment::{Database, Service, Variable};
use crate::target::compose::{NETWORKS, Networks};
use crate::target::container_keys::{health_check, image_text};
use crate::target::interpolation::{command, literal, raw, reference};
use crate::target::swarm::stack::Stack;
use crate::target::swarm::{names, pin};
use crate::value::{Choice as _, DatabaseLabel, Mount, MountSource, PortMode};
use crate::yaml::document::{Mapping, Value};

/// How often a job that failed is tried again.
const TRIES: u16 = 2;

/// The keys of one service of the profile.
pub(super) fn service(service: &Service, stack: &Stack<'_>, networks: Networks<'_>) -> Mapping {
    let written = stack.extras.service(&service.name);
    let words = |words: &Option<Vec<String>>| Some(command(words.as_ref()?.iter().map(String::as_str)));
    let labels = service.labels.iter().map(|(name, text)| (name.clone(), literal(text)));
    let labels = labels.chain(service.runs.ends().then(run));
    let configs =
        service.mounts.iter().filter_map(|mount| names::mounted_config(mount, stack.configs, stack.placement));
    let mut keys = Mapping::default();
    keys.push_given("image", service.program.image().map(image_text));
    keys.push_given("entrypoint", words(&service.entrypoint));
    keys.push_given("command", words(&service.command));
    keys.push_given("working_dir", service.working_dir.as_ref().map(|folder| literal(folder.as_str())));
    keys.push_filled("environment", variables(service));
    keys.push_filled("configs", configs.collect::<Value>());
    keys.push_filled("volumes", volumes(service));
    keys.push_filled("ports", ports(service.publish.as_ref(), stack.deployment.swarm.ports.as_str()));
    keys.push_given("healthcheck", service.health_check.as_ref().map(health_check));
    keys.push_filled("labels", labels.collect::<Mapping>());
    keys.push_given("stop_grace_period", service.stop_grace_period.as_ref().map(|time| literal(time.as_str())));
    keys.push_given(NETWORKS, networks.of_service(service).as_ref().map(raw));
    let user = service.user.as_deref().map(literal);
    let mut made = fences(&service.fences, user, service.fences.capabilities);
    made.push_given("logging", log(service.log));
    keys.append(with_written(made, written, &[NETWORKS, "deploy"]));
    keys.push("deploy", deploy_of(service, stack));
    keys
}

fn deploy_of(service: &Service, stack: &Stack<'_>) -> Mapping {
    let volumes = pin::volumes_of(service);
    let replicas = service.replicas.map_or(1, |replicas| u32::from(replicas.get()));
    let mode = if service.runs.ends() {
        Mode::Once(replicas, Some(TRIES))
    } else {
        // two of them would have one volume, or one port of a node
        let has_port = service.publish.is_some() && stack.deployment.swarm.ports == PortMode::Host;
        let order = if volumes.is_empty() && !has_port { Order::StartFirst } else { Order::StopFirst };
        Mode::Always(replicas, order)
    };
    let written = stack.extras.service(&service.name).iter().find(|(key, _)| key == "deploy");
    let written = written.and_then(|(_, deploy)| deploy.entries()).unwrap_or_default();
    deploy(&mode, pin::placement(&stack.deployment.project, &volumes), &service.limits, written, stack)
}

/// By what a job of an old `docker stack deploy` runs anew.
pub(super) fn run() -> (String, Value) {
    ("codelab-gen.run".to_owned(), reference("${run:-once}".to_owned()))
}

/// The volumes, and the folders in memory. What is read of a file is a config.
fn volumes(service: &Service) -> Value {
    let volume = |mount: &Mount| match &mount.source {
        MountSource::Volume(name) => {
            let mode = if mount.read_only { ":ro" } else { "" };
            Some(literal(&format!("{name}:{}{mode}", mount.target)))
        }
        MountSource::Bind(_) => None,
    };
    service.mounts.iter().filter_map(volume).chain(scratch(&service.fences)).collect()
}

/// The connection URLs first, then the rest in the order of the profile. Their names are no references.
fn variables(service: &Service) -> Mapping {
    let of_url = |database: &Database| {
        let given = database.given.as_ref()?;
        Some((given.variable.to_string(), required(given.key.as_str())))
    };
    let same = |of: &Option<DatabaseLabel>| {
        let url = service.database_called(of.as_ref()).and_then(of_url);
        url.map_or_else(Value::nothing, |(_, url)| url)
    };
    let value = |variable: &Variable| match variable {
        Variable::Url(of) => same(of),
        Variable::Literal(_) | Variable::Environment { .. } | Variable::Secret(_) => {
            variable_value(variable).unwrap_or_else(Value::nothing)
        }
    };
    let others = service.environment.iter().map(|(name, variable)| (name.to_string(), value(variable)));
    service.databases().filter_map(of_url).chain(others).collect()
}

/// What a variable holds; nothing for the connection URL, which is not its own.
pub(super) fn variable_value(variable: &Variable) -> Option<Value> {
    Some(match variable {
        Variable::Literal(text) => literal(text),
        Variable::Environment { name, default: Some(default) } => reference(format!("${{{name}:-{default}}}")),
        Variable::Environment { name, default: None } => reference(format!("${{{name}:?set {name} in .env}}")),
        Variable::Secret(secret) => required(secret.as_str()),
        Variable::Url(_) => return None,
    })
}

/// A reference to a line of `.env`. Docker 20.10 takes what stands behind a `-` for the value, also in what it says where the
/// line is missing.
fn required(key: &str) -> Value {
    reference(format!("${{{key}:?it is not in .env}}"))
}
