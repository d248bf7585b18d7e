//! Knows what each key of a service means, whatever its form (<https://docs.docker.com/reference/compose-file/services/>).
//! Must not know the other services.

use std::collections::BTreeMap;

use super::forms;
use super::mount::Mount;
use super::port::Port;
use super::tree::Tree;
use super::words;

/// A service. A key that Compose has in several forms has one here: `environment` is a mapping, `volumes` are by their
/// targets and `ports` by what tells them apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// Its keys.
    pub keys: BTreeMap<String, Tree>,
}

/// What holds where a health check does not say it.
const CHECK_DEFAULTS: [(&str, &str); 3] = [("interval", "30s"), ("timeout", "30s"), ("start_period", "0s")];

impl Service {
    /// Reads one, with what Compose makes of each key before it lays files over each other.
    #[must_use]
    pub fn read(tree: Tree) -> Self {
        let Tree::Map(entries) = tree else { return Self::default() };
        let says = |(key, value): &(String, Tree)| *value != Tree::Nothing && !key.starts_with("x-");
        let keys = entries.into_iter().filter(says).map(|(key, value)| {
            let value = meaning(&key, value);
            (key, value)
        });
        Self { keys: keys.collect() }
    }

    /// This service with another one laid over it.
    #[must_use]
    pub fn under(mut self, over: Self) -> Self {
        for (key, value) in over.keys {
            let known = self.keys.remove(&key);
            let value = match (key.as_str(), known) {
                (_, None) | ("command" | "entrypoint", Some(_)) => value,
                ("healthcheck", Some(known)) => over_check(known, value),
                (_, Some(known)) => known.under(value),
            };
            self.keys.insert(key, value);
        }
        self
    }

    /// This service with what holds where it says nothing.
    #[must_use]
    pub fn finished(mut self) -> Self {
        self.join_limits();
        if self.get("networks").is_none_or(Tree::is_empty) && !self.keys.contains_key("network_mode") {
            self.keys.insert("networks".to_owned(), forms::named(Tree::List(vec![Tree::text("default")])));
        }
        for (key, value) in &mut self.keys {
            finish(key, value);
        }
        self.keys.retain(|key, value| !is_default(key, value));
        self
    }

    /// A key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.keys.get(key)
    }

    /// The text of a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// The names in a key that has one mapping for each.
    pub fn names(&self, key: &str) -> impl Iterator<Item = &str> {
        self.get(key).and_then(Tree::as_map).into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// The named volumes that it mounts.
    pub fn volumes(&self) -> impl Iterator<Item = &str> {
        let mounts = self.get("volumes").and_then(Tree::as_map).into_iter().flatten().map(|(_, mount)| mount);
        mounts
            .filter(|mount| mount.get("type").and_then(Tree::as_text) == Some("volume"))
            .filter_map(|mount| mount.get("source").and_then(Tree::as_text))
    }

    /// What a variable of its containers holds.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.get("environment")?.get(name)?.as_text()
    }

    /// Limits have two places each, and so has the number of containers.
    fn join_limits(&mut self) {
        let Some(Tree::Map(mut deploy)) = self.keys.remove("deploy") else { return };
        if let Some(replicas) = deploy.remove("replicas") {
            self.keys.entry("scale".to_owned()).or_insert(replicas);
        }
        if let Some(Tree::Map(mut resources)) = deploy.remove("resources") {
            let places = [
                ("limits", [("memory", "mem_limit"), ("cpus", "cpus"), ("pids", "pids_limit")].as_slice()),
                ("reservations", [("memory", "mem_reservation")].as_slice()),
            ];
            for (part, keys) in places {
                let Some(Tree::Map(mut limits)) = resources.remove(part) else { continue };
                for (of_deploy, own) in keys {
                    let limit = limits.remove(*of_deploy).map(|limit| meaning(own, limit));
                    self.keys.extend(limit.map(|limit| ((*own).to_owned(), limit)));
                }
                resources.extend((!limits.is_empty()).then(|| (part.to_owned(), Tree::Map(limits))));
            }
            deploy.extend((!resources.is_empty()).then(|| ("resources".to_owned(), Tree::Map(resources))));
        }
        if !deploy.is_empty() {
            self.keys.insert("deploy".to_owned(), Tree::Map(deploy));
        }
    }
}

