//! Knows what Docker Compose reads from a `.env`, in every form that it takes
//! (<https://docs.docker.com/reference/compose-file/interpolation/#env-file-syntax>). Must not know what others read.

use std::collections::BTreeMap;

use super::tree::Lookup;
use crate::interpolation::substitute;

/// What the lines of a `.env` set; a line may refer to those before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dotenv(BTreeMap<String, String>);

/// What stands between a key and its value, or around both.
fn is_space(character: char) -> bool {
    matches!(character, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

impl Dotenv {
    /// Reads a file; the shell's variables win over its lines. A line that Compose does not read is passed over: a deployment
    /// with such a file does not load.
    #[must_use]
    pub fn read(text: &str, shell: Lookup<'_>) -> Self {
        let mut read = Self::default();
        let text = text.replace("\r\n", "\n");
        let mut rest = text.strip_prefix('\u{feff}').unwrap_or(&text);
        while let Some(start) = statement(rest) {
            rest = read.line(start, shell).unwrap_or_else(|| start.split_once('\n').map_or("", |(_, behind)| behind));
        }
        read
    }

    /// What a variable holds.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Every variable with what it holds.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Takes a variable out.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Reads one entry; returns what follows it.
    fn line<'t>(&mut self, start: &'t str, shell: Lookup<'_>) -> Option<&'t str> {
        let start = match start.strip_prefix("export") {
            Some(behind) if behind.starts_with(char::is_whitespace) => behind.trim_start_matches(is_space),
            Some(_) | None => start,
        };
        let end = start.find(['=', ':', '\n']).unwrap_or(start.len());
        let key = start.get(..end)?.trim_end();
        let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
        if key.is_empty() || !key.chars().all(is_key) {
            return None;
        }
        let is_passed = start.get(end..).is_none_or(|rest| rest.starts_with('\n') || rest.is_empty());
        let rest = start.get(end + 1..).unwrap_or_default().trim_start_matches(is_space);
        if is_passed {
            self.0.extend(shell(key).map(|value| (key.to_owned(), value)));
            return Some(rest);
        }
        let (value, behind) = self.value(rest, shell)?;
        self.0.insert(key.to_owned(), value);
        Some(behind)
    }

    /// The value that a text starts with, and what follows it.
    fn value<'t>(&self, text: &'t str, shell: Lookup<'_>) -> Option<(String, &'t str)> {
        let filled = |value: &str| substitute(value, &|name| shell(name).or_else(|| self.0.get(name).cloned()));
        let Some(quote) = text.chars().next().filter(|first| matches!(first, '\'' | '"')) else {
            let (line, behind) = text.split_once('\n').unwrap_or((text, ""));
            let line = line.split_once(" #").map_or(line, |(value, _)| value).trim_end();
            return Some((filled(line)?, behind));
        };
        let inside = text.get(1..)?;
        let (raw, behind) = quoted(inside, quote)?;
        let value = if quote == '"' { filled(&unescaped(&raw))? } else { raw };
        Some((value, behind))
    }
}

/// Where the next entry starts.
fn statement(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest.split_once('\n')?.1.trim_start();
    }
    (!rest.is_empty()).then_some(rest)
}

/// What stands before the quote that closes, and what behind it; a backslash keeps a quote in.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        match (character, is_escaped) {
            (found, false) if found == quote => return Some((value, text.get(at + 1..)?)),
            ('\\', false) => {
                is_escaped = true;
                continue;
            }
            (found, true) if found != quote => value.push('\\'),
            _ => {}
        }
        value.push(character);
        is_escaped = false;
    }
    None
}

/// The escapes of double quotes; others stay as they are.
fn unescaped(text: &str) -> String {
    let mut value = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        value.push_str(before);
        let mut taken = 1;
        match behind.chars().next() {
            Some('n') => value.push('\n'),
            Some('r') => value.push('\r'),
            Some('t') => value.push('\t'),
            Some('a') => value.push('\u{7}'),
            Some('b') => value.push('\u{8}'),
            Some('f') => value.push('\u{c}'),
            Some('v') => value.push('\u{b}'),
            Some('"') => value.push('"'),
            Some('\\') => value.push('\\'),
            Some('$') => value.push_str("$$"),
            Some(_) | None => {
                value.push('\\');
                taken = 0;
            }
        }
        rest = behind.get(taken..).unwrap_or_default();
    }
    value + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let shell = |name: &str| (name == "SHELL_GIVES").then(|| "s".to_owned());
        Dotenv::read(text, &shell).all().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn value(line: &str) -> Option<String> {
        read(&format!("Z=z\n{line}\n")).into_iter().find(|(key, _)| key == "A").map(|(_, value)| value)
    }

    #[test]
    fn each_form_of_a_line_is_read() {
        for (line, expected) in [
            ("A=1", Some("1")),
            ("A= 1 2  # why", Some("1 2")),
            ("A=1#2", Some("1#2")),
            ("export A=1", Some("1")),
            ("A: 1", Some("1")),
            ("A = 1", Some("1")),
            ("A='$Z # x'", Some("$Z # x")),
            ("A='it\\'s'", Some("it's")),
            ("A='a\\b'", Some("a\\b")),
            ("A=\"x\\n$Z\\$Z\\\"\\q\" # why", Some("x\nz$Z\"\\q")),
            ("A=${Z}-${NONE:-d}-$$", Some("z-d-$")),
            ("A=\"two\nlines\"", Some("two\nlines")),
            ("#A=1", None),
            ("  # c\nA=<your key>", Some("<your key>")),
            ("A=${SHELL_GIVES}", Some("s")),
            ("A=${LATER}\nLATER=1", Some("")),
            ("A=", Some("")),
            ("A=1\nA=2", Some("2")),
        ] {
            assert_eq!(value(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn a_key_alone_is_the_shells_and_a_line_that_compose_does_not_read_is_passed_over() {
        assert_eq!(read("SHELL_GIVES\nNONE\n"), [("SHELL_GIVES".to_owned(), "s".to_owned())]);
        let names = |text| read(text).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(names("\u{feff}A=1\na b=2\nC=3\n"), ["A", "C"]);
        assert_eq!(names("A=\"open\nB=$5\nC=3\n"), ["C"]);
    }
}
