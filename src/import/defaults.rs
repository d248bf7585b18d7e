//! Knows which secrets a Compose file has as the defaults of variables, and how their references are written once `.env` has
//! them. Must not know what refers to them.

use std::collections::{BTreeMap, BTreeSet};

use super::secret_keys::key_of_secret;
use super::variables::{Known, Variables};
use crate::compose::nodes;
use crate::dotenv;
use crate::interpolation::{Otherwise, Template};
use crate::secret::names_secret;
use crate::value::EnvironmentKey;
use crate::yaml::{Content, Node};

/// The secrets that stand nowhere but in defaults, which all say the same, with their values.
pub(super) fn find(root: &Node<'_>, variables: &Variables) -> BTreeMap<EnvironmentKey, String> {
    let mut found = BTreeMap::new();
    let mut not_sure = BTreeSet::new();
    look(root, &mut found, &mut not_sure);
    let is_free = |name: &str| names_secret(name) && variables.get(name) == Known::Unset && !not_sure.contains(name);
    let secret = |(name, value): (String, String)| {
        let key = key_of_secret(&name).filter(|_| is_free(&name))?;
        let is_writable = dotenv::quote(&value).is_ok() && !value.contains(char::is_control);
        is_writable.then_some((key, value))
    };
    found.into_iter().filter_map(secret).collect()
}

fn look(node: &Node<'_>, found: &mut BTreeMap<String, String>, not_sure: &mut BTreeSet<String>) {
    for item in nodes::items(node) {
        look(item, found, not_sure);
    }
    for entry in nodes::entries(node) {
        // a variable that is passed on by its name has no default
        if entry.value.is_null() {
            not_sure.insert(entry.key.to_string());
        }
        look(&entry.value, found, not_sure);
    }
    let Some(text) = nodes::text(node) else { return };
    not_sure.insert(text.to_owned());
    for reference in Template::parse(text).iter().flat_map(Template::references) {
        let default = match &reference.otherwise {
            Otherwise::Default { text, .. } => text.literal().filter(|text| is_plain(text)),
            Otherwise::Empty | Otherwise::Required { .. } | Otherwise::Alternative { .. } => None,
        };
        match (default, default.and_then(|default| found.insert(reference.name.clone(), default.to_owned()))) {
            (Some(default), known) if known.as_ref().is_none_or(|known| known == default) => {}
            (_, _) => drop(not_sure.insert(reference.name.clone())),
        }
    }
}

/// Whether a default stands in its reference as it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['$', '{', '}'])
}

/// Writes references without the defaults that `.env` has now.
pub(super) fn remove(root: &mut Node<'_>, secrets: &BTreeMap<EnvironmentKey, String>) {
    match &mut root.content {
        Content::Sequence(items) => items.iter_mut().for_each(|item| remove(item, secrets)),
        Content::Mapping(entries) => entries.iter_mut().for_each(|entry| remove(&mut entry.value, secrets)),
        Content::Scalar(scalar) if scalar.text.contains("${") => {
            let mut text = scalar.text.clone().into_owned();
            for (key, value) in secrets {
                for operator in [":-", "-"] {
                    text = text.replace(&format!("${{{key}{operator}{value}}}"), &format!("${{{key}}}"));
                }
            }
            scalar.text = text.into();
        }
        Content::Scalar(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn only_a_default_that_is_the_same_everywhere_becomes_a_line() {
        for (text, dotenv, expected) in [
            ("a: x:${P_KEY:-one}@h\nb: ['--pass ${P_KEY-one}']", "", Some("one")),
            ("a: ${P_KEY:-one}\nb: ${P_KEY:-two}", "", None),
            ("a: ${P_KEY:-one}\nb: ${P_KEY}", "", None),
            ("a: ${P_KEY:-one}\nb: ${P_KEY:?no}", "", None),
            ("a: ${P_KEY:-one}\nb: [P_KEY]", "", None),
            ("a: ${P_KEY:-one}\nb: { P_KEY: }", "", None),
            ("a: ${P_KEY:-one}", "P_KEY=two\n", None),
            ("a: ${P_KEY:-${X}}", "", None),
            ("a: ${P_KEY:-}", "", None),
            ("a: ${P_NAME:-one}", "", None),
        ] {
            let Ok(variables) = Variables::read(dotenv) else { panic!() };
            let mut root = yaml::read(text).unwrap();
            let found = find(&root, &variables);
            assert_eq!(found.values().next().map(String::as_str), expected, "{text}");
            let before = format!("{root:?}");
            remove(&mut root, &found);
            let after = format!("{root:?}");
            assert_eq!(before == after, expected.is_none(), "{text}");
            assert!(expected.is_none_or(|value| !after.contains(value)), "{after}");
        }
    }
}
