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

/// What stands in the place of a secret.
const CONCEALED: &str = "[secret]";

/// How many characters a secret has at least to be recognized in a text.
const SHORTEST_CONCEALED: usize = 6;

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

/// The values of the block, or none of them: a comparison needs no secret.
#[derive(Clone, Copy)]
pub enum Values<'v> {
    /// All of them.
    Chosen {
        /// The values of all secrets that the deployment uses.
        secrets: &'v Secrets,
        /// Those of an existing `.env` that it does not use, kept for the profile that does.
        kept: &'v IndexMap<EnvironmentKey, Secret>,
    },
    /// Every secret is left empty.
    Withheld {
        /// Those of an existing `.env` that the deployment does not use.
        kept: &'v IndexMap<EnvironmentKey, Secret>,
    },
}

impl Values<'_> {
    /// Whether secrets are left empty.
    #[must_use]
    pub fn are_withheld(self) -> bool {
        matches!(self, Self::Withheld { .. })
    }

    fn of(&self, name: &EnvironmentKey) -> &str {
        match self {
            Self::Chosen { secrets, .. } => secrets.get(name).map(|chosen| chosen.secret.expose()).unwrap_or_default(),
            Self::Withheld { .. } => "",
        }
    }

    fn kept(&self) -> Vec<Line> {
        match self {
            Self::Chosen { kept, .. } => {
                kept.iter().map(|(key, secret)| Line::new(key.as_str(), Value::from(secret.expose()))).collect()
            }
            Self::Withheld { kept } => kept.keys().map(|key| Line::new(key.as_str(), Value::from(""))).collect(),
        }
    }
}

/// All lines of the block.
#[must_use]
pub fn secret_lines(keys: &DotenvKeys<'_>, values: Values<'_>) -> SecretLines {
    let lines = |keys: &[DotenvKey<'_>]| keys.iter().map(|key| line(key, values)).collect::<Vec<_>>();
    SecretLines {
        server: lines(&keys.server),
        urls: lines(&keys.urls),
        secrets: lines(&keys.secrets),
        kept: values.kept(),
    }
}

fn line(key: &DotenvKey<'_>, values: Values<'_>) -> Line {
    let value = match key.holds {
        Holds::Text(text) => Value::from(text),
        Holds::Secret(name) => Value::from(values.of(name)),
        Holds::Url(url) => {
            let password = url.password().map(|name| percent_encode(values.of(name))).unwrap_or_default();
            Value::from(url.text(&password))
        }
    };
    Line::new(&key.name, value)
}

/// The text with every occurrence of a secret replaced, as it is or as a URL has it.
#[must_use]
pub fn conceal<'s>(text: &str, secrets: impl IntoIterator<Item = &'s Secret>) -> String {
    let mut concealed = text.to_owned();
    for secret in secrets {
        let value = secret.expose();
        // shorter ones occur by chance, and hiding them would tell where
        if value.chars().count() < SHORTEST_CONCEALED {
            continue;
        }
        concealed = concealed.replace(value, CONCEALED).replace(&percent_encode(value), CONCEALED);
    }
    concealed
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

    /// Lends the value to a program that is started with it.
    pub fn lend<T>(&self, use_it: impl FnOnce(&str) -> T) -> T {
        use_it(self.expose())
    }

    /// Whether a file's text is the value.
    #[must_use]
    pub fn is_text(&self, text: &str) -> bool {
        self.expose() == text
    }
}
