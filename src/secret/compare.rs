//! Knows whether a secret of the existing `.env` was edited since the URLs beside it were written.
//! Must not know how that is told.

use indexmap::IndexMap;

use super::Secret;
use crate::deployment::{Deployment, Service};
use crate::url::{Login, Reading, secret_of};
use crate::value::EnvironmentKey;

/// The secrets of the block whose URLs still hold an older value: the user gave them a new one by hand.
#[must_use]
pub fn edited(block: &IndexMap<String, Secret>, deployment: &Deployment) -> Vec<EnvironmentKey> {
    let mut edited: Vec<EnvironmentKey> = Vec::new();
    for database in deployment.services.iter().flat_map(Service::databases) {
        let Some(Login { role, password: key }) = database.url.login() else { continue };
        let url = database.given.as_ref().and_then(|given| block.get(given.key.as_str()));
        let (Some(url), Some(secret)) = (url, block.get(key.as_str())) else { continue };
        let Some(written) = Reading::read(url.expose()) else { continue };
        let Some(old) = written.password else { continue };
        // another role has another password, and a copied .env.example a reference
        let is_same_login = written.user == Some(role.as_str()) && !old.starts_with("${");
        let differs = is_same_login && written.decoded(old).as_deref() != Some(secret.expose());
        if differs && !edited.contains(key) {
            edited.push(key.clone());
        }
    }
    edited
}

/// Passwords that stand in URLs of a `.env` and nowhere else in it, by the names of their secrets; only in URLs that lead
/// where the deployment's do.
#[must_use]
pub fn passwords_in_urls(block: &IndexMap<String, Secret>, deployment: &Deployment) -> IndexMap<String, Secret> {
    let databases = deployment.services.iter().flat_map(Service::databases);
    let found = databases.filter_map(|database| {
        let name = database.url.password().filter(|name| !block.contains_key(name.as_str()))?;
        let url = block.get(database.given.as_ref()?.key.as_str())?.expose();
        let written = Reading::read(url)?;
        let encoded = written.password.filter(|encoded| !encoded.starts_with("${"))?;
        let password = written.decoded(encoded)?.into_owned();
        // one that is written in another way than here, such as `%41`, leads there too
        let leads_there =
            url == database.url.text(encoded) || url == database.url.text(&database.url.encoded(&password));
        Some((name.to_string(), Secret::new(password).filter(|_| leads_there)?))
    });
    found.collect()
}

impl Secret {
    /// Whether a value is this one, or has it in it: a short one only where a URL gives it.
    #[must_use]
    pub fn is_in(&self, value: &str) -> bool {
        const SHORTEST: usize = 8;
        let own = self.expose();
        value == own || secret_of(value) == Some(own) || (own.len() >= SHORTEST && value.contains(own))
    }

    /// The same for another secret.
    #[must_use]
    pub fn is_in_secret(&self, other: &Self) -> bool {
        self.is_in(other.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::resolved;

    const TWO: &str = "format: 1\nproject: shop\nstage: production\npostgres: { user: codelab, image: 'postgres:16' }\nservices:\n  \
                       a: { image: 'a:1', database: { postgres: a } }\n  b: { image: 'b:1', database: { postgres: b } }\n  \
                       c: { image: 'c:1', data: './data:/data', database: { sqlite: /data/c.db } }\n";

    fn block(entries: &[(&str, &str)]) -> IndexMap<String, Secret> {
        entries.iter().filter_map(|(key, value)| Some(((*key).to_owned(), Secret::new((*value).to_owned())?))).collect()
    }

    fn url(login: &str, place: &str) -> String {
        format!("postgresql+asyncpg://{login}@{place}")
    }

    #[test]
    fn a_secret_was_edited_where_a_url_of_its_role_holds_another_one() {
        for (password, login, is_edited) in [
            ("p@ss", "codelab:p%40ss", false),
            ("p@ss", "codelab:older", true),
            ("p@ss", "codelab:", true),
            ("p@ss", "codelab:%zz", true),
            ("p@ss", "somebody:older", false),
            ("p@ss", "codelab:${POSTGRES_PASSWORD}", false),
            ("p@ss", "codelab", false),
            ("", "codelab:older", false),
        ] {
            let urls = [url(login, "postgres:5432/a"), url(login, "postgres:5432/b")];
            let entries = [
                ("POSTGRES_PASSWORD", password),
                ("A__DB_URL", urls[0].as_str()),
                ("B__DB_URL", urls[1].as_str()),
                ("C__DB_URL", "sqlite:////data/c.db"),
            ];
            let expected: &[_] = if is_edited { &[EnvironmentKey::postgres_password()] } else { &[] };
            assert_eq!(edited(&block(&entries), &resolved(TWO)), expected, "{password} {login}");
        }
    }

    #[test]
    fn a_password_is_taken_only_from_a_url_that_leads_where_the_deployment_does() {
        for (stored, login, place, password) in [
            ("", "codelab:p%40ss", "postgres:5432/a", Some("p@ss")),
            ("mine", "codelab:p%40ss", "postgres:5432/a", None),
            ("", "codelab:p%40ss", "elsewhere:5432/a", None),
            ("", "somebody:p%40ss", "postgres:5432/a", None),
            ("", "codelab:", "postgres:5432/a", None),
            ("", "codelab:%zz", "postgres:5432/a", None),
            ("", "codelab:${POSTGRES_PASSWORD}", "postgres:5432/a", None),
            ("", "codelab", "postgres:5432/a", None),
        ] {
            let url = url(login, place);
            let found =
                passwords_in_urls(&block(&[("POSTGRES_PASSWORD", stored), ("A__DB_URL", &url)]), &resolved(TWO));
            let found = found.get("POSTGRES_PASSWORD").map(Secret::expose);
            assert_eq!(found, password, "{stored} {url}");
        }
    }
}
