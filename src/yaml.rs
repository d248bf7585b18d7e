//! Knows how YAML text becomes a tree of nodes that remember where and how they were written, and how a document is written.
//! Must not know what a profile is, nor what any key means.
//!
//! The events come from `granit-parser`, the parser below serde-saphyr. The tree is made here, because a profile
//! needs what a typed deserializer throws away: the writing of a scalar (`1.10` and `0777` stay text in an
//! environment) and the position of every key and value, also of those that are wrong.

mod builder;
mod count;
pub mod document;
mod quote;
mod scalar;
mod write;

use std::borrow::Cow;
use std::ops::Range;

use builder::Builder;
pub use count::count_values;
pub use quote::as_needed;
pub use scalar::{Scalar, ScalarKind};

/// A value of a YAML document.
#[derive(Debug, Clone)]
pub struct Node<'text> {
    /// The bytes of the text that it stands in.
    pub span: Range<usize>,
    /// What it is.
    pub content: Content<'text>,
}

impl Node<'_> {
    /// Whether it is YAML's null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.kind() == ScalarKind::Null)
    }
}

/// The three kinds of YAML node.
#[derive(Debug, Clone)]
pub enum Content<'text> {
    /// One text, number, boolean or null.
    Scalar(Scalar<'text>),
    /// `[a, b]`, or one item a line behind `-`.
    Sequence(Vec<Node<'text>>),
    /// Keys with values, in the order they were written; merge keys (`<<`) are resolved, keys are unique.
    Mapping(Vec<Entry<'text>>),
}

/// One key of a mapping with its value.
#[derive(Debug, Clone)]
pub struct Entry<'text> {
    /// The key's text.
    pub key: Cow<'text, str>,
    /// The bytes of the text that the key stands in.
    pub key_span: Range<usize>,
    /// Its value.
    pub value: Node<'text>,
}

/// What is wrong with a document as YAML, before its meaning is looked at.
#[derive(Debug)]
pub struct YamlFault {
    /// What was found, and what was expected.
    pub message: String,
    /// Where.
    pub span: Range<usize>,
    /// Another place that belongs to it, with what stands there.
    pub other: Option<(Range<usize>, String)>,
    /// How to mend it.
    pub help: String,
    /// Which rule was broken.
    pub rule: YamlRule,
}

/// The rules of YAML that a profile can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YamlRule {
    /// The text is not YAML, or uses a part of YAML that has no meaning in a profile.
    Syntax,
    /// A mapping has a key twice.
    UniqueKeys,
    /// The document is nested too deep, or its aliases make too much of it.
    Size,
}

/// Reads the one document of `text`.
///
/// # Errors
/// Every fault found. A syntax error ends the reading, so it is the last one; a key that stands twice does not.
pub fn read(text: &str) -> Result<Node<'_>, Vec<YamlFault>> {
    let mut builder = Builder::new(text);
    match builder.document() {
        Ok(node) if builder.faults.is_empty() => Ok(node),
        Ok(_) => Err(builder.faults),
        Err(fault) => {
            builder.faults.push(*fault);
            Err(builder.faults)
        }
    }
}
