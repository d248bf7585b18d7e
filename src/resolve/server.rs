//! Knows what the `postgres` section means. Must not know which services use the server.

use super::carried::{Runs, Wanted};
use super::container::check_pinned;
use super::initdb::{environment, initdb};
use super::operated::resolve_operated;
use super::scope::Faults;
use super::section::{check_settings, first_database, image, limits_of_server, major, storage};
use super::settings;
use super::stage as policy;
use crate::deployment::{Certificates, CheckTimes, Container, External, ExternalTls, Host, PublishedPort, Server};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Postgres, Profile, given};
use crate::spelling::quoted;
use crate::value::{DatabaseName, Duration, EnvironmentKey, Port, Stage, Tls, UserId, VolumeName};

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
        None if postgres.operator.is_given() => {
            Host::Operated(Box::new(resolve_operated(postgres, profile, stage, &at, faults)?))
        }
        None => {
            check_instances(postgres, &at, faults);
            Host::Container(Box::new(resolve_container(postgres, profile, stage, &at, faults)?))
        }
    };
    Some(Server {
        host,
        user: user?,
        administrator_password: EnvironmentKey::postgres_password(),
        access: postgres.access(),
        databases: Vec::new(),
    })
}

fn resolve_container(
    postgres: &Postgres,
    profile: &Profile,
    stage: Stage,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<Container> {
    let image = image(postgres, at, faults)?;
    check_pinned(&image, stage, &at.key("image"), faults);
    let major = major(&image, postgres, at, faults);
    let database = first_database(postgres);
    let taken = |database: &&DatabaseName| database.is_reserved() && database.as_str() != "postgres";
    if let Some(database) = database.as_ref().filter(taken) {
        let field = if postgres.database.is_given() { "database" } else { "user" };
        let message = format!("PostgreSQL keeps the database name {} for itself", quoted(database.as_str()));
        let help = "write `database:` with another name";
        faults.add(Code::ReservedName, Place::value(&at.key(field)), message, help);
    }
    check_settings(postgres, at, faults);
    if let Some(major) = major {
        let wanted = Wanted::of(profile, major, Runs::Container);
        settings::check(postgres, &image, major, &wanted, faults);
    }
    if (postgres.ensure() || profile.backups.is_given())
        && postgres.volume().volume() == Some(&VolumeName::postgres_socket())
    {
        let message = format!("the volume `{}` is for the server's socket", postgres.volume());
        faults.add(Code::MountClash, Place::value(&at.key("volume")), message, "give the data's volume another name");
    }
    let publish = postgres.publish.get().map(|publish| PublishedPort {
        address: publish.address,
        port: publish.port,
        variable: publish.variable.clone(),
        target: Port::POSTGRES,
    });
    let written = postgres.user_id.copied();
    let known_user = written.or_else(|| UserId::parse(image.postgres_identity()?).ok());
    let user = written.or(known_user.filter(|_| stage.is_strict()));
    let initdb = initdb(postgres, major, at, faults);
    let environment = environment(postgres, profile, at, faults);
    let check = postgres.healthcheck.get().cloned().unwrap_or_default();
    Some(Container {
        major: major?,
        image,
        database: database?,
        publish,
        volume: postgres.volume(),
        storage: storage(postgres, at, faults),
        ensure: postgres.ensure(),
        init_script: postgres.init_script(),
        local_auth: postgres.local_auth(),
        initdb,
        environment,
        limits: limits_of_server(postgres, stage),
        settings: given(&postgres.settings).map(|(name, value)| (name.clone(), value.0.clone())).collect(),
        user,
        known_user,
        fences: policy::fences_of_server(stage, user.is_some(), !postgres.ensure() && !profile.backups.is_given()),
        restart: policy::restart(stage),
        log: policy::kept_log(stage),
        times: CheckTimes {
            interval: check.interval(),
            timeout: check.timeout(),
            retries: check.retries(),
            start_period: check.start_period(),
        },
        sizes: Vec::new(),
        shared_memory: 0,
        stop_grace_period: Duration::of_minutes(2),
        preparation: policy::preparation(stage),
    })
}

/// Fields that only a container has; an inherited `image` is no mistake.
fn check_unused(postgres: &Postgres, at: &FieldPath, faults: &mut Faults) {
    let fields = [
        ("user_id", postgres.user_id.is_given()),
        ("publish", postgres.publish.is_given()),
        ("volume", postgres.volume.is_given()),
        ("storage", postgres.storage.is_given()),
        ("operator", postgres.operator.is_given()),
        ("instances", postgres.instances.is_given()),
        ("ensure", postgres.ensure.is_given()),
        ("init_script", postgres.init_script.is_given()),
        ("local_auth", postgres.local_auth.is_given()),
        ("healthcheck", postgres.healthcheck.is_given()),
        ("initdb", postgres.initdb.is_given()),
        ("environment", postgres.environment.is_given()),
        ("limits", postgres.limits.is_given()),
        ("settings", postgres.settings.is_given()),
        ("compose", postgres.compose.is_given()),
    ];
    faults.no_effect(&fields, "an external server", at, ("external", "the server is elsewhere"));
}

/// One container is one server.
fn check_instances(postgres: &Postgres, at: &FieldPath, faults: &mut Faults) {
    if postgres.instances.is_given() {
        let help = "write `operator: cloudnative-pg`, or remove it";
        let message = "`instances` has no effect without an operator";
        faults.add(Code::Conflict, Place::key(&at.key("instances")), message, help);
    }
}

fn resolve_external(postgres: &Postgres, external: &crate::profile::External, faults: &mut Faults) -> Option<External> {
    let at = &FieldPath::root().key("postgres").key("external");
    let host = external.host.get();
    if host.is_none() {
        let help = "write `host: db.example.com`";
        faults.add(Code::MissingField, Place::key(at), "the external server's host is not named", help);
    }
    let ca = certificates(external, at, faults);
    let tls = match (external.tls(), ca) {
        (Tls::VerifyFull, ca) => ExternalTls::VerifyFull(ca),
        (Tls::Require, None) => ExternalTls::Require,
        (Tls::Disable, None) => ExternalTls::Disable,
        (mode, Some(_)) => {
            use crate::value::Choice as _;
            let field = if external.ca.is_given() { "ca" } else { "ca_secret" };
            let fault = Diagnostic::error(
                Code::TlsConflict,
                Place::value(&at.key(field)),
                format!("a `{field}` is given, but `tls` is `{}`, which verifies no certificate", mode.as_str()),
                format!("write `tls: verify-full`, or remove `{field}`"),
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

/// The certificates that the server's one is verified by, of a file or of a Secret.
fn certificates(external: &crate::profile::External, at: &FieldPath, faults: &mut Faults) -> Option<Certificates> {
    if external.ca.is_given() && external.ca_secret.is_given() {
        let message = "certificates come from `ca` or from `ca_secret`, not from both";
        let fault = Diagnostic::error(Code::Conflict, Place::key(&at.key("ca_secret")), message, "remove one of them");
        faults.push(fault.also(Place::key(&at.key("ca")), ""));
    }
    let file = external.ca.get().map(|ca| Certificates::File(ca.as_host_path().clone()));
    file.or_else(|| external.ca_secret.get().map(|name| Certificates::Secret(name.to_string())))
}
