//! Knows an image that carries everything a profile asks of its server, or how one is made. Must not know which image the
//! profile has.

use super::libraries::{LIBRARIES, listed};
use crate::postgres::{Extension, extension, extension_behind, images_of_extensions, known_image};
use crate::profile::{Profile, given};
use crate::value::{ExtensionName, ImageReference, PostgresMajor, TextValue as _};

/// Where the operator's own images are, by major version.
pub(super) const OPERATORS_IMAGES: &str = "ghcr.io/cloudnative-pg/postgresql";

/// Which of them is taken: as the operator itself does. Tags without a system are not made any more
/// (<https://github.com/cloudnative-pg/postgres-containers/issues/495>).
pub(super) const OPERATORS_SYSTEM: &str = "system-trixie";

/// Who runs the server, and so which images there are for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    /// Its own container.
    Container,
    /// An operator, for which images are made.
    Operator,
}

/// What a profile asks for beside what PostgreSQL brings along.
#[derive(Debug)]
pub(super) struct Wanted {
    runs: Runs,
    major: PostgresMajor,
    all: Vec<Extension>,
}

impl Wanted {
    /// Extensions of services with those that they need, and those whose libraries the server is to load.
    pub(super) fn of(profile: &Profile, major: PostgresMajor, runs: Runs) -> Self {
        let settings = profile.postgres.get().map(|postgres| &postgres.settings);
        let settings = settings.into_iter().flat_map(given);
        let libraries = settings.filter(|(name, _)| LIBRARIES.contains(&name.as_str()));
        let libraries = libraries.flat_map(|(_, value)| listed(&value.0));
        let names = extensions(profile).map(ToString::to_string).chain(libraries);
        let mut all: Vec<Extension> = Vec::new();
        for found in names.filter_map(|name| extension_behind(&name)) {
            let needed = found.needs.iter().filter_map(|name| extension(name));
            for each in needed.chain([found.clone()]).filter(|each| !each.is_official(major)) {
                if !all.iter().any(|known| known.name == each.name) {
                    all.push(each);
                }
            }
        }
        Self { runs, major, all }
    }

    /// Where an extension is had together with all others that are wanted.
    pub(super) fn cure(&self, this: &Extension) -> String {
        let major = self.major;
        if this.image(major).is_none() && this.package(major).is_none() {
            return format!("PostgreSQL {major} does not have it any more, or not yet: remove it");
        }
        let others: Vec<_> = self.all.iter().filter(|other| other.name != this.name).collect();
        let names: Vec<_> = others.iter().map(|other| format!("`{}`", other.name)).collect();
        let all: Vec<_> = std::iter::once(this).chain(others).collect();
        match self.image_with(&all) {
            Some(image) if names.is_empty() => format!("write `image: {image}`, which carries it"),
            Some(image) => format!("write `image: {image}`, which carries it, and {} too", names.join(", ")),
            None if names.is_empty() => self.image_of_ones_own(&all),
            None => {
                let own = self.image_of_ones_own(&all);
                format!("no image that is known here carries it together with {}: {own}", names.join(", "))
            }
        }
    }

    /// A known image that carries all of these: the one that the first is known by, unless that certainly lacks one; else
    /// one that certainly has them all.
    fn image_with(&self, all: &[&Extension]) -> Option<String> {
        let major = self.major;
        match self.runs {
            Runs::Container => {
                let own = all.first().and_then(|first| first.image(major));
                let own = own.filter(|image| all.iter().all(|each| self.has(image, each) != Some(false)));
                own.or_else(|| images_of_extensions(major).find(|image| self.missing_in(image, all).is_empty()))
            }
            Runs::Operator => {
                let mut images = [
                    format!("{OPERATORS_IMAGES}:{major}-{OPERATORS_SYSTEM}"),
                    format!("ghcr.io/cloudnative-pg/postgis:{major}-3-{OPERATORS_SYSTEM}"),
                ]
                .into_iter();
                images.find(|image| self.missing_in(image, all).is_empty())
            }
        }
    }

