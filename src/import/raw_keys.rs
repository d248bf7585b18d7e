//! Knows which keys of a service Compose gets as they stand. Must not know what they say.

use crate::compose::nodes;
use crate::profile::Raw;
use crate::yaml::{Entry, Node};

/// The keys that Compose gets as they stand.
pub(super) fn raw_keys(node: &Node<'_>, is_taken: impl Fn(&str) -> bool) -> Vec<(String, Raw)> {
    // a null says nothing to Compose, and would remove something in a profile
    let says = |entry: &&Entry<'_>| !entry.value.is_null() && !entry.key.starts_with("x-");
    let raw = nodes::entries(node).iter().filter(says).filter(|entry| !is_taken(&entry.key));
    raw.map(|entry| (entry.key.to_string(), Raw::of(&entry.value))).collect()
}
