//! Knows where a profile's text comes from: a path, standard input, a name or alias in `profiles/`, the binary itself,
//! or the command line. Must not know what a profile means.

mod catalogue;
mod embedded;

use std::fmt;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::field::FieldPath;

pub use catalogue::{Catalogue, CatalogueEntry, UnknownName, UnreadableFolder};
pub use embedded::BUILTIN_PREFIX;

/// The largest profile that is read, in bytes: 64 MiB hold more than 100,000 services.
pub const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// Which of the sources of a run; the strongest layer is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub usize);

/// Where a text was taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// It is larger than [`SIZE_LIMIT`].
    TooLarge,
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

impl Source {
    /// A text that came from nowhere in particular.
    #[must_use]
    pub fn from_text(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), origin: Origin::Argument }
    }

    /// Reads a file; `name` is how messages call it.
    ///
    /// # Errors
    /// Where it is missing, too large, not UTF-8, or can't be read.
    pub fn from_file(path: &Path, name: String) -> Result<Self, ReadFault> {
        let opened = std::fs::File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ReadFault::Missing),
            Err(error) => Err(ReadFault::Io(error)),
            Ok((metadata, _)) if metadata.is_dir() => Err(ReadFault::Folder),
            Ok((metadata, file)) => Self::from_reader(file, metadata.len(), name, Origin::File(path.to_owned())),
        }
    }

    /// Reads standard input to its end.
    ///
    /// # Errors
    /// Where it is too large, not UTF-8, or can't be read.
    pub fn from_standard_input() -> Result<Self, ReadFault> {
        Self::from_reader(io::stdin().lock(), 0, "standard input".to_owned(), Origin::StandardInput)
    }

    /// Reads to the end, which is expected at `size`.
    fn from_reader(reader: impl io::Read, size: u64, name: String, origin: Origin) -> Result<Self, ReadFault> {
        let mut bytes = Vec::with_capacity(usize::try_from(size.min(SIZE_LIMIT)).unwrap_or_default());
        reader.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(ReadFault::Io)?;
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(ReadFault::TooLarge);
        }
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

    /// The folder that relative paths in an `extends` start from.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(path) => path.parent(),
            Origin::StandardInput | Origin::Embedded(_) | Origin::Argument => None,
        }
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
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Name(name) => f.write_str(name),
            Self::Builtin(name) => write!(f, "{BUILTIN_PREFIX}{name}"),
        }
    }
}

/// The name that a file gives its profile.
fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a file is a profile by its extension.
fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}
