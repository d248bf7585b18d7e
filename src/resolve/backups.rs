//! Knows what the section `backups` means, and what it can't cover. Must not know how a backup is made.

use super::clash::service_path;
use super::environment::variable;
use super::mounts::overlap;
use super::scope::Faults;
use crate::deployment::{
    ARCHIVE_COMMAND, BackupCheck, Backups, Container, Destination, Host, S3, Server, Service, Variable, destination,
};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::postgres;
use crate::profile::{self, CheckCommand, Profile, Value, given};
use crate::spelling::{quoted, shell_word};
use crate::url::ConnectionUrl;
use crate::value::{
    BackupPlace, EnvironmentKey, MountSource, PostgresMajor, ServiceName, SettingName, TextValue as _, UserId,
    VolumeName,
};

/// Settings that decide what becomes of what the server writes.
const OWN_SETTINGS: [&str; 3] = ["archive_mode", "archive_command", "archive_library"];

/// What is written stays at the server for this long at the most, even where little is: then it goes to the destination.
const SECONDS: &str = "60";

/// The backups of a deployment. The server gets the settings by which it waits until what it wrote is at the destination.
pub(super) fn backups(
    profile: &Profile,
    services: &[Service],
    server: Option<&mut Server>,
    faults: &mut Faults,
) -> Option<Backups> {
    let written = profile.backups.get()?;
    let at = FieldPath::root().key("backups");
    // a service or a server with a fault may be the one that is missed
    let is_whole = faults.0.is_empty();
    if written.to.get().is_none() {
        let help = "write `to: ./backups`";
        faults.add(Code::MissingField, Place::key(&at), "the backups have no place to be kept", help);
    }
    check_files(services, &at, faults);
    let container = match server.map(|server| &mut server.host) {
        Some(Host::Container(container)) => container,
        Some(Host::External(_)) => {
            let message = "`backups` covers no external server: whoever runs it has the data that backups are made of";
            let help = Help::remove().and("; `scripts/db/backup.sh` dumps the databases of the services");
            faults.push(beside(Code::Backups, &at, message, help, "external"));
            return None;
        }
        // the target tells what it can't run
        Some(Host::Operated(_)) => return None,
        None if !is_whole => return None,
        None => {
            let message = "`backups` covers nothing: no service has its data on a PostgreSQL server of the deployment";
            faults.add(Code::Backups, Place::key(&at), message, "remove it, or let a service use PostgreSQL");
            return None;
        }
    };
    check_settings(profile, container.major, faults);
    check_user(profile, container, faults);
    let to = place(written, &at, faults);
    check_work(container, services, faults);
    if let Some(Destination::Mounted(source)) = &to {
        check_place(source, container, services, &at, faults);
    }
    let failure = written.on_failure.get();
    let secrets: Vec<_> = given(&profile.secrets).map(|(name, _)| name).collect();
    for (name, value) in [("archive_mode", "on"), ("archive_command", ARCHIVE_COMMAND), ("archive_timeout", SECONDS)] {
        let is_written = container.settings.iter().any(|(known, _)| known.as_str() == name);
        let name = SettingName::parse(name).ok().filter(|_| !is_written);
        container.settings.extend(name.map(|name| (name, value.to_owned())));
    }
    Some(Backups {
        to: to?,
        daily_at: written.daily_at(),
        keep: written.keep(),
        key: written.encrypt().then(EnvironmentKey::backup_key),
        checks: checks(written, services, &at, faults),
        webhook: failure.and_then(|failure| webhook(failure.webhook.get()?, &secrets, &at, faults)),
        command: failure.and_then(|failure| failure.command.get()).map(line).filter(|line| !line.trim().is_empty()),
    })
}

fn beside(code: Code, at: &FieldPath, message: &str, help: impl Into<Help>, field: &str) -> Diagnostic {
    let other = FieldPath::root().key("postgres").key(field);
    Diagnostic::error(code, Place::key(at), message, help).also(Place::key(&other), "")
}

/// A section that covered some of the data would be taken for one that covers all.
fn check_files(services: &[Service], at: &FieldPath, faults: &mut Faults) {
    for service in services {
        for (database, _) in service.databases_in_files() {
            let message = format!(
                "{} keeps its data in a SQLite file, which `backups` does not cover",
                quoted(service.name.as_str())
            );
            let help = "let it use PostgreSQL; or remove `backups`, and run `scripts/db/backup.sh` each day";
            let place = Place::key(&database.path(&service.name));
            faults.push(Diagnostic::error(Code::Backups, place, message, help).also(Place::key(at), ""));
        }
    }
}

