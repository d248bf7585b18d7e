//! Knows how secrets are hidden in a text, in time that grows with the text and the secrets, and not with their product.
//! Must not know whose text it is.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Secret;
use crate::url::percent_encode;

/// What stands in the place of a secret.
const CONCEALED: &str = "[secret]";

/// How many characters a secret has at least to be recognized in a text.
const SHORTEST_CONCEALED: usize = 6;

/// So many bytes of secrets are looked for at the most: what finds them takes some hundred times as much memory.
pub const MOST_HIDDEN: usize = 2 * 1024 * 1024;

/// Longer secrets are hidden piece by piece, of so many characters: what finds one takes time that grows with the square of
/// its length.
const PIECE: usize = 128;

/// Finds secrets in texts, as they are and as a URL has them; nothing where they are too many.
pub struct Concealer(Option<AhoCorasick>);

impl Concealer {
    /// One that knows these secrets.
    #[must_use]
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        let values = secrets.into_iter().map(Secret::expose);
        // shorter ones occur by chance, and hiding them would tell where
        let values = values.filter(|value| value.chars().count() >= SHORTEST_CONCEALED);
        let values: Vec<_> = values.collect();
        if values.iter().map(|value| value.len()).sum::<usize>() > MOST_HIDDEN {
            return Self(None);
        }
        let in_url = |value: &str| Some(percent_encode(value)).filter(|encoded| encoded != value);
        // words of libpq, and of .NET
        let in_words = |value: &str| Some(value.replace('\\', r"\\").replace('\'', r"\'")).filter(|it| it != value);
        let in_pairs = |value: &str| Some(value.replace('"', "\"\"")).filter(|it| it != value);
        let forms = |value: &str| [Some(value.to_owned()), in_url(value), in_words(value), in_pairs(value)];
        let forms = values.into_iter().flat_map(forms).flatten();
        let forms: HashSet<_> = forms.flat_map(pieces).collect();
        // of secrets that begin alike the longest: what is left of it behind a shorter one would show
        Self(AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(forms).ok())
    }

    /// The text with every occurrence of a secret replaced; all of it where they are too many to be found.
    #[must_use]
    pub fn conceal(&self, text: &str) -> String {
        let Some(found) = &self.0 else { return CONCEALED.to_owned() };
        let mut concealed = String::with_capacity(text.len());
        found.replace_all_with(text, &mut concealed, |_, _, concealed| {
            concealed.push_str(CONCEALED);
            true
        });
        concealed
    }
}

/// A secret in pieces that are long enough to be recognized.
fn pieces(secret: String) -> Vec<String> {
    let characters: Vec<char> = secret.chars().collect();
    if characters.len() <= PIECE {
        return vec![secret];
    }
    let mut pieces: Vec<String> = characters.chunks(PIECE).map(|piece| piece.iter().collect()).collect();
    if let Some(last) = pieces.pop_if(|last| last.chars().count() < SHORTEST_CONCEALED)
        && let Some(before) = pieces.last_mut()
    {
        before.push_str(&last);
    }
    pieces
}

/// The text with every occurrence of a secret replaced, as it is or as a URL has it.
#[must_use]
pub fn conceal<'s>(text: &str, secrets: impl IntoIterator<Item = &'s Secret>) -> String {
    Concealer::new(secrets).conceal(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(value: &str) -> Secret {
        Secret::new(value.to_owned()).unwrap()
    }

    #[test]
    fn a_secret_of_six_characters_or_more_is_concealed_as_it_is_and_as_a_url_has_it() {
        for (value, text, concealed) in [
            ("12345", "a 12345 b", "a 12345 b"),
            ("123456", "a 123456 b 123456", "a [secret] b [secret]"),
            ("1234567", "a1234567b", "a[secret]b"),
            ("p@ss word", "p@ss word, p%40ss%20word", "[secret], [secret]"),
            ("пароль", "пароль", "[secret]"),
            ("парол", "парол", "парол"),
        ] {
            assert_eq!(conceal(text, [&secret(value)]), concealed);
        }
        assert_eq!(
            conceal("first1 second2", [&secret("first1"), &secret("no"), &secret("second2")]),
            "[secret] [secret]"
        );
    }

    #[test]
    fn of_too_many_secrets_to_be_found_nothing_is_shown() {
        let long = secret(&"x".repeat(MOST_HIDDEN));
        assert_eq!(conceal("a b", [&long]), "a b");
        assert_eq!(conceal("a b", [&long, &secret("123456")]), "[secret]");
    }

    #[test]
    fn a_long_secret_is_concealed_whole_and_at_once() {
        for length in [PIECE - 1, PIECE, PIECE + 1, PIECE + SHORTEST_CONCEALED, 1_000_000] {
            let long = "x".repeat(length - 2) + "yz";
            let concealed = conceal(&format!("a {long} b"), [&secret(&long)]);
            assert!(!concealed.contains(['x', 'y', 'z']), "{length}: {concealed:.200}");
            assert_eq!(concealed.replace("[secret]", ""), "a  b", "{length}");
        }
    }

    #[test]
    fn of_secrets_that_begin_alike_nothing_is_left_in_any_order() {
        let (short, long) = (secret("secret1"), secret("secret12345"));
        for secrets in [[&short, &long], [&long, &short]] {
            assert_eq!(conceal("secret12345 secret1 secret12", secrets), "[secret] [secret] [secret]2");
        }
        assert_eq!(conceal("a secret, twice", [&secret("secret"), &secret("twice!")]), "a [secret], twice");
    }
}
