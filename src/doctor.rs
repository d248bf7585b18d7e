//! Knows in which order a deployment is looked at: everything, changing nothing. Must not know how any of it is looked at,
//! nor how it is told.

mod container;
mod containers;
mod disk;
mod docker;
mod engine;
mod ensure;
mod external;
mod files;
mod finding;
mod leaks;
mod load;
mod login;
mod mask;
mod memory;
mod remedy;
mod rights;
mod server;
mod service;
mod session;
mod sqlite;
mod subject;
mod tables;
mod volume;

use indexmap::IndexMap;

use self::containers::Containers;
use self::docker::Docker;
use self::external::Elsewhere;
use self::mask::Mask;
use self::remedy::Remedies;
use crate::deployment::{Host, secret_file_path};
use crate::secret::Secret;
use crate::spelling::raw_path;
use crate::value::SecretsIn;

pub use self::finding::{Finding, Verdict};
pub use self::subject::Subject;

/// What no look from outside can tell.
const INVISIBLE: &str = "what each connection sets for itself: `PRAGMA foreign_keys`, `pool_pre_ping`, `expire_on_commit`, the sizes of pools";

/// Finds out what is wrong with a deployment.
#[must_use]
pub fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let remedies = Remedies::new(subject);
    let mut found = files::outputs(subject, &remedies);
    found.extend(files::twin(subject, &remedies));
    found.extend(files::environment(subject, &remedies));
    found.extend(files::contexts(subject));
    found.extend(files::data(subject));
    let passwords = passwords(subject);
    let mut secrets = subject.existing.secrets();
    secrets.extend(passwords.values().cloned());
    let docker = Docker::new(subject.folder);
    let versions = engine::versions(&docker, subject);
    let answers = versions.iter().all(|finding| finding.verdict != Verdict::Problem);
    found.extend(versions);
    let mut running = Vec::new();
    if answers {
        if files::unset_secrets(subject).is_empty() {
            found.extend(engine::legible(&docker, &remedies));
        }
        let containers = Containers::ask(&docker, &raw_path(subject.folder));
        running = containers.running();
        secrets.extend(containers.secrets());
        found.extend(living(subject, &passwords, &containers, &docker, &remedies));
    }
    found.extend(files::ports(subject, &running));
    found.push(Finding::unseen("connections-settings", INVISIBLE));
    let mask = Mask::new(&secrets);
    found.into_iter().map(|finding| finding.masked(&mask)).collect()
}

/// What only a reachable engine can tell.
fn living(
    subject: &Subject<'_>,
    passwords: &IndexMap<String, Secret>,
    containers: &Containers,
    docker: &Docker,
    remedies: &Remedies<'_>,
) -> Vec<Finding> {
    let deployment = subject.deployment;
    if let Some(unknown) = containers.unknown(remedies) {
        return vec![unknown];
    }
    let mut found = containers.findings(deployment, docker, remedies);
    if let Some(server) = &deployment.server {
        found.extend(match &server.host {
            Host::Container(container) => {
                server::Asked { server, container, containers, docker, passwords, remedies }.findings()
            }
            Host::External(external) => {
                Elsewhere { server, external, passwords, docker, remedies }.findings(subject)
            }
        });
    }
    found.extend(service::services(deployment, containers, docker, remedies));
    found.extend(tables::migrations(deployment, containers, docker, remedies));
    found.extend(leaks::findings(deployment, passwords, containers, docker, remedies));
    found
}

/// The secrets as services get them, by their names.
fn passwords(subject: &Subject<'_>) -> IndexMap<String, Secret> {
    let Subject { deployment, existing, environment, .. } = *subject;
    let mut passwords = existing.values(|_| true).unwrap_or_default();
    passwords.retain(|name, _| deployment.secrets.keys().any(|secret| secret.as_str() == name));
    for name in deployment.secret_files() {
        let file = existing.secret_file(&secret_file_path(name));
        let secret = file.and_then(|file| Secret::new(file.text.trim_end_matches(['\n', '\r']).to_owned()));
        passwords.extend(secret.map(|secret| (name.to_string(), secret)));
    }
    if deployment.secrets_in == SecretsIn::Environment {
        let set = |name: &crate::value::EnvironmentKey| environment(name.as_str()).ok().flatten();
        let names = deployment.secrets.keys();
        passwords.extend(names.filter_map(|name| Some((name.to_string(), Secret::new(set(name)?)?))));
    }
    passwords
}
