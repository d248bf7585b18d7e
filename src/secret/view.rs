//! Knows how secrets go into `.env`: the one place where a value leaves this module, as a text for one template.
//! Must not know quoting, which every value of that file gets.

use std::io;

use indexmap::IndexMap;
use minijinja::Value;
use serde::Serialize;

use super::{Secret, Secrets};
use crate::deployment::{DotenvKey, DotenvKeys, Holds};
use crate::dotenv::{self, Unwritable};
use crate::url::percent_encode;
use crate::value::EnvironmentKey;

/// A key of `.env` with the text of its value.
#[derive(Serialize)]
pub struct Line {
    key: String,
    value: Value,
}

impl Line {
    /// A key with its value.
    #[must_use]
    pub fn new(key: &str, value: Value) -> Self {
        Self { key: key.to_owned(), value }
    }
}

/// The lines of `.env` by section, values included.
#[derive(Serialize)]
pub struct SecretLines {
    server: Vec<Line>,
    urls: Vec<Line>,
    secrets: Vec<Line>,
    kept: Vec<Line>,
}

impl SecretLines {
    /// Whether there is nothing to hold.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.server.is_empty() && self.urls.is_empty() && self.secrets.is_empty() && self.kept.is_empty()
    }
}

/// All lines of the block.
#[must_use]
pub fn secret_lines(keys: &DotenvKeys<'_>, secrets: &Secrets, kept: &IndexMap<EnvironmentKey, Secret>) -> SecretLines {
    let lines = |keys: &[DotenvKey<'_>]| keys.iter().map(|key| line(key, secrets)).collect::<Vec<_>>();
    SecretLines {
        server: lines(&keys.server),
        urls: lines(&keys.urls),
        secrets: lines(&keys.secrets),
        kept: kept.iter().map(|(key, secret)| Line::new(key.as_str(), Value::from(secret.expose()))).collect(),
    }
}

fn line(key: &DotenvKey<'_>, secrets: &Secrets) -> Line {
    let value = |name: &EnvironmentKey| secrets.get(name).map(|chosen| chosen.secret.expose()).unwrap_or_default();
    let value = match key.holds {
        Holds::Text(text) => Value::from(text),
        Holds::Secret(name) => Value::from(value(name)),
        Holds::Url(url) => {
            let password = url.password().map(|name| percent_encode(value(name))).unwrap_or_default();
            Value::from(url.text(&password))
        }
    };
    Line::new(&key.name, value)
}

/// Whether a value has a form in `.env`. The postgres image takes only the first line of its password.
pub(super) fn check_writable(name: &EnvironmentKey, secret: &Secret) -> Result<(), Unwritable> {
    let value = secret.expose();
    if *name == EnvironmentKey::postgres_password() && value.contains('\n') {
        return Err(Unwritable { what: "it holds a line end, of which the postgres image keeps the first line only" });
    }
    dotenv::quote(value).map(drop)
}

impl Secret {
    /// Writes the value to its own file, without a line end: the image would strip one, other readers would not.
    ///
    /// # Errors
    /// Where the file can't be written.
    pub fn write_to(&self, file: &mut impl io::Write) -> io::Result<()> {
        file.write_all(self.expose().as_bytes())
    }

    /// Whether a file's text is the value.
    #[must_use]
    pub fn is_text(&self, text: &str) -> bool {
        self.expose() == text
    }
}
