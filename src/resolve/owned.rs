//! Knows which Compose keys the profile has a field for, so that `compose:` may not write them a second time.
//! Must not know what the keys do.

use super::Faults;
use crate::diagnostic::{Code, Place};
use crate::field::FieldPath;
use crate::profile::{Profile, Raw, RawKeys, Setting, given};
use crate::value::SecretsIn;

/// Compose's key, and the field of a service that writes it.
pub(crate) const SERVICE_KEYS: [(&str, &str); 15] = [
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
];

/// The same for the server; `shm_size` and `stop_grace_period` may be written, they replace what stands there.
pub(crate) const SERVER_KEYS: [(&str, &str); 6] = [
    ("image", "image"),
    ("command", "settings"),
    ("ports", "publish"),
    ("volumes", "volume"),
    ("environment", "user"),
    ("healthcheck", "image"),
];

/// The same at the top of the file.
pub(crate) const TOP_KEYS: [(&str, &str); 3] = [("name", "project"), ("services", "services"), ("volumes", "services")];

/// The same for the top and for the server, where the server's passwords stand in files.
pub(crate) const FILE_KEYS: [(&str, &str); 1] = [("secrets", "secrets_in")];

/// Checks every `compose:` of the profile.
pub(super) fn check(profile: &Profile, faults: &mut Faults) {
    let top = FieldPath::root();
    let in_files = profile.secrets_in() == SecretsIn::Files;
    check_keys(&profile.compose, &TOP_KEYS, &top, faults);
    if in_files {
        check_keys(&profile.compose, &FILE_KEYS, &top, faults);
    }
    for (name, service) in given(&profile.services) {
        if service.compose.is_given() {
            let at = top.key("services").key(name);
            check_keys(&service.compose, &SERVICE_KEYS, &at, faults);
            check_replicas(&service.compose, &at, faults);
        }
    }
    if let Some(postgres) = profile.postgres.get() {
        check_keys(&postgres.compose, &SERVER_KEYS, &top.key("postgres"), faults);
        if in_files {
            check_keys(&postgres.compose, &FILE_KEYS, &top.key("postgres"), faults);
        }
    }
}

/// The other place where Compose takes a number of containers from.
fn check_replicas(compose: &Setting<RawKeys>, at: &FieldPath, faults: &mut Faults) {
    for (_, deploy) in given(compose).filter(|(key, _)| key.as_str() == "deploy") {
        if matches!(deploy, Raw::Mapping(entries) if entries.iter().any(|(key, _)| key == "replicas")) {
            let place = Place::key(&at.key("compose").key("deploy").key("replicas"));
            let message = "the Compose key `deploy.replicas` is written by the profile's own field `replicas`";
            faults.add(Code::OwnedKey, place, message, "use `replicas` instead");
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
