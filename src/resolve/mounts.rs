//! Knows which mounts and SQLite files get in each other's way. Must not know databases on a server.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::clash::{both_share, database_place, service_path, share};
use super::scope::Faults;
use crate::deployment::{Database, Server, Service};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::spelling::{quoted, raw_path};
use crate::url::{ConnectionUrl, SqliteUrl};
use crate::value::{ContainerPath, Mount, MountSource, SqlitePath, VolumeName};

/// Checks the mounts of all services.
pub(super) fn check(services: &[Service], server: Option<&Server>, has_backups: bool, faults: &mut Faults) {
    let mut users: HashMap<&str, (&Service, &Database)> = HashMap::new();
    for service in services {
        check_targets(service, faults);
        check_server_volume(service, server, has_backups, faults);
        check_sqlite(service, faults);
        for (database, url) in service.databases_in_files().filter(|_| !service.runs.ends()) {
            let Some(first) = users.insert(&database.kept_in, (service, database)) else { continue };
            if first.0.name != service.name && !both_share(first.1, database) {
                faults.push(shared_file(first, (service, database), &url.path));
            }
        }
    }
}

/// Where a database is kept: the same text for the same one.
pub(super) fn kept_in(url: &ConnectionUrl, data: Option<&Mount>) -> String {
    match url {
        ConnectionUrl::Postgres(url) => format!("the server's {}", url.database),
        ConnectionUrl::Sqlite(url) => data.map_or_else(|| url.file.to_string(), |data| kept_file(data, &url.file)),
    }
}

fn shared_file(first: (&Service, &Database), second: (&Service, &Database), path: &SqlitePath) -> Diagnostic {
    let message = format!("two services use the SQLite file {}", quoted(path.as_str()));
    let help = "give each service its own file or data mount, or write `shared: true` beside it at both";
    let place = |(service, database): (&Service, &Database)| database_place(&service.name, database, "sqlite");
    Diagnostic::error(Code::SharedDatabase, place(second), message, help)
        .label("used again here")
        .also(place(first), "first used here")
        .mended(share(first, second))
}

/// Where a file in the data mount really is: the same text for the same file, however its path was written.
fn kept_file(data: &Mount, file: &ContainerPath) -> String {
    let inside = data.target.strip(file).unwrap_or_default();
    match &data.source {
        MountSource::Volume(name) => format!("{name}:{inside}"),
        MountSource::Bind(path) => raw_path(plain(&Path::new(path.as_str()).join(inside))),
    }
}

/// A path without `.`, and without `..` as far as that is known.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::ParentDir | Component::Normal(_) => {
                plain.push(part);
            }
        }
    }
    plain
}

/// Whether what is kept at one of two places is seen at the other one, as far as their paths say it.
pub(super) fn overlap(first: &MountSource, second: &MountSource) -> bool {
    match (first, second) {
        (MountSource::Volume(first), MountSource::Volume(second)) => first == second,
        (MountSource::Bind(first), MountSource::Bind(second)) => {
            let (first, second) = (plain(Path::new(first.as_str())), plain(Path::new(second.as_str())));
            is_in(&first, &second) || is_in(&second, &first)
        }
        (MountSource::Volume(_), MountSource::Bind(_)) | (MountSource::Bind(_), MountSource::Volume(_)) => false,
    }
}

/// Whether the first one is the second one or in it; a path that begins with more `..` is further out.
fn is_in(inner: &Path, outer: &Path) -> bool {
    let ups = |path: &Path| path.components().take_while(|part| *part == Component::ParentDir).count();
    if inner.is_absolute() != outer.is_absolute() {
        return false;
    }
    if ups(inner) == ups(outer) {
        inner.starts_with(outer)
    } else {
        ups(outer) > ups(inner) && ups(outer) == outer.components().count()
    }
}

fn mount_place(service: &Service, index: usize) -> Place {
    let at = service_path(&service.name);
    let has_data = usize::from(service.has_data);
    if index < has_data {
        return Place::value(&at.key("data"));
    }
    Place::value(&at.key("volumes").key(index - has_data))
}

/// Docker shows one of two mounts on one target, and Compose does not say so.
fn check_targets(service: &Service, faults: &mut Faults) {
    let mut targets: HashMap<&ContainerPath, usize> = HashMap::new();
    for (index, mount) in service.mounts.iter().enumerate() {
        let first = *targets.entry(&mount.target).or_insert(index);
        if first != index {
            let message = format!("two mounts appear at `{}`", mount.target);
            let fault = Diagnostic::error(Code::MountClash, mount_place(service, index), message, "remove one of them");
            faults.push(fault.also(mount_place(service, first), "the other one"));
        }
    }
}

