//! Knows what a secret is, where its value comes from, and how it goes into `.env`. Outside of this module nobody can
//! see a value: [`Secret`] has no `Display`, can't be serialized, and its text is private to this module.
//! Must not know the disk, nor what else a run tells.

mod choose;
mod compare;
mod conceal;
mod find;
mod looks;
mod name;
mod view;
mod weak;
mod writable;

use std::fmt;

pub use choose::{ChosenSecret, NoRandomness, NotUnicode, Outside, SecretFaults, SecretOrigin, Secrets, choose};
pub use compare::{edited, passwords_in_urls};
pub use conceal::{Concealer, MOST_HIDDEN, conceal};
pub use find::{Finder, beginning};
pub use looks::{looks_made_up, looks_secret};
pub use name::{WORDS, may_name_secret, names_login, names_secret};
pub use view::{Line, SecretLines, Values, secret_lines};
pub use weak::weakness;
pub use writable::KeptIn;

/// How many characters a made-up secret has; with 62 to choose from, 190 bits.
const GENERATED_LENGTH: usize = 32;

/// The characters of a made-up secret: no reader of any file treats one of them specially.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A value that nobody may see; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value; empty counts as missing.
    #[must_use]
    pub fn new(value: String) -> Option<Self> {
        (!value.is_empty()).then_some(Self(value))
    }

    /// The value itself. Private: only this module and those below it can call it.
    fn expose(&self) -> &str {
        &self.0
    }

    /// Makes one up of random bytes.
    fn generate(random: &mut dyn FnMut(&mut [u8]) -> Result<(), NoRandomness>) -> Result<Self, NoRandomness> {
        let mut value = String::with_capacity(GENERATED_LENGTH);
        while value.len() < GENERATED_LENGTH {
            let mut bytes = [0; 2 * GENERATED_LENGTH];
            random(&mut bytes)?;
            // a byte beyond the last multiple of 62 would make the first letters likelier
            let fair = bytes.iter().filter(|byte| **byte < 248).map(|byte| usize::from(*byte) % ALPHABET.len());
            let letters = fair.filter_map(|index| ALPHABET.get(index)).map(|letter| char::from(*letter));
            value.extend(letters.take(GENERATED_LENGTH - value.len()));
        }
        Ok(Self(value))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_value() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "Some(Secret(…))");
        assert!(Secret::new(String::new()).is_none(), "no value is no secret");
    }

    /// A secret of bytes that are all the same, after bytes that can't be used fairly.
    fn made_of(byte: u8) -> String {
        let mut next = 255;
        let secret = Secret::generate(&mut |bytes| {
            bytes.fill(next);
            next = byte;
            Ok(())
        });
        secret.unwrap().expose().to_owned()
    }

    #[test]
    fn every_letter_is_made_of_as_many_bytes() {
        let mut counts = std::collections::BTreeMap::new();
        for byte in 0..248 {
            let secret = made_of(byte);
            assert_eq!(secret.len(), GENERATED_LENGTH);
            *counts.entry(secret).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), ALPHABET.len());
        assert!(counts.values().all(|count| *count == 4), "{counts:?}");
    }

    #[test]
    fn bytes_that_are_not_fair_are_asked_for_again() {
        let mut asked = 0;
        let secret = Secret::generate(&mut |bytes| {
            asked += 1;
            // one letter less than a secret has, then as many again: 248 is the first byte that is not fair
            bytes.fill(248);
            bytes.iter_mut().take(GENERATED_LENGTH - 1).for_each(|byte| *byte = 0);
            Ok(())
        });
        assert_eq!((secret.unwrap().expose(), asked), ("A".repeat(GENERATED_LENGTH).as_str(), 2));
        assert!(Secret::generate(&mut |_| Err(NoRandomness)).is_err());
    }
}
