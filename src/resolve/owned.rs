//! Knows which Compose keys the profile has a field for, so that `compose:` may not write them a second time.
//! Must not know what the keys do.

use super::scope::Faults;
use crate::diagnostic::{Code, Place};
use crate::field::FieldPath;
use crate::profile::{Profile, Raw, RawKeys, Setting, given};
use crate::value::SecretsIn;

/// Compose's key, and the field of a service that writes it.
pub(crate) const SERVICE_KEYS: [(&str, &str); 18] = [
    ("build", "build"),
    ("image", "image"),
    ("command", "command"),
    ("entrypoint", "entrypoint"),
    ("user", "user"),
    ("working_dir", "working_dir"),
    ("ports", "publish"),
    ("volumes", "volumes"),
    ("environment", "environment"),
    ("healthcheck", "healthcheck"),
    ("depends_on", "depends_on"),
    ("labels", "labels"),
    ("scale", "replicas"),
    ("mem_limit", "limits.memory"),
    ("cpus", "limits.cpus"),
    ("cpu_period", "limits.cpus"),
    ("cpu_quota", "limits.cpus"),
    ("pids_limit", "limits.pids"),
];

/// The same for the server; all other keys may be written, and replace what stands there.
pub(crate) const SERVER_KEYS: [(&str, &str); 11] = [
    ("image", "image"),
    ("command", "settings"),
    ("ports", "publish"),
    ("volumes", "volume"),
    ("environment", "user"),
    ("healthcheck", "image"),
    ("mem_limit", "limits.memory"),
    ("cpus", "limits.cpus"),
    ("cpu_period", "limits.cpus"),
    ("cpu_quota", "limits.cpus"),
    ("pids_limit", "limits.pids"),
];

/// Keys by which the server would no longer be the one container that the rest of the deployment relies on.
pub(crate) const SERVER_RELIED_ON: [&str; 6] =
    ["build", "depends_on", "entrypoint", "network_mode", "profiles", "scale"];

/// The same at the top of the file.
pub(crate) const TOP_KEYS: [(&str, &str); 3] = [("name", "project"), ("services", "services"), ("volumes", "services")];

/// The same for the top and for the server, where the server's passwords stand in files.
pub(crate) const FILE_KEYS: [(&str, &str); 1] = [("secrets", "secrets_in")];

/// Checks every `compose:` of the profile.
pub(super) fn check(profile: &Profile, faults: &mut Faults) {
    let top = FieldPath::root();
    let in_files = profile.secrets_in() == SecretsIn::Files;
    check_keys(&profile.compose, &TOP_KEYS, &top, faults);
    for (_, networks) in given(&profile.compose).filter(|(key, _)| key.as_str() == "networks") {
        if !matches!(networks, Raw::Mapping(_)) {
            let place = Place::value(&top.key("compose").key("networks"));
            let help = "write `networks: { NAME: {} }`";
            faults.add(Code::InvalidValue, place, "expected a mapping of networks by their names", help);
        }
    }
    if in_files {
        check_keys(&profile.compose, &FILE_KEYS, &top, faults);
    }
    for (name, service) in given(&profile.services) {
        if service.compose.is_given() {
            let at = top.key("services").key(name);
            check_keys(&service.compose, &SERVICE_KEYS, &at, faults);
            check_deploy(&service.compose, &at, faults);
        }
    }
    if let Some(postgres) = profile.postgres.get() {
        check_keys(&postgres.compose, &SERVER_KEYS, &top.key("postgres"), faults);
        check_deploy(&postgres.compose, &top.key("postgres"), faults);
        for key in given(&postgres.compose).map(|(key, _)| key.as_str()).filter(|key| SERVER_RELIED_ON.contains(key)) {
            let place = Place::key(&top.key("postgres").key("compose").key(key));
            let message = format!("the rest of the deployment relies on the server's own `{key}`");
            faults.add(Code::OwnedKey, place, message, "remove it");
        }
        if in_files {
            check_keys(&postgres.compose, &FILE_KEYS, &top.key("postgres"), faults);
        }
    }
}

/// Keys below `deploy` by which Compose takes what a field says as well, each with that field.
pub(crate) const DEPLOY_KEYS: [(&[&str], &str); 2] =
    [(&["replicas"], "replicas"), (&["resources", "limits"], "limits")];

/// Compose refuses two places that disagree.
fn check_deploy(compose: &Setting<RawKeys>, at: &FieldPath, faults: &mut Faults) {
    for (_, deploy) in given(compose).filter(|(key, _)| key.as_str() == "deploy") {
        for (path, field) in DEPLOY_KEYS {
            let found = path.iter().try_fold(deploy, |raw, key| raw.get(key));
            if found.is_some() {
                let at = path.iter().fold(at.key("compose").key("deploy"), |at, key| at.key(key));
                let key = path.join(".");
                let message = format!("the Compose key `deploy.{key}` is written by the profile's own field `{field}`");
                faults.add(Code::OwnedKey, Place::key(&at), message, format!("use `{field}` instead"));
            }
        }
    }
}

fn check_keys(compose: &Setting<RawKeys>, owned: &[(&str, &str)], at: &FieldPath, faults: &mut Faults) {
    for key in given(compose).map(|(key, _)| key.as_str()) {
        if let Some((_, field)) = owned.iter().find(|(known, _)| *known == key) {
            let place = Place::key(&at.key("compose").key(key));
            let message = format!("the Compose key `{key}` is written by the profile's own field `{field}`");
            faults.add(Code::OwnedKey, place, message, format!("use `{field}` instead"));
        }
    }
}
