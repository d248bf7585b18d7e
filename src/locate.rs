//! Knows how a path such as `services.auth-service.port` becomes a place in the text that wrote it.
//! Must not know what the field means.

mod lines;

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::Range;

use crate::field::{FieldPath, SHORT_FIELDS};
use crate::source::{Source, SourceId};
use crate::yaml::{self, Content, Node};

pub use lines::Lines;

/// Which part of a field a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its key.
    Key,
    /// Its value.
    Value,
}

/// A place in one of the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The source.
    pub source: SourceId,
    /// The bytes of its text; empty where no text can be shown for it.
    pub span: Range<usize>,
}

/// Looks up places; each source is read again at most once, and only when a fault is told.
#[derive(Debug)]
pub struct Locator<'s> {
    sources: &'s [Source],
    trees: Vec<OnceCell<Option<Tree<'s>>>>,
    lines: Vec<OnceCell<Lines<'s>>>,
}

/// A document with the positions of what its larger mappings and lists hold, by their places.
#[derive(Debug)]
struct Tree<'s> {
    root: Node<'s>,
    positions: RefCell<HashMap<Range<usize>, Positions<'s>>>,
}

type Positions<'s> = HashMap<Cow<'s, str>, usize>;

impl<'s> Locator<'s> {
    /// A locator for these sources, the strongest layer first.
    #[must_use]
    pub fn new(sources: &'s [Source]) -> Self {
        Self {
            sources,
            trees: sources.iter().map(|_| OnceCell::new()).collect(),
            lines: sources.iter().map(|_| OnceCell::new()).collect(),
        }
    }

    /// The sources.
    #[must_use]
    pub fn sources(&self) -> &'s [Source] {
        self.sources
    }

    /// Finds the field in the strongest layer that wrote it. Where none wrote it: the nearest field around it.
    #[must_use]
    pub fn locate(&self, path: &FieldPath, part: Part) -> Location {
        let mut best: Option<(usize, Location)> = None;
        for (index, (source, tree)) in self.sources.iter().zip(&self.trees).enumerate() {
            let setting = source.setting();
            let text = setting.as_ref().map_or(Some(source.text.as_str()), |(_, value)| source.text.get(value.clone()));
            let text = text.unwrap_or_default();
            let tree = tree.get_or_init(|| yaml::read(text).ok().map(Tree::new)).as_ref();
            let found = match setting {
                Some((set, value)) => find_in_setting(&set, value, tree, text, path, part),
                None => tree.and_then(|tree| tree.find(text, path.steps(), part)),
            };
            let Some((depth, span)) = found else { continue };
            if best.as_ref().is_none_or(|(deepest, _)| depth > *deepest) {
                best = Some((depth, Location { source: SourceId(index), span }));
            }
        }
        best.map_or(Location { source: SourceId(0), span: 0..0 }, |(_, location)| location)
    }

    /// The line and column of a byte of a source, both counted from 1, columns in characters.
    #[must_use]
    pub fn line_and_column(&self, source: SourceId, offset: usize) -> (usize, usize) {
        let (Some(source), Some(lines)) = (self.sources.get(source.0), self.lines.get(source.0)) else { return (1, 1) };
        lines.get_or_init(|| Lines::new(&source.text)).at(offset)
    }
}

/// How many steps of the path `--set` wrote, and where they stand in its argument.
fn find_in_setting(
    set: &FieldPath,
    value: Range<usize>,
    tree: Option<&Tree<'_>>,
    text: &str,
    path: &FieldPath,
    part: Part,
) -> Option<(usize, Range<usize>)> {
    let common = set.steps().iter().zip(path.steps()).take_while(|(a, b)| a == b).count();
    if common < set.steps().len().min(path.steps().len()) || common == 0 {
        return None;
    }
    let inner = path.steps().get(common..).filter(|inner| !inner.is_empty());
    if let Some(inner) = inner {
        let found = tree.and_then(|tree| tree.find(text, inner, part));
        return Some(found.map_or((common, value.clone()), |(depth, span)| {
            (common + depth, value.start + span.start..value.start + span.end)
        }));
    }
    let is_value = common == set.steps().len() && part == Part::Value;
    Some((common, if is_value { value } else { 0..value.start.saturating_sub(1) }))
}

/// Mappings and lists with less in them are walked through.
const INDEXED: usize = 16;

impl<'s> Tree<'s> {
    fn new(root: Node<'s>) -> Self {
        Self { root, positions: RefCell::default() }
    }

    /// How many steps of the path the document has written, and where the last of them stands.
    fn find(&self, text: &str, steps: &[String], part: Part) -> Option<(usize, Range<usize>)> {
        let mut node = &self.root;
        let mut found = None;
        for (depth, step) in steps.iter().enumerate() {
            let is_last = depth + 1 == steps.len();
            let Some((key_span, value)) = self.child(node, step) else {
                if is_last && is_short(node, step) {
                    found = Some((depth + 1, node.span.clone()));
                }
                break;
            };
            let whole = is_last && part == Part::Value && is_flat(value, text);
            found = Some((depth + 1, if whole { value.span.clone() } else { key_span }));
            node = value;
        }
        found
    }

