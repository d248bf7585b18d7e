//! Knows which Secrets and ConfigMaps pods name, and whether they are there. Must not know what they hold.

use serde_json::Value;

use super::super::subject::Subject;
use super::living::Living;
use super::object::{Object, is_name, list, text};
use crate::report::Finding;
use crate::value::SecretsIn;

const CHECK: &str = "references";

/// The two kinds: as kubectl takes it, as it is told, and where pods name one: in a variable, for all variables, as a
/// volume, as a part of one.
const KINDS: [Kind; 2] = [
    Kind {
        resource: "secrets",
        word: "Secret",
        key: "secretKeyRef",
        all: "secretRef",
        volume: "secret",
        name: "secretName",
    },
    Kind {
        resource: "configmaps",
        word: "ConfigMap",
        key: "configMapKeyRef",
        all: "configMapRef",
        volume: "configMap",
        name: "name",
    },
];

struct Kind {
    resource: &'static str,
    word: &'static str,
    key: &'static str,
    all: &'static str,
    volume: &'static str,
    name: &'static str,
}

/// Whether what pods name is there; asked by name, so that no value comes along.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    KINDS.iter().flat_map(|kind| of_kind(kind, living)).collect()
}

fn of_kind(kind: &Kind, living: &Living<'_>) -> Vec<Finding> {
    let mut named: Vec<(String, &str)> = Vec::new();
    for object in living.workloads.iter().chain(&living.jobs) {
        for name in named_by(object, kind) {
            if !named.iter().any(|(known, _)| *known == name) {
                named.push((name, object.name()));
            }
        }
    }
    if named.is_empty() {
        return Vec::new();
    }
    let wanted: Vec<_> = named.iter().map(|(name, _)| name.as_str()).collect();
    let word = kind.word;
    let there = match living.kubectl.names(kind.resource, &wanted) {
        Ok(there) => there,
        Err(silence) => {
            let message = format!("whether each {word} is there that pods name");
            return vec![Finding::unseen(CHECK, message).shown_by(&silence.text())];
        }
    };
    let missing = named.iter().filter(|(name, _)| !there.contains(name));
    let finding = |(name, by): &(String, &str)| {
        let message = format!("`{by}` names the {word} `{name}`, which is not there");
        Finding::problem(CHECK, message, help(living.subject, living))
    };
    let found: Vec<_> = missing.map(finding).collect();
    if found.is_empty() { vec![Finding::ok(CHECK, format!("each {word} is there that pods name"))] } else { found }
}

fn help(subject: &Subject<'_>, living: &Living<'_>) -> String {
    match subject.deployment.secrets_in {
        SecretsIn::External => {
            "let what makes the Secrets make it too: docs/kubernetes.md says which keys it needs".to_owned()
        }
        SecretsIn::Dotenv | SecretsIn::Files | SecretsIn::Environment => {
            format!("`{}`; one that the profile names and does not make is yours to make", living.remedies.up())
        }
    }
}

/// What the pods of an object can't start without.
fn named_by(object: &Object, kind: &Kind) -> Vec<String> {
    let pod = object.at("/spec/template/spec");
    let Some(pod) = pod else { return Vec::new() };
    let containers = list(pod, "/initContainers").iter().chain(list(pod, "/containers"));
    let mut found: Vec<(Option<&Value>, &str)> = Vec::new();
    for container in containers {
        for variable in list(container, "/env") {
            found.push((variable.pointer(&format!("/valueFrom/{}", kind.key)), "name"));
        }
        for all in list(container, "/envFrom") {
            found.push((all.get(kind.all), "name"));
        }
    }
    for volume in list(pod, "/volumes") {
        found.push((volume.get(kind.volume), kind.name));
        found.extend(list(volume, "/projected/sources").iter().map(|source| (source.get(kind.volume), "name")));
    }
    let is_needed = |value: &Value| value.get("optional").and_then(Value::as_bool) != Some(true);
    let of_pods =
        found.into_iter().filter_map(|(value, key)| value.filter(|value| is_needed(value)).map(|value| (value, key)));
    let mut names: Vec<_> = of_pods.filter_map(|(value, key)| value.get(key)?.as_str()).collect();
    if kind.word == "Secret" {
        names.extend(list(pod, "/imagePullSecrets").iter().map(|one| text(one, "/name")));
    }
    names.into_iter().filter(|name| is_name(name)).map(str::to_owned).collect()
}
