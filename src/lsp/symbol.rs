//! Knows which words of a profile are names, and where else the same name is meant. Must not know how that is told.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::outline::{Content, Node};
use super::project::Layer;

/// What has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Symbol {
    Service(String),
    Secret(String),
}

/// A place where a name stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) symbol: Symbol,
    pub(super) span: Range<usize>,
    /// Whether something of this name is described here.
    pub(super) is_description: bool,
}

impl Symbol {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Service(name) | Self::Secret(name) => name,
        }
    }

    /// The same thing by another name.
    pub(super) fn renamed(&self, name: &str) -> Self {
        match self {
            Self::Service(_) => Self::Service(name.to_owned()),
            Self::Secret(_) => Self::Secret(name.to_owned()),
        }
    }
}

fn fields<'n>(node: &'n Node, key: &str) -> &'n [super::outline::Entry] {
    node.entry(key).map(|entry| entry.value.entries()).unwrap_or_default()
}

fn is_own(name: &str) -> bool {
    name.starts_with("x-")
}

/// Every name in a profile.
pub(super) fn mentions(shape: &Node) -> Vec<Mention> {
    let mut found = Vec::new();
    let service = |name: &str| Symbol::Service(name.to_owned());
    for entry in fields(shape, "services").iter().filter(|entry| !is_own(&entry.key)) {
        found.push(Mention { symbol: service(&entry.key), span: entry.key_span.clone(), is_description: true });
        if let Some(depends_on) = entry.value.entry("depends_on") {
            let keys = depends_on.value.entries().iter().filter(|key| !is_own(&key.key));
            found.extend(keys.map(|key| Mention {
                symbol: service(&key.key),
                span: key.key_span.clone(),
                is_description: false,
            }));
            found.extend(depends_on.value.items().iter().filter_map(|item| {
                Some(Mention { symbol: service(item.text()?), span: item.span.clone(), is_description: false })
            }));
        }
        secrets_of(&entry.value, &mut found);
    }
    if let Some(postgres) = shape.entry("postgres") {
        secrets_of(&postgres.value, &mut found);
    }
    for entry in fields(shape, "secrets").iter().filter(|entry| !is_own(&entry.key)) {
        let symbol = Symbol::Secret(entry.key.clone());
        found.push(Mention { symbol, span: entry.key_span.clone(), is_description: true });
    }
    found
}

fn secrets_of(node: &Node, found: &mut Vec<Mention>) {
    for variable in fields(node, "environment") {
        let Some(secret) = variable.value.entry("secret") else { continue };
        let Content::Scalar(name) = &secret.value.content else { continue };
        let symbol = Symbol::Secret(name.clone());
        found.push(Mention { symbol, span: secret.value.span.clone(), is_description: false });
    }
}

/// The files in which a name means the same thing as in one of them, with where it stands there: those that write it and
/// build on each other. Two profiles that only share a base which does not write it have two things of one name.
pub(super) fn relatives<'l>(
    symbol: &Symbol,
    from: &Path,
    families: &'l [Vec<Layer>],
) -> BTreeMap<PathBuf, (&'l Layer, Vec<Mention>)> {
    let mut writing: Vec<Vec<(PathBuf, &Layer, Vec<Mention>)>> = Vec::new();
    for family in families {
        let of_family = family.iter().filter_map(|layer| {
            let mentions: Vec<_> = mentions(&layer.shape).into_iter().filter(|found| found.symbol == *symbol).collect();
            (!mentions.is_empty()).then_some((layer.identity()?, layer, mentions))
        });
        writing.push(of_family.collect());
    }
    let mut found: BTreeMap<PathBuf, (&Layer, Vec<Mention>)> = BTreeMap::new();
    let mut reached = vec![from.to_owned()];
    while let Some(next) = reached.pop() {
        for family in writing.iter().filter(|family| family.iter().any(|(path, _, _)| *path == next)) {
            for (path, layer, mentions) in family {
                if !found.contains_key(path) {
                    found.insert(path.clone(), (layer, mentions.clone()));
                    reached.push(path.clone());
                }
            }
        }
    }
    found
}

/// The names of one kind that the layers of a profile describe, the strongest layer first.
pub(super) fn described(layers: &[Layer], key: &str) -> Vec<String> {
    distinct(layers.iter().flat_map(|layer| fields(&layer.shape, key)))
}

/// The names of one kind that they describe in a service.
pub(super) fn below_service(layers: &[Layer], service: &str, key: &str) -> Vec<String> {
    let services = layers.iter().flat_map(|layer| fields(&layer.shape, "services"));
    distinct(services.filter(|entry| entry.key == service).flat_map(|entry| fields(&entry.value, key)))
}

fn distinct<'n>(entries: impl Iterator<Item = &'n super::outline::Entry>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in entries {
        let is_new = !is_own(&entry.key) && entry.has_colon && !names.contains(&entry.key);
        names.extend(is_new.then(|| entry.key.clone()));
    }
    names
}
