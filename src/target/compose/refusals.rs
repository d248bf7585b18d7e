//! Knows what Compose can't run of a profile; above all which of its keys the profile has a field for, so that `compose:` may
//! not write them a second time. Must not know what the keys do.

use super::file::SERVICE_KEYS;
use super::networks::{NETWORK_MODE, NETWORKS};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::profile::{Postgres, Profile, Raw, RawKeys, Service, Setting, given};
use crate::value::{Hardening, Mount, MountSource, Runs, SecretsIn};

/// Compose's key, and the field of the server that writes it; all other keys may be written, and replace what stands there.
pub(crate) const SERVER_KEYS: [(&str, &str); 11] = [
    ("image", "image"),
    ("command", "settings"),
    ("ports", "publish"),
    ("volumes", "volume"),
    ("environment", "environment"),
    ("healthcheck", "healthcheck"),
    ("mem_limit", "limits.memory"),
    ("cpus", "limits.cpus"),
    ("cpu_period", "limits.cpus"),
    ("cpu_quota", "limits.cpus"),
    ("pids_limit", "limits.pids"),
];

/// The same where the profile says who the server runs as.
pub(crate) const USER_KEYS: [(&str, &str); 1] = [("user", "user_id")];

/// Keys by which the server would no longer be the one container that the rest of the deployment relies on.
pub(crate) const SERVER_RELIED_ON: [&str; 6] =
    ["build", "depends_on", "entrypoint", "network_mode", "profiles", "scale"];

/// The same at the top of the file.
pub(crate) const TOP_KEYS: [(&str, &str); 3] = [("name", "project"), ("services", "services"), ("volumes", "services")];

/// The same for the top and for the server, where the server's passwords stand in files.
pub(crate) const FILE_KEYS: [(&str, &str); 1] = [("secrets", "secrets_in")];

/// What of a profile Compose can't run, or could not run as the profile's own fields say it.
pub(in crate::target) fn refusals(profile: &Profile) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let top = FieldPath::root();
    let in_files = profile.secrets_in() == SecretsIn::Files;
    check_keys(&profile.compose, &TOP_KEYS, &top, &mut faults);
    for (_, networks) in given(&profile.compose).filter(|(key, _)| key.as_str() == NETWORKS) {
        if !matches!(networks, Raw::Mapping(_)) {
            let place = Place::value(&top.key("compose").key(NETWORKS));
            let help = "write `networks: { NAME: {} }`";
            let message = "expected a mapping of networks by their names";
            faults.push(Diagnostic::error(Code::InvalidValue, place, message, help));
        }
    }
    if in_files {
        check_keys(&profile.compose, &FILE_KEYS, &top, &mut faults);
    }
    for (name, service) in given(&profile.services) {
        let at = top.key("services").key(name);
        check_hardening(service, &at, &mut faults);
        if service.compose.is_given() {
            check_keys(&service.compose, &SERVICE_KEYS, &at, &mut faults);
            check_deploy(&service.compose, &at, &mut faults);
            check_inside(service, &at, &mut faults);
            check_restart(service, &at, &mut faults);
        }
    }
    if let Some(postgres) = profile.postgres.get() {
        check_server(postgres, in_files, &top.key("postgres"), &mut faults);
    }
    check_elsewhere(profile, &mut faults);
    faults
}

/// What only Kubernetes has.
fn check_elsewhere(profile: &Profile, faults: &mut Vec<Diagnostic>) {
    let postgres = FieldPath::root().key("postgres");
    let operator = profile.postgres.get().is_some_and(|postgres| postgres.operator.is_given());
    let external = profile.postgres.get().and_then(|postgres| postgres.external.get());
    let ca_secret = external.is_some_and(|external| external.ca_secret.is_given());
    let made_elsewhere = profile.secrets_in() == SecretsIn::External;
    let fields = [
        (operator, Place::key(&postgres.key("operator")), "operators run", "operator"),
        (ca_secret, Place::key(&postgres.key("external").key("ca_secret")), "Secrets are", "ca_secret"),
        (
            made_elsewhere,
            Place::value(&FieldPath::root().key("secrets_in")),
            "Secrets are made elsewhere",
            "secrets_in",
        ),
    ];
    for (_, place, what, field) in fields.into_iter().filter(|(given, ..)| *given) {
        let message = format!("{what} on Kubernetes only, and the target is {}", profile.target().title());
        let help = format!("write `target: kubernetes`, or remove `{field}`");
        faults.push(Diagnostic::error(Code::Conflict, place, message, help));
    }
}

