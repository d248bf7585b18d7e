//! Knows how Compose says what keeps a container running and keeps it in: restarts, privileges, limits, logs.
//! Must not know why a container is kept so, nor what it runs.
//!
//! A raw key of the profile takes the place of one that is made here.

use super::super::extras::value;
use super::super::networks::NETWORKS;
use crate::deployment::{
    Backups, CAPABILITIES_TO_STEP_DOWN, Container, Fences, KeptLog, Limits, Preparation, PublishedPort, Restart,
    Service,
};
use crate::profile::Raw;
use crate::target::container_keys::logging;
use crate::target::interpolation::{literal, number, raw, reference, word, yes};
use crate::value::{ByteSize, HostAddress, MountSource, ProcessCount};
use crate::yaml::document::{Mapping, Value};

type Keys = [(String, Raw)];

/// The keys of a service of the profile.
pub(super) fn keys_of_service(service: &Service, networks: Option<&Raw>, written: &Keys) -> Mapping {
    let mut made = restarting(service.restart);
    push_fences(&mut made, &service.fences, None, service.fences.capabilities);
    push_use(&mut made, &service.limits, service.log);
    let mut keys = Mapping::default();
    keys.push_given(NETWORKS, networks.map(raw));
    keys.append(with_written(made, written, networks.is_some()));
    keys
}

/// The keys of the server's container; its networks stand elsewhere in its section.
pub(super) fn keys_of_server(container: &Container, written: &Keys) -> Mapping {
    let mut keys = restarting(container.restart);
    let capabilities = match (container.fences.capabilities, value(written, "user")) {
        (Some(_), Some(user)) => Some(if is_somebody(user) { &[][..] } else { &CAPABILITIES_TO_STEP_DOWN[..] }),
        (capabilities, _) => capabilities,
    };
    push_fences(&mut keys, &container.fences, container.user.map(|user| literal(&user.to_string())), capabilities);
    push_use(&mut keys, &container.limits, container.log);
    with_written(keys, written, true)
}

/// The keys of the container that brings databases in line. It runs the server's image, as its user.
pub(super) fn keys_of_ensure(container: &Container, written: &Keys) -> Mapping {
    let Preparation { fences, limits, log } = &container.preparation;
    let says = |(name, _): &&(String, Raw)| matches!(name.as_str(), "platform" | "pull_policy");
    let mut keys: Mapping = written.iter().filter(says).map(|(key, value)| (key.clone(), raw(value))).collect();
    let user = value(written, "user").filter(|_| *fences != Fences::default());
    push_fences(
        &mut keys,
        fences,
        user.map(raw).or_else(|| container.user.map(|user| literal(&user.to_string()))),
        fences.capabilities,
    );
    push_use(&mut keys, limits, *log);
    keys
}

/// The keys of the container that backs the server up. A folder of the host belongs to whoever made it: there it begins as
/// root, gives it to the server's user, and goes on as that one.
pub(super) fn keys_of_backup(container: &Container, backups: &Backups, written: &Keys) -> Mapping {
    let Preparation { fences, limits, log } = &container.preparation;
    let is_strict = *fences != Fences::default();
    let says = |(name, _): &&(String, Raw)| name == "platform";
    let mut keys: Mapping = written.iter().filter(says).map(|(key, value)| (key.clone(), raw(value))).collect();
    let user = match backups.mounted() {
        Some(MountSource::Volume(_)) | None => container.user,
        Some(MountSource::Bind(_)) => None,
    };
    let capabilities = is_strict.then_some(if user.is_some() { &[][..] } else { &CAPABILITIES_TO_STEP_DOWN[..] });
    keys.append(restarting(container.restart));
    push_fences(&mut keys, fences, user.map(|user| literal(&user.to_string())), capabilities);
    let roomy =
        Limits { memory: Some(ByteSize::of_gibibytes(1)), cpus: limits.cpus.clone(), pids: ProcessCount::new(256) };
    push_use(&mut keys, if is_strict { &roomy } else { limits }, *log);
    keys
}

/// Whether a user is not root, who needs rights to become another one.
fn is_somebody(user: &Raw) -> bool {
    let Raw::Scalar { text, .. } = user else { return false };
    !matches!(text.split(':').next(), Some("root" | "0" | "") | None)
}

fn restarting(restart: Restart) -> Mapping {
    let mut keys = Mapping::default();
    match restart {
        Restart::Never => {}
        Restart::UnlessStopped => keys.push("restart", word("unless-stopped")),
    }
    keys
}

fn push_fences(keys: &mut Mapping, fences: &Fences, user: Option<Value>, capabilities: Option<&[&'static str]>) {
    let Fences { no_new_privileges, capabilities: _, scratch } = fences;
    keys.push_given("security_opt", no_new_privileges.then(|| words(["no-new-privileges:true"])));
    keys.push_given("cap_drop", capabilities.map(|_| words(["ALL"])));
    keys.push_given("user", user);
    keys.push_filled("cap_add", words(capabilities.unwrap_or_default().iter().copied()));
    if let Some(folders) = scratch {
        keys.push("read_only", yes());
        keys.push_filled("tmpfs", words(folders.iter().copied()));
    }
}

/// What a container may use of the machine, and how much of what it prints is kept.
fn push_use(keys: &mut Mapping, limits: &Limits, log: Option<KeptLog>) {
    let Limits { memory, cpus, pids } = limits;
    keys.push_given("mem_limit", memory.as_ref().map(|memory| literal(memory.as_str())));
    keys.push_given("cpus", cpus.as_ref().map(|cpus| literal(cpus.as_str())));
    keys.push_given("pids_limit", pids.map(number));
    keys.push_given("logging", log.map(logging));
}

/// The list of the one published port.
pub(super) fn ports(port: Option<&PublishedPort>) -> Value {
    let text = |PublishedPort { address, port, variable, target }: &PublishedPort| {
        // only without an address Docker listens on IPv6 as well
        let at = if *address == HostAddress::EVERY { String::new() } else { format!("{address}:") };
        match variable {
            Some(variable) => reference(format!("{at}${{{variable}:-{port}}}:{target}")),
            None => literal(&format!("{at}{port}:{target}")),
        }
    };
    port.into_iter().map(text).collect()
}

fn words(words: impl IntoIterator<Item = &'static str>) -> Value {
    words.into_iter().map(word).collect()
}

/// The raw keys of a profile behind those that are made here, as far as they do not take their place.
fn with_written(made: Mapping, written: &Keys, without_networks: bool) -> Mapping {
    let written = written.iter().filter(|(key, _)| !(without_networks && key == NETWORKS));
    let written: Mapping = written.map(|(key, value)| (key.clone(), raw(value))).collect();
    let mut keys = made.without(&written);
    keys.append(written);
    keys
}
