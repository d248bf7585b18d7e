//! Knows what a secret that moves to `.env` may be called there, and its line. Must not know where it stood.

use crate::dotenv;
use crate::value::{EnvironmentKey, TextValue as _};

/// A secret that stands in the Compose file, and moves to `.env`.
pub struct NewSecret {
    /// Its key.
    pub key: EnvironmentKey,
    /// The line of `.env`, with the value in it.
    pub line: String,
}

impl NewSecret {
    /// A secret with its line; nothing where no line could say it.
    pub(super) fn of(key: EnvironmentKey, value: &str) -> Option<Self> {
        let line = format!("{key}={}\n", dotenv::quote(value).ok()?);
        Some(Self { key, line })
    }
}

/// Whether a value is no more than one lower-case word, such as `shopware`.
pub(super) fn is_one_word(value: &str) -> bool {
    const LONGEST: usize = 16;
    value.len() <= LONGEST && value.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The key of `.env` that a secret may have: none that belongs to somebody else.
pub(super) fn key_of_secret(name: &str) -> Option<EnvironmentKey> {
    let is_owned =
        name.starts_with("COMPOSE_") || name.ends_with("__DB_URL") || ["POSTGRES_USER", "POSTGRES_DB"].contains(&name);
    EnvironmentKey::parse(name).ok().filter(|_| !is_owned)
}
