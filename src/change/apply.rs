//! Knows how the steps of a change set are done on the disk, and undone where one fails.
//! Must not know their order, nor why they are done.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::ChangeSet;
use super::steps::{Content, SECRET_FOLDER_MODE, Step, steps};

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
    Closed(PathBuf, Permissions),
    Wrote(PathBuf),
}

/// Writes every change.
///
/// # Errors
/// The first thing that can't be done. Until the first file is replaced, everything is as before; each one is replaced as
/// a whole.
pub fn apply(changes: &ChangeSet) -> Result<(), WriteFault> {
    apply_with(changes, perform)
}

/// Does every step by `perform`, which tests replace by one that fails.
fn apply_with(changes: &ChangeSet, mut perform: impl FnMut(&Step<'_>) -> io::Result<Done>) -> Result<(), WriteFault> {
    let mut done = Vec::new();
    let mut is_partial = false;
    for step in steps(changes) {
        match perform(&step) {
            Ok(what) => done.push(what),
            Err(error) => {
                // first of all, since a folder that was made for it goes only when it is empty
                if let Step::Write { temporary, .. } | Step::Copy { temporary, .. } = &step {
                    let _ = fs::remove_file(temporary);
                }
                undo(done, is_partial);
                return Err(WriteFault { path: step.path().to_owned(), error, is_partial });
            }
        }
        is_partial |= step.is_visible();
    }
    Ok(())
}

/// Takes back what nobody can have seen; what can't be taken back is swept by the next run.
fn undo(done: Vec<Done>, is_partial: bool) {
    for what in done.into_iter().rev() {
        match what {
            Done::Wrote(temporary) => drop(fs::remove_file(temporary)),
            // one with a new file in it stays, since only an empty one can be removed
            Done::Made(folder) => drop(fs::remove_dir(folder)),
            Done::Closed(folder, before) if !is_partial => drop(fs::set_permissions(folder, before)),
            Done::Nothing | Done::Closed(..) => {}
        }
    }
}

fn perform(step: &Step<'_>) -> io::Result<Done> {
    match step {
        Step::Sweep { temporary } | Step::Remove { path: temporary } => fs::remove_file(temporary)?,
        Step::MakeFolder { folder } => return make_folder(folder),
        Step::CloseFolder { folder } => return close_folder(folder),
        Step::Write { temporary, mode, content } => {
            write(temporary, *mode, |file| match content {
                Content::Text(text) => file.write_all(text.as_bytes()),
                Content::Secret(secret) => secret.write_to(file),
            })?;
            return Ok(Done::Wrote(temporary.clone()));
        }
        Step::Copy { from, temporary, mode } => {
            write(temporary, *mode, |file| io::copy(&mut File::open(from)?, file).map(drop))?;
            return Ok(Done::Wrote(temporary.clone()));
        }
        Step::Keep { temporary, original } => keep(temporary, original)?,
        Step::Replace { temporary, path } => {
            keep_owner(temporary, path);
            fs::rename(temporary, path)?;
        }
        // a folder with something of the user's in it stays
        Step::RemoveFolder { folder } => drop(fs::remove_dir(folder)),
        Step::Sync { folder } => File::open(folder)?.sync_all()?,
    }
    Ok(Done::Nothing)
}

/// A file that root writes anew stays its owner's; nobody else may give one away.
fn keep_owner(temporary: &Path, path: &Path) {
    let owners = (fs::metadata(path), fs::metadata(temporary));
    if let (Ok(old), Ok(new)) = owners
        && (old.uid(), old.gid()) != (new.uid(), new.gid())
    {
        let _ = chown(temporary, Some(old.uid()), Some(old.gid()));
    }
}

fn make_folder(folder: &Path) -> io::Result<Done> {
    match fs::create_dir(folder) {
        Ok(()) => Ok(Done::Made(folder.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(Done::Nothing),
        Err(error) => Err(error),
    }
}

fn close_folder(folder: &Path) -> io::Result<Done> {
    let before = fs::metadata(folder)?.permissions();
    fs::set_permissions(folder, Permissions::from_mode(SECRET_FOLDER_MODE))?;
    Ok(Done::Closed(folder.to_owned(), before))
}

fn write(path: &Path, mode: u32, fill: impl Fn(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    // the mode of `open` is cut by the umask
    opened.set_permissions(Permissions::from_mode(mode))?;
    fill(&mut opened)?;
    opened.sync_all()
}

/// A second name for the file, because making one fails where the name is taken; a renamed file would replace that one.
fn keep(temporary: &Path, original: &Path) -> io::Result<()> {
    match fs::hard_link(temporary, original) {
        Ok(()) => fs::remove_file(temporary),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // a file system without such names
        Err(_) if !original.exists() => fs::rename(temporary, original),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
