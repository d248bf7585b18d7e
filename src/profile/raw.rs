//! Knows raw Compose keys (`compose:`): YAML that passes through as it was written. Must not know what they mean.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::written::{Reader, Written};
use crate::yaml::{Content, Node};

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

/// The keys of one `compose:` mapping; a stronger layer adds and changes single ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawKeys(pub Vec<(String, Raw)>);

impl Written for RawKeys {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        match raw(node) {
            Raw::Mapping(keys) => Some(Self(keys)),
            Raw::Scalar { .. } | Raw::Sequence(_) => {
                reader.wrong_type(node, "a mapping of Compose keys", "write `key: value` lines below it")
            }
        }
    }

    fn overlay(base: Option<Self>, over: Self, _: &mut Reader) -> Self {
        let mut keys = base.unwrap_or_default().0;
        for (key, value) in over.0 {
            match keys.iter_mut().find(|(known, _)| *known == key) {
                Some(inherited) => inherited.1 = value,
                None => keys.push((key, value)),
            }
        }
        Self(keys)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

fn raw(node: &Node<'_>) -> Raw {
    match &node.content {
        Content::Scalar(scalar) => Raw::Scalar { text: scalar.text.clone().into_owned(), plain: scalar.plain },
        Content::Sequence(items) => Raw::Sequence(items.iter().map(raw).collect()),
        Content::Mapping(entries) => {
            Raw::Mapping(entries.iter().map(|entry| (entry.key.clone().into_owned(), raw(&entry.value))).collect())
        }
    }
}
