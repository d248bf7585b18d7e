//! Knows which service of a hand-kept deployment runs PostgreSQL, and whether a profile can say it: its image, its version,
//! its role, its password, the place of its data. Must not know the services that use it, nor how its section is laid out.

use super::environment::{self, Given};
use super::ledger::Ledger;
use super::server::{Server, Version};
use super::{env_files, limits, mounts};
use crate::compose::nodes;
use crate::interpolation::Template;
use crate::value::{
    DatabaseName, ImageReference, Mount, MountSource, PostgresMajor, RoleName, TextValue as _, VolumeName,
};
use crate::yaml::{Entry, Node};

/// Where images of PostgreSQL keep their data: the whole of it from version 18 on.
pub(super) const DATA: &str = "/var/lib/postgresql";

/// What images run on a new volume.
pub(super) const INIT_SCRIPTS: &str = "/docker-entrypoint-initdb.d";

/// The first version whose data stands in [`DATA`] itself.
const FIRST_WITH_PARENT: u16 = 18;

/// A smaller number in a tag is that of something else, such as an extension.
const OLDEST: i128 = 9;

/// The last version before that.
const LAST_WITHOUT: u16 = 17;

/// The last parts of images that run PostgreSQL.
const IMAGES: [&str; 8] = [
    "postgres",
    "postgresql",
    "postgis",
    "pgvector",
    "timescaledb",
    "timescaledb-ha",
    "pgvecto-rs",
    "vectorchord-postgres",
];

/// Whether a service runs PostgreSQL, as far as its image and its mounts tell.
pub(super) fn is_server(node: &Node<'_>, ledger: &Ledger<'_>) -> bool {
    let image = nodes::text_of(node, "image").unwrap_or_default();
    let image =
        Template::parse(image).and_then(|image| ledger.variables.fill(&image)).unwrap_or_else(|| image.to_owned());
    let name = image.rsplit('/').next().and_then(|name| name.split([':', '@']).next()).unwrap_or_default();
    let items = nodes::child(node, "volumes").map(nodes::items).unwrap_or_default();
    let keeps = |item: &Node<'_>| {
        let target = nodes::text(item).and_then(|text| text.split(':').nth(1)).or(nodes::text_of(item, "target"));
        target.is_some_and(|target| target.starts_with(DATA))
    };
    IMAGES.contains(&name) || items.iter().any(keeps)
}

/// Reads it as the server of a profile.
///
/// # Errors
/// Why it can't be that one.
pub(super) fn recognize<'n, 'text>(
    entry: &'n Entry<'text>,
    top: &Node<'_>,
    project: &str,
    ledger: &Ledger<'_>,
) -> Result<Server<'n, 'text>, String> {
    let node = &entry.value;
    let containers = limits::containers(node).map(|count| nodes::text(count).and_then(|count| ledger.known(count)));
    if containers.is_some_and(|count| count.as_deref() != Some("1")) {
        return Err("it does not run as one container".to_owned());
    }
    let image = image(entry, project, ledger)?;
    let seen = Seen::of(node, top, ledger);
    let folder = seen.value("PGDATA");
    let (data, is_parent) = data(node, folder.as_deref(), ledger)?;
    let version = version(entry, &image, is_parent, ledger)?;
    let user = seen.value("POSTGRES_USER").unwrap_or_else(|| "postgres".to_owned());
    let user = RoleName::parse(&user).ok().filter(|user| !user.is_reserved());
    let user = user.ok_or("its role has a name that a profile can't give")?;
    let database = seen.value("POSTGRES_DB").unwrap_or_else(|| user.to_string());
    let database = DatabaseName::parse(&database).ok();
    let database = database.filter(|name| !name.is_reserved() || name.as_str() == "postgres");
    let database = database.ok_or("its database has a name that a profile can't give")?;
    // who is let in without a password goes on so, and the server gets one beside
    let is_open = || seen.value("POSTGRES_HOST_AUTH_METHOD").is_some_and(|method| method == "trust");
    let password = seen.value("POSTGRES_PASSWORD").or_else(|| is_open().then(String::new));
    let password = password.ok_or("it has no `POSTGRES_PASSWORD` with a value")?;
    let has_parent = version.major(&image) >= FIRST_WITH_PARENT;
    let usual = if has_parent { DATA.to_owned() } else { format!("{DATA}/data") };
    let target = data.target.as_str().trim_end_matches('/');
    // the same folder of the mount, where the section mounts it
    let inside = folder.as_deref().and_then(|folder| folder.trim_end_matches('/').strip_prefix(target));
    let is_mounted_elsewhere = target != usual;
    if is_mounted_elsewhere && (inside.is_none() || !seen.is_given("PGDATA")) {
        return Err(format!("its data is mounted at `{target}`, where a profile mounts it at `{usual}`"));
    }
    // of an image that is not the official one it is not known where it keeps its data by itself
    let folder = inside
        .map(|inside| format!("{usual}{inside}"))
        .filter(|folder| *folder != usual || has_parent || version != Version::Tagged);
    let has_scripts = has_own_scripts(node);
    let names = names(entry, ledger);
    Ok(Server { entry, names, image, version, user, database, password, data, folder, has_scripts })
}

