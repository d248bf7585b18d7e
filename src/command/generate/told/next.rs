//! Knows the command that makes a written deployment run. Must not know how it was written.

use super::{Telling, shell_word};
use crate::change::ChangeKind;
use crate::deployment::{Host, Server};
use crate::placement::{normalized, relative};
use crate::render::Output;
use crate::value::{EnvironmentKey, ServiceName};

impl Telling<'_> {
    /// The command that brings the deployment up, as typed in the current folder.
    pub(super) fn next_command(&self) -> String {
        let folder = relative(&normalized(self.current), &self.outcome.changes.folder);
        let change_folder = if folder == "." { String::new() } else { format!("cd {} && ", shell_word(&folder)) };
        let orphans = if self.leaves_services() { " --remove-orphans" } else { "" };
        let server = self.server_step();
        format!("{change_folder}{server}docker compose up -d --wait{orphans}")
    }

    /// What gives the server's roles their new passwords before the services use them: the image reads passwords only when
    /// it makes a new volume.
    fn server_step(&self) -> &'static str {
        let Some(server) = &self.target.deployment.server else { return "" };
        let concerned = |name: &EnvironmentKey| {
            *name == server.administrator_password || server.logins().iter().any(|login| login.password == *name)
        };
        match &server.host {
            _ if !self.outcome.rotated.iter().chain(&self.outcome.edited).any(concerned) && !self.script_changes() => {
                ""
            }
            // a container that goes on running still has the script that was replaced, so it gets this one
            Host::Container(_) => {
                "docker compose up -d --wait postgres && docker compose exec -T postgres bash -s \
                 <scripts/init-postgres.sh && "
            }
            Host::External(_) => {
                "(set -a; . ./.env; INIT_POSTGRES_USER=ADMINISTRATOR bash scripts/init-postgres.sh) && "
            }
        }
    }

    /// Whether a server that stands already has to be given what a changed script makes: the image runs it only on a new
    /// volume.
    fn script_changes(&self) -> bool {
        let mut changes = self.outcome.changes.changes.iter();
        changes.any(|change| change.output == Output::InitScript && change.kind() == ChangeKind::Updated)
    }

    /// Whether services of the outputs that stood there are no longer started.
    fn leaves_services(&self) -> bool {
        let postgres = ServiceName::postgres();
        let has_server = self.target.deployment.server.as_ref().and_then(Server::container).is_some();
        let starts = |name: &str| {
            (has_server && name == postgres.as_str())
                || self.target.deployment.services.iter().any(|service| service.name.as_str() == name)
        };
        let mut changes = self.outcome.changes.changes.iter();
        if changes.any(|change| change.output == Output::Compose && change.kind() == ChangeKind::Unchanged) {
            return false;
        }
        let standing = self.outcome.existing.standing();
        standing.is_some_and(|standing| standing.service_names().any(|name| !starts(name)))
    }
}
