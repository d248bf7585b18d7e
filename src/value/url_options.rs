//! Knows which options may stand behind the `?` of a connection URL. Must not know what a driver makes of them.

use std::fmt;

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue};

/// `NAME=VALUE&NAME=VALUE`, encoded as in a URL. Only characters that every reader of `.env` and Compose's
/// `${NAME:-default}` leave alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlOptions(String);

const PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9_.%+,:/@*=&-]{0,499}$";

impl UrlOptions {
    /// Each option, as written.
    pub fn each(&self) -> impl Iterator<Item = &str> {
        self.0.split('&')
    }

    /// The names of the options, as written.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split('&').map(name_of)
    }
}

fn name_of(option: &str) -> &str {
    option.split_once('=').map_or(option, |(name, _)| name)
}

impl TextValue for UrlOptions {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        const LONGEST: usize = 500;
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.%+,:/@*=&-".contains(c);
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && text.len() <= LONGEST && text.chars().all(is_allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(Mismatch::new(
            "options of a URL, without the `?` before them",
            "write a text such as `connect_timeout=10&application_name=shop`; encode other characters as `%20`",
        ))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": PATTERN, "examples": ["connect_timeout=10"] })
    }
}

impl fmt::Display for UrlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_as_written_or_not_at_all() {
        let options = UrlOptions::parse("sslmode=disable&schema=public&flag").unwrap();
        assert_eq!(options.to_string(), "sslmode=disable&schema=public&flag");
        assert_eq!(options.names().collect::<Vec<_>>(), ["sslmode", "schema", "flag"]);
        assert_eq!(options.each().collect::<Vec<_>>(), ["sslmode=disable", "schema=public", "flag"]);
        for text in ["", "?a=b", "&a=b", "a=b c", "a=$X", "a={x}", "a='b'", "a=b#c", "a=~/x", &"a".repeat(501)] {
            assert!(UrlOptions::parse(text).is_err(), "{text}");
        }
        assert!(UrlOptions::parse(&"a".repeat(500)).is_ok());
    }
}
