//! Knows how a value is written in each kind of file, in one formatter that every template goes through.
//! Must not know which values there are.

use std::sync::Arc;

use minijinja::value::{Object, Value, ValueKind};
use minijinja::{Error, ErrorKind, Output};

use crate::spelling::{escaped_word, is_hidden};

/// The rules of a kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `.env`: values come quoted by [`crate::dotenv::quote`], everything else is a plain word.
    Dotenv,
    /// Compose's YAML, in which `$` begins a reference.
    Compose,
    /// A word of a POSIX shell.
    Shell,
}

impl Dialect {
    /// The name by which the template engine knows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dotenv => "dotenv",
            Self::Compose => "compose",
            Self::Shell => "shell",
        }
    }
}

/// A text that is right as it is, in the file that it is meant for: lines of raw YAML, words of a comment.
#[derive(Debug)]
pub(super) struct Verbatim(String);

impl Object for Verbatim {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }
}

/// A text in Compose's own notation, in which `${NAME}` is a reference and `$$` a dollar.
#[derive(Debug)]
pub(super) struct Interpolated(String);

impl Object for Interpolated {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }
}

/// A text that goes into the file as it is.
pub(super) fn verbatim(text: String) -> Value {
    Value::from_object(Verbatim(text))
}

/// A text with references to variables.
pub(super) fn interpolated(text: String) -> Value {
    Value::from_object(Interpolated(text))
}

/// Words for a comment: without line ends and other characters that are not seen, whatever they were.
pub(super) fn comment(text: &str) -> Value {
    verbatim(text.chars().map(|c| if c.is_control() || is_hidden(c) { '?' } else { c }).collect())
}

/// Writes one value. Which rules hold depends on the file alone.
pub(super) fn write(dialect: Dialect, out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    let text = formatted(dialect, value)?;
    out.write_str(&text).map_err(|_| Error::new(ErrorKind::WriteFailure, "can't write"))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a kind that is not known here has no writing here")]
fn formatted(dialect: Dialect, value: &Value) -> Result<String, Error> {
    if let Some(Verbatim(text)) = value.downcast_object_ref::<Verbatim>() {
        return Ok(text.clone());
    }
    if let Some(Interpolated(text)) = value.downcast_object_ref::<Interpolated>() {
        return match dialect {
            Dialect::Compose => Ok(yaml_reference(text)),
            // a shell would take it for the end of a command; in these quotes references are live to every reader
            Dialect::Dotenv if text.contains('&') => Ok(format!("\"{text}\"")),
            Dialect::Dotenv => Ok(text.clone()),
            Dialect::Shell => Err(wrong(value)),
        };
    }
    match value.kind() {
        ValueKind::String => literal(dialect, value.as_str().unwrap_or_default()),
        ValueKind::Number => Ok(value.to_string()),
        ValueKind::Seq if dialect == Dialect::Compose => words(value),
        _ => Err(wrong(value)),
    }
}

fn wrong(value: &Value) -> Error {
    Error::new(ErrorKind::BadEscape, format!("a {} can't be written here", value.kind()))
}

fn literal(dialect: Dialect, text: &str) -> Result<String, Error> {
    match dialect {
        Dialect::Compose => Ok(yaml_scalar(&text.replace('$', "$$"))),
        Dialect::Shell => shell_word(text),
        Dialect::Dotenv => {
            crate::dotenv::quote(text).map_err(|unwritable| Error::new(ErrorKind::BadEscape, unwritable.to_string()))
        }
    }
}

/// A list on one line, as commands are usually written.
fn words(value: &Value) -> Result<String, Error> {
    let mut words = Vec::new();
    for word in value.try_iter()? {
        let text = word.as_str().ok_or_else(|| wrong(&word))?;
        words.push(double_quoted(&text.replace('$', "$$")));
    }
    Ok(format!("[{}]", words.join(", ")))
}

/// A scalar of YAML: plain where no reader could take it for anything else, otherwise in double quotes.
pub(crate) fn yaml_scalar(text: &str) -> String {
    if is_plain(text) || is_quantity(text) { text.to_owned() } else { double_quoted(text) }
}

/// A reference stays without quotes where it is the whole value, which reads best.
fn yaml_reference(text: &str) -> String {
    let is_reference = text.starts_with("${") && text.ends_with('}');
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_${}:?+-./@%= '".contains(c);
    if is_reference && text.chars().all(harmless) && !text.contains(": ") {
        text.to_owned()
    } else {
        double_quoted(text)
    }
}

/// A letter, `/`, `_` or a path first, and no word that YAML 1.1 or 1.2 reads as a boolean, null or number (`._` is a
/// float to some).
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];
    let behind_dot = text.strip_prefix('.').unwrap_or(text);
    (behind_dot.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        || text.starts_with('_')
        || text.starts_with("../"))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@+".contains(c))
        && !text.ends_with(':')
        && !WORDS.contains(&behind_dot.to_ascii_lowercase().as_str())
}

/// A number with its unit, such as `30s` or `512m`: a text to every reader.
fn is_quantity(text: &str) -> bool {
    const UNITS: [&str; 11] = ["us", "ms", "s", "m", "h", "k", "g", "kb", "mb", "gb", "b"];
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < text.len() && !text.starts_with('0') && UNITS.contains(&unit)
}

/// A double-quoted scalar (<https://yaml.org/spec/1.2.2/#731-double-quoted-style>). What people can
/// read stays; what is not seen, reorders a line or is a line break to some readers is escaped.
fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if is_printable(c) => quoted.push(c),
            c if u32::from(c) <= 0xffff => quoted.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => quoted.extend(format!("\\U{:08x}", u32::from(c)).chars()),
        }
    }
    quoted.push('"');
    quoted
}

fn is_printable(character: char) -> bool {
    let code = u32::from(character);
    !character.is_control() && !is_hidden(character) && code & 0xfffe != 0xfffe && !(0xfdd0..=0xfdef).contains(&code)
}

/// A word of bash: bare where nothing in it is special, with escapes for what is not seen, otherwise in single quotes.
fn shell_word(text: &str) -> Result<String, Error> {
    if text.contains('\0') {
        return Err(Error::new(ErrorKind::BadEscape, "a shell can't hold the character NUL"));
    }
    if text.contains(is_hidden) {
        return Ok(escaped_word(text.as_bytes()));
    }
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=".contains(c);
    let ends_case = text == "esac"; // as a pattern
    if !text.is_empty() && text.chars().all(bare) && !text.starts_with('-') && !ends_case {
        return Ok(text.to_owned());
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests;
