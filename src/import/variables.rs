//! Knows what the variables of a hand-kept `.env` hold, and which of them are secrets by their names.
//! Must not know where they are used.

use std::collections::HashMap;

use super::connection::target;
use crate::dotenv;
use crate::interpolation::{Held, Template};
use crate::secret::names_secret;
use crate::url::{WrittenUrl, password_of};

/// Whether a value holds a secret by its looks: a URL or the like with a password, or a private key.
pub(super) fn is_secret_value(value: &str) -> bool {
    password_in(value).is_some() || value.starts_with("-----BEGIN")
}

/// Words that say whether something is so, whatever the name of their variable.
const SWITCHES: [&str; 8] = ["yes", "no", "true", "false", "on", "off", "0", "1"];

/// Whether a value only switches something, as in `MYSQL_RANDOM_ROOT_PASSWORD=yes`.
pub(super) fn is_switch(value: &str) -> bool {
    SWITCHES.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether the value of something that names a secret is one, and neither a switch, a place, nor a number or a word that
/// the name of a key has as well.
pub(super) fn is_telling_value(name: &str, value: &str) -> bool {
    const FILES: [&str; 6] = [".pem", ".key", ".crt", ".pub", ".json", ".txt"];
    let is_place = value.starts_with(['/', '~']) || value.starts_with("./") || value.starts_with("../");
    let is_key = name.to_ascii_uppercase().ends_with("KEY");
    let is_field = value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let is_file = FILES.iter().any(|end| value.ends_with(end));
    !value.is_empty() && !is_switch(value) && !is_place && !value.contains("://") && !(is_key && (is_field || is_file))
}

/// The password in a URL, as it is written there, or in `Host=…;Password=…`; nothing where that is nothing.
pub(super) fn password_in(value: &str) -> Option<String> {
    let of_url = password_of(value).map(str::to_owned);
    of_url.or_else(|| target(value)?.password).filter(|password| !password.is_empty())
}

/// Whether a secret may stand in a text: it names one, or has a URL with a login.
pub(super) fn may_hold_secret(text: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.any(names_secret) || WrittenUrl::read(text).is_some_and(|url| url.login.is_some())
}

/// A line of `.env`.
struct Line {
    number: usize,
    /// The value; nothing where readers read it differently.
    value: Option<String>,
}

/// What a hand-kept `.env` says.
pub(super) struct Variables {
    lines: HashMap<String, Line>,
    commented: HashMap<String, Vec<String>>,
}

/// What is known of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known<'v> {
    /// No line sets it.
    Unset,
    /// This line sets it to something that readers read differently.
    Odd(usize),
    /// It holds this.
    Value(&'v str),
}

impl Variables {
    /// Reads a `.env`; of a key that stands there twice the last line counts, as it does to Compose.
    ///
    /// # Errors
    /// The line of a quote that is not closed.
    pub(super) fn read(text: &str) -> Result<Self, dotenv::OddLine> {
        let mut commented: HashMap<String, Vec<String>> = HashMap::new();
        for (key, value) in text.lines().filter_map(self::commented) {
            commented.entry(key).or_default().push(value);
        }
        let mut read = Self { lines: HashMap::new(), commented };
        for part in dotenv::user_parts(text)? {
            let Some(key) = part.key else { continue };
            let value = part.to_compose;
            let earlier = read.lines.insert(key.to_owned(), Line { number: part.line, value });
            // a line that a later one makes void is as good as commented out
            if let Some(value) = earlier.and_then(|line| line.value) {
                read.commented.entry(key.to_owned()).or_default().push(value);
            }
        }
        Ok(read)
    }

    /// Every variable with what it holds, where readers agree on that.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().filter_map(|(key, line)| Some((key.as_str(), line.value.as_deref()?)))
    }

    /// What is known of a variable.
    pub(super) fn get(&self, name: &str) -> Known<'_> {
        match self.lines.get(name) {
            None => Known::Unset,
            Some(Line { number, value: None }) => Known::Odd(*number),
            Some(Line { value: Some(value), .. }) => Known::Value(value),
        }
    }

    /// What a variable holds, where that is more than nothing.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Known::Value(value) if !value.is_empty() => Some(value),
            Known::Value(_) | Known::Unset | Known::Odd(_) => None,
        }
    }

    /// The values of a key in lines that are commented out.
    pub(super) fn commented<'v>(&'v self, key: &str) -> impl Iterator<Item = &'v str> {
        self.commented.get(key).into_iter().flatten().map(String::as_str)
    }

    /// A text with its variables' values in it, as Compose makes it. Nothing where a variable stands neither in `.env`
    /// nor has a default: what it holds is the shell's to say. Nothing either where readers would read it differently,
    /// or where that is longer than any text that is meant.
    pub(super) fn fill(&self, template: &Template) -> Option<String> {
        let held = |name: &str| match self.get(name) {
            Known::Unset => Held::Unset,
            Known::Odd(_) => Held::Unsure,
            Known::Value(value) => Held::Value(value.to_owned()),
        };
        template.fill(&held, &|_| None)
    }
}

