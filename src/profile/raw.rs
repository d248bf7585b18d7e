//! Knows raw Compose keys (`compose:`): YAML that passes through as it was written. Must not know what they mean.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::leaf::Named;
use super::written::{Reader, Written};
use crate::value::{Mismatch, TextValue};
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

impl TextValue for RawKey {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "" })
    }

    fn may_be_extension() -> bool {
        false
    }
}

/// The keys of one `compose:` mapping; a stronger layer adds, changes and removes single ones.
pub type RawKeys = Named<RawKey, Raw>;

impl Written for Raw {
    fn read(node: &Node<'_>, _: &mut Reader) -> Option<Self> {
        Some(raw(node))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
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
