//! Knows which services may wait for which. Must not know what they do.

use std::collections::HashMap;

use super::scope::Faults;
use crate::deployment::Service;
use crate::diagnostic::{Code, Diagnostic, Mend, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::profile::{self, Profile, Setting};
use crate::spelling::{nearest, quoted};
use crate::value::{Runs, ServiceName, StartCondition};

/// Checks that every service that is waited for exists, can be waited for that way, and waits for no circle.
pub(super) fn check(profile: &Profile, services: &[Service], faults: &mut Faults) {
    let external = profile.postgres.get().is_some_and(|postgres| postgres.external.is_given());
    let runs_postgres = services.iter().any(Service::uses_postgres) && !external;
    for service in services {
        for (name, condition) in &service.depends_on {
            check_edge(profile, &service.name, name, *condition, runs_postgres, faults);
        }
    }
    if let Some(cycle) = find_cycle(services) {
        let chain = cycle.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" -> ");
        if let [first, second, ..] = cycle.as_slice() {
            let at = depends_on(first).key(second);
            let help = "remove one of these dependencies";
            faults.add(Code::DependencyCycle, Place::key(&at), format!("services wait for each other: {chain}"), help);
        }
    }
}

fn check_edge(
    profile: &Profile,
    from: &ServiceName,
    to: &ServiceName,
    condition: StartCondition,
    runs_postgres: bool,
    faults: &mut Faults,
) {
    let at = depends_on(from).key(to);
    let other = profile.services.get().and_then(|services| services.get(to)).and_then(Setting::get);
    match other {
        None if *to == ServiceName::postgres() && runs_postgres => {
            if condition == StartCondition::Completed {
                let help = "wait for `healthy`";
                faults.add(Code::NoHealthCheck, Place::value(&at), "the server never ends by itself", help);
            }
        }
        None => {
            let known = profile.services.get().into_iter().flat_map(|services| services.keys());
            let help = match nearest(to.as_str(), known.map(ServiceName::as_str)) {
                Some(name) => Help::respell(name),
                None => "name a service of this profile".into(),
            };
            // in a mapping the name is the key
            let mend = Mend::of(&help, &Place::key(&at));
            let message = format!("no service is named {}", quoted(to.as_str()));
            faults.push(Diagnostic::error(Code::UnknownService, Place::value(&at), message, help).mended(mend));
        }
        Some(other) if is_never_so(other, condition) => {
            let runs = FieldPath::root().key("services").key(to).key("runs");
            let message = match other.runs.get() {
                Some(Runs::Scheduled(_)) => {
                    format!("{} runs by a schedule, which nobody waits for", quoted(to.as_str()))
                }
                _ => format!("{} always runs, and never ends by itself", quoted(to.as_str())),
            };
            let help = "write `runs: once` where it ends by itself, or wait for `started` or `healthy`";
            let fault = Diagnostic::error(Code::NoHealthCheck, Place::value(&at), message, help);
            faults.push(fault.also(Place::value(&runs), ""));
        }
        Some(other) if condition == StartCondition::Healthy && !other.healthcheck.is_given() => {
            let message = format!("{} has no health check to wait for", quoted(to.as_str()));
            let fault = Diagnostic::error(
                Code::NoHealthCheck,
                Place::value(&at),
                message,
                "give it a `healthcheck`, or wait for `started`",
            );
            faults.push(fault.also(Place::key(&FieldPath::root().key("services").key(to)), "this service"));
        }
        Some(_) => {}
    }
}

/// Whether a service never comes to be what is waited for.
fn is_never_so(other: &profile::Service, condition: StartCondition) -> bool {
    match other.runs.get() {
        Some(Runs::Scheduled(_)) => true,
        Some(Runs::Always) => condition == StartCondition::Completed,
        Some(Runs::Once) | None => false,
    }
}

fn depends_on(service: &ServiceName) -> FieldPath {
    FieldPath::root().key("services").key(service).key("depends_on")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Open,
    Done,
}

/// A circle of services, the first one again at its end. Without recursion: a chain may be as long as the profile.
fn find_cycle(services: &[Service]) -> Option<Vec<&ServiceName>> {
    let by_name: HashMap<&ServiceName, &Service> = services.iter().map(|service| (&service.name, service)).collect();
    let mut visits: HashMap<&ServiceName, Visit> = HashMap::new();
    for start in services {
        let mut path: Vec<(&Service, usize)> = Vec::new();
        if !visits.contains_key(&start.name) {
            visits.insert(&start.name, Visit::Open);
            path.push((start, 0));
        }
        while let Some((service, next)) = path.last_mut() {
            let Some((name, _)) = service.depends_on.get(*next) else {
                visits.insert(&service.name, Visit::Done);
                path.pop();
                continue;
            };
            *next += 1;
            match visits.get(name) {
                Some(Visit::Done) => {}
                Some(Visit::Open) => {
                    let open = path.iter().map(|(service, _)| &service.name).skip_while(|open| *open != name);
                    return Some(open.chain(std::iter::once(name)).collect());
                }
                None => {
                    if let Some(service) = by_name.get(name) {
                        visits.insert(&service.name, Visit::Open);
                        path.push((service, 0));
                    }
                }
            }
        }
    }
    None
}
