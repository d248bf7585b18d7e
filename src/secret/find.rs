//! Knows how one tells which secrets stand in a text, in time that grows with the text and the secrets, and not with their
//! product. Must not know whose text it is, nor show a value.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Secret;
use crate::url::percent_encode;

/// How many characters a secret has at least to be found: shorter ones stand in texts by chance.
const SHORTEST_FOUND: usize = 12;

/// Of longer secrets so many characters are looked for.
const LONGEST_FOUND: usize = 128;

/// What of a secret is looked for: what finds a long one takes time that grows with the square of its length, and who reads
/// so much of it knows it.
#[must_use]
pub fn beginning(secret: &str) -> &str {
    secret.char_indices().nth(LONGEST_FOUND).and_then(|(end, _)| secret.get(..end)).unwrap_or(secret)
}

/// Finds secrets in texts: as they are, as URLs have them, and as JSON does.
pub struct Finder<'n> {
    forms: Option<AhoCorasick>,
    /// The name of the secret of each form.
    names: Vec<&'n str>,
}

impl<'n> Finder<'n> {
    /// One that knows these secrets by their names; neither short ones nor those that stand in documents.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = (&'n str, &'n Secret)>) -> Self {
        let (mut forms, mut names) = (Vec::new(), Vec::new());
        for (name, secret) in secrets {
            let is_short = secret.expose().chars().count() < SHORTEST_FOUND;
            if is_short || secret.is_word_of_documents() {
                continue;
            }
            for form in forms_of(beginning(secret.expose())) {
                forms.push(form);
                names.push(name);
            }
        }
        Self { forms: AhoCorasick::builder().match_kind(MatchKind::Standard).build(forms).ok(), names }
    }

    /// The names of the secrets that stand in the text.
    #[must_use]
    pub fn found_in(&self, text: &str) -> BTreeSet<&'n str> {
        let found = self.forms.iter().flat_map(|forms| forms.find_overlapping_iter(text));
        found.filter_map(|found| self.names.get(found.pattern().as_usize()).copied()).collect()
    }
}

/// How programs write a value that they show.
fn forms_of(value: &str) -> BTreeSet<String> {
    let encoded = percent_encode(value);
    // SQLAlchemy and others leave `~`, and may write hexadecimal letters small or a blank as `+`
    let small = encoded.split('%').enumerate().map(|(place, part)| match part.split_at_checked(2) {
        Some((digits, rest)) if place > 0 => format!("%{}{rest}", digits.to_ascii_lowercase()),
        Some(_) | None => part.to_owned(),
    });
    let quoted = serde_json::to_string(value).unwrap_or_default();
    let quoted = quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
    let forms = [
        value.to_owned(),
        small.collect(),
        encoded.replace("%7E", "~"),
        encoded.replace("%20", "+"),
        // what a browser encodes
        encoded.replace("%21", "!").replace("%2A", "*").replace("%27", "'").replace("%28", "(").replace("%29", ")"),
        encoded,
        quoted,
        // words of libpq, and of .NET
        value.replace('\\', r"\\").replace('\'', r"\'"),
        value.replace('"', "\"\""),
    ];
    forms.into_iter().filter(|form| !form.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(secrets: &[(&str, &str)], text: &str) -> Vec<String> {
        let secrets: Vec<_> =
            secrets.iter().map(|(name, value)| (*name, Secret::new((*value).to_owned()).unwrap())).collect();
        let finder = Finder::new(secrets.iter().map(|(name, secret)| (*name, secret)));
        finder.found_in(text).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_secret_is_found_in_each_form_that_programs_write() {
        let secret = [("A", "it's ~a\\\"P@ss/w")];
        for text in [
            "value it's ~a\\\"P@ss/w!",
            "postgresql://u:it%27s%20%7Ea%5C%22P%40ss%2Fw@h/d",
            "postgresql://u:it%27s%20%7ea%5c%22P%40ss%2fw@h/d",
            "postgresql://u:it%27s%20~a%5C%22P%40ss%2Fw@h/d",
            "postgresql://u:it%27s+%7Ea%5C%22P%40ss%2Fw@h/d",
            "postgresql://u:it's%20%7Ea%5C%22P%40ss%2Fw@h/d",
            r#"{"password": "it's ~a\\\"P@ss/w"}"#,
        ] {
            assert_eq!(found(&secret, text), ["A"], "{text}");
        }
        assert_eq!(found(&secret, "it's ~a\\\"P@ss"), [""; 0]);
    }

    #[test]
    fn a_long_secret_is_found_by_its_beginning_at_once() {
        let long = "long ".repeat(200_000);
        assert_eq!(found(&[("A", &long), ("B", "twelve chars")], &format!("twelve chars {long}")), ["A", "B"]);
        let (before, whole) = long.split_at(LONGEST_FOUND).0.split_at(LONGEST_FOUND - 1);
        assert_eq!(found(&[("A", &long)], before), [""; 0]);
        assert_eq!(found(&[("A", &long)], &format!("{before}{whole}")), ["A"]);
    }

    #[test]
    fn what_stands_in_texts_by_chance_is_not_looked_for() {
        assert_eq!(found(&[("A", "elevenchars")], "elevenchars"), [""; 0]);
        assert_eq!(found(&[("A", "twelve chars")], "twelve chars"), ["A"]);
        assert_eq!(found(&[("A", "codelab_password")], "codelab_password"), [""; 0]);
        assert_eq!(found(&[("A", "change-me-in-production")], "change-me-in-production"), [""; 0]);
        assert_eq!(found(&[], "anything"), [""; 0]);
    }

    #[test]
    fn of_secrets_within_each_other_each_is_found() {
        let secrets = [
            ("LONG", "0123456789abcdef"),
            ("SHORT", "456789abcdef"),
            ("SAME", "456789abcdef"),
            ("NO", "fedcba9876543210"),
        ];
        assert_eq!(found(&secrets, "x0123456789abcdefx"), ["LONG", "SAME", "SHORT"]);
    }
}
