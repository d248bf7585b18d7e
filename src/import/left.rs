//! Knows what of a Compose file no profile can say, as a file that Compose reads beside the generated one.
//! Must not know why.

use indexmap::IndexMap;

use super::layout;
use crate::profile::Raw;

/// Keys of the Compose file that no profile can say; they go into a file that Compose reads beside the generated one.
#[derive(Default)]
pub(super) struct Left {
    services: IndexMap<String, IndexMap<String, Raw>>,
    top: IndexMap<String, Raw>,
}

impl Left {
    /// Adds to a key of a service; lists and mappings grow.
    pub(super) fn add_to(&mut self, service: &str, key: &str, raw: Raw) {
        add(self.services.entry(service.to_owned()).or_default(), key, raw);
    }

    /// Adds to a key at the top.
    pub(super) fn add(&mut self, key: &str, raw: Raw) {
        add(&mut self.top, key, raw);
    }

    /// The text of a Compose file; nothing where nothing is left.
    pub(super) fn text(&self) -> Option<String> {
        const HEAD: &str = "\
# What the profile has no field for, as docker-compose.yml said it. Compose reads this file beside docker-compose.yml. It is
# yours: codelab-gen does not change it.
";
        let service = |(name, keys): (&String, &IndexMap<String, Raw>)| {
            let keys = keys.iter().map(|(key, raw)| (key.clone(), raw.clone()));
            (name.clone(), Raw::Mapping(keys.collect()))
        };
        let services: Vec<_> = self.services.iter().map(service).collect();
        let services = (!services.is_empty()).then(|| ("services".to_owned(), Raw::Mapping(services)));
        let top = self.top.iter().map(|(key, raw)| (key.clone(), raw.clone()));
        let keys: Vec<_> = services.into_iter().chain(top).collect();
        (!keys.is_empty()).then(|| format!("{HEAD}{}", layout::raw_text(&keys)))
    }
}

fn add(keys: &mut IndexMap<String, Raw>, key: &str, raw: Raw) {
    match keys.get_mut(key) {
        Some(known) => join(known, raw),
        None => drop(keys.insert(key.to_owned(), raw)),
    }
}

fn join(known: &mut Raw, more: Raw) {
    match (known, more) {
        (Raw::Sequence(known), Raw::Sequence(more)) => known.extend(more),
        (Raw::Mapping(known), Raw::Mapping(more)) => {
            for (key, value) in more {
                match known.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, known)) => join(known, value),
                    None => known.push((key, value)),
                }
            }
        }
        (known, more) => *known = more,
    }
}

/// Whether a text stands anywhere in raw keys.
pub(super) fn holds(raw: &Raw, value: &str) -> bool {
    match raw {
        Raw::Scalar { text, .. } => text.contains(value),
        Raw::Sequence(items) => items.iter().any(|item| holds(item, value)),
        Raw::Mapping(entries) => entries.iter().any(|(_, entry)| holds(entry, value)),
    }
}
