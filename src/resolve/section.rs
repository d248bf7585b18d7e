//! Knows what the fields of the `postgres` section mean that a server in a container and one with an operator have in
//! common. Must not know what becomes of them.

use super::container::limits;
use super::scope::Faults;
use super::storage::resolve_storage;
use crate::deployment::{Limits, Storage};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::postgres::{count, major_of_tag};
use crate::profile::{Postgres, given};
use crate::spelling::quoted;
use crate::value::{
    ByteSize, CpuCount, DatabaseName, ImageReference, PostgresMajor, ProcessCount, Stage, TextValue as _,
};

pub(super) fn image(postgres: &Postgres, at: &FieldPath, faults: &mut Faults) -> Option<ImageReference> {
    let image = postgres.image.get();
    if image.is_none() {
        let help = "write `image: postgres:16-alpine`, or `external:` for a server elsewhere";
        faults.add(Code::MissingField, Place::key(at), "the server has neither an image nor an external host", help);
    }
    image.cloned()
}

/// The database that the server is made with: named as its role where nobody says otherwise.
pub(super) fn first_database(postgres: &Postgres) -> Option<DatabaseName> {
    match (postgres.database.get(), postgres.user.get()) {
        (Some(database), _) => Some(database.clone()),
        (None, Some(user)) => DatabaseName::parse(user.as_str()).ok(),
        (None, None) => None,
    }
}

pub(super) fn storage(postgres: &Postgres, at: &FieldPath, faults: &mut Faults) -> Option<Storage> {
    let at = at.key("storage");
    let storage = resolve_storage(postgres.storage.get()?, &at, faults)?;
    if storage.shared {
        let message = "a server's data is for one container at a time";
        faults.add(Code::Conflict, Place::value(&at.key("shared")), message, Help::remove());
    }
    Some(storage)
}

/// What is written, and in stages where others' data is what keeps a server from taking the whole machine.
pub(super) fn limits_of_server(postgres: &Postgres, stage: Stage) -> Limits {
    let written = limits(&postgres.limits);
    if !stage.is_strict() {
        return written;
    }
    let max_connections = given(&postgres.settings).find(|(name, _)| name.as_str() == "max_connections");
    let connections = max_connections.and_then(|(_, value)| count(&value.0));
    let processes = connections.unwrap_or(USUAL_CONNECTIONS).saturating_add(OTHER_PROCESSES);
    let processes = processes.min(i128::from(*ProcessCount::RANGE.end()));
    Limits {
        memory: Some(written.memory.unwrap_or_else(|| ByteSize::of_gibibytes(1))),
        cpus: Some(written.cpus.unwrap_or_else(|| CpuCount::whole(1))),
        pids: written.pids.or_else(|| ProcessCount::new(processes)),
    }
}

/// What `max_connections` is where nobody says otherwise.
const USUAL_CONNECTIONS: i128 = 100;

/// Enough for background workers, parallel queries and programs that run beside the server, such as a dump.
const OTHER_PROCESSES: i128 = 156;

/// Settings that the URLs, the health check and the mounts rely on.
pub(crate) const RELIED_ON: [&str; 5] =
    ["port", "listen_addresses", "data_directory", "unix_socket_directories", "hba_file"];

/// The setting whose lowest levels write the environment of the server into its log at every start, passwords included.
pub(crate) const LOG_LEVEL: &str = "log_min_messages";

/// These levels.
const WITH_ENVIRONMENT: [&str; 3] = ["debug3", "debug4", "debug5"];

pub(super) fn check_settings(postgres: &Postgres, at: &FieldPath, faults: &mut Faults) {
    let is_told = |value: &str| WITH_ENVIRONMENT.contains(&value.trim().to_ascii_lowercase().as_str());
    for (name, _) in given(&postgres.settings).filter(|(name, value)| name.as_str() == LOG_LEVEL && is_told(&value.0)) {
        let message = "with this level the server writes its environment into its log, passwords included";
        let help = "write `debug2`; for more, `ALTER DATABASE … SET log_min_messages` holds for its sessions only";
        faults.add(Code::InvalidValue, Place::value(&at.key("settings").key(name)), message, help);
    }
    for (name, _) in given(&postgres.settings).filter(|(name, _)| RELIED_ON.contains(&name.as_str())) {
        let message = format!("the rest of the deployment relies on the server's own `{name}`");
        let help = Help::remove().and("; `publish` gives the server another port on the host");
        faults.add(Code::OwnedKey, Place::key(&at.key("settings").key(name)), message, help);
    }
}

pub(super) fn major(
    image: &ImageReference,
    postgres: &Postgres,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<PostgresMajor> {
    let place = Place::value(&at.key("image"));
    match (image.postgres_major().or_else(|| major_of_tag(image)), postgres.version.copied()) {
        (None, Some(version)) => Some(version),
        (None, None) => {
            let message =
                format!("the image {} does not say its major version of PostgreSQL", quoted(&image.to_string()));
            let help = "write `version: 16` beside `image`, with the version that the image carries";
            faults.add(Code::PostgresVersion, place, message, help);
            None
        }
        (Some(tagged), Some(version)) if i128::from(version.get()) != tagged => {
            let fault = Diagnostic::error(
                Code::PostgresVersion,
                Place::value(&at.key("version")),
                format!("`version` says {version}, the image's tag says {tagged}"),
                "remove `version`: the image's tag says it",
            );
            faults.push(fault.also(place, "the image"));
            None
        }
        (Some(tagged), _) => {
            let major = PostgresMajor::new(tagged);
            if major.is_none() {
                let message = format!("expected {}, found {tagged}", PostgresMajor::WORDS);
                let help = "use an image of PostgreSQL 15 or later: the scripts need its psql";
                faults.add(Code::PostgresVersion, place, message, help);
            }
            major
        }
    }
}
