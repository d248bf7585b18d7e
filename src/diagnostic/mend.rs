//! Knows edits of a profile that do what the help of a fault says. Must not know how a text is edited.

use super::Place;
use crate::field::FieldPath;
use crate::help::{Cure, Help};

/// What mends a fault, as a user would choose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// An instruction.
    pub title: String,
    /// All of them are done.
    pub edits: Vec<Edit>,
}

/// A change of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A text stands in the place of what stands there, written as YAML.
    Replace(Place, String),
    /// A word stands in the place of one that is spelled much like it; of another one nothing happens.
    Respell(Place, String),
    /// The field whose key or value stands there is not there.
    Remove(Place),
    /// A field is there, in the layer that wrote the mapping; its value is written as YAML on one line.
    Add {
        /// The mapping.
        to: FieldPath,
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
}

impl Mend {
    /// What a help means at a place.
    #[must_use]
    pub fn of(help: &Help, place: &Place) -> Option<Self> {
        match help.cure()? {
            Cure::Respell(word) => {
                let edits = vec![Edit::Respell(place.clone(), word.clone())];
                Some(Self { title: format!("write `{word}`"), edits })
            }
            Cure::Remove => Some(Self::remove(place.clone())),
        }
    }

    /// Puts a text where another one stands.
    #[must_use]
    pub fn replace(place: Place, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { title: format!("write `{text}`"), edits: vec![Edit::Replace(place, text)] }
    }

    /// Takes a field away.
    #[must_use]
    pub fn remove(place: Place) -> Self {
        Self { title: "remove it".to_owned(), edits: vec![Edit::Remove(place)] }
    }

    /// Adds a field to a mapping.
    #[must_use]
    pub fn add(to: FieldPath, key: impl Into<String>, value: impl Into<String>) -> Self {
        let (key, value) = (key.into(), value.into());
        let title = if to.steps().is_empty() {
            format!("write `{key}: {value}`")
        } else {
            format!("write `{key}: {value}` in `{to}`")
        };
        Self { title, edits: vec![Edit::Add { to, key, value }] }
    }

    /// With another change beside it, of another mend.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.title = format!("{}, and {}", self.title, other.title);
        self.edits.extend(other.edits);
        self
    }

    /// With other words for the user.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }
}
