//! Knows which secrets anybody would guess. Must not know where one came from.

use super::Secret;

/// Shorter ones can be tried out.
const SHORTEST: usize = 16;

/// Values that stand in documents and examples.
const KNOWN: [&str; 8] =
    ["password", "codelab_password", "sk-1234", "secret", "postgres", "admin", "changeit", "example"];

/// What placeholders begin with.
const PLACEHOLDERS: [&str; 5] = ["change-me", "change_me", "changeme", "replace-me", "your-"];

/// Why a secret is weak; nothing for one that is not.
#[must_use]
pub fn weakness(secret: &Secret) -> Option<&'static str> {
    let value = secret.expose().to_lowercase();
    if KNOWN.contains(&value.as_str()) {
        return Some("is a value from documents");
    }
    let is_marked = value.starts_with('<') && value.ends_with('>');
    if is_marked || PLACEHOLDERS.iter().any(|placeholder| value.starts_with(placeholder)) {
        return Some("is a placeholder");
    }
    (value.chars().count() < SHORTEST).then_some("has fewer than 16 characters")
}

impl Secret {
    /// Whether it is a word that stands in documents and examples, where it tells nothing.
    #[must_use]
    pub fn is_word_of_documents(&self) -> bool {
        weakness(self).is_some_and(|why| !why.starts_with("has fewer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_would_guess_is_weak() {
        let document = Some("is a value from documents");
        let placeholder = Some("is a placeholder");
        let short = Some("has fewer than 16 characters");
        for (value, why) in [
            ("password", document),
            ("codelab_password", document),
            ("sk-1234", document),
            ("secret", document),
            ("postgres", document),
            ("admin", document),
            ("changeit", document),
            ("example", document),
            ("EXAMPLE", document),
            ("change-me-in-production-please", placeholder),
            ("change_me_in_production_please", placeholder),
            ("ChangeMeInProductionPlease", placeholder),
            ("replace-me-in-production", placeholder),
            ("your-own-long-password", placeholder),
            ("<your key goes here>", placeholder),
            ("<only a start of it", None),
            ("only an end of it>", None),
            ("not-your-own-password", None),
            ("0123456789abcde", short),
            ("0123456789abcdef", None),
            ("пятнадцать_букв", short),
            ("шестнадцать_букв", None),
        ] {
            assert_eq!(weakness(&Secret(value.to_owned())), why, "{value}");
        }
    }
}
