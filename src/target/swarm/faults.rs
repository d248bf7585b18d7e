//! Knows what of a deployment Swarm can't run, where the profile alone does not say so. Must not know how a service is run.

use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::value::{Runs, ServiceName};

/// When a service that runs once is started, and what follows for it.
pub(in crate::target) const RUNS_ONCE: &str = "at every `scripts/deploy.sh`: it must be safe to run twice";

/// The longest name of a service in a Swarm.
const LONGEST: usize = 63;

/// The schedules that nobody keeps, and the names that no service can have.
pub(in crate::target) fn faults(deployment: &Deployment) -> Vec<Diagnostic> {
    let fault = |service: &crate::deployment::Service| match &service.runs {
        Runs::Scheduled(schedule) => Some(no_schedule(&service.name, schedule.as_str(), deployment)),
        Runs::Once | Runs::Always => None,
    };
    let names = deployment.services.iter().filter_map(|service| name(&service.name, deployment));
    names.chain(deployment.services.iter().filter_map(fault)).collect()
}

/// A service is called after the stack and itself.
fn name(service: &ServiceName, deployment: &Deployment) -> Option<Diagnostic> {
    let place = Place::key(&FieldPath::root().key("services").key(service));
    let fault = |message: String, help: String| Some(Diagnostic::error(Code::TargetName, place, message, help));
    let (name, all) = (service.as_str(), format!("{}_{service}", deployment.project));
    if name.contains('.') || !name.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        let message =
            format!("`{name}` can't be a service of a Swarm: letters, digits, `-` and `_`, none of these two last");
        let other = name.replace('.', "-");
        return fault(message, format!("call it `{}`", other.trim_end_matches(['-', '_'])));
    }
    if all.len() > LONGEST {
        let message = format!("the service would be called `{all}`, and Swarm takes {LONGEST} characters");
        return fault(message, "give the service or the project a shorter name".to_owned());
    }
    None
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
