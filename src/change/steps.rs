//! Knows the order in which a change set is written, as a list of single steps: first everything beside its place,
//! then each file into its place, what says what runs last, then what has to go.
//! Must not know how a step is done.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use super::{Action, Aside, Change, ChangeKind, ChangeSet, SecretChange};
use crate::disk::temporary;
use crate::render::Output;
use crate::secret::Secret;
use crate::target::compose;
use crate::target::{main_outputs, outputs};

/// The permissions of the folder of such files.
pub(super) const SECRET_FOLDER_MODE: u32 = 0o700;

/// What a file holds.
#[derive(Clone, Copy)]
pub(super) enum Content<'c> {
    Text(&'c str),
    Secret(&'c Secret),
}

/// One thing that is done to the disk. Whatever is killed between two steps leaves every output old or new.
pub(super) enum Step<'c> {
    /// Removes what a killed run left.
    Sweep { temporary: PathBuf },
    /// Makes a folder of the output folder where it is missing.
    MakeFolder { folder: PathBuf },
    /// Lets only the owner into a folder.
    CloseFolder { folder: PathBuf },
    /// Writes a file beside its place, and waits until the disk has it.
    Write { path: PathBuf, temporary: PathBuf, mode: u32, content: Content<'c> },
    /// Copies a file that will be replaced, to keep it.
    Copy { from: PathBuf, temporary: PathBuf, mode: u32 },
    /// Gives such a copy its name, in no other file's place.
    Keep { temporary: PathBuf, original: PathBuf },
    /// Puts a written file into its place.
    Replace { temporary: PathBuf, path: PathBuf },
    /// Removes an output that the profile does not have.
    Remove { path: PathBuf },
    /// Removes a folder that became empty.
    RemoveFolder { folder: PathBuf },
    /// Waits until the disk has a folder's entries.
    Sync { folder: PathBuf },
}

impl Step<'_> {
    /// The file or folder that it is about, as a message would name it.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Sweep { temporary: path }
            | Self::MakeFolder { folder: path }
            | Self::CloseFolder { folder: path }
            | Self::Write { temporary: path, .. }
            | Self::Copy { from: path, .. }
            | Self::Keep { original: path, .. }
            | Self::Replace { path, .. }
            | Self::Remove { path }
            | Self::RemoveFolder { folder: path }
            | Self::Sync { folder: path } => path,
        }
    }

    /// Whether others can see that it was done.
    pub(super) fn is_visible(&self) -> bool {
        match self {
            Self::Keep { .. } | Self::Replace { .. } | Self::Remove { .. } | Self::RemoveFolder { .. } => true,
            Self::Sweep { .. }
            | Self::MakeFolder { .. }
            | Self::CloseFolder { .. }
            | Self::Write { .. }
            | Self::Copy { .. }
            | Self::Sync { .. } => false,
        }
    }
}

/// The steps of a change set, in their order.
pub(super) fn steps(changes: &ChangeSet) -> Vec<Step<'_>> {
    let mut steps: Vec<_> = changes.leftovers.iter().map(|path| Step::Sweep { temporary: path.clone() }).collect();
    let mut last = Vec::new();
    for change in changes.secret_files.iter().filter(|change| change.kind != ChangeKind::Unchanged) {
        write_secret(change, changes, &mut steps, &mut last);
    }
    for change in &changes.changes {
        write_output(change, changes, &mut steps, &mut last);
    }
    for Aside { from, original } in &changes.aside {
        if let Some(original) = original {
            let temporary = temporary(original);
            let mode = original_mode(&compose::FILE);
            steps.push(Step::Copy { from: from.clone(), temporary: temporary.clone(), mode });
            last.push(Step::Keep { temporary, original: original.clone() });
        }
        last.push(Step::Remove { path: from.clone() });
    }
    let kept: Vec<_> = last.extract_if(.., |step| matches!(step, Step::Keep { .. })).collect();
    let folders = |steps: &[Step<'_>]| {
        let mut folders: Vec<_> = steps.iter().filter_map(|step| step.path().parent().map(Path::to_owned)).collect();
        folders.sort_unstable();
        folders.dedup();
        folders.into_iter().map(|folder| Step::Sync { folder }).collect::<Vec<_>>()
    };
    let kept_folders = folders(&kept);
    // a file goes only when nothing refers to it any more
    let mut removed: Vec<_> = last.extract_if(.., |step| matches!(step, Step::Remove { .. })).collect();
    let mains: Vec<_> = main_outputs().map(|output| changes.folder.join(output.path())).collect();
    removed.sort_by_key(|step| !mains.iter().any(|main| main == step.path()));
    let mut replaced_folders = folders(&last);
    replaced_folders.extend(folders(&removed));
    steps.extend(kept.into_iter().chain(kept_folders).chain(last).chain(removed).chain(replaced_folders));
    steps.extend(emptied_folders(changes));
    steps
}

