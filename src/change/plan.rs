//! Knows what becomes of each file of the output folder, by comparing it with what is wanted there.
//! Must not know how anything is written.

use std::path::{Path, PathBuf};

use super::beside::{self, InTheWay};
use super::compare::compare;
use super::{Action, Change, ChangeKind, ChangeSet, Existing, ExistingFile};
use super::{RefusalReason, SecretChange, block, keys};
use crate::deployment::Deployment;
use crate::dotenv::{self, DotenvFile};
use crate::placement::Placement;
use crate::render::{Output, RenderedFile, Seal, examine, part_of, public_part};
use crate::secret::Secret;
use crate::target::Compared;
use crate::target::compose::{self, After, Extras};
use crate::url::secret_of;

/// What one run wants to stand in the output folder.
pub struct Wanted<'w> {
    /// The output folder.
    pub folder: &'w Path,
    /// What is meant.
    pub deployment: &'w Deployment,
    /// What the profile says for Compose alone.
    pub extras: &'w Extras,
    /// Where the outputs stand beside the project.
    pub placement: &'w Placement,
    /// The finished outputs.
    pub files: Vec<RenderedFile>,
    /// Whether the secrets in them are left empty, so that they may be compared but not written.
    pub withheld: bool,
    /// The files of secrets.
    pub secret_files: Vec<WantedSecret>,
    /// Whether files that are not ours, or were edited, are replaced; they are kept beside it.
    pub force: bool,
    /// Secrets that must not show in a difference.
    pub secrets: Vec<Secret>,
}

/// The file of a secret, or of a URL that holds one, as it is to be.
pub struct WantedSecret {
    /// What `.env` calls it.
    pub name: String,
    /// Where it stands in the output folder.
    pub path: String,
    /// Its permissions.
    pub mode: u32,
    /// What it holds, where that is known.
    pub secret: Option<Secret>,
    /// What of a URL is no secret.
    pub public: Option<String>,
}

/// Compares the finished files with what stands in the output folder.
#[must_use]
pub fn plan(wanted: Wanted<'_>, existing: &Existing) -> ChangeSet {
    let Wanted { folder, deployment, extras, placement, files, withheld, secret_files, force, secrets } = wanted;
    let target = deployment.target;
    let is_left = |output: &&Output| files.iter().all(|file| file.output != **output) && !target.leaves(output);
    let left = existing.standing_outputs().map(|(output, _)| output).filter(is_left);
    let left: Vec<_> = left.filter_map(|output| plan_left(output, existing)).collect();
    let terms = Terms { withheld, force };
    let in_the_way = if target.runs_here() { InTheWay::find(existing, folder) } else { InTheWay::default() };
    let has_dotenv = files.iter().any(|file| file.output == compose::DOTENV);
    let planned = files.into_iter().map(|file| plan_file(file, existing, &in_the_way, terms));
    let mut changes: Vec<_> = planned.collect();
    changes.extend(left);
    changes.extend(beside::dotenv_without_line(&in_the_way, existing).filter(|_| force && !withheld && !has_dotenv));
    let says = |change: &&Change| target.says_what_runs(&change.output);
    let is_unchanged = changes.iter().filter(says).all(|change| change.kind() == ChangeKind::Unchanged);
    let after = After { deployment, extras, placement, folder };
    let Compared { switches, dangers, left_volumes, left_objects, notes } =
        if is_unchanged { Compared::default() } else { compare(after, existing, &changes) };
    ChangeSet {
        folder: folder.to_owned(),
        secret_files: secret_files.into_iter().map(|wanted| plan_secret(wanted, existing)).collect(),
        changes,
        has_line_aside: force && in_the_way.has_line(),
        aside: if force { in_the_way.files } else { Vec::new() },
        switches,
        left_volumes,
        left_objects,
        notes,
        dangers,
        leftovers: existing.leftovers().to_vec(),
        secrets,
    }
}

fn plan_secret(wanted: WantedSecret, existing: &Existing) -> SecretChange {
    let WantedSecret { name, path, mode, secret, public } = wanted;
    let is_other = |text: &str| public.as_ref().is_some_and(|public| *public != public_part(&name, text.trim_end()));
    let (kind, reason) = match (existing.secret(&path), &secret) {
        (None, _) => (ChangeKind::Created, None),
        (Some(Err(reason)), _) => (ChangeKind::Conflict, Some(reason.clone())),
        (Some(Ok(file)), Some(secret)) if !secret.is_text(&file.text) => (ChangeKind::Updated, None),
        (Some(Ok(file)), None) if is_other(&file.text) => (ChangeKind::Updated, None),
        (Some(Ok(file)), Some(_)) if file.mode != mode || existing.is_open(&path) => (ChangeKind::Mode, None),
        (Some(Ok(_)), _) => (ChangeKind::Unchanged, None),
    };
    SecretChange { path, kind, reason, mode, secret }
}

/// How files are looked at.
#[derive(Clone, Copy)]
struct Terms {
    /// The secrets of `.env` are left empty: it can be compared and not written.
    withheld: bool,
    /// What is not ours is replaced.
    force: bool,
}

fn plan_file(file: RenderedFile, existing: &Existing, in_the_way: &InTheWay, terms: Terms) -> Change {
    let is_main = file.output == compose::FILE;
    let change = plan_of(file, existing, in_the_way, terms);
    let reasons = if is_main && !terms.force { in_the_way.reasons() } else { Vec::new() };
    if reasons.is_empty() { change } else { change.refused(reasons) }
}

