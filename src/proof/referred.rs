//! Knows where a reference stands now in the place of a secret's value. Must not know who put it there.

use std::collections::BTreeSet;

use super::worlds::{MARK, World};
use crate::compose::Tree;
use crate::secret::names_secret;
use crate::url::password_of;

/// A shorter value is found by chance.
const SHORTEST: usize = 8;

/// Whether two places of the loud world are the same but for references to these variables, each of which stands where the
/// value stood that `.env` gives it today or gets for it, and that is a secret.
pub(super) fn stand_for_values(names: &BTreeSet<&String>, places: [Option<&Tree>; 2], quiet: &World) -> bool {
    let secrets = secrets(&quiet.before);
    let [before, after] = places.map(texts);
    let mut filled = after;
    for name in names {
        let known = quiet.dotenv.get(name).filter(|value| value.len() >= SHORTEST);
        // what is new in `.env` was made for this place
        let new = || quiet.later.get(name).filter(|_| quiet.dotenv.get(name).is_none());
        let Some(value) = known.or_else(new) else { return false };
        if !names_secret(name) && !secrets.contains(value) {
            return false;
        }
        let reference = format!("/{MARK}{name}{MARK}");
        for text in &mut filled {
            *text = text.replace(&reference, value);
        }
    }
    !names.is_empty() && before == filled
}

fn texts(tree: Option<&Tree>) -> Vec<String> {
    let mut texts = Vec::new();
    if let Some(tree) = tree {
        tree.each_text(&mut |text| texts.push(text.to_owned()));
    }
    texts
}

/// What variables hold whose name or whose form says that it is a secret.
fn secrets(tree: &Tree) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    let services = tree.get("services").and_then(Tree::as_map).into_iter().flatten();
    let given = services.filter_map(|(_, service)| service.get("environment")?.as_map()).flatten();
    for (name, value) in given.filter_map(|(name, value)| Some((name, value.as_text()?))) {
        secrets.extend(password_of(value).map(str::to_owned));
        secrets.extend(names_secret(name).then(|| value.to_owned()));
    }
    secrets
}
