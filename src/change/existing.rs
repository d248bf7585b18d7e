//! Knows what stands in an output folder before a run. Must not know what will stand there afterwards.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::{Refusal, RefusalReason, block};
use crate::deployment::{POSTGRES_DB, POSTGRES_USER};
use crate::dotenv;
use crate::render::{Mark, Output, Seal, examine};
use crate::secret::Secret;
use crate::value::{EnvironmentKey, TextValue as _};
use crate::yaml::{self, Content};

/// An output that is there.
pub struct ExistingFile {
    /// Its text.
    pub text: String,
    /// Its permissions.
    pub mode: u32,
}

/// All outputs that are there, of this profile or another one.
pub struct Existing {
    files: Vec<(Output, ExistingFile)>,
    secret_files: IndexMap<String, ExistingFile>,
}

/// Why the output folder can't be read.
#[derive(Debug)]
pub enum ReadFault {
    /// What stands there may not be touched.
    Refused(Refusal),
    /// The operating system said no.
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Existing {
    /// Reads every output that stands in the folder, and the files of secrets at these paths; none where there is no
    /// folder.
    ///
    /// # Errors
    /// Where something that is no regular file of UTF-8 stands in the place of an output, or can't be read.
    pub fn read(folder: &Path, secret_paths: &[String]) -> Result<Self, ReadFault> {
        let mut files = Vec::new();
        for output in Output::ALL {
            if let Some(file) = read_output(folder, output)? {
                files.push((output, file));
            }
        }
        let mut secret_files = IndexMap::new();
        for path in secret_paths {
            let found = read_secret_file(&folder.join(path));
            let found = found.map_err(|error| ReadFault::Io { path: folder.join(path), error })?;
            secret_files.extend(found.map(|file| (path.clone(), file)));
        }
        Ok(Self { files, secret_files })
    }

    /// The file of a secret, where it is there.
    #[must_use]
    pub fn secret_file(&self, path: &str) -> Option<&ExistingFile> {
        self.secret_files.get(path)
    }

    /// The output, where it is there.
    #[must_use]
    pub fn get(&self, output: Output) -> Option<&ExistingFile> {
        self.files.iter().find(|(known, _)| *known == output).map(|(_, file)| file)
    }

    /// What the outputs record of where they came from.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        let outputs = [Output::Compose, Output::Dotenv];
        outputs.into_iter().find_map(|output| examine(&self.get(output)?.text, output))
    }

    /// The keys and values of the block of `.env`; where there is no block yet, those lines of the user's that `matters`
    /// says would be in it.
    ///
    /// # Errors
    /// Where a line that matters has a form that not all readers read alike.
    pub fn values(&self, matters: impl Fn(&str) -> bool) -> Result<IndexMap<String, Secret>, Vec<Refusal>> {
        let refused = |reason| Refusal { output: Output::Dotenv, reason };
        let Some(file) = self.get(Output::Dotenv) else { return Ok(IndexMap::new()) };
        if let Some(reason) = block::fault(&file.text) {
            return Err(vec![refused(reason)]);
        }
        let Some(split) = dotenv::split(&file.text) else {
            let parts = block::managed_parts(&file.text, &matters)
                .map_err(|reasons| reasons.into_iter().map(refused).collect::<Vec<_>>())?;
            let entries = parts.into_iter().filter_map(|part| Some((part.key?.to_owned(), part.value?)));
            let entries = entries.filter(|(key, _)| matters(key));
            return Ok(entries.filter_map(|(key, value)| Some((key, Secret::new(value)?))).collect());
        };
        let first = split.before.matches('\n').count();
        let odd_line = |odd: dotenv::OddLine| vec![refused(RefusalReason::OddLine(first + odd.0))];
        let entries = dotenv::read(split.block).map_err(odd_line)?;
        Ok(entries.into_iter().filter_map(|entry| Some((entry.key, Secret::new(entry.value)?))).collect())
    }

    /// Whether there is a `.env` that has no block of codelab-gen yet.
    #[must_use]
    pub fn is_to_be_adopted(&self) -> bool {
        self.get(Output::Dotenv).is_some_and(|file| dotenv::split(&file.text).is_none())
    }

    /// The keys of the user's own lines in `.env`.
    #[must_use]
    pub fn users_keys(&self) -> Vec<String> {
        let Some(file) = self.get(Output::Dotenv) else { return Vec::new() };
        let outside = match dotenv::split(&file.text) {
            Some(split) => format!("{}{}", split.before, split.after),
            None => file.text.clone(),
        };
        let parts = dotenv::user_parts(&outside).unwrap_or_default();
        parts.into_iter().filter_map(|part| part.key.map(str::to_owned)).collect()
    }

    /// The services that the existing `docker-compose.yml` starts; none where it is not ours as we wrote it.
    #[must_use]
    pub fn services(&self) -> Vec<String> {
        let Some(file) = self.get(Output::Compose) else { return Vec::new() };
        if !matches!(examine(&file.text, Output::Compose), Some(mark) if mark.seal == Seal::Intact) {
            return Vec::new();
        }
        let Ok(root) = yaml::read(&file.text) else { return Vec::new() };
        let Content::Mapping(entries) = root.content else { return Vec::new() };
        let services = entries.into_iter().find(|entry| entry.key == "services").map(|entry| entry.value.content);
        match services {
            Some(Content::Mapping(entries)) => entries.into_iter().map(|entry| entry.key.into_owned()).collect(),
            Some(Content::Scalar(_) | Content::Sequence(_)) | None => Vec::new(),
        }
    }
}

/// The secrets of a block that a deployment does not use: they are kept for the profile that does. URLs and names are
/// no secrets, and made anew by that profile.
#[must_use]
pub fn unused_secrets(
    block: &IndexMap<String, Secret>,
    used: impl Fn(&EnvironmentKey) -> bool,
) -> IndexMap<EnvironmentKey, Secret> {
    let is_secret = |key: &str| !key.ends_with("__DB_URL") && key != POSTGRES_USER && key != POSTGRES_DB;
    block
        .iter()
        .filter(|(key, _)| is_secret(key))
        .filter_map(|(key, secret)| Some((EnvironmentKey::parse(key).ok()?, secret.clone())))
        .filter(|(key, _)| !used(key))
        .collect()
}

/// Not through a link: what it leads to would be replaced by a file.
fn read_secret_file(path: &Path) -> io::Result<Option<ExistingFile>> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let text = std::fs::read_to_string(path)?;
    Ok(Some(ExistingFile { text, mode: metadata.mode() & 0o7777 }))
}

fn read_output(folder: &Path, output: Output) -> Result<Option<ExistingFile>, ReadFault> {
    let path = folder.join(output.path());
    let refused = |reason| ReadFault::Refused(Refusal { output, reason });
    let io = |error| ReadFault::Io { path: path.clone(), error };
    for parent in Path::new(output.path()).ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()) {
        if folder.join(parent).is_symlink() {
            return Err(refused(RefusalReason::Link));
        }
    }
    let metadata = match std::fs::symlink_metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    if metadata.is_symlink() {
        return Err(refused(RefusalReason::Link));
    }
    if !metadata.is_file() {
        return Err(refused(RefusalReason::NotAFile));
    }
    let bytes = std::fs::read(&path).map_err(io)?;
    let text = String::from_utf8(bytes).map_err(|_| refused(RefusalReason::NotUtf8))?;
    Ok(Some(ExistingFile { text, mode: metadata.mode() & 0o7777 }))
}
