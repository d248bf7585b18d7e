//! Knows what the `postgres` section means. Must not know which services use the server.

use super::container::{check_pinned, limits};
use super::scope::Faults;
use super::settings;
use super::stage as policy;
use crate::deployment::{CheckTimes, Container, External, ExternalTls, Host, Limits, PublishedPort, Server};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::postgres::{count, major_of_tag};
use crate::profile::{Postgres, Profile, given};
use crate::spelling::quoted;
use crate::value::{
    ByteSize, CpuCount, DatabaseName, Duration, EnvironmentKey, ImageReference, Interval, Port, PostgresMajor,
    ProcessCount, Replicas, Stage, TextValue as _, Tls, VolumeName,
};

/// The server that the section describes, without databases; nothing where there is no section, or a wrong one.
pub(super) fn resolve_server(profile: &Profile, stage: Stage, faults: &mut Faults) -> Option<Server> {
    let postgres = profile.postgres.get()?;
    let at = FieldPath::root().key("postgres");
    let user = postgres.user.get().cloned();
    match &user {
        None => {
            let help = "write `user: NAME`, such as the project's name";
            faults.add(Code::MissingField, Place::key(&at), "the server's role is not named", help);
        }
        Some(user) if user.is_reserved() => {
            let message = format!("PostgreSQL keeps the role name {} for itself", quoted(user.as_str()));
            faults.add(Code::ReservedName, Place::value(&at.key("user")), message, "choose another name");
        }
        Some(_) => {}
    }
    let host = match postgres.external.get() {
        Some(external) => {
            check_unused(postgres, &at, faults);
            Host::External(resolve_external(postgres, external, faults)?)
        }
        None => Host::Container(Box::new(resolve_container(postgres, stage, &at, faults)?)),
    };
    Some(Server {
        host,
        user: user?,
        administrator_password: EnvironmentKey::postgres_password(),
        access: postgres.access(),
        databases: Vec::new(),
    })
}

fn resolve_container(postgres: &Postgres, stage: Stage, at: &FieldPath, faults: &mut Faults) -> Option<Container> {
    let image = postgres.image.get();
    if image.is_none() {
        let help = "write `image: postgres:16-alpine`, or `external:` for a server elsewhere";
        faults.add(Code::MissingField, Place::key(at), "the server has neither an image nor an external host", help);
    }
    let image = image?.clone();
    check_pinned(&image, stage, &at.key("image"), faults);
    let major = major(&image, postgres, at, faults);
    let database = match (postgres.database.get(), postgres.user.get()) {
        (Some(database), _) => Some(database.clone()),
        (None, Some(user)) => DatabaseName::parse(user.as_str()).ok(),
        (None, None) => None,
    };
    let taken = |database: &&DatabaseName| database.is_reserved() && database.as_str() != "postgres";
    if let Some(database) = database.as_ref().filter(taken) {
        let field = if postgres.database.is_given() { "database" } else { "user" };
        let message = format!("PostgreSQL keeps the database name {} for itself", quoted(database.as_str()));
        let help = "write `database:` with another name";
        faults.add(Code::ReservedName, Place::value(&at.key(field)), message, help);
    }
    check_settings(postgres, at, faults);
    if let Some(major) = major {
        settings::check(postgres, &image, major, faults);
    }
    if postgres.ensure() && postgres.volume().volume() == Some(&VolumeName::postgres_socket()) {
        let message = format!("the volume `{}` is for the server's socket", postgres.volume());
        faults.add(Code::MountClash, Place::value(&at.key("volume")), message, "give the data's volume another name");
    }
    let publish = postgres.publish.get().map(|publish| PublishedPort {
        address: publish.address,
        port: publish.port,
        variable: publish.variable.clone(),
        target: Port::POSTGRES,
    });
    let user = image.postgres_identity().filter(|_| stage.is_strict());
    Some(Container {
        major: major?,
        image,
        database: database?,
        publish,
        volume: postgres.volume(),
        ensure: postgres.ensure(),
        init_script: postgres.init_script(),
        local_auth: postgres.local_auth(),
        limits: limits_of_server(postgres, stage),
        settings: given(&postgres.settings).map(|(name, value)| (name.clone(), value.0.clone())).collect(),
        user,
        fences: policy::fences_of_server(stage, user, !postgres.ensure()),
        restart: policy::restart(stage),
        log: policy::kept_log(stage),
        times: CheckTimes {
            interval: Interval::short(),
            timeout: Interval::short(),
            retries: Replicas::FIVE,
            start_period: Duration::of_seconds(60),
        },
        sizes: Vec::new(),
        shared_memory: 0,
        stop_grace_period: Duration::of_minutes(2),
        preparation: policy::preparation(stage),
    })
}

