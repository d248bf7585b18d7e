//! Knows who waits for a service that ends by itself. Must not know how a database is opened, nor what a service does.

use std::collections::{HashMap, HashSet};

use super::jobs::Jobs;
use super::scope::Faults;
use crate::deployment::Service;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::value::{Runs, ServiceName, StartCondition};

/// So many jobs may share one database: those that share it wait for each of them.
const MOST: usize = 64;

/// Lets each service that shares the database of a job wait until that has ended, unless the profile says what it waits
/// for, or the job waits for the service.
pub(super) fn let_others_wait(jobs_of_profile: &Jobs<'_>, services: &mut [Service], faults: &mut Faults) {
    let places: HashMap<ServiceName, usize> =
        services.iter().enumerate().map(|(place, service)| (service.name.clone(), place)).collect();
    let mut sharing: HashMap<String, (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (place, service) in services.iter().enumerate() {
        let Some(database) = service.database.as_ref().map(|database| database.kept_in.clone()) else { continue };
        let (jobs, others) = sharing.entry(database).or_default();
        match service.runs {
            Runs::Once if jobs_of_profile.is_by_hand(&service.name) => {}
            Runs::Once => jobs.push(place),
            Runs::Always => others.push(place),
            Runs::Scheduled(_) => {}
        }
    }
    let mut sharing: Vec<_> = sharing.into_values().filter(|(jobs, _)| !jobs.is_empty()).collect();
    sharing.sort_unstable();
    for (jobs, others) in sharing {
        if let Some(job) = jobs.get(MOST).and_then(|job| services.get(*job)) {
            let message = format!("more than {MOST} services that end by themselves share one database");
            let help = "let one of them do the work of several";
            faults.push(Diagnostic::error(Code::SharedDatabase, place(&job.name), message, help));
            continue;
        }
        for job in jobs {
            let before = reached(job, services, &places);
            let Some(name) = services.get(job).map(|job| job.name.clone()) else { continue };
            for other in others.iter().filter(|other| !before.contains(other)) {
                let Some(other) = services.get_mut(*other) else { continue };
                if other.depends_on.iter().all(|(known, _)| *known != name) {
                    other.depends_on.push((name.clone(), StartCondition::Completed));
                }
            }
        }
    }
}

/// Checks each schedule, whatever keeps it.
pub(super) fn check(services: &[Service], faults: &mut Faults) {
    for service in services {
        let Runs::Scheduled(schedule) = &service.runs else { continue };
        if let Some(range) = schedule.backward_range() {
            let message = format!("the range `{range}` ends before it begins");
            let help = "write the smaller number first, or two ranges with a comma between them";
            faults.add(Code::JobSchedule, place(&service.name), message, help);
        }
    }
}

/// Every service that must run before this one.
fn reached(from: usize, services: &[Service], places: &HashMap<ServiceName, usize>) -> HashSet<usize> {
    let mut seen = HashSet::new();
    let mut left = vec![from];
    while let Some(place) = left.pop() {
        let edges = services.get(place).map(|service| service.depends_on.as_slice()).unwrap_or_default();
        let next = edges.iter().filter_map(|(name, _)| places.get(name).copied());
        left.extend(next.filter(|place| seen.insert(*place)));
    }
    seen
}

fn place(service: &ServiceName) -> Place {
    Place::value(&FieldPath::root().key("services").key(service).key("runs"))
}
