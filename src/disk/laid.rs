//! Knows how files of ours are laid down for a program that reads them once. Must not know what is in them.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

/// A new folder among those for temporary files, which nobody else can enter, with these files.
///
/// # Errors
/// Where it can't be made, or one can't be written; then nothing is left.
pub fn laid_down<'f>(name: &str, files: impl Iterator<Item = (&'f str, &'f str)>) -> io::Result<PathBuf> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let folder = std::env::temp_dir().join(format!("{name}-{}-{}", process::id(), now.as_nanos()));
    // one that somebody else has made there is an error
    DirBuilder::new().mode(0o700).create(&folder)?;
    for (name, text) in files {
        if let Err(error) = fs::write(folder.join(name), text) {
            take_away(&folder);
            return Err(error);
        }
    }
    Ok(folder)
}

/// Removes such a folder; what can't be removed stays.
pub fn take_away(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
}
