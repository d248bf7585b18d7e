//! Knows how one place of an output folder is looked at, without following a link. Must not know what is wanted there.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::change::RefusalReason;
use crate::compose::FILE_NAMES;
use crate::disk::{Folder, Found, TEMPORARY, TEXT_LIMIT, Unread};
use crate::render::Output;
use crate::secret::MOST_HIDDEN;
use crate::spelling::raw_path;
use crate::target::compose;

/// How the name of a manifest ends.
const MANIFEST: &str = ".yaml";

/// A text of so many bytes has more characters than one that is too short to be hidden.
const SHORT: usize = 24;

/// A file that is there.
pub struct ExistingFile {
    /// Its text.
    pub text: String,
    /// Its permissions.
    pub mode: u32,
}

/// What stands in the place of an output.
pub(in crate::change) struct ExistingOutput {
    /// The file, or why it is none that could be read.
    pub(in crate::change) file: Result<ExistingFile, RefusalReason>,
    /// The name under which it would be kept; nothing where a copy of it is kept already.
    pub(in crate::change) original: Option<PathBuf>,
}

/// A file's bytes and permissions.
type Bytes = (Vec<u8>, u32);

/// A folder with those in it that files stand in, each opened once.
pub(super) struct Opened<'f> {
    outer: &'f Folder,
    inner: HashMap<PathBuf, Folder>,
}

impl<'f> Opened<'f> {
    pub(super) fn new(outer: &'f Folder) -> Self {
        Self { outer, inner: HashMap::new() }
    }

    pub(super) fn secret_file(&mut self, path: &str) -> io::Result<Option<Result<ExistingFile, RefusalReason>>> {
        let (folder, way) = self.above(Path::new(path));
        Ok(read(folder, way, Path::new(path))?.map(|found| found.and_then(text_of)))
    }

    pub(super) fn output(&mut self, output: &Output) -> io::Result<Option<ExistingOutput>> {
        let (folder, way) = self.above(Path::new(output.path()));
        Ok(match read(folder, way, Path::new(output.path()))? {
            None => None,
            Some(Err(reason)) => Some(ExistingOutput { file: Err(reason), original: None }),
            Some(Ok(found)) => {
                let original = original(folder, way, &found.0)?;
                Some(ExistingOutput { file: text_of(found), original })
            }
        })
    }

    /// The folder that a file stands in, and its name there; where that is none, or a link, the outer one and the whole way.
    fn above<'w>(&mut self, way: &'w Path) -> (&Folder, &'w Path) {
        let parts = way.parent().zip(way.file_name()).filter(|(parent, _)| !parent.as_os_str().is_empty());
        let Some((parent, name)) = parts else { return (self.outer, way) };
        if !self.inner.contains_key(parent)
            && let Ok(folder) = self.outer.folder(parent)
        {
            self.inner.insert(parent.to_owned(), folder);
        }
        self.inner.get(parent).map_or((self.outer, way), |folder| (folder, Path::new(name)))
    }
}

/// The file at a way, or why it is none that may be written through; nothing where nothing stands there. It is told by its
/// whole way.
fn read(folder: &Folder, way: &Path, whole: &Path) -> io::Result<Option<Result<Bytes, RefusalReason>>> {
    let entry = match folder.look(way)? {
        Found::Nothing => return Ok(None),
        Found::Link(link) if link == way => return Ok(Some(Err(RefusalReason::Link(whole.to_owned())))),
        Found::Link(link) => return Ok(Some(Err(RefusalReason::Link(link)))),
        Found::NotAFolder(file) => return Ok(Some(Err(RefusalReason::NotAFolder(file)))),
        Found::Other => return Ok(Some(Err(RefusalReason::NotAFile))),
        Found::File(entry) => entry,
    };
    match folder.read(way, TEXT_LIMIT) {
        Ok(bytes) => Ok(Some(Ok((bytes, entry.mode)))),
        Err(Unread::TooLarge(_)) => Ok(Some(Err(RefusalReason::TooLarge))),
        Err(unread) => Err(unread.into()),
    }
}

