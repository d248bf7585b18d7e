//! Knows what a Compose file says as a plain tree, its variables filled in. Must not know what any key means.

use std::collections::BTreeMap;

use crate::interpolation::substitute;
use crate::yaml::{Content, Node, Scalar, ScalarKind};

/// Looks up a variable; nothing where it is not set.
pub type Lookup<'l> = &'l dyn Fn(&str) -> Option<String>;

/// A value of a Compose file. A scalar is a text, whatever it was written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// YAML's null.
    Nothing,
    /// A text, a number or a boolean.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// Keys with values.
    Map(BTreeMap<String, Tree>),
}

impl Tree {
    /// What a node says, as Compose fills it in: texts, and no keys.
    #[must_use]
    pub fn read(node: &Node<'_>, lookup: Lookup<'_>) -> Self {
        Self::of(node, &|text| substitute(text, lookup).unwrap_or_else(|| text.to_owned()))
    }

    /// What a node says, its variables as they are written.
    #[must_use]
    pub fn written(node: &Node<'_>) -> Self {
        Self::of(node, &str::to_owned)
    }

    fn of(node: &Node<'_>, filled: &dyn Fn(&str) -> String) -> Self {
        match &node.content {
            Content::Scalar(scalar) => scalar_of(scalar, filled),
            Content::Sequence(items) => Self::List(items.iter().map(|item| Self::of(item, filled)).collect()),
            Content::Mapping(entries) => {
                let entry = |entry: &crate::yaml::Entry<'_>| (entry.key.to_string(), Self::of(&entry.value, filled));
                Self::Map(entries.iter().map(entry).collect())
            }
        }
    }

    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A mapping of these keys.
    #[must_use]
    pub fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The text of a scalar.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The keys of a mapping.
    #[must_use]
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(entries) => Some(entries),
            Self::Nothing | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The value of a key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Nothing | Self::Text(_) | Self::Map(_) => &[],
        }
    }

    /// Whether it says nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Text(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
        }
    }

    /// Every text in it, those of keys as well.
    pub fn each_text(&self, told: &mut impl FnMut(&str)) {
        match self {
            Self::Nothing => {}
            Self::Text(text) => told(text),
            Self::List(items) => items.iter().for_each(|item| item.each_text(told)),
            Self::Map(entries) => entries.iter().for_each(|(key, value)| {
                told(key);
                value.each_text(told);
            }),
        }
    }

    /// This tree with another one laid over it: mappings by their keys, lists behind each other, of anything else the other
    /// one.
    #[must_use]
    pub fn under(self, over: Self) -> Self {
        match (self, over) {
            (Self::Map(mut entries), Self::Map(over)) => {
                for (key, value) in over {
                    let value = match entries.remove(&key) {
                        Some(known) => known.under(value),
                        None => value,
                    };
                    entries.insert(key, value);
                }
                Self::Map(entries)
            }
            (Self::List(mut items), Self::List(over)) => {
                for item in over {
                    if !items.contains(&item) {
                        items.push(item);
                    }
                }
                Self::List(items)
            }
            (known, Self::Nothing) => known,
            (_, over) => over,
        }
    }
}

/// What Docker Compose's reader makes of a scalar: YAML 1.2, but for numbers that begin with a zero, and much
/// of YAML 1.1.
fn scalar_of(scalar: &Scalar<'_>, filled: &dyn Fn(&str) -> String) -> Tree {
    let text = scalar.text.as_ref();
    if let Some(read) = scalar.as_compose_reads_it() {
        return Tree::Text(read);
    }
    match scalar.kind() {
        ScalarKind::Null => Tree::Nothing,
        ScalarKind::Boolean(value) => Tree::Text(value.to_string()),
        ScalarKind::Integer(value) => {
            let digits = text.strip_prefix('0').filter(|digits| digits.bytes().all(|byte| matches!(byte, b'0'..=b'7')));
            let octal = digits.and_then(|digits| i128::from_str_radix(digits, 8).ok());
            Tree::Text(octal.unwrap_or(value).to_string())
        }
        ScalarKind::Float => {
            Tree::Text(text.parse::<f64>().map_or_else(|_| text.to_owned(), |value| value.to_string()))
        }
        ScalarKind::Text => Tree::Text(filled(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn read(text: &str) -> Tree {
        let lookup = |name: &str| (name == "A").then(|| "1".to_owned());
        Tree::read(&yaml::read(text).unwrap(), &lookup)
    }

    #[test]
    fn scalars_are_what_compose_makes_of_them() {
        for (written, expected) in
            [("1.10", "1.1"), ("0777", "511"), ("True", "true"), ("'0777'", "0777"), ("x${A}${B:-c}$$", "x1c$")]
        {
            assert_eq!(read(written), Tree::text(expected), "{written}");
        }
        assert_eq!(read("~"), Tree::Nothing);
        assert_eq!(read("'${A'"), Tree::text("${A"), "what Compose does not read stays as it is");
    }

    #[test]
    fn a_tree_is_laid_over_another_one() {
        let under = |known: &str, over: &str| read(known).under(read(over));
        assert_eq!(under("{a: 1, b: {c: 2}}", "{b: {d: 3}, a: 4}"), read("{a: 4, b: {c: 2, d: 3}}"));
        assert_eq!(under("[a, b]", "[b, c]"), read("[a, b, c]"));
        assert_eq!(under("a", "~"), read("a"));
        assert_eq!(under("[a]", "b"), read("b"));
    }
}
