//! Knows how a change set is written: all files beside their places first, then each renamed into its place.
//! Must not know why.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{Change, ChangeKind, ChangeSet};

/// The operating system did not let a file be written; every output is as it was, or new as a whole.
#[derive(Debug)]
pub struct WriteFault {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// A file that was written beside its place.
struct Staged {
    temporary: PathBuf,
    path: PathBuf,
}

/// Waits until no other run works on the folder, and keeps others out as long as the result lives. Locked is the folder
/// itself, or the nearest one above it that exists: there is no lock file that a killed run could leave.
///
/// # Errors
/// Where that folder can't be opened.
pub fn lock(folder: &Path) -> Result<File, WriteFault> {
    let fault = |error| WriteFault { path: folder.to_owned(), error };
    let nearest = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    let file = File::open(nearest).map_err(fault)?;
    match file.lock() {
        // a file system without locks
        Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(fault(error)),
        Ok(()) | Err(_) => Ok(file),
    }
}

/// Writes every change.
///
/// # Errors
/// The first file that can't be written. Before the first rename nothing has changed; each rename replaces a whole file.
pub fn apply(changes: &ChangeSet) -> Result<(), WriteFault> {
    let due = changes.changes.iter().filter(|change| change.kind != ChangeKind::Unchanged);
    let mut staged = Vec::new();
    for change in due {
        if let Err(fault) = stage(change, &changes.folder, &mut staged) {
            discard(&staged);
            return Err(fault);
        }
    }
    for (index, Staged { temporary, path }) in staged.iter().enumerate() {
        if let Err(error) = fs::rename(temporary, path) {
            discard(staged.get(index..).unwrap_or_default());
            return Err(WriteFault { path: path.clone(), error });
        }
    }
    sync_folders(&staged)
}

fn stage(change: &Change, folder: &Path, staged: &mut Vec<Staged>) -> Result<(), WriteFault> {
    let path = folder.join(change.output.path());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{}.codelab-gen.tmp", name.trim_start_matches('.')));
    let result = write(&temporary, &change.text, change.output.mode());
    staged.push(Staged { temporary, path: path.clone() });
    result.map_err(|error| WriteFault { path, error })
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // a leftover of a run that was killed
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    // the mode of `open` is cut by the umask
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Removes files that were written beside their places; what can't be removed is removed by the next run.
fn discard(staged: &[Staged]) {
    for file in staged {
        let _ = fs::remove_file(&file.temporary);
    }
}

/// Makes the renames last beyond a power cut.
fn sync_folders(staged: &[Staged]) -> Result<(), WriteFault> {
    let mut folders: Vec<&Path> = staged.iter().filter_map(|file| file.path.parent()).collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| WriteFault { path: folder.to_owned(), error })?;
    }
    Ok(())
}
