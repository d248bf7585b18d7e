//! Knows the two places in which Compose says how much a service gets of the machine, and how many of it run.
//! Must not know what runs.

use super::Service;
use crate::import::layout::Line;
use crate::import::ledger::Ledger;
use crate::import::tree;
use crate::profile::Raw;
use crate::value::{ByteSize, CpuCount, TextValue as _};
use crate::yaml::Node;

impl Service<'_, '_> {
    pub(super) fn replicas(&self, field: &str, deploy: &mut Option<Raw>, ledger: &mut Ledger<'_>) -> Option<Line> {
        let node = &self.entry.value;
        let of_deploy = tree::child(node, "deploy").and_then(|deploy| tree::child(deploy, "replicas"));
        let written = tree::child(node, "scale").or(of_deploy)?;
        let count = ledger.fixed(written, &format!("{field}.replicas"));
        let count = count.filter(|count| count.parse::<u16>().is_ok_and(|count| count > 0));
        if count.is_none() {
            self.leave("scale", written, "is no number of containers that a profile takes", ledger);
        }
        if let Some(Raw::Mapping(entries)) = deploy {
            entries.retain(|(key, _)| key != "replicas");
        }
        *deploy = deploy.take().filter(|deploy| *deploy != Raw::Mapping(Vec::new()));
        count.filter(|count| count != "1").map(|count| Line::short("replicas", Raw::plain(&count)))
    }
}

/// What limits a container, from either place that Compose has for it, and what is left of `deploy`.
pub(in crate::import) fn limits(node: &Node<'_>, field: &str, ledger: &mut Ledger<'_>) -> (Option<Raw>, Option<Raw>) {
    const KEYS: [(&str, &str, &str); 3] =
        [("memory", "mem_limit", "memory"), ("cpus", "cpus", "cpus"), ("pids", "pids_limit", "pids")];
    let deploy = tree::child(node, "deploy");
    let limited = deploy
        .and_then(|deploy| tree::child(deploy, "resources"))
        .and_then(|resources| tree::child(resources, "limits"));
    let name = field.rsplit('.').next().unwrap_or(field);
    let mut entries = Vec::new();
    for (ours, own, of_deploy) in KEYS {
        let Some(written) = tree::child(node, own).or_else(|| tree::child(limited?, of_deploy)) else { continue };
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
