//! Knows how secrets go into `.env`: the one place where a value leaves this module, as a text for one template.
//! Must not know quoting, which every value of that file gets.

use std::io;

use indexmap::IndexMap;
use minijinja::Value;
use serde::Serialize;

use super::{Secret, Secrets};
use crate::deployment::{DotenvKey, DotenvKeys, Holds};
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

    /// What the file of a secret holds; nothing where secrets are left empty, or there is none.
    #[must_use]
    pub fn secret(self, holds: Holds<'_>) -> Option<Secret> {
        if self.are_withheld() { None } else { Secret::new(text(holds, self)) }
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
    Line::new(&key.name, Value::from(text(key.holds, values)))
}

/// What a key holds.
fn text(holds: Holds<'_>, values: Values<'_>) -> String {
    match holds {
        Holds::Text(text) => text.to_owned(),
        Holds::Secret(name) => values.of(name).to_owned(),
        Holds::Url(url) => {
            let password = url.password().map(|name| values.of(name)).filter(|value| !value.is_empty());
            let password = password.map(|value| url.encoded(value)).unwrap_or_default();
            url.text(&password)
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::resolved;
    use crate::secret::{ChosenSecret, SecretOrigin};
    use crate::value::TextValue as _;

    fn secret(value: &str) -> Secret {
        Secret::new(value.to_owned()).unwrap()
    }

    const PROFILE: &str = "format: 1\nproject: shop\nstage: production\npostgres: { user: codelab, image: 'postgres:16' }\n\
                           secrets: { API_KEY: required }\nservices:\n  \
                           a: { image: 'a:1', environment: { API_KEY: { secret: API_KEY } }, database: { postgres: a } }\n";

    /// The lines of the block by section, as templates see them.
    fn lines(values: Values<'_>) -> Vec<(String, Vec<(String, String)>)> {
        let deployment = resolved(PROFILE);
        let sections = serde_json::to_value(secret_lines(&deployment.dotenv_keys(), values)).unwrap();
        let text = |line: &serde_json::Value, field: &str| line[field].as_str().unwrap().to_owned();
        let section = |(name, lines): (&String, &serde_json::Value)| {
            let lines = lines.as_array().unwrap();
            (name.clone(), lines.iter().map(|line| (text(line, "key"), text(line, "value"))).collect())
        };
        sections.as_object().unwrap().iter().map(section).collect()
    }

    #[test]
    fn a_block_holds_every_value_or_withholds_every_secret() {
        let chosen = |value: &str| ChosenSecret { secret: secret(value), origin: SecretOrigin::Stored, weakness: None };
        let key = |name| EnvironmentKey::parse(name).unwrap();
        let secrets = [(EnvironmentKey::postgres_password(), chosen("p@ss")), (key("API_KEY"), chosen("api"))].into();
        let kept = [(key("OLD_KEY"), secret("old"))].into();
        let expected = |password: &str, encoded: &str, api: &str, old: &str| {
            let lines = |lines: &[(&str, &str)]| {
                lines.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
            };
            let server =
                lines(&[("POSTGRES_USER", "codelab"), ("POSTGRES_PASSWORD", password), ("POSTGRES_DB", "codelab")]);
            let urls = lines(&[("A__DB_URL", &format!("postgresql+asyncpg://codelab:{encoded}@postgres:5432/a"))]);
            let sections = [("server", server), ("urls", urls), ("secrets", lines(&[("API_KEY", api)]))];
            sections
                .into_iter()
                .chain([("kept", lines(&[("OLD_KEY", old)]))])
                .map(|(name, lines)| (name.to_owned(), lines))
        };
        let all = Values::Chosen { secrets: &secrets, kept: &kept };
        assert_eq!(lines(all), expected("p@ss", "p%40ss", "api", "old").collect::<Vec<_>>());
        let none = Values::Withheld { kept: &kept };
        assert_eq!(lines(none), expected("", "", "", "").collect::<Vec<_>>());
        assert!(none.are_withheld() && !all.are_withheld());
    }

    #[test]
    fn a_block_is_empty_where_no_section_has_a_line() {
        let lines = |count: usize| (0..count).map(|_| Line::new("A", Value::from(""))).collect::<Vec<_>>();
        for [server, urls, secrets, kept] in [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]] {
            let block =
                SecretLines { server: lines(server), urls: lines(urls), secrets: lines(secrets), kept: lines(kept) };
            assert_eq!(block.is_empty(), server + urls + secrets + kept == 0);
        }
    }

    #[test]
    fn a_value_goes_whole_into_its_file_and_to_who_borrows_it() {
        let secret = secret("two\nlines");
        let mut file = Vec::new();
        secret.write_to(&mut file).unwrap();
        assert_eq!(file, b"two\nlines");
        assert_eq!(secret.lend(str::len), 9);
        assert!(secret.is_text("two\nlines") && !secret.is_text("two\nlines\n") && !secret.is_text(""));
    }
}
