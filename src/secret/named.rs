//! Knows by which words the name of a variable says that it holds a secret. Must not know what is done about it.

/// Small letters; a name has one of them anywhere.
pub const NAMES_OF_SECRETS: [&str; 7] = ["password", "passwd", "passphrase", "secret", "token", "key", "credential"];

/// Whether a variable holds a secret by its name.
#[must_use]
pub fn is_named_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES_OF_SECRETS.iter().any(|known| name.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_makes_a_name_that_of_a_secret() {
        for name in [
            "POSTGRES_PASSWORD",
            "MAIL_PASSWD",
            "SIGNING_PASSPHRASE",
            "ClientSecret",
            "token",
            "LLM_KEY",
            "AWS_CREDENTIALS",
        ] {
            assert!(is_named_secret(name), "{name}");
        }
        for name in ["PATH", "POSTGRES_USER", "PASS_THROUGH", "LOG_LEVEL", ""] {
            assert!(!is_named_secret(name), "{name}");
        }
    }
}