fn text_of((bytes, mode): Bytes) -> Result<ExistingFile, RefusalReason> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(ExistingFile { text, mode }),
        Err(_) => Err(RefusalReason::NotUtf8),
    }
}

/// The first free name beside a file: `NAME.orig`, `NAME.orig.2` and so on; nothing where one of them is the same.
fn original(folder: &Folder, way: &Path, bytes: &[u8]) -> io::Result<Option<PathBuf>> {
    let name = raw_path(way.file_name().unwrap_or_default());
    let mut count = 1_u32;
    loop {
        let suffix = if count == 1 { ".orig".to_owned() } else { format!(".orig.{count}") };
        let candidate = way.with_file_name(format!("{name}{suffix}"));
        match folder.look(&candidate)? {
            Found::Nothing => return Ok(Some(folder.path().join(candidate))),
            Found::File(_) if folder.read(&candidate, TEXT_LIMIT).is_ok_and(|kept| kept == bytes) => return Ok(None),
            Found::File(_) | Found::Link(_) | Found::NotAFolder(_) | Found::Other => count += 1,
        }
    }
}

/// A Compose file of another name.
pub(in crate::change) struct OtherCompose {
    /// Its name.
    pub(in crate::change) name: &'static str,
    /// Whether Compose takes it before `docker-compose.yml`.
    pub(in crate::change) wins: bool,
    /// Its text; nothing where it can't be read.
    pub(in crate::change) text: Option<String>,
    /// The name under which it would be kept; nothing where a copy of it is kept already.
    pub(in crate::change) original: Option<PathBuf>,
}

/// The Compose files of other names; one that is no file is left to who put it there.
pub(super) fn other_compose_files(folder: &Folder) -> io::Result<Vec<OtherCompose>> {
    let mut found = Vec::new();
    let mut wins = true;
    for name in FILE_NAMES {
        if name == compose::FILE.path() {
            wins = false;
            continue;
        }
        let Some(Ok((bytes, _))) = read(folder, Path::new(name), Path::new(name))? else { continue };
        let original = original(folder, Path::new(name), &bytes)?;
        found.push(OtherCompose { name, wins, text: String::from_utf8(bytes).ok(), original });
    }
    Ok(found)
}

/// The text of a file that stands beside the outputs; nothing where there is none that could be read.
pub(super) fn text_beside(folder: &Folder, name: &str) -> Option<String> {
    String::from_utf8(folder.read(Path::new(name), TEXT_LIMIT).ok()?).ok()
}

/// What is named as a manifest in a folder that is no link.
pub(super) fn manifests_in(folder: &Folder, way: &str) -> Vec<Output> {
    let files = folder.folder(Path::new(way)).and_then(|inner| inner.files()).unwrap_or_default();
    let names = files.iter().map(raw_path).filter(|name| name.ends_with(MANIFEST));
    names.map(|name| Output::named(format!("{way}/{name}"))).collect()
}

/// The texts of the files in a folder that is no link; none where there is no such folder, and no more than are too many
/// to be hidden.
pub(super) fn texts_in(folder: &Folder, way: &str) -> Vec<String> {
    let Ok(inner) = folder.folder(Path::new(way)) else { return Vec::new() };
    let mut texts = Vec::new();
    let mut bytes = 0;
    for file in inner.files().unwrap_or_default() {
        let Some(text) = inner.read(&file, TEXT_LIMIT).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
            continue;
        };
        let text = text.trim_end_matches(['\n', '\r']);
        // the shortest ones are not hidden, however many they are
        bytes += if text.len() < SHORT { 0 } else { text.len() };
        texts.push(text.to_owned());
        if bytes > MOST_HIDDEN {
            break;
        }
    }
    texts
}

/// The temporary files in a folder.
pub(super) fn leftovers(folder: &Folder, way: &Path) -> Vec<PathBuf> {
    let Ok(inner) = folder.folder(way) else { return Vec::new() };
    let is_leftover = |name: &PathBuf| {
        let name = raw_path(name);
        name.starts_with('.') && name.ends_with(TEMPORARY)
    };
    let names = inner.files().unwrap_or_default().into_iter().filter(is_leftover);
    names.map(|name| inner.path().join(name)).collect()
}
