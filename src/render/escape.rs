//! Knows how a value is written in each kind of file, in one formatter that every template goes through.
//! Must not know which values there are.

use std::sync::Arc;

use minijinja::value::{Object, Value, ValueKind};
use minijinja::{Error, ErrorKind, Output};

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

/// Words for a comment: without line ends and other control characters, whatever they were.
pub(super) fn comment(text: &str) -> Value {
    verbatim(text.chars().map(|c| if c.is_control() { '?' } else { c }).collect())
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

/// A double-quoted scalar (<https://yaml.org/spec/1.2.2/#731-double-quoted-style>). What YAML calls printable stays, so
/// that people can read it; U+0085, U+2028 and U+2029 are line breaks to some readers and never stay.
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
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
        && code & 0xfffe != 0xfffe
        && !(0xfdd0..=0xfdef).contains(&code)
}

/// A word of a shell: bare where nothing in it is special, otherwise in single quotes.
fn shell_word(text: &str) -> Result<String, Error> {
    if text.contains('\0') {
        return Err(Error::new(ErrorKind::BadEscape, "a shell can't hold the character NUL"));
    }
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=".contains(c);
    let ends_case = text == "esac"; // as a pattern
    if !text.is_empty() && text.chars().all(bare) && !text.starts_with('-') && !ends_case {
        return Ok(text.to_owned());
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 24] = [
        "",
        "a: b # c",
        "*x",
        "yes",
        "0777",
        "1e3",
        "$HOME",
        "`id`",
        "$(id)",
        "'",
        "\"",
        "\\",
        "a\nb",
        "\u{85}",
        "😀",
        "é",
        "~",
        "null",
        "- a",
        "1.10",
        "{a}",
        "..",
        "a:",
        "\u{feff}x",
    ];

    #[test]
    fn yaml_reads_every_literal_back() {
        for text in HOSTILE {
            let written = formatted(Dialect::Compose, &Value::from(text)).unwrap();
            let document = format!("key: {written}\n");
            let read: serde_yaml::Value = serde_yaml::from_str(&document).unwrap();
            assert_eq!(read["key"].as_str(), Some(text.replace('$', "$$").as_str()), "{document}");
        }
    }

    #[test]
    fn no_character_that_some_reader_takes_for_a_line_end_stands_raw() {
        for character in ['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}', '\u{7f}', '\u{fffe}', '\u{10ffff}', '\u{1}'] {
            let written = double_quoted(&format!("a{character}b"));
            assert!(written.is_ascii(), "{written}");
            let read: serde_yaml::Value = serde_yaml::from_str(&written).unwrap();
            assert_eq!(read.as_str(), Some(format!("a{character}b").as_str()));
        }
    }

    #[test]
    fn references_are_read_back_whatever_their_default_holds() {
        for text in ["${A}", "${A:-x}", "${A:-a: b}", "${A:-a #b}", "${A:-a\"b}", "x${A}", "${A}:", "${A:-a}#b}"] {
            let written = formatted(Dialect::Compose, &interpolated(text.to_owned())).unwrap();
            let read: serde_yaml::Value = serde_yaml::from_str(&format!("key: {written}\n")).unwrap();
            assert_eq!(read["key"].as_str(), Some(text), "{written}");
        }
    }

    #[test]
    fn words_that_need_no_quotes_have_none() {
        for text in ["codelab", "./data:/app/data", "../x", ".env", "postgres:16-alpine", "/app", "30m"] {
            let quoted = yaml_scalar(text);
            assert_eq!(quoted, text);
        }
        for text in ["..", "..x", ".5", "._", "._1", ".inf", ".NaN", "on", "Y", "30", "0b", "1e3", "12:30"] {
            assert!(yaml_scalar(text).starts_with('"'), "{text}");
        }
    }

    #[test]
    fn a_shell_word_is_one_word() {
        assert_eq!(shell_word("it's $x").unwrap(), r"'it'\''s $x'");
        assert_eq!(shell_word("-x").unwrap(), "'-x'");
        assert_eq!(shell_word("auth_db").unwrap(), "auth_db");
        assert_eq!(shell_word("esac").unwrap(), "'esac'");
        assert!(shell_word("a\0b").is_err());
    }

    #[test]
    fn a_text_that_templates_test_for_counts_as_there() {
        assert!(verbatim(String::new()).is_true() && interpolated("x".to_owned()).is_true());
    }

    #[test]
    fn words_of_a_comment_stay_on_its_line() {
        assert_eq!(formatted(Dialect::Dotenv, &comment("a\nB=1\r")).unwrap(), "a?B=1?");
    }

    #[test]
    fn kinds_that_have_no_writing_are_errors() {
        for value in [Value::from(true), Value::from(()), Value::from_iter([1, 2])] {
            assert!(formatted(Dialect::Compose, &value).is_err() || value.kind() == ValueKind::Seq);
            assert!(formatted(Dialect::Shell, &value).is_err());
        }
    }
}
