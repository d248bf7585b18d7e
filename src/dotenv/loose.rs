//! Knows what Docker Compose makes of a line of `.env` that other readers read otherwise
//! (<https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>).
//! Must not know which lines matter.

use std::collections::HashMap;

use crate::interpolation::{Held, Template};

/// The value of a line that is none of the forms that all readers read alike.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loose<'line> {
    /// The value, its references as they stand.
    pub(super) value: String,
    /// Whether references in it mean what other lines set.
    pub(super) refers: bool,
    /// The comment behind it.
    pub(super) remark: Option<&'line str>,
}

/// The lines of a value whose quote is open at the end of its first line; nothing where it is never closed.
pub(super) fn lines(text: &str) -> Option<&str> {
    let (_, written) = text.split_once(['=', ':'])?;
    let start = text.len() - written.trim_start().len();
    let quote = text.get(start..)?.chars().next()?;
    let mut is_escaped = false;
    let end = text.char_indices().skip_while(|(at, _)| *at <= start).find(|(_, character)| {
        let is_end = *character == quote && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        is_end
    })?;
    let behind = text.get(end.0 + 1..)?;
    let rest = behind.split_inclusive('\n').next().unwrap_or_default();
    let is_end = rest.trim().is_empty() || rest.trim().starts_with('#');
    text.get(..end.0 + 1 + rest.len()).filter(|_| is_end)
}

/// Reads a line; nothing where what Compose makes of it is not sure.
pub(super) fn read(line: &str) -> Option<Loose<'_>> {
    let (_, written) = line.split_once(['=', ':'])?;
    let written = written.trim();
    if let Some(quote) = written.chars().next().filter(|first| matches!(first, '\'' | '"')) {
        return quoted(written, quote);
    }
    let at = if written.starts_with('#') { Some(0) } else { written.find(" #") };
    let (value, remark) = written.split_at(at.unwrap_or(written.len()));
    // of an empty value Compose takes the comment behind it for the value
    let is_sure = at != Some(0);
    let remark = Some(remark.trim()).filter(|remark| !remark.is_empty());
    is_sure.then(|| Loose { value: value.trim_end().to_owned(), refers: true, remark })
}

fn quoted(written: &str, quote: char) -> Option<Loose<'_>> {
    let mut value = String::new();
    let mut characters = written.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            let remark = written.get(at + 1..)?.trim();
            let is_end = remark.is_empty() || remark.starts_with('#');
            let remark = Some(remark).filter(|remark| !remark.is_empty());
            return is_end.then_some(Loose { value, refers: quote == '"', remark });
        }
        if character != '\\' {
            // Compose takes the ends of lines of Windows for those of others
            let is_end = character == '\r' && written.get(at + 1..)?.starts_with('\n');
            value.extend(Some(character).filter(|_| !is_end));
            continue;
        }
        match characters.next()?.1 {
            escaped if escaped == quote => value.push(quote),
            escaped if quote == '\'' => value.extend(['\\', escaped]),
            _ => return None,
        }
    }
    None
}

/// Whether the value of a line stands in single quotes, in which a reference is a text.
pub(super) fn is_single_quoted(line: &str) -> bool {
    line.split_once('=').is_some_and(|(_, value)| value.trim_start().starts_with('\''))
}

/// A value with what it refers to; nothing where something of that is not known.
pub(super) fn filled(value: &str, known: &HashMap<&str, Option<String>>) -> Option<String> {
    if !value.contains('$') {
        return Some(value.to_owned());
    }
    let held = |name: &str| match known.get(name) {
        Some(Some(value)) => Held::Value(value.clone()),
        Some(None) => Held::Unsure,
        None => Held::Unset,
    };
    Template::parse(value)?.fill(&held, &|_| None)
}

#[cfg(test)]
mod tests {
    use crate::dotenv::user_parts;

    #[test]
    fn a_line_is_read_as_compose_reads_it() {
        for (line, value, remark) in [
            ("A=abc # why", Some("abc"), Some("# why")),
            ("export A=abc", Some("abc"), None),
            ("A = abc", Some("abc"), None),
            ("A: abc", Some("abc"), None),
            ("A=<your key>", Some("<your key>"), None),
            ("A=a b", Some("a b"), None),
            ("A=a#b", Some("a#b"), None),
            ("A=it's", Some("it's"), None),
            ("A=abc\r", Some("abc"), None),
            ("A=\"abc\" # why", Some("abc"), Some("# why")),
            ("A=\"a # b\" # why", Some("a # b"), Some("# why")),
            ("A='a$b' # why", Some("a$b"), Some("# why")),
            ("A='a\\'b'", Some("a'b"), None),
            ("A='a\\b' #", Some("a\\b"), Some("#")),
            ("A=\"a\\nb\"", None, None),
            ("A='a'b", None, None),
            ("A= # b", None, None),
            ("A=\"$B\"", None, None),
            ("A=$B", None, None),
            ("A=\"${B:-c}\" # d", Some("c"), Some("# d")),
        ] {
            let parts = user_parts(line).unwrap_or_default();
            assert_eq!(parts[0].to_compose.as_deref(), value, "{line}");
            assert_eq!(parts[0].remark, remark.filter(|_| value.is_some()), "{line}");
            assert!(!parts[0].is_alike(), "{line}");
        }
    }

    #[test]
    fn a_value_of_several_lines_is_read_to_its_end() {
        for (text, value) in [
            ("A=\"one\r\ntwo\"\r\nB=1\r\n", "one\ntwo"),
            ("export A='one\ntwo' # why\nB=1\n", "one\ntwo"),
            ("A=\"one\nt\\\"wo\" \nB=1\n", "one\nt\"wo"),
        ] {
            let parts = user_parts(text).unwrap_or_default();
            assert_eq!(parts.iter().map(|part| part.text).collect::<String>(), text);
            let keys: Vec<_> = parts.iter().filter_map(|part| Some((part.key?, part.to_compose.as_deref()))).collect();
            assert_eq!(keys, [("A", Some(value)), ("B", Some("1"))], "{text}");
        }
        for text in ["A='one\ntwo'x\n", "A='one\nB='x'\n", "A=\"one\n"] {
            assert_eq!(user_parts(text).err(), Some(crate::dotenv::OddLine(1)), "{text}");
        }
    }

    #[test]
    fn a_value_has_what_the_lines_before_it_set() {
        let text = "A=1\nE=\nB=x-${A}\nC=\"${B}-${E:-d}\"\nD='${A}'\nF=${LATE}\nG=${F:-x}\nLATE=1\nH=$$A\n";
        let parts = user_parts(text).unwrap_or_default();
        let read: Vec<_> = parts.iter().filter_map(|part| Some((part.key?, part.to_compose.as_deref()))).collect();
        let expected = [
            ("A", Some("1")),
            ("E", Some("")),
            ("B", Some("x-1")),
            ("C", Some("x-1-d")),
            ("D", Some("${A}")),
            ("F", None),
            ("G", None),
            ("LATE", Some("1")),
            ("H", Some("$A")),
        ];
        assert_eq!(read, expected);
        let alike: Vec<_> = parts.iter().filter(|part| part.is_alike()).filter_map(|part| part.key).collect();
        assert_eq!(alike, ["A", "E", "D", "LATE"]);
    }
}
