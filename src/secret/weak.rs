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
        return Some("is a value that stands in documents");
    }
    let is_marked = value.starts_with('<') && value.ends_with('>');
    if is_marked || PLACEHOLDERS.iter().any(|placeholder| value.starts_with(placeholder)) {
        return Some("is a placeholder");
    }
    (value.chars().count() < SHORTEST).then_some("has fewer than 16 characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_would_guess_is_weak() {
        for value in [
            "password",
            "codelab_password",
            "Change-Me-In-Production-Please",
            "sk-1234",
            "<your key goes here>",
            "short",
        ] {
            assert!(weakness(&Secret(value.to_owned())).is_some(), "{value}");
        }
        for value in ["correct horse battery staple", "0123456789abcdef", "пароль из букв кириллицы"]
        {
            assert_eq!(weakness(&Secret(value.to_owned())), None, "{value}");
        }
    }
}
