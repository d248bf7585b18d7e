//! Knows which warnings of a cluster no other check tells. Must not know how they are read.

use super::kinds::is_workload;
use super::living::Living;
use super::object::reason;
use crate::report::Finding;

const CHECK: &str = "events";

/// What is warned of beside pods, what makes them, and claims, which have checks of their own.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let subjects = living.events.subjects().into_iter();
    let others = subjects.filter(|(kind, name)| !is_workload(kind) && living.owns(name));
    let finding = |(kind, name): (&str, &str)| {
        let message = format!("the cluster warns of the {} `{name}`", reason(kind));
        let help = "an event is kept for an hour: see whether it still comes after a change";
        Finding::warning(CHECK, message, help).shown_by(&living.events.about(kind, name))
    };
    others.map(finding).collect()
}
