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
    /// A word of a POSIX shell.
    Shell,
}

impl Dialect {
    /// The name by which the template engine knows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dotenv => "dotenv",
            Self::Shell => "shell",
        }
    }
}

/// A text that is right as it is, in the file that it is meant for: a URL, words of a comment.
#[derive(Debug)]
pub(super) struct Verbatim(String);

impl Object for Verbatim {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }
}

/// A text that goes into the file as it is.
pub(crate) fn verbatim(text: String) -> Value {
    Value::from_object(Verbatim(text))
}

/// Words for a comment, whatever they were.
pub(crate) fn comment(text: &str) -> Value {
    verbatim(crate::spelling::comment(text))
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
    match value.kind() {
        ValueKind::String => literal(dialect, value.as_str().unwrap_or_default()),
        ValueKind::Number => Ok(value.to_string()),
        _ => Err(wrong(value)),
    }
}

fn wrong(value: &Value) -> Error {
    Error::new(ErrorKind::BadEscape, format!("a {} can't be written here", value.kind()))
}

fn literal(dialect: Dialect, text: &str) -> Result<String, Error> {
    match dialect {
        Dialect::Shell => shell_word(text),
        Dialect::Dotenv => {
            crate::dotenv::quote(text).map_err(|unwritable| Error::new(ErrorKind::BadEscape, unwritable.to_string()))
        }
    }
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
