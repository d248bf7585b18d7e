//! Knows what runs the pods of a service: a Deployment, a Job where it ends by itself, or a `CronJob` where it does so by a
//! schedule; and the pod that all have.
//! Must not know the container in it.

use super::container::container;
use super::object::{Component, hashed, labels, matching, metadata, name, object, selector};
use super::standing::annotation;
use super::switch::opened;
use super::volume::Mounts;
use super::{security, wait};
use crate::deployment::{Deployment, Service};
use crate::target::inputs::Found;
use crate::value::{Runs, Schedule};
use crate::yaml::document::{Mapping, Value};

/// How often a Job tries again.
const TRIES: u16 = 6;

/// How many Jobs of a schedule that have ended well are kept, with what they printed.
const KEPT_DONE: u16 = 1;

/// The same of those that have failed.
const KEPT_FAILED: u16 = 3;

/// What runs the pods of a service.
pub(super) fn workload(
    service: &Service,
    mounts: &Mounts<'_>,
    config: Option<&str>,
    deployment: &Deployment,
    found: &Found,
) -> Mapping {
    let template = template(service, mounts, config, deployment, found);
    match &service.runs {
        Runs::Always => kept_running(service, mounts, template, deployment),
        Runs::Once => job(service, template, deployment),
        Runs::Scheduled(schedule) => cron_job(service, schedule, template, deployment),
    }
}

/// What a Job does: as many pods as there are replicas, each of which ends.
fn work(service: &Service, template: Mapping) -> Mapping {
    let mut spec = Mapping::default();
    spec.push("backoffLimit", Value::number(TRIES));
    spec.push_given("completions", service.replicas.map(Value::number));
    spec.push_given("parallelism", service.replicas.map(Value::number));
    spec.push("template", template);
    spec
}

/// A Job can't be changed, and one that is removed when it has ended would be made again and again. So its name changes
/// with what it does.
fn job(service: &Service, template: Mapping, deployment: &Deployment) -> Mapping {
    let spec = work(service, template);
    let content = spec.manifest(1);
    let why = "the name changes with what it does: then it runs again";
    let name = Value::text(hashed(service.name.as_str(), &content)).behind(why);
    let labels = labels(service.name.as_str(), Component::Service, deployment);
    let mut keys = Mapping::from_iter([("name", name), ("labels", labels.into())]);
    keys.push_filled("annotations", databases(service));
    let mut job = object("batch/v1", "Job", keys);
    job.push("spec", spec);
    job
}

/// It can be changed, so it keeps its name; what it starts next is as it says then.
fn cron_job(service: &Service, schedule: &Schedule, template: Mapping, deployment: &Deployment) -> Mapping {
    let mut spec = Mapping::default();
    spec.push("schedule", Value::quoted(schedule.as_str().to_owned()));
    spec.push("timeZone", Value::text("Etc/UTC").behind("else that of the cluster"));
    let why = "one that still runs is not overtaken by the next one";
    spec.push("concurrencyPolicy", Value::text("Forbid").behind(why));
    spec.push("successfulJobsHistoryLimit", Value::number(KEPT_DONE));
    spec.push("failedJobsHistoryLimit", Value::number(KEPT_FAILED));
    spec.push("jobTemplate", Mapping::from_iter([("spec", Value::from(work(service, template)))]));
    let mut metadata = metadata(name(service), &service.name, deployment);
    metadata.push_filled("annotations", databases(service));
    let mut cron = object("batch/v1", "CronJob", metadata);
    cron.push("spec", spec);
    cron
}

fn kept_running(service: &Service, mounts: &Mounts<'_>, template: Mapping, deployment: &Deployment) -> Mapping {
    let has_one_node = mounts.has_one_node(deployment);
    let mut spec = Mapping::default();
    match service.replicas {
        Some(replicas) => spec.push("replicas", Value::number(replicas)),
        None if has_one_node => spec.push("replicas", Value::number(1)),
        None => {}
    }
    spec.push("strategy", if has_one_node { one_after_the_other() } else { without_a_gap() });
    spec.push("selector", matching(selector(service.name.as_str(), deployment)));
    spec.push("template", template);
    let mut metadata = metadata(name(service), &service.name, deployment);
    metadata.push_filled("annotations", databases(service));
    let mut kept = object("apps/v1", "Deployment", metadata);
    kept.push("spec", spec);
    kept
}

/// Its databases: the URLs are secrets, so that a later run could not tell otherwise which ones it leaves.
fn databases(service: &Service) -> Mapping {
    let each = service.databases();
    each.map(|database| (annotation(database.name.as_ref()), Value::text(opened(&database.url)))).collect()
}

fn one_after_the_other() -> Value {
    let why = "the volume is one pod's at a time: the old one ends before the new one starts";
    Value::from(Mapping::from_iter([("type", Value::text("Recreate"))])).above(why)
}

