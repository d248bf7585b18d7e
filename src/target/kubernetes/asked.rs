//! Knows what manifests hold of the world outside of the profile: values of variables, files of the project; and which of
//! these values stand in a manifest. Must not know where they come from.

use std::collections::HashMap;

use super::{container, expansion, outputs, volume};
use crate::deployment::Deployment;
use crate::profile::Raw;
use crate::render::Output;
use crate::target::inputs::{Asked, AskedVariable};
use crate::value::ServiceName;
use crate::yaml;

/// What is asked for.
pub(in crate::target) fn asked(deployment: &Deployment) -> Asked<'_> {
    let services = deployment.services.iter().map(|service| (service.name.clone(), service.environment.as_slice()));
    let server = deployment.contained_server();
    let server = server.map(|(_, container)| (ServiceName::postgres(), container.environment.as_slice()));
    let variables = server.into_iter().chain(services).flat_map(|(service, environment)| {
        container::asked(environment).map(move |(variable, name, default)| AskedVariable {
            service: service.clone(),
            variable,
            name,
            default,
        })
    });
    Asked { variables: variables.collect(), files: volume::files(deployment) }
}

/// The variables of a service's container with the texts that its manifest gives them.
pub(in crate::target) fn standing<'t>(
    service: &ServiceName,
    text_of: impl Fn(&Output) -> Option<&'t str>,
) -> HashMap<String, String> {
    let text = text_of(&outputs::manifest(service.as_str())).unwrap_or_default();
    // no line of a value begins so: all of them stand below a key
    let documents = text.split("\n---\n").filter_map(|document| Some(Raw::of(&yaml::read(document).ok()?)));
    let pods = documents.filter_map(|document| {
        let spec = document.get("spec")?;
        let spec = spec.get("jobTemplate").map_or(Some(spec), |job| job.get("spec"))?;
        spec.get("template")?.get("spec").cloned()
    });
    pods.flat_map(|pod| variables(&pod).unwrap_or_default()).collect()
}

/// Those of the first container of a pod.
fn variables(pod: &Raw) -> Option<Vec<(String, String)>> {
    let Raw::Sequence(containers) = pod.get("containers")? else { return None };
    let Raw::Sequence(variables) = containers.first()?.get("env")? else { return None };
    let text = |variable: &Raw, key: &str| match variable.get(key) {
        Some(Raw::Scalar { text, .. }) => Some(text.clone()),
        Some(Raw::Sequence(_) | Raw::Mapping(_)) | None => None,
    };
    let pair = |variable: &Raw| Some((text(variable, "name")?, expansion::unescaped(&text(variable, "value")?)));
    Some(variables.iter().filter_map(pair).collect())
}
