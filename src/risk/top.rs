//! Knows what raw Compose keys at the top of the file can give. Must not know those of a container.

use super::compose::{references, text};
use super::found::Found;
use super::host::read_file;
use super::kind::RiskKind;
use super::service::of_extensions;
use crate::field::FieldPath;
use crate::profile::{Profile, Raw, given};

/// What all services get together.
pub(super) fn of_top(profile: &Profile, found: &mut Found<'_>) {
    of_extensions(profile, found);
    found.receiver = FieldPath::root();
    for (key, value) in given(&profile.compose) {
        let at = FieldPath::root().key("compose").key(key);
        match key.as_str() {
            "include" => found.add(RiskKind::ForeignCompose, &at),
            "networks" => entries(value, &at, found, network),
            "secrets" | "configs" => entries(value, &at, found, file),
            "version" => {}
            key if key.starts_with("x-") => continue,
            key => found.say(RiskKind::OtherKey, &at, key),
        }
        references(value, &at, found);
    }
}

fn entries(value: &Raw, at: &FieldPath, found: &mut Found<'_>, judge: fn(&Raw, &FieldPath, &mut Found<'_>)) {
    let Raw::Mapping(entries) = value else { return found.add(RiskKind::OtherKey, at) };
    for (name, entry) in entries {
        judge(entry, &at.key(name), found);
    }
}

/// A network that is not only the deployment's, or that is more than a bridge.
fn network(value: &Raw, at: &FieldPath, found: &mut Found<'_>) {
    let is_bridge = |driver: &Raw| matches!(text(driver), Some("bridge" | "default" | ""));
    for key in ["external", "name", "driver", "driver_opts"] {
        let Some(given) = value.get(key) else { continue };
        let is_own = match key {
            "external" => text(given) == Some("false"),
            "driver" => is_bridge(given),
            _ => false,
        };
        if !is_own {
            found.add(RiskKind::ForeignNetwork, &at.key(key));
        }
    }
}

/// A secret or a configuration, which Compose itself reads.
fn file(value: &Raw, at: &FieldPath, found: &mut Found<'_>) {
    if let Some(path) = value.get("file").and_then(text) {
        read_file(path, &at.key("file"), found);
    }
    if let Some(name) = value.get("environment").and_then(text) {
        found.say(RiskKind::Environment, &at.key("environment"), name);
    }
    for key in ["external", "driver", "template_driver"] {
        if value.get(key).is_some_and(|given| text(given) != Some("false")) {
            found.add(RiskKind::OtherKey, &at.key(key));
        }
    }
}
