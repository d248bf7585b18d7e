//! Knows the Compose keys that keep a container running and keep it in: restarts, privileges, limits, logs.
//! Must not know what the container runs.
//!
//! A raw key of the profile takes the place of one that is made here.

use crate::deployment::{Container, Deployment, Limits, NETWORKS, SOCKET_FOLDER, Service};
use crate::profile::Raw;
use crate::value::{Hardening, Stage};

/// Where programs put what they need for a moment.
const SCRATCH: &str = "/tmp";

type Keys = Vec<(String, Raw)>;

/// What an image needs of root to prepare its folders and become another user, as the official one does.
const CAPABILITIES_TO_STEP_DOWN: [&str; 5] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/// The server's keys that stand elsewhere in its section.
const WRITTEN_APART: [&str; 1] = [NETWORKS];

/// The keys of a service of the profile.
pub(super) fn keys_of_service(service: &Service, deployment: &Deployment) -> Keys {
    let by_stage = deployment.stage.is_strict();
    let strict = service.hardening == Hardening::Strict;
    let mut keys = Keys::new();
    if by_stage && !service.runs_once {
        keys.push(restarts());
    }
    if by_stage || strict {
        keys.push(no_new_privileges());
    }
    if strict {
        keys.extend([no_capabilities(), read_only()]);
        let is_mounted = service.mounts.iter().any(|mount| mount.target.as_str().trim_end_matches('/') == SCRATCH);
        keys.extend((!is_mounted).then(|| key("tmpfs", Raw::words([SCRATCH]))));
    }
    keys.extend(limits(&service.limits));
    keys.extend(by_stage.then(limited_log));
    let mut keys = with_written(keys, &service.compose);
    if let Some(networks) = deployment.networks_of(service) {
        keys.retain(|(name, _)| name != NETWORKS);
        keys.insert(0, key(NETWORKS, networks));
    }
    keys
}

/// The keys of the server's container.
pub(super) fn keys_of_server(container: &Container, stage: Stage) -> Keys {
    let mut keys = Keys::new();
    if stage.is_strict() {
        keys.extend([restarts(), no_new_privileges(), no_capabilities()]);
        keys.extend(identity(container));
        if !identity(container).is_some_and(|(_, user)| is_somebody(&user)) {
            keys.push(key("cap_add", Raw::words(CAPABILITIES_TO_STEP_DOWN)));
        }
        let socket = (!container.ensure).then_some(SOCKET_FOLDER);
        keys.extend([read_only(), key("tmpfs", Raw::words([SCRATCH].into_iter().chain(socket)))]);
    }
    keys.extend(limits(&container.limits));
    keys.extend(stage.is_strict().then(limited_log));
    let mut keys = with_written(keys, &container.compose);
    keys.retain(|(key, _)| !WRITTEN_APART.contains(&key.as_str()));
    keys
}

/// The keys of the container that brings databases in line: it runs a shell and psql for a second.
pub(super) fn keys_of_ensure(container: &Container, stage: Stage) -> Keys {
    if !stage.is_strict() {
        return Keys::new();
    }
    let mut keys = vec![no_new_privileges(), no_capabilities()];
    keys.extend(identity(container));
    keys.extend([read_only(), key("tmpfs", Raw::words([SCRATCH]))]);
    let small = [("mem_limit", Raw::text("128m")), ("cpus", Raw::text("1")), ("pids_limit", Raw::plain("64"))];
    keys.extend(small.map(|(name, value)| key(name, value)));
    keys.push(limited_log());
    keys
}

/// Raw keys that say which image runs, and not how: what runs in it beside the server needs them too.
pub(super) fn keys_of_image(container: &Container) -> Keys {
    let says = |(name, _): &&(String, Raw)| matches!(name.as_str(), "platform" | "pull_policy");
    container.compose.iter().filter(says).cloned().collect()
}

/// The user of the image, where it is known: then the container needs no right to become him.
fn identity(container: &Container) -> Option<(String, Raw)> {
    let written = container.compose.iter().find(|(key, _)| key == "user").cloned();
    written.or_else(|| container.image.postgres_identity().map(|user| key("user", Raw::text(user))))
}

/// Whether a user is not root, who needs rights to become another one.
fn is_somebody(user: &Raw) -> bool {
    let Raw::Scalar { text, .. } = user else { return false };
    !matches!(text.split(':').next(), Some("root" | "0" | "") | None)
}

fn limits(limits: &Limits) -> Keys {
    let Limits { memory, cpus, pids } = limits;
    let memory = memory.as_ref().map(|memory| key("mem_limit", Raw::text(memory.as_str())));
    let cpus = cpus.as_ref().map(|cpus| key("cpus", Raw::text(cpus.as_str())));
    let pids = pids.map(|pids| key("pids_limit", Raw::plain(&pids.to_string())));
    memory.into_iter().chain(cpus).chain(pids).collect()
}

fn restarts() -> (String, Raw) {
    key("restart", Raw::text("unless-stopped"))
}

fn no_new_privileges() -> (String, Raw) {
    key("security_opt", Raw::words(["no-new-privileges:true"]))
}

fn no_capabilities() -> (String, Raw) {
    key("cap_drop", Raw::words(["ALL"]))
}

fn read_only() -> (String, Raw) {
    key("read_only", Raw::plain("true"))
}

/// Docker keeps everything that a container ever said, unless it is told otherwise.
fn limited_log() -> (String, Raw) {
    let options = Raw::Mapping(vec![key("max-size", Raw::text("10m")), key("max-file", Raw::text("3"))]);
    key("logging", Raw::Mapping(vec![key("driver", Raw::text("json-file")), key("options", options)]))
}

fn key(name: &str, value: Raw) -> (String, Raw) {
    (name.to_owned(), value)
}

/// The raw keys of a profile behind those that are made here, as far as they do not take their place.
fn with_written(made: Keys, written: &[(String, Raw)]) -> Keys {
    let made = made.into_iter().filter(|(name, _)| !written.iter().any(|(key, _)| key == name));
    made.chain(written.iter().cloned()).collect()
}
