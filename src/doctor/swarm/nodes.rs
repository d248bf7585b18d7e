//! Knows what can be wrong with a node of a Swarm: it is not heard of, takes nothing, or counts for no majority. Must not
//! know what runs there.

use super::living::Living;
use super::object::{Node, is_host};
use crate::report::Finding;
use crate::spelling::quoted;

const CHECK: &str = "nodes";

/// Each node that is not as it should be.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let mut found: Vec<_> = living.nodes.iter().filter_map(|node| finding(node, living)).collect();
    found.extend(majority(&living.nodes));
    if found.is_empty() && !living.nodes.is_empty() {
        let number = living.nodes.len();
        let nodes = if number == 1 { "its node is ready".to_owned() } else { format!("all {number} nodes are ready") };
        found.push(Finding::ok(CHECK, nodes));
    }
    found
}

fn finding(node: &Node, living: &Living<'_>) -> Option<Finding> {
    let host = quoted(node.host());
    if !node.is_ready() {
        let kept = kept_on(node, living);
        let state = if node.state() == "down" { "is down" } else { "is not heard of" };
        let help = "start its engine, or the way to it; a node that never comes back: docker node rm --force NODE";
        let found = if kept.is_empty() {
            Finding::warning(CHECK, format!("the node {host} {state}; what ran there moves"), help)
        } else {
            let message = format!("the node {host} {state}, and has the data of {}", kept.join(", "));
            Finding::problem(CHECK, message, help)
        };
        return Some(found.shown_by(node.message()));
    }
    let name = if is_host(node.host()) { node.host() } else { node.id() };
    let help = || format!("docker node update --availability active {name}");
    match node.availability() {
        "drain" => Some(Finding::warning(CHECK, format!("the node {host} is drained: nothing runs there"), help())),
        "pause" => Some(Finding::warning(CHECK, format!("the node {host} takes nothing new"), help())),
        _ => None,
    }
}

/// The services that a node alone can run, in backticks.
fn kept_on(node: &Node, living: &Living<'_>) -> Vec<String> {
    let is_pinned = |(label, value): (&str, &str)| node.has_label(label, value);
    let pinned = living.services.iter().filter(|service| service.pins().any(is_pinned) && !service.is_job());
    pinned.map(|service| quoted(service.name(living.stack()))).collect()
}

/// How many managers more may be lost.
fn majority(nodes: &[Node]) -> Option<Finding> {
    let managers: Vec<_> = nodes.iter().filter(|node| node.is_manager()).collect();
    let reachable = managers.iter().filter(|node| node.is_reachable()).count();
    let (all, needed) = (managers.len(), managers.len() / 2 + 1);
    (reachable < all && reachable == needed).then(|| {
        let message = format!("{reachable} of {all} managers are reached: without one more nothing can be changed");
        Finding::warning(CHECK, message, "bring the lost ones back, or: docker node demote NODE")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_majority_that_hangs_by_one_is_told() {
        let told = |reachable: &[bool]| {
            let node = |is_reachable: &bool| {
                let word = if *is_reachable { "reachable" } else { "unreachable" };
                Node(json!({ "ManagerStatus": { "Reachability": word } }))
            };
            majority(&reachable.iter().map(node).collect::<Vec<_>>()).is_some()
        };
        assert!(told(&[true, true, false]));
        for sound in [&[true][..], &[true, true], &[true, true, true], &[true, true, true, true, false]] {
            assert!(!told(sound), "{sound:?}");
        }
    }
}
