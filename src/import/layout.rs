//! Knows how a profile is laid out as a careful person would write it. Must not know what its fields mean.

use crate::profile::Raw;
use crate::render::{yaml_lines, yaml_scalar};
use crate::yaml::{Scalar, ScalarKind};

/// The widest line of short forms; longer ones take a line for each key.
const WIDEST: usize = 110;

/// A key with its value.
pub(super) struct Line {
    key: String,
    value: Shape,
    beside: Option<&'static str>,
    apart: bool,
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
    pub(super) fn new(key: &str, value: Shape) -> Self {
        Self { key: key.to_owned(), value, beside: None, apart: false }
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
    pub(super) fn beside(mut self, comment: &'static str) -> Self {
        self.beside = Some(comment);
        self
    }

    /// Stands apart from what is before it.
    pub(super) fn apart(mut self) -> Self {
        self.apart = true;
        self
    }
}

/// The lines, indented by so many spaces.
pub(super) fn text(lines: &[Line], indent: usize) -> String {
    let mut out = Vec::new();
    write(lines, indent, &mut out);
    out.join("\n") + "\n"
}

/// Raw keys as the text of a Compose file.
pub(super) fn raw_text(keys: &[(String, Raw)]) -> String {
    yaml_lines(keys, 0).join("\n") + "\n"
}

fn write(lines: &[Line], indent: usize, out: &mut Vec<String>) {
    let margin = " ".repeat(indent);
    for (index, line) in lines.iter().enumerate() {
        if line.apart && index > 0 {
            out.push(String::new());
        }
        let beside = line.beside.map(|comment| format!(" # {comment}")).unwrap_or_default();
        let head = format!("{margin}{}:", yaml_scalar(&line.key));
        match &line.value {
            Shape::Lines(inner) => {
                out.push(format!("{head}{beside}"));
                write(inner, indent + 2, out);
            }
            Shape::Short(raw) => {
                let short = format!("{head} {}{beside}", short(raw));
                match raw {
                    Raw::Mapping(entries) if short.len() > WIDEST => {
                        out.push(format!("{head}{beside}"));
                        let lines = entries.iter().map(|(key, value)| Line::short(key, value.clone()));
                        write(&lines.collect::<Vec<_>>(), indent + 2, out);
                    }
                    Raw::Sequence(_) if short.len() > WIDEST => {
                        out.extend(yaml_lines(&[(line.key.clone(), raw.clone())], indent));
                    }
                    Raw::Scalar { .. } | Raw::Sequence(_) | Raw::Mapping(_) => out.push(short),
                }
            }
            Shape::Raw(raw) => out.extend(yaml_lines(&[(line.key.clone(), raw.clone())], indent)),
        }
    }
}

/// A value on one line.
fn short(raw: &Raw) -> String {
    match raw {
        Raw::Scalar { text, plain } => scalar(text, *plain),
        Raw::Sequence(items) => format!("[{}]", items.iter().map(inner).collect::<Vec<_>>().join(", ")),
        Raw::Mapping(entries) if entries.is_empty() => "{}".to_owned(),
        Raw::Mapping(entries) => {
            let entry = |(key, value): &(String, Raw)| format!("{}: {}", yaml_scalar(key), inner(value));
            format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A value between commas, where a colon needs quotes.
fn inner(raw: &Raw) -> String {
    let text = short(raw);
    match raw {
        Raw::Scalar { .. } if text.contains(':') && !text.starts_with('"') => format!("\"{text}\""),
        Raw::Scalar { .. } | Raw::Sequence(_) | Raw::Mapping(_) => text,
    }
}

fn scalar(text: &str, plain: bool) -> String {
    match (Scalar { text: text.into(), plain }).kind() {
        ScalarKind::Text => yaml_scalar(text),
        ScalarKind::Null => "null".to_owned(),
        ScalarKind::Boolean(_) | ScalarKind::Integer(_) | ScalarKind::Float => text.to_owned(),
    }
}