fn check_server(postgres: &Postgres, in_files: bool, at: &FieldPath, faults: &mut Vec<Diagnostic>) {
    check_keys(&postgres.compose, &SERVER_KEYS, at, faults);
    if postgres.user_id.is_given() {
        check_keys(&postgres.compose, &USER_KEYS, at, faults);
    }
    check_deploy(&postgres.compose, at, faults);
    for key in given(&postgres.compose).map(|(key, _)| key.as_str()).filter(|key| SERVER_RELIED_ON.contains(key)) {
        let place = Place::key(&at.key("compose").key(key));
        let message = format!("the rest of the deployment relies on the server's own `{key}`");
        faults.push(Diagnostic::error(Code::OwnedKey, place, message, Help::remove()));
    }
    if in_files {
        check_keys(&postgres.compose, &FILE_KEYS, at, faults);
    }
}

/// Keys below `deploy` by which Compose takes what a field says as well, each with that field.
pub(crate) const DEPLOY_KEYS: [(&[&str], &str); 2] =
    [(&["replicas"], "replicas"), (&["resources", "limits"], "limits")];

/// Compose refuses two places that disagree.
fn check_deploy(compose: &Setting<RawKeys>, at: &FieldPath, faults: &mut Vec<Diagnostic>) {
    for (_, deploy) in given(compose).filter(|(key, _)| key.as_str() == "deploy") {
        for (path, field) in DEPLOY_KEYS {
            let found = path.iter().try_fold(deploy, |raw, key| raw.get(key));
            if found.is_some() {
                let at = path.iter().fold(at.key("compose").key("deploy"), |at, key| at.key(key));
                faults.push(owned(&format!("deploy.{}", path.join(".")), field, &at));
            }
        }
    }
}

fn check_keys(compose: &Setting<RawKeys>, fields: &[(&str, &str)], at: &FieldPath, faults: &mut Vec<Diagnostic>) {
    for key in given(compose).map(|(key, _)| key.as_str()) {
        if let Some((_, field)) = fields.iter().find(|(known, _)| *known == key) {
            faults.push(owned(key, field, &at.key("compose").key(key)));
        }
    }
}

fn owned(key: &str, field: &str, at: &FieldPath) -> Diagnostic {
    let message = format!("the Compose key `{key}` is written by the profile's own field `{field}`");
    Diagnostic::error(Code::OwnedKey, Place::key(at), message, format!("use `{field}` instead"))
}

/// Root without capabilities can't write a folder of somebody else, and whose a folder of the host is, nobody knows here.
fn check_hardening(service: &Service, at: &FieldPath, faults: &mut Vec<Diagnostic>) {
    let is_bound = |mount: &&Mount| matches!(mount.source, MountSource::Bind(_)) && !mount.read_only;
    let mut mounts = service.data.get().into_iter().chain(service.volumes.get().into_iter().flatten());
    let Some(mount) = mounts.find(is_bound) else { return };
    let adds = |raw: &Raw| matches!(raw, Raw::Sequence(added) if !added.is_empty());
    let has_capabilities = given(&service.compose).any(|(key, raw)| key.as_str() == "cap_add" && adds(raw));
    let user = service.user.get().and_then(|user| user.0.split(':').next());
    let is_somebody = user.is_some_and(|user| !matches!(user, "" | "0" | "root"));
    if service.hardening() != Hardening::Strict || is_somebody || has_capabilities {
        return;
    }
    let message =
        format!("without capabilities root can't write to `{}`, which belongs to a user of the host", mount.target);
    let help = "write `user:` with the owner of the folder, such as `1000:1000`, or mount a named volume";
    let place = Place::value(&at.key("hardening"));
    faults.push(Diagnostic::error(Code::StrictBindMount, place, message, help));
}

/// Two places that choose the networks of a service.
fn check_inside(service: &Service, at: &FieldPath, faults: &mut Vec<Diagnostic>) {
    let keys = given(&service.compose).map(|(key, _)| key.as_str());
    for key in keys.filter(|key| !service.outbound() && [NETWORKS, NETWORK_MODE].contains(key)) {
        let message = format!("`outbound: false` chooses the networks, and `{key}` does too");
        let help = "remove one of them; a network of your own has no way out with `internal: true`";
        let fault = Diagnostic::error(Code::Conflict, Place::key(&at.key("compose").key(key)), message, help);
        faults.push(fault.also(Place::value(&at.key("outbound")), ""));
    }
}

/// Compose's key by which a container that ended is started again.
pub(crate) const RESTART: &str = "restart";

/// Two places that say whether a service is started again.
fn check_restart(service: &Service, at: &FieldPath, faults: &mut Vec<Diagnostic>) {
    let ends = service.runs.get().is_some_and(Runs::ends);
    for (key, _) in given(&service.compose).filter(|(key, _)| ends && key.as_str() == RESTART) {
        let message = "`runs` says that the service ends by itself, and `restart` whether it is started again";
        let fault =
            Diagnostic::error(Code::Conflict, Place::key(&at.key("compose").key(key)), message, "remove `restart`");
        faults.push(fault.also(Place::value(&at.key("runs")), ""));
    }
}
