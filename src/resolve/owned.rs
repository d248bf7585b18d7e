//! Knows which Compose keys the profile has a field for, so that `compose:` may not write them a second time.
//! Must not know what the keys do.

use super::Faults;
use crate::diagnostic::{Code, Place};
use crate::field::FieldPath;
use crate::profile::{Profile, RawKeys, Setting, given};

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

/// Checks every `compose:` of the profile.
pub(super) fn check(profile: &Profile, faults: &mut Faults) {
    let top = FieldPath::root();
    check_keys(&profile.compose, &TOP_KEYS, &top, faults);
    for (name, service) in given(&profile.services) {
        if service.compose.is_given() {
            check_keys(&service.compose, &SERVICE_KEYS, &top.key("services").key(name), faults);
        }
    }
    if let Some(postgres) = profile.postgres.get() {
        check_keys(&postgres.compose, &SERVER_KEYS, &top.key("postgres"), faults);
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
