//! Knows which raw keys of Compose `docker stack deploy` follows: all others it refuses, or drops with a warning or without.
//! Must not know what they do.

use super::unsupported::unsupported;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Postgres, Profile, Raw, RawKeys, Service, Setting, given};
use crate::target::compose::{NETWORKS, SERVER_KEYS, SERVER_RELIED_ON, SERVICE_KEYS, TOP_KEYS, USER_KEYS};
use crate::target::swarm::stack::{STACK_NAME, is_extension};

/// The keys of a service that are followed, beside those that fields write.
const FOLLOWED: [&str; 17] = [
    "cap_add",
    "cap_drop",
    "deploy",
    "dns",
    "dns_search",
    "extra_hosts",
    "hostname",
    "init",
    "isolation",
    "logging",
    NETWORKS,
    "read_only",
    "stdin_open",
    "stop_signal",
    "sysctls",
    "tty",
    "ulimits",
];

/// The same of the server alone, which a field of the profile has for services.
const OF_SERVER: [&str; 2] = ["labels", "stop_grace_period"];

/// The keys below `deploy` that may be written: the others follow from fields of the profile.
const BELOW_DEPLOY: [&str; 3] = ["restart_policy", "rollback_config", "update_config"];

/// The raw keys beside the services.
pub(super) fn at_the_top(profile: &Profile) -> Vec<Diagnostic> {
    let is_known = |key: &str| is_owned(key, &TOP_KEYS) || key == NETWORKS || is_extension(key);
    dropped(&profile.compose, &FieldPath::root(), is_known)
}

/// Those of a service.
pub(super) fn of_service(service: &Service, at: &FieldPath) -> Vec<Diagnostic> {
    let is_known = |key: &str| is_owned(key, &SERVICE_KEYS) || FOLLOWED.contains(&key) || key.starts_with("x-");
    let mut faults = dropped(&service.compose, at, is_known);
    let has_volume = service.data.is_given() || service.volumes.is_given();
    faults.extend(below_deploy(&service.compose, at, !has_volume));
    faults
}

/// Those of the server.
pub(super) fn of_server(postgres: &Postgres, at: &FieldPath) -> Vec<Diagnostic> {
    let is_known = |key: &str| {
        is_owned(key, &SERVER_KEYS)
            || (postgres.user_id.is_given() && is_owned(key, &USER_KEYS))
            || SERVER_RELIED_ON.contains(&key)
            || FOLLOWED.contains(&key)
            || OF_SERVER.contains(&key)
            || key.starts_with("x-")
    };
    let mut faults = dropped(&postgres.compose, at, is_known);
    faults.extend(below_deploy(&postgres.compose, at, false));
    faults
}

fn is_owned(key: &str, owned: &[(&str, &str)]) -> bool {
    owned.iter().any(|(known, _)| *known == key)
}

fn dropped(keys: &Setting<RawKeys>, at: &FieldPath, is_known: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
    let names = given(keys).map(|(key, _)| key.as_str()).filter(|key| !is_known(key));
    let fault = |key: &str| {
        let (message, help) = if key == STACK_NAME {
            (format!("`{key}` has the stack's name, by which a later run knows it"), "call it otherwise")
        } else {
            let message = format!("`docker stack deploy` does not follow the key `{key}`");
            (message, "remove it; what is not followed would be missing without a word")
        };
        unsupported(Place::key(&at.key("compose").key(key)), message, help)
    };
    names.map(fault).collect()
}

/// Who runs where follows from the volumes; whoever has none may be placed.
fn below_deploy(keys: &Setting<RawKeys>, at: &FieldPath, may_be_placed: bool) -> Vec<Diagnostic> {
    let deploy = given(keys).find(|(key, _)| key.as_str() == "deploy").map(|(_, deploy)| deploy);
    let at = at.key("compose").key("deploy");
    let Some(deploy) = deploy else { return Vec::new() };
    let Raw::Mapping(entries) = deploy else {
        let help = "write `deploy: { update_config: { parallelism: 2 } }`";
        return vec![Diagnostic::error(Code::InvalidValue, Place::value(&at), "expected a mapping", help)];
    };
    let is_known = |key: &str| {
        BELOW_DEPLOY.contains(&key)
            // told already
            || matches!(key, "replicas" | "resources")
            || (may_be_placed && key == "placement")
    };
    let fault = |key: &str| {
        let message = format!("`deploy.{key}` follows from the profile's own fields");
        unsupported(Place::key(&at.key(key)), message, "remove it")
    };
    entries.iter().map(|(key, _)| key.as_str()).filter(|key| !is_known(key)).map(fault).collect()
}
