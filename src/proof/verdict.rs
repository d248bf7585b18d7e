//! Knows what came of a comparison. Must not know what was compared.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::Difference;
use super::improvement::Improvement;
use crate::value::ServiceName;

/// A variable that something no longer follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frozen {
    /// The variable.
    pub variable: String,
    /// The service, by its name afterwards.
    pub service: String,
    /// The key of the service, with the name below it where it has one.
    pub key: String,
}

/// What came of a comparison.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is meant to change, with the services that it changes, by their names afterwards.
    pub improvements: BTreeMap<Improvement, BTreeSet<String>>,
    /// What no longer follows a variable, and has the value that it has today.
    pub frozen: BTreeSet<Frozen>,
    /// What is not meant to change.
    pub faults: Vec<Difference>,
}

impl Verdict {
    pub(super) fn improve(&mut self, improvement: Improvement, found: &Difference) {
        let services = self.improvements.entry(improvement).or_default();
        let is_made = |name: &&str| *name == ServiceName::postgres_ensure().as_str();
        services.extend(found.service().filter(|name| !is_made(name)).map(str::to_owned));
    }

    /// Adds a fault, once for each place.
    pub(super) fn fault(&mut self, found: Difference) {
        if self.faults.iter().all(|known| known.path != found.path) {
            self.faults.push(found);
        }
    }
}
