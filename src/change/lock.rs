//! Knows how one run keeps others out of an output folder while it reads and writes there.
//! Must not know what is read or written.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::WriteFault;

/// Keeps other runs out of a folder as long as it lives. The lock is on the folder itself: there is no lock file that a
/// killed run could leave.
pub struct FolderLock {
    /// Folders that were made for it, the outermost first; those that stay empty go again.
    made: Vec<PathBuf>,
    _locked: File,
}

impl FolderLock {
    /// Waits until no other run works on the folder. One that does not exist is made.
    ///
    /// # Errors
    /// Where it can't be made or opened.
    pub fn acquire(folder: &Path) -> Result<Self, WriteFault> {
        let fault = |error| WriteFault { path: folder.to_owned(), error, is_partial: false };
        Self::try_acquire(folder).map_err(fault)
    }

    /// Waits until no other run writes into the folder, and keeps such runs out; nothing is made where there is none.
    #[must_use]
    pub fn share(folder: &Path) -> Option<Self> {
        // opening a pipe would wait for somebody to write into it
        let locked = File::open(folder.is_dir().then_some(folder)?).ok()?;
        locked.lock_shared().ok()?;
        Some(Self { made: Vec::new(), _locked: locked })
    }

    fn try_acquire(folder: &Path) -> io::Result<Self> {
        loop {
            let made = make(folder)?;
            let locked = match File::open(folder) {
                // a run that failed has removed it again, as it had made it
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.inspect_err(|_| remove(&made))?,
            };
            match locked.lock() {
                // a file system without locks
                Err(error) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
                Ok(()) | Err(_) => {}
            }
            // the run that was waited for may have removed the folder that it had made
            let same = fs::metadata(folder).and_then(|now| Ok((now.dev(), now.ino()) == identity(&locked)?));
            if same.unwrap_or(false) {
                return Ok(Self { made, _locked: locked });
            }
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        remove(&self.made);
    }
}

/// Removes folders from the innermost on; one with files in it can't be removed, and must not be.
fn remove(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

fn identity(file: &File) -> io::Result<(u64, u64)> {
    let metadata = file.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Makes the folder, and tells which ones were missing on the way to it, the outermost first.
fn make(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let missing = folder.ancestors().take_while(|folder| !folder.exists());
    let mut missing: Vec<_> = missing.map(Path::to_owned).collect();
    missing.reverse();
    fs::create_dir_all(folder)?;
    Ok(missing)
}

#[cfg(test)]
mod tests;