/// What the container of a server gets, also by files: of a password and of names an image reads `NAME_FILE` as well.
struct Seen<'s, 'i> {
    given: Vec<Given>,
    of_files: indexmap::IndexMap<String, String>,
    node: &'s Node<'s>,
    top: &'s Node<'s>,
    ledger: &'s Ledger<'i>,
}

impl<'s, 'i> Seen<'s, 'i> {
    fn of(node: &'s Node<'s>, top: &'s Node<'s>, ledger: &'s Ledger<'i>) -> Self {
        Self { given: environment::of(node), of_files: env_files::variables(node, ledger), node, top, ledger }
    }

    /// What a variable holds, where that is more than nothing.
    fn value(&self, name: &str) -> Option<String> {
        let plain = match self.given.iter().find(|given| given.name == name) {
            Some(given) => given.today(self.ledger),
            None => self.of_files.get(name).cloned(),
        };
        plain.filter(|value| !value.is_empty()).or_else(|| self.in_file(name))
    }

    /// Whether the Compose file itself gives a variable.
    fn is_given(&self, name: &str) -> bool {
        self.given.iter().any(|given| given.name == name)
    }

    /// What the secret holds that `NAME_FILE` names.
    fn in_file(&self, name: &str) -> Option<String> {
        let file = format!("{name}_FILE");
        let path = self.given.iter().find(|given| given.name == file)?.today(self.ledger)?;
        let target = path.strip_prefix("/run/secrets/")?;
        let items = nodes::child(self.node, "secrets").map(nodes::items)?;
        let source = items.iter().find_map(|item| {
            let source = nodes::text(item).or(nodes::text_of(item, "source"))?;
            (nodes::text(item).or(nodes::text_of(item, "target")).unwrap_or(source) == target).then_some(source)
        })?;
        let secret = nodes::child(nodes::child(self.top, "secrets")?, source)?;
        let of_variable = nodes::text_of(secret, "environment").and_then(|name| self.ledger.variables.value(name));
        let of_file = || self.ledger.file(&self.ledger.known(nodes::text_of(secret, "file")?)?);
        let text = of_variable.map(str::to_owned).or_else(of_file)?;
        // as the image's own script reads it
        let text = text.trim_end_matches('\n').to_owned();
        (!text.is_empty()).then_some(text)
    }
}

/// # Errors
/// Why a profile can't name it.
fn image(entry: &Entry<'_>, project: &str, ledger: &Ledger<'_>) -> Result<ImageReference, String> {
    let node = &entry.value;
    let text = match nodes::child(node, "image") {
        Some(image) => nodes::text(image).and_then(|image| ledger.known(image)),
        // as Compose calls what it builds
        None => nodes::child(node, "build").map(|_| format!("{project}-{}", entry.key)),
    };
    let image = text.and_then(|image| ImageReference::parse(&image).ok()).ok_or("it has no image of its own")?;
    let name = image.to_string();
    if name.contains("bitnami") {
        return Err("images of Bitnami keep their data elsewhere, and read variables of their own".to_owned());
    }
    if name.contains("supabase/") {
        return Err(
            "in images of Supabase the role `postgres` is no superuser, and other services have roles".to_owned()
        );
    }
    Ok(image)
}

/// # Errors
/// Why no version is known that a profile takes.
fn version(entry: &Entry<'_>, image: &ImageReference, is_parent: bool, ledger: &Ledger<'_>) -> Result<Version, String> {
    let old = || "its PostgreSQL is older than 15, and the scripts need the psql of 15".to_owned();
    if let Some(major) = image.postgres_major() {
        return PostgresMajor::new(major).map(|_| Version::Tagged).ok_or_else(old);
    }
    let told = match nodes::child(&entry.value, "build") {
        Some(build) => built_on(build, ledger),
        None => major_in(&image.to_string()),
    };
    if let Some(major) = told {
        return PostgresMajor::new(major).map(Version::Known).ok_or_else(old);
    }
    let guess = if is_parent { FIRST_WITH_PARENT } else { LAST_WITHOUT };
    PostgresMajor::new(i128::from(guess)).map(Version::Guessed).ok_or_else(old)
}

/// The major version in a reference such as `x:latest-pg16`, `x:0.8.0-pg17`, `postgis:16-3.4`.
fn major_in(image: &str) -> Option<i128> {
    let image = image.split('@').next()?;
    let (name, tag) = image.rsplit('/').next()?.split_once(':')?;
    let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next()?.parse::<i128>().ok();
    let behind_pg = tag.match_indices("pg").find_map(|(at, _)| number(tag.get(at + 2..)?));
    let is_versioned = name.starts_with("postg") || name.contains("postgres") || name.starts_with("pg");
    behind_pg.or_else(|| number(tag).filter(|number| is_versioned && *number >= OLDEST))
}

