//! Knows where the command is typed that makes a written deployment run. Must not know how the target says it.

use super::Telling;
use crate::change::{Change, ChangeKind};
use crate::disk::{normalized, relative};
use crate::dotenv::UserPart;
use crate::folders::{data_folders, making, making_backups};
use crate::spelling::shell_word;
use crate::target::{Ground, compose};

impl Telling<'_> {
    /// The command that brings the deployment up, as typed in the current folder.
    pub(super) fn next_command(&self) -> String {
        let folder = relative(&normalized(self.current), &self.outcome.changes.folder);
        let change_folder = if folder == "." { String::new() } else { format!("cd {} && ", shell_word(&folder)) };
        let folders =
            making(&data_folders(&self.target.deployment, &self.target.root, self.current), &self.target.folder);
        let of_backups = making_backups(&self.target.deployment, &self.target.root, self.current);
        let folders: Vec<_> = folders.into_iter().chain(of_backups).map(|command| format!("{command} && ")).collect();
        let is_there = |change: &Change| change.output == compose::DOTENV && change.kind() != ChangeKind::Removed;
        let has_secrets = self.outcome.changes.changes.iter().any(is_there);
        let ground = Ground { stood: self.stood() || self.takes_over(), has_secrets };
        let up = self.target.deployment.target.next_command(&self.target.deployment, ground);
        let dangers = &self.outcome.changes.dangers;
        let standing = if dangers.is_empty() { None } else { self.outcome.existing.standing() };
        let before = compose::around_start(dangers, &self.target.deployment, standing).unwrap_or_default();
        let build = if self.is_image_new() { "docker compose build postgres-backup && " } else { "" };
        format!("{}{change_folder}{build}{before}{up}", folders.concat())
    }

    /// Whether the image of the backups stands on another one than before: Compose builds it only where there is none.
    fn is_image_new(&self) -> bool {
        let is_new = |change: &Change| change.output == compose::BACKUP_IMAGE && change.kind() == ChangeKind::Updated;
        self.outcome.changes.changes.iter().any(is_new)
    }

    /// Whether a deployment stood there before.
    fn stood(&self) -> bool {
        self.stays() || self.outcome.existing.standing().is_some()
    }

    /// Whether the deployment that stood there does not change: it is ours, and need not be read again.
    pub(super) fn stays(&self) -> bool {
        let main = self.target.deployment.target.main_output();
        let is_unchanged = |change: &Change| change.output == main && change.kind() == ChangeKind::Unchanged;
        self.outcome.changes.changes.iter().any(is_unchanged)
    }

    /// Whether this run takes over a deployment whose Compose files have other names: Compose was led to them by a line of
    /// `.env`, or a `.env` that somebody wrote holds what moves into the block.
    fn takes_over(&self) -> bool {
        let (changes, existing) = (&self.outcome.changes, &self.outcome.existing);
        let keys = self.target.deployment.target.dotenv_keys(&self.target.deployment);
        let names = keys.names();
        let holds = |part: &UserPart<'_>| part.key.is_some_and(|key| names.contains(key));
        let is_adopted =
            || existing.is_to_be_adopted() && existing.dotenv().users_parts().unwrap_or_default().iter().any(holds);
        changes.has_line_aside || !changes.aside.is_empty() || is_adopted()
    }
}