fn without_a_gap() -> Value {
    let steps = Mapping::from_iter([("maxSurge", Value::number(1)), ("maxUnavailable", Value::number(0))]);
    let keys = [("type", Value::text("RollingUpdate")), ("rollingUpdate", Value::from(steps).on_one_line())];
    Value::from(Mapping::from_iter(keys)).above("an old pod serves until a new one is ready")
}

/// The pod of a service.
fn template(
    service: &Service,
    mounts: &Mounts<'_>,
    config: Option<&str>,
    deployment: &Deployment,
    found: &Found,
) -> Mapping {
    let annotations = service.labels.iter().filter(|(name, _)| is_annotation(name));
    let annotations = annotations.map(|(name, text)| (name.clone(), Value::text(text.clone())));
    let mut keys =
        Mapping::from_iter([("labels", labels(service.name.as_str(), Component::Service, deployment).into())]);
    keys.push_filled("annotations", annotations.collect::<Mapping>());
    let pulls = deployment.image_pull_secrets.iter();
    let pulls = pulls.map(|name| Value::from(Mapping::from_iter([("name", Value::text(name.to_string()))])));
    let grace = service.stop_grace_period.as_ref().map(|time| Value::number(time.seconds()));
    let mut spec = Mapping::default();
    spec.push_given("restartPolicy", service.runs.ends().then(|| Value::text("Never")));
    spec.push("automountServiceAccountToken", Value::bare("false"));
    spec.push("enableServiceLinks", Value::bare("false"));
    spec.push_filled("imagePullSecrets", pulls.collect::<Value>());
    spec.push_filled("securityContext", security::of_pod(service, deployment, mounts.has_claims()));
    spec.push_given("terminationGracePeriodSeconds", grace);
    spec.push_filled("topologySpreadConstraints", spread(service, deployment));
    spec.push_filled("initContainers", wait::containers(service, deployment));
    let main = std::iter::once(Value::from(container(service, mounts, deployment, found)));
    spec.push("containers", main.collect::<Value>());
    spec.push_filled("volumes", mounts.volumes(config));
    Mapping::from_iter([("metadata", Value::from(keys)), ("spec", spec.into())])
}

/// Several pods stand on several nodes, and in several zones, as far as there are any.
fn spread(service: &Service, deployment: &Deployment) -> Value {
    let is_spread = service.replicas.is_some() && !service.runs.ends();
    let keys = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].into_iter().filter(|_| is_spread);
    let constraint = |key: &'static str| {
        Value::from(Mapping::from_iter([
            ("topologyKey", Value::text(key)),
            ("maxSkew", Value::number(1)),
            ("whenUnsatisfiable", Value::text("ScheduleAnyway")),
            ("labelSelector", matching(selector(service.name.as_str(), deployment))),
        ]))
    };
    keys.map(constraint).collect()
}

/// Several pods lose one at a time where nodes are emptied. One that does not work must not keep a node from it.
pub(super) fn disruption_budget(service: &Service, deployment: &Deployment) -> Option<Mapping> {
    service.replicas.filter(|_| !service.runs.ends())?;
    let mut spec = Mapping::default();
    spec.push("maxUnavailable", Value::number(1));
    spec.push("unhealthyPodEvictionPolicy", Value::text("AlwaysAllow"));
    spec.push("selector", matching(selector(service.name.as_str(), deployment)));
    let mut budget = object("policy/v1", "PodDisruptionBudget", metadata(name(service), &service.name, deployment));
    budget.push("spec", spec);
    Some(budget)
}

/// Whether a label's name can be that of an annotation, whose text is as free as a label's of Compose; a label's here is not
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/#syntax-and-character-set>).
pub(super) fn is_annotation(name: &str) -> bool {
    let (prefix, name) = name.split_once('/').map_or((None, name), |(prefix, name)| (Some(prefix), name));
    let edge = |c: char| c.is_ascii_alphanumeric();
    let is_name = (1..=63).contains(&name.len())
        && name.starts_with(edge)
        && name.ends_with(edge)
        && name.chars().all(|c| edge(c) || "._-".contains(c));
    let is_prefix = |prefix: &str| prefix.len() <= 253 && prefix.split('.').all(crate::value::is_dns_label);
    is_name && prefix.is_none_or(is_prefix)
}

#[cfg(test)]
mod tests {
    use super::is_annotation;

    #[test]
    fn an_annotation_has_a_name_with_a_prefix_or_without() {
        for name in ["team", "com.example.team", "example.com/Team_1", "a/b", &"a".repeat(63)] {
            assert!(is_annotation(name), "{name}");
        }
        for name in ["", "$cost", "a/b/c", "/a", "a/", "A/b", "a:b", "-a", "a.", &"a".repeat(64), "ä"] {
            assert!(!is_annotation(name), "{name}");
        }
    }
}
