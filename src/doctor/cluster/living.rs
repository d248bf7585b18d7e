//! Knows what a check may ask where a cluster answers, and what was asked for all of them. Must not know any of the checks.

use super::super::mask::secrets_of;
use super::super::remedy::Remedies;
use super::super::silence::Silence;
use super::super::subject::Subject;
use super::kinds::{NAME, OPERATED, PART_OF};
use super::kubectl::Kubectl;
use super::object::{Object, list, text};
use super::warned::Events;
use crate::report::Finding;
use crate::secret::Secret;
use crate::value::ServiceName;

/// What a cluster knows of the deployment.
pub(super) struct Living<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) kubectl: &'a Kubectl,
    pub(super) remedies: &'a Remedies<'a>,
    /// Deployments and `StatefulSet`s.
    pub(super) workloads: Vec<Object>,
    pub(super) pods: Vec<Object>,
    pub(super) jobs: Vec<Object>,
    pub(super) claims: Vec<Object>,
    pub(super) events: Events,
    /// What was not to be had.
    pub(super) unseen: Vec<Finding>,
}

impl<'a> Living<'a> {
    pub(super) fn ask(subject: &'a Subject<'a>, kubectl: &'a Kubectl, remedies: &'a Remedies<'a>) -> Self {
        let is_operated = subject.deployment.server.as_ref().is_some_and(|server| server.operated().is_some());
        let own = format!("{PART_OF}={}", subject.deployment.project);
        let of_operator = format!("{OPERATED}={}", ServiceName::postgres());
        let mut unseen = Vec::new();
        let mut heard = |what: &str, asked: Result<Vec<Object>, Silence>| match asked {
            Ok(objects) => objects,
            Err(silence) => {
                let help =
                    "an administrator of the cluster lets you read the namespace: the role `view` is enough for it";
                let finding =
                    Finding { help: Some(help.to_owned()), ..Finding::unseen("cluster", format!("the {what}")) };
                unseen.push(finding.shown_by(&silence.text()));
                Vec::new()
            }
        };
        let mut workloads = heard("Deployments", kubectl.labelled("deployments.apps", &own));
        workloads.extend(heard("StatefulSets", kubectl.labelled("statefulsets.apps", &own)));
        let mut pods = heard("pods", kubectl.labelled("pods", &own));
        let jobs = heard("Jobs", kubectl.labelled("jobs.batch", &own));
        let mut claims = heard("claims of volumes", kubectl.labelled("persistentvolumeclaims", &own));
        if is_operated {
            pods.extend(heard("server's pods", kubectl.labelled("pods", &of_operator)));
            claims.extend(heard("claims of the servers", kubectl.labelled("persistentvolumeclaims", &of_operator)));
        }
        let events = Events::new(heard("events", kubectl.with_field("events", "type=Warning")));
        Self { subject, kubectl, remedies, workloads, pods, jobs, claims, events, unseen }
    }

    /// Whether nothing of the deployment is there.
    pub(super) fn is_bare(&self) -> bool {
        let is_none = |objects: &[Object]| objects.is_empty();
        self.unseen.is_empty() && is_none(&self.workloads) && is_none(&self.pods) && is_none(&self.jobs)
    }

    /// What the profile has that runs, by its names in the cluster.
    pub(super) fn names(&self) -> Vec<&str> {
        let deployment = self.subject.deployment;
        let server = deployment.server.as_ref().filter(|server| server.is_inside()).map(|_| "postgres");
        server.into_iter().chain(deployment.services.iter().map(|service| service.name.as_str())).collect()
    }

    /// Whether an object of this name belongs to the deployment: it is called as a part of it, or after one.
    pub(super) fn owns(&self, name: &str) -> bool {
        self.names()
            .iter()
            .any(|own| name.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
    }

    /// The pods that belong to a part of the deployment, but for those that are about to go.
    pub(super) fn pods_of(&self, name: &str) -> impl Iterator<Item = &Object> {
        self.pods.iter().filter(move |pod| !pod.is_ending() && pod.label(NAME) == name)
    }

    /// The secrets that stand in what the pods are told.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let of_pods = self.pods.iter().filter_map(|pod| pod.at("/spec"));
        let of_templates = self.workloads.iter().filter_map(|workload| workload.at("/spec/template/spec"));
        let pods = of_pods.chain(of_templates);
        let containers = pods.flat_map(|pod| list(pod, "/initContainers").iter().chain(list(pod, "/containers")));
        let variables = containers.flat_map(|container| list(container, "/env"));
        variables.flat_map(|variable| secrets_of(text(variable, "/name"), text(variable, "/value"))).collect()
    }
}
