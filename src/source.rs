//! Knows where a profile's text comes from: a path, standard input, a name or alias in `profiles/`, the binary itself,
//! or the command line. Must not know what a profile means.

mod catalogue;
mod embedded;
mod project;
mod trust;
mod unsaved;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::disk::{self, Unread};
use crate::field::FieldPath;
use crate::spelling::{on_one_line, raw_path};

pub use catalogue::{Catalogue, CatalogueEntry, UnknownName, UnreadableFolder, is_profile};
pub use embedded::BUILTIN_PREFIX;
pub use project::{GIT, Project, repository};
pub use trust::Trust;
pub use unsaved::Unsaved;

/// The folder of a project's profiles.
pub const PROFILES: &str = "profiles";

/// The largest profile that is read, in bytes: 64 MiB hold more than 100,000 services.
pub const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// What one run reads of profiles, in bytes: all together, each as often as it is read.
pub const TOTAL_LIMIT: u64 = 4 * SIZE_LIMIT;

/// Which of the sources of a run; the strongest layer is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub usize);

/// Where a text was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// Standard input.
    StandardInput,
    /// A profile inside of the binary, by its name.
    Embedded(&'static str),
    /// An argument of the command line.
    Argument,
}

impl Origin {
    /// The folder that relative paths in a source start from.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::File(path) => path.parent(),
            Self::StandardInput | Self::Embedded(_) | Self::Argument => None,
        }
    }
}

/// A text with its name, as faults show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// How the source is called in messages: a path as the user would write it, or words.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Where it was taken from.
    pub origin: Origin,
}

/// Why a source could not be read.
#[derive(Debug)]
pub enum ReadFault {
    /// There is no such file.
    Missing,
    /// It is a folder.
    Folder,
    /// It is a pipe, a device or a socket.
    Special,
    /// It lies outside of the project whose word it is read on, which is this folder, or in git's own folder.
    Outside(PathBuf),
    /// It is larger than [`SIZE_LIMIT`].
    TooLarge,
    /// With it, this run would have read more than [`TOTAL_LIMIT`].
    TooMuch,
    /// It is not UTF-8 from this byte on; the readable form has a replacement character there.
    NotUtf8 {
        /// The text, readable up to the fault and beyond it as far as possible.
        readable: Source,
        /// Where the replacement stands.
        span: Range<usize>,
    },
    /// The operating system said no.
    Io(io::Error),
}

impl fmt::Display for ReadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("it is not there"),
            Self::Folder => f.write_str("it is a folder"),
            Self::Special => f.write_str("it is a pipe, a device or a socket"),
            Self::Outside(_) => f.write_str("it leads out of the project"),
            Self::TooLarge => write!(f, "it is larger than {} MiB", SIZE_LIMIT / 1024 / 1024),
            Self::TooMuch => {
                write!(f, "the profiles that are read would be larger than {} MiB together", TOTAL_LIMIT / 1024 / 1024)
            }
            Self::NotUtf8 { .. } => f.write_str("it is not UTF-8"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl From<Unread> for ReadFault {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Missing => Self::Missing,
            Unread::Folder => Self::Folder,
            Unread::Special => Self::Special,
            Unread::TooLarge(_) => Self::TooLarge,
            Unread::Io(error) => Self::Io(error),
        }
    }
}

