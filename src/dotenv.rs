//! Knows how `.env` files are written and read: quoting, and the marked block of codelab-gen in a user's file.
//! Must not know which keys there are.
//!
//! The quoting keeps to forms that Docker Compose, python-dotenv, dotenvy and shells read alike; their readers differ
//! in nearly everything else.

mod file;
mod loose;

use std::collections::HashMap;

use crate::spelling::is_hidden;

pub use self::file::DotenvFile;

/// The line that a block starts with, up to the machine's words.
pub const BLOCK_START: &str = "# >>> codelab-gen:";

/// The line that a block ends with.
pub const BLOCK_END: &str = "# <<< codelab-gen";

/// Why a value can't be written: no form of it is read alike by all readers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}, which no form of .env says alike to all its readers")]
pub struct Unwritable {
    /// The character or the combination, by name; never the value.
    pub what: &'static str,
}

/// Writes a value in the simplest form that every reader takes: bare, in single quotes, or in double quotes.
///
/// # Errors
/// Where there is no such form.
pub fn quote(value: &str) -> Result<String, Unwritable> {
    if value.bytes().all(is_bare) {
        return Ok(value.to_owned());
    }
    if value.contains('\r') {
        return Err(Unwritable { what: "it holds a carriage return" });
    }
    if value.contains('\0') {
        return Err(Unwritable { what: "it holds the character NUL" });
    }
    if value.contains(is_hidden) {
        return Err(Unwritable { what: "it holds a character that is not seen, such as U+200B" });
    }
    if holds_reference(value) {
        return Err(Unwritable { what: "it holds `${`, which python-dotenv expands even in single quotes" });
    }
    if !value.contains('\'') && !value.contains(r"\\") && !value.ends_with('\\') {
        return Ok(format!("'{value}'"));
    }
    if !value.contains(['`', '"', '$', '\\']) {
        return Ok(format!("\"{value}\""));
    }
    if value.contains('$') {
        return Err(Unwritable { what: "it holds a single quote or double backslash together with `$`" });
    }
    if value.contains('`') {
        return Err(Unwritable { what: "it holds a single quote or double backslash together with a backtick" });
    }
    if value.ends_with('\\') {
        return Err(Unwritable { what: "it ends with a backslash" });
    }
    Ok(format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"")))
}

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!%*+,./:=?@^_{}[]-".contains(&byte)
}

/// python-dotenv replaces `${X}` and `${X:-d}`, whatever the quotes.
fn holds_reference(value: &str) -> bool {
    // what the last brace ends began before it, or nothing did
    value.rsplit_once('}').is_some_and(|(before, _)| before.contains("${"))
}

/// A key with its value, and the line that it starts on, counted from 1 at the start of the text that was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value, quotes resolved.
    pub value: String,
    /// The line.
    pub line: usize,
}

/// A line that is not one of [`quote`]'s forms, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OddLine(pub usize);

/// Reads text that was written with [`quote`]'s forms. Everything else is an error: other readers would disagree on it.
///
/// # Errors
/// The first line that is none of these forms.
pub fn read(text: &str) -> Result<Vec<Entry>, OddLine> {
    let mut entries = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let (first, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        if first.is_empty() || first.starts_with('#') {
            rest = behind;
            line += 1;
            continue;
        }
        let ((key, value), behind) = read_entry(rest).ok_or(OddLine(line))?;
        let length = rest.len() - behind.len();
        entries.push(Entry { key: key.to_owned(), value, line });
        line += rest.get(..length).unwrap_or_default().matches('\n').count();
        rest = behind;
    }
    Ok(entries)
}

/// Whether a text can be a key: what every reader takes.
fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// The value that a text starts with, and what follows its line.
fn read_value(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let (value, behind) = quoted.split_once('\'')?;
        return Some((value.to_owned(), end_of_line(behind)?));
    }
    if let Some(quoted) = text.strip_prefix('"') {
        let mut value = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => return Some((value, end_of_line(quoted.get(at + 1..)?)?)),
                '\\' => value.push(characters.next().map(|(_, escaped)| escaped).filter(|c| matches!(c, '\\' | '"'))?),
                '$' | '`' => return None,
                _ => value.push(character),
            }
        }
        return None;
    }
    let (value, behind) = text.split_once('\n').unwrap_or((text, ""));
    without_references(value).bytes().all(is_bare).then(|| (value.to_owned(), behind))
}

/// A bare value without the `${KEY}` that `.env.example` has in its URLs; every reader of that file resolves it.
fn without_references(value: &str) -> String {
    let mut plain = String::new();
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once("${") {
        match behind.split_once('}') {
            Some((key, after)) if is_key(key) => {
                plain.push_str(before);
                rest = after;
            }
            Some(_) | None => return value.to_owned(),
        }
    }
    plain + rest
}

fn end_of_line(text: &str) -> Option<&str> {
    if text.is_empty() { Some("") } else { text.strip_prefix('\n') }
}

/// A `.env` that has the block of codelab-gen: what stands before it, the block with its marks, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split<'text> {
    /// The user's lines before the block.
    pub before: &'text str,
    /// The block, from its first mark to the end of the line of its last one.
    pub block: &'text str,
    /// The user's lines behind the block.
    pub after: &'text str,
}

