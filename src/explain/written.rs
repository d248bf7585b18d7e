//! Knows which layer of a profile gave a value, and how it is written there. Must not know what follows from it.

use std::collections::HashMap;
use std::ops::Range;

use super::value::{DEFAULT, Explained};
use crate::field::FieldPath;
use crate::locate::{Locator, Part};
use crate::profile::{self, Field, Held};
use crate::source::{Source, SourceId};

/// What stands for a value of several lines.
const SEVERAL_LINES: &str = "(several lines)";

/// What the profile and its bases say, and the defaults of what they leave out.
pub(super) fn written(fields: &[Field], sources: &[Source]) -> Vec<Explained> {
    let given: Vec<Vec<Field>> =
        sources.iter().enumerate().map(|(index, source)| profile::parse(source, SourceId(index)).0.fields()).collect();
    // the strongest layer that gives a field is the one that it is of, also where it says less than a weaker one
    let weakest_first = given.iter().enumerate().rev();
    let layers: HashMap<&Field, usize> =
        weakest_first.flat_map(|(index, given)| given.iter().map(move |field| (field, index))).collect();
    let locators: Vec<_> = sources.iter().map(|source| Locator::new(std::slice::from_ref(source))).collect();
    let explained = |field: &Field| match &field.held {
        Held::Default(value) => {
            Some(Explained { path: field.path.clone(), value: value.clone(), from: DEFAULT.to_owned() })
        }
        Held::Written => {
            let layer = *layers.get(field)?;
            Some(explained_by(sources.get(layer)?, locators.get(layer)?, &field.path))
        }
    };
    fields.iter().filter_map(explained).collect()
}

/// A field as the one source says it that gives it.
fn explained_by(source: &Source, locator: &Locator<'_>, path: &FieldPath) -> Explained {
    let (value, start) = value_of(source, locator, path).unwrap_or_default();
    let from = match source.setting() {
        Some(_) => "--set".to_owned(),
        None => format!("{}:{}", source.name, locator.line_and_column(SourceId(0), start).0),
    };
    Explained { path: path.clone(), value, from }
}

/// How a source writes the value of a field, and where; nothing where it writes none of it.
fn value_of(source: &Source, locator: &Locator<'_>, path: &FieldPath) -> Option<(String, usize)> {
    let span = locator.locate(path, Part::Value).span;
    if span.is_empty() {
        return None;
    }
    // of a value of several lines the place is that of its key
    let text = source.text.get(span.clone()).unwrap_or_default();
    let is_several = path.steps().last().is_some_and(|step| step == text) && is_key(source, &span);
    Some((if is_several { SEVERAL_LINES.to_owned() } else { text.to_owned() }, span.start))
}

/// Whether a `:` follows, as it does behind a key.
fn is_key(source: &Source, span: &Range<usize>) -> bool {
    let behind = source.text.get(span.end..).unwrap_or_default();
    behind.trim_start_matches(['"', '\'']).starts_with(':')
}
