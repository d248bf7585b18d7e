//! Knows how a profile is laid out as a careful person would write it. Must not know what its fields mean.

use crate::profile::Raw;
use crate::yaml::document::{Mapping, Value};

/// The widest line of short forms; longer ones take a line for each key.
const WIDEST: usize = 110;

/// Before a comment behind a value.
const GAP: usize = 1;

/// A key with its value.
pub(super) struct Line {
    key: String,
    value: Value,
}

/// How a value is laid out.
pub(super) enum Shape {
    /// On one line where it fits.
    Short(Raw),
    /// As raw Compose keys are.
    Raw(Raw),
    /// A line for each key.
    Lines(Vec<Line>),
}

impl Line {
    pub(super) fn new(key: &str, shape: Shape) -> Self {
        let value = match shape {
            Shape::Short(raw) => Value::from(&raw).on_one_line_up_to(WIDEST),
            Shape::Raw(raw) => Value::from(&raw),
            Shape::Lines(lines) => mapping(lines).into(),
        };
        Self { key: key.to_owned(), value }
    }

    /// A value that fits on one line.
    pub(super) fn short(key: &str, value: Raw) -> Self {
        Self::new(key, Shape::Short(value))
    }

    /// A text.
    pub(super) fn text(key: &str, value: &str) -> Self {
        Self::short(key, Raw::text(value))
    }

    /// Says something behind the value.
    pub(super) fn beside(self, comment: &'static str) -> Self {
        Self { value: self.value.behind(comment), ..self }
    }

    /// Stands apart from what is before it.
    pub(super) fn apart(self) -> Self {
        Self { value: self.value.apart(), ..self }
    }
}

/// The text of a profile.
pub(super) fn text(lines: Vec<Line>) -> String {
    mapping(lines).text(GAP)
}

/// Raw keys as the text of a Compose file.
pub(super) fn raw_text(keys: &[(String, Raw)]) -> String {
    keys.iter().map(|(key, raw)| (key.clone(), raw.into())).collect::<Mapping>().text(GAP)
}

fn mapping(lines: Vec<Line>) -> Mapping {
    lines.into_iter().map(|Line { key, value }| (key, value)).collect()
}
