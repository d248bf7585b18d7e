//! Knows what can be wrong with a service that always runs: missing, incomplete, rolled back, left over. Must not know why a
//! task fails.

use super::living::Living;
use super::object::Service;
use super::tasks::{self, CHECK};
use crate::report::{Condition, Finding};
use crate::spelling::{quoted, shell_word};

/// Of so many tasks of a service it is told what is wrong with them.
const TOLD: usize = 3;

/// Whether each service has the tasks that it should have.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let (stays, ends) = living.expected();
    let mut found = Vec::new();
    for name in &stays {
        match living.service(name.as_str()) {
            Some(service) => found.extend(of_service(service, living)),
            None if !living.unseen.is_empty() => {}
            None => {
                found.push(Finding::problem(CHECK, format!("`{name}` is not in the Swarm"), living.remedies.up()));
            }
        }
    }
    let is_known = |name: &str| stays.iter().chain(&ends).any(|known| known.as_str() == name);
    let strangers = living.services.iter().filter(|service| !is_known(service.name(living.stack())));
    found.extend(strangers.map(|service| stranger(service, living)));
    found
}

fn of_service(service: &Service, living: &Living<'_>) -> Vec<Finding> {
    let name = service.name(living.stack());
    let running = living.running(service).len() as u64;
    let desired = service.replicas().unwrap_or(1);
    let is_whole = running >= desired;
    let mut found: Vec<_> = if is_whole {
        Vec::new()
    } else {
        let tasks = living.tasks_of(service).into_iter();
        tasks.filter_map(|task| tasks::trouble(task, name, living)).take(TOLD).collect()
    };
    if running > 0 {
        for finding in found.iter_mut().filter(|finding| finding.verdict == Condition::Problem) {
            let tasks = if running == 1 { "1 task of it goes".to_owned() } else { format!("{running} tasks of it go") };
            finding.message = format!("{}; {tasks} on serving", finding.message);
        }
    }
    found.extend(changed(service, name, living));
    if found.is_empty() {
        let all = format!("{running} of {desired} tasks of `{name}` run");
        found.push(if is_whole {
            Finding::ok(CHECK, all)
        } else {
            Finding::unseen(CHECK, format!("whether `{name}` works: {all}"))
        });
    }
    found
}

/// Where its last change did not come to its end.
fn changed(service: &Service, name: &str, living: &Living<'_>) -> Option<Finding> {
    let (state, message) = service.update();
    let what = match state {
        "rollback_completed" | "rollback_started" => "the last change of `NAME` was rolled back: it runs as before",
        "rollback_paused" => "the last change of `NAME` was rolled back, and that failed, too",
        "paused" => "the last change of `NAME` has stopped in the middle",
        _ => return None,
    };
    let failed = living.tasks_of(service).into_iter().find(|task| task.has_failed());
    let said = failed.map(|task| format!("{}\n{}", tasks::log(task, living), task.error())).unwrap_or_default();
    let help = format!("mend what it says, then `{}`", living.remedies.renew());
    Some(Finding::problem(CHECK, what.replace("NAME", name), help).shown_by(&format!("{said}\n{message}")))
}

/// What another profile has left there.
fn stranger(service: &Service, living: &Living<'_>) -> Finding {
    let name = service.name(living.stack());
    let message = format!("{} is no service of the profile, and is in the Swarm", quoted(name));
    let full = format!("{}_{name}", living.stack());
    Finding::warning(CHECK, message, format!("docker service rm {}", shell_word(full)))
}
