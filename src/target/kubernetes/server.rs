//! Knows what the PostgreSQL server comes down to: nothing where it is elsewhere, one pod, or what an operator runs.
//! Must not know how services use it.

mod common;
mod ensure;
mod network;
mod operated;
mod pod;
mod refusals;
mod single;

use super::object;
use super::outputs::INIT_SCRIPT;
use super::part::Part;
use super::volume::free_name;
use crate::deployment::{
    CERTIFICATES_FOLDER, CERTIFICATES_KEY, Certificates, Deployment, Host, OPERATED_HOST, Service,
};
use crate::render::{RenderFault, RenderedFile};
use crate::target::init_script::{self, Start};
use crate::target::inputs::Inputs;
use crate::value::ImageReference;
use crate::yaml::document::{Mapping, Value};

pub(super) use common::name;
pub(super) use refusals::{faults, warnings};

/// The server with all that belongs to it; nothing where it is elsewhere.
pub(super) fn part(deployment: &Deployment, inputs: &Inputs<'_>) -> Option<Part> {
    let server = deployment.server.as_ref()?;
    let (objects, secrets, configs) = match &server.host {
        Host::Container(container) => single::objects(server, container, deployment, inputs.found),
        Host::Operated(operated) => operated::objects(server, operated, deployment),
        Host::External(_) => return None,
    };
    Some(Part { name: name(), objects, secrets, configs })
}

/// The Secrets that are made for it.
pub(super) fn secrets(deployment: &Deployment) -> Vec<String> {
    let Some(server) = &deployment.server else { return Vec::new() };
    match &server.host {
        Host::Container(_) => vec![name()],
        Host::Operated(_) => server.logins().into_iter().map(operated::role_name).collect(),
        Host::External(_) => Vec::new(),
    }
}

/// The script; nothing where an operator does its work.
pub(super) fn script(deployment: &Deployment, inputs: &Inputs<'_>) -> Result<Option<RenderedFile>, RenderFault> {
    let is_inside = deployment.contained_server().is_some();
    let start = if is_inside { Start::Pod } else { Start::Administrator };
    let Some(view) = init_script::view(deployment, inputs.placement, start) else { return Ok(None) };
    let text = init_script::TEXT.fill(&INIT_SCRIPT, &view)?;
    Ok(Some(RenderedFile::sealed(INIT_SCRIPT, text)))
}

/// The host by which it is reached, where it runs in the cluster.
pub(super) fn host(deployment: &Deployment) -> &'static str {
    match deployment.server.as_ref().and_then(crate::deployment::Server::operated) {
        Some(_) => OPERATED_HOST,
        None => "postgres",
    }
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

/// The volume of certificates in a service's pod, where none of the profile has that name.
const CERTIFICATES: &str = "postgres-ca";

/// The volume, and where it appears, with the certificates that verify the server of a service's database, where a
/// Secret holds them. It is a folder: what is mounted as one file stays old where the operator renews them.
pub(super) fn certificates(service: &Service, deployment: &Deployment) -> Option<(Value, Value)> {
    let server = deployment.server.as_ref().filter(|_| service.uses_postgres())?;
    let Certificates::Secret(secret) = server.certificates()? else { return None };
    let item = Mapping::from_iter([("key", Value::text(CERTIFICATES_KEY)), ("path", Value::text(CERTIFICATES_KEY))]);
    let item = Value::from(item).on_one_line().behind("and no key");
    let source = [("secretName", Value::text(secret)), ("items", std::iter::once(item).collect::<Value>())];
    let source = Value::from(Mapping::from_iter(source));
    let name = free_name(service, CERTIFICATES);
    let volume = Mapping::from_iter([("name", Value::text(name.clone())), ("secret", source)]);
    let mount = [
        ("name", Value::text(name)),
        ("mountPath", Value::text(CERTIFICATES_FOLDER)),
        ("readOnly", Value::bare("true")),
    ];
    Some((volume.into(), Mapping::from_iter(mount).into()))
}
