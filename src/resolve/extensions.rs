//! Knows which extensions of a service the server's image does not carry. Must not know how one is created.

use super::carried::Wanted;
use super::scope::Faults;
use crate::diagnostic::{Code, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::postgres::{self, extension, extension_meant, known_image};
use crate::profile::{Profile, database_path, given};
use crate::spelling::quoted;
use crate::value::{ExtensionName, ImageReference, PostgresMajor, TextValue as _};

/// Checks each extension by what is known of the image; nobody knows what one's own image carries.
pub(super) fn check(
    reference: &ImageReference,
    major: PostgresMajor,
    wanted: &Wanted,
    profile: &Profile,
    faults: &mut Faults,
) {
    let Some(image) = known_image(reference).filter(|_| postgres::is_known(major)) else { return };
    for (name, place) in written(profile) {
        let known = extension(name.as_str());
        if image.has(name.as_str(), known.as_ref(), major) != Some(false) {
            continue;
        }
        let message = format!("the image `{reference}` carries no extension {}", quoted(name.as_str()));
        let meant = known.is_none().then(|| extension_meant(name.as_str())).flatten();
        let help = match (&known, &meant) {
            (Some(known), _) => wanted.cure(known).into(),
            (None, Some(meant)) if image.has(meant.name, Some(meant), major) == Some(true) => Help::respell(meant.name),
            (None, Some(meant)) => Help::respell(meant.name).and(&format!(" {}", wanted.cure(meant))),
            (None, None) => "take an image that carries it, or remove it".into(),
        };
        faults.add(Code::ExtensionNotInImage, place, message, help);
    }
}

/// Every extension that a service writes down, with its place.
fn written(profile: &Profile) -> impl Iterator<Item = (&ExtensionName, Place)> {
    let databases = given(&profile.services).flat_map(|(service, written)| {
        let at = FieldPath::root().key("services").key(service);
        written.all_databases().map(move |(name, database)| (database_path(&at, name), database))
    });
    databases.flat_map(|(at, database)| {
        let extensions = database.postgres.get().and_then(|postgres| postgres.extensions.get());
        let at = at.key("postgres").key("extensions");
        let place = move |index: usize| Place::value(&at.key(index));
        extensions.into_iter().flatten().enumerate().map(move |(index, name)| (name, place(index)))
    })
}

/// Those that one needs come before it, each once: PostgreSQL does not create one without them.
pub(super) fn with_those_needed(asked: &[ExtensionName]) -> Vec<ExtensionName> {
    let mut all: Vec<ExtensionName> = Vec::new();
    for name in asked {
        let needed = extension(name.as_str()).map(|known| known.needs).unwrap_or_default();
        let needed = needed.into_iter().filter_map(|name| ExtensionName::parse(name).ok());
        for name in needed.chain([name.clone()]) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_extension_needs_comes_before_it() {
        let names =
            |names: &[&str]| -> Vec<_> { names.iter().map(|name| ExtensionName::parse(name).unwrap()).collect() };
        for (asked, all) in [
            (&["earthdistance"][..], &["cube", "earthdistance"][..]),
            (&["earthdistance", "citext", "cube"], &["cube", "earthdistance", "citext"]),
            (&["citext", "citext", "of_ones_own"], &["citext", "of_ones_own"]),
        ] {
            assert_eq!(with_those_needed(&names(asked)), names(all), "{asked:?}");
        }
    }
}
