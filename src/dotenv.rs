//! Knows how `.env` files are written and read: quoting, and the marked block of codelab-gen in a user's file.
//! Must not know which keys there are.
//!
//! The quoting keeps to forms that Docker Compose, python-dotenv, dotenvy and shells read alike; their readers differ
//! in nearly everything else.

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
    value.match_indices("${").any(|(start, _)| value.get(start..).is_some_and(|rest| rest.contains('}')))
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
        let (key, written) = rest.split_once('=').ok_or(OddLine(line))?;
        if !is_key(key) {
            return Err(OddLine(line));
        }
        let (value, behind) = read_value(written).ok_or(OddLine(line))?;
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

/// Finds the block; nothing where there is none, or not exactly one with a start and an end.
#[must_use]
pub fn split(text: &str) -> Option<Split<'_>> {
    let mut start = None;
    let mut end = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(BLOCK_START) {
            if start.is_some() {
                return None;
            }
            start = Some(offset);
        } else if line.trim_end() == BLOCK_END {
            if start.is_none() || end.is_some() {
                return None;
            }
            end = Some(offset + line.len());
        }
        offset += line.len();
    }
    let (start, end) = (start?, end?);
    Some(Split { before: text.get(..start)?, block: text.get(start..end)?, after: text.get(end..)? })
}

/// The keys that a user's lines set, as far as any reader may see them, with their lines counted from 1.
#[must_use]
pub fn keys_of(text: &str) -> Vec<(usize, &str)> {
    let key = |line: &'_ str| -> Option<(usize, usize)> {
        let trimmed = line.trim_start();
        let trimmed = trimmed.strip_prefix("export ").unwrap_or(trimmed).trim_start();
        let (key, _) = trimmed.split_once(['=', ':'])?;
        let key = key.trim_end();
        let start = line.len() - trimmed.len();
        (!key.is_empty() && !key.starts_with('#')).then_some((start, start + key.len()))
    };
    let lines = text.lines().enumerate();
    lines.filter_map(|(index, line)| key(line).and_then(|(from, to)| Some((index + 1, line.get(from..to)?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(value: &str) -> String {
        let written = format!("KEY={}\nNEXT=1\n", quote(value).unwrap());
        let entries = read(&written).unwrap_or_else(|line| panic!("{written}: {line:?}"));
        assert_eq!(entries.len(), 2, "{written}");
        entries.into_iter().next().unwrap().value
    }

    #[test]
    fn each_value_gets_the_simplest_form() {
        for (value, form) in [
            ("", ""),
            ("aZ9!%*+,./:=?@^_{}[]-", "aZ9!%*+,./:=?@^_{}[]-"),
            ("a b", "'a b'"),
            ("a$b", "'a$b'"),
            ("a\\b", "'a\\b'"),
            ("~", "'~'"),
            ("two\nlines", "'two\nlines'"),
            ("é", "'é'"),
            ("it's", "\"it's\""),
            ("it's \"q\"", "\"it's \\\"q\\\"\""),
            ("a'b\\c", "\"a'b\\\\c\""),
        ] {
            assert_eq!(quote(value).as_deref(), Ok(form));
            assert_eq!(read_back(value), value);
        }
    }

    #[test]
    fn what_readers_disagree_on_is_refused_without_showing_it() {
        for value in ["a\rb", "a\0b", "a${X}b", "it's $5", "it's `x`", "a'b\\", "a\\\\b$", "a\\\\b\\", "x\\"] {
            let refused = quote(value);
            assert!(refused.is_err(), "{value:?}: {refused:?}");
            assert!(!refused.unwrap_err().to_string().contains(value));
        }
    }

    #[test]
    fn a_reference_of_the_example_is_no_odd_line() {
        let entries = read("A=x://u:${POSTGRES_PASSWORD}@h\n").unwrap_or_default();
        assert_eq!(entries[0].value, "x://u:${POSTGRES_PASSWORD}@h");
        assert!(read("A=${x}\n").is_err() && read("A=${B\n").is_err() && read("A=$B\n").is_err());
    }

    #[test]
    fn odd_lines_are_told_by_number() {
        for (text, line) in [("A=1\nexport B=2\n", 2), ("A='x\n\ny'\nB=a b\n", 4), ("# c\nA\n", 2), ("A=\"$x\"\n", 1)] {
            assert_eq!(read(text).err(), Some(OddLine(line)), "{text}");
        }
    }

    #[test]
    fn a_block_is_found_between_its_marks() {
        let text = "MINE=1\n# >>> codelab-gen: x\nA=1\n# <<< codelab-gen\nALSO=2\n";
        let split = split(text).unwrap();
        assert_eq!(split.before, "MINE=1\n");
        assert_eq!(split.block, "# >>> codelab-gen: x\nA=1\n# <<< codelab-gen\n");
        assert_eq!(split.after, "ALSO=2\n");
        for broken in ["A=1\n", "# >>> codelab-gen: x\n", "# <<< codelab-gen\n# >>> codelab-gen: x\n"] {
            assert_eq!(super::split(broken), None);
        }
    }

    #[test]
    fn keys_are_seen_in_every_form_that_a_reader_takes() {
        let text = "# A=1\nB=1\n export C = 2\nD: 3\n\nno key\n";
        assert_eq!(keys_of(text), [(2, "B"), (3, "C"), (4, "D")]);
    }
}
