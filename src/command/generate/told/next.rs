//! Knows the command that makes a written deployment run. Must not know how it was written.

use super::Telling;
use crate::change::{Change, ChangeKind};
use crate::deployment::Host;
use crate::disk::{normalized, relative};
use crate::folders::{data_folders, making};
use crate::render::Output;
use crate::spelling::shell_word;
use crate::value::SecretsIn;

impl Telling<'_> {
    /// The command that brings the deployment up, as typed in the current folder.
    pub(super) fn next_command(&self) -> String {
        let folder = relative(&normalized(self.current), &self.outcome.changes.folder);
        let change_folder = if folder == "." { String::new() } else { format!("cd {} && ", shell_word(&folder)) };
        let server = self.server_step();
        let folders =
            making(&data_folders(&self.target.deployment, &self.target.root, self.current), &self.target.folder);
        let folders: Vec<_> = folders.into_iter().map(|command| format!("{command} && ")).collect();
        let folders = folders.concat();
        format!("{folders}{change_folder}{server}docker compose up -d --wait{}", self.orphans())
    }

    /// Where a deployment stood before this run or an earlier one, a service that left may still run: beside the new one
    /// it would write the same files, or serve the same volume.
    fn orphans(&self) -> &'static str {
        if self.stood() { " --remove-orphans" } else { "" }
    }

    /// Whether a deployment stood there before. One that does not change is ours, and need not be read again.
    fn stood(&self) -> bool {
        let is_unchanged = |change: &Change| change.output == Output::Compose && change.kind() == ChangeKind::Unchanged;
        self.outcome.changes.changes.iter().any(is_unchanged) || self.outcome.existing.standing().is_some()
    }

    /// What brings the server in line before the services use it, where nothing does that at every start. It is told
    /// again until the next run too: nobody knows here whether it was done.
    fn server_step(&self) -> String {
        match self.target.deployment.server.as_ref().map(|server| &server.host) {
            Some(Host::Container(container)) if !container.ensure && self.stood() => {
                // a secret's file is replaced by another one, which only a new container sees
                let files = self.target.deployment.secrets_in == SecretsIn::Files;
                let recreate = if files { " --force-recreate" } else { "" };
                // a container that goes on running still has the script that was replaced, so it gets this one
                format!(
                    "docker compose up -d --wait{}{recreate} postgres && docker compose exec -T postgres bash -s \
                     <scripts/init-postgres.sh && ",
                    self.orphans()
                )
            }
            Some(Host::External(_)) => {
                let is_there =
                    |change: &Change| change.output == Output::Dotenv && change.kind() != ChangeKind::Removed;
                let has_dotenv = self.outcome.changes.changes.iter().any(is_there);
                let dotenv = if has_dotenv { "set -a; . ./.env; " } else { "" };
                format!("({dotenv}INIT_POSTGRES_USER=ADMINISTRATOR bash scripts/init-postgres.sh) && ")
            }
            Some(Host::Container(_)) | None => String::new(),
        }
    }
}
