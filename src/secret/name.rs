//! Knows which names of variables say that they hold a secret: one list for all that ask. Must not know any value.

/// What the name of a variable with a secret ends with.
const WORDS: [&str; 7] = ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "KEY"];

/// A word that names a secret only by itself: `DB_PASS`, and not `COMPASS`.
const SHORT: &str = "PASS";

/// Whether a variable holds a secret by its name: `DB_PASSWORD`, and not `PASSWORD_FILE` or `MAX_TOKENS`.
#[must_use]
pub fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_word = |word: &str| WORDS.iter().any(|known| word.ends_with(known));
    is_word(&name) || name.strip_suffix("CREDENTIALS").is_some() || name.rsplit(['_', '-', '.']).next() == Some(SHORT)
}

/// Whether a variable may hold a secret, by a word anywhere in its name: what hides secrets asks this, for which it is
/// better to hide too much.
#[must_use]
pub fn may_name_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    WORDS.iter().any(|word| upper.contains(word)) || upper.split(['_', '-', '.']).any(|word| word == SHORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_secrets_by_its_end_and_perhaps_by_a_word_in_it() {
        for name in [
            "DB_PASSWORD",
            "DB_PASSWD",
            "DB_PASS",
            "PASS",
            "MAIL_PASSPHRASE",
            "SESSION_SECRET",
            "API_TOKEN",
            "API_KEY",
            "MAIL_CREDENTIAL",
            "MAIL_CREDENTIALS",
            "dbPassword",
            "db-pass",
            "password",
        ] {
            assert!(names_secret(name) && may_name_secret(name), "{name}");
        }
        for name in ["PASSWORD_FILE", "MAX_TOKENS", "KEYS", "KEYCLOAK_URL", "SECRET_NAME", "DB_PASS_OLD", "PASSWD2"] {
            assert!(!names_secret(name) && may_name_secret(name), "{name}");
        }
        for name in ["COMPASS", "PASSAGE", "BYPASS", "USER", ""] {
            assert!(!names_secret(name) && !may_name_secret(name), "{name}");
        }
    }
}
