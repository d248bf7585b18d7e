//! Knows what of a profile Kubernetes can't run. Must not know what becomes of the rest.

mod names;
mod secrets;
mod services;
mod variables;
mod volumes;

use super::server;
use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::profile::{Profile, given};

pub(super) use names::of_operator;

/// What a profile says that can't be followed.
pub(in crate::target) fn refusals(profile: &Profile) -> Vec<Diagnostic> {
    let mut faults = names::faults(profile);
    for (name, service) in given(&profile.services) {
        faults.extend(services::faults(name, service, profile));
    }
    faults.extend(volumes::faults(profile));
    if profile.backups.is_given() {
        let place = Place::key(&FieldPath::root().key("backups"));
        let message = "`backups` is for Docker Compose so far, and the target is Kubernetes";
        let help = "; `scripts/db/backup.sh` dumps the databases, and CloudNativePG has backups of its own";
        faults.push(Diagnostic::error(Code::TargetUnsupported, place, message, Help::remove().and(help)));
    }
    faults
}

/// What a deployment is that can't run there.
pub(in crate::target) fn faults(deployment: &Deployment) -> Vec<Diagnostic> {
    let mut faults = server::faults(deployment);
    faults.extend(variables::faults(deployment));
    faults.extend(secrets::faults(deployment));
    faults.extend(deployment.services.iter().filter_map(|service| names::of_schedule(service, deployment)));
    faults
}
