//! Knows whether a secret of the existing `.env` was edited since the URLs beside it were written.
//! Must not know how that is told.

use indexmap::IndexMap;

use super::Secret;
use crate::deployment::Deployment;
use crate::url::{Login, login_of, password_of, percent_decode};
use crate::value::EnvironmentKey;

/// The secrets of the block whose URLs still hold an older value: the user gave them a new one by hand.
#[must_use]
pub fn edited(block: &IndexMap<String, Secret>, deployment: &Deployment) -> Vec<EnvironmentKey> {
    let mut edited: Vec<EnvironmentKey> = Vec::new();
    for database in deployment.services.iter().filter_map(|service| service.database.as_ref()) {
        let Some(Login { role, password: key }) = database.url.login() else { continue };
        let (Some(url), Some(secret)) = (block.get(database.key.as_str()), block.get(key.as_str())) else { continue };
        let Some((old_role, old)) = login_of(url.expose()) else { continue };
        // another role has another password, and a copied .env.example a reference
        let is_same_login = old_role == role.as_str() && !old.starts_with("${");
        let differs = is_same_login && percent_decode(old).as_deref() != Some(secret.expose());
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
    let databases = deployment.services.iter().filter_map(|service| service.database.as_ref());
    let found = databases.filter_map(|database| {
        let name = database.url.password().filter(|name| !block.contains_key(name.as_str()))?;
        let url = block.get(database.key.as_str())?.expose();
        let encoded = password_of(url).filter(|encoded| !encoded.starts_with("${"))?;
        let leads_there = url == database.url.text(encoded);
        let password = percent_decode(encoded).filter(|_| leads_there)?;
        Some((name.to_string(), Secret::new(password)?))
    });
    found.collect()
}