/// The folders of outputs that the profile does not have: a killed run may have come no further than to empty one.
fn emptied_folders<'c>(changes: &ChangeSet) -> impl Iterator<Item = Step<'c>> {
    let stays = |output: &Output| {
        changes.changes.iter().any(|change| change.output == *output && change.kind() != ChangeKind::Removed)
    };
    let gone: Vec<_> = outputs().filter(|output| !stays(output)).collect();
    let above = gone.iter().flat_map(|output| Path::new(output.path()).ancestors().skip(1));
    let mut folders: Vec<_> = above.filter(|folder| !folder.as_os_str().is_empty()).collect();
    // what lies deeper goes first
    folders.sort_unstable_by_key(|folder| (Reverse(folder.components().count()), *folder));
    folders.dedup();
    let folder = |folder: &Path| Step::RemoveFolder { folder: changes.folder.join(folder) };
    folders.into_iter().map(folder).collect::<Vec<_>>().into_iter()
}

fn write_secret<'c>(
    change: &'c SecretChange,
    changes: &ChangeSet,
    steps: &mut Vec<Step<'c>>,
    last: &mut Vec<Step<'c>>,
) {
    let Some(secret) = &change.secret else { return };
    let path = changes.folder.join(&change.path);
    make_folders(&path, changes, steps);
    if let Some(folder) = path.parent() {
        steps.push(Step::CloseFolder { folder: folder.to_owned() });
    }
    let temporary = temporary(&path);
    let content = Content::Secret(secret);
    steps.push(Step::Write { path: path.clone(), temporary: temporary.clone(), mode: change.mode, content });
    last.push(Step::Replace { temporary, path });
}

/// Makes the folders between the output folder and a file.
fn make_folders(path: &Path, changes: &ChangeSet, steps: &mut Vec<Step<'_>>) {
    let above: Vec<_> = path.ancestors().skip(1).take_while(|folder| *folder != changes.folder).collect();
    steps.extend(above.into_iter().rev().map(|folder| Step::MakeFolder { folder: folder.to_owned() }));
}

fn write_output<'c>(change: &'c Change, changes: &ChangeSet, steps: &mut Vec<Step<'c>>, last: &mut Vec<Step<'c>>) {
    let path = changes.folder.join(change.output.path());
    match &change.action {
        Action::Keep | Action::Refuse { .. } | Action::Write { text: None, .. } => {}
        Action::Remove => last.push(Step::Remove { path }),
        Action::Write { text: Some(text), original, .. } => {
            make_folders(&path, changes, steps);
            if let Some(original) = original {
                let temporary = temporary(original);
                let mode = original_mode(&change.output);
                steps.push(Step::Copy { from: path.clone(), temporary: temporary.clone(), mode });
                last.push(Step::Keep { temporary, original: original.clone() });
            }
            let temporary = temporary(&path);
            let mode = change.output.mode();
            let content = Content::Text(text);
            steps.push(Step::Write { path: path.clone(), temporary: temporary.clone(), mode, content });
            last.push(Step::Replace { temporary, path });
        }
    }
}

/// A kept original is as closed as its output, and never a program.
fn original_mode(output: &Output) -> u32 {
    output.mode() & 0o666
}

#[cfg(test)]
mod tests;