/// Finds the block; nothing where there is none, or not exactly one with a start and an end. A value of several lines is
/// stepped over as a whole: one of its lines may look like a mark.
#[must_use]
pub fn split(text: &str) -> Option<Split<'_>> {
    let mut start = None;
    let mut end = None;
    let mut rest = text;
    while !rest.is_empty() {
        let offset = text.len() - rest.len();
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        let mut step = line.len();
        if line.starts_with(BLOCK_START) {
            if start.replace(offset).is_some() {
                return None;
            }
        } else if line.trim_end() == BLOCK_END {
            if start.is_none() || end.replace(offset + step).is_some() {
                return None;
            }
        } else if let Some((_, behind)) = read_entry(rest) {
            step = rest.len() - behind.len();
        }
        rest = rest.get(step..).unwrap_or_default();
    }
    let (start, end) = (start?, end?);
    Some(Split { before: text.get(..start)?, block: text.get(start..end)?, after: text.get(end..)? })
}

/// The key and value that a text starts with, in one of [`quote`]'s forms, and what follows their last line.
fn read_entry(text: &str) -> Option<((&str, String), &str)> {
    let first = text.split('\n').next()?;
    let (key, _) = first.split_once('=').filter(|(key, _)| is_key(key))?;
    let (value, behind) = read_value(text.get(key.len() + 1..)?)?;
    Some(((key, value), behind))
}

/// A part of a user's own lines: an entry, which may have several lines, or any one line.
#[derive(Clone, PartialEq, Eq)]
pub struct UserPart<'text> {
    /// Its text, with its line end.
    pub text: &'text str,
    /// The line that it starts on, counted from 1.
    pub line: usize,
    /// The key that it sets, as far as any reader may see one.
    pub key: Option<&'text str>,
    /// The value, where it is written in a form that all readers read alike.
    pub value: Option<String>,
    /// The value as Docker Compose reads it, with what the lines before it set; nothing where only the shell knows.
    pub to_compose: Option<String>,
    /// What is said behind the value, of a line in another form.
    pub remark: Option<&'text str>,
}

impl UserPart<'_> {
    /// Whether all readers read what Docker Compose reads.
    #[must_use]
    pub fn is_alike(&self) -> bool {
        self.value.is_some() && self.value == self.to_compose
    }
}

/// Takes a user's own lines apart, so that their texts put together are the lines again.
///
/// # Errors
/// The line of a quote that is not closed there in a form that all readers read alike: what follows it may be lines of
/// their own or a part of the value.
pub fn user_parts(text: &str) -> Result<Vec<UserPart<'_>>, OddLine> {
    parts_behind(text, &mut HashMap::new())
}

/// The same of lines that stand behind others, of which this is known; it grows by what these set.
fn parts_behind<'text>(
    text: &'text str,
    known: &mut HashMap<&'text str, Option<String>>,
) -> Result<Vec<UserPart<'text>>, OddLine> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let first = rest.split_inclusive('\n').next().unwrap_or(rest);
        let key = key_of(first);
        let (part, value) = match read_entry(rest) {
            Some(((_, value), behind)) => (rest.get(..rest.len() - behind.len()).unwrap_or(rest), Some(value)),
            None if key.is_some() && has_open_quote(first) => (loose::lines(rest).ok_or(OddLine(line))?, None),
            None => (first, None),
        };
        let loose = if key.is_some() && value.is_none() { loose::read(part) } else { None };
        let to_compose = match (&value, &loose) {
            (Some(value), _) if loose::is_single_quoted(part) => Some(value.clone()),
            (Some(value), _) => loose::filled(value, known),
            (None, Some(loose)) if loose.refers => loose::filled(&loose.value, known),
            (None, loose) => loose.as_ref().map(|loose| loose.value.clone()),
        };
        if let Some(key) = key {
            known.insert(key, to_compose.clone());
        }
        let remark = loose.and_then(|loose| loose.remark);
        parts.push(UserPart { text: part, line, key, value, to_compose, remark });
        line += part.matches('\n').count();
        rest = rest.get(part.len()..).unwrap_or_default();
    }
    Ok(parts)
}

/// The key that a line sets, in any form that some reader takes.
fn key_of(line: &str) -> Option<&str> {
    let trimmed = line.trim_start_matches(['\u{feff}', ' ', '\t']);
    let trimmed = trimmed.strip_prefix("export ").unwrap_or(trimmed).trim_start();
    let (key, _) = trimmed.split_once(['=', ':'])?;
    let key = key.trim_end();
    (!key.is_empty() && !key.starts_with('#')).then_some(key)
}

/// Whether a value starts with a quote that has no partner on its line.
fn has_open_quote(line: &str) -> bool {
    let value = line.split_once(['=', ':']).map(|(_, value)| value.trim_start()).unwrap_or_default();
    value.chars().next().is_some_and(|quote| matches!(quote, '\'' | '"') && value.matches(quote).count() == 1)
}

#[cfg(test)]
mod tests;
