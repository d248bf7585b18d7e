//! Knows a YAML document that is to be written: values, and the comments and blank lines around them.
//! Must not know how it is laid out, nor what a key means.

use std::borrow::Cow;
use std::fmt::Display;

/// A value that is to be written.
#[derive(Debug, Clone)]
pub struct Value {
    pub(super) content: Content,
    pub(super) layout: Layout,
    pub(super) around: Option<Box<Around>>,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Nothing stands behind the key.
    Nothing,
    Scalar(Cow<'static, str>, Quoting),
    Sequence(Vec<Value>),
    Mapping(Mapping),
}

/// Whether a scalar stands in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// A number, a boolean, or another text that the caller knows to be right as it is.
    Never,
    /// Where a reader could take it for anything but a text.
    AsNeeded,
    Always,
    /// Each line on one of its own, where a reader gets back the same; else as if always.
    Lines,
}

/// How many lines a collection takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One for each entry.
    Block,
    OneLine,
    /// One where it is no wider than this, else one for each entry; so do the collections in it.
    AtMost(usize),
}

/// What is read around a value.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    /// Comments on lines of their own, above it.
    pub(super) above: Cow<'static, str>,
    /// A comment behind it on its line.
    pub(super) behind: Cow<'static, str>,
    /// Whether a blank line parts it from what stands before.
    pub(super) apart: bool,
}

/// Keys with values, in their order.
#[derive(Debug, Clone, Default)]
pub struct Mapping(pub(super) Vec<(Cow<'static, str>, Value)>);

impl Value {
    fn new(content: Content) -> Self {
        Self { content, layout: Layout::Block, around: None }
    }

    /// Nothing behind the key, which readers take for null.
    #[must_use]
    pub fn nothing() -> Self {
        Self::new(Content::Nothing)
    }

    /// A text, in quotes where a reader could take it for anything else.
    pub fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Content::Scalar(text.into(), Quoting::AsNeeded))
    }

    /// A text in quotes.
    pub fn quoted(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Content::Scalar(text.into(), Quoting::Always))
    }

    /// A text without quotes, which the caller knows to be right as it is.
    pub fn bare(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Content::Scalar(text.into(), Quoting::Never))
    }

    /// A text of several lines, each on one of its own where nothing in it is special.
    pub fn lines(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Content::Scalar(text.into(), Quoting::Lines))
    }

    /// A number.
    pub fn number(number: impl Display) -> Self {
        Self::bare(number.to_string())
    }

    /// With a comment above: each of its lines on one of its own.
    #[must_use]
    pub fn above(mut self, comment: impl Into<Cow<'static, str>>) -> Self {
        self.around.get_or_insert_default().above = comment.into();
        self
    }

    /// With a comment behind it on its line.
    #[must_use]
    pub fn behind(mut self, comment: impl Into<Cow<'static, str>>) -> Self {
        self.around.get_or_insert_default().behind = comment.into();
        self
    }

    /// Parted from what stands before by a blank line.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.around.get_or_insert_default().apart = true;
        self
    }

    /// On one line, whatever it holds.
    #[must_use]
    pub fn on_one_line(mut self) -> Self {
        self.layout = Layout::OneLine;
        self
    }

    /// On one line where that is no wider, else on one for each entry.
    #[must_use]
    pub fn on_one_line_up_to(mut self, width: usize) -> Self {
        self.layout = Layout::AtMost(width);
        self
    }
}

impl From<Mapping> for Value {
    fn from(mapping: Mapping) -> Self {
        Self::new(Content::Mapping(mapping))
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::new(Content::Sequence(items.into_iter().collect()))
    }
}

impl Mapping {
    /// Adds a key with its value.
    pub fn push(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.0.push((key.into(), value.into()));
    }

    /// Adds a key, where it has a value.
    pub fn push_given(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.push(key, value);
        }
    }

    /// Adds a key, where its collection holds anything.
    pub fn push_filled(&mut self, key: &'static str, value: impl Into<Value>) {
        let value = value.into();
        if !value.content.is_empty() {
            self.push(key, value);
        }
    }

    /// Puts a comment above the first key; where there is none, there is no comment.
    pub fn comment_above_first(&mut self, comment: &'static str) {
        if let Some((_, value)) = self.0.first_mut() {
            value.around.get_or_insert_default().above = comment.into();
        }
    }

    /// Whether it has a key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| known == key)
    }

    /// Adds the keys of another mapping behind its own.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The mapping without the keys that another one has.
    #[must_use]
    pub fn without(mut self, other: &Self) -> Self {
        self.0.retain(|(key, _)| !other.has(key));
        self
    }
}

impl<K: Into<Cow<'static, str>>> FromIterator<(K, Value)> for Mapping {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl Content {
    /// Whether it is a collection that holds nothing.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Nothing | Self::Scalar(..) => false,
            Self::Sequence(items) => items.is_empty(),
            Self::Mapping(Mapping(entries)) => entries.is_empty(),
        }
    }
}
