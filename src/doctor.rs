//! Knows in which order a deployment is looked at: everything, changing nothing. Must not know how any of it is looked at,
//! nor how it is told.

mod backups;
mod cluster;
mod collation;
mod compose_file;
mod connections;
mod container;
mod containers;
mod databases;
mod disk;
mod docker;
mod ensure;
mod external;
mod finding;
mod folders;
mod leaks;
mod listen;
mod living;
mod load;
mod login;
mod mask;
mod memory;
mod outputs;
mod ports;
mod preparing;
mod probe;
mod remedy;
mod rights;
mod rivals;
mod secrets;
mod server;
mod service;
mod session;
mod silence;
mod sqlite;
mod subject;
mod tables;
mod versions;
mod volume;

use indexmap::IndexMap;

use self::cluster::Cluster;
use self::container::Containers;
use self::docker::Docker;
use self::living::Living;
use self::mask::Mask;
use self::remedy::Remedies;
use crate::report::{Condition, Finding};
use crate::secret::Secret;
use crate::spelling::raw_path;
use crate::target::Client;
use crate::value::{EnvironmentKey, SecretsIn};

pub(crate) use self::listen::{Bounds, answer_with};
pub use self::subject::Subject;

/// A check before anything is asked.
type OfFiles = fn(&Subject<'_>, &Remedies<'_>) -> Vec<Finding>;

/// Those of a deployment on this machine, in the order in which they are told.
const OF_FILES: [OfFiles; 4] = [outputs::findings, compose_file::findings, secrets::findings, folders::findings];

/// Those of a deployment in a cluster.
const OF_MANIFESTS: [OfFiles; 3] = [outputs::findings, rivals::findings, secrets::findings];

/// The checks that ask containers, in the order in which they are told.
#[rustfmt::skip]
const OF_CONTAINERS: [fn(&Living<'_>) -> Vec<Finding>; 7] = [
    containers::findings, server::findings, external::findings, service::findings, tables::findings, backups::findings,
    leaks::findings,
];

/// What no look from outside can tell.
const INVISIBLE: &str = "what each connection sets for itself: `PRAGMA foreign_keys`, `pool_pre_ping`, `expire_on_commit`, the sizes of pools";

/// Finds out what is wrong with a deployment.
#[must_use]
pub fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let remedies = Remedies::new(subject);
    let passwords = passwords(subject);
    let mut hidden = subject.existing.secrets();
    hidden.extend(passwords.values().cloned());
    let found = match subject.deployment.target.client() {
        Client::Docker => on_docker(subject, &remedies, &passwords, &mut hidden),
        Client::Kubectl => in_cluster(subject, &remedies, &mut hidden),
    };
    let mask = Mask::new(&hidden);
    found.into_iter().map(|finding| finding.masked(&mask)).collect()
}

/// What files and containers of this machine say, with what of it is to be hidden.
fn on_docker(
    subject: &Subject<'_>,
    remedies: &Remedies<'_>,
    passwords: &IndexMap<String, Secret>,
    hidden: &mut Vec<Secret>,
) -> Vec<Finding> {
    let mut found: Vec<_> = OF_FILES.iter().flat_map(|check| check(subject, remedies)).collect();
    let docker = Docker::new(subject.folder);
    let versions = versions::findings(&docker, subject);
    let answers = versions.iter().all(|finding| finding.verdict != Condition::Problem);
    found.extend(versions);
    let mut running = Vec::new();
    if answers {
        if secrets::unset(subject).is_empty() {
            found.extend(compose_file::legible(&docker, remedies));
        }
        let containers = Containers::ask(&docker, &raw_path(subject.folder));
        running = containers.running();
        hidden.extend(containers.secrets());
        let living = Living { subject, passwords, containers: &containers, docker: &docker, remedies };
        match containers::unknown(&containers, remedies) {
            Some(unknown) => found.push(unknown),
            None => found.extend(OF_CONTAINERS.iter().flat_map(|check| check(&living))),
        }
    }
    found.extend(ports::findings(subject, &running));
    found.push(Finding::unseen("connections-settings", INVISIBLE));
    found
}

/// The same of manifests and a cluster; first of all, of which one.
fn in_cluster(subject: &Subject<'_>, remedies: &Remedies<'_>, hidden: &mut Vec<Secret>) -> Vec<Finding> {
    let Cluster { asked, found, secrets } = Cluster::ask(subject, remedies);
    hidden.extend(secrets);
    let of_files = OF_MANIFESTS.iter().flat_map(|check| check(subject, remedies));
    let invisible = Finding::unseen("connections-settings", INVISIBLE);
    asked.into_iter().chain(of_files).chain(found).chain([invisible]).collect()
}

/// The secrets as services get them, by their names.
fn passwords(subject: &Subject<'_>) -> IndexMap<String, Secret> {
    let Subject { deployment, existing, environment, .. } = *subject;
    let mut passwords = existing.values(|_| true).unwrap_or_default();
    passwords.retain(|name, _| deployment.secrets.keys().any(|secret| secret.as_str() == name));
    for file in deployment.target.secret_files(deployment) {
        passwords.extend(existing.kept(&file.path).map(|secret| (file.name, secret)));
    }
    if deployment.secrets_in == SecretsIn::Environment {
        let set = |name: &EnvironmentKey| environment(name.as_str()).ok().flatten();
        let names = deployment.secrets.keys();
        passwords.extend(names.filter_map(|name| Some((name.to_string(), Secret::new(set(name)?)?))));
    }
    passwords
}