/// `# KEY=value`: a line that somebody switches on and off.
pub(super) fn commented(line: &str) -> Option<(String, String)> {
    let line = line.trim_start().strip_prefix('#')?.trim_start_matches(['#', ' ', '\t', '-']);
    let (key, value) = line.split_once(['=', ':'])?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let value = value.trim().split_once(" #").map_or(value.trim(), |(value, _)| value.trim());
    is_key.then(|| (key.to_owned(), value.trim_matches(['\'', '"']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(dotenv: &str, text: &str) -> Option<String> {
        let Ok(variables) = Variables::read(dotenv) else { panic!("{dotenv}") };
        variables.fill(&Template::parse(text).unwrap())
    }

    #[test]
    fn a_text_is_filled_as_compose_fills_it() {
        let dotenv = "A=1\nE=\nexport X = y # why\nODD=\"a$b\"\n";
        for (text, expected) in [
            ("${A}-$X", Some("1-y")),
            ("${NONE}", None),
            ("${E:-d}${E-d}", Some("d")),
            ("${NONE-${A}}", Some("1")),
            ("${NONE:?no}", None),
            ("${A:+x}", Some("x")),
            ("${NONE:+x}", None),
            ("$ODD", None),
        ] {
            assert_eq!(filled(dotenv, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn lines_that_are_commented_out_are_known() {
        let Ok(variables) = Variables::read("# A=sqlite:///data/x.db\n#B: y # why\n# just words\nA=1\n") else {
            panic!()
        };
        assert_eq!(variables.commented("A").collect::<Vec<_>>(), ["sqlite:///data/x.db"]);
        assert_eq!(variables.commented("B").collect::<Vec<_>>(), ["y"]);
        let Ok(variables) = Variables::read("A=1\nA=2\n") else { panic!() };
        assert_eq!((variables.value("A"), variables.commented("A").next()), (Some("2"), Some("1")));
    }

    #[test]
    fn a_value_or_text_that_looks_like_a_secret_is_one() {
        for (value, is_secret) in [
            ("postgresql://u:p@h/d", true),
            ("postgresql://u:@h/d", false),
            ("postgresql://u@h/d", false),
            ("redis://:x@redis:6379/0", true),
            ("redis://redis:6379/0", false),
            ("Server=h;Database=d;Password=x", true),
            ("host=h dbname=d password=x", true),
            ("jdbc:postgresql://h/d?password=x", true),
            ("Server=h;Database=d", false),
            ("-----BEGIN PRIVATE KEY-----", true),
            ("a -----BEGIN", false),
            ("plain", false),
        ] {
            assert_eq!(is_secret_value(value), is_secret, "{value}");
        }
        for (text, may_hold) in [
            ("curl -H 'X: $API_TOKEN'", true),
            ("login --password=x", true),
            ("see redis://:x@h", true),
            ("see http://h/a", false),
            ("a@b", false),
            ("run the tokens", false),
        ] {
            assert_eq!(may_hold_secret(text), may_hold, "{text}");
        }
    }
}
