//! Knows which services end by themselves, whose role they have in a database that they share, and who waits for them.
//! Must not know how a database is opened, nor what a service does.

use std::collections::{HashMap, HashSet};

use super::mounts::kept_in;
use super::scope::{Faults, described};
use crate::deployment::Service;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{self, Profile, given};
use crate::value::{DatabaseName, Engine, Runs, ServiceName, StartCondition};

/// So many jobs may share one database: those that share it wait for each of them.
const MOST: usize = 64;

/// The raw key of Compose by which a start leaves a service alone.
const PROFILES: &str = "profiles";

/// What is known of a profile's jobs before any service is resolved.
pub(super) struct Jobs<'p> {
    ending: HashSet<&'p ServiceName>,
    /// Those that the start of the deployment leaves alone.
    by_hand: HashSet<&'p ServiceName>,
    /// Whose role owns each database of the server.
    owners: HashMap<&'p DatabaseName, &'p ServiceName>,
}

impl<'p> Jobs<'p> {
    /// Those that say so, and those whose end another service waits for.
    pub(super) fn of(profile: &'p Profile) -> Self {
        let services = || given(&profile.services);
        let edges = services().filter_map(|(_, service)| service.depends_on.get()).flat_map(|edges| &edges.0);
        let is_end = |(_, until): &(_, &Option<StartCondition>)| **until == Some(StartCondition::Completed);
        let awaited: HashSet<_> = edges.filter(is_end).map(|(name, _)| name).collect();
        let ends = |(name, service): &(&ServiceName, &profile::Service)| {
            service.runs.get().map_or_else(|| awaited.contains(name), Runs::ends)
        };
        let ending: HashSet<_> = services().filter(ends).map(|(name, _)| name).collect();
        let is_by_hand =
            |(_, service): &(_, &profile::Service)| given(&service.compose).any(|(key, _)| key.as_str() == PROFILES);
        let by_hand = services().filter(is_by_hand).map(|(name, _)| name).collect();
        let (jobs, others): (Vec<_>, Vec<_>) = services().partition(|(name, _)| ending.contains(name));
        let mut owners = HashMap::new();
        for (name, service) in others.into_iter().chain(jobs) {
            let database = service.database.get().filter(|database| is_on_server(database, profile.engine.copied()));
            let database = database.and_then(|database| database.postgres.get()?.name.get());
            if let Some(database) = database {
                owners.entry(database).or_insert(name);
            }
        }
        Self { ending, by_hand, owners }
    }

    /// Whether a service ends by itself.
    pub(super) fn has(&self, name: &ServiceName) -> bool {
        self.ending.contains(name)
    }

    /// When a service runs.
    pub(super) fn runs(&self, name: &ServiceName, written: &profile::Service) -> Runs {
        let derived = if self.has(name) { Runs::Once } else { Runs::Always };
        written.runs.get().cloned().unwrap_or(derived)
    }

    /// Whose role a service has: a job that of the service whose database it shares.
    pub(super) fn owner<'n>(&'n self, name: &'n ServiceName, database: Option<&DatabaseName>) -> &'n ServiceName {
        let shared = database.filter(|_| self.has(name)).and_then(|database| self.owners.get(database));
        shared.copied().unwrap_or(name)
    }

    /// Lets each service that shares the database of a job wait until that has ended, unless the profile says what it waits
    /// for, or the job waits for the service.
    pub(super) fn let_others_wait(&self, services: &mut [Service], faults: &mut Faults) {
        let places: HashMap<ServiceName, usize> =
            services.iter().enumerate().map(|(place, service)| (service.name.clone(), place)).collect();
        let mut sharing: HashMap<String, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (place, service) in services.iter().enumerate() {
            let Some(database) = kept_in(service) else { continue };
            let (jobs, others) = sharing.entry(database).or_default();
            match service.runs {
                Runs::Once if self.by_hand.contains(&service.name) => {}
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
}

fn is_on_server(database: &profile::Database, default: Option<Engine>) -> bool {
    let engine = database.engine.copied().or_else(|| match described(database).as_slice() {
        [only] => Some(*only),
        _ => default,
    });
    engine == Some(Engine::Postgres)
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
