//! Knows how an edit of a profile is done in its text, so that everything else stays as it was written.
//! Must not know why.

use std::cell::OnceCell;
use std::ops::Range;
use std::path::PathBuf;

use gen_lsp_types::Uri;

use super::outline::{Content, Entry, Node, outline};
use crate::diagnostic::{Edit, Place};
use crate::field::FieldPath;
use crate::locate::{Locator, Part};
use crate::source::{Origin, Source, SourceId};
use crate::spelling::nearest;
use crate::yaml::as_needed;

/// A text in the place of another one, in a file.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) file: PathBuf,
    pub(super) uri: Uri,
    pub(super) range: gen_lsp_types::Range,
    pub(super) text: String,
}

/// A text in the place of another one, in a source.
pub(super) type Replacement = (SourceId, Range<usize>, String);

/// The shapes of sources, each found once it is asked for.
#[derive(Debug)]
pub(super) struct Shapes<'s> {
    sources: &'s [Source],
    shapes: Vec<OnceCell<Node>>,
}

impl<'s> Shapes<'s> {
    pub(super) fn new(sources: &'s [Source]) -> Self {
        Self { sources, shapes: sources.iter().map(|_| OnceCell::new()).collect() }
    }

    fn shape(&self, source: SourceId) -> Option<(&'s str, &Node)> {
        let text = &self.sources.get(source.0)?.text;
        Some((text, self.shapes.get(source.0)?.get_or_init(|| outline(text))))
    }

    /// Where the value of a key at the top stands.
    pub(super) fn value_of(&self, source: SourceId, key: &str) -> Option<Range<usize>> {
        let (_, shape) = self.shape(source)?;
        Some(shape.entry(key)?.value.span.clone())
    }

    /// What is changed; nothing where one of the edits can't be done in a file.
    pub(super) fn changes(&self, edits: &[Edit], locator: &Locator<'_>) -> Option<Vec<Replacement>> {
        let mut changes = Vec::new();
        for edit in edits {
            let change = match edit {
                Edit::Replace(place, text) => {
                    let location = place.locate(locator);
                    Some((location.source, location.span, text.clone()))
                }
                Edit::Respell(place, word) => self.respelling(place, word, locator),
                Edit::Remove(place) => self.removal(place, locator),
                Edit::Add { to, key, value } => self.addition(to, key, value, locator),
            }?;
            let is_file = matches!(self.sources.get(change.0.0)?.origin, Origin::File(_));
            changes.push(change);
            if !is_file {
                return None;
            }
        }
        Some(changes)
    }

    /// A word in the place of one that is much like it: what stands there may be more than a word.
    fn respelling(&self, place: &Place, word: &str, locator: &Locator<'_>) -> Option<Replacement> {
        let location = place.locate(locator);
        let written = self.sources.get(location.source.0)?.text.get(location.span.clone())?;
        let plain = written.trim_matches(['"', '\'']);
        nearest(plain, [word])?;
        Some((location.source, location.span, as_needed(word).into_owned()))
    }

    fn removal(&self, place: &Place, locator: &Locator<'_>) -> Option<Replacement> {
        let location = place.locate(locator);
        let (text, shape) = self.shape(location.source)?;
        let span = removed(shape, text, &location.span)?;
        Some((location.source, span, String::new()))
    }

    fn addition(&self, to: &FieldPath, key: &str, value: &str, locator: &Locator<'_>) -> Option<Replacement> {
        let source = if to.steps().is_empty() {
            let is_file = |source: &Source| matches!(source.origin, Origin::File(_));
            SourceId(self.sources.iter().position(is_file)?)
        } else {
            locator.locate(to, Part::Key).source
        };
        let (text, shape) = self.shape(source)?;
        let way: Vec<_> = to.steps().iter().map(String::as_str).collect();
        let (at, addition) = match way.as_slice() {
            // a section that nobody wrote yet
            [section] if shape.at(&way).is_none() => {
                added(shape, text, &[], section, &format!("{{ {key}: {value} }}"))?
            }
            way => added(shape, text, way, key, value)?,
        };
        Some((source, at..at, addition))
    }
}

