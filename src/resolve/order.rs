//! Knows which services may wait for which. Must not know what they do.

use std::collections::{HashMap, HashSet};

use super::scope::Faults;
use crate::deployment::{Restart, Service};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Profile, Setting};
use crate::spelling::{nearest, quoted};
use crate::value::{ServiceName, StartCondition};

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
                Some(name) => format!("did you mean `{name}`?"),
                None => "name a service of this profile".to_owned(),
            };
            let message = format!("no service is named {}", quoted(to.as_str()));
            faults.add(Code::UnknownService, Place::value(&at), message, help);
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

/// What others wait for to end must not be started again when it has.
pub(super) fn mark_those_that_end(services: &mut [Service]) {
    let edges = services.iter().flat_map(|service| &service.depends_on);
    let ends = edges.filter(|(_, condition)| *condition == StartCondition::Completed);
    let names: HashSet<ServiceName> = ends.map(|(name, _)| name.clone()).collect();
    for service in services {
        if names.contains(&service.name) {
            service.runs_once = true;
            service.restart = Restart::Never;
        }
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
