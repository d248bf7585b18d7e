//! Knows in which order a deployment in a cluster is looked at. Must not know how any of it is looked at.

mod claims;
mod difference;
mod events;
mod jobs;
mod kinds;
mod kubectl;
mod living;
mod object;
mod operated;
mod pods;
mod reach;
mod references;
mod server;
mod status;
mod warned;
mod workloads;

use self::living::Living;
use super::remedy::Remedies;
use super::subject::Subject;
use crate::report::Finding;
use crate::secret::Secret;

/// The checks that ask a cluster, in the order in which they are told.
const CHECKS: [fn(&Living<'_>) -> Vec<Finding>; 8] = [
    workloads::findings,
    jobs::findings,
    operated::findings,
    server::findings,
    claims::findings,
    references::findings,
    events::findings,
    difference::findings,
];

/// What is wrong with a deployment in a cluster; first of all, which cluster is asked.
pub(super) struct Cluster {
    pub(super) asked: Vec<Finding>,
    pub(super) found: Vec<Finding>,
    /// What stands in the pods that nobody is to see.
    pub(super) secrets: Vec<Secret>,
}

impl Cluster {
    pub(super) fn ask(subject: &Subject<'_>, remedies: &Remedies<'_>) -> Self {
        let (kubectl, place) = match reach::kubectl(subject.folder) {
            Ok(reached) => reached,
            Err(asked) => return Self { asked, found: Vec::new(), secrets: Vec::new() },
        };
        let living = Living::ask(subject, &kubectl, remedies);
        let mut found = living.unseen.clone();
        if living.is_bare() {
            let message = "the namespace has nothing of the deployment";
            let help = format!(
                "`{}` applies it there; for another namespace: kubectl config set-context --current --namespace NAME",
                remedies.up()
            );
            found.push(Finding::problem(reach::CHECK, message, help));
        } else {
            found.extend(CHECKS.iter().flat_map(|check| check(&living)));
        }
        Self { asked: vec![place], found, secrets: living.secrets() }
    }
}
