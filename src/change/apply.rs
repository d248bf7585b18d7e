//! Knows how the steps of a change set are done on the disk, and undone where one fails.
//! Must not know their order, nor why they are done.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::ChangeSet;
use super::steps::{Content, SECRET_FOLDER_MODE, Step, steps};
use crate::disk::{Folder, Found, TEXT_LIMIT};

/// The operating system did not let a file be written.
#[derive(Debug)]
pub struct WriteFault {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
    /// Whether other files are new already: each one as a whole, and a second run does the rest.
    pub is_partial: bool,
}

/// What was done, so that it can be undone.
enum Done {
    Nothing,
    Made(PathBuf),
    Closed(PathBuf, u32),
    Wrote(PathBuf),
}

/// Writes every change into the folder.
///
/// # Errors
/// The first thing that can't be done. Until the first file is replaced, everything is as before; each one is replaced as
/// a whole.
pub fn apply(changes: &ChangeSet, folder: &Folder) -> Result<(), WriteFault> {
    apply_with(changes, folder, |step| perform(step, folder))
}

/// Does every step by `perform`, which tests replace by one that fails.
fn apply_with(
    changes: &ChangeSet,
    folder: &Folder,
    mut perform: impl FnMut(&Step<'_>) -> io::Result<Done>,
) -> Result<(), WriteFault> {
    let mut done = Vec::new();
    let mut is_partial = false;
    for step in steps(changes) {
        match perform(&step) {
            Ok(what) => done.push(what),
            Err(error) => {
                // first of all, since a folder that was made for it goes only when it is empty
                if let Step::Write { temporary, .. } | Step::Copy { temporary, .. } = &step {
                    let _ = folder.remove(way(temporary, folder));
                }
                undo(done, is_partial, folder);
                return Err(WriteFault { path: step.path().to_owned(), error, is_partial });
            }
        }
        is_partial |= step.is_visible();
    }
    Ok(())
}

/// Takes back what nobody can have seen; what can't be taken back is swept by the next run.
fn undo(done: Vec<Done>, is_partial: bool, folder: &Folder) {
    for what in done.into_iter().rev() {
        match what {
            Done::Wrote(temporary) => drop(folder.remove(&temporary)),
            // one with a new file in it stays, since only an empty one can be removed
            Done::Made(made) => drop(folder.remove_folder(&made)),
            Done::Closed(closed, before) if !is_partial => {
                drop(folder.folder(&closed).and_then(|closed| closed.set_mode(before)));
            }
            Done::Nothing | Done::Closed(..) => {}
        }
    }
}

fn perform(step: &Step<'_>, folder: &Folder) -> io::Result<Done> {
    let way = |path| way(path, folder);
    match step {
        Step::Sweep { temporary } | Step::Remove { path: temporary } => folder.remove(way(temporary))?,
        Step::MakeFolder { folder: made } if folder.make_folder(way(made))? => {
            return Ok(Done::Made(way(made).to_owned()));
        }
        Step::MakeFolder { .. } => {}
        Step::CloseFolder { folder: closed } => {
            let opened = folder.folder(way(closed))?;
            let before = opened.mode()?;
            opened.set_mode(SECRET_FOLDER_MODE)?;
            return Ok(Done::Closed(way(closed).to_owned(), before));
        }
        Step::Write { path, temporary, mode, content } => {
            let temporary = way(temporary);
            let mut file = write(folder, temporary, *mode, |file| match content {
                Content::Text(text) => file.write_all(text.as_bytes()),
                Content::Secret(secret) => secret.write_to(file),
            })?;
            keep_owner(&mut file, way(path), folder);
            return Ok(Done::Wrote(temporary.to_owned()));
        }
        Step::Copy { from, temporary, mode } => {
            let (from, temporary) = (way(from), way(temporary));
            let bytes = folder.read(from, TEXT_LIMIT)?;
            let entry = folder.look(from)?.entry();
            // never more open than what it is a copy of
            let mode = entry.map_or(*mode, |entry| entry.mode & *mode);
            let mut file = write(folder, temporary, mode, |file| file.write_all(&bytes))?;
            keep_owner(&mut file, from, folder);
            return Ok(Done::Wrote(temporary.to_owned()));
        }
        Step::Keep { temporary, original } => keep(way(temporary), way(original), folder)?,
        Step::Replace { temporary, path } => folder.rename(way(temporary), way(path))?,
        // a folder with something of the user's in it stays
        Step::RemoveFolder { folder: emptied } => drop(folder.remove_folder(way(emptied))),
        Step::Sync { folder: changed } => folder.folder(way(changed))?.sync()?,
    }
    Ok(Done::Nothing)
}

/// The way from the output folder; steps name their paths as messages do.
fn way<'p>(path: &'p Path, folder: &Folder) -> &'p Path {
    path.strip_prefix(folder.path()).unwrap_or(path)
}

/// A file that root writes anew stays its owner's; nobody else may give one away. It is given as it is opened: by its
/// name, another file could be given in its place.
fn keep_owner(file: &mut File, path: &Path, folder: &Folder) {
    if let Ok(Found::File(old)) = folder.look(path) {
        let _ = Folder::give(file, old.user, old.group);
    }
}

fn write(folder: &Folder, way: &Path, mode: u32, fill: impl Fn(&mut File) -> io::Result<()>) -> io::Result<File> {
    let mut opened = folder.create(way, mode)?;
    fill(&mut opened)?;
    opened.sync_all()?;
    Ok(opened)
}

/// A second name for the file, because making one fails where the name is taken; a renamed file would replace that one.
fn keep(temporary: &Path, original: &Path, folder: &Folder) -> io::Result<()> {
    match folder.link(temporary, original) {
        Ok(()) => folder.remove(temporary),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // a file system without such names
        Err(_) if folder.look(original)? == Found::Nothing => folder.rename(temporary, original),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
