//! Knows which names of variables say that they hold a secret: one list for all that ask. Must not know any value.

/// What a word of a name with a secret ends with, in small letters: `PASSWORD` and `DBPASSWORD`.
pub const WORDS: [&str; 7] = ["password", "passwd", "passphrase", "secret", "token", "credential", "key"];

/// Words that name a secret only as a whole: `DB_PASS`, and not `COMPASS`.
const WHOLE: [&str; 6] = ["pass", "pwd", "pw", "auth", "salt", "pepper"];

/// Of these one word is no name of a secret: `PWD` is the folder of the shell.
const NEVER_ALONE: [&str; 2] = ["pwd", "auth"];

/// What stands behind the word that names the secret, and only tells several apart.
const QUALIFIERS: [&str; 5] = ["base", "old", "new", "previous", "current"];

/// What makes a number or a public thing of the word behind it.
const HARMLESS: [&str; 5] = ["max", "min", "num", "total", "public"];

/// Whether a variable holds a secret by its name: `DB_PASSWORD` and `API_TOKENS_2`, and not `PASSWORD_FILE` or
/// `MAX_TOKENS`.
#[must_use]
pub fn names_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let mut words: Vec<&str> = words_of(&lower).collect();
    while words.len() > 1 && words.last().is_some_and(|last| is_qualifier(last)) {
        words.pop();
    }
    match words.as_slice() {
        [] => false,
        [only] => is_word(only) && !NEVER_ALONE.contains(only),
        [.., before, last] => {
            let singular = last.strip_suffix('s').unwrap_or(last);
            let is_cut = WORDS.contains(&format!("{before}{singular}").as_str());
            !HARMLESS.contains(before) && (is_word(last) || is_word(singular) || is_cut)
        }
    }
}

/// Whether a variable holds a secret, or what somebody may log in with, by its name: what would be written where others read it
/// asks this. `SENTRY_DSN`, `GITHUB_PAT` and `ALERT_WEBHOOK_URL`, and not `JWT_ALGORITHM`.
#[must_use]
pub fn names_login(name: &str) -> bool {
    const LOGINS: [&str; 5] = ["dsn", "jwt", "pat", "webhook", "kubeconfig"];
    let lower = name.to_ascii_lowercase();
    let is_beside = |word: &&str| is_qualifier(word) || matches!(*word, "url" | "uri");
    let last = words_of(&lower).filter(|word| !is_beside(word)).last().unwrap_or_default();
    names_secret(name) || LOGINS.contains(&last.strip_suffix('s').unwrap_or(last))
}

/// Whether a variable may hold a secret, by a word anywhere in its name: what hides secrets asks this, for which it is
/// better to hide too much.
#[must_use]
pub fn may_name_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    // services are called so too
    let is_whole = |word: &str| word != "auth" && WHOLE.contains(&word);
    WORDS.iter().any(|end| lower.contains(end)) || words_of(&lower).any(is_whole) || names_secret(name)
}

fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

fn is_word(word: &str) -> bool {
    WORDS.iter().any(|end| word.ends_with(end)) || WHOLE.contains(&word)
}

/// `2`, `V2`, `OLD`.
fn is_qualifier(word: &str) -> bool {
    let number = word.strip_prefix('v').unwrap_or(word);
    QUALIFIERS.contains(&word) || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_secrets_by_its_end_and_perhaps_by_a_word_in_it() {
        for name in [
            "DB_PASSWORD",
            "DBPASSWORD",
            "dbPassword",
            "password",
            "DB_PASSWD",
            "DB_PASS",
            "db-pass",
            "PASS",
            "CACHE_PWD",
            "DB_PW",
            "MAIL_PASSPHRASE",
            "PASS_PHRASE",
            "DB_PASS_WORDS",
            "SESSION_SECRET",
            "SECRET_KEY_BASE",
            "API_TOKEN",
            "API_TOKENS",
            "API_KEY",
            "ApiKey",
            "MAIL_CREDENTIAL",
            "MAIL_CREDENTIALS",
            "REGISTRY_AUTH",
            "PASSWORD_SALT",
            "SALT",
            "PEPPER",
            "PROBE_PASSWORD_2",
            "PROBE_PASSWORD_V2",
            "DB_PASS_OLD",
            "API_KEY_NEW",
            "API_KEY_PREVIOUS",
            "API_KEY_CURRENT",
            "spring.datasource.password",
        ] {
            assert!(names_secret(name), "{name}");
            assert!(may_name_secret(name), "{name}");
        }
        for name in [
            "PASSWORD_FILE",
            "MAX_TOKENS",
            "MIN_TOKENS",
            "NUM_TOKENS",
            "TOTAL_TOKENS",
            "JWT_PUBLIC_KEY",
            "KEYS",
            "KEYCLOAK_URL",
            "SECRET_NAME",
            "PASSWD2",
            "PWD",
            "PASS_THROUGH",
        ] {
            assert!(!names_secret(name), "{name}");
            assert!(may_name_secret(name), "{name}");
        }
        for name in ["COMPASS", "PASSAGE", "BYPASS", "AUTHOR", "AUTH", "AUTH_SERVICE_URL", "USER", "OLD", "V2", "_", ""]
        {
            assert!(!names_secret(name), "{name}");
            assert!(!may_name_secret(name), "{name}");
        }
    }

    #[test]
    fn what_logs_in_is_named_too() {
        for name in ["API_TOKEN", "SENTRY_DSN", "DSN", "USER_JWT", "GITHUB_PAT", "ALERT_WEBHOOK_URL", "HOOK_WEBHOOKS_2"]
        {
            assert!(names_login(name), "{name}");
        }
        for name in ["JWT_ALGORITHM", "DATABASE_URL", "SECURE_COOKIE", "PATH", "HOME", "LOG_LEVEL", "URL", ""] {
            assert!(!names_login(name), "{name}");
        }
    }
}
