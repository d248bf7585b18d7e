//! Knows which services of a profile end by themselves, and whose role they have in a database that they share.
//! Must not know who waits for them, nor what a service does.

use std::collections::{HashMap, HashSet};

use super::engine::engine_of;
use crate::profile::{self, Profile, given};
use crate::value::{DatabaseName, Engine, Rights, Runs, ServiceName, StartCondition};

/// The raw key of Compose by which a start leaves a service alone.
const PROFILES: &str = "profiles";

/// What is known of a profile's jobs before any service is resolved.
pub(super) struct Jobs<'p> {
    ending: HashSet<&'p ServiceName>,
    /// Those that the start of the deployment leaves alone.
    by_hand: HashSet<&'p ServiceName>,
    /// Those of which nothing but an edge to their end tells that they end.
    derived: HashSet<&'p ServiceName>,
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
        let derived = services().filter(|(_, service)| service.runs.get().is_none()).map(|(name, _)| name);
        let derived = derived.filter(|name| ending.contains(name)).collect();
        let is_by_hand =
            |(_, service): &(_, &profile::Service)| given(&service.compose).any(|(key, _)| key.as_str() == PROFILES);
        let by_hand = services().filter(is_by_hand).map(|(name, _)| name).collect();
        let (jobs, others): (Vec<_>, Vec<_>) = services().partition(|(name, _)| ending.contains(name));
        let mut owners = HashMap::new();
        for (name, service) in others.into_iter().chain(jobs) {
            let owns = |database: &&profile::Database| {
                database.rights() == Rights::Owner && is_on_server(database, profile.engine.copied())
            };
            let owned = service.all_databases().map(|(_, database)| database).filter(owns);
            for database in owned.filter_map(|database| database.postgres.get()?.name.get()) {
                owners.entry(database).or_insert(name);
            }
        }
        Self { ending, by_hand, derived, owners }
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

    /// Whether those that share the database of a service wait for its end by themselves: `runs` says so, and the start of
    /// the deployment does not leave it alone. Where the profile says who waits for its end, those wait and nobody else.
    pub(super) fn is_waited_for(&self, name: &ServiceName) -> bool {
        !self.by_hand.contains(name) && !self.derived.contains(name)
    }
}

fn is_on_server(database: &profile::Database, default: Option<Engine>) -> bool {
    engine_of(database, default) == Some(Engine::Postgres)
}
