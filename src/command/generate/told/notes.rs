//! Knows what a user should hear beside the result. Must not know how it came about.

use std::cmp::Ordering;
use std::path::Path;

use super::Telling;
use super::readers::read_by;
use crate::change::{Refusal, RefusalReason};
use crate::command::generate::request::{Ending, Outcome};
use crate::command::target::{Target, settings_note};
use crate::diagnostic::Diagnostic;
use crate::dotenv::UserPart;
use crate::folders::data_folders;
use crate::render::OUTPUT_FORMAT;
use crate::report::OtherVersion;
use crate::secret::SecretOrigin;
use crate::spelling::{on_one_line, path, shell_word};
use crate::target::DangerKind;
use crate::target::compose::{self, Standing, beyond_limit};
use crate::value::{LocalAuth, SecretsIn};

impl Telling<'_> {
    /// What the user should know, on standard error.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        notes.extend(self.settings());
        notes.extend(self.made_by().map(|version| format!("note: {}\n", version.message())));
        if self.ending == Ending::Write {
            for missing in self.missing() {
                let (message, help) = (on_one_line(&missing.message), on_one_line(&missing.help));
                notes.push(format!("note: {message}\n  = help: {help}\n"));
            }
            let closed = data_folders(&self.target.deployment, &self.target.root, self.current)
                .into_iter()
                .filter_map(|folder| folder.closed());
            let closed = closed.map(|(message, help)| (on_one_line(&message), on_one_line(&help)));
            notes.extend(closed.map(|(message, help)| format!("warning: {message}\n  = help: {help}\n")));
            notes.extend(self.left_out());
            notes.extend(self.secret_manager());
            notes.extend(self.adoption());
            notes.extend(self.line_aside());
            notes.extend(self.lost_password());
            notes.extend(self.lost_secrets());
            notes.extend(self.password_by_hand());
            notes.extend(self.stale());
            notes.extend(self.weak_secrets());
            notes.extend(self.key_of_backups());
            notes.extend(self.left_dotenv());
            notes.extend(self.dotenv_differs());
            notes.extend(self.outcome.git.note_of_ignores());
            notes.extend(self.sent_text());
        }
        notes.extend(self.exported());
        notes.extend(self.unnoticed());
        notes.extend(self.not_compared());
        notes.extend(self.edited_leftovers());
        notes.extend(self.unread_secrets());
        notes.extend(self.left_objects());
        notes.extend(self.of_target());
        notes.extend(self.twin());
        notes.extend(self.exposed_text());
        notes.extend(self.silent());
        notes.extend(self.too_large());
        notes
    }

    /// What of the profile the outputs have not.
    fn left_out(&self) -> Vec<String> {
        let Target { deployment, extras, .. } = self.target;
        let warnings = deployment.target.left_out(deployment, extras).into_iter();
        let told = warnings.map(|Diagnostic { code, message, help, .. }| {
            format!("warning[{code}]: {}\n  = help: {}\n", on_one_line(&message), on_one_line(&help))
        });
        told.collect()
    }

    /// That the outputs were made with other settings than this run has.
    fn settings(&self) -> Option<String> {
        settings_note(self.made_with().iter())
    }

    /// The settings that the outputs were made with and that this run has not.
    pub(super) fn made_with(&self) -> Vec<String> {
        let mark = self.outcome.existing.mark();
        let settings = mark.map(|mark| mark.settings).unwrap_or_default();
        settings.into_iter().filter(|setting| !self.target.placement.settings.contains(setting)).collect()
    }

    /// Which other codelab-gen made the outputs.
    pub(super) fn made_by(&self) -> Option<OtherVersion> {
        match self.outcome.existing.mark()?.format.cmp(&OUTPUT_FORMAT) {
            Ordering::Less => Some(OtherVersion::Older),
            Ordering::Equal => None,
            Ordering::Greater => Some(OtherVersion::Newer),
        }
    }

    /// Variables of the environment that would take the place of what `.env` says.
    fn exported(&self) -> Option<String> {
        let names: Vec<_> = self.outcome.exported.iter().map(|name| format!("`{name}`")).collect();
        let unset = self.outcome.exported.join(" ");
        (!names.is_empty()).then(|| {
            let names = names.join(", ");
            format!("warning: Docker Compose would take {names} from the environment\n  = help: `unset {unset}`\n")
        })
    }

    /// A second Compose file, which Docker Compose would take instead
    /// (<https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file>).
    fn twin(&self) -> Option<String> {
        if !self.target.deployment.target.runs_here() {
            return None;
        }
        let changes = &self.outcome.changes;
        let is_refused = |refusal: &Refusal| {
            matches!(refusal.reason, RefusalReason::OtherCompose(_) | RefusalReason::ComposeFile(_))
        };
        if changes.has_line_aside || !changes.aside.is_empty() || changes.refusals().iter().any(is_refused) {
            return None;
        }
        if let Some(value) = self.outcome.existing.dotenv().users_values().remove("COMPOSE_FILE") {
            let names = |name: &str| value.split([':', ';', ',']).any(|file| Path::new(file).ends_with(name));
            let beside = self.outcome.existing.beside_name().filter(|beside| !names(beside));
            let ours = compose::FILE;
            let missing = if names(ours.path()) { beside? } else { ours.path() };
            return Some(format!(
                "warning: `COMPOSE_FILE` in .env does not name {missing}\n  = help: remove it, or add that file\n"
            ));
        }
        let twins = ["compose.yaml", "compose.yml"];
        let twin = twins.into_iter().find(|name| self.target.folder.join(name).exists())?;
        let (twin, ours) = (self.named(twin), self.named(compose::FILE.path()));
        Some(format!(
            "warning: Docker Compose takes `{twin}` and not `{ours}`\n  = help: move it away, or name ours: `docker compose \
             -f docker-compose.yml`\n"
        ))
    }

    /// That git did not answer, so that nobody takes this for an answer.
    fn silent(&self) -> Option<String> {
        let root = self.outcome.git.silent.as_ref()?;
        let (root, typed) = (path(root), shell_word(root));
        let word = if self.ending == Ending::Check { "error" } else { "note" };
        Some(format!(
            "{word}: git gives no answer in `{root}`, so whether it has files with secrets is not known\n  = help: look for what \
             keeps it, such as a pipe: `find {typed} ! -type f ! -type d ! -type l`\n"
        ))
    }

    /// That the password which a server was made with is gone.
    fn lost_password(&self) -> Option<String> {
        let (server, container) = self.target.deployment.contained_server()?;
        let name = &server.administrator_password;
        let is_made_up = self.outcome.secrets.get(name)?.origin == SecretOrigin::Generated;
        let was_meant = self.outcome.rotated.contains(name);
        let help = match container.local_auth {
            LocalAuth::Trust => "the next command gives it the new one",
            LocalAuth::Password => {
                "with `local_auth: password` nobody comes in without the old one: docs/containers.md says what to do"
            }
        };
        (is_made_up && !was_meant && self.has_server()).then(|| {
            let (kind, volume) = (container.volume.kind(), &container.volume);
            format!(
                "note: `{name}` was nowhere to be found and is a new one; a server on the {kind} `{volume}` has the old \
                 one\n  = help: {help}\n"
            )
        })
    }

    /// That a server which asks its own container for the password as well must be given a new one by who knows the old.
    fn password_by_hand(&self) -> Option<String> {
        let (server, container) = self.target.deployment.contained_server()?;
        let name = &server.administrator_password;
        let is_new = self.outcome.rotated.contains(name) || self.outcome.edited.contains(name);
        let is_asked = container.local_auth == LocalAuth::Password;
        let script = shell_word(self.shown(compose::PSQL.path()));
        (is_asked && is_new && self.has_server()).then(|| {
            format!(
                "note: with `local_auth: password` a server that has the old `{name}` must be given the new one first\n  = help: \
                 before the next command, while it runs: `{script} --superuser postgres -c '\\password'` asks for it\n"
            )
        })
    }

    /// Whether a server stood there before this run.
    fn has_server(&self) -> bool {
        self.target.deployment.target.runs_here() && self.outcome.existing.standing().is_some_and(Standing::has_server)
    }

    /// What of a server that stays on its volume would go unnoticed.
    fn unnoticed(&self) -> Vec<String> {
        if self.stays() {
            return Vec::new();
        }
        let existing = self.outcome.existing.standing().filter(|_| self.outcome.existing.mark().is_some());
        let container = self.target.deployment.contained_server().map(|(_, container)| container);
        let is_other = self.outcome.changes.dangers.iter().any(|danger| danger.kind == DangerKind::Volume);
        let Some((standing, container)) = existing.zip(container).filter(|_| !is_other) else { return Vec::new() };
        if !standing.has_server() {
            return Vec::new();
        }
        let told = compose::unnoticed(standing, container).into_iter();
        told.map(|(message, help)| format!("note: {}\n  = help: {help}\n", on_one_line(&message))).collect()
    }

    /// What the target says of the change.
    fn of_target(&self) -> impl Iterator<Item = String> {
        let notes = self.outcome.changes.notes.iter();
        notes.map(|(message, help)| format!("note: {}\n  = help: {}\n", on_one_line(message), on_one_line(help)))
    }

    fn weak_secrets(&self) -> Vec<String> {
        let weak = self.outcome.secrets.iter().filter_map(|(name, chosen)| Some((name, chosen.weakness?)));
        let told = weak
            .map(|(name, why)| format!("warning: the secret `{name}` {why}\n  = help: codelab-gen rotate {name}\n"));
        told.collect()
    }

    /// Once, when it is made up: whoever loses the host loses the key, and all backups with it.
    fn key_of_backups(&self) -> Option<String> {
        let key = self.target.deployment.backups.as_ref()?.key.as_ref()?;
        let is_made_up = self.outcome.secrets.get(key)?.origin == SecretOrigin::Generated;
        is_made_up.then(|| {
            format!(
                "note: without `{key}`, which was made up now, nobody can restore the backups\n  = help: keep a copy of it \
                 away from this host: it is in .env\n"
            )
        })
    }

    /// What a secret manager must set before the next command.
    fn secret_manager(&self) -> Option<String> {
        if self.target.deployment.secrets_in != SecretsIn::Environment || self.target.deployment.secrets.is_empty() {
            return None;
        }
        let names: Vec<_> = self.target.deployment.secrets.keys().map(|name| format!("`{name}`")).collect();
        let names = names.join(", ");
        let help = "start it through your secret manager; passwords may have A-Z a-z 0-9 . _ - only, as they are a part of URLs";
        let mut note = format!("note: Docker Compose needs {names} in its environment\n  = help: {help}\n");
        let block = self.outcome.existing.values(|_| true).unwrap_or_default();
        let kept: Vec<_> =
            self.target.deployment.secrets.keys().filter(|name| block.contains_key(name.as_str())).collect();
        if !kept.is_empty() {
            let kept = kept.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            note.push_str("note: .env still holds ");
            note.push_str(&kept);
            note.push_str("\n  = help: remove it there once your secret manager has it\n");
        }
        Some(note)
    }

    /// What became of the user's lines in `.env`, where some of them moved into the block.
    fn adoption(&self) -> Option<String> {
        let existing = &self.outcome.existing;
        let file = existing.dotenv();
        let has_block = file.block.is_some();
        let keys = self.target.deployment.target.dotenv_keys(&self.target.deployment);
        let names = keys.names();
        let block = file.entries.as_deref().unwrap_or_default();
        let parts = file.users_parts().unwrap_or_default();
        let own = |key: &str| names.contains(key) && block.iter().all(|entry| entry.key != key);
        let moved: Vec<_> = parts.iter().filter(|part| part.key.is_some_and(own)).collect();
        let is_there = existing.get(&compose::DOTENV).is_some();
        if !is_there || names.is_empty() || (has_block && moved.is_empty()) {
            return None;
        }
        let dotenv = self.named(compose::DOTENV.path());
        let mut note = format!("note: `{dotenv}` was adopted: what codelab-gen writes moved into its block\n");
        if has_block {
            let keys: Vec<_> = moved.iter().filter_map(|part| Some(format!("`{}`", part.key?))).collect();
            note = format!("note: {} of your lines in `{dotenv}` moved into the block\n", keys.join(", "));
        } else if let Some(unread) = self.unread() {
            note.extend([
                "  = help: ",
                &unread,
                " stayed outside of it; nothing that Docker Compose reads here refers to them\n",
            ]);
        }
        let is_twice = |part: &UserPart<'_>| moved.iter().any(|other| other.key == part.key && other.line > part.line);
        let odd = moved.iter().filter(|part| !part.is_alike() || is_twice(part));
        let odd: Vec<_> = odd.filter_map(|part| Some(format!("`{}` (line {})", part.key?, part.line))).collect();
        if !odd.is_empty() {
            note.extend(["note: the readers of .env read these lines differently: ", &odd.join(", ")]);
            note.push_str(
                "\n  = help: the block has what Docker Compose read there; look whether that is what was meant\n",
            );
        }
        Some(note)
    }

    /// The keys of the user's lines that nothing reads, as far as that is sure.
    fn unread(&self) -> Option<String> {
        let Outcome { existing, changes, .. } = self.outcome;
        let dotenv = existing.get(&compose::DOTENV).map(|file| file.text.as_str()).unwrap_or_default();
        let files: Vec<_> = changes.compose_text().into_iter().chain(existing.beside()).collect();
        let reads_others = existing.dotenv().users_values().contains_key("COMPOSE_FILE") && !changes.has_line_aside;
        let mut read = read_by(&files, dotenv).filter(|_| !reads_others)?;
        let keys = self.target.deployment.target.dotenv_keys(&self.target.deployment);
        read.extend(keys.names().into_iter().map(str::to_owned));
        read.extend(self.target.deployment.variables().keys().map(ToString::to_string));
        let is_read = |key: &String| key.starts_with("COMPOSE_") || key.starts_with("DOCKER_") || read.contains(key);
        let unread = existing.dotenv().users_keys().into_iter().filter(|key| !is_read(key));
        let unread: Vec<_> = unread.map(|key| format!("`{key}`")).collect();
        (!unread.is_empty()).then(|| unread.join(", "))
    }

    /// That Compose reads `docker-compose.yml` alone now.
    fn line_aside(&self) -> Option<String> {
        let dotenv = self.named(compose::DOTENV.path());
        self.outcome.changes.has_line_aside.then(|| format!(
            "note: `COMPOSE_FILE` in `{dotenv}` is a comment now: Docker Compose reads docker-compose.yml and the override file \
             beside it\n  = help: to have it read more, write `COMPOSE_FILE=docker-compose.yml:FILE` behind the block\n"
        ))
    }

    /// A warning where Compose itself would refuse the file.
    fn too_large(&self) -> Option<String> {
        let compose = self.outcome.changes.compose_text()?;
        let Diagnostic { code, message, help, .. } = beyond_limit(self.target.deployment.services.len(), compose)?;
        Some(format!("warning[{code}]: {message}\n  = help: {help}\n"))
    }
}
