//! Knows what a profile means: its defaults and the rules between its fields.
//! Must not know positions in a text, files, nor any secret's value.

mod backups;
mod budget;
mod carried;
mod clash;
mod container;
mod database;
mod engine;
mod environment;
mod extensions;
mod initdb;
mod jobs;
mod libraries;
mod memory;
mod mounts;
mod operated;
mod options;
mod order;
mod scope;
mod section;
mod server;
mod service;
mod settings;
mod sizes;
mod stage;
mod storage;
mod told;
mod waits;

pub(crate) use initdb::SERVER_VARIABLES;
pub(crate) use libraries::missing as missing_libraries;
pub(crate) use operated::OPERATORS_SETTINGS;
pub(crate) use section::{LOG_LEVEL, RELIED_ON};

use indexmap::{IndexMap, IndexSet};

use self::carried::{Runs, Wanted};
use self::jobs::Jobs;
use self::libraries::Loads;
use self::scope::{Faults, Scope};
use crate::deployment::{Backups, Container, Deployment, Host, Operated, Server, Service};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Profile, given};
use crate::value::{EnvironmentKey, MountSource, ProjectName, SecretRule, SecretsIn, Stage, VolumeName};

/// What a profile means that has no fault, for tests of what is made of it.
#[cfg(test)]
pub(crate) fn resolved(profile: &str) -> Deployment {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = crate::source::Catalogue::find(
        folder.path(),
        folder.path(),
        &crate::source::Trust { user: 0, invoker: None, safe: Vec::new },
    )
    .unwrap();
    let source = crate::source::Source::from_text("profile", profile);
    let layers = crate::layers::gather(source, Vec::new(), &catalogue).unwrap();
    assert_eq!(layers.diagnostics, []);
    resolve(&layers.profile).unwrap()
}

/// Fills in every default and checks every rule between fields.
///
/// # Errors
/// Every fault found, in no particular order.
pub fn resolve(profile: &Profile) -> Result<Deployment, Vec<Diagnostic>> {
    let mut faults = Faults::default();
    let deployment = resolve_with(profile, &mut faults);
    match deployment {
        Some(deployment) if faults.0.is_empty() => Ok(deployment),
        Some(_) | None => Err(faults.0),
    }
}

fn resolve_with(profile: &Profile, faults: &mut Faults) -> Option<Deployment> {
    let stage = stage(profile, faults);
    let project = project(profile, faults);
    let server = server::resolve_server(profile, stage.unwrap_or(Stage::Development), faults);
    let secrets_in = secrets_in(profile, faults);
    let storage = storage::storage(profile, faults);
    let scope = Scope {
        engine: profile.engine.copied(),
        stage: stage.unwrap_or(Stage::Development),
        server: server.as_ref(),
        postgres_section: profile.postgres.is_given(),
        services: &profile.services,
        secrets: given(&profile.secrets).map(|(name, _)| name).collect(),
        secrets_in,
        jobs: Jobs::of(profile),
    };
    let mut services: Vec<Service> = Vec::new();
    let mut all_resolved = true;
    for (name, written) in given(&profile.services) {
        match service::resolve_service(name, written, &scope, faults) {
            Some(service) => services.push(service),
            None => all_resolved = false,
        }
    }
    if services.is_empty() && all_resolved {
        let help = "describe at least one service";
        let path = FieldPath::root().key("services");
        faults.add(Code::MissingField, Place::key(&path), "the profile has no services", help);
    }
    order::check(profile, &services, faults);
    waits::check(&services, faults);
    waits::let_others_wait(&scope.jobs, &mut services, faults);
    let mut server = server.and_then(|server| with_databases(server, &services));
    if profile.backups.is_given() {
        backups::check_name(&services, faults);
    }
    let backups = backups::backups(profile, &services, server.as_mut(), faults);
    clash::check(&services, server.as_ref(), profile, faults);
    mounts::check(&services, server.as_ref(), backups.is_some(), faults);
    budget::check(&services, server.as_ref(), profile, faults);
    if let Some(server) = &server {
        memory::check(server, profile, faults);
    }
    match &mut server {
        Some(Server { host: Host::Container(container), databases, .. }) => {
            let Container { image, major, settings, .. } = &mut **container;
            extensions::check(image, *major, &Wanted::of(profile, *major, Runs::Container), profile, faults);
            libraries::load(Loads { image, settings, by_settings_only: false }, databases);
            sizes::size(container);
        }
        Some(Server { host: Host::Operated(operated), databases, .. }) => {
            let Operated { image, major, settings, .. } = &mut **operated;
            extensions::check(image, *major, &Wanted::of(profile, *major, Runs::Operator), profile, faults);
            libraries::load(Loads { image, settings, by_settings_only: true }, databases);
            sizes::size_operated(operated);
        }
        Some(Server { host: Host::External(_), .. }) | None => {}
    }
    let deployment = Deployment {
        stage: stage?,
        target: profile.target(),
        project: project?,
        volumes: volumes(&services, server.as_ref(), backups.as_ref()),
        storage,
        image_pull_secrets: profile.image_pull_secrets.get().cloned().unwrap_or_default(),
        nodes: storage::nodes(profile),
        swarm: storage::swarm(profile),
        secrets: secrets(profile, server.as_ref(), backups.as_ref()),
        secrets_in,
        services,
        server,
        backups,
    };
    all_resolved.then_some(deployment)
}

