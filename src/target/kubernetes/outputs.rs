//! Knows the files of a deployment on Kubernetes, and the order that they are written in. Must not know what any of them says.

use crate::render::Output;

/// The folder of all of them: kustomize reads nothing outside of it.
pub(super) const FOLDER: &str = "kubernetes";

/// What `kubectl apply -k` reads first.
pub const KUSTOMIZATION: Output = Output::text("kubernetes/kustomization.yaml");

/// Those whose names follow from no profile.
pub(in crate::target) fn outputs() -> Vec<Output> {
    vec![KUSTOMIZATION]
}

/// The manifest of a part of the deployment.
pub(super) fn manifest(name: &str) -> Output {
    Output::named(format!("{FOLDER}/{name}.yaml"))
}
