//! Knows in which order a deployment is looked at: everything, changing nothing. Must not know how any of it is looked at,
//! nor how it is told.

mod compose_file;
mod connections;
mod container;
mod containers;
mod disk;
mod docker;
mod ensure;
mod external;
mod finding;
mod folders;
mod leaks;
mod living;
mod load;
mod login;
mod mask;
mod memory;
mod outputs;
mod ports;
mod probe;
mod remedy;
mod rights;
mod secrets;
mod server;
mod service;
mod session;
mod sqlite;
mod subject;
mod tables;
mod versions;
mod volume;

use indexmap::IndexMap;

use self::container::Containers;
use self::docker::Docker;
use self::living::Living;
use self::mask::Mask;
use self::remedy::Remedies;
use crate::report::{Condition, Finding};
use crate::secret::Secret;
use crate::spelling::raw_path;
use crate::value::{EnvironmentKey, SecretsIn};

pub use self::subject::Subject;

/// A check before anything is asked.
type OfFiles = fn(&Subject<'_>, &Remedies<'_>) -> Vec<Finding>;

/// Those of a deployment on this machine, in the order in which they are told.
const OF_FILES: [OfFiles; 4] = [outputs::findings, compose_file::findings, secrets::findings, folders::findings];

/// Those of a deployment that runs elsewhere.
const ELSEWHERE: [OfFiles; 2] = [outputs::findings, secrets::findings];

/// The checks that ask containers, in the order in which they are told.
const OF_CONTAINERS: [fn(&Living<'_>) -> Vec<Finding>; 6] =
    [containers::findings, server::findings, external::findings, service::findings, tables::findings, leaks::findings];

/// What no look from outside can tell.
const INVISIBLE: &str = "what each connection sets for itself: `PRAGMA foreign_keys`, `pool_pre_ping`, `expire_on_commit`, the sizes of pools";

/// Finds out what is wrong with a deployment.
#[must_use]
pub fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let remedies = Remedies::new(subject);
    let is_here = subject.deployment.target.runs_here();
    let of_files = if is_here { OF_FILES.as_slice() } else { ELSEWHERE.as_slice() };
    let mut found: Vec<_> = of_files.iter().flat_map(|check| check(subject, &remedies)).collect();
    let passwords = passwords(subject);
    let mut hidden = subject.existing.secrets();
    hidden.extend(passwords.values().cloned());
    if !is_here {
        found.push(elsewhere(subject, &remedies));
        let mask = Mask::new(&hidden);
        return found.into_iter().map(|finding| finding.masked(&mask)).collect();
    }
    let docker = Docker::new(subject.folder);
    let versions = versions::findings(&docker, subject);
    let answers = versions.iter().all(|finding| finding.verdict != Condition::Problem);
    found.extend(versions);
    let mut running = Vec::new();
    if answers {
        if secrets::unset(subject).is_empty() {
            found.extend(compose_file::legible(&docker, &remedies));
        }
        let containers = Containers::ask(&docker, &raw_path(subject.folder));
        running = containers.running();
        hidden.extend(containers.secrets());
        let living =
            Living { subject, passwords: &passwords, containers: &containers, docker: &docker, remedies: &remedies };
        match containers::unknown(&containers, &remedies) {
            Some(unknown) => found.push(unknown),
            None => found.extend(OF_CONTAINERS.iter().flat_map(|check| check(&living))),
        }
    }
    found.extend(ports::findings(subject, &running));
    found.push(Finding::unseen("connections-settings", INVISIBLE));
    let mask = Mask::new(&hidden);
    found.into_iter().map(|finding| finding.masked(&mask)).collect()
}

/// That what runs elsewhere is not looked at, and what shows it.
fn elsewhere(subject: &Subject<'_>, remedies: &Remedies<'_>) -> Finding {
    let target = subject.deployment.target;
    let message = format!("what runs on {}: doctor looks at the outputs and their secrets alone", target.title());
    let help = target.look_command().map(|command| format!("`{}` shows it", remedies.there(command)));
    Finding { help, ..Finding::unseen("running", message) }
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
