//! Knows when a text needs quotes in YAML, and what stands in them. Must not know where the text stands.

use std::borrow::Cow;

use crate::spelling::is_hidden;

/// A scalar of YAML: plain where no reader could take it for anything else, otherwise in double quotes.
#[must_use]
pub fn as_needed(text: &str) -> Cow<'_, str> {
    if is_plain(text) || is_quantity(text) {
        return Cow::Borrowed(text);
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    in_quotes(text, &mut quoted);
    Cow::Owned(quoted)
}

/// The same between brackets, where a colon in a plain text is a key's to some readers.
pub(super) fn plain_within_brackets(text: &str) -> Cow<'_, str> {
    match as_needed(text) {
        Cow::Borrowed(plain) if plain.contains(':') => Cow::Owned(format!("\"{plain}\"")),
        written @ (Cow::Borrowed(_) | Cow::Owned(_)) => written,
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
        && !WORDS.iter().any(|word| behind_dot.eq_ignore_ascii_case(word))
}

/// A number with its unit, such as `30s` or `512m`: a text to every reader.
fn is_quantity(text: &str) -> bool {
    const UNITS: [&str; 11] = ["us", "ms", "s", "m", "h", "k", "g", "kb", "mb", "gb", "b"];
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < text.len() && !text.starts_with('0') && UNITS.contains(&unit)
}

/// A double-quoted scalar (<https://yaml.org/spec/1.2.2/#731-double-quoted-style>). What people can
/// read stays; what is not seen, reorders a line or is a line break to some readers is escaped.
pub(super) fn in_quotes(text: &str, quoted: &mut String) {
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
}

pub(super) fn is_printable(character: char) -> bool {
    let code = u32::from(character);
    !character.is_control() && !is_hidden(character) && code & 0xfffe != 0xfffe && !(0xfdd0..=0xfdef).contains(&code)
}

#[cfg(test)]
mod tests;
