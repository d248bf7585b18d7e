//! Knows how one run keeps others out of an output folder while it reads and writes there.
//! Must not know what is read or written.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::WriteFault;
use crate::disk::Folder;

/// After so long it is told that another run is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// So long another run is waited for: the longest run takes seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// Keeps other runs out of a folder as long as it lives. The lock is on the folder itself: there is no lock file that a
/// killed run could leave.
#[derive(Debug)]
pub struct FolderLock {
    /// Folders that were made for it, the outermost first; those that stay empty go again.
    made: Vec<PathBuf>,
    folder: Folder,
    _locked: File,
}

/// Whether a lock keeps out all runs or those that write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exclusive,
    Shared,
}

impl FolderLock {
    /// Waits until no other run works on the folder, and tells by `waits` where that takes long. One that does not exist
    /// is made.
    ///
    /// # Errors
    /// Where it can't be made or opened, or the other run does not end.
    pub fn acquire(folder: &Path, waits: &mut dyn FnMut()) -> Result<Self, WriteFault> {
        let fault = |error| WriteFault { path: folder.to_owned(), error, is_partial: false };
        loop {
            let mut made = Vec::new();
            let opened = match Folder::reach_or_make(folder, &mut made).inspect_err(|_| remove(&made)) {
                // a run that failed has removed it again, as it had made it
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.map_err(fault)?,
            };
            let locked = lock(&opened, Kind::Exclusive, waits).map_err(fault)?;
            // the run that was waited for may have removed the folder that it had made
            let same = fs::metadata(folder).and_then(|now| Ok((now.dev(), now.ino()) == identity(&locked)?));
            if same.unwrap_or(false) {
                return Ok(Self { made, folder: opened, _locked: locked });
            }
        }
    }

    /// Waits until no other run writes into the folder, and keeps such runs out; nothing where there is no folder.
    ///
    /// # Errors
    /// Where it can't be opened, or the other run does not end.
    pub fn share(folder: &Path, waits: &mut dyn FnMut()) -> io::Result<Option<Self>> {
        let Some(folder) = Folder::reach_if_there(folder)? else { return Ok(None) };
        let locked = lock(&folder, Kind::Shared, waits)?;
        Ok(Some(Self { made: Vec::new(), folder, _locked: locked }))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }
}

/// Locks a folder that may be another run's.
fn lock(folder: &Folder, kind: Kind, waits: &mut dyn FnMut()) -> io::Result<File> {
    let file = folder.file()?;
    let locked = match kind {
        Kind::Exclusive => file.try_lock(),
        Kind::Shared => file.try_lock_shared(),
    };
    match locked {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => wait(&file, kind, waits).map(|()| file),
        Err(TryLockError::Error(error)) => tolerated(Err(error)).map(|()| file),
    }
}

/// Waits for a lock. A thread waits, because the operating system knows no limit for that.
fn wait(file: &File, kind: Kind, waits: &mut dyn FnMut()) -> io::Result<()> {
    let (sender, receiver) = mpsc::channel();
    let waiting = file.try_clone()?;
    thread::spawn(move || {
        // nobody listens any more after the limit
        let _ = sender.send(match kind {
            Kind::Exclusive => waiting.lock(),
            Kind::Shared => waiting.lock_shared(),
        });
    });
    let locked = receiver.recv_timeout(PATIENCE).or_else(|_| {
        waits();
        receiver.recv_timeout(LIMIT)
    });
    tolerated(locked.map_err(|_| io::ErrorKind::TimedOut)?)
}

/// A file system without locks is none to refuse.
fn tolerated(locked: io::Result<()>) -> io::Result<()> {
    match locked {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        locked => locked,
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

#[cfg(test)]
mod tests;
