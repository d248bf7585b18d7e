//! Knows raw Compose keys (`compose:`): YAML that passes through as it was written. Must not know what they mean.

use std::ops::Range;

use indexmap::IndexMap;
use schemars::{Schema, SchemaGenerator, json_schema};

use super::leaf::Named;
use super::written::{Field, Held, Reader, SchemaOf, Written};
use crate::diagnostic::Code;
use crate::field::FieldPath;
use crate::value::{Mismatch, TextValue};
use crate::yaml::document::{Mapping, Value};
use crate::yaml::{Content, Entry, Node, Scalar, ScalarKind};

/// The longest key, in characters: every reader of YAML takes 1024 of them, and an escape is six or more.
const LONGEST_KEY: usize = 128;

/// A value of raw YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// A scalar; without quotes where `plain`, so that numbers stay numbers.
    Scalar {
        /// Its text.
        text: String,
        /// Whether it was written without quotes.
        plain: bool,
    },
    /// A list.
    Sequence(Vec<Raw>),
    /// Keys with values.
    Mapping(Vec<(String, Raw)>),
}

impl Raw {
    /// What a node of YAML says.
    #[must_use]
    pub fn of(node: &Node<'_>) -> Self {
        raw(node)
    }

    /// A text, whatever it looks like.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Scalar { text: text.to_owned(), plain: false }
    }

    /// A scalar without quotes: a number, or a word such as `true`.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self::Scalar { text: text.to_owned(), plain: true }
    }

    /// A list of texts.
    #[must_use]
    pub fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        Self::Sequence(words.into_iter().map(Self::text).collect())
    }

    /// The value of a key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Mapping(entries) => entries.iter().find(|(known, _)| known == key).map(|(_, value)| value),
            Self::Scalar { .. } | Self::Sequence(_) => None,
        }
    }

    /// Whether it is YAML's null.
    fn is_null(&self) -> bool {
        match self {
            Self::Scalar { text, plain } => {
                Scalar { text: text.as_str().into(), plain: *plain }.kind() == ScalarKind::Null
            }
            Self::Sequence(_) | Self::Mapping(_) => false,
        }
    }

    /// The keys of a mapping; nothing for anything else.
    #[must_use]
    pub fn entries(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Mapping(entries) => Some(entries),
            Self::Scalar { .. } | Self::Sequence(_) => None,
        }
    }
}

/// As it is written again: numbers, booleans and nulls stay what they were.
impl From<&Raw> for Value {
    fn from(raw: &Raw) -> Self {
        match raw {
            Raw::Scalar { text, plain } => {
                let scalar = Scalar { text: text.as_str().into(), plain: *plain };
                match scalar.kind() {
                    ScalarKind::Text if scalar.as_compose_reads_it().is_none() => Self::text(text.clone()),
                    ScalarKind::Null => Self::bare("null"),
                    ScalarKind::Text | ScalarKind::Boolean(_) | ScalarKind::Integer(_) | ScalarKind::Float => {
                        Self::bare(text.clone())
                    }
                }
            }
            Raw::Sequence(items) => items.iter().map(Self::from).collect(),
            Raw::Mapping(entries) => {
                entries.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect::<Mapping>().into()
            }
        }
    }
}

/// A key of raw Compose YAML: any text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RawKey(String);

impl RawKey {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RawKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TextValue for RawKey {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        if is_key(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(Mismatch::new(format!("a key of at most {LONGEST_KEY} characters"), "write a shorter key"))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": format!("^[\\s\\S]{{0,{LONGEST_KEY}}}$") })
    }

    fn may_be_extension() -> bool {
        false
    }
}

/// The keys of one `compose:` mapping; a stronger layer adds, changes and removes single ones.
pub type RawKeys = Named<RawKey, Raw>;

fn is_key(text: &str) -> bool {
    text.chars().count() <= LONGEST_KEY
}

impl Written for Raw {
    const SCHEMA_NAME: Option<&'static str> = Some("Raw");

    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        for span in long_keys(node) {
            reader.fault(Code::InvalidValue, &span, LONG_KEY.0, LONG_KEY.1);
        }
        Some(raw(node))
    }