/// Where they go to. A bucket needs its server, and nothing else has one.
fn place(written: &profile::Backups, at: &FieldPath, faults: &mut Faults) -> Option<Destination> {
    let server = written.s3.get();
    let bucket = match written.to.get()? {
        BackupPlace::Mounted(place) => {
            if server.is_some() {
                let message = "`s3` describes a server, but the backups go to none";
                let help = "write `to: s3://BUCKET/FOLDER`, or remove `s3`";
                faults.add(Code::Backups, Place::key(&at.key("s3")), message, help);
            }
            return Some(Destination::Mounted(place.source().clone()));
        }
        BackupPlace::Bucket(bucket) => bucket,
    };
    let Some((server, endpoint)) = server.and_then(|server| Some((server, server.endpoint.get()?))) else {
        let message = format!("the server of `{bucket}` is not named");
        let help = "write `s3: { endpoint: s3.example.com }` beside it";
        faults.add(Code::Backups, Place::value(&at.key("to")), message, help);
        return None;
    };
    let ca = server.ca.get();
    if ca.is_some() && !server.verify_tls() {
        let message = "a `ca` is given, but `verify_tls` says to verify no certificate";
        faults.add(Code::Backups, Place::value(&at.key("s3").key("verify_tls")), message, "remove one of them");
    }
    Some(Destination::S3(S3 {
        bucket: bucket.clone(),
        endpoint: endpoint.clone(),
        region: server.region(),
        path_style: server.path_style(),
        ca: ca.cloned(),
        verify_tls: server.verify_tls(),
    }))
}

/// Where a failure is told. A text that is no URL would be told of when the first backup has failed, and then to nobody.
fn webhook(value: &Value, secrets: &[&EnvironmentKey], at: &FieldPath, faults: &mut Faults) -> Option<Variable> {
    let at = at.key("on_failure").key("webhook");
    let is_url = |text: &str| {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
        host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') && text.bytes().all(|c| c.is_ascii_graphic())
    };
    match value {
        Value::Literal(text) if !is_url(&text.0) => {
            let message = format!("{} is no URL to post to", quoted(&text.0));
            faults.add(Code::Backups, Place::value(&at), message, "write one such as `https://chat.example.com/hook`");
            None
        }
        Value::Database(..) | Value::Environment { .. } => {
            let help = "write a URL, or `{ secret: NAME }`";
            faults.add(Code::Backups, Place::value(&at), "a webhook is a URL or a secret", help);
            None
        }
        Value::Literal(_) | Value::Secret(_) => variable(value, secrets, &at, faults),
    }
}

/// A command as a line for a shell.
fn line(command: &CheckCommand) -> String {
    match command {
        CheckCommand::Line(line) => line.clone(),
        CheckCommand::Words(words) => words.iter().map(shell_word).collect::<Vec<_>>().join(" "),
    }
}

fn check_settings(profile: &Profile, major: PostgresMajor, faults: &mut Faults) {
    let Some(postgres) = profile.postgres.get() else { return };
    let at = FieldPath::root().key("postgres").key("settings");
    for (name, value) in given(&postgres.settings) {
        let is_own = OWN_SETTINGS.contains(&name.as_str());
        if is_own || name.as_str() == "wal_level" && value.0.trim().eq_ignore_ascii_case("minimal") {
            let message = format!("`backups` relies on its own `{name}`");
            let fault = Diagnostic::error(Code::Backups, Place::key(&at.key(name)), message, "remove one of them");
            faults.push(fault.also(Place::key(&FieldPath::root().key("backups")), ""));
        }
        let count = postgres::setting(major, name.as_str()).and_then(|setting| setting.number(&value.0).ok());
        if name.as_str() == "archive_timeout" && count.is_some_and(|seconds| seconds.abs() < 1.0) {
            let message = "without `archive_timeout` what is written stays at the server until there is more of it";
            let help = Help::remove().and(": with `backups` it is a minute; or write a time");
            let fault = Diagnostic::error(Code::Backups, Place::value(&at.key(name)), message, help);
            faults.push(fault.also(Place::key(&FieldPath::root().key("backups")), ""));
        }
    }
}