/// The bytes that go where the field or item goes that stands at these: its lines, or its part between brackets.
fn removed(shape: &Node, text: &str, at: &Range<usize>) -> Option<Range<usize>> {
    let spot = shape.spot(at.start)?;
    let parent_way = spot.steps.split_last()?.1;
    let parent = shape.below(parent_way)?;
    let parts: Vec<Range<usize>> = match &parent.content {
        Content::Mapping { entries, .. } => entries.iter().map(Entry::span).collect(),
        Content::Sequence { items, .. } => items.iter().map(|item| item.span.clone()).collect(),
        Content::Nothing | Content::Scalar(_) => return None,
    };
    let is_flow =
        matches!(parent.content, Content::Mapping { is_flow: true, .. } | Content::Sequence { is_flow: true, .. });
    let index = parts.iter().position(|part| part.start <= at.start && at.start <= part.end)?;
    let part = parts.get(index)?;
    if is_flow {
        return Some(match (index.checked_sub(1).and_then(|before| parts.get(before)), parts.get(index + 1)) {
            (_, Some(next)) => part.start..next.start,
            (Some(before), None) => before.end..part.end,
            (None, None) => part.clone(),
        });
    }
    let start = text.get(..part.start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let lead = text.get(start..part.start)?;
    // behind a dash, or the only one: what is left would mean something else
    if parts.len() == 1
        || !lead.chars().all(|c| matches!(c, ' ' | '-'))
        || (lead.contains('-') && parent.items().is_empty())
    {
        return None;
    }
    let end = text.get(part.end..)?.find('\n').map_or(text.len(), |newline| part.end + newline + 1);
    Some(start..end)
}

/// Where a field is written that is new, and how.
fn added(shape: &Node, text: &str, way: &[&str], key: &str, value: &str) -> Option<(usize, String)> {
    let mapping = shape.at(way)?;
    match &mapping.content {
        Content::Mapping { entries, is_flow: true } => Some(match entries.last() {
            Some(last) => (last.span().end, format!(", {key}: {value}")),
            None => (mapping.span.start + 1, format!(" {key}: {value} ")),
        }),
        Content::Mapping { entries, is_flow: false } => {
            let first = entries.first()?;
            let start = text.get(..first.key_span.start)?.rfind('\n').map_or(0, |newline| newline + 1);
            let column = text.get(start..first.key_span.start)?.chars().count();
            let last = entries.last()?.span().end;
            let rest = text.get(last..)?;
            let (at, before) = match rest.find('\n') {
                Some(newline) => (last + newline + 1, ""),
                None => (text.len(), "\n"),
            };
            Some((at, format!("{before}{}{key}: {value}\n", " ".repeat(column))))
        }
        Content::Scalar(_) | Content::Nothing | Content::Sequence { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, word: &str) -> Option<String> {
        let at = text.find(word).unwrap();
        let span = removed(&outline(text), text, &(at..at + word.len()))?;
        Some([&text[..span.start], &text[span.end..]].concat())
    }

    #[test]
    fn a_field_goes_with_its_lines_or_its_comma() {
        assert_eq!(without("a: 1 # why\nb: 2\n", "a").unwrap(), "b: 2\n");
        assert_eq!(without("a:\n  b: 1\n  c:\n    d: 2\n", "c").unwrap(), "a:\n  b: 1\n");
        assert_eq!(without("x: { a: 1, b: 2 }\n", "a").unwrap(), "x: { b: 2 }\n");
        assert_eq!(without("x: { a: 1, b: 2 }\n", "b").unwrap(), "x: { a: 1 }\n");
        assert_eq!(without("x: [one, two]\n", "two").unwrap(), "x: [one]\n");
        assert_eq!(without("x:\n  - one\n  - two\n", "one").unwrap(), "x:\n  - two\n");
        assert_eq!(without("a:\n  b: 1\n", "b"), None, "`a` alone would be null");
    }

    #[test]
    fn a_field_is_added_as_its_neighbours_are_written() {
        let with = |text: &str, way: &[&str]| {
            let (at, added) = added(&outline(text), text, way, "k", "v")?;
            Some([&text[..at], &added, &text[at..]].concat())
        };
        assert_eq!(with("a:\n  b: 1 # why\nc: 2\n", &["a"]).unwrap(), "a:\n  b: 1 # why\n  k: v\nc: 2\n");
        assert_eq!(with("a: { b: 1 }\n", &["a"]).unwrap(), "a: { b: 1, k: v }\n");
        assert_eq!(with("a: {}\n", &["a"]).unwrap(), "a: { k: v }\n");
        assert_eq!(with("a: 1", &[]).unwrap(), "a: 1\nk: v\n");
        assert_eq!(with("a: 1\n", &["a"]), None);
    }
}
