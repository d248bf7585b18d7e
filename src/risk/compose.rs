//! Knows what raw Compose keys can give to a container. Must not know the typed fields.

use super::found::Found;
use super::host::read_file;
use super::kind::RiskKind;
use crate::field::FieldPath;
use crate::profile::{Raw, RawKeys, Setting, given};

/// Keys that give a container nothing beyond what it has: names, waiting, a smaller share.
const HARMLESS: [&str; 30] = [
    "annotations",
    "attach",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_shares",
    "cpuset",
    "domainname",
    "expose",
    "hostname",
    "init",
    "links",
    "mac_address",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "networks",
    "platform",
    "profiles",
    "pull_policy",
    "secrets",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "tmpfs",
    "tty",
    "ulimits",
    "pull_refresh_after",
];

/// Keys whose mere presence gives something.
const GIVING: [(&str, RiskKind); 29] = [
    ("blkio_config", RiskKind::MachineUse),
    ("cgroup_parent", RiskKind::Kernel),
    ("cpu_rt_period", RiskKind::MachineUse),
    ("cpu_rt_runtime", RiskKind::MachineUse),
    ("credential_spec", RiskKind::HostPath),
    ("develop", RiskKind::Hook),
    ("device_cgroup_rules", RiskKind::Device),
    ("devices", RiskKind::Device),
    ("dns", RiskKind::Names),
    ("dns_opt", RiskKind::Names),
    ("dns_search", RiskKind::Names),
    ("extends", RiskKind::ForeignCompose),
    ("external_links", RiskKind::SharedNamespace),
    ("extra_hosts", RiskKind::Names),
    ("gpus", RiskKind::Gpu),
    ("group_add", RiskKind::Group),
    ("isolation", RiskKind::Kernel),
    ("logging", RiskKind::LogsElsewhere),
    ("oom_kill_disable", RiskKind::MachineUse),
    ("oom_score_adj", RiskKind::MachineUse),
    ("post_start", RiskKind::Hook),
    ("pre_stop", RiskKind::Hook),
    ("privileged", RiskKind::Privileged),
    ("provider", RiskKind::HostProgram),
    ("runtime", RiskKind::Kernel),
    ("storage_opt", RiskKind::MachineUse),
    ("sysctls", RiskKind::Kernel),
    ("use_api_socket", RiskKind::EngineSocket),
    ("volumes_from", RiskKind::SharedNamespace),
];

/// Capabilities that lead out of a container.
const HOST_CAPABILITIES: [&str; 13] = [
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "PERFMON",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
];

/// Logging drivers that keep what is printed on the machine.
const LOCAL_LOGS: [&str; 4] = ["journald", "json-file", "local", "none"];

/// What a container has already, and can lose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fences {
    /// It has no capabilities, and a file system that it can't write to.
    pub(super) is_strict: bool,
}

/// What the raw keys of a container give.
pub(super) fn of_container(compose: &Setting<RawKeys>, fences: Fences, at: &FieldPath, found: &mut Found<'_>) {
    for (key, value) in given(compose).filter(|(key, _)| !key.as_str().starts_with("x-")) {
        let at = at.key("compose").key(key);
        of_key(key.as_str(), value, fences, &at, found);
        references(value, &at, found);
    }
}

fn of_key(key: &str, value: &Raw, fences: Fences, at: &FieldPath, found: &mut Found<'_>) {
    match key {
        _ if HARMLESS.contains(&key) => {}
        "cap_add" => capabilities(value, at, found),
        "cap_drop" if fences.is_strict && !texts(value).contains(&"ALL") => found.add(RiskKind::Loosened, at),
        "read_only" if fences.is_strict && text(value) != Some("true") => found.add(RiskKind::Loosened, at),
        "cap_drop" | "read_only" => {}
        "security_opt" => security(value, at, found),
        "pid" | "ipc" | "uts" | "cgroup" | "userns_mode" | "network_mode" => namespace(key, value, at, found),
        "env_file" | "label_file" => files(value, at, found),
        "restart" => {
            let waits = text(value).is_some_and(|text| text == "no" || text.starts_with("on-failure"));
            if !waits {
                found.add(RiskKind::Restart, at);
            }
        }
        "user" => {
            if text(value).is_some_and(|user| is_root(user) || user.contains('$')) {
                found.add(RiskKind::RootUser, at);
            }
        }
        "deploy" => deploy(value, at, found),
        "logging"
            if value.get("driver").is_none_or(|driver| text(driver).is_some_and(|it| LOCAL_LOGS.contains(&it))) => {}
        "post_start" | "pre_stop" => hooks(value, at, found),
        _ => giving(key, value, at, found),
    }
}

/// A key that gives something unless it says `false`, or one that nobody knows.
fn giving(key: &str, value: &Raw, at: &FieldPath, found: &mut Found<'_>) {
    let is_nothing = matches!(text(value), Some("false" | "null" | "~" | "")) || is_empty(value);
    let kind = GIVING.iter().find(|(known, _)| *known == key).map_or(RiskKind::OtherKey, |(_, kind)| *kind);
    match is_nothing {
        true => {}
        false if kind.as_str() == key => found.add(kind, at),
        false => found.say(kind, at, key),
    }
}