/// What a key says, in the one form that it has here.
fn meaning(key: &str, value: Tree) -> Tree {
    match key {
        "build" => build(value),
        "command" | "entrypoint" => program(value),
        "environment" | "annotations" | "sysctls" => forms::pairs(value),
        "labels" => forms::filled_pairs(value),
        "env_file" | "label_file" => files(value),
        "ports" => by_key(&value, |item| Port::read(item).into_iter().map(|port| (port.key(), port.tree())).collect()),
        "volumes" => by_key(&value, |item| {
            Mount::read(item).into_iter().map(|mount| (mount.target.clone(), mount.tree())).collect()
        }),
        "networks" => networks(forms::named(value)),
        "healthcheck" => health_check(value),
        "depends_on" => dependencies(value),
        "secrets" | "configs" => by_key(&value, |item| vec![granted(key, item)]),
        "extra_hosts" => forms::hosts(value),
        "ulimits" => forms::limits(value),
        "tmpfs" | "dns" | "dns_search" | "dns_opt" => forms::listed(value),
        "mem_limit" | "mem_reservation" | "memswap_limit" | "shm_size" => forms::bytes(value),
        "cpus" => forms::number(value),
        "stop_grace_period" => forms::duration(value),
        "deploy" => deploy(value),
        _ => value,
    }
}

fn build(value: Tree) -> Tree {
    let mut entries = match value {
        Tree::Text(context) => BTreeMap::from([("context".to_owned(), Tree::Text(context))]),
        Tree::Map(entries) => entries,
        other @ (Tree::Nothing | Tree::List(_)) => return other,
    };
    for (key, value) in &mut entries {
        let taken = std::mem::replace(value, Tree::Nothing);
        *value = match key.as_str() {
            "context" => forms::path(forms::repository(taken)),
            "dockerfile" => forms::path(taken),
            "args" | "additional_contexts" => forms::pairs(taken),
            "labels" => forms::filled_pairs(taken),
            "extra_hosts" => forms::hosts(taken),
            "shm_size" => forms::bytes(taken),
            _ => taken,
        };
    }
    Tree::Map(entries)
}

/// The words that are run.
fn program(value: Tree) -> Tree {
    let Tree::Text(text) = &value else { return value };
    match words::split(text) {
        Some(understood) => Tree::List(understood.words.into_iter().map(Tree::Text).collect()),
        None => value,
    }
}

/// Files of variables, each with whether it must be there.
fn files(value: Tree) -> Tree {
    let file = |item: Tree| {
        let mut entries = match item {
            Tree::Text(path) => BTreeMap::from([("path".to_owned(), Tree::Text(path))]),
            Tree::Map(entries) => entries,
            other @ (Tree::Nothing | Tree::List(_)) => return other,
        };
        if let Some(path) = entries.remove("path") {
            entries.insert("path".to_owned(), forms::path(path));
        }
        if entries.get("required").and_then(Tree::as_text) == Some("true") {
            entries.remove("required");
        }
        Tree::Map(entries)
    };
    match forms::listed(value) {
        Tree::List(items) => Tree::List(items.into_iter().map(file).collect()),
        other @ (Tree::Nothing | Tree::Text(_) | Tree::Map(_)) => file(other),
    }
}

/// The items of a list by what tells them apart.
fn by_key(value: &Tree, read: impl Fn(&Tree) -> Vec<(String, Tree)>) -> Tree {
    match value {
        Tree::List(items) => Tree::Map(items.iter().flat_map(read).collect()),
        other @ (Tree::Nothing | Tree::Text(_) | Tree::Map(_)) => other.clone(),
    }
}

fn networks(value: Tree) -> Tree {
    let Tree::Map(mut entries) = value else { return value };
    for network in entries.values_mut() {
        let Tree::Map(keys) = network else { continue };
        keys.retain(|_, value| *value != Tree::Nothing);
        if let Some(Tree::List(aliases)) = keys.get_mut("aliases") {
            aliases.sort_by(by_text);
        }
    }
    Tree::Map(entries)
}

fn health_check(value: Tree) -> Tree {
    let Tree::Map(mut entries) = value else { return value };
    for (key, value) in &mut entries {
        let taken = std::mem::replace(value, Tree::Nothing);
        *value = match key.as_str() {
            "test" => match taken {
                Tree::Text(line) => Tree::List(vec![Tree::text("CMD-SHELL"), Tree::Text(line)]),
                other @ (Tree::Nothing | Tree::List(_) | Tree::Map(_)) => other,
            },
            "interval" | "timeout" | "start_period" | "start_interval" => forms::duration(taken),
            _ => taken,
        };
    }
    Tree::Map(entries)
}