    /// Mappings merge by key at every depth, as those of the profile do. A `null` removes what was inherited; where there
    /// is nothing to remove it is Compose's own null, as in `networks: { default: null }`.
    fn overlay(base: Option<Self>, over: Self, _: &mut Reader) -> Self {
        match base {
            Some(base) => merged(base, over),
            None => over,
        }
    }

    fn fields(&self, at: &FieldPath, fields: &mut Vec<Field>) {
        match self {
            Self::Mapping(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    value.fields(&at.key(key), fields);
                }
            }
            Self::Mapping(_) | Self::Sequence(_) | Self::Scalar { .. } => {
                fields.push(Field { path: at.clone(), held: Held::Written });
            }
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let inner = generator.subschema_for::<SchemaOf<Self>>();
        json_schema!({
            "title": "Compose", "description": "YAML that reaches Docker Compose as it was written.",
            "items": inner, "additionalProperties": inner, "propertyNames": { "maxLength": LONGEST_KEY }
        })
    }
}

fn merged(base: Raw, over: Raw) -> Raw {
    let (base, over) = match (base, over) {
        (Raw::Mapping(base), Raw::Mapping(over)) => (base, over),
        (_, over) => return over,
    };
    let mut entries: IndexMap<String, Option<Raw>> = base.into_iter().map(|(key, value)| (key, Some(value))).collect();
    for (key, value) in over {
        match entries.get_mut(&key) {
            None => drop(entries.insert(key, Some(value))),
            Some(entry) => {
                let removes = |inherited: &Raw| value.is_null() && !inherited.is_null();
                *entry = entry.take().filter(|inherited| !removes(inherited)).map(|inherited| merged(inherited, value));
            }
        }
    }
    Raw::Mapping(entries.into_iter().filter_map(|(key, value)| Some((key, value?))).collect())
}

/// Where keys are too long: YAML reads a key on the line of its value only up to 1024 characters.
#[must_use]
pub fn long_keys(node: &Node<'_>) -> Vec<Range<usize>> {
    match &node.content {
        Content::Scalar(_) => Vec::new(),
        Content::Sequence(items) => items.iter().flat_map(long_keys).collect(),
        Content::Mapping(entries) => {
            let long = |entry: &Entry<'_>| (!is_key(&entry.key)).then(|| entry.key_span.clone());
            entries.iter().flat_map(|entry| long(entry).into_iter().chain(long_keys(&entry.value))).collect()
        }
    }
}

/// What is told of a long key, and what to do.
pub const LONG_KEY: (&str, &str) =
    ("expected a key of at most 128 characters, found a longer one", "write a shorter key");

fn raw(node: &Node<'_>) -> Raw {
    match &node.content {
        Content::Scalar(scalar) => Raw::Scalar { text: scalar.text.clone().into_owned(), plain: scalar.plain },
        Content::Sequence(items) => Raw::Sequence(items.iter().map(raw).collect()),
        Content::Mapping(entries) => {
            Raw::Mapping(entries.iter().map(|entry| (entry.key.clone().into_owned(), raw(&entry.value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_keys_mean_the_same_when_read_back() {
        let text = "deploy:\n  a: [1, '1', {b: null, c: []}]\n  d: {}\n  e: [[x, '${Y:-z}'], '']\ntty: true\nf: |\n  two\n  lines\n";
        let raw = Raw::of(&crate::yaml::read(text).unwrap());
        let written: Mapping = raw.entries().unwrap().iter().map(|(key, value)| (key.clone(), value.into())).collect();
        let written = written.text(2);
        let reread: serde_yaml::Value = serde_yaml::from_str(&written).unwrap_or_else(|e| panic!("{e}\n{written}"));
        let original: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
        assert_eq!(reread, original, "{written}");
    }
}
