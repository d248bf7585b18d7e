//! Knows what can be wrong with containers: missing, ended, unhealthy, and what their logs say. Must not know databases.

use serde_json::Value;

use super::docker::{Docker, Silence};
use super::finding::Finding;
use crate::deployment::Deployment;
use crate::value::ServiceName;

/// How many lines of a log are looked at.
const LINES: &str = "200";

/// What programs say when the tables are not those that they were written for.
const MIGRATION_ERRORS: [&str; 9] = [
    "no such table",
    "no such column",
    "UndefinedTableError",
    "UndefinedColumnError",
    "DuplicateTableError",
    "Target database is not up to date",
    "Can't locate revision",
    "Multiple head revisions",
    "alembic.util.exc",
];

/// What Docker knows of the containers of the deployment.
pub(super) struct Containers(Vec<Value>);

/// One of them.
#[derive(Clone, Copy)]
pub(super) struct Container<'c>(&'c Value);

impl Containers {
    pub(super) fn ask(docker: &Docker) -> Result<Self, Silence> {
        docker.documents(&["compose", "ps", "--all", "--no-trunc", "--format", "json"]).map(Self)
    }

    pub(super) fn of(&self, service: &str) -> Option<Container<'_>> {
        self.0.iter().map(Container).find(|container| container.field("Service") == service)
    }

    /// The project that they belong to.
    pub(super) fn project(&self) -> Option<&str> {
        self.0.iter().map(Container).map(|container| container.field("Project")).find(|name| !name.is_empty())
    }

    pub(super) fn running(&self) -> Vec<String> {
        let running = self.0.iter().map(Container).filter(|container| container.is_running());
        running.map(|container| container.field("Service").to_owned()).collect()
    }

    /// Whether each container is as it should be.
    pub(super) fn findings(&self, deployment: &Deployment, docker: &Docker) -> Vec<Finding> {
        let services = deployment.services.iter().map(|service| (service.name.clone(), service.runs_once));
        let container = deployment.contained_server().map(|(_, container)| container);
        let server = container.map(|_| (ServiceName::postgres(), false));
        let ensure = container.filter(|container| container.ensure).map(|_| (ServiceName::postgres_ensure(), true));
        if self.0.is_empty() {
            let message = "the deployment has no containers";
            return vec![Finding::problem("containers", message, "docker compose up -d --wait")];
        }
        let all = server.into_iter().chain(ensure).chain(services);
        all.map(|(name, runs_once)| self.finding(name.as_str(), runs_once, docker)).collect()
    }

    fn finding(&self, service: &str, runs_once: bool, docker: &Docker) -> Finding {
        const CHECK: &str = "containers";
        let Some(container) = self.of(service) else {
            let message = format!("`{service}` has no container");
            return Finding::problem(CHECK, message, "docker compose up -d --wait");
        };
        let logs = || log(service, docker);
        let help = format!("read `docker compose logs {service}`, mend it, then `docker compose up -d --wait`");
        match (container.field("State"), container.field("Health")) {
            ("running", "healthy") => Finding::ok(CHECK, format!("`{service}` runs and is healthy")),
            ("running", "unhealthy") => {
                Finding::problem(CHECK, format!("`{service}` runs, but its health check fails"), help).shown_by(&logs())
            }
            ("running", "starting") => Finding::unseen(CHECK, format!("`{service}` is still starting")),
            ("running", _) => Finding::ok(CHECK, format!("`{service}` runs; it has no health check")),
            ("exited", _) if runs_once && container.exit_code() == Some(0) => {
                Finding::ok(CHECK, format!("`{service}` has done its work"))
            }
            ("exited", _) => {
                let code = container.exit_code().map_or_else(|| "?".to_owned(), |code| code.to_string());
                Finding::problem(CHECK, format!("`{service}` ended with exit code {code}"), help).shown_by(&logs())
            }
            ("restarting", _) => {
                Finding::problem(CHECK, format!("`{service}` ends and is started again and again"), help)
                    .shown_by(&logs())
            }
            (state, _) => Finding::problem(CHECK, format!("`{service}` is `{state}`"), "docker compose up -d --wait"),
        }
    }
}

impl<'c> Container<'c> {
    fn field(self, name: &str) -> &'c str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn id(self) -> &'c str {
        self.field("ID")
    }

    pub(super) fn is_running(self) -> bool {
        self.field("State") == "running"
    }

    fn exit_code(self) -> Option<i64> {
        self.0.get("ExitCode").and_then(Value::as_i64)
    }
}

/// The last lines that a service said; without what Docker adds to them.
pub(super) fn log(service: &str, docker: &Docker) -> String {
    docker.ask(&["compose", "logs", "--no-color", "--no-log-prefix", "--tail", LINES, service]).unwrap_or_default()
}

/// What the logs of services say of tables that are not those which they were written for.
pub(super) fn migrations(deployment: &Deployment, containers: &Containers, docker: &Docker) -> Vec<Finding> {
    const CHECK: &str = "migration-errors";
    let services = deployment.services.iter().filter(|service| service.database.is_some());
    let logged = services.filter(|service| containers.of(service.name.as_str()).is_some());
    let mut found = Vec::new();
    for service in logged {
        let name = service.name.as_str();
        let log = log(name, docker);
        let is_error = |line: &&str| MIGRATION_ERRORS.iter().any(|error| line.contains(error));
        let errors: Vec<_> = log.lines().filter(is_error).collect();
        found.push(if errors.is_empty() {
            Finding::ok(CHECK, format!("`{name}` logs no error about its tables"))
        } else {
            let message = format!("the tables of `{name}` are not those that it was written for");
            let help = format!(
                "bring them up to date: `docker compose run --rm {name} alembic upgrade head`, or what the service uses; \
                 `down -v` deletes the data of all services"
            );
            Finding::problem(CHECK, message, help).shown_by(&errors.join("\n"))
        });
    }
    found
}