fn over_check(known: Tree, over: Tree) -> Tree {
    let mut known = known;
    if let (Tree::Map(known), Some(_)) = (&mut known, over.get("test")) {
        known.remove("test");
    }
    known.under(over)
}

fn dependencies(value: Tree) -> Tree {
    let started = || Tree::map([("condition", Tree::text("service_started"))]);
    match value {
        Tree::List(items) => {
            let names = items.iter().filter_map(Tree::as_text);
            Tree::Map(names.map(|name| (name.to_owned(), started())).collect())
        }
        other @ (Tree::Nothing | Tree::Text(_) | Tree::Map(_)) => forms::named(other),
    }
}

/// A secret or a config that a container gets, by its target.
fn granted(key: &str, item: &Tree) -> (String, Tree) {
    let mut entries = match item {
        Tree::Text(source) => BTreeMap::from([("source".to_owned(), Tree::Text(source.clone()))]),
        Tree::Map(entries) => entries.clone(),
        Tree::Nothing | Tree::List(_) => BTreeMap::new(),
    };
    let source = entries.get("source").and_then(Tree::as_text).unwrap_or_default().to_owned();
    let target = entries.remove("target").and_then(|target| target.as_text().map(str::to_owned)).unwrap_or(source);
    let folder = if key == "secrets" { "/run/secrets/" } else { "/" };
    let target = if target.starts_with('/') { target } else { format!("{folder}{target}") };
    (target, Tree::Map(entries))
}

fn deploy(value: Tree) -> Tree {
    let Tree::Map(mut entries) = value else { return value };
    if let Some(labels) = entries.remove("labels") {
        entries.insert("labels".to_owned(), forms::filled_pairs(labels));
    }
    Tree::Map(entries)
}

fn by_text(one: &Tree, other: &Tree) -> std::cmp::Ordering {
    one.as_text().cmp(&other.as_text())
}

/// Fills in what holds where a key does not say it, and puts what is a set in order.
fn finish(key: &str, value: &mut Tree) {
    match (key, value) {
        ("healthcheck", Tree::Map(check)) => finish_check(check),
        ("depends_on", Tree::Map(services)) => {
            for dependency in services.values_mut() {
                let Tree::Map(dependency) = dependency else { continue };
                dependency.entry("condition".to_owned()).or_insert_with(|| Tree::text("service_started"));
                let usual = [("required", "true"), ("restart", "false")];
                dependency.retain(|key, value| !usual.iter().any(|(k, v)| key == k && value.as_text() == Some(v)));
            }
        }
        ("build", Tree::Map(build)) => {
            build.entry("context".to_owned()).or_insert_with(|| Tree::text(""));
            if !build.contains_key("dockerfile_inline") {
                build.entry("dockerfile".to_owned()).or_insert_with(|| Tree::text("Dockerfile"));
            }
        }
        (
            "cap_add" | "cap_drop" | "devices" | "dns_opt" | "expose" | "extra_hosts" | "group_add" | "links"
            | "profiles" | "security_opt" | "tmpfs",
            Tree::List(items),
        ) => items.sort_by(by_text),
        _ => {}
    }
}

fn finish_check(check: &mut BTreeMap<String, Tree>) {
    let is_none = check.get("test").is_some_and(|test| test.items().first().and_then(Tree::as_text) == Some("NONE"));
    if is_none || check.get("disable").and_then(Tree::as_text) == Some("true") {
        *check = BTreeMap::from([("disable".to_owned(), Tree::text("true"))]);
        return;
    }
    check.remove("disable");
    for (key, time) in CHECK_DEFAULTS {
        check.entry(key.to_owned()).or_insert_with(|| forms::duration(Tree::text(time)));
    }
    check.entry("retries".to_owned()).or_insert_with(|| Tree::text("3"));
}

/// Whether Docker does the same without the key.
fn is_default(key: &str, value: &Tree) -> bool {
    match key {
        "restart" => value.as_text() == Some("no"),
        "scale" => value.as_text() == Some("1"),
        "command" | "entrypoint" => *value == Tree::Nothing,
        "privileged" | "read_only" | "init" | "tty" | "stdin_open" => value.as_text() == Some("false"),
        "healthcheck" => value.get("test").is_none() && value.get("disable").is_none(),
        _ => value.is_empty(),
    }
}