    fn child<'n>(&self, node: &'n Node<'s>, step: &str) -> Option<(Range<usize>, &'n Node<'s>)> {
        match &node.content {
            Content::Mapping(entries) => {
                let entry = if entries.len() < INDEXED {
                    entries.iter().find(|entry| entry.key == step)
                } else {
                    let keys = || entries.iter().map(|entry| &entry.key).enumerate();
                    entries.get(self.position(node, keys, step)?)
                };
                entry.map(|entry| (entry.key_span.clone(), &entry.value))
            }
            Content::Sequence(items) => {
                // of items that say the same the first one is meant
                let texts = || items.iter().enumerate().rev().filter_map(|(index, item)| Some((index, text_of(item)?)));
                let by_text = || {
                    if items.len() < INDEXED {
                        items.iter().position(|item| text_of(item).is_some_and(|text| text == step))
                    } else {
                        self.position(node, texts, step)
                    }
                };
                let item = items.get(by_text().or_else(|| step.parse().ok())?)?;
                Some((item.span.clone(), item))
            }
            Content::Scalar(_) => None,
        }
    }

    /// Where a step stands in a node. Nodes of one place are copies by an alias, which hold the same.
    fn position<'n, I>(&self, node: &Node<'s>, texts: impl Fn() -> I, step: &str) -> Option<usize>
    where
        I: Iterator<Item = (usize, &'n Cow<'s, str>)>,
        's: 'n,
    {
        let mut known = self.positions.borrow_mut();
        let positions = known
            .entry(node.span.clone())
            .or_insert_with(|| texts().map(|(index, text)| (text.clone(), index)).collect());
        positions.get(step).copied()
    }
}

fn text_of<'n, 's>(node: &'n Node<'s>) -> Option<&'n Cow<'s, str>> {
    match &node.content {
        Content::Scalar(scalar) => Some(&scalar.text),
        Content::Sequence(_) | Content::Mapping(_) => None,
    }
}

/// Whether a scalar says what a mapping in its place would say by this step.
fn is_short(node: &Node<'_>, step: &str) -> bool {
    matches!(&node.content, Content::Scalar(_)) && SHORT_FIELDS.contains(&step)
}

/// Whether a value is better shown than its key: it stands on one line and is not empty.
fn is_flat(node: &Node<'_>, text: &str) -> bool {
    !node.span.is_empty() && text.get(node.span.clone()).is_some_and(|written| !written.contains('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::from_text("test.yaml", text)
    }

    fn located(sources: &[Source], path: &str, part: Part) -> (usize, String) {
        let location = Locator::new(sources).locate(&FieldPath::parse(path).unwrap(), part);
        (location.source.0, sources[location.source.0].text[location.span].to_owned())
    }

    #[test]
    fn the_strongest_layer_that_wrote_the_field_is_found() {
        let sources = [
            Source::from_setting("services.a.replicas=3").unwrap(),
            source("services: { a: { port: 2 } }\n"),
            source("services:\n  a:\n    port: 1\n    image: x\n"),
        ];
        assert_eq!(located(&sources, "services.a.port", Part::Value), (1, "2".into()));
        assert_eq!(located(&sources, "services.a.image", Part::Value), (2, "x".into()));
        assert_eq!(located(&sources, "services.a.image", Part::Key), (2, "image".into()));
        assert_eq!(located(&sources, "services.a.replicas", Part::Value), (0, "3".into()));
        assert_eq!(located(&sources, "services.a.replicas", Part::Key), (0, "services.a.replicas".into()));
    }

    #[test]
    fn a_scalar_is_the_field_that_it_stands_for() {
        let sources = [
            source("build: .\npostgres: { name: shop }\n"),
            source("build: { context: ./a, target: b }\npostgres: { name: old, extensions: [x] }\n"),
        ];
        assert_eq!(located(&sources, "build.context", Part::Value), (0, ".".into()));
        assert_eq!(located(&sources, "build.target", Part::Value), (1, "b".into()));
        assert_eq!(located(&sources, "postgres.name", Part::Value), (0, "shop".into()));
        assert_eq!(located(&sources, "postgres.extensions.x", Part::Value), (1, "x".into()));
        let sources = [Source::from_setting("build=.").unwrap(), sources[1].clone()];
        assert_eq!(located(&sources, "build.context", Part::Value), (0, ".".into()));
        assert_eq!(located(&sources, "build.target", Part::Value), (1, "b".into()));
        let sources = [Source::from_setting("build={ context: . }").unwrap(), sources[1].clone()];
        assert_eq!(located(&sources, "build.context", Part::Value), (0, ".".into()));
    }

    #[test]
    fn an_unwritten_field_falls_back_to_the_nearest_one_around_it() {
        let sources = [source("services:\n  a:\n    port: 1\n")];
        assert_eq!(located(&sources, "services.a.database.sqlite.path", Part::Value), (0, "a".into()));
        assert_eq!(located(&sources, "postgres", Part::Value), (0, String::new()));
    }
}
