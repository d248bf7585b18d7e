//! Knows the secrets of a deployment that have a key in `.env`, or may get one. Must not know where else they stand.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::environment::{self, GivenValue};
use super::secret_keys::key_of_secret;
use super::variables::{Known, Variables, is_secret_value, is_telling_value, password_in};
use crate::compose::nodes;
use crate::interpolation::Template;
use crate::secret::names_secret;
use crate::value::{EnvironmentKey, ServiceName, TextValue as _};
use crate::yaml::Node;

/// Texts are searched for no longer values, and for no shorter ones, which stand in many by chance.
pub(super) const LENGTHS: std::ops::RangeInclusive<usize> = 8..=1024;

/// The secrets that are known, and their keys.
pub(super) struct Secrets<'v> {
    variables: &'v Variables,
    /// What each value may be called.
    pub(super) names: HashMap<String, Vec<String>>,
    /// Names that mean something else, or what only the shell knows.
    taken: BTreeSet<String>,
    /// What the variables of containers hold, by the name that a key of it has.
    literals: HashMap<String, BTreeSet<String>>,
    /// Values that are given as names of something as well.
    pub(super) plain: BTreeSet<String>,
    pub(super) new: BTreeMap<EnvironmentKey, String>,
}

impl<'v> Secrets<'v> {
    pub(super) fn new(variables: &'v Variables) -> Self {
        let mut names: HashMap<String, Vec<String>> = HashMap::new();
        let mut known: Vec<_> = variables.all().collect();
        known.sort_unstable();
        for (key, value) in &known {
            if names_secret(key) && !is_secret_value(value) && is_telling_value(key, value) {
                names.entry((*value).to_owned()).or_default().push((*key).to_owned());
            }
        }
        for (key, value) in known {
            if let Some(password) = password_in(value) {
                names.entry(password).or_default().push(format!("{key}_PASSWORD"));
            }
        }
        Self {
            variables,
            names,
            taken: BTreeSet::new(),
            literals: HashMap::new(),
            plain: BTreeSet::new(),
            new: BTreeMap::new(),
        }
    }

    /// Finds the names that a file refers to or passes on.
    pub(super) fn find_names(&mut self, node: &Node<'_>) {
        for item in nodes::items(node) {
            self.find_names(item);
        }
        for entry in nodes::entries(node) {
            if entry.value.is_null() {
                self.taken.insert(entry.key.to_string());
            }
            self.find_names(&entry.value);
        }
        if let Some(text) = nodes::text(node) {
            self.taken.insert(text.to_owned());
            let names = Template::parse(text);
            self.taken.extend(names.iter().flat_map(Template::names).map(str::to_owned));
        }
    }

    pub(super) fn find_in_environment(&mut self, service: &str, node: &Node<'_>) {
        for given in environment::of(node) {
            let GivenValue::Text(text) = &given.value else { continue };
            let name = key_like(&given.name);
            let template = Template::parse(text);
            let Some(literal) = template.as_ref().and_then(Template::literal) else {
                self.taken.insert(name);
                continue;
            };
            self.literals.entry(name.clone()).or_default().insert(literal.to_owned());
            if let Some(password) = password_in(literal) {
                let names = [format!("{name}_PASSWORD"), of_service(service, &format!("{name}_PASSWORD"))];
                self.may_be_called(password, names);
            } else if !names_secret(&given.name) {
                self.plain.insert(literal.to_owned());
            } else if is_telling_value(&name, literal) {
                let names = [name.clone(), of_service(service, &name)];
                self.may_be_called(literal.to_owned(), names);
            }
        }
    }

    /// One of many names is free.
    fn may_be_called(&mut self, value: String, more: [String; 2]) {
        const MOST: usize = 16;
        let names = self.names.entry(value).or_default();
        if names.len() < MOST {
            // before what is made of the name of a URL
            let at = names.iter().position(|known| known.ends_with("URL_PASSWORD")).unwrap_or(names.len());
            names.splice(at..at, more);
        }
    }

    /// A key that holds exactly this value in `.env`, or will; nothing where no line can say it.
    pub(super) fn key_of(&mut self, value: &str, names: &[String]) -> Option<EnvironmentKey> {
        if value.contains(char::is_control) || crate::dotenv::quote(value).is_err() {
            return None;
        }
        let known = self.names.get(value).into_iter().flatten();
        let all: Vec<_> = known.chain(names).cloned().collect();
        let numbered = all.last().map(|last| (2..100).map(move |number| format!("{last}_{number}")));
        let mut all = all.iter().cloned().chain(numbered.into_iter().flatten());
        let key = all.find_map(|name| self.free(&name, value))?;
        if self.variables.get(key.as_str()) == Known::Unset {
            self.new.insert(key.clone(), value.to_owned());
        }
        let names = self.names.entry(value.to_owned()).or_default();
        if names.first().is_none_or(|name| name != key.as_str()) {
            names.insert(0, key.to_string());
        }
        Some(key)
    }

    fn free(&self, name: &str, value: &str) -> Option<EnvironmentKey> {
        // codelab-gen's own to write
        let key = key_of_secret(name).filter(|_| !name.ends_with("__DB_PASSWORD") && names_secret(name))?;
        let is_free = || {
            let is_same = |literals: &BTreeSet<String>| literals.iter().all(|literal| literal == value);
            !self.taken.contains(name) && self.literals.get(name).is_none_or(is_same)
        };
        let is_it = match (self.variables.get(name), self.new.get(&key)) {
            // a shorter one may be the same by chance
            (Known::Value(known), _) => known == value && known.len() >= *LENGTHS.start(),
            (Known::Odd(_), _) => false,
            (Known::Unset, Some(new)) => new == value,
            (Known::Unset, None) => is_free(),
        };
        is_it.then_some(key)
    }
}

/// A name in the letters of a key.
pub(super) fn key_like(name: &str) -> String {
    name.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

pub(super) fn of_service(service: &str, name: &str) -> String {
    let key = ServiceName::parse(service).map(|service| EnvironmentKey::of_service(&service, &format!("__{name}")));
    key.map_or_else(|_| format!("{}__{name}", key_like(service)), |key| key.to_string())
}
