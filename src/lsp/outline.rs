//! Knows the shape of a document as it is typed: keys, items and values with their places, also where it is not YAML yet.
//! Must not know what a key means.
//!
//! The reader in `yaml` ends at the first thing that is wrong, and an editor asks most in just such a text. Of a good
//! document both see the same; a test holds that.

mod scan;

use std::ops::Range;

pub(super) use scan::outline;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// The bytes that it stands in; empty behind its key where there is none.
    pub(super) span: Range<usize>,
    pub(super) content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Nothing,
    Scalar(String),
    Sequence { items: Vec<Node>, is_flow: bool },
    Mapping { entries: Vec<Entry>, is_flow: bool },
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) value: Node,
    /// Whether a `:` stands behind the key.
    pub(super) has_colon: bool,
}

/// A step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// What stands at a place.
#[derive(Debug, Clone)]
pub(super) struct Spot<'n> {
    /// The way to it; that of a key is the way to its value.
    pub(super) steps: Vec<Step>,
    pub(super) part: Part<'n>,
}

/// Which part of a value stands at a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'n> {
    Key(&'n Entry),
    Value(&'n Node),
}

impl Spot<'_> {
    /// The bytes of the word.
    pub(super) fn span(&self) -> &Range<usize> {
        match self.part {
            Part::Key(entry) => &entry.key_span,
            Part::Value(node) => &node.span,
        }
    }

    /// The way as the names of its keys; an item is its number.
    pub(super) fn names(&self) -> Vec<String> {
        names(&self.steps)
    }
}

pub(super) fn names(steps: &[Step]) -> Vec<String> {
    let name = |step: &Step| match step {
        Step::Key(key) => key.clone(),
        Step::Item(index) => index.to_string(),
    };
    steps.iter().map(name).collect()
}

impl Entry {
    /// The bytes of the key and its value.
    pub(super) fn span(&self) -> Range<usize> {
        self.key_span.start..self.value.span.end.max(self.key_span.end)
    }
}

impl Node {
    /// A value that is not there.
    fn nothing(at: usize) -> Self {
        Self { span: at..at, content: Content::Nothing }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Mapping { entries, .. } => entries,
            Content::Nothing | Content::Scalar(_) | Content::Sequence { .. } => &[],
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.content {
            Content::Sequence { items, .. } => items,
            Content::Nothing | Content::Scalar(_) | Content::Mapping { .. } => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text) => Some(text),
            Content::Nothing | Content::Sequence { .. } | Content::Mapping { .. } => None,
        }
    }

    /// The entry of a key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value at the end of a way of keys.
    pub(super) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| Some(&node.entry(key)?.value))
    }

    /// The value at the end of a way.
    pub(super) fn below(&self, way: &[Step]) -> Option<&Self> {
        way.iter().try_fold(self, |node, step| match step {
            Step::Key(key) => Some(&node.entry(key)?.value),
            Step::Item(index) => node.items().get(*index),
        })
    }

    /// The entry or the item at the end of a way.
    pub(super) fn follow(&self, steps: &[Step]) -> Option<Part<'_>> {
        let (last, way) = steps.split_last()?;
        let node = self.below(way)?;
        match last {
            Step::Key(key) => node.entry(key).map(Part::Key),
            Step::Item(index) => node.items().get(*index).map(Part::Value),
        }
    }

    /// What stands at a byte: the innermost key or scalar that it lies in, or at the end of.
    pub(super) fn spot(&self, offset: usize) -> Option<Spot<'_>> {
        let mut steps = Vec::new();
        let part = self.find(offset, &mut steps)?;
        Some(Spot { steps, part })
    }

    fn find(&self, offset: usize, steps: &mut Vec<Step>) -> Option<Part<'_>> {
        let holds = |span: &Range<usize>| span.start <= offset && offset <= span.end;
        match &self.content {
            Content::Nothing => None,
            Content::Scalar(_) => holds(&self.span).then_some(Part::Value(self)),
            Content::Sequence { items, .. } => {
                let behind = items.partition_point(|item| item.span.start <= offset);
                let index = behind.checked_sub(1)?;
                steps.push(Step::Item(index));
                items.get(index)?.find(offset, steps)
            }
            Content::Mapping { entries, .. } => {
                let behind = entries.partition_point(|entry| entry.key_span.start <= offset);
                let entry = entries.get(behind.checked_sub(1)?)?;
                steps.push(Step::Key(entry.key.clone()));
                if holds(&entry.key_span) { Some(Part::Key(entry)) } else { entry.value.find(offset, steps) }
            }
        }
    }
}
