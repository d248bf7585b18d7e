//! Knows what of a Compose file no profile can say, as a file that Compose reads beside the generated one.
//! Must not know why.

use indexmap::IndexMap;

use super::layout;
use crate::profile::Raw;
use crate::yaml;

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

    /// The file with all of it; nothing where nothing is left.
    pub(super) fn beside(&self) -> Option<Beside> {
        let mapping = |keys: &IndexMap<String, Raw>| {
            Raw::Mapping(keys.iter().map(|(key, raw)| (key.clone(), raw.clone())).collect())
        };
        let services = self.services.iter().map(|(name, keys)| (name.clone(), mapping(keys)));
        let services = Raw::Mapping(services.collect());
        let services = (!self.services.is_empty()).then(|| ("services".to_owned(), services));
        let top = self.top.iter().map(|(key, raw)| (key.clone(), raw.clone()));
        let keys: Vec<_> = services.into_iter().chain(top).collect();
        (!keys.is_empty()).then_some(Beside(Raw::Mapping(keys)))
    }
}

/// A file that Compose reads beside its Compose file.
pub struct Beside(Raw);

impl Beside {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        const HEAD: &str = "\
# What the profile has no field for, as docker-compose.yml said it. Compose reads this file beside docker-compose.yml. It is
# yours: codelab-gen does not change it.
";
        format!("{HEAD}{}", layout::raw_text(self.0.entries().unwrap_or_default()))
    }

    /// Whether a Compose file says all that this one says.
    #[must_use]
    pub fn is_said_by(&self, text: &str) -> bool {
        yaml::read(text).is_ok_and(|root| contains(&Raw::of(&root), &self.0))
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

/// Changes the texts of raw keys for which there is another one.
pub(super) fn change(raw: &mut Raw, other: &impl Fn(&str) -> Option<String>) {
    match raw {
        Raw::Scalar { text, .. } => {
            if let Some(changed) = other(text) {
                *raw = Raw::text(&changed);
            }
        }
        Raw::Sequence(items) => items.iter_mut().for_each(|item| change(item, other)),
        Raw::Mapping(entries) => entries.iter_mut().for_each(|(_, entry)| change(entry, other)),
    }
}

/// What is found in the first text of raw keys that something is found in.
pub(super) fn find<T>(raw: &Raw, found: &impl Fn(&str) -> Option<T>) -> Option<T> {
    match raw {
        Raw::Scalar { text, .. } => found(text),
        Raw::Sequence(items) => items.iter().find_map(|item| find(item, found)),
        Raw::Mapping(entries) => entries.iter().find_map(|(_, entry)| find(entry, found)),
    }
}

fn contains(raw: &Raw, wanted: &Raw) -> bool {
    match (raw, wanted) {
        (Raw::Mapping(_), Raw::Mapping(wanted)) => {
            wanted.iter().all(|(key, wanted)| raw.get(key).is_some_and(|raw| contains(raw, wanted)))
        }
        (Raw::Sequence(items), Raw::Sequence(wanted)) => {
            wanted.iter().all(|wanted| items.iter().any(|item| contains(item, wanted)))
        }
        (Raw::Scalar { text, .. }, Raw::Scalar { text: wanted, .. }) => text == wanted,
        (Raw::Scalar { .. } | Raw::Sequence(_) | Raw::Mapping(_), _) => false,
    }
}
