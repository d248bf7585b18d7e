//! Knows the Compose keys that keep a container running and keep it in: restarts, privileges, limits, logs.
//! Must not know what the container runs.
//!
//! A raw key of the profile takes the place of one that is made here.

use super::interpolation::{literal, number, raw, word, yes};
use crate::deployment::{Container, Deployment, Limits, NETWORKS, SOCKET_FOLDER, Service};
use crate::profile::Raw;
use crate::value::{Hardening, Stage};
use crate::yaml::document::{Mapping, Value};

/// Where programs put what they need for a moment.
const SCRATCH: &str = "/tmp";

/// What an image needs of root to prepare its folders and become another user, as the official one does.
const CAPABILITIES_TO_STEP_DOWN: [&str; 5] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/// The keys of a service of the profile.
pub(super) fn keys_of_service(service: &Service, deployment: &Deployment) -> Mapping {
    let by_stage = deployment.stage.is_strict();
    let strict = service.hardening == Hardening::Strict;
    let mut keys = Mapping::default();
    if by_stage && !service.runs_once {
        keys.push("restart", word(RESTARTS));
    }
    if by_stage || strict {
        keys.push("security_opt", words([NO_NEW_PRIVILEGES]));
    }
    if strict {
        keys.push("cap_drop", words(["ALL"]));
        keys.push("read_only", yes());
        let is_mounted = service.mounts.iter().any(|mount| mount.target.as_str().trim_end_matches('/') == SCRATCH);
        keys.push_given("tmpfs", (!is_mounted).then(|| words([SCRATCH])));
    }
    push_limits(&mut keys, &service.limits);
    keys.push_given("logging", by_stage.then(limited_log));
    let networks = deployment.networks_of(service);
    let mut all = Mapping::default();
    all.push_given(NETWORKS, networks.as_ref().map(raw));
    all.append(with_written(keys, &service.compose, networks.is_some()));
    all
}

/// The keys of the server's container; its networks stand elsewhere in its section.
pub(super) fn keys_of_server(container: &Container, stage: Stage) -> Mapping {
    let mut keys = Mapping::default();
    if stage.is_strict() {
        keys.push("restart", word(RESTARTS));
        keys.push("security_opt", words([NO_NEW_PRIVILEGES]));
        keys.push("cap_drop", words(["ALL"]));
        let identity = identity(container);
        keys.push_given("user", identity.as_ref().map(raw));
        if !identity.as_ref().is_some_and(is_somebody) {
            keys.push("cap_add", words(CAPABILITIES_TO_STEP_DOWN));
        }
        keys.push("read_only", yes());
        let socket = (!container.ensure).then_some(SOCKET_FOLDER);
        keys.push("tmpfs", words([SCRATCH].into_iter().chain(socket)));
    }
    push_limits(&mut keys, &container.limits);
    keys.push_given("logging", stage.is_strict().then(limited_log));
    with_written(keys, &container.compose, true)
}

/// The keys of the container that brings databases in line: it runs a shell and psql for a second.
pub(super) fn keys_of_ensure(container: &Container, stage: Stage) -> Mapping {
    let mut keys = Mapping::default();
    if stage.is_strict() {
        keys.push("security_opt", words([NO_NEW_PRIVILEGES]));
        keys.push("cap_drop", words(["ALL"]));
        keys.push_given("user", identity(container).as_ref().map(raw));
        keys.push("read_only", yes());
        keys.push("tmpfs", words([SCRATCH]));
        keys.push("mem_limit", word("128m"));
        keys.push("cpus", word("1"));
        keys.push("pids_limit", number(64));
        keys.push("logging", limited_log());
    }
    keys
}

/// Raw keys that say which image runs, and not how: what runs in it beside the server needs them too.
pub(super) fn keys_of_image(container: &Container) -> Mapping {
    let says = |(name, _): &&(String, Raw)| matches!(name.as_str(), "platform" | "pull_policy");
    container.compose.iter().filter(says).map(|(key, value)| (key.clone(), raw(value))).collect()
}

/// The user of the image, where it is known: then the container needs no right to become him.
fn identity(container: &Container) -> Option<Raw> {
    let written = container.compose.iter().find(|(key, _)| key == "user").map(|(_, user)| user.clone());
    written.or_else(|| container.image.postgres_identity().map(Raw::text))
}

/// Whether a user is not root, who needs rights to become another one.
fn is_somebody(user: &Raw) -> bool {
    let Raw::Scalar { text, .. } = user else { return false };
    !matches!(text.split(':').next(), Some("root" | "0" | "") | None)
}

fn push_limits(keys: &mut Mapping, limits: &Limits) {
    let Limits { memory, cpus, pids } = limits;
    keys.push_given("mem_limit", memory.as_ref().map(|memory| literal(memory.as_str())));
    keys.push_given("cpus", cpus.as_ref().map(|cpus| literal(cpus.as_str())));
    keys.push_given("pids_limit", pids.map(number));
}

const RESTARTS: &str = "unless-stopped";

const NO_NEW_PRIVILEGES: &str = "no-new-privileges:true";

/// Docker keeps everything that a container ever said, unless it is told otherwise.
fn limited_log() -> Value {
    let options = Mapping::from_iter([("max-size", word("10m")), ("max-file", word("3"))]);
    Mapping::from_iter([("driver", word("json-file")), ("options", options.into())]).into()
}

fn words(words: impl IntoIterator<Item = &'static str>) -> Value {
    words.into_iter().map(word).collect()
}

/// The raw keys of a profile behind those that are made here, as far as they do not take their place.
fn with_written(made: Mapping, written: &[(String, Raw)], without_networks: bool) -> Mapping {
    let written = written.iter().filter(|(key, _)| !(without_networks && key == NETWORKS));
    let written: Mapping = written.map(|(key, value)| (key.clone(), raw(value))).collect();
    let mut keys = made.without(&written);
    keys.append(written);
    keys
}
