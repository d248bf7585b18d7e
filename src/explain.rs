//! Knows how every value of a deployment is found with where it comes from: a file and line, a default, a flag, or what
//! follows from other values. Must not know how it is told.

mod derived;
mod value;
mod written;

use std::collections::HashSet;

use crate::field::FieldPath;
use crate::layers::Layers;
use crate::outcome::Failure;
use crate::verdict::{Meaning, meaning_of};

use self::derived::{derived, is_without_meaning, services};
pub use self::value::{DEFAULT, Explained};
use self::written::written;

/// Every value of a deployment.
///
/// # Errors
/// Every fault of its profile.
pub fn explained(layers: Layers) -> Result<Vec<Explained>, Failure> {
    Ok(explained_while(layers, &|| true)?.unwrap_or_default())
}

/// The same as long as somebody waits for it; nothing where nobody does any more.
///
/// # Errors
/// Every fault of the profile.
pub fn explained_while(layers: Layers, is_awaited: &dyn Fn() -> bool) -> Result<Option<Vec<Explained>>, Failure> {
    let fields = layers.profile.fields();
    let Meaning { deployment, sources, .. } = meaning_of(layers)?;
    if !is_awaited() {
        return Ok(None);
    }
    let mut all = written(&fields, &sources);
    if !is_awaited() {
        return Ok(None);
    }
    let services = services(&deployment);
    let is_meant = |path: &FieldPath| !is_without_meaning(path, &deployment, &services);
    all.retain(|explained| explained.from != DEFAULT || is_meant(&explained.path));
    let known: HashSet<_> = all.iter().map(|explained| explained.path.clone()).collect();
    all.extend(derived(&deployment).into_iter().filter(|new| !known.contains(&new.path)));
    Ok(Some(all))
}
