//! Knows which files of an output folder hold secrets, by their names. Must not know what git is, beyond what it lists.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::change::{Existing, unused_secrets};
use crate::deployment::{Deployment, SECRET_FOLDER};
use crate::disk::{Folder, Found, TEMPORARY};
use crate::render::Output;
use crate::secret::is_named_secret;
use crate::url::password_of;

/// Where backups are written.
const BACKUPS: &str = "backups";

/// Copies of `.env`, and what a killed run left of it.
const COPIES: [&str; 5] = [".env.orig", ".env.orig.2", ".env.orig.3", ".env.orig.4", ".env.codelab-gen.tmp"];

/// A shorter value behind a name such as `TOKEN_TTL` is a number or a word, and no secret.
const SHORTEST: usize = 8;

/// A file that holds secrets, and that git has or would take.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::command::generate) struct Exposed {
    /// Its path in the output folder; one file speaks for all of `secrets/` or `backups/`.
    pub(in crate::command::generate) path: String,
    /// How many others it speaks for.
    pub(in crate::command::generate) others: usize,
    /// Whether git has it already.
    pub(in crate::command::generate) is_tracked: bool,
}

impl Exposed {
    /// The line of `.gitignore` that keeps it out.
    pub(in crate::command::generate) fn line(&self) -> &'static str {
        let (place, name) = self.path.split_once('/').unwrap_or(("", &self.path));
        match place {
            SECRET_FOLDER => "secrets/",
            BACKUPS => "backups/",
            _ if name.contains(".orig") => "*.orig*",
            _ if name.ends_with(TEMPORARY) => ".*.codelab-gen.tmp",
            _ => ".env",
        }
    }
}

/// What stands in a folder that git is to be asked about: files and folders with secrets.
pub(in crate::command::generate) fn standing(
    folder: Option<&Folder>,
    existing: &Existing,
    deployment: &Deployment,
) -> Vec<&'static str> {
    let Some(folder) = folder else { return Vec::new() };
    let stands = |name: &str| matches!(folder.look(Path::new(name)), Ok(Found::File(_)));
    let is_folder = |name: &&'static str| folder.folder(Path::new(name)).is_ok();
    let dotenv = Output::Dotenv.path();
    let dotenv = (stands(dotenv) && holds_secrets(existing, deployment)).then_some(dotenv);
    let folders = [SECRET_FOLDER, BACKUPS].into_iter().filter(is_folder);
    dotenv.into_iter().chain(COPIES.into_iter().filter(|name| stands(name))).chain(folders).collect()
}

/// Whether `.env` holds a secret. One that can't be read may.
fn holds_secrets(existing: &Existing, deployment: &Deployment) -> bool {
    let keys = deployment.dotenv_keys();
    let names = keys.names();
    let (Ok(block), Some(file)) = (existing.values(|key| names.contains(key)), existing.get(Output::Dotenv)) else {
        return true;
    };
    !unused_secrets(&block, |_| false).is_empty() || file.text.lines().any(is_secret_line)
}

/// Whether a line sets what is a secret by its name, or an URL with a password.
fn is_secret_line(line: &str) -> bool {
    let Some((key, value)) = line.split_once('=').filter(|_| !line.trim_start().starts_with('#')) else { return false };
    let value = value.trim().trim_matches(['\'', '"']);
    let is_long = value.len() >= SHORTEST && !value.bytes().all(|byte| byte.is_ascii_digit());
    password_of(value).is_some() || (is_long && is_named_secret(key))
}

/// The files with secrets among those that git lists, with a letter before each: `?` where it has not the file.
pub(super) fn exposed(listed: &[u8], way: &Path) -> Vec<Exposed> {
    let mut found: IndexMap<(String, bool), Exposed> = IndexMap::new();
    for entry in listed.split(|byte| *byte == 0) {
        let [tag, b' ', path @ ..] = entry else { continue };
        let Some(path) = Path::new(OsStr::from_bytes(path)).strip_prefix(way).ok().and_then(Path::to_str) else {
            continue;
        };
        let Some(area) = area(path) else { continue };
        let is_tracked = *tag != b'?';
        match found.entry((area.to_owned(), is_tracked)) {
            Entry::Occupied(mut known) => known.get_mut().others += 1,
            Entry::Vacant(new) => {
                new.insert(Exposed { path: path.to_owned(), others: 0, is_tracked });
            }
        }
    }
    found.into_values().collect()
}

/// What a file with secrets belongs to; nothing for another file, such as a user's `secrets/README.md`.
fn area(path: &str) -> Option<&str> {
    match path.split_once('/') {
        None => Some(path),
        Some((folder @ SECRET_FOLDER, name)) => is_secret_file(name).then_some(folder),
        // each backup has a folder of its own
        Some((folder @ BACKUPS, way)) => way.contains('/').then_some(folder),
        Some(_) => None,
    }
}

/// Whether a name in `secrets/` is one that codelab-gen gives, or that of a copy.
fn is_secret_file(name: &str) -> bool {
    let plain = name.strip_suffix(TEMPORARY).map_or(name, |name| name.trim_start_matches('.'));
    let plain = plain.split_once(".orig").map_or(plain, |(plain, _)| plain);
    !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
