//! Knows how secrets go into `.env`: the one place where a value leaves this module, as a text for one template.
//! Must not know quoting, which every value of that file gets.

use indexmap::IndexMap;
use minijinja::Value;
use serde::Serialize;

use super::{Secret, Secrets};
use crate::deployment::{DotenvKey, DotenvKeys, Holds};
use crate::dotenv::{self, Unwritable};
use crate::url::percent_encode;
use crate::value::EnvironmentKey;

/// What the template of `.env` sees.
#[derive(Serialize)]
pub struct DotenvView {
    profile: Value,
    place: Value,
    server: Vec<Line>,
    urls: Vec<Line>,
    secrets: Vec<Line>,
    kept: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    key: String,
    value: Value,
}

/// The block with all values; nothing where there is nothing to hold. `profile` and `place` are words for comments.
#[must_use]
pub fn dotenv_view(
    keys: &DotenvKeys<'_>,
    secrets: &Secrets,
    kept: &IndexMap<EnvironmentKey, Secret>,
    profile: Value,
    place: Value,
) -> Option<DotenvView> {
    let lines = |keys: &[DotenvKey<'_>]| keys.iter().map(|key| line(key, secrets)).collect::<Vec<_>>();
    let kept = kept.iter().map(|(key, secret)| Line { key: key.to_string(), value: Value::from(secret.expose()) });
    let view = DotenvView {
        profile,
        place,
        server: lines(&keys.server),
        urls: lines(&keys.urls),
        secrets: lines(&keys.secrets),
        kept: kept.collect(),
    };
    let is_empty = view.server.is_empty() && view.urls.is_empty() && view.secrets.is_empty() && view.kept.is_empty();
    (!is_empty).then_some(view)
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
    Line { key: key.name.clone(), value }
}

/// Whether a value has a form in `.env`. The postgres image takes only the first line of its password.
pub(super) fn check_writable(name: &EnvironmentKey, secret: &Secret) -> Result<(), Unwritable> {
    let value = secret.expose();
    if *name == EnvironmentKey::postgres_password() && value.contains('\n') {
        return Err(Unwritable { what: "it holds a line end, of which the postgres image keeps the first line only" });
    }
    dotenv::quote(value).map(drop)
}
