//! Knows how a path such as `services.auth-service.port` becomes a place in the text that wrote it.
//! Must not know what the field means.

use std::cell::OnceCell;
use std::ops::Range;

use crate::field::{FieldPath, SHORT_FIELDS};
use crate::source::{Source, SourceId};
use crate::yaml::{self, Content, Node};

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
    trees: Vec<OnceCell<Option<Node<'s>>>>,
}

impl<'s> Locator<'s> {
    /// A locator for these sources, the strongest layer first.
    #[must_use]
    pub fn new(sources: &'s [Source]) -> Self {
        Self { sources, trees: sources.iter().map(|_| OnceCell::new()).collect() }
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
            let root = tree.get_or_init(|| yaml::read(text).ok()).as_ref();
            let found = match setting {
                Some((set, value)) => find_in_setting(&set, value, root, text, path, part),
                None => root.and_then(|root| find_in_tree(root, text, path.steps(), part)),
            };
            let Some((depth, span)) = found else { continue };
            if best.as_ref().is_none_or(|(deepest, _)| depth > *deepest) {
                best = Some((depth, Location { source: SourceId(index), span }));
            }
        }
        best.map_or(Location { source: SourceId(0), span: 0..0 }, |(_, location)| location)
    }
}

/// The line and column of a byte, both counted from 1, columns in characters.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
    (line, column)
}

/// How many steps of the path `--set` wrote, and where they stand in its argument.
fn find_in_setting(
    set: &FieldPath,
    value: Range<usize>,
    root: Option<&Node<'_>>,
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
        let found = root.and_then(|root| find_in_tree(root, text, inner, part));
        return Some(found.map_or((common, value.clone()), |(depth, span)| {
            (common + depth, value.start + span.start..value.start + span.end)
        }));
    }
    let is_value = common == set.steps().len() && part == Part::Value;
    Some((common, if is_value { value } else { 0..value.start.saturating_sub(1) }))
}

/// How many steps of the path a document has written, and where the last of them stands.
fn find_in_tree(root: &Node<'_>, text: &str, steps: &[String], part: Part) -> Option<(usize, Range<usize>)> {
    let mut node = root;
    let mut found = None;
    for (depth, step) in steps.iter().enumerate() {
        let is_last = depth + 1 == steps.len();
        let Some((key_span, value)) = child(node, step) else {
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

fn child<'n, 'text>(node: &'n Node<'text>, step: &str) -> Option<(Range<usize>, &'n Node<'text>)> {
    match &node.content {
        Content::Mapping(entries) => {
            entries.iter().find(|entry| entry.key == step).map(|entry| (entry.key_span.clone(), &entry.value))
        }
        Content::Sequence(items) => {
            let is_step = |item: &&Node<'_>| matches!(&item.content, Content::Scalar(scalar) if scalar.text == step);
            let by_position = || items.get(step.parse::<usize>().ok()?);
            let item = items.iter().find(is_step).or_else(by_position)?;
            Some((item.span.clone(), item))
        }
        Content::Scalar(_) => None,
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
