//! Knows what Compose makes of services that end by themselves, and which of them it can't run.
//! Must not know why a service ends.

use std::collections::HashSet;

use super::extras::{Extras, value};
use crate::deployment::{Deployment, Service};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::Raw;
use crate::value::{Runs, ServiceName, StartCondition};

/// When a service that runs once is started, and what follows for it.
pub(in crate::target) const RUNS_ONCE: &str = "at every `docker compose up`: it must be safe to run twice";

/// The raw key by which `up` leaves a service alone.
const PROFILES: &str = "profiles";

/// The schedules that nobody keeps, and the jobs whose end nobody waits for.
pub(in crate::target) fn faults(deployment: &Deployment, extras: &Extras) -> Vec<Diagnostic> {
    let awaited = awaited(deployment);
    let is_by_hand = |service: &Service| value(extras.service(&service.name), PROFILES).is_some();
    let fault = |service: &Service| match &service.runs {
        Runs::Scheduled(schedule) => Some(no_schedule(&service.name, schedule.as_str())),
        Runs::Once if !awaited.contains(&service.name) && !is_by_hand(service) => Some(unawaited(&service.name)),
        Runs::Once | Runs::Always => None,
    };
    deployment.services.iter().filter_map(fault).collect()
}

/// The services whose end another one waits for.
fn awaited(deployment: &Deployment) -> HashSet<&ServiceName> {
    let edges = deployment.services.iter().flat_map(|service| &service.depends_on);
    edges.filter(|(_, until)| *until == StartCondition::Completed).map(|(name, _)| name).collect()
}

fn no_schedule(service: &ServiceName, schedule: &str) -> Diagnostic {
    let message = "Docker Compose starts nothing by a schedule";
    let help = format!(
        "write `runs: once` and `compose: {{ profiles: [scheduled] }}`, by which `up` leaves it alone, and let the host's cron \
         run it: \
         `{schedule} cd /FOLDER && docker compose run --rm {service}`"
    );
    Diagnostic::error(Code::JobSchedule, place(service, "runs"), message, help)
}

/// `docker compose up --wait` takes an end for a failure, unless somebody waits for it.
fn unawaited(service: &ServiceName) -> Diagnostic {
    let message =
        format!("no service waits for the end of `{service}`, so `docker compose up --wait` would fail with it");
    let help = format!("write `depends_on: {{ {service}: completed }}` at a service that starts after it");
    Diagnostic::error(Code::UnawaitedJob, place(service, "runs"), message, help)
}

/// A warning for each service that Compose is told not to start again, and whose end nobody waits for.
pub(super) fn warnings(deployment: &Deployment, extras: &Extras) -> Vec<Diagnostic> {
    let stays_ended = |service: &&Service| {
        let restart = value(extras.service(&service.name), "restart");
        let is_no = matches!(restart, Some(Raw::Scalar { text, .. }) if text == "no" || text == "false");
        !service.runs.ends() && is_no
    };
    let warning = |service: &Service| {
        let name = &service.name;
        let message =
            format!("once `{name}` has ended, `docker compose up --wait` fails: no service waits for its end");
        let help = format!(
            "where it ends by itself, write `runs: once` instead, and `depends_on: {{ {name}: completed }}` at a service that \
             starts after it"
        );
        Diagnostic::warning(Code::UnawaitedJob, Place::key(&at(name).key("compose").key("restart")), message, help)
    };
    deployment.services.iter().filter(stays_ended).map(warning).collect()
}

fn at(service: &ServiceName) -> FieldPath {
    FieldPath::root().key("services").key(service)
}

fn place(service: &ServiceName, field: &str) -> Place {
    Place::value(&at(service).key(field))
}
