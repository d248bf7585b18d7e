//! Knows the images of PostgreSQL whose content is known: the official ones, and some that add to them.
//! Must not know which one a profile takes.

use super::extensions::{Extension, libraries_of_extensions};
use super::table::{majors, rows, words};
use crate::spelling::nearest;
use crate::value::{ImageReference, PostgresMajor};

const TABLE: &str = include_str!("images.tsv");
const LIBRARIES: &str = include_str!("libraries.tsv");

/// What is written before the version where a tag begins with it.
const AT_START: &str = "^";

/// An image whose content is known.
#[derive(Debug, Clone)]
pub struct KnownImage {
    /// The system below it: `alpine`, `debian`.
    pub system: &'static str,
    extensions: &'static str,
    libraries: &'static str,
    carries: &'static str,
    /// Whether it carries more than anybody wrote down.
    pub has_more: bool,
}

/// What is known of an image; nothing of one's own, or of a registry's that nobody here looked into.
#[must_use]
pub fn known_image(image: &ImageReference) -> Option<KnownImage> {
    let (repository, system) = image.flavour();
    if image.postgres_identity().is_some() {
        let system = if system == ALPINE { ALPINE } else { DEBIAN };
        return Some(KnownImage { system, extensions: "", libraries: "", carries: "", has_more: false });
    }
    let row = rows::<7>(TABLE).find(|[known, ..]| is_of(known, repository, image.tag()))?;
    let [_, _, of_table, extensions, libraries, more, carries] = row;
    let is_alpine = image.tag().is_some_and(|tag| tag.ends_with(ALPINE));
    let system = match of_table {
        "" if is_alpine => ALPINE,
        "" => DEBIAN,
        system => system,
    };
    Some(KnownImage { system, extensions, libraries, carries, has_more: more == "more" })
}

/// Whether a row is that of an image: `REPOSITORY`, or `REPOSITORY:WORD` with a word of its tag.
fn is_of(known: &str, repository: &str, tag: Option<&str>) -> bool {
    match known.split_once(':') {
        None => known == repository,
        Some((known, word)) => known == repository && tag.is_some_and(|tag| tag.split('-').any(|part| part == word)),
    }
}

/// The library that a server can load at its start and that is most likely meant by a name that none has.
#[must_use]
pub fn library_meant(name: &str, major: PostgresMajor) -> Option<&'static str> {
    let of_major = |cell: &str| majors(cell).is_some_and(|majors| majors.contains(&major.get()));
    let official = rows::<2>(LIBRARIES).filter(|[_, cell]| of_major(cell)).map(|[known, _]| known);
    let all: Vec<_> = official.chain(libraries_of_extensions()).collect();
    nearest(name, all)
}

const ALPINE: &str = "alpine";
const DEBIAN: &str = "debian";

