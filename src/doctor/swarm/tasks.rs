//! Knows what can be wrong with a task: no node, no image, an end, a health check that fails. Must not know what of a
//! service that makes.

use super::living::Living;
use super::object::{Task, is_id};
use crate::report::Finding;

pub(super) const CHECK: &str = "tasks";

/// How many lines of a log are looked at.
const LINES: &str = "200";

/// What the engine says where it does not get an image.
const NO_IMAGE: [&str; 4] = ["No such image", "not found: manifest", "pull access denied", "manifest unknown"];

/// What the scheduler says where a node lacks what a service wants.
const CONSTRAINTS: &str = "scheduling constraints";
const RESOURCES: &str = "insufficient resources";

/// How a process ends that used more memory than it may.
const KILLED: i64 = 137;

/// What of a task is not as it should be; nothing where it works, or was meant to end. `what` is the name of a service.
pub(super) fn trouble(task: &Task, what: &str, living: &Living<'_>) -> Option<Finding> {
    let error = task.error();
    match task.state() {
        "pending" if task.desired() == "running" && !error.is_empty() => Some(unplaced(what, error, living)),
        "rejected" => Some(rejected(what, error, living)),
        "failed" => Some(failed(task, what, living)),
        "running" | "starting" if !living.is_heard(task) && task.desired() == "running" => {
            let message = format!("whether `{what}` works: its node is not heard of");
            Some(Finding::unseen(CHECK, message))
        }
        "starting" => Some(Finding::unseen(CHECK, format!("whether `{what}` works: it is still starting"))),
        "assigned" | "accepted" | "preparing" | "ready" if task.desired() == "running" => {
            Some(Finding::unseen(CHECK, format!("whether `{what}` works: its node prepares it")))
        }
        _ => None,
    }
}

/// Where no node takes it, with the words of the scheduler.
fn unplaced(what: &str, error: &str, living: &Living<'_>) -> Finding {
    let help = if error.contains(CONSTRAINTS) {
        format!(
            "a node needs the label that it asks for, or is lost: `docker node ls`; {} says which label",
            living.remedies.there("stack.yml")
        )
    } else if error.contains(RESOURCES) {
        format!("make the `limits` of `{what}` smaller, or the nodes more, then `{}`", living.remedies.renew())
    } else {
        "docker node ls".to_owned()
    };
    Finding::problem(CHECK, format!("`{what}` finds no node"), help).shown_by(error)
}

/// Where a node can't even make its container.
fn rejected(what: &str, error: &str, living: &Living<'_>) -> Finding {
    if NO_IMAGE.iter().any(|words| error.contains(words)) {
        let help = format!(
            "name an image that each node can have, and log in to its registry where docker runs: `docker login`; then `{}`",
            living.remedies.renew()
        );
        return Finding::problem(CHECK, format!("`{what}` does not get its image"), help).shown_by(error);
    }
    let help = format!("mend what it says, then `{}`", living.remedies.renew());
    Finding::problem(CHECK, format!("a node can't start `{what}`"), help).shown_by(error)
}

fn failed(task: &Task, what: &str, living: &Living<'_>) -> Finding {
    let error = task.error();
    let log = log(task, living);
    let is_sick = error.contains("unhealthy container");
    let end = task.exit_code().map_or_else(|| "somehow".to_owned(), |code| format!("with exit code {code}"));
    let (message, help) = if is_sick {
        let message = format!("`{what}` does not become healthy, and is started again");
        (message, "see what it says, and its `healthcheck`: it has `start_period` for its start")
    } else if task.exit_code() == Some(KILLED) {
        let message = format!("`{what}` was killed: most likely it used more memory than it may");
        (message, "write a larger `limits.memory`")
    } else {
        (format!("`{what}` ended {end}, and is started again"), "mend what it says")
    };
    let help = format!("{help}; then `{}`", living.remedies.renew());
    Finding::problem(CHECK, message, help).shown_by(&format!("{log}\n{error}"))
}

/// The last lines that a task said.
pub(super) fn log(task: &Task, living: &Living<'_>) -> String {
    if !is_id(task.id()) {
        return String::new();
    }
    living.docker.hear(&["service", "logs", "--raw", "--tail", LINES, task.id()])
}
