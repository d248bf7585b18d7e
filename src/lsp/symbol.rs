//! Knows which words of a profile are names, and where else the same name is meant. Must not know how that is told.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::outline::{Content, Node};
use super::project::Layer;
use crate::value::{TextValue as _, VolumeName};

/// What has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Symbol {
    Service(String),
    Secret(String),
    Volume(String),
}

/// A place where a name stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) symbol: Symbol,
    pub(super) span: Range<usize>,
    /// Whether something of this name is described here.
    pub(super) is_description: bool,
    /// Whether more stands behind it in the same value, as the path of a mount does.
    pub(super) is_part: bool,
}

impl Mention {
    fn of(symbol: Symbol, span: &Range<usize>, is_description: bool) -> Self {
        Self { symbol, span: span.clone(), is_description, is_part: false }
    }
}

impl Symbol {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Service(name) | Self::Secret(name) | Self::Volume(name) => name,
        }
    }

    /// The same thing by another name.
    pub(super) fn renamed(&self, name: &str) -> Self {
        match self {
            Self::Service(_) => Self::Service(name.to_owned()),
            Self::Secret(_) => Self::Secret(name.to_owned()),
            Self::Volume(_) => Self::Volume(name.to_owned()),
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
pub(super) fn mentions(layer: &Layer) -> Vec<Mention> {
    let (shape, text) = (&layer.shape, layer.source.text.as_str());
    let mut found = Vec::new();
    let service = |name: &str| Symbol::Service(name.to_owned());
    for entry in fields(shape, "services").iter().filter(|entry| !is_own(&entry.key)) {
        found.push(Mention::of(service(&entry.key), &entry.key_span, true));
        if let Some(depends_on) = entry.value.entry("depends_on") {
            let keys = depends_on.value.entries().iter().filter(|key| !is_own(&key.key));
            found.extend(keys.map(|key| Mention::of(service(&key.key), &key.key_span, false)));
            let items = depends_on.value.items().iter();
            found.extend(items.filter_map(|item| Some(Mention::of(service(item.text()?), &item.span, false))));
        }
        secrets_of(&entry.value, &mut found);
        let more = entry.value.entry("volumes").map(|more| more.value.items()).unwrap_or_default();
        let data = entry.value.entry("data").map(|data| &data.value);
        found.extend(data.into_iter().chain(more).filter_map(|mount| volume(mount, text)));
    }
    if let Some(postgres) = shape.entry("postgres") {
        secrets_of(&postgres.value, &mut found);
    }
    for way in [["postgres", "volume"], ["backups", "to"]] {
        found.extend(shape.at(&way).and_then(|place| volume(place, text)));
    }
    if let Some(drill) = shape.at(&["backups", "drill"]) {
        let keys = drill.entries().iter().filter(|key| !is_own(&key.key));
        found.extend(keys.map(|key| Mention::of(service(&key.key), &key.key_span, false)));
    }
    for (section, symbol) in [("secrets", Symbol::Secret as fn(String) -> Symbol), ("volumes", Symbol::Volume)] {
        for entry in fields(shape, section).iter().filter(|entry| !is_own(&entry.key)) {
            found.push(Mention::of(symbol(entry.key.clone()), &entry.key_span, true));
        }
    }
    found
}

/// The named volume at the start of a mount; a folder has none.
fn volume(place: &Node, text: &str) -> Option<Mention> {
    let Content::Scalar(mount) = &place.content else { return None };
    let name = mount.split(':').next().filter(|name| VolumeName::parse(name).is_ok())?;
    let symbol = Symbol::Volume(name.to_owned());
    if name == mount {
        return Some(Mention::of(symbol, &place.span, false));
    }
    let written = text.get(place.span.clone())?;
    // behind a quote, where there is one; what has escapes before it is left alone
    let start = place.span.start + written.find(name).filter(|at| *at <= 1)?;
    Some(Mention { is_part: true, ..Mention::of(symbol, &(start..start + name.len()), false) })
}

fn secrets_of(node: &Node, found: &mut Vec<Mention>) {
    for variable in fields(node, "environment") {
        let Some(secret) = variable.value.entry("secret") else { continue };
        let Content::Scalar(name) = &secret.value.content else { continue };
        found.push(Mention::of(Symbol::Secret(name.clone()), &secret.value.span, false));
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
            let mentions: Vec<_> = mentions(layer).into_iter().filter(|found| found.symbol == *symbol).collect();
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
    let mut known = HashSet::new();
    let described = entries.filter(|entry| !is_own(&entry.key) && entry.has_colon && known.insert(entry.key.as_str()));
    described.map(|entry| entry.key.clone()).collect()
}
