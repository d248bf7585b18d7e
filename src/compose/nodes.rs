//! Knows how the parts of a Compose file are reached in its YAML tree, where each has its place and is as it was written.
//! Must not know what any key means.

use crate::yaml::{Content, Entry, Node, ScalarKind};

/// The entries of a mapping; none for anything else.
#[must_use]
pub fn entries<'n, 'text>(node: &'n Node<'text>) -> &'n [Entry<'text>] {
    match &node.content {
        Content::Mapping(entries) => entries,
        Content::Scalar(_) | Content::Sequence(_) => &[],
    }
}

/// The items of a list; none for anything else.
#[must_use]
pub fn items<'n, 'text>(node: &'n Node<'text>) -> &'n [Node<'text>] {
    match &node.content {
        Content::Sequence(items) => items,
        Content::Scalar(_) | Content::Mapping(_) => &[],
    }
}

/// The entry of a mapping with this key.
#[must_use]
pub fn entry<'n, 'text>(node: &'n Node<'text>, key: &str) -> Option<&'n Entry<'text>> {
    entries(node).iter().find(|entry| entry.key == key)
}

/// The value of a key, where it is there and not null.
#[must_use]
pub fn child<'n, 'text>(node: &'n Node<'text>, key: &str) -> Option<&'n Node<'text>> {
    entry(node, key).map(|entry| &entry.value).filter(|value| !value.is_null())
}

/// The text of a scalar that is not null.
#[must_use]
pub fn text<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match &node.content {
        Content::Scalar(scalar) if scalar.kind() != ScalarKind::Null => Some(&scalar.text),
        Content::Scalar(_) | Content::Sequence(_) | Content::Mapping(_) => None,
    }
}

/// The text of a key's value.
#[must_use]
pub fn text_of<'n>(node: &'n Node<'_>, key: &str) -> Option<&'n str> {
    text(child(node, key)?)
}

/// Whether a node is a mapping.
#[must_use]
pub fn is_mapping(node: &Node<'_>) -> bool {
    matches!(node.content, Content::Mapping(_))
}

/// Whether a node is a list.
#[must_use]
pub fn is_list(node: &Node<'_>) -> bool {
    matches!(node.content, Content::Sequence(_))
}

/// Whether a node is a mapping without a key beyond these.
#[must_use]
pub fn has_only(node: &Node<'_>, keys: &[&str]) -> bool {
    is_mapping(node) && entries(node).iter().all(|entry| keys.contains(&entry.key.as_ref()))
}

/// The entries of a mapping, to change them.
#[must_use]
pub fn entries_mut<'n, 'text>(node: &'n mut Node<'text>) -> &'n mut [Entry<'text>] {
    match &mut node.content {
        Content::Mapping(entries) => entries,
        Content::Scalar(_) | Content::Sequence(_) => &mut [],
    }
}

/// The value of a key, to change it.
#[must_use]
pub fn child_mut<'n, 'text>(node: &'n mut Node<'text>, key: &str) -> Option<&'n mut Node<'text>> {
    entries_mut(node).iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
}

/// Writes another text in the place of a scalar.
pub fn write(node: &mut Node<'_>, text: String) {
    if let Content::Scalar(scalar) = &mut node.content {
        scalar.text = text.into();
        scalar.plain = false;
    }
}
