//! Knows what an option may be: a number, a word, any text. Must not know a driver.

use Takes::{AnyCase, Flag, Integer, Number, Text, Words};

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A whole number, at least so much.
    Integer(i64),
    /// A number, also one with a fraction, not below nothing.
    Number,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Words(&'static [&'static str]),
    /// One of these words, in capitals or in small letters.
    AnyCase(&'static [&'static str]),
    /// Any text.
    Text,
}

/// An option by its name, with what it takes.
pub type Known = (&'static str, Takes);

pub(super) const ZERO_ONE: Takes = Words(&["0", "1"]);
pub(super) const SWITCH: Takes = Words(&["true", "false", "on", "off", "yes", "no", "1", "0"]);

impl Takes {
    /// Whether it takes this text.
    #[must_use]
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Integer(least) => text.parse::<i64>().is_ok_and(|number| number >= least && !text.starts_with('+')),
            Number => text.parse::<f64>().is_ok_and(|number| number >= 0.0 && number.is_finite()),
            Flag => matches!(text, "true" | "false"),
            Words(words) => words.contains(&text),
            AnyCase(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            Text => true,
        }
    }

    /// What it takes, behind the word 'expected'.
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Integer(i64::MIN) => "a whole number".to_owned(),
            Integer(least) => format!("a whole number from {least} on"),
            Number => "a number".to_owned(),
            Flag => "`true` or `false`".to_owned(),
            Words(words) | AnyCase(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Text => "a text".to_owned(),
        }
    }
}
