//! Knows what the typed fields of services and of the server can give. Must not know raw Compose keys.

use super::compose::{self, Fences, is_root};
use super::found::{Base, Found, Ground};
use super::host::mounted;
use super::kind::RiskKind;
use crate::field::FieldPath;
use crate::profile::{
    Build, CheckCommand, HealthCheck, Postgres, Profile, Publish, Service, Value, database_path, given,
};
use crate::value::{DataPlace, Hardening, HostPath, MountSource, SecretRule, ServiceImage};

/// The first port that any user may listen on.
const FIRST_FREE_PORT: u16 = 1024;

/// Programs that run a text behind `-c`, wherever that stands.
const SHELLS: [&str; 8] = ["ash", "bash", "busybox", "dash", "fish", "ksh", "sh", "zsh"];

/// Programs that run a text behind one of their first options.
const INTERPRETERS: [&str; 6] = ["node", "perl", "php", "python", "python3", "ruby"];

/// Settings by which the server runs programs, loads libraries, or lets somebody in.
const SERVER_SETTINGS: [&str; 10] = [
    "archive_cleanup_command",
    "archive_command",
    "config_file",
    "dynamic_library_path",
    "hba_file",
    "ident_file",
    "jit_provider",
    "recovery_end_command",
    "restore_command",
    "ssl_passphrase_command",
];

/// Extensions that run programs, read files, or reach other servers.
const SERVER_EXTENSIONS: [&str; 8] =
    ["adminpack", "dblink", "file_fdw", "plperlu", "plpython3u", "plpythonu", "pltclu", "postgres_fdw"];

/// What the services get.
pub(super) fn of_services(profile: &Profile, found: &mut Found<'_>) {
    for (name, service) in given(&profile.services) {
        found.receiver = FieldPath::root().key("services").key(name);
        let at = found.receiver.clone();
        of_service(service, profile, &at, found);
        let is_strict = service.hardening() == Hardening::Strict;
        compose::of_container(&service.compose, Fences { is_strict }, &at, found);
    }
}

/// What the server gets.
pub(super) fn of_server(profile: &Profile, found: &mut Found<'_>) {
    let Some(server) = profile.postgres.get() else { return };
    found.receiver = FieldPath::root().key("postgres");
    let at = found.receiver.clone();
    // elsewhere nothing outside reaches the server
    published(server.publish.get().filter(|_| profile.target().publishes_on_a_host()), profile, &at, found);
    if let Some(MountSource::Bind(path)) = server.volume.get().map(DataPlace::source) {
        host_path(path.as_str(), false, &at.key("volume"), found);
    }
    of_settings(server, &at, found);
    if let Some(external) = server.external.get() {
        let at = at.key("external");
        found.say(
            RiskKind::ExternalServer,
            &at.key("host"),
            &external.host.get().map(ToString::to_string).unwrap_or_default(),
        );
        if let Some(file) = external.ca.get() {
            host_path(file.as_host_path().as_str(), true, &at.key("ca"), found);
        }
    }
    compose::of_container(&server.compose, Fences { is_strict: true }, &at, found);
}

fn of_service(service: &Service, profile: &Profile, at: &FieldPath, found: &mut Found<'_>) {
    if let Some(build) = service.build.get() {
        of_build(build, &at.key("build"), found);
    }
    for (key, command) in [("command", &service.command), ("entrypoint", &service.entrypoint)] {
        if command.get().is_some_and(|command| is_for_shell(&command.words)) {
            found.add(RiskKind::Shell, &at.key(key));
        }
    }
    if let Some(HealthCheck { command, .. }) = service.healthcheck.get()
        && command.get().is_some_and(is_checked_by_shell)
    {
        found.add(RiskKind::Shell, &at.key("healthcheck").key("command"));
    }
    if let Some(user) = service.user.get().filter(|user| is_root(&user.0)) {
        found.say(RiskKind::RootUser, &at.key("user"), &user.0);
    }
    published(service.publish.get(), profile, at, found);
    if let Some((name, _)) = service.image.get().and_then(ServiceImage::follows) {
        found.say(RiskKind::Environment, &at.key("image"), &name.to_string());
    }
    let data = service.data.get().map(|mount| (at.key("data"), mount));
    let mounts = service.volumes.get().into_iter().flatten().enumerate();
    let mounts = mounts.map(|(index, mount)| (at.key("volumes").key(index), mount));
    for (at, mount) in data.into_iter().chain(mounts) {
        if let MountSource::Bind(path) = &mount.source {
            host_path(path.as_str(), mount.read_only, &at, found);
        }
    }
    for (name, value) in given(&service.environment) {
        let at = at.key("environment").key(name);
        match value {
            Value::Environment { name, .. } => found.say(RiskKind::Environment, &at, &name.to_string()),
            Value::Secret(name) => {
                let rule = given(&profile.secrets).find(|(known, _)| *known == name).map(|(_, rule)| rule);
                if matches!(rule, Some(SecretRule::Required | SecretRule::File(_))) {
                    found.say(RiskKind::GivenSecret, &at, &name.to_string());
                }
            }
            Value::Literal(_) | Value::Database(..) => {}
        }
    }
}