    /// Which of these an image perhaps does not carry.
    fn missing_in<'e>(&self, image: &str, all: &[&'e Extension]) -> Vec<&'e Extension> {
        all.iter().copied().filter(|each| self.has(image, each) != Some(true)).collect()
    }

    fn has(&self, image: &str, each: &Extension) -> Option<bool> {
        let known = ImageReference::parse(image).ok().as_ref().and_then(known_image)?;
        known.has(each.name, Some(each), self.major)
    }

    /// The lines of a Dockerfile that put all of these into one image, as far as there are packages.
    fn image_of_ones_own(&self, all: &[&Extension]) -> String {
        let major = self.major;
        let unpacked = all.iter().find(|each| each.package(major).is_none());
        let base = match (self.runs, unpacked.and_then(|unpacked| unpacked.image(major))) {
            (Runs::Container, Some(image)) => image,
            (Runs::Container, None) => format!("postgres:{major}"),
            (Runs::Operator, _) => format!("{OPERATORS_IMAGES}:{major}-{OPERATORS_SYSTEM}"),
        };
        let missing = self.missing_in(&base, all);
        let is_debian =
            ImageReference::parse(&base).ok().as_ref().and_then(known_image).is_some_and(|known| known.is_debian());
        let mut packages: Vec<String> = Vec::new();
        for each in &missing {
            match each.package(major).filter(|_| is_debian) {
                Some(package) if !packages.contains(&package) => packages.push(package),
                Some(_) => {}
                None => {
                    return format!(
                        "remove one of them, or build an image of your own, with `{}` in it from source",
                        each.name
                    );
                }
            }
        }
        let install = format!("`apt-get install {}`", packages.join(" "));
        match self.runs {
            Runs::Container => format!("take an image of your own: `FROM {base}`, and in it {install}"),
            Runs::Operator => format!(
                "take an image of your own, whose tag begins with `{major}`: `FROM {base}`, `USER root`, {install}, `USER 26`"
            ),
        }
    }
}

/// Every extension that a service writes down.
fn extensions(profile: &Profile) -> impl Iterator<Item = &ExtensionName> {
    let databases = given(&profile.services).flat_map(|(_, written)| written.all_databases());
    databases.filter_map(|(_, database)| database.postgres.get()?.extensions.get()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cure(runs: Runs, names: &[&str]) -> String {
        let all: Vec<_> = names.iter().map(|name| extension(name).unwrap()).collect();
        let wanted = Wanted { runs, major: PostgresMajor::new(17).unwrap(), all: all.clone() };
        wanted.cure(&all[0])
    }

    #[test]
    fn one_image_carries_all_or_one_is_made_that_does() {
        for (names, help) in [
            (&["vector"][..], "write `image: pgvector/pgvector:pg17`, which carries it"),
            (
                &["postgis_topology", "postgis"],
                "write `image: postgis/postgis:17-3.6`, which carries it, and `postgis` too",
            ),
            (
                &["vector", "postgis"],
                "no image that is known here carries it together with `postgis`: take an image of your own: `FROM \
                 postgres:17`, and in it `apt-get install postgresql-17-pgvector postgresql-17-postgis-3`",
            ),
            (
                &["vector", "citus"],
                "no image that is known here carries it together with `citus`: take an image of your own: `FROM \
                 citusdata/citus`, and in it `apt-get install postgresql-17-pgvector`",
            ),
            (
                &["pg_cron"],
                "take an image of your own: `FROM postgres:17`, and in it `apt-get install postgresql-17-cron`",
            ),
            (
                &["citus", "timescaledb"],
                "no image that is known here carries it together with `timescaledb`: remove one of them, or build an image of \
                 your own, with `timescaledb` in it from source",
            ),
        ] {
            assert_eq!(cure(Runs::Container, names), help, "{names:?}");
        }
    }

    #[test]
    fn the_operator_has_images_of_its_own() {
        for (names, help) in [
            (&["vector"][..], "write `image: ghcr.io/cloudnative-pg/postgresql:17-system-trixie`, which carries it"),
            (
                &["postgis", "vector"],
                "write `image: ghcr.io/cloudnative-pg/postgis:17-3-system-trixie`, which carries it, and `vector` too",
            ),
            (
                &["pg_cron", "vector"],
                "no image that is known here carries it together with `vector`: take an image of your own, whose tag begins \
                 with `17`: `FROM ghcr.io/cloudnative-pg/postgresql:17-system-trixie`, `USER root`, `apt-get install \
                 postgresql-17-cron`, `USER 26`",
            ),
        ] {
            assert_eq!(cure(Runs::Operator, names), help, "{names:?}");
        }
        assert!(cure(Runs::Operator, &["timescaledb"]).starts_with("remove one of them, or build"));
    }
}
