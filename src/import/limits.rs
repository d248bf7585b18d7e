//! Knows the two places in which Compose says how much a service gets of the machine, and how many of it run.
//! Must not know what runs.

use super::ledger::Ledger;
use crate::compose::nodes;
use crate::profile::Raw;
use crate::value::{ByteSize, CpuCount, TextValue as _};
use crate::yaml::Node;

/// What limits a container, from either place that Compose has for it, and what is left of `deploy`.
pub(super) fn limits(node: &Node<'_>, field: &str, ledger: &mut Ledger<'_>) -> (Option<Raw>, Option<Raw>) {
    const KEYS: [(&str, &str, &str); 3] =
        [("memory", "mem_limit", "memory"), ("cpus", "cpus", "cpus"), ("pids", "pids_limit", "pids")];
    let deploy = nodes::child(node, "deploy");
    let limited = deploy
        .and_then(|deploy| nodes::child(deploy, "resources"))
        .and_then(|resources| nodes::child(resources, "limits"));
    let name = field.rsplit('.').next().unwrap_or(field);
    let mut entries = Vec::new();
    for (ours, own, of_deploy) in KEYS {
        let Some(written) = nodes::child(node, own).or_else(|| nodes::child(limited?, of_deploy)) else { continue };
        let value = ledger.fixed(written, &format!("{field}.limits.{ours}")).and_then(|text| limit(ours, &text));
        match value {
            Some(value) => entries.push((ours.to_owned(), value)),
            None => ledger.leave(name, own, Raw::of(written), &written.span, "is a limit that a profile can't say"),
        }
    }
    let rest = deploy.map(Raw::of).map(without_limits).filter(|deploy| *deploy != Raw::Mapping(Vec::new()));
    ((!entries.is_empty()).then_some(Raw::Mapping(entries)), rest)
}

fn limit(key: &str, text: &str) -> Option<Raw> {
    let is_number = text.bytes().all(|digit| digit.is_ascii_digit());
    match key {
        "memory" => {
            let text = if is_number { format!("{text}b") } else { text.to_ascii_lowercase() };
            ByteSize::parse(&text).is_ok().then(|| Raw::text(&text))
        }
        "cpus" => CpuCount::parse(text).is_ok().then(|| Raw::text(text)),
        _ => is_number.then(|| Raw::plain(text)),
    }
}

/// The rest of `deploy` that a profile has no field for.
fn without_limits(deploy: Raw) -> Raw {
    let Raw::Mapping(entries) = deploy else { return deploy };
    let entries = entries.into_iter().filter_map(|(key, value)| match (key.as_str(), value) {
        ("resources", Raw::Mapping(parts)) => {
            let parts: Vec<_> = parts.into_iter().filter(|(part, _)| part != "limits").collect();
            (!parts.is_empty()).then_some((key, Raw::Mapping(parts)))
        }
        (_, value) => Some((key, value)),
    });
    Raw::Mapping(entries.collect())
}

/// How many containers of a service run, as it is written; nothing where nothing is.
pub(super) fn containers<'n>(node: &'n Node<'n>) -> Option<&'n Node<'n>> {
    let of_deploy = nodes::child(node, "deploy").and_then(|deploy| nodes::child(deploy, "replicas"));
    nodes::child(node, "scale").or(of_deploy)
}

/// What is left of `deploy` without how many containers run.
pub(super) fn without_containers(deploy: Option<Raw>) -> Option<Raw> {
    let mut deploy = deploy?;
    if let Raw::Mapping(entries) = &mut deploy {
        entries.retain(|(key, _)| key != "replicas");
    }
    Some(deploy).filter(|deploy| *deploy != Raw::Mapping(Vec::new()))
}
