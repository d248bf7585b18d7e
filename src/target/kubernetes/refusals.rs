//! Knows what of a profile Kubernetes can't run. Must not know what becomes of the rest.

mod names;
mod services;
mod variables;
mod volumes;

use super::server;
use crate::deployment::{Deployment, Service};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Profile, given};
use crate::value::Runs;

/// What a profile says that can't be followed.
pub(in crate::target) fn refusals(profile: &Profile) -> Vec<Diagnostic> {
    let mut faults = names::faults(profile);
    for (name, service) in given(&profile.services) {
        faults.extend(services::faults(name, service, profile));
    }
    faults.extend(volumes::faults(profile));
    faults
}

/// What a deployment is that can't run there.
pub(in crate::target) fn faults(deployment: &Deployment) -> Vec<Diagnostic> {
    let mut faults = server::faults(deployment);
    faults.extend(variables::faults(deployment));
    faults.extend(deployment.services.iter().filter_map(no_schedule));
    faults
}

/// A schedule would be a `CronJob`, which is not made yet.
fn no_schedule(service: &Service) -> Option<Diagnostic> {
    let place = Place::value(&FieldPath::root().key("services").key(&service.name).key("runs"));
    matches!(service.runs, Runs::Scheduled(_)).then(|| {
        let message = "no CronJob is made of a schedule yet";
        let help = "leave the service out, and apply a CronJob of your own beside the manifests";
        Diagnostic::error(Code::JobSchedule, place, message, help)
    })
}
