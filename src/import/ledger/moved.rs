//! Knows which secrets move from the Compose file to `.env`, and which reference stands for a value there. Must not
//! know what is a secret.

use std::ops::Range;

use super::Ledger;
use crate::diagnostic::Place;
use crate::dotenv;
use crate::import::notes::COMPOSE;
use crate::import::secret_keys::{NewSecret, key_of_secret};
use crate::import::variables::Known;
use crate::value::EnvironmentKey;

impl Ledger<'_> {
    /// Takes a value out of the Compose file and into `.env`, under the first of these names that is free or has this
    /// value; returns that name.
    pub(in crate::import) fn move_secret(
        &mut self,
        names: &[String],
        value: &str,
        span: &Range<usize>,
    ) -> Option<EnvironmentKey> {
        let key = names.iter().filter_map(|name| key_of_secret(name)).find(|key| self.is_free(key, value));
        let Some(key) = key else {
            let message = "a secret is here, and its name means another value in .env or elsewhere in this file";
            let help = "write the same value in both places, or refer to the variable, and import again";
            self.concealed_fault(Place::Span(COMPOSE, span.clone()), message, help);
            return None;
        };
        if value.contains(char::is_control) {
            // the Compose file may be a stranger's: a line of `.env` that it writes could mean something to others
            let message = format!("the secret `{key}` holds a line end or another control character");
            let help = "put it into a file, and mount that; or write it into .env yourself, and refer to it";
            self.concealed_fault(Place::Span(COMPOSE, span.clone()), message, help);
            return None;
        }
        let written = match dotenv::quote(value) {
            Ok(written) => written,
            Err(unwritable) => {
                let message = format!("the secret `{key}` can't be in .env: {unwritable}");
                self.concealed_fault(Place::Span(COMPOSE, span.clone()), message, "give it another value");
                return None;
            }
        };
        let line = format!("{key}={written}\n");
        let stands = self.variables.value(key.as_str()).is_some();
        if !stands && !self.moved.contains_key(&key) {
            self.moved.insert(key.clone(), self.new_secrets.len());
            self.new_secrets.push(NewSecret { key: key.clone(), line });
        }
        self.guard(key.as_str(), value);
        Some(key)
    }

    fn is_free(&self, key: &EnvironmentKey, value: &str) -> bool {
        let Ok(written) = dotenv::quote(value) else { return true };
        let mut referred = self.references.get(key.as_str()).into_iter().flatten();
        if referred.any(|today| today.as_deref() != Some(value)) {
            return false;
        }
        let line = format!("{key}={written}\n");
        let new = self.moved.get(key).and_then(|index| self.new_secrets.get(*index));
        match (self.variables.get(key.as_str()), new) {
            (Known::Value(known), _) if !known.is_empty() => known == value,
            (Known::Value(_) | Known::Unset, Some(new)) => new.line == line,
            (Known::Unset, None) => true,
            // an empty line of `.env` would be a second one for the key
            (Known::Value(_), None) | (Known::Odd(_), _) => false,
        }
    }

    /// A text of the Compose file in which references stand for values of `.env` that are secrets: it means the same.
    pub(super) fn referring(&self, text: &str) -> Option<String> {
        let (_, value) = self.values_of_secrets.value_in(text)?;
        let key = self.key_of(value).filter(|_| !value.contains(['$', '{', '}']))?;
        let text = text.replace(value, &format!("${{{key}}}"));
        self.values_of_secrets.value_in(&text).is_none().then_some(text)
    }

    /// A key that holds a value in `.env`, or will.
    pub(super) fn key_of(&self, value: &str) -> Option<&str> {
        let written = dotenv::quote(value).ok()?;
        let is_moved = |new: &&NewSecret| new.line.strip_prefix(new.key.as_str()) == Some(&format!("={written}\n"));
        let moved = self.new_secrets.iter().find(is_moved).map(|new| new.key.as_str());
        moved.or_else(|| self.variables.all().filter(|(_, known)| *known == value).map(|(key, _)| key).min())
    }
}
