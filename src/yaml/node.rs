//! Knows what a YAML document is made of, and what can be wrong with it. Must not know how it is read.

use std::borrow::Cow;
use std::ops::Range;

use super::scalar::{Scalar, ScalarKind};

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
