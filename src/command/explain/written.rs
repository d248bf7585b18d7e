//! Knows which layer of a profile gave a value, and how it is written there. Must not know what follows from it.

use std::ops::Range;

use super::{DEFAULT, Explained};
use crate::field::FieldPath;
use crate::locate::{Locator, Part, line_and_column};
use crate::profile::{self, Field, Held};
use crate::source::{Source, SourceId};

/// What stands for a value of several lines.
const SEVERAL_LINES: &str = "(several lines)";

/// What the profile and its bases say, and the defaults of what they leave out.
pub(super) fn written(fields: &[Field], sources: &[Source]) -> Vec<Explained> {
    let given: Vec<Vec<Field>> =
        sources.iter().enumerate().map(|(index, source)| profile::parse(source, SourceId(index)).0.fields()).collect();
    let explained = |field: &Field| match &field.held {
        Held::Default(value) => {
            Some(Explained { path: field.path.clone(), value: value.clone(), from: DEFAULT.to_owned() })
        }
        Held::Written => {
            // the strongest layer that gives a field is the one that it is of, also where it says less than a weaker one
            let source =
                sources.iter().zip(&given).find(|(_, given)| given.contains(field)).map(|(source, _)| source)?;
            Some(explained_by(source, &field.path))
        }
    };
    fields.iter().filter_map(explained).collect()
}

/// A field as the one source says it that gives it.
fn explained_by(source: &Source, path: &FieldPath) -> Explained {
    let Some((set, value)) = source.setting() else {
        let (value, start) = value_of(source, path).unwrap_or_default();
        let from = format!("{}:{}", source.name, line_and_column(&source.text, start).0);
        return Explained { path: path.clone(), value, from };
    };
    let text = source.text.get(value).unwrap_or_default();
    let inner = path.steps().iter().skip(set.steps().len()).fold(FieldPath::root(), |at, step| at.key(step));
    // the value may be a mapping that has the field in it
    let value = value_of(&Source::from_text(&source.name, text), &inner).map(|(value, _)| value);
    Explained { path: path.clone(), value: value.unwrap_or_else(|| text.to_owned()), from: "--set".to_owned() }
}

/// How a document writes the value of a field, and where; nothing where it writes none of it.
fn value_of(source: &Source, path: &FieldPath) -> Option<(String, usize)> {
    let sources = std::slice::from_ref(source);
    let locate = |path: &FieldPath| Locator::new(sources).locate(path, Part::Value).span;
    let key_at = |span: &Range<usize>| is_key(source, span).then(|| source.text.get(span.clone())).flatten();
    let steps = path.steps();
    let mut span = locate(path);
    if span.is_empty() {
        return None;
    }
    if let Some((_, outer)) = steps.split_last()
        && outer.last().is_some_and(|outer| key_at(&span) == Some(outer.as_str()))
        && steps.last() != outer.last()
    {
        // `sqlite: data/x.db` stands for `sqlite: { path: data/x.db }`
        span = locate(&outer.iter().fold(FieldPath::root(), |at, step| at.key(step)));
    }
    // of a value of several lines the place is that of its key
    let text = source.text.get(span.clone()).unwrap_or_default();
    let is_several = steps.last().is_some_and(|step| step == text) && is_key(source, &span);
    Some((if is_several { SEVERAL_LINES.to_owned() } else { text.to_owned() }, span.start))
}

/// Whether a `:` follows, as it does behind a key.
fn is_key(source: &Source, span: &Range<usize>) -> bool {
    let behind = source.text.get(span.end..).unwrap_or_default();
    behind.trim_start_matches(['"', '\'']).starts_with(':')
}
