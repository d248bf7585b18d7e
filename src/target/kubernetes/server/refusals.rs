//! Knows what of the server Kubernetes can't run, and what it runs otherwise than Compose. Must not know the services.

use super::super::refusals as names;
use super::common::name;
use super::operated::{object_name, role_name};
use super::pod::{VOLUMES, identity};
use crate::deployment::{Container, Deployment, Host, Operated, Server, Service};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::spelling::quoted;
use crate::value::{MountSource, SecretsIn, Stage, is_dns_label};

/// What can't run.
pub(in crate::target::kubernetes) fn faults(deployment: &Deployment) -> Vec<Diagnostic> {
    let at = FieldPath::root().key("postgres");
    let mut faults = Vec::new();
    if deployment.secrets_in == SecretsIn::Environment {
        let message = "no environment of a program reaches pods: they read Secrets";
        let help = "write `secrets_in: external`: then your secret manager makes the Secrets";
        let place = Place::value(&FieldPath::root().key("secrets_in"));
        faults.push(Diagnostic::error(Code::TargetUnsupported, place, message, help));
    }
    match deployment.server.as_ref().map(|server| (server, &server.host)) {
        Some((_, Host::Container(container))) => {
            single(container, deployment.stage, &at, &mut faults);
        }
        Some((server, Host::Operated(operated))) => of_operator(server, operated, deployment, &at, &mut faults),
        Some((_, Host::External(_))) | None => {}
    }
    claimed(deployment, &mut faults);
    faults
}

/// A claim of the server's data, which a service would mount as a volume of its own.
fn claimed(deployment: &Deployment, faults: &mut Vec<Diagnostic>) {
    let is_servers = |volume: &str| match deployment.server.as_ref().map(|server| &server.host) {
        Some(Host::Container(container)) => volume == format!("{}-{}-0", container.volume, name()),
        Some(Host::Operated(_)) => volume.strip_prefix(&format!("{}-", name())).is_some_and(|rest| {
            rest.split('-').next().is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
        }),
        Some(Host::External(_)) | None => false,
    };
    for service in &deployment.services {
        let volumes = service.mounts.iter().filter_map(|mount| match &mount.source {
            MountSource::Volume(volume) => Some(volume.as_str()),
            MountSource::Bind(_) => None,
        });
        for volume in volumes.filter(|volume| is_servers(volume)) {
            let message = format!("the volume {} would be a claim of PostgreSQL's own data", quoted(volume));
            let place = Place::key(&FieldPath::root().key("services").key(&service.name));
            faults.push(Diagnostic::error(Code::TargetName, place, message, "give the volume another name"));
        }
    }
}

fn without_size(at: &FieldPath) -> Diagnostic {
    let message = "the data of PostgreSQL needs a size on Kubernetes";
    let help = "write `storage: 10Gi` in the `postgres` section";
    Diagnostic::error(Code::StorageSize, Place::key(at), message, help)
}

fn single(container: &Container, stage: Stage, at: &FieldPath, faults: &mut Vec<Diagnostic>) {
    let refused = |code, field: &str, message: String, help: &str| {
        Diagnostic::error(code, Place::value(&at.key(field)), message, help)
    };
    match container.volume.source() {
        MountSource::Bind(path) => {
            let message = format!("{} is a folder of this host, which no node has", quoted(path.as_str()));
            let help = "write `volume: postgres-data`, and `storage: 10Gi` beside it";
            faults.push(refused(Code::TargetUnsupported, "volume", message, help));
        }
        MountSource::Volume(name) if !is_dns_label(name.as_str()) || VOLUMES.contains(&name.as_str()) => {
            let name = quoted(name.as_str());
            let message = format!(
                "the volume {name} can't be the name of a claim of the server: letters of lower case, \
                                   digits and `-`, and none of the pod's own"
            );
            faults.push(refused(Code::TargetName, "volume", message, "call it `postgres-data`"));
        }
        MountSource::Volume(_) if container.storage.is_none() => faults.push(without_size(at)),
        MountSource::Volume(_) => {}
    }
    if !container.ensure {
        let message =
            "without `ensure` nothing gives the services their databases: on Kubernetes the image runs no script";
        faults.push(refused(Code::TargetUnsupported, "ensure", message.to_owned(), "remove `ensure: false`"));
    }
    if stage.is_strict() && identity(container).is_none() {
        let image = container.image.to_string();
        let message = format!(
            "{} is no official image: which user it runs as is not known, and it must not be root",
            quoted(&image)
        );
        let help = format!(
            "write `user_id: \"UID:GID\"` beside it, with the numbers that `docker run --rm {image} id postgres` prints: in \
             images made of the official one 999 on Debian, 70 on Alpine"
        );
        faults.push(refused(Code::TargetUnsupported, "image", message, &help));
    }
}