/// The container of the backups begins as root, and goes on as the image's own user, as whom its scripts are run, too.
fn check_user(profile: &Profile, container: &Container, faults: &mut Faults) {
    let own = container.image.postgres_identity().and_then(|own| UserId::parse(own).ok());
    let (Some(written), Some(own)) = (profile.postgres.get().and_then(|postgres| postgres.user_id.copied()), own)
    else {
        return;
    };
    if written.user != own.user {
        let message = format!("`backups` reads the server's data as the user of its image, who is `{own}`");
        let place = Place::value(&FieldPath::root().key("postgres").key("user_id"));
        let fault = Diagnostic::error(Code::Backups, place, message, "remove `user_id`, or remove `backups`");
        faults.push(fault.also(Place::key(&FieldPath::root().key("backups")), ""));
    }
}

/// What is restored is for nobody else.
fn check_work(container: &Container, services: &[Service], faults: &mut Faults) {
    let work = MountSource::Volume(VolumeName::backup_work());
    if *container.volume.source() == work {
        let message = format!("the volume `{}` is for what is restored from backups", container.volume);
        let place = Place::value(&FieldPath::root().key("postgres").key("volume"));
        faults.add(Code::MountClash, place, message, "give the data's volume another name");
    }
    for service in services.iter().filter(|service| service.mounts.iter().any(|mount| mount.source == work)) {
        let name = quoted(service.name.as_str());
        let message =
            format!("{name} mounts the volume `{}`, in which backups are restored", VolumeName::backup_work());
        faults.add(Code::MountClash, Place::key(&service_path(&service.name)), message, "mount another volume");
    }
}

/// The destination is for backups alone: nobody else has them in a mount, be it as a part of it.
fn check_place(to: &MountSource, container: &Container, services: &[Service], at: &FieldPath, faults: &mut Faults) {
    let (stands, work) = (destination(to), MountSource::Volume(VolumeName::backup_work()));
    let socket = MountSource::Volume(VolumeName::postgres_socket());
    if [&work, &socket, container.volume.source()].into_iter().any(|other| overlap(other, &stands)) {
        let message = "something else is kept there, and backups need a place of their own";
        let help = "name another folder or volume";
        faults.add(Code::MountClash, Place::value(&at.key("to")), message, help);
    }
    for service in services {
        for mount in service.mounts.iter().filter(|mount| mount.source != work) {
            if overlap(&mount.source, &stands) {
                let message = format!(
                    "{} mounts {}, and would have the backups in it: they need a place of their own",
                    quoted(service.name.as_str()),
                    quoted(written_as(&mount.source))
                );
                let help = "name a folder outside of it, or another volume";
                let fault = Diagnostic::error(Code::MountClash, Place::value(&at.key("to")), message, help);
                faults.push(fault.also(Place::key(&service_path(&service.name)), "the service"));
            }
        }
    }
}

fn written_as(source: &MountSource) -> &str {
    match source {
        MountSource::Volume(name) => name.as_str(),
        MountSource::Bind(path) => path.as_str(),
    }
}

fn checks(written: &profile::Backups, services: &[Service], at: &FieldPath, faults: &mut Faults) -> Vec<BackupCheck> {
    let mut checks = Vec::new();
    for (name, statement) in given(&written.drill) {
        let service = services.iter().find(|service| service.name == *name);
        match service.and_then(|service| service.database.as_ref()).map(|database| &database.url) {
            Some(ConnectionUrl::Postgres(url)) => checks.push(BackupCheck {
                service: name.clone(),
                role: url.login.role.clone(),
                database: url.database.clone(),
                statement: statement.clone(),
            }),
            Some(ConnectionUrl::Sqlite(_)) | None => {
                let message = format!("{} is no service with a database on the server", quoted(name.as_str()));
                let help = "name a service that uses PostgreSQL, or remove this line";
                faults.add(Code::UnknownService, Place::key(&at.key("drill").key(name)), message, help);
            }
        }
    }
    checks
}

/// A service can't be called as the container of the backups.
pub(super) fn check_name(services: &[Service], faults: &mut Faults) {
    let name = ServiceName::postgres_backup();
    if services.iter().any(|service| service.name == name) {
        let message = format!("the name `{name}` belongs to the service that codelab-gen adds for `backups`");
        let place = Place::key(&FieldPath::root().key("services").key(&name));
        faults.add(Code::ReservedName, place, message, "rename this service");
    }
}
