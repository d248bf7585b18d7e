//! Knows what is told after a run: files, secrets' origins, differences, the next command.
//! Must not know how any of it came about, and never a secret.

mod context;
mod dockerignore;
mod exposed;
mod filled;
mod left;
mod lost;
mod missing;
mod next;
mod notes;
mod readers;
mod stale;

use std::collections::HashMap;
use std::path::Path;

use super::request::{Ending, Finished, Outcome};
use crate::change::{Aside, Change, ChangeKind, Refusal, RefusalReason, RefusedFile, SecretChange};
use crate::command::failure::refusal;
use crate::command::target::Target;
use crate::disk::{normalized, relative};
use crate::field::FieldPath;
use crate::outcome::Exit;
use crate::report::{self, Report};
use crate::secret::{ChosenSecret, SecretOrigin};
use crate::spelling::{on_one_line, raw_path, shell_word};
use crate::target::Danger;
use crate::target::compose::{self, ALL_SCRIPTS, EngineSwitch, is_database_script, is_program};
use crate::value::{Choice as _, Engine, EnvironmentKey};

/// What one run did, to be told.
pub(super) struct Telling<'t> {
    pub(super) target: &'t Target,
    pub(super) outcome: &'t Outcome,
    pub(super) current: &'t Path,
    pub(super) ending: Ending,
}