fn plan_of(file: RenderedFile, existing: &Existing, in_the_way: &InTheWay, terms: Terms) -> Change {
    let RenderedFile { output, text } = file;
    let Some(found) = existing.output(&output) else {
        let keys = if output.is_block() { keys::key_changes(&text, existing.dotenv()) } else { Vec::new() };
        let text = (!(terms.withheld && output.is_block())).then_some(text);
        let action = Action::Write { kind: ChangeKind::Created, text, original: None };
        return Change { output, keys, mode: None, before: None, action };
    };
    match &found.file {
        Ok(file) => {
            let without_line = in_the_way.without_line(&file.text).filter(|_| output.is_block() && terms.force);
            let base = without_line.map(|text| DotenvFile::read(&text));
            let base = base.as_ref().unwrap_or_else(|| existing.dotenv());
            plan_replacement(RenderedFile { output, text }, (file, base), found.original.clone(), terms)
        }
        Err(reason) => {
            let original = found.original.clone();
            let action = if terms.force && reason.can_be_forced(&output) {
                Action::Write { kind: ChangeKind::Updated, text: Some(text), original }
            } else {
                Action::Refuse { reasons: vec![reason.clone()], text }
            };
            Change { output, keys: Vec::new(), mode: None, before: None, action }
        }
    }
}

/// What becomes of a file; the lines of `.env` are taken as they are in `base`.
fn plan_replacement(
    rendered: RenderedFile,
    (file, base): (&ExistingFile, &DotenvFile),
    original: Option<PathBuf>,
    terms: Terms,
) -> Change {
    let RenderedFile { output, text } = rendered;
    let keys = if output.is_block() { keys::key_changes(&text, base) } else { Vec::new() };
    let (text, mut reasons) = if output == compose::DOTENV {
        match block::place(&text, base) {
            Ok(placed) => (placed, Vec::new()),
            Err(reasons) => (text, reasons),
        }
    } else if output == compose::DOTENV_EXAMPLE {
        (block::complete(&text, &file.text).unwrap_or(text), Vec::new())
    } else {
        (text, Vec::new())
    };
    if reasons.is_empty() && text == file.text && output.accepts(file.mode) {
        return Change { output, keys, mode: Some(file.mode), before: Some(text), action: Action::Keep };
    }
    if reasons.is_empty() {
        reasons.extend(ownership(&output, &file.text));
    }
    let is_forced = terms.force && reasons.iter().all(|reason| reason.can_be_forced(&output));
    let action = if !reasons.is_empty() && !is_forced {
        Action::Refuse { reasons, text }
    } else if terms.withheld && output.is_block() {
        let kind = ChangeKind::Updated;
        if keys.is_empty() { Action::Keep } else { Action::Write { kind, text: None, original: None } }
    } else {
        let original = original.filter(|_| !reasons.is_empty());
        write_action(text, file, original)
    };
    Change { output, keys, mode: Some(file.mode), before: Some(file.text.clone()), action }
}

/// Why a file is not ours to replace.
fn ownership(output: &Output, text: &str) -> Option<RefusalReason> {
    match examine(text, output) {
        None if output.is_block() => None,
        None => Some(RefusalReason::NotOurs),
        Some(mark) if mark.seal == Seal::Broken => Some(RefusalReason::Edited),
        Some(_) if *output == compose::DOTENV_EXAMPLE && holds_secret(part_of(text, output)) => {
            Some(RefusalReason::Edited)
        }
        Some(_) => None,
    }
}

/// Whether somebody filled in what an example leaves empty, which its mark does not tell: it serves `.env` as well.
fn holds_secret(example: &str) -> bool {
    let entries = dotenv::read(&example.replace("\r\n", "\n")).unwrap_or_default();
    entries.iter().any(|entry| {
        let secret = match secret_of(&entry.value) {
            Some(password) if !password.starts_with("${") => password,
            None if public_part(&entry.key, &entry.value).is_empty() => &entry.value,
            Some(_) | None => "",
        };
        !secret.is_empty()
    })
}

fn write_action(text: String, file: &ExistingFile, original: Option<PathBuf>) -> Action {
    let kind = if text == file.text {
        ChangeKind::Mode
    } else if file.text.contains('\r') && text == file.text.replace("\r\n", "\n") {
        ChangeKind::LineEnds
    } else {
        ChangeKind::Updated
    };
    Action::Write { kind, text: Some(text), original }
}

/// What becomes of an output that this deployment has not: it goes if it is still as we wrote it.
fn plan_left(output: &Output, existing: &Existing) -> Option<Change> {
    let file = existing.get(output)?;
    examine(&file.text, output).filter(|mark| mark.seal == Seal::Intact)?;
    let has_own_lines = part_of(&file.text, output).len() < file.text.len();
    let own_lines = if *output == compose::DOTENV {
        Some(existing.dotenv().users_lines())
    } else {
        has_own_lines.then(|| DotenvFile::read(&file.text).users_lines())
    };
    let action = match own_lines.filter(|text| !text.is_empty()) {
        Some(text) => Action::Write { kind: ChangeKind::Updated, text: Some(text), original: None },
        None => Action::Remove,
    };
    let keys = if output.is_block() { keys::key_changes("", existing.dotenv()) } else { Vec::new() };
    Some(Change { output: output.clone(), keys, mode: Some(file.mode), before: Some(file.text.clone()), action })
}

#[cfg(test)]
mod tests;
