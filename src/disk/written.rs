//! Knows how a single file is written so that it is there as a whole or not at all. Must not know what it is for.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Folder, Found};
use crate::spelling::raw_path;

/// How every temporary file ends; with the dot at its start no tool takes it for an output.
pub const TEMPORARY: &str = ".codelab-gen.tmp";

/// Where a file is written before it gets its place.
#[must_use]
pub fn temporary(path: &Path) -> PathBuf {
    let name = raw_path(path.file_name().unwrap_or_default());
    path.with_file_name(format!(".{}{TEMPORARY}", name.trim_start_matches('.')))
}

/// Writes a file that must not be there yet, with the folders above it.
///
/// # Errors
/// Where something stands there, a link is in the way, or it can't be written.
pub fn create(folder: &Folder, way: &Path, text: &str) -> io::Result<()> {
    let temporary = beside(folder, way, 0o644, text)?;
    // a second name, because a renamed file would take the place of one that came meanwhile
    let linked = folder.link(&temporary, way);
    folder.remove(&temporary)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && folder.look(way)? == Found::Nothing => {
            // a file system without such names
            let temporary = beside(folder, way, 0o644, text)?;
            folder.rename(&temporary, way)
        }
        linked => linked,
    }
}

/// Writes a file in the place of the one that is there, if there is one; as root it stays its owner's.
///
/// # Errors
/// Where a link is in the way, or it can't be written.
pub fn replace(folder: &Folder, way: &Path, mode: u32, text: &str) -> io::Result<()> {
    match folder.look(way)? {
        Found::Nothing | Found::File(_) => {}
        Found::Link(_) | Found::NotAFolder(_) | Found::Other => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
    }
    let temporary = beside(folder, way, mode, text)?;
    folder.rename(&temporary, way).inspect_err(|_| drop(folder.remove(&temporary)))
}

/// Writes a file beside its place, and waits until the disk has it.
fn beside(folder: &Folder, way: &Path, mode: u32, text: &str) -> io::Result<PathBuf> {
    let above: Vec<_> = way.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()).collect();
    for above in above.into_iter().rev() {
        folder.make_folder(above)?;
    }
    let temporary = temporary(way);
    let mut file = match folder.create(&temporary, mode) {
        // what a killed run left, or a link that somebody put there: its name goes, not what it leads to
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            folder.remove(&temporary)?;
            folder.create(&temporary, mode)?
        }
        file => file?,
    };
    if let Ok(Found::File(old)) = folder.look(way) {
        let _ = Folder::give(&file, old.user, old.group);
    }
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.inspect_err(|_| drop(folder.remove(&temporary)))?;
    Ok(temporary)
}
