//! Knows whether a secret of the existing `.env` was edited since the URLs beside it were written.
//! Must not know how that is told.

use indexmap::IndexMap;

use super::Secret;
use crate::deployment::Deployment;
use crate::url::{password_of, percent_encode};
use crate::value::EnvironmentKey;

/// The secrets of the block whose URLs still hold an older value: the user gave them a new one by hand.
#[must_use]
pub fn edited(block: &IndexMap<String, Secret>, deployment: &Deployment) -> Vec<EnvironmentKey> {
    let mut edited: Vec<EnvironmentKey> = Vec::new();
    for database in deployment.services.iter().filter_map(|service| service.database.as_ref()) {
        let Some(key) = database.url.password() else { continue };
        let (Some(url), Some(secret)) = (block.get(database.key.as_str()), block.get(key.as_str())) else { continue };
        // a copied .env.example has a reference there
        let old = password_of(url.expose()).filter(|old| !old.starts_with("${"));
        let differs = old.is_some_and(|old| old != percent_encode(secret.expose()));
        if differs && !edited.contains(key) {
            edited.push(key.clone());
        }
    }
    edited
}
