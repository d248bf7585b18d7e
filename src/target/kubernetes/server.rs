//! Knows what the PostgreSQL server comes down to: nothing where it is elsewhere, one pod, or what an operator runs.
//! Must not know how services use it.

mod ensure;
mod network;
mod operated;
mod refusals;
mod single;

use super::object::{self, Component, object};
use super::part::{Generated, Part};
use super::secrets;
use crate::deployment::{
    CERTIFICATES_FOLDER, CERTIFICATES_KEY, Certificates, Deployment, Host, OPERATED_HOST, Service,
};
use crate::render::{Output, RenderFault, RenderedFile};
use crate::target::init_script::{self, Start};
use crate::target::inputs::Inputs;
use crate::value::{ImageReference, ServiceName};
use crate::yaml::document::{Mapping, Value};

pub(super) use refusals::{faults, warnings};

/// The script for roles and databases: for the pod of the server, or for the administrator of one elsewhere.
pub(super) const INIT_SCRIPT: Output = Output::for_containers("kubernetes/init-postgres.sh");

/// The same, by the way from the folder of the manifests.
const SCRIPT: &str = "init-postgres.sh";

/// The server with all that belongs to it; nothing where it is elsewhere.
pub(super) fn part(deployment: &Deployment) -> Option<Part> {
    let server = deployment.server.as_ref()?;
    let (objects, secrets, configs) = match &server.host {
        Host::Container(container) => single::objects(server, container, deployment),
        Host::Operated(operated) => operated::objects(server, operated, deployment),
        Host::External(_) => return None,
    };
    Some(Part { name: name(), objects, secrets, configs })
}

/// The script; nothing where an operator does its work.
pub(super) fn script(deployment: &Deployment, inputs: &Inputs<'_>) -> Result<Option<RenderedFile>, RenderFault> {
    let is_inside = deployment.contained_server().is_some();
    let start = if is_inside { Start::Pod } else { Start::Administrator };
    let Some(view) = init_script::view(deployment, inputs.placement, start) else { return Ok(None) };
    let text = init_script::TEXT.fill(&INIT_SCRIPT, &view)?;
    Ok(Some(RenderedFile::sealed(INIT_SCRIPT, text)))
}

/// Whether it has a manifest.
pub(super) fn has_manifest(deployment: &Deployment) -> bool {
    deployment.server.as_ref().is_some_and(crate::deployment::Server::is_inside)
}

/// The host by which it is reached, where it runs in the cluster.
pub(super) fn host(deployment: &Deployment) -> &'static str {
    match deployment.server.as_ref().and_then(crate::deployment::Server::operated) {
        Some(_) => OPERATED_HOST,
        None => "postgres",
    }
}

/// What all its objects are called.
pub(super) fn name() -> String {
    ServiceName::postgres().to_string()
}

/// What the container beside a server is promised, in bytes and in thousandths of a processor.
pub(super) fn ensure(container: &crate::deployment::Container) -> (u64, u64) {
    ensure::amounts(container).unwrap_or_default()
}

/// The labels by which its pods are found; an operator has its own.
pub(super) fn selector(deployment: &Deployment) -> Mapping {
    match deployment.server.as_ref().and_then(crate::deployment::Server::operated) {
        Some(_) => operated::selector(),
        None => object::selector(&name(), deployment),
    }
}

/// An image with the programs of PostgreSQL that pods of services wait by; nothing where none is named.
pub(super) fn client(deployment: &Deployment) -> Option<&ImageReference> {
    match &deployment.server.as_ref()?.host {
        Host::Container(container) => Some(&container.image),
        Host::Operated(operated) => Some(&operated.image),
        Host::External(external) => external.client.as_ref(),
    }
}

/// The volume, and where it appears, with the certificates that verify the server of a service's database, where a
/// Secret holds them. It is a folder: what is mounted as one file stays old where the operator renews them.
pub(super) fn certificates(service: &Service, deployment: &Deployment) -> Option<(Value, Value)> {
    let server = deployment.server.as_ref().filter(|_| service.uses_postgres())?;
    let Certificates::Secret(secret) = server.certificates()? else { return None };
    const VOLUME: &str = "postgres-ca";
    let item = Mapping::from_iter([("key", Value::text(CERTIFICATES_KEY)), ("path", Value::text(CERTIFICATES_KEY))]);
    let item = Value::from(item).on_one_line().behind("and no key");
    let source = [("secretName", Value::text(secret)), ("items", std::iter::once(item).collect::<Value>())];
    let source = Value::from(Mapping::from_iter(source));
    let volume = Mapping::from_iter([("name", Value::text(VOLUME)), ("secret", source)]);
    let mount = [
        ("name", Value::text(VOLUME)),
        ("mountPath", Value::text(CERTIFICATES_FOLDER)),
        ("readOnly", Value::bare("true")),
    ];
    Some((volume.into(), Mapping::from_iter(mount).into()))
}

/// An object of the server.
fn of_server(api_version: &'static str, kind: &'static str, named: String, deployment: &Deployment) -> Mapping {
    let labels = object::labels(&name(), Component::Database, deployment);
    object(api_version, kind, Mapping::from_iter([("name", Value::text(named)), ("labels", labels.into())]))
}

/// The services that reach it, in the order of the profile.
fn users(deployment: &Deployment) -> impl Iterator<Item = &Service> {
    deployment.services.iter().filter(|service| deployment.reaches_server(service))
}

/// A key of a Secret, with the file that it is made of.
fn file_of(key: &str) -> (String, String) {
    (key.to_owned(), secrets::within(key))
}

/// The Secrets that log in to registries, for a pod.
fn image_pull_secrets(deployment: &Deployment) -> Value {
    let names = deployment.image_pull_secrets.iter();
    names.map(|name| Value::from(Mapping::from_iter([("name", Value::text(name.to_string()))]))).collect()
}

/// A Secret or ConfigMap whose name changes with what it holds.
fn hashed(name: String, files: Vec<(String, String)>) -> Generated {
    Generated { name, files, ..Generated::default() }
}
