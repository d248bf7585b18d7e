//! Knows how a rule for texts is written once and used twice: by the parser and by the JSON Schema.
//! Must not know any particular rule.

use schemars::{Schema, json_schema};

use crate::help::Help;

/// What every type has that keeps its text as it was written.
macro_rules! shown {
    ($($name:ident)+) => {$(
        impl $name {
            /// The text as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

pub(super) use shown;

/// Why a text is not a value of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What was expected, after the word 'expected'.
    pub expected: String,
    /// An instruction.
    pub help: Help,
}

impl Mismatch {
    /// A mismatch with the two halves of its message.
    #[must_use]
    pub fn new(expected: impl Into<String>, help: impl Into<Help>) -> Self {
        Self { expected: expected.into(), help: help.into() }
    }
}

/// A value that a profile writes as one text.
pub trait TextValue: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// What was expected instead, and what to do.
    fn parse(text: &str) -> Result<Self, Mismatch>;

    /// The same rule for editors.
    fn schema() -> Schema;

    /// Whether, as the key of a mapping, one that begins with `x-` is the user's own and means nothing.
    #[must_use]
    fn may_be_extension() -> bool {
        true
    }
}

/// A rule for names: one character of a first set, then any of a second, up to a length.
///
/// A set is written as in a regular expression between `[` and `]`: `a-z` is a range, `-` stands last.
#[derive(Debug, Clone, Copy)]
pub struct Grammar {
    /// The characters that may stand first.
    pub first: &'static str,
    /// The characters that may follow.
    pub rest: &'static str,
    /// The number of characters, which are all ASCII, at the least.
    pub shortest: usize,
    /// The same at the most.
    pub longest: usize,
    /// The rule in words, after the word 'expected'.
    pub words: &'static str,
    /// An example.
    pub example: &'static str,
}

impl Grammar {
    /// Whether the text follows the rule.
    #[must_use]
    pub fn accepts(&self, text: &str) -> bool {
        let mut characters = text.chars();
        characters.next().is_some_and(|first| set_has(self.first, first))
            && characters.all(|character| set_has(self.rest, character))
            && (self.shortest..=self.longest).contains(&text.len())
    }

    /// The rule as a regular expression.
    #[must_use]
    pub fn pattern(&self) -> String {
        format!("^[{}][{}]{{{},{}}}$", self.first, self.rest, self.shortest - 1, self.longest - 1)
    }

    /// What is told when a text does not follow it.
    #[must_use]
    pub fn mismatch(&self) -> Mismatch {
        let Self { words, longest, example, .. } = self;
        Mismatch::new(format!("{words}, at most {longest} characters"), format!("write a name such as `{example}`"))
    }

    /// The rule for editors.
    #[must_use]
    pub fn schema(&self) -> Schema {
        json_schema!({ "type": "string", "pattern": self.pattern(), "examples": [self.example] })
    }
}

fn set_has(set: &str, character: char) -> bool {
    let mut members = set.chars().peekable();
    while let Some(low) = members.next() {
        let mut behind = members.clone();
        let range = match (behind.next(), behind.next()) {
            (Some('-'), Some(high)) => Some(high),
            _ => None,
        };
        match range {
            Some(high) => {
                if (low..=high).contains(&character) {
                    return true;
                }
                members = behind;
            }
            None if low == character => return true,
            None => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Grammar =
        Grammar { first: "a-z_", rest: "a-z0-9_-", shortest: 1, longest: 5, words: "a name", example: "ab" };

    #[test]
    fn a_grammar_accepts_what_its_pattern_says() {
        assert_eq!(NAME.pattern(), "^[a-z_][a-z0-9_-]{0,4}$");
        for accepted in ["a", "_", "a-b_9", "zz"] {
            assert!(NAME.accepts(accepted), "{accepted}");
        }
        for refused in ["", "-", "9", "A", "abcdef", "a b", "é", "a\n"] {
            assert!(!NAME.accepts(refused), "{refused}");
        }
    }
}
