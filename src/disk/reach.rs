//! Knows how a folder is reached from the root of the file system by its real path, and made where it is missing: nobody
//! who swaps a folder on the way for a link leads elsewhere. Must not know what it is for.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{self as system, Mode, OFlags};
use rustix::io::Errno;

use super::Folder;
use super::folder::FOLDER;

/// How a folder on the way is opened: it need not be readable.
#[cfg(target_os = "linux")]
const PASSED: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const PASSED: OFlags = FOLDER;

impl Folder {
    /// Opens a folder by its real path, in which no part is a link; nothing where there is none.
    ///
    /// # Errors
    /// Where it can't be opened, or something else stands on the way.
    pub fn reach_if_there(path: &Path) -> io::Result<Option<Self>> {
        match reach(path, |_, _| Err(Errno::NOENT.into())) {
            Ok(opened) => Ok(Some(Self::opened(opened, path))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a folder by its real path, and makes what is missing of it, with 0755 at most. What was missing is among
    /// `made` also where the rest fails.
    ///
    /// # Errors
    /// Where it can't be made or opened, or something else stands on the way; that it is not found where somebody removed
    /// it meanwhile.
    pub fn reach_or_make(path: &Path, made: &mut Vec<PathBuf>) -> io::Result<Self> {
        let fill = |above: &OwnedFd, way: &Path| match system::mkdirat(above, name(way), Mode::from_raw_mode(0o755)) {
            Ok(()) => {
                made.push(way.to_owned());
                Ok(())
            }
            Err(Errno::EXIST) => Ok(()),
            // not that something was removed meanwhile, which would be worth another try
            Err(Errno::NOENT) => Err(io::Error::other("no folder can be made there")),
            Err(error) => Err(error.into()),
        };
        Ok(Self::opened(reach(path, fill)?, path))
    }
}

fn name(way: &Path) -> &std::ffi::OsStr {
    way.file_name().unwrap_or_default()
}

/// Opens one folder after the other, and asks for what is missing.
fn reach(path: &Path, mut missing: impl FnMut(&OwnedFd, &Path) -> io::Result<()>) -> io::Result<OwnedFd> {
    let mut above = system::open("/", PASSED, Mode::empty())?;
    let mut way = PathBuf::from("/");
    for part in path.components() {
        let name = match part {
            Component::RootDir => continue,
            Component::Normal(name) => name,
            Component::Prefix(_) | Component::CurDir | Component::ParentDir => return Err(Errno::INVAL.into()),
        };
        way.push(name);
        let flags = PASSED | OFlags::NOFOLLOW;
        above = match system::openat(&above, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => {
                missing(&above, &way)?;
                system::openat(&above, name, flags, Mode::empty())?
            }
            opened => opened?,
        };
    }
    Ok(system::openat(&above, ".", FOLDER, Mode::empty())?)
}
