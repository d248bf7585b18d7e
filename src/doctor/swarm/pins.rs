//! Knows whether each volume has one node that it is on. Must not know what runs there.

use super::living::Living;
use super::object::{Node, is_host};
use crate::report::Finding;
use crate::spelling::{quoted, shell_word};

const CHECK: &str = "placement";

/// For each label that a service wants of its node.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let mut labels: Vec<((&str, &str), Vec<&str>)> = Vec::new();
    for service in &living.services {
        for pin in service.pins() {
            let name = service.name(living.stack());
            match labels.iter_mut().find(|(known, _)| *known == pin) {
                Some((_, names)) => names.push(name),
                None => labels.push((pin, vec![name])),
            }
        }
    }
    labels.iter().filter_map(|((label, value), names)| finding(label, value, names, living)).collect()
}

fn finding(label: &str, value: &str, names: &[&str], living: &Living<'_>) -> Option<Finding> {
    let has = |node: &&Node| node.has_label(label, value);
    let labelled: Vec<_> = living.nodes.iter().filter(has).collect();
    let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
    let (names, shown) = (names.join(", "), quoted(label));
    match labelled.as_slice() {
        _ if living.nodes.is_empty() => None,
        [_] => None,
        // one of the user's own may be on many
        [_, ..] if !label.starts_with(&format!("{}.", living.stack())) => None,
        [] => {
            let add = format!("{label}={value}");
            let help =
                format!("the node that has the data gets it: docker node update --label-add {} NODE", shell_word(add));
            Some(Finding::problem(CHECK, format!("no node has the label {shown}, so {names} can't run"), help))
        }
        [_, others @ ..] => {
            let hosts: Vec<_> = labelled.iter().map(|node| quoted(node.host())).collect();
            let hosts = hosts.join(", ");
            let message = format!("the nodes {hosts} have the label {shown}: {names} may start where its data is not");
            let other = others.first().map(|node| node.host()).filter(|host| is_host(host)).unwrap_or("NODE");
            let help = format!(
                "leave it to the one that has the data: docker node update --label-rm {} {other}",
                shell_word(label)
            );
            Some(Finding::problem(CHECK, message, help))
        }
    }
}
