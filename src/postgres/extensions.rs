//! Knows which extensions the official image of each major version carries, and where others are had.
//! Must not know who asks for one.

use super::table::{majors, rows, words};
use crate::spelling::nearest;
use crate::value::PostgresMajor;

const EXTENSIONS: &str = include_str!("extensions.tsv");

/// An extension that somebody wrote down.
#[derive(Debug, Clone)]
pub struct Extension {
    /// Its name, as `CREATE EXTENSION` wants it.
    pub name: &'static str,
    /// The versions whose official image carries it.
    majors: &'static str,
    /// Whether the owner of a database may create it; others are a superuser's.
    pub is_trusted: bool,
    /// Those that must be there first.
    pub needs: Vec<&'static str>,
    /// The library that the server must load at its start.
    pub library: Option<&'static str>,
    image: &'static str,
    package: &'static str,
}

fn all() -> impl Iterator<Item = (Extension, &'static str)> {
    rows::<8>(EXTENSIONS).map(|[name, majors, trusted, needs, library, image, package, also]| {
        let extension = Extension {
            name,
            majors,
            is_trusted: trusted == "yes",
            needs: words(needs).collect(),
            library: Some(library).filter(|library| !library.is_empty()),
            image,
            package,
        };
        (extension, also)
    })
}

/// All extensions that somebody wrote down.
#[must_use]
pub fn extensions() -> Vec<Extension> {
    all().map(|(extension, _)| extension).collect()
}

/// What is known of the extension with this name.
#[must_use]
pub fn extension(name: &str) -> Option<Extension> {
    all().map(|(extension, _)| extension).find(|extension| extension.name == name)
}

/// The extension that goes by this name among people, or has a library of this name.
#[must_use]
pub fn extension_behind(name: &str) -> Option<Extension> {
    let is_it = |extension: &Extension, also: &'static str| {
        extension.name == name || extension.library == Some(name) || words(also).any(|also| also == name)
    };
    all().find(|(extension, also)| is_it(extension, also)).map(|(extension, _)| extension)
}

/// The libraries that extensions need.
pub(super) fn libraries_of_extensions() -> impl Iterator<Item = &'static str> {
    all().filter_map(|(extension, _)| extension.library)
}

/// Every image that carries an extension that others do not, for a major version.
pub fn images_of_extensions(major: PostgresMajor) -> impl Iterator<Item = String> {
    let mut images: Vec<String> = Vec::new();
    for image in all().filter_map(|(extension, _)| extension.image(major)) {
        if !images.contains(&image) {
            images.push(image);
        }
    }
    images.into_iter()
}

/// The extension that is most likely meant by a name that none has: one that goes by it among people, or a similar one.
#[must_use]
pub fn extension_meant(name: &str) -> Option<Extension> {
    extension_behind(name).or_else(|| extension(nearest(name, all().map(|(extension, _)| extension.name))?))
}

impl Extension {
    /// Whether the official image of a major version carries it.
    #[must_use]
    pub fn is_official(&self, major: PostgresMajor) -> bool {
        majors(self.majors).is_some_and(|majors| majors.contains(&major.get()))
    }

    /// An image of this major version that carries it.
    #[must_use]
    pub fn image(&self, major: PostgresMajor) -> Option<String> {
        (!self.image.is_empty()).then(|| self.image.replace("{}", &major.to_string()))
    }

    /// The package of PostgreSQL's own repository for Debian that carries it.
    #[must_use]
    pub fn package(&self, major: PostgresMajor) -> Option<String> {
        (!self.package.is_empty()).then(|| self.package.replace("{}", &major.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn major(number: i128) -> PostgresMajor {
        PostgresMajor::new(number).unwrap()
    }

    #[test]
    fn the_official_image_carries_what_postgresql_brings_along() {
        for (name, first, last) in [("pgcrypto", 15, 18), ("adminpack", 15, 16), ("pg_logicalinspect", 18, 18)] {
            for number in 14..=19 {
                let is_official = PostgresMajor::new(number)
                    .is_some_and(|major| extension(name).is_some_and(|it| it.is_official(major)));
                assert_eq!(is_official, (first..=last).contains(&number), "{name} {number}");
            }
        }
        for name in ["vector", "postgis", "timescaledb", "plpython3u"] {
            assert!(!extension(name).unwrap().is_official(major(16)), "{name}");
        }
    }

    #[test]
    fn names_that_go_by_another_one_lead_to_it() {
        let meant = |name| extension_meant(name).map(|it| it.name);
        assert_eq!(meant("pgvector"), Some("vector"));
        assert_eq!(meant("uuid_ossp"), Some("uuid-ossp"));
        assert_eq!(meant("pg_stat_statement"), Some("pg_stat_statements"));
        assert_eq!(meant("something_else"), None);
        assert_eq!(extension("vector").unwrap().image(major(16)).as_deref(), Some("pgvector/pgvector:pg16"));
    }

    #[test]
    fn what_is_needed_first_is_known_as_well() {
        for (name, needed) in all().flat_map(|(it, _)| it.needs.clone().into_iter().map(move |need| (it.name, need))) {
            assert!(extension(needed).is_some(), "{name} needs {needed}");
        }
    }
}