fn capabilities(value: &Raw, at: &FieldPath, found: &mut Found<'_>) {
    for (name, at) in items(value, at) {
        let plain = name.to_ascii_uppercase();
        let plain = plain.strip_prefix("CAP_").unwrap_or(&plain);
        let leads_out = HOST_CAPABILITIES.contains(&plain) || name.contains('$');
        found.say(if leads_out { RiskKind::HostCapability } else { RiskKind::Capability }, &at, name);
    }
}

fn security(value: &Raw, at: &FieldPath, found: &mut Found<'_>) {
    let is_closed = |option: &str| {
        let option = option.replace('=', ":");
        matches!(option.as_str(), "no-new-privileges" | "no-new-privileges:true" | "apparmor:docker-default")
    };
    for (option, at) in items(value, at).into_iter().filter(|(option, _)| !is_closed(option)) {
        found.say(RiskKind::Unconfined, &at, option);
    }
    if is_empty(value) {
        found.add(RiskKind::Loosened, at);
    }
}

fn namespace(key: &str, value: &Raw, at: &FieldPath, found: &mut Found<'_>) {
    let name = text(value).unwrap_or_default();
    let kind = match name {
        "" | "private" | "shareable" | "none" | "default" => return,
        _ if name.starts_with("service:") => return,
        _ if name == "host" || name.contains('$') => RiskKind::HostNamespace,
        _ if name.starts_with("container:") => RiskKind::SharedNamespace,
        _ if key == "network_mode" => RiskKind::ForeignNetwork,
        _ => RiskKind::OtherKey,
    };
    found.say(kind, at, &format!("{key}: {name}"));
}

/// Files by their paths: one, a list, or a list of mappings.
fn files(value: &Raw, at: &FieldPath, found: &mut Found<'_>) {
    for (path, at) in items(value, at) {
        read_file(path, &at, found);
    }
    if let Raw::Sequence(entries) = value {
        for (index, entry) in entries.iter().enumerate() {
            if let Some(path) = entry.get("path").and_then(text) {
                read_file(path, &at.key(index).key("path"), found);
            }
        }
    }
}

fn deploy(value: &Raw, at: &FieldPath, found: &mut Found<'_>) {
    let path = ["resources", "reservations", "devices"];
    if path.iter().try_fold(value, |raw, key| raw.get(key)).is_some_and(|devices| !is_empty(devices)) {
        found.add(RiskKind::Gpu, &path.iter().fold(at.clone(), |at, key| at.key(key)));
    }
}

/// Commands beside the container's own, which may be more than it is.
fn hooks(value: &Raw, at: &FieldPath, found: &mut Found<'_>) {
    let Raw::Sequence(hooks) = value else { return found.add(RiskKind::Hook, at) };
    for (index, hook) in hooks.iter().enumerate() {
        let is_more = |key: &str| hook.get(key).and_then(text).is_some_and(|text| text != "false");
        let at = at.key(index);
        let kind = if is_more("privileged") {
            RiskKind::Privileged
        } else if hook.get("user").and_then(text).is_some_and(is_root) {
            RiskKind::RootUser
        } else {
            RiskKind::Hook
        };
        found.add(kind, &at);
    }
}

/// The variables of the environment that a raw value refers to, at any depth.
pub(super) fn references(value: &Raw, at: &FieldPath, found: &mut Found<'_>) {
    match value {
        Raw::Scalar { text, .. } => {
            let names = variables(text);
            if !names.is_empty() {
                found.say(RiskKind::Environment, at, &names.join(", "));
            }
        }
        Raw::Sequence(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                references(entry, &at.key(index), found);
            }
        }
        Raw::Mapping(entries) => {
            for (key, entry) in entries {
                references(entry, &at.key(key), found);
            }
        }
    }
}

/// The names behind single dollars; the rest of the text may be a secret.
fn variables(text: &str) -> Vec<&str> {
    let live = text.split("$$").flat_map(|part| part.split('$').skip(1));
    let name = |behind: &'_ str| {
        let inner = behind.trim_start_matches('{');
        let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
        behind.len() - inner.len() + inner.find(|c| !is_inside(c)).unwrap_or(inner.len())
    };
    live.filter_map(|behind| behind.get(..name(behind))).map(|name| name.trim_start_matches('{')).collect()
}

/// The text of a scalar.
pub(super) fn text(value: &Raw) -> Option<&str> {
    match value {
        Raw::Scalar { text, .. } => Some(text),
        Raw::Sequence(_) | Raw::Mapping(_) => None,
    }
}

/// A scalar, or the scalars of a list, each with its place.
fn items<'r>(value: &'r Raw, at: &FieldPath) -> Vec<(&'r str, FieldPath)> {
    match value {
        Raw::Scalar { text, .. } => vec![(text, at.clone())],
        Raw::Sequence(entries) => {
            let item = |(index, entry): (usize, &'r Raw)| Some((text(entry)?, at.key(index)));
            entries.iter().enumerate().filter_map(item).collect()
        }
        Raw::Mapping(_) => Vec::new(),
    }
}

fn texts(value: &Raw) -> Vec<&str> {
    items(value, &FieldPath::root()).into_iter().map(|(text, _)| text).collect()
}

fn is_empty(value: &Raw) -> bool {
    match value {
        Raw::Scalar { .. } => false,
        Raw::Sequence(entries) => entries.is_empty(),
        Raw::Mapping(entries) => entries.is_empty(),
    }
}

/// Whether a user of a container is root, by name or number.
pub(super) fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    name == "root" || name.parse::<u32>().is_ok_and(|number| number == 0)
}