/// The version of the image that a Dockerfile begins with.
fn built_on(build: &Node<'_>, ledger: &Ledger<'_>) -> Option<i128> {
    let context = ledger.known(nodes::text(build).or(nodes::text_of(build, "context")).unwrap_or("."))?;
    let file = ledger.known(nodes::text_of(build, "dockerfile").unwrap_or("Dockerfile"))?;
    let text = ledger.file(&format!("{context}/{file}"))?;
    let images = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        words.next().filter(|word| word.eq_ignore_ascii_case("from"))?;
        words.find(|word| !word.starts_with("--"))
    });
    let known = |image: &str| ImageReference::parse(image).ok().and_then(|image| image.postgres_major());
    images.filter_map(|image| known(image).or_else(|| major_in(image))).next_back()
}

/// The mount of the data, and whether it is the folder above it.
///
/// # Errors
/// Why it is none that a profile can say.
fn data(node: &Node<'_>, folder: Option<&str>, ledger: &Ledger<'_>) -> Result<(Mount, bool), String> {
    let items = nodes::child(node, "volumes").map(nodes::items).unwrap_or_default();
    let mounted: Vec<_> = items.iter().filter_map(|item| mounts::place(item, ledger)).collect();
    let is_below = |mount: &&Mount, folder: &str| folder.starts_with(mount.target.as_str().trim_end_matches('/'));
    let named = folder.and_then(|folder| mounted.iter().find(|mount| is_below(mount, folder)));
    let below: Vec<_> = mounted.iter().filter(|mount| mount.target.as_str().starts_with(DATA)).collect();
    let is_inner = |mount: &&Mount| mount.target.as_str().trim_end_matches('/') == format!("{DATA}/data");
    let usual = mounted.iter().find(is_inner).or(match below.as_slice() {
        [mount] => Some(*mount),
        [] | [_, _, ..] => None,
    });
    let mount = named.or(usual);
    let mount = mount.ok_or("its data is in no volume or folder that a profile can mount, or in several")?;
    if mount.read_only {
        return Err("its data is mounted read-only".to_owned());
    }
    if mount.source == MountSource::Volume(VolumeName::postgres_socket()) {
        return Err("its volume has the name of that of the socket".to_owned());
    }
    Ok((mount.clone(), mount.target.as_str().trim_end_matches('/') == DATA))
}

/// What others call its host: its key, the name of its container, and what its networks call it beside.
fn names(entry: &Entry<'_>, ledger: &Ledger<'_>) -> Vec<String> {
    let container = nodes::child(&entry.value, "container_name").and_then(nodes::text);
    let networks = nodes::child(&entry.value, "networks").map(nodes::entries).unwrap_or_default();
    let aliases = networks.iter().filter_map(|network| nodes::child(&network.value, "aliases")).flat_map(nodes::items);
    let others = container.into_iter().chain(aliases.filter_map(nodes::text));
    let others = others.filter_map(|name| ledger.known(name)).filter(|name| !name.is_empty());
    std::iter::once(entry.key.to_string()).chain(others).collect()
}

/// Whether scripts of the user's own run on a new volume, which may make roles and give databases to them.
fn has_own_scripts(node: &Node<'_>) -> bool {
    let items = nodes::child(node, "volumes").map(nodes::items).unwrap_or_default();
    let target = |item| nodes::text(item).and_then(|text| text.split(':').nth(1)).or(nodes::text_of(item, "target"));
    items.iter().filter_map(target).any(|target| target.starts_with(INIT_SCRIPTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_usual_tags() {
        for (image, major) in [
            ("pgvector/pgvector:pg16", Some(16)),
            ("pgvector/pgvector:0.8.0-pg17", Some(17)),
            ("timescale/timescaledb:latest-pg16", Some(16)),
            ("timescale/timescaledb:2.17.2-pg16", Some(16)),
            ("postgis/postgis:16-3.4-alpine", Some(16)),
            ("public.ecr.aws/docker/library/postgres:15.4", Some(15)),
            ("localhost:5000/postgres:14", Some(14)),
            ("ghcr.io/immich-app/postgres:14-vectorchord0.4.3-pgvectors0.2.0", Some(14)),
            ("ankane/pgvector:v0.5.1", None),
            ("pgvector/pgvector:0.5.1", None),
            ("shop-db:17", None),
            ("pgautoupgrade/pgautoupgrade:16-alpine", Some(16)),
            ("postgres", None),
            ("postgres:alpine", None),
        ] {
            assert_eq!(major_in(image), major, "{image}");
        }
    }
}
