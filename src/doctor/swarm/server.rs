//! Knows what PostgreSQL itself says in its task: that it answers, its version, whose its databases are, who logs in to them,
//! what is taken of it. Must not know how its task is.

use super::super::connections::{MISSING, UNREACHABLE};
use super::super::databases::Owners;
use super::super::docker::Docker;
use super::super::login::Client;
use super::super::session::Session;
use super::super::{collation, disk, load, rights, volume};
use super::living::Living;
use super::object::{Node, Task, is_host, is_id};
use crate::deployment::{Container, Server};
use crate::report::{Condition, Finding};
use crate::value::{Access, ServiceName};

/// The network of the databases, as the stack names it.
const NETWORK: &str = "database";

/// Where the engine puts secrets.
const SECRETS: &str = "/run/secrets/";

/// All that is asked of a server in a task; nothing where none runs, which is told of its tasks.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let Some((server, container)) = living.subject.deployment.contained_server() else { return Vec::new() };
    let Some(service) = living.service(ServiceName::postgres().as_str()) else { return Vec::new() };
    let running = living.running(service);
    let Some(task) = running.first().filter(|task| is_id(task.container())) else { return Vec::new() };
    let Some(docker) = living.engine_of(task) else { return vec![elsewhere(task, living)] };
    Asked { server, container, living }.findings(task, &docker)
}

/// That no context leads to it.
fn elsewhere(task: &Task, living: &Living<'_>) -> Finding {
    let host = living.node(task.node()).map(Node::host).filter(|host| is_host(host)).unwrap_or("NODE");
    let help = format!("docker context create {host} --docker host=ssh://{host}, or ask from that node");
    let message = "what the server says of itself: no context of docker is called like its node";
    Finding { help: Some(help), ..Finding::unseen(UNREACHABLE, message) }
}

struct Asked<'a> {
    server: &'a Server,
    container: &'a Container,
    living: &'a Living<'a>,
}

impl Asked<'_> {
    fn findings(&self, task: &Task, docker: &Docker) -> Vec<Finding> {
        let remedies = self.living.remedies;
        let inside = |variables: &[&str], program: &[&str]| {
            let variables = variables.iter().flat_map(|variable| ["-e", *variable]).chain([task.container()]);
            docker.ask_inside(&variables.chain(program.iter().copied()).collect::<Vec<_>>())
        };
        let session = Session::new(Box::new(inside), self.server.user.as_str());
        let major = match session.major() {
            Ok(major) => major,
            Err(silence) => {
                let help = remedies.there(&format!("docker service logs {}_postgres", self.living.stack()));
                let message = "the server runs and does not answer";
                return vec![Finding::problem(UNREACHABLE, message, help).shown_by(&silence.text())];
            }
        };
        let mut found =
            vec![Finding::ok(UNREACHABLE, "the server answers"), volume::version(major, self.container.major)];
        found.extend(self.old_secret(&session));
        match Owners::ask(&session) {
            Ok(owners) => found.extend(self.databases(&owners, docker)),
            Err(silence) => found.push(Finding::unseen(MISSING, "the databases").shown_by(&silence.text())),
        }
        found.extend(load::taken(&session, remedies));
        found.extend(collation::outdated(&session, remedies));
        found.push(disk::left(&session, remedies));
        if self.server.access == Access::PerService {
            found.extend(rights::excessive(self.server, &session, remedies));
        }
        found
    }

    /// Whether the server was started with another password than `.env` has now.
    fn old_secret(&self, session: &Session<'_>) -> Option<Finding> {
        let name = self.server.administrator_password.as_str();
        let kept = self.living.passwords.get(name)?;
        let file = format!("{SECRETS}{}", name.to_ascii_lowercase());
        let held = session.run(&["cat", "--", &file]).ok()?;
        let is_same = kept.is_text(held.trim_end_matches(['\n', '\r']));
        let message = format!(
            "the server was started with another `{name}` than now: the new one counts from the next deployment on"
        );
        (!is_same).then(|| Finding::problem(super::outdated::CHECK, message, self.living.remedies.up()))
    }

    /// Whether each database is there, belongs to who logs in to it, and lets him in.
    fn databases(&self, owners: &Owners, docker: &Docker) -> Vec<Finding> {
        let network = format!("{}_{NETWORK}", self.living.stack());
        let image = self.container.image.to_string();
        let options = ["--network", network.as_str(), "--tmpfs", self.container.data_folder()];
        let client = Client::new(&image, &options, "postgres", "5432");
        let mut found = Vec::new();
        for database in &self.server.databases {
            let owned = owners.judge(database, self.living.remedies);
            let is_sound = owned.verdict == Condition::Ok;
            found.push(owned);
            if is_sound {
                found.extend(client.log_in(database, self.living.passwords, docker, self.living.remedies));
            }
        }
        found
    }
}