/// The major version that the tag of a known image tells, where it is not the official one.
#[must_use]
pub fn major_of_tag(image: &ImageReference) -> Option<i128> {
    let (repository, _) = image.flavour();
    let [_, before] = rows::<2>(TABLE).find(|[known, _]| *known == repository)?;
    let tag = image.tag()?;
    let rest = match before {
        "" => return None,
        AT_START => tag,
        before => tag.split_once(before)?.1,
    };
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

impl KnownImage {
    /// Whether it carries an extension; nothing where nobody knows.
    #[must_use]
    pub fn has(&self, name: &str, known: Option<&Extension>, major: PostgresMajor) -> Option<bool> {
        if words(self.extensions).any(|added| added == name) || known.is_some_and(|known| known.is_official(major)) {
            return Some(true);
        }
        (!self.has_more).then_some(false)
    }

    /// Libraries that its own configuration or command loads at every start; a setting of one's own takes their place.
    pub fn libraries(&self) -> impl Iterator<Item = &'static str> + use<> {
        words(self.libraries)
    }

    /// Whether packages of Debian can be added to it.
    #[must_use]
    pub fn is_debian(&self) -> bool {
        self.system == DEBIAN
    }

    /// Whether it carries a library that a server can load at its start; nothing where nobody knows.
    #[must_use]
    pub fn has_library(&self, name: &str, major: PostgresMajor) -> Option<bool> {
        let is_official = |[known, cell, system]: [&str; 3]| {
            known == name
                && majors(cell).is_some_and(|majors| majors.contains(&major.get()))
                && (system.is_empty() || system == self.system)
        };
        let mut added = words(self.libraries).chain(words(self.extensions)).chain(words(self.carries));
        if rows::<3>(LIBRARIES).any(is_official) || added.any(|added| added == name) {
            return Some(true);
        }
        (!self.has_more).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextValue as _;

    fn image(text: &str) -> ImageReference {
        ImageReference::parse(text).unwrap()
    }

    #[test]
    fn tags_of_known_images_tell_the_version() {
        for (text, major) in [
            ("pgvector/pgvector:pg16", Some(16)),
            ("docker.io/pgvector/pgvector:0.8.0-pg17-bookworm", Some(17)),
            ("postgis/postgis:18-3.6-alpine", Some(18)),
            ("timescale/timescaledb:2.17.2-pg16", Some(16)),
            ("timescale/timescaledb:latest-pg15-oss", Some(15)),
            ("apache/age:release_PG16_1.6.0", Some(16)),
            ("ghcr.io/cloudnative-pg/postgresql:17.6-minimal-trixie", Some(17)),
            ("ghcr.io/cloudnative-pg/postgis:17-3-system-trixie", Some(17)),
            ("citusdata/citus:13.0", None),
            ("postgis/postgis:latest", None),
            ("registry.example.com/postgis/postgis:16-3.4", None),
            ("postgres:16", None),
        ] {
            assert_eq!(major_of_tag(&image(text)), major, "{text}");
        }
    }

    #[test]
    fn a_library_is_carried_beside_extensions_and_a_wrong_name_leads_to_a_near_one_only() {
        let sixteen = PostgresMajor::new(16).unwrap();
        let has = |text: &str, name: &str| known_image(&image(text)).unwrap().has_library(name, sixteen);
        assert_eq!(has("ghcr.io/cloudnative-pg/postgresql:16-standard-trixie", "pg_failover_slots"), Some(true));
        assert_eq!(has("ghcr.io/cloudnative-pg/postgresql:16-minimal-trixie", "pg_failover_slots"), Some(false));
        assert_eq!(has("postgres:16", "pg_failover_slots"), Some(false));
        for (name, meant) in [("auto_explian", Some("auto_explain")), ("pgcron", Some("pg_cron")), ("nope", None)] {
            assert_eq!(library_meant(name, sixteen), meant, "{name}");
        }
    }

    #[test]
    fn images_carry_what_is_written_down() {
        let has = |text: &str, name: &str| {
            let known = super::super::extension(name);
            known_image(&image(text))?.has(name, known.as_ref(), PostgresMajor::new(16)?)
        };
        assert_eq!(has("postgres:16-alpine", "pgcrypto"), Some(true));
        assert_eq!(has("postgres:16-alpine", "vector"), Some(false));
        assert_eq!(has("pgvector/pgvector:pg16", "vector"), Some(true));
        assert_eq!(has("pgvector/pgvector:pg16", "postgis"), Some(false));
        assert_eq!(has("timescale/timescaledb:latest-pg16", "vector"), None, "it has more");
        assert_eq!(has("registry.example.com/postgres:16", "vector"), None);
        assert_eq!(has("ghcr.io/cloudnative-pg/postgresql:16-minimal-trixie", "vector"), Some(false));
        assert_eq!(has("ghcr.io/cloudnative-pg/postgresql:16-standard-trixie", "vector"), Some(true));
        assert_eq!(has("ghcr.io/cloudnative-pg/postgresql:16.9", "postgis"), Some(false));
        assert_eq!(has("ghcr.io/cloudnative-pg/postgis:16-3-system-trixie", "pgrouting"), Some(true));
        assert_eq!(known_image(&image("postgis/postgis:16-3.4-alpine")).unwrap().system, "alpine");
        assert_eq!(known_image(&image("postgis/postgis:16-3.4")).unwrap().system, "debian");
    }
}