fn stage(profile: &Profile, faults: &mut Faults) -> Option<Stage> {
    let stage = profile.stage.copied();
    if stage.is_none() {
        let help = "write `stage: development`, or select a profile that extends this one";
        let place = Place::key(&FieldPath::root().key("stage"));
        faults.add(Code::NotSelectable, place, "a profile without a `stage` is a base, which can't be generated", help);
    }
    stage
}

fn project(profile: &Profile, faults: &mut Faults) -> Option<ProjectName> {
    let project = profile.project.get().cloned();
    if project.is_none() {
        let help = "write `project: NAME`; it names the containers, networks and volumes";
        let place = Place::key(&FieldPath::root().key("project"));
        faults.add(Code::MissingField, place, "the profile does not name its project", help);
    }
    project
}

/// Files of secrets are mounted into the server's container, so there must be one.
fn secrets_in(profile: &Profile, faults: &mut Faults) -> SecretsIn {
    let secrets_in = profile.secrets_in();
    let external = profile.postgres.get().is_some_and(|postgres| postgres.external.is_given());
    if secrets_in == SecretsIn::Files && external {
        let place = Place::value(&FieldPath::root().key("secrets_in"));
        let message = "files of secrets are for the server's container, but the server is external";
        faults.add(Code::Conflict, place, message, "write `secrets_in: dotenv` or `secrets_in: environment`");
    }
    secrets_in
}

/// The server with what is on it; none where no service uses it.
fn with_databases(mut server: Server, services: &[Service]) -> Option<Server> {
    server.databases = database::owned_databases(services);
    (!server.databases.is_empty()).then_some(server)
}

fn volumes(services: &[Service], server: Option<&Server>, backups: Option<&Backups>) -> Vec<VolumeName> {
    let mounted = services.iter().flat_map(|service| &service.mounts).filter_map(|mount| match &mount.source {
        MountSource::Volume(name) => Some(name),
        MountSource::Bind(_) => None,
    });
    let container = server.and_then(Server::container);
    let data = container.and_then(|container| container.volume.volume().cloned());
    let socket = container.filter(|container| container.ensure || backups.is_some());
    let socket = socket.map(|_| VolumeName::postgres_socket());
    let to = backups.and_then(|backups| match backups.mounted()? {
        MountSource::Volume(name) => Some(name.clone()),
        MountSource::Bind(_) => None,
    });
    let of_backups = backups.map(|_| VolumeName::backup_work()).into_iter().chain(to);
    let volumes: IndexSet<VolumeName> = mounted.cloned().chain(data).chain(socket).chain(of_backups).collect();
    volumes.into_iter().collect()
}

/// The secrets of the profile, and those that log in to the server: made up unless the profile has a rule for them.
fn secrets(
    profile: &Profile,
    server: Option<&Server>,
    backups: Option<&Backups>,
) -> IndexMap<EnvironmentKey, SecretRule> {
    let rules: IndexMap<_, _> = given(&profile.secrets).map(|(name, rule)| (name.clone(), rule.clone())).collect();
    let mut secrets = IndexMap::new();
    if let Some(server) = server {
        for name in server.passwords() {
            secrets.insert(name.clone(), rules.get(name).cloned().unwrap_or(SecretRule::Generate));
        }
    }
    secrets.extend(backups.map(Backups::secrets).unwrap_or_default());
    secrets.extend(rules);
    secrets
}
