//! Knows which secrets stand as they are in a Compose file beside the variables of containers, and writes references to
//! `.env` in their place. Must not know what a profile says of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::environment::{self, GivenValue};
use super::flags::Line;
use super::ledger::{NewSecret, key_of_secret};
use super::sought::Texts;
use super::tree::{self, child_mut, entries_mut, write};
use super::variables::{Known, Variables, is_secret_value, is_telling_value, password_in};
use crate::interpolation::Template;
use crate::secret::names_secret;
use crate::value::{EnvironmentKey, ServiceName, TextValue as _};
use crate::yaml::{Content, Node};

/// Keys at the top whose texts are names.
const NAMES_AT_TOP: [&str; 5] = ["include", "name", "networks", "version", "volumes"];

/// Texts are searched for no longer values, and for no shorter ones, which stand in many by chance.
pub(super) const LENGTHS: std::ops::RangeInclusive<usize> = 8..=1024;

/// Writes `${KEY}` in the place of secrets; the new lines of `.env` for it.
pub(super) fn replace(root: &mut Node<'_>, beside: Option<&Node<'_>>, variables: &Variables) -> Vec<NewSecret> {
    let mut secrets = Secrets::new(variables);
    for node in std::iter::once(&*root).chain(beside) {
        secrets.find_names(node);
    }
    for (service, node) in services(root) {
        secrets.find_in_environment(service, node);
    }
    for (service, node) in services_mut(root) {
        secrets.replace_in_lines(&service, node);
    }
    let texts = Texts::new(&secrets);
    for (_, node) in services_mut(root) {
        texts.replace_in_service(node, &mut secrets);
    }
    for entry in entries_mut(root) {
        let is_name = NAMES_AT_TOP.contains(&entry.key.as_ref()) || entry.key.starts_with("x-");
        if entry.key != "services" && !is_name {
            texts.replace(&mut entry.value, &mut secrets);
        }
    }
    secrets.new.into_iter().filter_map(|(key, value)| NewSecret::of(key, &value)).collect()
}

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
    new: BTreeMap<EnvironmentKey, String>,
}

impl<'v> Secrets<'v> {
    fn new(variables: &'v Variables) -> Self {
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
    fn find_names(&mut self, node: &Node<'_>) {
        for item in tree::items(node) {
            self.find_names(item);
        }
        for entry in tree::entries(node) {
            if entry.value.is_null() {
                self.taken.insert(entry.key.to_string());
            }
            self.find_names(&entry.value);
        }
        if let Some(text) = tree::text(node) {
            self.taken.insert(text.to_owned());
            let names = Template::parse(text);
            self.taken.extend(names.iter().flat_map(Template::names).map(str::to_owned));
        }
    }

    fn find_in_environment(&mut self, service: &str, node: &Node<'_>) {
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

    /// Replaces what stands behind flags, and arguments of a build that are secrets by their names.
    fn replace_in_lines(&mut self, service: &str, node: &mut Node<'_>) {
        for key in ["command", "entrypoint"] {
            if let Some(node) = child_mut(node, key) {
                self.replace_in_line(service, node);
            }
        }
        if let Some(node) = child_mut(node, "healthcheck").and_then(|check| child_mut(check, "test")) {
            self.replace_in_line(service, node);
        }
        let Some(args) = child_mut(node, "build").and_then(|build| child_mut(build, "args")) else { return };
        match &mut args.content {
            Content::Mapping(entries) => {
                for entry in entries {
                    let name = entry.key.to_string();
                    self.replace_argument(service, &name, "", &mut entry.value);
                }
            }
            Content::Sequence(items) => {
                for item in items {
                    let Some(name) = tree::text(item).and_then(|text| text.split_once('=')).map(|it| it.0.to_owned())
                    else {
                        continue;
                    };
                    self.replace_argument(service, &name, &format!("{name}="), item);
                }
            }
            Content::Scalar(_) => {}
        }
    }

    fn replace_argument(&mut self, service: &str, name: &str, before: &str, node: &mut Node<'_>) {
        let Some(template) = tree::text(node).and_then(|text| text.strip_prefix(before)).and_then(Template::parse)
        else {
            return;
        };
        let Some(value) = template.literal() else { return };
        let upper = key_like(name);
        if let Some(password) = password_in(value) {
            self.names.entry(password).or_default().push(of_service(service, &format!("{upper}_PASSWORD")));
        } else if names_secret(name) && is_telling_value(&upper, value) {
            let names = [upper.clone(), of_service(service, &upper)];
            if let Some(key) = self.key_of(value, &names) {
                write(node, format!("{before}${{{key}}}"));
            }
        }
    }

    fn replace_in_line(&mut self, service: &str, node: &mut Node<'_>) {
        let mut line = Line::default();
        match &mut node.content {
            Content::Scalar(_) => self.replace_in_word(service, node, &mut line, false),
            Content::Sequence(items) => {
                for item in items {
                    self.replace_in_word(service, item, &mut line, true);
                }
            }
            Content::Mapping(_) => {}
        }
    }

    fn replace_in_word(&mut self, service: &str, node: &mut Node<'_>, line: &mut Line, is_word: bool) {
        let Some(mut text) = tree::text(node).map(str::to_owned) else { return };
        let shown = line.read(&text, is_word);
        for shown in shown.iter().rev() {
            let Some(value) = text.get(shown.range.clone()).map(str::to_owned) else { continue };
            if let Some(key) = self.key_of(&value, &[of_service(service, &shown.name)]) {
                text.replace_range(shown.range.clone(), &format!("${{{key}}}"));
            }
        }
        if !shown.is_empty() {
            write(node, text);
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
fn key_like(name: &str) -> String {
    name.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

fn of_service(service: &str, name: &str) -> String {
    let key = ServiceName::parse(service).map(|service| EnvironmentKey::of_service(&service, &format!("__{name}")));
    key.map_or_else(|_| format!("{}__{name}", key_like(service)), |key| key.to_string())
}

fn services<'n>(root: &'n Node<'_>) -> impl Iterator<Item = (&'n str, &'n Node<'n>)> {
    let services = tree::child(root, "services").map(tree::entries).unwrap_or_default();
    services.iter().map(|entry| (entry.key.as_ref(), &entry.value))
}

fn services_mut<'n, 'text>(root: &'n mut Node<'text>) -> Vec<(String, &'n mut Node<'text>)> {
    let services = child_mut(root, "services").into_iter().flat_map(entries_mut);
    services.map(|entry| (entry.key.to_string(), &mut entry.value)).collect()
}