/// What stands behind the name of a `Cluster` in those of the Secrets, Services and budgets that the operator makes for it
/// (`api/v1/cluster_types.go` of CloudNativePG 1.30), beside those by which services find it.
const OPERATORS: [&str; 8] = ["any", "app", "ca", "primary", "pull-secret", "replication", "server", "superuser"];

/// The operator's objects are called after databases, whose names have more characters than those of objects.
fn of_operator(
    server: &Server,
    operated: &Operated,
    deployment: &Deployment,
    at: &FieldPath,
    faults: &mut Vec<Diagnostic>,
) {
    if operated.storage.is_none() {
        faults.push(without_size(at));
    }
    let is_operators = |service: &&Service| {
        let behind = service.name.as_str().strip_prefix(&name()).and_then(|rest| rest.strip_prefix('-'));
        behind.is_some_and(|rest| OPERATORS.contains(&rest))
    };
    faults
        .extend(deployment.services.iter().filter(is_operators).map(|service| names::of_operator(service, deployment)));
    let secrets: Vec<_> = server.logins().into_iter().map(role_name).collect();
    for service in
        deployment.services.iter().filter(|service| secrets.iter().any(|secret| *secret == service.name.as_str()))
    {
        let message = format!("the Secret of the service `{}` would be that of a role", service.name);
        let place = Place::key(&FieldPath::root().key("services").key(&service.name));
        faults.push(Diagnostic::error(Code::TargetName, place, message, "rename the service"));
    }
    let names: Vec<_> = server.databases.iter().map(|database| database.name.as_str()).collect();
    for (index, name) in names.iter().enumerate() {
        let earlier = names.iter().take(index).find(|earlier| object_name(earlier) == object_name(name));
        if let Some(earlier) = earlier {
            let message =
                format!("the databases {} and {} would be one object in the cluster", quoted(earlier), quoted(name));
            let help = "give one of them a name that differs by more than `-`, `_` and upper case";
            let place = Place::key(&FieldPath::root().key("services"));
            faults.push(Diagnostic::error(Code::TargetName, place, message, help));
        }
    }
}

/// What better were otherwise, and what is left out.
pub(in crate::target::kubernetes) fn warnings(deployment: &Deployment) -> Vec<Diagnostic> {
    let Some((_, container)) = deployment.contained_server() else { return Vec::new() };
    let at = FieldPath::root().key("postgres");
    let alone = (deployment.stage == Stage::Production).then(|| {
        let message = "one server in production: while its node is lost, or emptied, no service reaches its data";
        let help = "write `operator: cloudnative-pg`, or use an `external` server";
        Diagnostic::warning(Code::SingleServer, Place::key(&at), message, help)
    });
    let publish = container.publish.as_ref().map(|publish| {
        let message = "no port of a host leads into a cluster";
        let help = format!(
            "remove it for this target; `kubectl port-forward service/postgres {}:{}` leads to the server",
            publish.port, publish.target
        );
        Diagnostic::warning(Code::LeftOut, Place::value(&at.key("publish")), message, help)
    });
    alone.into_iter().chain(publish).collect()
}
