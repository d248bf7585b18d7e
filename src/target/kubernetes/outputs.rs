//! Knows the files of a deployment on Kubernetes, and the order that they are written in. Must not know what any of them says.

use super::super::databases;
use super::super::program::PROGRAMS;
use crate::deployment::Deployment;
use crate::render::Output;
use crate::value::ServiceName;

/// The folder of all of them: kustomize reads nothing outside of it.
pub const FOLDER: &str = "kubernetes";

/// What `kubectl apply -k` reads first.
pub const KUSTOMIZATION: Output = Output::text("kubernetes/kustomization.yaml");

/// The other names by which kustomize finds what that says; it fails where there are two of the three.
pub(in crate::target) const RIVALS: [&str; 2] = ["kubernetes/kustomization.yml", "kubernetes/Kustomization"];

/// The script for roles and databases: for the pod of the server, or for the administrator of one elsewhere.
pub(super) const INIT_SCRIPT: Output = Output::for_containers("kubernetes/init-postgres.sh");

/// Those whose names follow from no profile.
pub(in crate::target) fn outputs() -> Vec<Output> {
    let scripts = PROGRAMS.into_iter().map(|program| program.output);
    [INIT_SCRIPT, databases::OUTPUT].into_iter().chain(scripts).chain([KUSTOMIZATION]).collect()
}

/// The manifest of a part of the deployment.
pub(super) fn manifest(name: &str) -> Output {
    Output::named(format!("{FOLDER}/{name}.yaml"))
}

/// Those whose names follow from the profile.
pub(in crate::target) fn named_outputs(deployment: &Deployment) -> Vec<Output> {
    let server = deployment.server.as_ref().filter(|server| server.is_inside());
    let server = server.map(|_| ServiceName::postgres().to_string());
    let services = deployment.services.iter().map(|service| service.name.to_string());
    server.into_iter().chain(services).map(|name| manifest(&name)).collect()
}

/// Whether it is one of them all, whatever profile made it.
#[must_use]
pub fn is_manifest(output: &Output) -> bool {
    output.path().strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with('/'))
}
