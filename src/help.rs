//! Knows an instruction, with the edit that it is in so many words. Must not know of what, nor how a text is edited.

use std::fmt;

/// An instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help {
    /// How it is told.
    text: String,
    cure: Option<Cure>,
}

/// The edit that an instruction is, done at the place that it speaks of. One that leaves a choice is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cure {
    /// Another word stands there.
    Respell(String),
    /// What stands there goes.
    Remove,
}

impl Help {
    /// Asks whether another word was meant.
    #[must_use]
    pub fn respell(word: &str) -> Self {
        Self { text: format!("did you mean `{word}`?"), cure: Some(Cure::Respell(word.to_owned())) }
    }

    /// Tells to take away what stands there.
    #[must_use]
    pub fn remove() -> Self {
        Self { text: "remove it".to_owned(), cure: Some(Cure::Remove) }
    }

    /// With more words behind it, which are no other way out.
    #[must_use]
    pub fn and(mut self, more: &str) -> Self {
        self.text.push_str(more);
        self
    }

    /// How it is told.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The edit, where it is one.
    #[must_use]
    pub fn cure(&self) -> Option<&Cure> {
        self.cure.as_ref()
    }
}

impl From<String> for Help {
    fn from(text: String) -> Self {
        Self { text, cure: None }
    }
}

impl From<&str> for Help {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&String> for Help {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<Help> for String {
    fn from(help: Help) -> Self {
        help.text
    }
}

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
