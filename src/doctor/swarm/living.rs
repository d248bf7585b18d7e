//! Knows what a check may ask where a Swarm answers, and what was asked for all of them. Must not know any of the checks.

use indexmap::IndexMap;
use serde_json::Value;

use super::super::docker::{Docker, Silence};
use super::super::mask::secrets_of;
use super::super::remedy::Remedies;
use super::super::subject::Subject;
use super::object::{Node, Service, Task, is_host, is_id};
use crate::report::Finding;
use crate::secret::Secret;
use crate::value::ServiceName;

/// The label of all that a stack has.
const STACK: &str = "com.docker.stack.namespace";

/// What a Swarm knows of the stack.
pub(super) struct Living<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) docker: &'a Docker,
    pub(super) remedies: &'a Remedies<'a>,
    /// The secrets as services get them, by their names.
    pub(super) passwords: &'a IndexMap<String, Secret>,
    /// The node whose engine is asked.
    pub(super) here: String,
    pub(super) nodes: Vec<Node>,
    pub(super) services: Vec<Service>,
    pub(super) tasks: Vec<Task>,
    /// What was not to be had.
    pub(super) unseen: Vec<Finding>,
}

impl<'a> Living<'a> {
    pub(super) fn ask(
        subject: &'a Subject<'a>,
        docker: &'a Docker,
        remedies: &'a Remedies<'a>,
        passwords: &'a IndexMap<String, Secret>,
        here: String,
    ) -> Self {
        let mut unseen = Vec::new();
        let mut heard = |what: &str, asked: Result<Vec<Value>, Silence>| {
            asked.unwrap_or_else(|silence| {
                unseen.push(Finding::unseen("swarm", what).shown_by(&silence.text()));
                Vec::new()
            })
        };
        let label = format!("label={STACK}={}", subject.deployment.project);
        let nodes = heard("the nodes", documents(docker, &["node", "ls", "--quiet"], &["node", "inspect"]));
        let listed = ["service", "ls", "--quiet", "--filter", &label];
        let services = heard("the services", documents(docker, &listed, &["service", "inspect"]));
        let services: Vec<_> = services.into_iter().map(Service).collect();
        let mut listed = vec!["service", "ps", "--quiet", "--no-trunc"];
        listed.extend(services.iter().map(Service::id).filter(|id| is_id(id)));
        let tasks = if services.is_empty() {
            Vec::new()
        } else {
            heard("the tasks", documents(docker, &listed, &["inspect", "--type", "task"]))
        };
        let (nodes, tasks) = (nodes.into_iter().map(Node).collect(), tasks.into_iter().map(Task).collect());
        Self { subject, docker, remedies, passwords, here, nodes, services, tasks, unseen }
    }

    /// Whether nothing of the deployment is there.
    pub(super) fn is_bare(&self) -> bool {
        self.unseen.is_empty() && self.services.is_empty()
    }

    pub(super) fn stack(&self) -> &str {
        self.subject.deployment.project.as_str()
    }

    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name(self.stack()) == name)
    }

    /// Its tasks, the newest first.
    pub(super) fn tasks_of(&self, service: &Service) -> Vec<&Task> {
        let mut tasks: Vec<_> = self.tasks.iter().filter(|task| task.service() == service.id()).collect();
        tasks.sort_by(|one, other| other.created().cmp(one.created()));
        tasks
    }

    pub(super) fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id() == id)
    }

    /// Whether the engine of a task answers the Swarm: of another one its tasks are what they last were.
    pub(super) fn is_heard(&self, task: &Task) -> bool {
        self.node(task.node()).is_none_or(Node::is_ready)
    }

    /// Those of a service that run, as far as the Swarm hears of them.
    pub(super) fn running(&self, service: &Service) -> Vec<&Task> {
        self.tasks_of(service).into_iter().filter(|task| task.runs() && self.is_heard(task)).collect()
    }

    /// What the profile has that always runs, and what ends by itself, by the names in the stack.
    pub(super) fn expected(&self) -> (Vec<ServiceName>, Vec<ServiceName>) {
        let deployment = self.subject.deployment;
        let contained = deployment.contained_server();
        let ensure = contained.filter(|(_, container)| container.ensure).map(|_| ServiceName::postgres_ensure());
        let of = |ends: bool| {
            let services = deployment.services.iter().filter(move |service| service.runs.ends() == ends);
            services.map(|service| service.name.clone())
        };
        let stays = contained.map(|_| ServiceName::postgres()).into_iter().chain(of(false)).collect();
        (stays, ensure.into_iter().chain(of(true)).collect())
    }

    /// How the engine of a task is asked: this one, or another one by the context that is called like its host.
    pub(super) fn engine_of(&self, task: &Task) -> Option<Docker> {
        if task.node() == self.here {
            return Some(self.docker.clone());
        }
        let host = self.node(task.node()).map(Node::host).filter(|host| is_host(host))?;
        let there = self.docker.by_context(host);
        let said = there.greet(&["info", "--format", "{{.Swarm.NodeID}}"]).ok()?;
        (said.trim() == task.node()).then_some(there)
    }

    /// The secrets that stand in the definitions of services.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        self.services.iter().flat_map(Service::environment).flat_map(|(name, value)| secrets_of(name, value)).collect()
    }
}

/// What Docker says of all that it lists; nothing where it lists nothing.
fn documents(docker: &Docker, listed: &[&str], inspect: &[&str]) -> Result<Vec<Value>, Silence> {
    let once = || {
        let said = docker.ask(listed)?;
        let ids: Vec<_> = said.split_whitespace().filter(|id| is_id(id)).collect();
        if ids.is_empty() { Ok(Vec::new()) } else { docker.documents(&[inspect, &ids].concat()) }
    };
    // what was listed may be gone when it is asked for
    once().or_else(|_| once()).or_else(|_| once())
}
