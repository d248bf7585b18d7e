//! Knows what can be wrong with a service that runs once: it failed, it still runs, it never ran. Must not know its work.

use super::kinds::NAME;
use super::living::Living;
use super::object::{Object, is_name, text};
use super::pods::trouble;
use crate::report::Finding;

const CHECK: &str = "jobs";

/// How each service ended that runs once, by its newest Job: older ones stay until somebody deletes them.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let once = living.subject.deployment.services.iter().filter(|service| service.runs.ends());
    let newest = |name: &str| {
        let jobs = living.jobs.iter().filter(|job| job.label(NAME) == name);
        jobs.max_by_key(|job| job.text("/metadata/creationTimestamp"))
    };
    let of_service = |name: &str| match newest(name) {
        Some(job) => Some(finding(job, name, living)),
        None if !living.unseen.is_empty() => None,
        None => Some(Finding::problem(CHECK, format!("`{name}` has not run"), living.remedies.up())),
    };
    once.filter_map(|service| of_service(service.name.as_str())).collect()
}

fn finding(job: &Object, name: &str, living: &Living<'_>) -> Finding {
    if job.condition("Complete").is_some_and(|complete| complete.is_true) {
        return Finding::ok(CHECK, format!("`{name}` has done its work"));
    }
    let is_its = |pod: &&Object| pod.owner() == ("Job", job.name());
    let pods = living.pods.iter().filter(is_its);
    let last = pods.max_by_key(|pod| pod.text("/metadata/creationTimestamp"));
    let failed = job.condition("Failed").filter(|failed| failed.is_true);
    if let Some(failed) = failed {
        let log = last.map(|pod| log(pod, living)).unwrap_or_default();
        let message = format!("`{name}` has failed ({})", failed.reason);
        let help = format!(
            "fix what it says, then `kubectl delete job/{} && {}`: it runs again",
            job.name(),
            living.remedies.renew()
        );
        return Finding::problem(CHECK, message, help).shown_by(&format!("{}\n{log}", failed.message));
    }
    let running =
        last.filter(|pod| pod.text("/status/phase") != "Succeeded").and_then(|pod| trouble(pod, name, living));
    running.unwrap_or_else(|| Finding::unseen(CHECK, format!("whether `{name}` ends well: it still runs")))
}

fn log(pod: &Object, living: &Living<'_>) -> String {
    let container = pod.list("/spec/containers").first().map(|first| text(first, "/name")).filter(|name| is_name(name));
    container.map(|container| living.kubectl.log(pod.name(), container, false)).unwrap_or_default()
}
