//! Knows whether two deployments mean the same, but for what is meant to change. Must not know how either came about, nor
//! the disk.
//!
//! Both are read as Docker Compose reads them, twice: in a quiet world, where only `.env` sets variables, and in a loud
//! one, where the shell sets every variable to something else. What differs in the quiet world changes now; what differs
//! only in the loud one no longer follows a variable.

mod difference;
mod follow;
mod improvement;
mod judge;
mod kept;
mod reach;
mod referred;
mod sides;
mod url;
mod verdict;
mod worlds;

pub use difference::Difference;
pub use improvement::Improvement;
pub use sides::{Layer, Proof, Side};
pub use verdict::{Frozen, Verdict};

use self::judge::Judge;
use self::worlds::World;

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
        if !quiet.covered.is_empty() {
            verdict.improvements.insert(Improvement::Covered, quiet.covered.clone());
        }
        let loud = World::loud(self, &quiet)?;
        follow::look(&judge, &quiet, &loud, &mut verdict);
        Some(verdict)
    }
}

#[cfg(test)]
mod tests;
