//! Knows what every object has: its kind, name and labels, and how the pods of a service are found by them.
//! Must not know what an object is for.

use std::hash::Hasher as _;

use twox_hash::XxHash3_64;

use crate::deployment::{Deployment, Service};
use crate::value::{ServiceName, is_dns_label};
use crate::yaml::document::{Mapping, Value};

/// What an object is called.
pub(super) const NAME: &str = "app.kubernetes.io/name";

/// What it belongs to.
pub(super) const PART_OF: &str = "app.kubernetes.io/part-of";

/// What it is there for.
const COMPONENT: &str = "app.kubernetes.io/component";

/// Who made it.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// How long the name of an object may be whose pods carry it as a label.
const LONGEST: usize = 63;

/// What a pod is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Component {
    /// A service of the profile.
    Service,
    /// The PostgreSQL server, and what brings its databases in line.
    Database,
}

impl Component {
    fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Database => "database",
        }
    }
}

/// An object without its contents.
pub(super) fn object(api_version: &'static str, kind: &'static str, metadata: Mapping) -> Mapping {
    Mapping::from_iter([
        ("apiVersion", Value::text(api_version)),
        ("kind", Value::text(kind)),
        ("metadata", metadata.into()),
    ])
}

/// The name and labels of an object of a service.
pub(super) fn metadata(name: String, service: &ServiceName, deployment: &Deployment) -> Mapping {
    let labels = labels(service.as_str(), Component::Service, deployment);
    Mapping::from_iter([("name", Value::text(name)), ("labels", labels.into())])
}

/// All labels of an object.
pub(super) fn labels(name: &str, component: Component, deployment: &Deployment) -> Mapping {
    Mapping::from_iter([
        (NAME, Value::text(name.to_owned())),
        (PART_OF, Value::text(deployment.project.to_string())),
        (COMPONENT, Value::text(component.as_str())),
        (MANAGED_BY, Value::text("codelab-gen")),
    ])
}

/// The labels by which the pods of a service, or of the server, are found. They never change: a Deployment can't get others.
pub(super) fn selector(name: &str, deployment: &Deployment) -> Mapping {
    let labels = [(NAME, Value::text(name.to_owned())), (PART_OF, Value::text(deployment.project.to_string()))];
    Mapping::from_iter(labels)
}

/// The labels by which all services of the deployment are found.
pub(super) fn all_services(deployment: &Deployment) -> Mapping {
    let component = Value::text(Component::Service.as_str());
    Mapping::from_iter([(PART_OF, Value::text(deployment.project.to_string())), (COMPONENT, component)])
}

/// The pods that have labels.
pub(super) fn matching(labels: Mapping) -> Value {
    Mapping::from_iter([("matchLabels", Value::from(labels))]).into()
}

/// Whether a service is found in DNS by its name, which Kubernetes wants to begin with a letter.
pub(super) fn is_service_name(name: &str) -> bool {
    is_dns_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// A name of an object that changes with what it holds. Where the name is cut, the hash tells it from others that begin so.
pub(super) fn hashed(name: &str, content: &str) -> String {
    let longest = LONGEST - HASH - 1;
    let mut hasher = XxHash3_64::new();
    hasher.write(content.as_bytes());
    hasher.write(name.get(longest..).unwrap_or_default().as_bytes());
    let hash = format!("{:016x}", hasher.finish());
    let hash = hash.get(..HASH).unwrap_or(&hash);
    let name = name.get(..longest).unwrap_or(name).trim_end_matches('-');
    format!("{name}-{hash}")
}

/// How much of a hash stands in a name.
const HASH: usize = 10;

/// The pods' own name for a service, in objects that are called as it.
pub(super) fn name(service: &Service) -> String {
    service.name.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_hash_is_a_label_and_changes_with_what_it_holds() {
        let long = "a".repeat(52) + "-" + &"b".repeat(10);
        assert_eq!(long.len(), 63);
        for name in ["a", "migrate", &long, &"a".repeat(63)] {
            let (first, second) = (hashed(name, "x"), hashed(name, "y"));
            assert!(is_dns_label(&first) && first.len() <= 63, "{first}");
            assert!(first != second && first == hashed(name, "x"), "{first} {second}");
        }
        assert!(!hashed(&long, "x").contains("--"));
        assert_ne!(hashed(&long, "x"), hashed(&"a".repeat(52), "x"), "what is cut off counts");
        for (name, is_one) in
            [("api", true), ("0api", false), ("a-1", true), ("A", false), ("a.b", false), ("a_b", false)]
        {
            assert_eq!(is_service_name(name), is_one, "{name}");
        }
    }
}