impl Source {
    /// A text that came from nowhere in particular.
    #[must_use]
    pub fn from_text(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), origin: Origin::Argument }
    }

    /// Reads a file of no more than `limit` bytes; `name` is how messages call it.
    ///
    /// # Errors
    /// Where it is missing, too large, not UTF-8, or can't be read.
    pub fn from_file(path: &Path, name: &str, limit: u64) -> Result<Self, ReadFault> {
        Self::from_bytes(disk::read(path, limit)?, name, Origin::File(path.to_owned()))
    }

    /// Reads a file of a project on the word of another one of its files.
    ///
    /// # Errors
    /// As [`Self::from_file`], and where it lies outside of the project.
    pub fn from_file_of(project: &Project, path: &Path, name: &str, limit: u64) -> Result<Self, ReadFault> {
        match project.admit(path).map_err(Unread::from)? {
            None => Err(ReadFault::Outside(project.root().to_owned())),
            Some(real) => Self::from_bytes(disk::read(&real, limit)?, name, Origin::File(path.to_owned())),
        }
    }

    /// A text that holds in the place of a file, under the limit of one.
    ///
    /// # Errors
    /// Where it is too large.
    fn from_unsaved(text: &str, path: &Path, name: &str, limit: u64) -> Result<Self, ReadFault> {
        if text.len() as u64 > limit {
            return Err(ReadFault::TooLarge);
        }
        Ok(Self { name: on_one_line(name), text: text.to_owned(), origin: Origin::File(path.to_owned()) })
    }

    /// Reads standard input to its end.
    ///
    /// # Errors
    /// Where it is too large, not UTF-8, or can't be read.
    pub fn from_standard_input() -> Result<Self, ReadFault> {
        let bytes = disk::read_to_end(io::stdin().lock(), SIZE_LIMIT)?;
        Self::from_bytes(bytes, "standard input", Origin::StandardInput)
    }

    fn from_bytes(bytes: Vec<u8>, name: &str, origin: Origin) -> Result<Self, ReadFault> {
        // the name of a file is somebody's, and stands in messages
        let name = on_one_line(name);
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { name, text, origin }),
            Err(error) => {
                let start = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let span = start..start + char::REPLACEMENT_CHARACTER.len_utf8();
                Err(ReadFault::NotUtf8 { readable: Self { name, text, origin }, span })
            }
        }
    }

    /// The argument of one `--set PATH=VALUE`; nothing where it has not that form.
    #[must_use]
    pub fn from_setting(argument: &str) -> Option<Self> {
        let source = Self { name: "--set".to_owned(), text: argument.to_owned(), origin: Origin::Argument };
        source.setting().map(|_| source)
    }

    /// The path that `--set` sets, and where its value stands in the argument; nothing for other sources.
    #[must_use]
    pub fn setting(&self) -> Option<(FieldPath, Range<usize>)> {
        if self.origin != Origin::Argument || self.name != "--set" {
            return None;
        }
        let (path, _) = self.text.split_once('=')?;
        Some((FieldPath::parse(path)?, path.len() + 1..self.text.len()))
    }

    /// A text of the command line, to show a fault in it.
    #[must_use]
    pub fn command_line(text: String) -> Self {
        Self { name: "command line".to_owned(), text, origin: Origin::Argument }
    }

    /// The folder that relative paths in it start from.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.origin.folder()
    }

    /// The profile's name: the stem of its file.
    #[must_use]
    pub fn profile_name(&self) -> String {
        match &self.origin {
            Origin::File(path) => stem(path),
            Origin::Embedded(name) => (*name).to_owned(),
            Origin::StandardInput => "-".to_owned(),
            Origin::Argument => self.name.clone(),
        }
    }
}

/// What `--profile`, `CODELAB_PROFILE`, a header or `extends` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `-`: standard input.
    StandardInput,
    /// A path: something with a separator or the extension of a YAML file.
    Path(PathBuf),
    /// A name or alias of the project's profiles, or of the embedded ones where the project has none.
    Name(String),
    /// `builtin:NAME`: always the embedded one.
    Builtin(String),
}

impl Reference {
    /// Reads a reference; every text is one.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text == "-" {
            return Self::StandardInput;
        }
        if let Some(name) = text.strip_prefix(BUILTIN_PREFIX) {
            return Self::Builtin(name.to_owned());
        }
        let path = Path::new(text);
        if text.contains('/') || is_yaml(path) { Self::Path(path.to_owned()) } else { Self::Name(text.to_owned()) }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardInput => f.write_str("-"),
            Self::Path(path) => f.write_str(&raw_path(path)),
            Self::Name(name) => f.write_str(name),
            Self::Builtin(name) => write!(f, "{BUILTIN_PREFIX}{name}"),
        }
    }
}

/// The name that a file gives its profile.
fn stem(path: &Path) -> String {
    raw_path(path.file_stem().unwrap_or_default())
}

/// Whether a file is a profile by its extension.
#[must_use]
pub fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}
