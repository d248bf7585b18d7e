//! Knows whether two deployments mean the same, but for what is meant to change. Must not know how either came about, nor
//! the disk.
//!
//! Both are read as Docker Compose reads them, twice: in a quiet world, where only `.env` sets variables, and in a loud
//! one, where the shell sets every variable to something else. What differs in the quiet world changes now; what differs
//! only in the loud one no longer follows a variable.

mod difference;
mod follow;
mod improvement;
mod reach;
mod url;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};

use crate::deployment::Deployment;

pub use difference::Difference;
pub use improvement::Improvement;

use self::improvement::Judge;
use self::worlds::World;

/// A deployment, as its files say it.
#[derive(Clone, Copy)]
pub struct Side<'p> {
    /// Its Compose files, each laid over the one before it.
    pub files: &'p [&'p str],
    /// Its `.env`.
    pub dotenv: &'p str,
}

/// What is compared, and what is known of the deployment afterwards.
pub struct Proof<'p> {
    /// The deployment of today.
    pub before: Side<'p>,
    /// The deployment as codelab-gen would write it.
    pub after: Side<'p>,
    /// The name of their folder.
    pub folder: &'p str,
    /// The way from the project's root to it.
    pub home: &'p str,
    /// The service that becomes the server of the profile, by its name of today.
    pub server: Option<&'p str>,
    /// What the profile means.
    pub deployment: &'p Deployment,
    /// The keys of `.env` that codelab-gen writes.
    pub keys: &'p BTreeSet<String>,
    /// Those of them whose value nobody gave.
    pub unset: &'p BTreeSet<String>,
}

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

impl Proof<'_> {
    /// Compares; nothing where a file can't be read.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let quiet = World::quiet(self)?;
        let judge = Judge::new(self, &quiet);
        let mut verdict = Verdict::default();
        for found in difference::between(&quiet.before, &quiet.after) {
            match judge.improvement(&found) {
                Some(improvement) => verdict.improve(improvement, &found),
                None => verdict.faults.push(found),
            }
        }
        verdict.faults.extend(reach::lost(&judge, &quiet));
        let loud = World::loud(self, &quiet)?;
        follow::look(&judge, &quiet, &loud, &mut verdict);
        Some(verdict)
    }
}

impl Verdict {
    fn improve(&mut self, improvement: Improvement, found: &Difference) {
        let services = self.improvements.entry(improvement).or_default();
        services.extend(found.service().map(str::to_owned));
    }

    /// Adds a fault, once for each place.
    fn fault(&mut self, found: Difference) {
        if self.faults.iter().all(|known| known.path != found.path) {
            self.faults.push(found);
        }
    }
}

#[cfg(test)]
mod tests;
