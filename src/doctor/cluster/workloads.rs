//! Knows what can be wrong with what keeps pods: missing, incomplete, left over. Must not know what can be wrong with a pod.

use super::kinds::{NAME, PART_OF};
use super::living::Living;
use super::object::Object;
use super::pods::{CHECK, trouble};
use crate::report::{Condition, Finding};
use crate::value::ServiceName;

/// Of so many pods of a service it is told what is wrong with them.
const TOLD: usize = 3;

/// Whether each service has the pods that it should have.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let mut found: Vec<_> = living.workloads.iter().flat_map(|workload| of_workload(workload, living)).collect();
    found.extend(missing(living));
    found
}

/// What the profile has and the cluster has not.
fn missing<'l>(living: &'l Living<'_>) -> impl Iterator<Item = Finding> + 'l {
    let deployment = living.subject.deployment;
    let server = deployment.contained_server().map(|_| ServiceName::postgres());
    let stays = deployment.services.iter().filter(|service| !service.runs.ends()).map(|service| service.name.clone());
    let is_there = |name: &ServiceName| living.workloads.iter().any(|workload| workload.name() == name.as_str());
    let knows_all = living.unseen.is_empty();
    let missing = server.into_iter().chain(stays).filter(move |name| knows_all && !is_there(name));
    missing.map(|name| Finding::problem(CHECK, format!("`{name}` is not in the cluster"), living.remedies.up()))
}

fn of_workload(workload: &Object, living: &Living<'_>) -> Vec<Finding> {
    let name = workload.name();
    if !living.names().contains(&name) {
        return vec![stranger(workload, living)];
    }
    let (desired, ready, available) = counts(workload);
    let pods = living.pods_of(name).filter(|pod| pod.owner().0 != "Job");
    let mut found: Vec<_> = pods.filter_map(|pod| trouble(pod, name, living)).take(TOLD).collect();
    let is_problem = |finding: &Finding| finding.verdict == Condition::Problem;
    if available > 0 && found.iter().any(is_problem) {
        let pods = if available == 1 { "1 pod of it goes".to_owned() } else { format!("{available} pods of it go") };
        for finding in found.iter_mut().filter(|finding| is_problem(finding)) {
            finding.message = format!("{}; {pods} on serving", finding.message);
        }
    }
    if !found.iter().any(is_problem) {
        found.extend(stuck(workload, living));
    }
    if found.is_empty() {
        let all = format!("{ready} of {desired} pods of `{name}` are ready");
        let is_whole = ready >= desired && is_new(workload, desired);
        found.push(if is_whole {
            Finding::ok(CHECK, all)
        } else {
            Finding::unseen(CHECK, format!("whether `{name}` works: {all}"))
        });
    }
    found
}

/// How many pods there should be, how many are ready, and how many serve.
fn counts(workload: &Object) -> (u64, u64, u64) {
    let number = |pointer| workload.number(pointer).unwrap_or_default();
    let desired = workload.number("/spec/replicas").unwrap_or(1);
    (desired, number("/status/readyReplicas"), number("/status/availableReplicas"))
}

/// Whether the pods are of what was applied last.
fn is_new(workload: &Object, desired: u64) -> bool {
    let is_observed = workload.number("/status/observedGeneration") >= workload.number("/metadata/generation");
    is_observed && (desired == 0 || workload.number("/status/updatedReplicas").unwrap_or_default() >= desired)
}

/// Where pods can't be made, or do not become ready in time, and no pod says why.
fn stuck(workload: &Object, living: &Living<'_>) -> Option<Finding> {
    let name = workload.name();
    let log = format!("kubectl describe {}/{name}", workload.kind().to_ascii_lowercase());
    let help = format!("see `{log}`, fix it, then `{}`", living.remedies.renew());
    if let Some(failed) = workload.condition("ReplicaFailure").filter(|failed| failed.is_true) {
        let message = format!("the pods of `{name}` can't be made ({})", failed.reason);
        return Some(Finding::problem(CHECK, message, help).shown_by(failed.message));
    }
    if let Some(late) = workload.condition("Progressing").filter(|late| late.is_false) {
        let message = format!("the pods of `{name}` do not become ready ({})", late.reason);
        return Some(Finding::problem(CHECK, message, help).shown_by(late.message));
    }
    let (desired, ready, _) = counts(workload);
    let events = living.events.about(workload.kind(), name);
    let has_pods = living.pods_of(name).next().is_some();
    (ready < desired && !has_pods && !events.is_empty())
        .then(|| Finding::problem(CHECK, format!("the pods of `{name}` can't be made"), help).shown_by(&events))
}

/// What another profile has left there.
fn stranger(workload: &Object, living: &Living<'_>) -> Finding {
    let (kind, name) = (workload.kind().to_ascii_lowercase(), workload.name());
    let message = format!("`{name}` is no service of the profile, and is in the cluster");
    let project = &living.subject.deployment.project;
    let help =
        format!("kubectl delete {kind},service,networkpolicy,poddisruptionbudget -l {NAME}={name},{PART_OF}={project}");
    Finding::warning(CHECK, message, help)
}
