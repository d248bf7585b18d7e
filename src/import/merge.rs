//! Knows how Compose puts one file upon another (<https://docs.docker.com/reference/compose-file/merge/>).
//! Must not know where the files come from.

use std::ops::Range;

use crate::compose::between_colons;
use crate::compose::nodes;
use crate::yaml::{Content, Entry, Node, Scalar};

/// Two values of which neither goes into the other.
pub(super) struct Unmergeable {
    /// Where the second one stands.
    pub(super) span: Range<usize>,
    /// Its key.
    pub(super) key: String,
}

/// How two values of a key become one.
#[derive(Clone, Copy)]
enum Way {
    /// The second one is taken.
    Replace,
    /// Mappings key by key, lists one behind the other, and of scalars the second one.
    Deep,
    /// Lists or mappings of names with values: by name.
    Variables,
    /// Lists or mappings of names: by name, with this value for a bare one.
    Names(&'static str),
    /// A short form stands for a mapping with this key.
    Short(&'static str),
    /// A scalar is a list of one.
    Listed,
    /// Lists in which an item takes the place of one for the same place in the container.
    Targets,
}

fn way(path: &[&str]) -> Way {
    match path {
        ["services", _, "command" | "entrypoint"] | ["services", _, "healthcheck", "test"] => Way::Replace,
        ["services", _, "environment" | "labels" | "annotations" | "sysctls"]
        | ["services", _, "build", "args" | "labels" | "additional_contexts"]
        | ["services", _, "deploy", "labels"]
        | ["networks" | "volumes" | "secrets" | "configs", _, "labels"] => Way::Variables,
        ["services", _, "depends_on"] => Way::Names("condition"),
        ["services", _, "networks"] => Way::Names(""),
        ["services", _, "build"] => Way::Short("context"),
        ["services", _, "env_file" | "label_file" | "dns" | "dns_search" | "dns_opt" | "tmpfs"] => Way::Listed,
        ["services", _, "volumes" | "configs" | "secrets" | "devices"] => Way::Targets,
        _ => Way::Deep,
    }
}

/// One value upon another; `path` is where they stand.
///
/// # Errors
/// Where they are of different kinds.
pub(super) fn merge<'t>(base: Node<'t>, over: Node<'t>, path: &[&str]) -> Result<Node<'t>, Unmergeable> {
    if over.is_null() {
        return Ok(base);
    }
    if base.is_null() {
        return Ok(over);
    }
    let (base, over) = match way(path) {
        Way::Replace => return Ok(over),
        Way::Variables => (by_name(base, None), by_name(over, None)),
        Way::Names(key) => (by_name(base, Some(key)), by_name(over, Some(key))),
        Way::Short(key) => (long(base, key), long(over, key)),
        Way::Listed => (listed(base), listed(over)),
        Way::Deep | Way::Targets => (base, over),
    };
    // a driver's options are none of another driver's
    let is_logging = matches!(path, ["services", _, "logging"]);
    if is_logging
        && nodes::text_of(&over, "driver").is_some_and(|driver| nodes::text_of(&base, "driver") != Some(driver))
    {
        return Ok(over);
    }
    let span = over.span.clone();
    let content = match (base.content, over.content) {
        (Content::Mapping(base), Content::Mapping(over)) => Content::Mapping(mappings(base, over, path)?),
        (Content::Sequence(base), Content::Sequence(over)) => {
            Content::Sequence(lists(base, over, matches!(way(path), Way::Targets)))
        }
        (Content::Scalar(_), over @ Content::Scalar(_)) => over,
        (_, _) => {
            let key = path.last().copied().unwrap_or_default().to_owned();
            return Err(Unmergeable { span, key });
        }
    };
    Ok(Node { span, content })
}

fn mappings<'t>(mut base: Vec<Entry<'t>>, over: Vec<Entry<'t>>, path: &[&str]) -> Result<Vec<Entry<'t>>, Unmergeable> {
    for entry in over {
        let Some(at) = base.iter().position(|known| known.key == entry.key) else {
            base.push(entry);
            continue;
        };
        let below: Vec<&str> = path.iter().copied().chain([entry.key.as_ref()]).collect();
        let known = base.remove(at);
        let value = merge(known.value, entry.value.clone(), &below)?;
        base.insert(at, Entry { key: known.key, key_span: entry.key_span.clone(), value });
    }
    Ok(base)
}

fn lists<'t>(mut base: Vec<Node<'t>>, over: Vec<Node<'t>>, has_targets: bool) -> Vec<Node<'t>> {
    for item in over {
        let is_same = |known: &Node<'_>| {
            let same_text = nodes::text(known).is_some() && nodes::text(known) == nodes::text(&item);
            same_text || (has_targets && target(known).is_some_and(|known| Some(known) == target(&item)))
        };
        match base.iter().position(is_same) {
            Some(at) => drop(base.splice(at..=at, [item])),
            None => base.push(item),
        }
    }
    base
}

/// Where in the container an item is found.
fn target(item: &Node<'_>) -> Option<String> {
    let short = || {
        let parts = between_colons(nodes::text(item)?);
        parts.get(1).or(parts.first()).map(|part| part.trim_end_matches('/').to_owned())
    };
    let long = ["target", "source"].iter().find_map(|key| nodes::text_of(item, key));
    long.map(|target| target.trim_end_matches('/').to_owned()).or_else(short)
}

/// A list of names, or of names with values, as a mapping.
fn by_name<'t>(node: Node<'t>, bare: Option<&'static str>) -> Node<'t> {
    let Content::Sequence(items) = node.content else { return node };
    let mut entries: Vec<Entry<'t>> = Vec::new();
    for item in items {
        let Some(text) = nodes::text(&item) else { continue };
        let (key, value) = match (bare, text.split_once('=')) {
            (None, Some((key, value))) => (key.to_owned(), scalar(value.to_owned(), false, &item.span)),
            (Some("condition"), _) => {
                let started = scalar("service_started".to_owned(), true, &item.span);
                let entry = Entry { key: "condition".into(), key_span: item.span.clone(), value: started };
                (text.to_owned(), Node { span: item.span.clone(), content: Content::Mapping(vec![entry]) })
            }
            (_, _) => (text.to_owned(), scalar("null".to_owned(), true, &item.span)),
        };
        entries.retain(|known| known.key != key);
        entries.push(Entry { key: key.into(), key_span: item.span.clone(), value });
    }
    Node { span: node.span, content: Content::Mapping(entries) }
}

fn long<'t>(node: Node<'t>, key: &'static str) -> Node<'t> {
    if nodes::text(&node).is_none() {
        return node;
    }
    let span = node.span.clone();
    let entry = Entry { key: key.into(), key_span: span.clone(), value: node };
    Node { span, content: Content::Mapping(vec![entry]) }
}

fn listed(node: Node<'_>) -> Node<'_> {
    if nodes::text(&node).is_none() {
        return node;
    }
    Node { span: node.span.clone(), content: Content::Sequence(vec![node]) }
}

pub(super) fn scalar<'t>(text: String, plain: bool, span: &Range<usize>) -> Node<'t> {
    Node { span: span.clone(), content: Content::Scalar(Scalar { text: text.into(), plain }) }
}
