//! Knows how files are opened, read and replaced; nothing else opens one. Must not know what stands in them.

mod folder;
mod laid;
mod reach;
mod way;
mod written;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use rustix::fs::{self as system, FileType, Mode, OFlags, Stat};

pub use folder::{Entry, Folder, Found};
pub use laid::{laid_down, take_away};
pub use way::{normalized, relative};
pub use written::{TEMPORARY, create, replace, temporary};

/// The largest text that is read as an output, a file beside one, or a secret, in bytes: Docker Compose loads no file of
/// ours that is half as large.
pub const TEXT_LIMIT: u64 = 16 * 1024 * 1024;

/// Why a file gives no bytes.
#[derive(Debug)]
pub enum Unread {
    /// There is none.
    Missing,
    /// It is a folder.
    Folder,
    /// It is a pipe, a device or a socket, whose content is somebody else's to end.
    Special,
    /// It is larger than so many bytes.
    TooLarge(u64),
    /// The operating system said no.
    Io(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing
        } else if error.kind() == io::ErrorKind::IsADirectory {
            Self::Folder
        } else {
            Self::Io(error)
        }
    }
}

impl From<rustix::io::Errno> for Unread {
    fn from(error: rustix::io::Errno) -> Self {
        io::Error::from(error).into()
    }
}

impl From<Unread> for io::Error {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Missing => Self::from(io::ErrorKind::NotFound),
            Unread::Folder => Self::from(io::ErrorKind::IsADirectory),
            Unread::Special => Self::new(io::ErrorKind::InvalidInput, "it is no regular file"),
            Unread::TooLarge(limit) => {
                Self::new(io::ErrorKind::FileTooLarge, format!("it is larger than {} MiB", limit / 1024 / 1024))
            }
            Unread::Io(error) => error,
        }
    }
}

/// The bytes of a regular file that has no more than `limit`; links on the way are followed.
///
/// # Errors
/// Where there is no such file, or it can't be read.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Unread> {
    // looked at before it is opened, because opening a device may do something
    regular(&system::stat(path)?)?;
    // a pipe that was put there meanwhile must not be waited for
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    read_opened(system::open(path, flags, Mode::empty())?.into(), limit)
}

/// The text of a regular file; nothing where there is none that could be read as UTF-8.
#[must_use]
pub fn read_text(path: &Path, limit: u64) -> Option<String> {
    String::from_utf8(read(path, limit).ok()?).ok()
}

/// Whether it is of a type.
fn is(found: &Stat, kind: FileType) -> bool {
    FileType::from_raw_mode(found.st_mode) == kind
}

fn regular(found: &Stat) -> Result<(), Unread> {
    if is(found, FileType::RegularFile) {
        Ok(())
    } else if is(found, FileType::Directory) {
        Err(Unread::Folder)
    } else {
        Err(Unread::Special)
    }
}

/// The bytes that a stream has until its end, if they are no more than `limit`.
///
/// # Errors
/// Where there are more, or they can't be read.
pub fn read_to_end(stream: impl io::Read, limit: u64) -> Result<Vec<u8>, Unread> {
    read_expected(stream, 0, limit)
}

/// Reads an opened file to its end; it may grow meanwhile.
fn read_opened(file: File, limit: u64) -> Result<Vec<u8>, Unread> {
    let found = system::fstat(&file)?;
    regular(&found)?;
    let length = u64::try_from(found.st_size).unwrap_or_default();
    if length > limit {
        return Err(Unread::TooLarge(limit));
    }
    read_expected(file, length, limit)
}

fn read_expected(stream: impl io::Read, length: u64, limit: u64) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    stream.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(Unread::TooLarge(limit)) } else { Ok(bytes) }
}
