//! Knows how secrets that are known are found in texts, and replaced there in one pass. Must not know how they became known.

use aho_corasick::{AhoCorasick, MatchKind};

use super::secret_keys::is_one_word;
use super::secrets::{LENGTHS, Secrets};
use super::variables::is_secret_value;
use crate::compose::nodes::{self, child_mut, entries_mut, write};
use crate::interpolation::Template;
use crate::secret::names_secret;
use crate::yaml::{Content, Node};

/// Keys of a service whose texts are names, of which one may be like a password by chance.
const NAMES: [&str; 21] = [
    "container_name",
    "depends_on",
    "domainname",
    "env_file",
    "expose",
    "extends",
    "external_links",
    "group_add",
    "hostname",
    "image",
    "links",
    "network_mode",
    "networks",
    "platform",
    "ports",
    "profiles",
    "restart",
    "user",
    "volumes",
    "volumes_from",
    "working_dir",
];

/// Finds secrets wherever they stand in a text.
pub(super) struct Texts {
    finder: Option<AhoCorasick>,
    values: Vec<String>,
}

impl Texts {
    pub(super) fn new(secrets: &Secrets<'_>) -> Self {
        let is_sought = |value: &&String| {
            LENGTHS.contains(&value.len()) && !is_one_word(value) && !secrets.plain.contains(value.as_str())
        };
        let mut values: Vec<_> = secrets.names.keys().filter(is_sought).cloned().collect();
        values.sort_unstable();
        let written = values.iter().map(|value| value.replace('$', "$$"));
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(written).ok();
        Self { finder, values }
    }

    pub(super) fn replace_in_service(&self, service: &mut Node<'_>, secrets: &mut Secrets<'_>) {
        for entry in entries_mut(service) {
            match entry.key.as_ref() {
                "environment" => self.replace_in_environment(&mut entry.value, secrets),
                "build" => {
                    if let Some(args) = child_mut(&mut entry.value, "args") {
                        self.replace(args, secrets);
                    }
                }
                key if NAMES.contains(&key) || key.starts_with("x-") => {}
                _ => self.replace(&mut entry.value, secrets),
            }
        }
    }

    /// What is no secret itself, but has one in it.
    fn replace_in_environment(&self, node: &mut Node<'_>, secrets: &mut Secrets<'_>) {
        let is_text = |name: &str, value: &str| {
            !names_secret(name)
                && !is_secret_value(value)
                && self.values.binary_search_by(|secret| secret.as_str().cmp(value)).is_err()
        };
        match &mut node.content {
            Content::Mapping(entries) => {
                for entry in entries {
                    if nodes::text(&entry.value).is_some_and(|value| is_text(&entry.key, value)) {
                        self.replace(&mut entry.value, secrets);
                    }
                }
            }
            Content::Sequence(items) => {
                for item in items {
                    let given = nodes::text(item).and_then(|text| text.split_once('='));
                    if given.is_some_and(|(name, value)| is_text(name, value)) {
                        self.replace(item, secrets);
                    }
                }
            }
            Content::Scalar(_) => {}
        }
    }

    pub(super) fn replace(&self, node: &mut Node<'_>, secrets: &mut Secrets<'_>) {
        match &mut node.content {
            Content::Sequence(items) => items.iter_mut().for_each(|item| self.replace(item, secrets)),
            Content::Mapping(entries) => entries.iter_mut().for_each(|entry| self.replace(&mut entry.value, secrets)),
            Content::Scalar(scalar) => {
                if let Some(text) = self.replaced(&scalar.text, secrets) {
                    write(node, text);
                }
            }
        }
    }

    fn replaced(&self, text: &str, secrets: &mut Secrets<'_>) -> Option<String> {
        let (mut replaced, mut from) = (String::new(), 0);
        for found in self.finder.as_ref()?.find_iter(text) {
            let value = self.values.get(found.pattern().as_usize())?;
            let before = text.get(..found.start())?;
            let is_lone_dollar = (before.len() - before.trim_end_matches('$').len()) % 2 == 1;
            if is_lone_dollar || before.ends_with("${") {
                continue; // the name of a variable
            }
            let Some(key) = secrets.key_of(value, &[]) else { continue };
            replaced.push_str(text.get(from..found.start())?);
            replaced.extend(["${", key.as_str(), "}"]);
            from = found.end();
        }
        replaced.push_str(text.get(from..)?);
        (from > 0 && Template::parse(&replaced).is_some()).then_some(replaced)
    }
}
