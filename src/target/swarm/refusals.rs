//! Knows what of a profile Docker Swarm can't run. Must not know what becomes of the rest.

mod keys;
mod mounts;
mod unsupported;

use self::unsupported::unsupported;
use crate::diagnostic::{Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Postgres, Profile, Publish, Service, given};
use crate::spelling::quoted;
use crate::target::compose;
use crate::value::{HostAddress, SecretsIn, ServiceName};

/// What a profile says that can't be followed.
pub(in crate::target) fn refusals(profile: &Profile) -> Vec<Diagnostic> {
    let root = FieldPath::root();
    let mut faults = compose::refusals(profile);
    faults.extend(keys::at_the_top(profile));
    for (name, service) in given(&profile.services) {
        faults.extend(of_service(name, service, &root.key("services").key(name)));
    }
    if let Some(postgres) = profile.postgres.get() {
        faults.extend(of_server(postgres, &root.key("postgres")));
    }
    faults.extend(elsewhere(profile.secrets_in(), &root));
    if profile.backups.is_given() {
        let message = "`backups` is for Docker Compose so far, and the target is Docker Swarm";
        let help = "remove it; `scripts/db/backup.sh` dumps the databases";
        faults.push(unsupported(Place::key(&root.key("backups")), message, help));
    }
    faults
}

fn of_service(name: &ServiceName, service: &Service, at: &FieldPath) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    if service.build.is_given() && !service.image.is_given() {
        let message = "the service is built here, but its image has no name by which a node could pull it";
        let help = "add `image: REGISTRY/NAME:TAG`, build it as that, and push it";
        faults.push(unsupported(Place::key(&at.key("build")), message, help));
    }
    faults.extend(service.publish.get().and_then(|publish| address(publish, at)));
    faults.extend(mounts::faults(name, service, at));
    faults.extend(keys::of_service(service, at));
    faults
}

/// A port is open on every address of every node. Whoever wrote an address, or none, which means the host itself, did not
/// mean that.
fn address(publish: &Publish, at: &FieldPath) -> Option<Diagnostic> {
    (publish.address != HostAddress::EVERY).then(|| {
        let address = quoted(&publish.address.to_string());
        let message = format!("Swarm opens a port on every address of every node, and {address} is one address");
        let help = format!(
            "where everybody may reach it, write `publish: \"all:{}\"`; else remove `publish`: services reach each other without",
            publish.port
        );
        unsupported(Place::value(&at.key("publish")), message, help)
    })
}

fn of_server(postgres: &Postgres, at: &FieldPath) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    faults.extend(postgres.publish.get().and_then(|publish| address(publish, at)));
    if postgres.volume.get().is_some_and(|volume| volume.volume().is_none()) {
        let message = "the data of the server would be in a folder of a node, which nothing makes there";
        let help = "write the name of a volume, such as `volume: postgres-data`";
        faults.push(unsupported(Place::value(&at.key("volume")), message, help));
    }
    if postgres.ensure.copied() == Some(false) {
        let message = "on Swarm roles and databases are made by the job `postgres-ensure`, and by nothing else";
        faults.push(unsupported(Place::value(&at.key("ensure")), message, "remove `ensure: false`"));
    }
    faults.extend(keys::of_server(postgres, at));
    faults
}

/// The script that deploys makes secrets of what `.env` says.
fn elsewhere(secrets_in: SecretsIn, root: &FieldPath) -> Option<Diagnostic> {
    let word = match secrets_in {
        // the last one was told already
        SecretsIn::Dotenv | SecretsIn::External => return None,
        SecretsIn::Environment => "environment",
        SecretsIn::Files => "files",
    };
    let message = format!("on Swarm secrets come from .env, and `secrets_in` says `{word}`");
    let help = "remove it: `scripts/deploy.sh` makes secrets of the Swarm of what .env says, and the server reads them from files";
    Some(unsupported(Place::value(&root.key("secrets_in")), message, help))
}
