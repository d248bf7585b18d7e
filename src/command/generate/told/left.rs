//! Knows what a run leaves as it is, and nothing uses any more: files of another profile or target, objects of a cluster.
//! Must not know what is used.

use super::Telling;
use crate::change::unused_secrets;
use crate::command::generate::request::Outcome;
use crate::deployment::{Server, secret_file_path};
use crate::render::{Output, Seal, examine};
use crate::spelling::{on_one_line, shell_word};
use crate::target::{Target, compose};
use crate::value::SecretsIn;

impl Telling<'_> {
    /// Outputs of another profile that stay because somebody edited them.
    pub(super) fn edited_leftovers(&self) -> Vec<String> {
        let is_used = |output: &Output| self.outcome.changes.changes.iter().any(|change| change.output == *output);
        let is_edited = |output: &Output| {
            let mark = self.outcome.existing.get(output).and_then(|file| examine(&file.text, output));
            mark.is_some_and(|mark| mark.seal == Seal::Broken)
        };
        let left = self.outcome.existing.standing_outputs().map(|(output, _)| output);
        let left = left
            .filter(|output| !is_used(output) && !self.target.deployment.target.leaves(output) && is_edited(output));
        let note = |output: &Output| {
            let path = self.named(output.path());
            format!("note: `{path}` is not used by this profile, but was edited; it stays as it is\n")
        };
        left.map(note).collect()
    }

    /// That `.env` stays where nothing reads it any more, told where it was read before.
    pub(super) fn left_dotenv(&self) -> Option<String> {
        let target = self.target.deployment.target;
        let Outcome { existing, .. } = self.outcome;
        let is_left = target.leaves(&compose::DOTENV) && existing.get(&compose::DOTENV).is_some();
        let was_read = existing.target(target).is_some_and(Target::keeps_in_dotenv);
        if !is_left || !was_read {
            return None;
        }
        let written = target.secret_files(&self.target.deployment);
        let block = existing.values(|_| false).unwrap_or_default();
        let only_there = unused_secrets(&block, |name| written.iter().any(|file| file.name == name.as_str()));
        let names: Vec<_> = only_there.keys().map(|name| format!("`{name}`")).collect();
        let place = self.named(target.keeps_secrets_in());
        let (what, help) = match (names.is_empty(), self.target.deployment.secrets_in) {
            (true, _) if written.is_empty() => (String::new(), None),
            (true, _) => (format!(": its secrets are in `{place}` now"), None),
            (false, SecretsIn::External) => (
                format!(
                    "; nothing was written of {}, which something else must bring into the cluster",
                    names.join(", ")
                ),
                Some(
                    "keep it until they are there, by the names and keys of docs/kubernetes.md: it may be the only copy",
                ),
            ),
            (false, _) => (
                format!("; what this profile does not use is nowhere else: {}", names.join(", ")),
                Some("keep it as long as you may need them"),
            ),
        };
        let help = help.map_or_else(
            || {
                format!(
                    "keep it as long as you may go back, then `rm {}`",
                    shell_word(self.shown(compose::DOTENV.path()))
                )
            },
            str::to_owned,
        );
        let dotenv = self.named(compose::DOTENV.path());
        let on = target.title();
        Some(format!("note: `{dotenv}` stays as it is, and nothing reads it on {on}{what}\n  = help: {help}\n"))
    }

    /// What goes on running, though no file makes it any more.
    pub(super) fn left_objects(&self) -> Option<String> {
        let left = &self.outcome.changes.left_objects;
        let names: Vec<_> = left.iter().map(|name| format!("`{}`", on_one_line(name))).collect();
        let words: Vec<_> = left.iter().map(shell_word).collect();
        (!left.is_empty()).then(|| {
            format!(
                "note: no file makes {} any more, and nothing removes what is in the cluster\n  = help: `kubectl delete {}`\n",
                names.join(", "),
                words.join(" ")
            )
        })
    }

    /// Files of secrets that stand there from when they were what the server read.
    pub(super) fn unread_secrets(&self) -> Option<String> {
        let deployment = &self.target.deployment;
        let passwords =
            deployment.server.as_ref().map(Server::passwords).filter(|_| deployment.secret_files().is_empty());
        let left = passwords?.into_iter().map(secret_file_path).filter(|path| self.target.folder.join(path).exists());
        let left: Vec<_> = left.map(|path| self.shown(&path)).collect();
        if left.is_empty() {
            return None;
        }
        let names: Vec<_> = left.iter().map(|path| format!("`{}`", on_one_line(path))).collect();
        let words: Vec<_> = left.iter().map(shell_word).collect();
        Some(format!(
            "note: nothing reads {} any more\n  = help: once the deployment runs, `rm {}`\n",
            names.join(", "),
            words.join(" ")
        ))
    }
}
