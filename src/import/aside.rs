//! Knows what an import leaves as it was, because a profile would make something else of it. Must not know how that was found
//! out.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::Ledger;
use crate::compose::nodes::child_mut;
use crate::compose::{Mount, Tree};
use crate::profile::Raw;
use crate::yaml::{Content, Node};

/// Parts of a Compose file that stay as they were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aside {
    /// The servers that get no section, each with why.
    pub(super) servers: BTreeMap<String, String>,
    keys: BTreeSet<Part>,
}

/// A key of a service, or an entry of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    service: String,
    key: String,
    entry: Option<String>,
}

/// Keys whose entries can stay each for itself.
const BY_ENTRY: [&str; 4] = ["depends_on", "environment", "labels", "volumes"];

/// Keys that a profile can't do without.
const NEEDED: [&str; 2] = ["build", "image"];

/// Why it stays.
const WHY: &str = "would mean something else as a profile says it";

impl Aside {
    /// Leaves a server a service like the others; whether that is new.
    pub fn keep_server(&mut self, name: &str, why: String) -> bool {
        let is_new = !self.servers.contains_key(name);
        self.servers.entry(name.to_owned()).or_insert(why);
        is_new
    }

    /// Leaves a key of a service, or an entry of it; whether that is possible and new.
    pub fn keep(&mut self, service: &str, key: &str, entry: Option<&str>) -> bool {
        let entry = entry.filter(|_| BY_ENTRY.contains(&key)).map(str::to_owned);
        let part = Part { service: service.to_owned(), key: key.to_owned(), entry };
        !NEEDED.contains(&key) && self.keys.insert(part)
    }

    /// Takes what stays out of a file.
    pub(super) fn take<'text>(&self, root: &mut Node<'text>) -> Taken<'text> {
        let mut taken = Taken(Vec::new());
        for part in &self.keys {
            let service = child_mut(root, "services").and_then(|services| child_mut(services, &part.service));
            let Some(Content::Mapping(key)) = service.map(|service| &mut service.content) else { continue };
            let Some(at) = key.iter().position(|entry| entry.key == part.key) else { continue };
            match (&part.entry, key.get_mut(at)) {
                (None, _) => taken.0.push((part.clone(), key.remove(at).value)),
                (Some(name), Some(entry)) => {
                    taken.0.extend(take_entry(&mut entry.value, name).into_iter().map(|node| (part.clone(), node)));
                }
                (Some(_), None) => {}
            }
        }
        taken
    }
}

/// What was taken out of a file, each with where it stood.
pub(super) struct Taken<'text>(Vec<(Part, Node<'text>)>);

impl Taken<'_> {
    /// Puts all of it into the file beside the Compose file.
    pub(super) fn leave(&self, ledger: &mut Ledger<'_>) {
        for (part, node) in &self.0 {
            if part.key == "volumes" {
                ledger.volumes_beside.extend(volumes(node));
            }
            ledger.leave(&part.service, &part.key, Raw::of(node), &node.span, WHY);
        }
    }
}

/// The named volumes of mounts.
fn volumes(node: &Node<'_>) -> Vec<String> {
    let tree = Tree::read(node, &|_| None);
    let mounts = tree.items().iter().filter_map(Mount::read);
    mounts.filter_map(|mount| mount.volume().map(str::to_owned)).collect()
}

/// Takes the entries of this name out of a list or a mapping.
fn take_entry<'text>(node: &mut Node<'text>, name: &str) -> Option<Node<'text>> {
    let span = node.span.clone();
    let content = match &mut node.content {
        Content::Mapping(entries) => {
            let at = entries.iter().position(|entry| entry.key == name)?;
            Content::Mapping(vec![entries.remove(at)])
        }
        Content::Sequence(items) => {
            let (taken, left): (Vec<_>, Vec<_>) =
                std::mem::take(items).into_iter().partition(|item| is_called(item, name));
            *items = left;
            Content::Sequence(taken)
        }
        Content::Scalar(_) => return None,
    };
    Some(Node { span, content })
}

/// Whether an item is a variable, a label or a service of this name, or what is mounted there.
fn is_called(item: &Node<'_>, name: &str) -> bool {
    let tree = Tree::read(item, &|_| None);
    let named = tree.as_text().map(|text| text.split_once('=').map_or(text, |(name, _)| name));
    named == Some(name) || Mount::read(&tree).is_some_and(|mount| mount.target == name)
}
