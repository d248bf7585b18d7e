//! Knows in which order a stack on a Swarm is looked at. Must not know how any of it is looked at.

mod jobs;
mod living;
mod manager;
mod nodes;
mod object;
mod outdated;
mod pins;
mod server;
mod services;
mod tasks;

use indexmap::IndexMap;

use self::living::Living;
use super::docker::Docker;
use super::remedy::Remedies;
use super::subject::Subject;
use crate::report::Finding;
use crate::secret::Secret;

/// The checks that ask a Swarm, in the order in which they are told.
const CHECKS: [fn(&Living<'_>) -> Vec<Finding>; 6] =
    [nodes::findings, pins::findings, services::findings, jobs::findings, server::findings, outdated::findings];

/// What is wrong with a stack.
pub(super) struct Stack {
    pub(super) found: Vec<Finding>,
    /// What stands in the services that nobody is to see.
    pub(super) secrets: Vec<Secret>,
}

impl Stack {
    pub(super) fn ask(
        subject: &Subject<'_>,
        docker: &Docker,
        remedies: &Remedies<'_>,
        passwords: &IndexMap<String, Secret>,
    ) -> Self {
        let (here, place) = match manager::find(docker) {
            Ok(found) => found,
            Err(found) => return Self { found: vec![found], secrets: Vec::new() },
        };
        let living = Living::ask(subject, docker, remedies, passwords, here);
        let mut found = vec![place];
        found.extend(living.unseen.iter().cloned());
        if living.is_bare() {
            let message = "the Swarm has nothing of the deployment";
            found.push(Finding::problem(manager::CHECK, message, remedies.up()));
            found.extend(nodes::findings(&living));
        } else {
            found.extend(CHECKS.iter().flat_map(|check| check(&living)));
        }
        Self { found, secrets: living.secrets() }
    }
}