/// What runs at build time, and of which files.
fn of_build(build: &Build, at: &FieldPath, found: &mut Found<'_>) {
    let Some(context) = build.context.get() else { return };
    let context_at = at.key("context");
    if context.folder().is_none_or(|folder| is_outside(folder.as_str(), found)) {
        found.say(RiskKind::BuildOutside, &context_at, context.as_str());
    }
    let dockerfile = build.dockerfile.get().map(HostPath::as_str);
    if let Some(file) = dockerfile.filter(|_| context.folder().is_some()) {
        let whole = if file.starts_with('/') { file.to_owned() } else { format!("{}/{file}", context.as_str()) };
        if is_outside(&whole, found) {
            found.say(RiskKind::BuildOutside, &at.key("dockerfile"), file);
        }
    }
    found.say(RiskKind::Build, &context_at, context.as_str());
}

fn is_outside(path: &str, found: &Found<'_>) -> bool {
    matches!((found.ground)(Base::Root, path), Ground::Elsewhere(_))
}

fn host_path(path: &str, read_only: bool, at: &FieldPath, found: &mut Found<'_>) {
    if let Some(kind) = mounted(&(found.ground)(Base::Root, path), path, read_only) {
        found.say(kind, at, path);
    }
}

fn published(publish: Option<&Publish>, profile: &Profile, at: &FieldPath, found: &mut Found<'_>) {
    let Some(publish) = publish else { return };
    let at = at.key("publish");
    if !profile.target().publishes_on_a_host() {
        // whatever forwards requests reaches it, and the number is nobody's
        found.say(RiskKind::Published, &at, &publish.port.to_string());
        return;
    }
    if !publish.address.is_loopback() {
        found.say(RiskKind::Published, &at, &format!("{}:{}", publish.address, publish.port));
    }
    if publish.port.get() < FIRST_FREE_PORT {
        found.say(RiskKind::PrivilegedPort, &at, &publish.port.to_string());
    }
}

fn of_settings(server: &Postgres, at: &FieldPath, found: &mut Found<'_>) {
    for (name, _) in given(&server.settings) {
        let text = name.to_string().to_ascii_lowercase();
        let is_library = text.ends_with("_library") || text.ends_with("_libraries");
        if is_library || SERVER_SETTINGS.contains(&text.as_str()) {
            found.say(RiskKind::ServerProgram, &at.key("settings").key(name), &text);
        }
    }
}

/// What the databases of services ask of the server.
pub(super) fn of_extensions(profile: &Profile, found: &mut Found<'_>) {
    found.receiver = FieldPath::root().key("postgres");
    for (name, service) in given(&profile.services) {
        for (label, database) in service.all_databases() {
            let Some(database) = database.postgres.get() else { continue };
            let at = database_path(&FieldPath::root().key("services").key(name), label);
            let at = at.key("postgres").key("extensions");
            for extension in database.extensions.get().into_iter().flatten() {
                if SERVER_EXTENSIONS.contains(&extension.as_str()) {
                    found.say(RiskKind::ServerProgram, &at.key(extension), extension.as_str());
                }
            }
        }
    }
}

/// Whether a health check gives a shell more than a program with its words.
fn is_checked_by_shell(command: &CheckCommand) -> bool {
    match command {
        CheckCommand::Line(line) if line.contains(['|', '&', ';', '<', '>', '`', '$']) => true,
        CheckCommand::Line(line) => is_for_shell(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()),
        CheckCommand::Words(words) => is_for_shell(words),
    }
}

/// Whether a shell or another interpreter gets a text to run.
fn is_for_shell(words: &[String]) -> bool {
    let is_text_next = |word: &String| !word.starts_with("--") && word.ends_with(['c', 'e', 'r']);
    behind(words, &SHELLS).iter().any(|word| word.starts_with('-') && word.ends_with('c'))
        || behind(words, &INTERPRETERS).iter().take_while(|word| word.starts_with('-')).any(is_text_next)
}

/// The words behind the first one that is one of these programs.
fn behind<'w>(words: &'w [String], programs: &[&str]) -> &'w [String] {
    let is_program = |word: &String| programs.contains(&word.rsplit('/').next().unwrap_or_default());
    let first = words.iter().position(is_program);
    first.and_then(|first| words.get(first + 1..)).unwrap_or_default()
}
