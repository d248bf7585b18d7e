//! Knows what all objects of the server have in common: names, labels, the Secrets of passwords. Must not know in which
//! way it runs.

use super::super::object::{Component, labels, object};
use super::super::part::Generated;
use super::super::secrets;
use crate::deployment::{Deployment, Service};
use crate::value::ServiceName;
use crate::yaml::document::{Mapping, Value};

/// What all its objects are called.
pub(in crate::target::kubernetes) fn name() -> String {
    ServiceName::postgres().to_string()
}

/// An object of the server.
pub(super) fn of_server(
    api_version: &'static str,
    kind: &'static str,
    named: String,
    deployment: &Deployment,
) -> Mapping {
    object(api_version, kind, metadata_of_server(named, deployment))
}

/// The name and labels of an object of the server.
pub(super) fn metadata_of_server(named: String, deployment: &Deployment) -> Mapping {
    let labels = labels(&name(), Component::Database, deployment);
    Mapping::from_iter([("name", Value::text(named)), ("labels", labels.into())])
}

/// The services that reach it, in the order of the profile.
pub(super) fn users(deployment: &Deployment) -> impl Iterator<Item = &Service> {
    deployment.services.iter().filter(|service| deployment.reaches_server(service))
}

/// A key of a Secret, with the file that it is made of.
pub(super) fn file_of(key: &str) -> (String, String) {
    (key.to_owned(), secrets::within(key))
}

/// The Secrets that log in to registries, for a pod.
pub(super) fn image_pull_secrets(deployment: &Deployment) -> Value {
    let names = deployment.image_pull_secrets.iter();
    names.map(|name| Value::from(Mapping::from_iter([("name", Value::text(name.to_string()))]))).collect()
}

/// A Secret or ConfigMap whose name changes with what it holds.
pub(super) fn hashed(name: String, files: Vec<(String, String)>) -> Generated {
    Generated { name, files, ..Generated::default() }
}
