//! Knows what of a deployment Swarm can't run, where the profile alone does not say so. Must not know how a service is run.

use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::value::{Runs, ServiceName};

/// When a service that runs once is started, and what follows for it.
pub(in crate::target) const RUNS_ONCE: &str = "at every `scripts/deploy.sh`: it must be safe to run twice";

/// The schedules that nobody keeps.
pub(in crate::target) fn faults(deployment: &Deployment) -> Vec<Diagnostic> {
    let fault = |service: &crate::deployment::Service| match &service.runs {
        Runs::Scheduled(schedule) => Some(no_schedule(&service.name, schedule.as_str(), deployment)),
        Runs::Once | Runs::Always => None,
    };
    deployment.services.iter().filter_map(fault).collect()
}

fn no_schedule(service: &ServiceName, schedule: &str, deployment: &Deployment) -> Diagnostic {
    let message = "Docker Swarm starts nothing by a schedule";
    let help = format!(
        "write `runs: once`, which runs it at every deployment too, and let cron of a manager run it again: \
         `{schedule} docker service update --force --detach {}_{service}`",
        deployment.project
    );
    let place = Place::value(&FieldPath::root().key("services").key(service).key("runs"));
    Diagnostic::error(Code::JobSchedule, place, message, help)
}
