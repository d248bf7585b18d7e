//! Knows what `initdb` may be given: locales by their names, and arguments that no field of a profile writes.
//! Must not know which locales a system has.

use std::fmt;

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue};
use crate::help::Help;

/// An argument of `initdb`, which the image gives to a shell: a long option, with a plain value behind `=` or without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitdbArgument(String);

/// What to do instead of giving an option.
#[derive(Debug, Clone, Copy)]
enum Instead {
    /// An instruction: a field says it.
    Field(&'static str),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

impl Instead {
    fn help(self) -> Help {
        match self {
            Self::Field(instruction) => instruction.into(),
            Self::Nothing(reason) => Help::remove().and(&format!(": {reason}")),
        }
    }
}

/// Options that a field writes, or that the image and the deployment rely on, each with what to do instead.
const OWNED: [(&str, Instead); 24] = [
    ("auth", Instead::Field("write `local_auth: password` in the `postgres` section")),
    ("auth-host", Instead::Field("write `local_auth: password` in the `postgres` section")),
    ("auth-local", Instead::Field("write `local_auth: password` in the `postgres` section")),
    ("builtin-locale", Instead::Field("write `locale` with `provider: builtin` instead")),
    ("data-checksums", Instead::Field("write `checksums: true` instead")),
    ("debug", Instead::Nothing("it makes no other volume")),
    ("encoding", Instead::Nothing("every database of a service is in UTF8")),
    ("help", Instead::Nothing("it makes no volume")),
    ("icu-locale", Instead::Field("write `locale` with `provider: icu` instead")),
    ("locale", Instead::Field("write `locale` instead")),
    ("locale-provider", Instead::Field("write `provider` instead")),
    ("no-clean", Instead::Nothing("the next start would find half of a volume")),
    ("no-data-checksums", Instead::Field("write `checksums: false` instead")),
    ("no-instructions", Instead::Nothing("it makes no other volume")),
    ("no-locale", Instead::Field("write `locale: C` instead")),
    ("pgdata", Instead::Nothing("`volume` says where the data is")),
    ("pwfile", Instead::Nothing("the password is the secret POSTGRES_PASSWORD")),
    ("pwprompt", Instead::Nothing("the password is the secret POSTGRES_PASSWORD")),
    ("set", Instead::Field("write `settings` in the `postgres` section")),
    ("show", Instead::Nothing("it makes no volume")),
    ("sync-only", Instead::Nothing("it makes no volume")),
    ("username", Instead::Field("write `user` in the `postgres` section")),
    ("version", Instead::Nothing("it makes no volume")),
    ("waldir", Instead::Nothing("the write-ahead log is in the volume with the data")),
];

/// The grammar as a regular expression; [`InitdbArgument::parse`] follows it, and a test compares the two.
fn pattern() -> String {
    let owned: Vec<_> = OWNED.iter().map(|(option, _)| *option).collect();
    format!("^--(?!({})(=|$))[a-z][a-z-]{{1,40}}(=[A-Za-z0-9_.,:/+-]{{1,200}})?$", owned.join("|"))
}

impl InitdbArgument {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TextValue for InitdbArgument {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let expected = "a long option of `initdb` that no field writes, such as `--wal-segsize=64`";
        let (option, value) = match text.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (text, None),
        };
        let option = option.strip_prefix("--").unwrap_or_default();
        if let Some((_, instead)) = OWNED.iter().find(|(owned, _)| *owned == option) {
            return Err(Mismatch::new(expected, instead.help()));
        }
        let is_option = (2..=41).contains(&option.len())
            && option.starts_with(|c: char| c.is_ascii_lowercase())
            && option.bytes().all(|c| c.is_ascii_lowercase() || c == b'-');
        let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"_.,:/+-".contains(&c);
        let is_value = |value: &str| (1..=200).contains(&value.len()) && value.bytes().all(is_plain);
        if is_option && value.is_none_or(is_value) {
            return Ok(Self(text.to_owned()));
        }
        Err(Mismatch::new(expected, "write one option without quotes in it: `--OPTION` or `--OPTION=VALUE`"))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": pattern(), "examples": ["--wal-segsize=64"] })
    }
}

impl fmt::Display for InitdbArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_plain_and_no_field() {
        let by_pattern = |text: &str| {
            let schema = serde_json::json!({ "type": "string", "pattern": pattern() });
            jsonschema::draft7::is_valid(&schema, &serde_json::json!(text))
        };
        for text in ["--wal-segsize=64", "--allow-group-access", "--lc-collate=C", "--icu-rules=a", "--localex=b"] {
            assert!(InitdbArgument::parse(text).is_ok() && by_pattern(text), "{text}");
        }
        let owned = OWNED.iter().flat_map(|(option, _)| [format!("--{option}"), format!("--{option}=a")]);
        let odd =
            ["", "-k", "--", "--a", "wal", "--wal segsize", "--a-b=$(id)", "--a-b='x'", "--a-b=", "--A-b", "--ab\n"];
        for text in owned.chain(odd.map(str::to_owned)) {
            assert!(InitdbArgument::parse(&text).is_err() && !by_pattern(&text), "{text:?}");
        }
        let instead = InitdbArgument::parse("--locale=C").unwrap_err().help.to_string();
        assert_eq!(instead, "write `locale` instead");
    }
}