/// What is written, and in stages where others' data is what keeps a server from taking the whole machine.
fn limits_of_server(postgres: &Postgres, stage: Stage) -> Limits {
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

fn check_settings(postgres: &Postgres, at: &FieldPath, faults: &mut Faults) {
    let is_told = |value: &str| WITH_ENVIRONMENT.contains(&value.trim().to_ascii_lowercase().as_str());
    for (name, _) in given(&postgres.settings).filter(|(name, value)| name.as_str() == LOG_LEVEL && is_told(&value.0)) {
        let message = "with this level the server writes its environment into its log, passwords included";
        let help = "write `debug2`; for more, `ALTER DATABASE … SET log_min_messages` holds for its sessions only";
        faults.add(Code::InvalidValue, Place::value(&at.key("settings").key(name)), message, help);
    }
    for (name, _) in given(&postgres.settings).filter(|(name, _)| RELIED_ON.contains(&name.as_str())) {
        let message = format!("the rest of the deployment relies on the server's own `{name}`");
        let help = "remove it; `publish` gives the server another port on the host";
        faults.add(Code::OwnedKey, Place::key(&at.key("settings").key(name)), message, help);
    }
}

/// Fields that only a container has; an inherited `image` is no mistake.
fn check_unused(postgres: &Postgres, at: &FieldPath, faults: &mut Faults) {
    let fields = [
        ("publish", postgres.publish.is_given()),
        ("volume", postgres.volume.is_given()),
        ("ensure", postgres.ensure.is_given()),
        ("init_script", postgres.init_script.is_given()),
        ("local_auth", postgres.local_auth.is_given()),
        ("limits", postgres.limits.is_given()),
        ("settings", postgres.settings.is_given()),
        ("compose", postgres.compose.is_given()),
    ];
    for (field, _) in fields.iter().filter(|(_, given)| *given) {
        let message = format!("`{field}` has no effect on an external server");
        let help = format!("remove it; where a base gives it, write `{field}: null`");
        let fault = Diagnostic::error(Code::Conflict, Place::key(&at.key(field)), message, help);
        faults.push(fault.also(Place::key(&at.key("external")), "the server is elsewhere"));
    }
}

fn major(image: &ImageReference, postgres: &Postgres, at: &FieldPath, faults: &mut Faults) -> Option<PostgresMajor> {
    let place = Place::value(&at.key("image"));
    match (image.postgres_major().or_else(|| major_of_tag(image)), postgres.version.copied()) {
        (None, Some(version)) => Some(version),
        (None, None) => {
            let message =
                format!("the image {} does not tell its major version of PostgreSQL", quoted(&image.to_string()));
            let help = "write `version: 16` beside `image`, with the version that the image carries";
            faults.add(Code::PostgresVersion, place, message, help);
            None
        }
        (Some(tagged), Some(version)) if i128::from(version.get()) != tagged => {
            let fault = Diagnostic::error(
                Code::PostgresVersion,
                Place::value(&at.key("version")),
                format!("`version` says {version}, the image's tag says {tagged}"),
                "remove `version`: the image's tag tells it",
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

fn resolve_external(postgres: &Postgres, external: &crate::profile::External, faults: &mut Faults) -> Option<External> {
    let at = &FieldPath::root().key("postgres").key("external");
    let host = external.host.get();
    if host.is_none() {
        let help = "write `host: db.example.com`";
        faults.add(Code::MissingField, Place::key(at), "the external server's host is not named", help);
    }
    let ca = external.ca.get().map(|ca| ca.as_host_path().clone());
    let tls = match (external.tls(), ca) {
        (Tls::VerifyFull, ca) => ExternalTls::VerifyFull(ca),
        (Tls::Require, None) => ExternalTls::Require,
        (Tls::Disable, None) => ExternalTls::Disable,
        (mode, Some(_)) => {
            use crate::value::Choice as _;
            let fault = Diagnostic::error(
                Code::TlsConflict,
                Place::value(&at.key("ca")),
                format!("a `ca` is given, but `tls` is `{}`, which verifies no certificate", mode.as_str()),
                "write `tls: verify-full`, or remove `ca`",
            );
            faults.push(fault.also(Place::value(&at.key("tls")), ""));
            return None;
        }
    };
    Some(External {
        host: host?.as_str().to_owned(),
        port: external.port(),
        tls,
        client: postgres.image.get().cloned(),
    })
}