impl Telling<'_> {
    /// All that there is to tell.
    pub(super) fn finish(&self) -> Finished {
        let run = self.document();
        let mut notes = self.notes();
        let (text, report, exit) = match self.ending {
            Ending::Write => (self.written_text(), Report::Done(run), Exit::Done),
            Ending::Check | Ending::Diff if self.differs() => {
                notes.push(self.remedy());
                (self.compared_text(), Report::Different(run), Exit::Different)
            }
            Ending::Check if self.exposes() => {
                ("as the profile says\n".to_owned(), Report::Different(run), Exit::Different)
            }
            Ending::Check => ("as the profile says\n".to_owned(), Report::Done(run), Exit::Done),
            Ending::Diff => ("nothing would change\n".to_owned(), Report::Done(run), Exit::Done),
        };
        Finished { text, notes, report, exit }
    }

    fn differs(&self) -> bool {
        let changes = &self.outcome.changes;
        changes.changes.iter().any(|change| self.is_told(change))
            || changes.secret_files.iter().any(|change| self.is_secret_told(change))
    }

    /// Whether a comparison tells of the file of a secret.
    fn is_secret_told(&self, change: &SecretChange) -> bool {
        match self.ending {
            Ending::Write => true,
            Ending::Check => change.is_drift(),
            Ending::Diff => change.kind != ChangeKind::Unchanged,
        }
    }

    /// Whether a comparison tells of a file.
    fn is_told(&self, change: &Change) -> bool {
        match self.ending {
            Ending::Write => true,
            Ending::Check => change.is_drift(),
            Ending::Diff => change.kind() != ChangeKind::Unchanged,
        }
    }

    /// The result of writing, for people.
    fn written_text(&self) -> String {
        let changes = &self.outcome.changes;
        let mut lines = Vec::new();
        for change in &changes.secret_files {
            lines.push(self.line(change.kind.as_str(), &change.path));
        }
        let as_one = self.scripts_as_one();
        for change in &changes.changes {
            let path = if as_one && is_database_script(&change.output) { ALL_SCRIPTS } else { change.output.path() };
            let line = self.line(change.kind().as_str(), path);
            if lines.last() != Some(&line) {
                lines.push(line);
            }
            if let Some(original) = change.original().and_then(|path| path.strip_prefix(&changes.folder).ok()) {
                lines.push(self.line("kept", &raw_path(original)));
            }
        }
        let kept = changes.aside.iter().filter_map(Aside::original);
        lines.extend(kept.map(|path| self.line("kept", &self.in_folder(path))));
        lines.extend(changes.switches.iter().map(|switch| self.switch_line(switch)));
        lines.extend(changes.left_volumes.iter().map(|name| left_line(name)));
        lines.extend(self.origins().into_iter().map(|(name, origin)| format!("secret    {name}: {origin}\n")));
        lines.extend(self.filled_lines());
        lines.push(format!("next: {}\n", self.next_command()));
        lines.concat()
    }

    /// Whether the same became of all scripts for the databases: then they are told as one.
    fn scripts_as_one(&self) -> bool {
        let mut scripts = self.outcome.changes.changes.iter().filter(|change| is_database_script(&change.output));
        let first = scripts.next().map(Change::kind);
        scripts.all(|change| Some(change.kind()) == first && change.original().is_none())
    }

    /// The result of a comparison, for people: one line a file, then what differs in each.
    fn compared_text(&self) -> String {
        let changes = &self.outcome.changes;
        let mut lines = Vec::new();
        let secrets = changes.secret_files.iter().filter(|change| self.is_secret_told(change));
        lines.extend(secrets.map(|change| self.line(change.kind.as_str(), &change.path)));
        let told: Vec<_> = changes.changes.iter().filter(|change| self.is_told(change)).collect();
        let as_one = self.scripts_as_one();
        for change in &told {
            let path = if as_one && is_database_script(&change.output) { ALL_SCRIPTS } else { change.output.path() };
            let mode = change.mode.filter(|_| change.kind() == ChangeKind::Mode);
            let mode = mode.map(|mode| format!(" ({mode:04o} instead of {:04o})", change.output.mode()));
            let line = self.line(change.kind().as_str(), &format!("{path}{}", mode.unwrap_or_default()));
            if lines.last() != Some(&line) {
                lines.push(line);
            }
        }
        lines.extend(changes.aside.iter().map(|aside| self.line("aside", &self.in_folder(aside.path()))));
        lines.extend(changes.switches.iter().map(|switch| self.switch_line(switch)));
        lines.extend(changes.left_volumes.iter().map(|name| left_line(name)));
        for Danger { kind, message, steps } in &changes.dangers {
            let (message, steps) = (on_one_line(message), on_one_line(steps));
            lines.push(format!("danger    {message}\n  = help: {steps} (--accept {})\n", kind.as_str()));
        }
        // of scripts that are the same everywhere nothing but the header can differ, as in the others
        let is_shown = |change: &&&Change| !(as_one && is_program(&change.output));
        lines.extend(told.iter().filter(is_shown).filter_map(|change| changes.difference(change)));
        lines.concat()
    }

    fn line(&self, word: &str, path: &str) -> String {
        format!("{word:<9} {}\n", self.named(path))
    }

    /// What to do about a difference.
    fn remedy(&self) -> String {
        let mut lines = Vec::new();
        let refusals = self.outcome.changes.refusals();
        let first = if refusals.is_empty() { "" } else { "do what the notes say, then " };
        for refusal in refusals {
            let message = refusal::message(&refusal, &self.target.folder);
            lines.push(format!("note: {message}\n  = help: {}\n", refusal::help(&refusal)));
        }
        if self.ending == Ending::Check {
            lines.push("error: the outputs are not as the profile says\n  |\n".to_owned());
            lines.push(format!("  = help: {first}run codelab-gen without --check, and commit what it writes\n"));
        }
        lines.concat()
    }

    /// The result for programs.
    fn document(&self) -> report::Run {
        let changes = &self.outcome.changes;
        let fields = self.target.deployment.fields_of_keys();
        let of_secret = changes.secret_files.iter().map(|change| {
            let refused = RefusedFile::Secret(change.path.clone());
            let reasons = self.reasons(&refused, change.reason.as_slice());
            report::File { reasons, drift: change.is_drift(), ..file(&change.path, change.kind) }
        });
        let secrets = self.origins().into_iter().map(|(name, from)| report::Secret { name: name.to_string(), from });
        report::Run {
            profile: self.target.placement.profile.clone(),
            folder: raw_path(&changes.folder),
            files: of_secret.chain(changes.changes.iter().map(|change| self.file(change, &fields))).collect(),
            secrets: secrets.collect(),
            filled: self.filled_documents(),
            aside: changes.aside.iter().map(|aside| self.aside_document(aside)).collect(),
            switches: changes.switches.iter().map(|switch| self.switch_document(switch)).collect(),
            left_volumes: changes.left_volumes.clone(),
            left_objects: changes.left_objects.clone(),
            dangers: changes.dangers.iter().map(refusal::danger_document).collect(),
            made_with: self.made_with(),
            made_by: self.made_by(),
            exposed: self.exposed(),
            sent: self.sent(),
            missing: self.missing().into_iter().map(|missing| missing.path).collect(),
            next: (self.ending == Ending::Write).then(|| self.next_command()),
        }
    }

    fn file(&self, change: &Change, fields: &HashMap<&str, FieldPath>) -> report::File {
        let changes = &self.outcome.changes;
        let key = |key: &crate::change::KeyChange| refusal::key_document(key, fields.get(key.key.as_str()));
        let compared = self.ending != Ending::Write && !change.output.is_block();
        let original = change.original().and_then(|path| path.strip_prefix(&changes.folder).ok());
        report::File {
            drift: change.is_drift(),
            keys: change.keys.iter().map(key).collect(),
            reasons: self.reasons(&RefusedFile::Output(change.output.clone()), change.reasons()),
            original: original.map(raw_path),
            diff: if compared { changes.difference(change) } else { None },
            ..file(change.output.path(), change.kind())
        }
    }

    fn reasons(&self, file: &RefusedFile, reasons: &[RefusalReason]) -> Vec<report::Message> {
        let message = |reason: &RefusalReason| {
            let refused = Refusal { file: file.clone(), reason: reason.clone() };
            report::Message { message: refusal::message(&refused, &self.target.folder), help: refusal::help(&refused) }
        };
        reasons.iter().map(message).collect()
    }

    /// Where the value of each secret came from.
    fn origins(&self) -> Vec<(&EnvironmentKey, String)> {
        let Target { deployment, .. } = self.target;
        let Outcome { existing, edited, secrets, .. } = self.outcome;
        let of_files = deployment.target.secret_files(deployment);
        let kept = of_files.into_iter().filter(|file| existing.secret_file(&file.path).is_some());
        let kept: HashMap<_, _> = kept.map(|file| (file.name, file.path)).collect();
        let origin = |name: &EnvironmentKey, chosen: &ChosenSecret| match &chosen.origin {
            SecretOrigin::Stored if edited.contains(name) => {
                format!("edited in {}, the URLs follow", deployment.target.keeps_secrets_in())
            }
            SecretOrigin::Stored => {
                kept.get(name.as_str()).map_or_else(|| "kept from .env".to_owned(), |path| format!("kept in {path}"))
            }
            SecretOrigin::Environment => "taken from the environment".to_owned(),
            SecretOrigin::File(path) => format!("read from {path}"),
            SecretOrigin::Generated => "generated".to_owned(),
        };
        secrets.iter().map(|(name, chosen)| (name, origin(name, chosen))).collect()
    }

    fn switch_line(&self, switch: &EngineSwitch) -> String {
        let EngineSwitch { service, from, to, stays } = switch;
        let stays = on_one_line(stays);
        if from == to {
            return format!("database  {service}: another one of {}; its data stays {stays}\n", to.as_str());
        }
        let (engine, old) = (to.as_str(), from.as_str());
        let help = self.taking_along(switch).map(|help| format!("  = help: {help}\n")).unwrap_or_default();
        format!("engine    {service}: {engine} instead of {old}; its data stays {stays}\n{help}")
    }

    /// How the data comes along to another engine, where both are described: it is done while the outputs say PostgreSQL.
    fn taking_along(&self, switch: &EngineSwitch) -> Option<String> {
        let EngineSwitch { service, from, to, .. } = switch;
        let stood = self.outcome.existing.get(&compose::DATABASES);
        let mut services = self.target.deployment.services.iter();
        let folder = relative(&normalized(self.current), &self.outcome.changes.folder);
        let out = if folder == "." { String::new() } else { format!(" --out {}", shell_word(folder)) };
        let command = format!("codelab-gen migrate {service} --to {}{out}", to.as_str());
        match (from, to) {
            (Engine::Sqlite, Engine::Postgres)
                if services.any(|each| each.can_move().any(|database| database.called(&each.name) == *service)) =>
            {
                Some(format!("to take it along, before the next command: `{command}`"))
            }
            (Engine::Postgres, Engine::Sqlite) if stood.is_some_and(|file| compose::has_both(&file.text, service)) => {
                Some(format!(
                    "to take it along, go back to the profile with PostgreSQL, run `{command}`, and come here again"
                ))
            }
            (Engine::Sqlite | Engine::Postgres, Engine::Sqlite | Engine::Postgres) => None,
        }
    }

    fn switch_document(&self, switch: &EngineSwitch) -> report::Switch {
        let EngineSwitch { service, from, to, stays } = switch;
        report::Switch {
            service: service.clone(),
            from: from.as_str().to_owned(),
            to: to.as_str().to_owned(),
            stays: stays.clone(),
            help: self.taking_along(switch),
        }
    }

    fn aside_document(&self, aside: &Aside) -> report::Aside {
        let original = aside.original().map(|path| self.in_folder(path));
        report::Aside { path: self.in_folder(aside.path()), original }
    }

    /// A file by its way from the output folder.
    fn in_folder(&self, path: &Path) -> String {
        raw_path(path.strip_prefix(&self.outcome.changes.folder).unwrap_or(path))
    }

    /// A path of the output folder as messages call it.
    fn named(&self, path: &str) -> String {
        on_one_line(&self.shown(path))
    }

    /// A path of the output folder as it is called from the current one.
    fn shown(&self, path: &str) -> String {
        let folder = relative(&normalized(self.current), &self.outcome.changes.folder);
        if folder == "." { path.to_owned() } else { format!("{folder}/{path}") }
    }
}

fn left_line(volume: &str) -> String {
    format!("volume    nothing mounts `{}` any more; its data stays in it\n", on_one_line(volume))
}

/// A file of which there is nothing to tell but its change.
fn file(path: &str, kind: ChangeKind) -> report::File {
    let change = match kind {
        ChangeKind::Created => report::Change::Created,
        ChangeKind::Updated => report::Change::Updated,
        ChangeKind::LineEnds => report::Change::LineEnds,
        ChangeKind::Mode => report::Change::Mode,
        ChangeKind::Unchanged => report::Change::Unchanged,
        ChangeKind::Removed => report::Change::Removed,
        ChangeKind::Conflict => report::Change::Conflict,
    };
    report::File {
        path: path.to_owned(),
        change,
        drift: false,
        keys: Vec::new(),
        reasons: Vec::new(),
        original: None,
        diff: None,
    }
}
