//! Knows why a question has no answer. Must not know what was asked.

use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Silence {
    /// There is no such program.
    NotInstalled,
    /// It did not end in time.
    Hung(Duration),
    /// It said more than this many bytes.
    Endless(usize),
    /// It failed, and said this.
    Failed(String),
}

impl Silence {
    pub(super) fn text(&self) -> String {
        match self {
            Self::NotInstalled => "the program is not installed".to_owned(),
            Self::Hung(patience) => format!("no answer within {} seconds", patience.as_secs()),
            Self::Endless(most) => format!("an answer of more than {most} bytes"),
            Self::Failed(text) => text.clone(),
        }
    }

    /// Whether it was ended by us.
    pub(super) fn is_cut_off(&self) -> bool {
        matches!(self, Self::Hung(_) | Self::Endless(_))
    }
}