fn check_server_volume(service: &Service, server: Option<&Server>, has_backups: bool, faults: &mut Faults) {
    let Some(container) = server.and_then(Server::container) else { return };
    let has_socket = container.ensure || has_backups;
    let is_own = |source: &MountSource| has_socket && *source == MountSource::Volume(VolumeName::postgres_socket());
    for (index, mount) in service.mounts.iter().enumerate() {
        if mount.source == *container.volume.source() {
            let what = container.volume.kind();
            let message = format!("the {what} `{}` holds the data of PostgreSQL", container.volume);
            let help = "mount another one, or give the server's data another place with `postgres.volume`";
            faults.add(Code::MountClash, mount_place(service, index), message, help);
        } else if is_own(&mount.source) {
            let name = VolumeName::postgres_socket();
            let message =
                format!("by the volume `{name}` a service would be PostgreSQL's superuser without a password");
            faults.add(Code::MountClash, mount_place(service, index), message, "mount another volume");
        }
    }
}

/// A SQLite file must be writable, by one process, and where its path says.
fn check_sqlite(service: &Service, faults: &mut Faults) {
    let Some((first, _)) = service.databases_in_files().next() else { return };
    let database = |database: &Database| database_place(&service.name, database, "sqlite");
    let at = service_path(&service.name);
    if service.replicas.is_some() {
        let message = "several containers would write one SQLite file";
        let help = "remove `replicas`, or let the service use PostgreSQL";
        let fault = Diagnostic::error(Code::SqliteReplicas, Place::value(&at.key("replicas")), message, help);
        faults.push(fault.also(database(first), "the file"));
    }
    let Some(data) = service.mounts.first() else { return };
    if data.read_only {
        let message = "the SQLite file lies in a mount that the service may only read";
        let fault = Diagnostic::error(Code::MountClash, Place::value(&at.key("data")), message, "remove `:ro`");
        faults.push(fault.also(database(first), "the file"));
    }
    for (index, mount) in service.mounts.iter().enumerate().skip(1) {
        let hides =
            |url: &SqliteUrl| mount.target.strip(&url.file).is_some() && data.target.strip(&mount.target).is_some();
        if let Some((hidden, _)) = service.databases_in_files().find(|(_, url)| hides(url)) {
            let message = format!("the SQLite file lies in this mount at `{}`, not in the data mount", mount.target);
            let help = "make this one the `data` mount, or put the file elsewhere";
            let fault = Diagnostic::error(Code::OutsideMount, mount_place(service, index), message, help);
            faults.push(fault.also(database(hidden), "the file"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextValue as _;

    #[test]
    fn one_file_is_recognized_however_its_path_is_written() {
        let kept = |mount, file| kept_file(&Mount::parse(mount).unwrap(), &ContainerPath::parse(file).unwrap());
        let expected = kept("./d:/app/data", "/app/data/sub/x.db");
        for (mount, file) in [
            ("./e/../d:/srv", "/srv/sub/x.db"),
            ("./d//:/srv", "/srv/sub/x.db"),
            (".//d/sub:/app/data", "/app/data/x.db"),
        ] {
            assert_eq!(kept(mount, file), expected, "{mount} {file}");
        }
        assert_ne!(kept("dd:/app/data", "/app/data/sub/x.db"), expected, "a volume is not a folder");
        assert_eq!(kept("../../d:/a", "/a/x"), "../../d/x");
    }

    #[test]
    fn places_overlap_where_one_is_in_the_other() {
        let place = |text: &str| Mount::parse(&format!("{text}:/x")).unwrap().source;
        for (first, second, expected) in [
            ("./a", "./a/", true),
            ("./a/b", ".//a/./c/../b", true),
            ("./a", "./a/b", true),
            ("./a", "./ab", false),
            ("./a/b", "./a/c", false),
            ("./", "./a", true),
            ("../", "./a", true),
            ("../../", "../a", true),
            ("../a", "./a", false),
            ("../", "../../a", false),
            ("/a", "/a/b", true),
            ("/", "/a", true),
            ("../", "/a", false),
            ("./", "/a", false),
            ("data", "data", true),
            ("data", "logs", false),
            ("data", "./data", false),
        ] {
            let (first, second) = (place(first), place(second));
            assert_eq!(overlap(&first, &second), expected, "{first:?} {second:?}");
            assert_eq!(overlap(&second, &first), expected, "{second:?} {first:?}");
        }
    }
}
