//! Knows an opened folder, and the files and folders in it by their way from there: nobody who swaps a name for a link
//! between two steps leads one of them out. Must not know which files there are.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{self as system, AtFlags, FileType, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

use super::{Unread, is, read_opened};

pub(super) const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// An opened folder.
#[derive(Debug)]
pub struct Folder {
    opened: OwnedFd,
    path: PathBuf,
}

/// What stands at a way from a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A regular file.
    File(Entry),
    /// A link, there or on the way there; its own way.
    Link(PathBuf),
    /// Something that is no folder on the way there; its own way.
    NotAFolder(PathBuf),
    /// A folder, a pipe, a device or a socket.
    Other,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its permissions.
    pub mode: u32,
    /// Its owner.
    pub user: u32,
    /// Its group.
    pub group: u32,
}

impl Found {
    /// What is known of it, where it is a file.
    #[must_use]
    pub fn entry(&self) -> Option<Entry> {
        match self {
            Self::File(entry) => Some(*entry),
            Self::Nothing | Self::Link(_) | Self::NotAFolder(_) | Self::Other => None,
        }
    }
}

impl Folder {
    /// Opens a folder; links on the way to it are followed.
    ///
    /// # Errors
    /// Where there is none, or it can't be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { opened: system::open(path, FOLDER, Mode::empty())?, path: path.to_owned() })
    }

    /// A folder that was opened elsewhere.
    pub(super) fn opened(opened: OwnedFd, path: &Path) -> Self {
        Self { opened, path: path.to_owned() }
    }

    /// The folder as a file, to be locked.
    ///
    /// # Errors
    /// Where the operating system says no.
    pub fn file(&self) -> io::Result<File> {
        Ok(self.opened.try_clone()?.into())
    }

    /// Where it was opened; it may have been moved since.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What stands at a way.
    ///
    /// # Errors
    /// Where that can't be found out.
    pub fn look(&self, way: &Path) -> io::Result<Found> {
        let (above, name) = match self.above(way) {
            Ok(Some(reached)) => reached,
            Ok(None) => return Ok(Found::Nothing),
            Err(Blocked::Link(link)) => return Ok(Found::Link(link)),
            Err(Blocked::NotAFolder(file)) => return Ok(Found::NotAFolder(file)),
            Err(Blocked::Io(error)) => return Err(error),
        };
        match system::statat(&above, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(Found::Nothing),
            Err(error) => Err(error.into()),
            Ok(found) if is(&found, FileType::RegularFile) => Ok(Found::File(Entry::of(&found))),
            Ok(found) if is(&found, FileType::Symlink) => Ok(Found::Link(way.to_owned())),
            Ok(_) => Ok(Found::Other),
        }
    }

    /// The bytes of a regular file that no link leads to.
    ///
    /// # Errors
    /// Where there is no such file, or it can't be read.
    pub fn read(&self, way: &Path, limit: u64) -> Result<Vec<u8>, Unread> {
        match self.look(way)? {
            Found::File(_) => read_opened(self.open_file(way)?, limit),
            Found::Nothing => Err(Unread::Missing),
            Found::Link(_) | Found::NotAFolder(_) | Found::Other => Err(Unread::Special),
        }
    }

    fn open_file(&self, way: &Path) -> io::Result<File> {
        let (above, name) = self.reach(way)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(system::openat(&above, name, flags, Mode::empty())?.into())
    }

    /// Makes a file that is not there yet, with these permissions whatever the umask says.
    ///
    /// # Errors
    /// Where something stands there, or it can't be made.
    pub fn create(&self, way: &Path, mode: u32) -> io::Result<File> {
        let (above, name) = self.reach(way)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // nobody else may open it before its permissions are right
        let file = system::openat(&above, name, flags, Mode::RUSR | Mode::WUSR)?;
        system::fchmod(&file, Mode::from_raw_mode(mode))?;
        Ok(file.into())
    }

    /// Gives an opened file to somebody; only root may.
    ///
    /// # Errors
    /// Where the operating system says no.
    pub fn give(file: &File, user: u32, group: u32) -> io::Result<()> {
        Ok(system::fchown(file, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?)
    }

    /// Gives a file another name, in the place of what has it.
    ///
    /// # Errors
    /// Where the operating system says no.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let ((above, name), (above_to, name_to)) = (self.reach(from)?, self.reach(to)?);
        Ok(system::renameat(&above, name, &above_to, name_to)?)
    }

    /// Gives a file a second name, which nothing may have.
    ///
    /// # Errors
    /// Where something has it, or the file system knows no second names.
    pub fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let ((above, name), (above_to, name_to)) = (self.reach(from)?, self.reach(to)?);
        Ok(system::linkat(&above, name, &above_to, name_to, AtFlags::empty())?)
    }

    /// Removes a name that is no folder's.
    ///
    /// # Errors
    /// Where the operating system says no.
    pub fn remove(&self, way: &Path) -> io::Result<()> {
        let (above, name) = self.reach(way)?;
        Ok(system::unlinkat(&above, name, AtFlags::empty())?)
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// Where it is not empty, or the operating system says no.
    pub fn remove_folder(&self, way: &Path) -> io::Result<()> {
        let (above, name) = self.reach(way)?;
        Ok(system::unlinkat(&above, name, AtFlags::REMOVEDIR)?)
    }

    /// Makes a folder, with 0755 at most; whether it was missing.
    ///
    /// # Errors
    /// Where something else stands there, or it can't be made.
    pub fn make_folder(&self, way: &Path) -> io::Result<bool> {
        let (above, name) = self.reach(way)?;
        match system::mkdirat(&above, name, Mode::from_raw_mode(0o755)) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => system::openat(&above, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())
                .map(|_| false)
                .map_err(|_| Errno::EXIST.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// The folder at a way.
    ///
    /// # Errors
    /// Where none stands there, or a link leads to it.
    pub fn folder(&self, way: &Path) -> io::Result<Self> {
        let opened = if way.as_os_str().is_empty() {
            system::openat(&self.opened, ".", FOLDER, Mode::empty())?
        } else {
            let (above, name) = self.reach(way)?;
            system::openat(&above, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?
        };
        Ok(Self { opened, path: self.path.join(way) })
    }

    /// Its permissions.
    ///
    /// # Errors
    /// Where the operating system says no.
    pub fn mode(&self) -> io::Result<u32> {
        Ok(system::fstat(&self.opened)?.st_mode & 0o7777)
    }

    /// Gives it permissions.
    ///
    /// # Errors
    /// Where the operating system says no.
    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        Ok(system::fchmod(&self.opened, Mode::from_raw_mode(mode))?)
    }

    /// Waits until the disk has its entries.
    ///
    /// # Errors
    /// Where the disk says no.
    pub fn sync(&self) -> io::Result<()> {
        Ok(system::fsync(&self.opened)?)
    }

    /// The names of the regular files in it, sorted.
    ///
    /// # Errors
    /// Where it can't be listed.
    pub fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut names = Vec::new();
        for entry in system::Dir::read_from(&self.opened)? {
            let entry = entry?;
            let name = PathBuf::from(OsStr::from_bytes(entry.file_name().to_bytes()));
            // not every file system tells what a name is of
            let is_unknown = entry.file_type() == FileType::Unknown;
            let is_file = entry.file_type() == FileType::RegularFile
                || (is_unknown && matches!(self.look(&name), Ok(Found::File(_))));
            // `.` and `..` are no names
            if name.file_name().is_some() && is_file {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn reach<'w>(&self, way: &'w Path) -> io::Result<(Above<'_>, &'w OsStr)> {
        match self.above(way) {
            Ok(Some(reached)) => Ok(reached),
            Ok(None) => Err(io::ErrorKind::NotFound.into()),
            Err(Blocked::Link(_)) => Err(Errno::LOOP.into()),
            Err(Blocked::NotAFolder(_)) => Err(io::ErrorKind::NotADirectory.into()),
            Err(Blocked::Io(error)) => Err(error),
        }
    }

    /// The folder that a way's last name stands in, opened one by one; nothing where one of them is missing.
    fn above<'w>(&self, way: &'w Path) -> Result<Option<(Above<'_>, &'w OsStr)>, Blocked> {
        let mut above = Above::Here(self.opened.as_fd());
        let mut reached = PathBuf::new();
        let mut names = way.components().peekable();
        while let Some(part) = names.next() {
            let Component::Normal(name) = part else { return Err(Blocked::io(Errno::INVAL)) };
            if names.peek().is_none() {
                return Ok(Some((above, name)));
            }
            reached.push(name);
            above = match system::openat(&above, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
                Ok(opened) => Above::Below(opened),
                Err(Errno::NOENT) => return Ok(None),
                Err(Errno::LOOP | Errno::NOTDIR) => return Err(Blocked::by(&above, name, reached)),
                Err(error) => return Err(Blocked::io(error)),
            };
        }
        Err(Blocked::io(Errno::INVAL))
    }
}

/// The folder that a name stands in.
enum Above<'f> {
    Here(BorrowedFd<'f>),
    Below(OwnedFd),
}

impl AsFd for Above<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Here(folder) => *folder,
            Self::Below(folder) => folder.as_fd(),
        }
    }
}

/// What stands in a way.
enum Blocked {
    Link(PathBuf),
    NotAFolder(PathBuf),
    Io(io::Error),
}

impl Blocked {
    fn io(error: Errno) -> Self {
        Self::Io(error.into())
    }

    /// A link to a folder and a file are the same error to the operating system.
    fn by(above: &Above<'_>, name: &OsStr, way: PathBuf) -> Self {
        match system::statat(above, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) if is(&found, FileType::Symlink) => Self::Link(way),
            Ok(_) => Self::NotAFolder(way),
            Err(error) => Self::io(error),
        }
    }
}

impl Entry {
    fn of(found: &system::Stat) -> Self {
        Self { mode: found.st_mode & 0o7777, user: found.st_uid, group: found.st_gid }
    }
}
