//! Knows how `stack.yml` says what keeps a container running and keeps it in: placement, updates, restarts, privileges, limits.
//! Must not know what the container runs.
//!
//! A raw key of the profile takes the place of one that is made here.

use crate::deployment::{Fences, Limits, PublishedPort};
use crate::profile::Raw;
use crate::target::container_keys::logging;
use crate::target::interpolation::{literal, number, raw, reference, word, yes};
use crate::target::swarm::stack::{LABEL, Stack};
use crate::yaml::document::{Mapping, Value};

/// How a new version takes the place of the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The new one starts beside it.
    StartFirst,
    /// The old one ends before: both would have the same data, or the same port of a node.
    StopFirst,
}

/// How a service is run.
pub(super) enum Mode {
    /// As many containers as that, all the time.
    Always(u32, Order),
    /// As many that end, at every deployment; one that fails is tried again so many times, or until it succeeds.
    Once(u32, Option<u16>),
}

/// Below `deploy`.
pub(super) fn deploy(
    mode: &Mode,
    placement: Mapping,
    limits: &Limits,
    written: &[(String, Raw)],
    stack: &Stack<'_>,
) -> Mapping {
    let mut keys = Mapping::default();
    let label = (LABEL, literal(stack.deployment.project.as_str()));
    keys.push("labels", Mapping::from_iter([label]));
    match mode {
        Mode::Always(replicas, order) => {
            keys.push("replicas", number(*replicas));
            keys.push_filled("placement", placement);
            let [update, rollback] = updates(*order);
            keys.push("update_config", with_entries(update, "update_config", written));
            keys.push("rollback_config", with_entries(rollback, "rollback_config", written));
            let restart = Mapping::from_iter([("condition", word("any")), ("delay", word("5s"))]);
            keys.push("restart_policy", with_entries(restart, "restart_policy", written));
        }
        Mode::Once(replicas, tries) => {
            keys.push("mode", word("replicated-job"));
            keys.push("replicas", number(*replicas));
            keys.push_filled("placement", placement);
            let mut restart = Mapping::from_iter([("condition", word("on-failure")), ("delay", word("2s"))]);
            restart.push_given("max_attempts", tries.map(number));
            keys.push("restart_policy", with_entries(restart, "restart_policy", written));
        }
    }
    keys.push_filled("resources", resources(limits));
    with_written(keys, written, &["update_config", "rollback_config", "restart_policy"])
}

/// What is written below a key, behind what is made there: `parallelism` alone does not take a rollback away.
fn with_entries(made: Mapping, key: &str, written: &[(String, Raw)]) -> Mapping {
    let entries = written.iter().find(|(known, _)| known == key).and_then(|(_, raw)| raw.entries());
    with_written(made, entries.unwrap_or_default(), &[])
}

/// One that does not come up gives way to the former one.
fn updates(order: Order) -> [Mapping; 2] {
    let order = match order {
        Order::StartFirst => "start-first",
        Order::StopFirst => "stop-first",
    };
    let update = [("order", word(order)), ("failure_action", word("rollback")), ("monitor", word("10s"))];
    [Mapping::from_iter(update), Mapping::from_iter([("order", word(order))])]
}

fn resources(limits: &Limits) -> Mapping {
    let Limits { memory, cpus, pids } = limits;
    let mut keys = Mapping::default();
    keys.push_given("memory", memory.as_ref().map(|memory| literal(memory.as_str())));
    keys.push_given("cpus", cpus.as_ref().map(|cpus| Value::quoted(cpus.as_str().to_owned())));
    keys.push_given("pids", pids.map(number));
    let mut resources = Mapping::default();
    resources.push_filled("limits", keys);
    resources
}

/// What keeps a container in, but for folders in memory, which are volumes here.
pub(super) fn fences(fences: &Fences, user: Option<Value>, capabilities: Option<&[&'static str]>) -> Mapping {
    let Fences { no_new_privileges: _, capabilities: _, scratch } = fences;
    let mut keys = Mapping::default();
    keys.push_given("cap_drop", capabilities.map(|_| words(["ALL"])));
    keys.push_given("user", user);
    keys.push_filled("cap_add", words(capabilities.unwrap_or_default().iter().copied()));
    keys.push_given("read_only", scratch.as_ref().map(|_| yes()));
    keys
}

/// A folder in memory: `tmpfs` itself is dropped by `docker stack deploy` without a word.
pub(super) fn in_memory(folder: &str, bytes: Option<u64>) -> Value {
    let mut keys = Mapping::from_iter([("type", word("tmpfs")), ("target", literal(folder))]);
    let size = |bytes| Mapping::from_iter([("size", number(bytes))]);
    keys.push_given("tmpfs", bytes.map(size));
    keys.into()
}

/// The folders in memory of a container that can't write elsewhere.
pub(super) fn scratch(fences: &Fences) -> impl Iterator<Item = Value> {
    fences.scratch.iter().flatten().map(|folder| in_memory(folder, None))
}

/// What is kept of what a container prints.
pub(super) fn log(log: Option<crate::deployment::KeptLog>) -> Option<Mapping> {
    log.map(logging)
}

/// The list of the one published port: of every node, or of that which runs it.
pub(super) fn ports(port: Option<&PublishedPort>, mode: &'static str) -> Value {
    let entry = |PublishedPort { address: _, port, variable, target }: &PublishedPort| {
        let published = match variable {
            Some(variable) => reference(format!("${{{variable}:-{port}}}")),
            None => number(port),
        };
        let keys = [("target", number(target)), ("published", published), ("mode", word(mode))];
        Value::from(Mapping::from_iter(keys))
    };
    port.into_iter().map(entry).collect()
}

fn words(words: impl IntoIterator<Item = &'static str>) -> Value {
    words.into_iter().map(word).collect()
}

/// The raw keys of a profile behind those that are made here, as far as they do not take their place.
pub(super) fn with_written(made: Mapping, written: &[(String, Raw)], is_ours: &[&str]) -> Mapping {
    let written = written.iter().filter(|(key, _)| !is_ours.contains(&key.as_str()));
    let written: Mapping = written.map(|(key, value)| (key.clone(), raw(value))).collect();
    let mut keys = made.without(&written);
    keys.append(written);
    keys
}
