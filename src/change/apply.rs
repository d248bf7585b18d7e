//! Knows how a change set is written: all files beside their places first, then each renamed into its place.
//! Must not know why.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{ChangeKind, ChangeSet, SECRET_FILE_MODE, SECRET_FOLDER_MODE};

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

/// Writes every change.
///
/// # Errors
/// The first file that can't be written. Before the first rename nothing has changed; each rename replaces a whole file.
pub fn apply(changes: &ChangeSet) -> Result<(), WriteFault> {
    let mut staged = Vec::new();
    let result = stage_all(changes, &mut staged);
    if let Err(fault) = result {
        discard(&staged);
        return Err(fault);
    }
    for (index, Staged { temporary, path }) in staged.iter().enumerate() {
        if let Err(error) = fs::rename(temporary, path) {
            discard(staged.get(index..).unwrap_or_default());
            return Err(WriteFault { path: path.clone(), error });
        }
    }
    sync_folders(&staged)
}

fn stage_all(changes: &ChangeSet, staged: &mut Vec<Staged>) -> Result<(), WriteFault> {
    for change in changes.secret_files.iter().filter(|change| change.kind != ChangeKind::Unchanged) {
        let path = changes.folder.join(&change.path);
        close_folder(&path)?;
        stage(path, SECRET_FILE_MODE, staged, |file| change.secret.write_to(file))?;
    }
    for change in changes.changes.iter().filter(|change| change.kind != ChangeKind::Unchanged) {
        let path = changes.folder.join(change.output.path());
        stage(path, change.output.mode(), staged, |file| file.write_all(change.text.as_bytes()))?;
    }
    Ok(())
}

/// Writes a file beside its place.
fn stage(
    path: PathBuf,
    mode: u32,
    staged: &mut Vec<Staged>,
    fill: impl Fn(&mut File) -> io::Result<()>,
) -> Result<(), WriteFault> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{}.codelab-gen.tmp", name.trim_start_matches('.')));
    let result = write(&temporary, mode, fill);
    staged.push(Staged { temporary, path: path.clone() });
    result.map_err(|error| WriteFault { path, error })
}

fn write(path: &Path, mode: u32, fill: impl Fn(&mut File) -> io::Result<()>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // a leftover of a run that was killed
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    // the mode of `open` is cut by the umask
    opened.set_permissions(Permissions::from_mode(mode))?;
    fill(&mut opened)?;
    opened.sync_all()
}

/// Makes the folder of a secret's file one that only its owner can enter.
fn close_folder(path: &Path) -> Result<(), WriteFault> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder)
        .and_then(|()| fs::set_permissions(folder, Permissions::from_mode(SECRET_FOLDER_MODE)))
        .map_err(|error| WriteFault { path: folder.to_owned(), error })
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
