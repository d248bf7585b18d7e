//! Knows the command that makes a written deployment run. Must not know how it was written.

use super::Telling;
use crate::change::{ChangeKind, Standing};
use crate::command::folders::{data_folders, making};
use crate::deployment::Host;
use crate::placement::{normalized, relative};
use crate::render::Output;
use crate::secret::SecretOrigin;
use crate::spelling::shell_word;
use crate::value::{EnvironmentKey, ServiceName};

impl Telling<'_> {
    /// The command that brings the deployment up, as typed in the current folder.
    pub(super) fn next_command(&self) -> String {
        let folder = relative(&normalized(self.current), &self.outcome.changes.folder);
        let change_folder = if folder == "." { String::new() } else { format!("cd {} && ", shell_word(&folder)) };
        let orphans = if self.leaves_services() { " --remove-orphans" } else { "" };
        let server = self.server_step();
        let folders: Vec<_> =
            making(&data_folders(&self.target.deployment, &self.target.root, self.current), &self.target.folder)
                .into_iter()
                .map(|command| format!("{command} && "))
                .collect();
        let folders = folders.concat();
        format!("{folders}{change_folder}{server}docker compose up -d --wait{orphans}")
    }

    /// What brings the server in line before the services use it, where nothing does that at every start.
    fn server_step(&self) -> &'static str {
        match self.target.deployment.server.as_ref().map(|server| &server.host) {
            // a container that goes on running still has the script that was replaced, so it gets this one
            Some(Host::Container(container))
                if !container.ensure && (self.has_new_password() || self.script_changes()) =>
            {
                "docker compose up -d --wait postgres && docker compose exec -T postgres bash -s \
                 <scripts/init-postgres.sh && "
            }
            Some(Host::External(_)) if self.has_new_password() || self.script_changes() => {
                "(set -a; . ./.env; INIT_POSTGRES_USER=ADMINISTRATOR bash scripts/init-postgres.sh) && "
            }
            Some(Host::Container(_) | Host::External(_)) | None => "",
        }
    }

    /// Whether a role of the server gets another password than it may have.
    fn has_new_password(&self) -> bool {
        let Some(server) = &self.target.deployment.server else { return false };
        let concerned = |name: &EnvironmentKey| {
            *name == server.administrator_password || server.logins().iter().any(|login| login.password == *name)
        };
        self.outcome.rotated.iter().chain(&self.outcome.edited).any(concerned) || !self.lost_passwords().is_empty()
    }

    /// The passwords that were made up although a server stands that has others.
    pub(super) fn lost_passwords(&self) -> Vec<&EnvironmentKey> {
        let standing = self.outcome.existing.standing().is_some_and(Standing::has_server);
        let Some((server, _)) = self.target.deployment.contained_server().filter(|_| standing) else {
            return Vec::new();
        };
        let is_new = |name: &EnvironmentKey| {
            let chosen = self.outcome.secrets.get(name);
            chosen.is_some_and(|chosen| chosen.origin == SecretOrigin::Generated)
                && !self.outcome.rotated.contains(name)
        };
        Some(&server.administrator_password).filter(|name| is_new(name)).into_iter().collect()
    }

    /// Whether a server that stands already has to be given what a changed script makes: the image runs it only on a new
    /// volume, and somebody else's server never.
    fn script_changes(&self) -> bool {
        let elsewhere = self.target.deployment.contained_server().is_none();
        let counts = |kind| kind == ChangeKind::Updated || (elsewhere && kind == ChangeKind::Created);
        let mut changes = self.outcome.changes.changes.iter();
        changes.any(|change| change.output == Output::InitScript && counts(change.kind()))
    }

    /// Whether services of the outputs that stood there are no longer started.
    fn leaves_services(&self) -> bool {
        let container = self.target.deployment.contained_server().map(|(_, container)| container);
        let server = container.map(|_| ServiceName::postgres());
        let ensure = container.filter(|container| container.ensure).map(|_| ServiceName::postgres_ensure());
        let starts = |name: &str| {
            server.iter().chain(&ensure).any(|known| known.as_str() == name)
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
