//! Knows what can be wrong with a service that runs once at every deployment: it failed, it still runs, it never ran. Must
//! not know its work.

use super::living::Living;
use super::object::{Service, Task};
use super::tasks;
use crate::report::Finding;

const CHECK: &str = "jobs";

/// How each job ended since it was begun last.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let (_, ends) = living.expected();
    let of = |name: &str| match living.service(name) {
        Some(service) => Some(finding(service, name, living)),
        None if !living.unseen.is_empty() => None,
        None => Some(Finding::problem(CHECK, format!("`{name}` has not run"), living.remedies.up())),
    };
    ends.iter().filter_map(|name| of(name.as_str())).collect()
}

fn finding(service: &Service, name: &str, living: &Living<'_>) -> Finding {
    let last: Vec<_> = living.tasks_of(service).into_iter().filter(|task| is_last(task, service)).collect();
    if last.iter().any(|task| task.state() == "complete") {
        return Finding::ok(CHECK, format!("`{name}` has done its work"));
    }
    let failed = last.iter().find(|task| task.has_failed());
    let Some(failed) = failed else {
        let waits = last.iter().find_map(|task| tasks::trouble(task, name, living));
        return waits.unwrap_or_else(|| Finding::unseen(CHECK, format!("whether `{name}` ends well: it still runs")));
    };
    let help = format!("mend what it says, then `{}`: it runs again", living.remedies.renew());
    let said = format!("{}\n{}", tasks::log(failed, living), failed.error());
    Finding::problem(CHECK, format!("`{name}` has failed"), help).shown_by(&said)
}

/// Whether a task is of the last beginning; those before may have been of another deployment.
fn is_last(task: &Task, service: &Service) -> bool {
    task.iteration() == service.iteration()
}
