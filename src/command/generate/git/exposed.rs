//! Knows which files of an output folder hold secrets, by their names. Must not know what git is, beyond what it lists.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::change::{Existing, unused_secrets};
use crate::deployment::Deployment;
use crate::disk::{Folder, Found, TEMPORARY, TEXT_LIMIT};
use crate::secret::may_name_secret;
use crate::spelling::raw_path;
use crate::target::{compose, folders_of_manifests, secret_folders};
use crate::url::secret_of;

/// Where backups are written.
const BACKUPS: &str = "backups";

/// Copies of `.env`, and what a killed run left of it.
const COPIES: [&str; 5] = [".env.orig", ".env.orig.2", ".env.orig.3", ".env.orig.4", ".env.codelab-gen.tmp"];

/// What `--force` kept of outputs, which somebody may have written by hand with secrets in them, and what ends their names.
const KEPT: [&str; 3] = ["docker-compose.yml", "scripts/init-postgres.sh", ".env.example"];
const ENDS: [&str; 4] = [".orig", ".orig.2", ".orig.3", ".orig.4"];

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
    /// The folder that it speaks for; nothing where it is one of a kind.
    pub(in crate::command::generate) fn folder(&self) -> Option<&str> {
        area(&self.path).filter(|area| *area != self.path)
    }

    /// The line of `.gitignore` that keeps it out.
    pub(in crate::command::generate) fn line(&self) -> &'static str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        match self.folder() {
            Some(BACKUPS) => "backups/",
            Some(_) => "secrets/",
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
) -> Vec<String> {
    let Some(folder) = folder else { return Vec::new() };
    let stands = |name: &str| matches!(folder.look(Path::new(name)), Ok(Found::File(_)));
    let is_folder = |name: &&str| folder.folder(Path::new(name)).is_ok();
    let dotenv = compose::DOTENV;
    let dotenv = dotenv.path();
    let dotenv = (stands(dotenv) && holds_secrets(existing, deployment)).then_some(dotenv);
    let folders = secret_folders().chain([BACKUPS]).filter(is_folder);
    let copies = COPIES.into_iter().filter(|name| stands(name));
    let known = dotenv.map(str::to_owned).into_iter().chain(copies.chain(folders).map(str::to_owned));
    let kept = KEPT.iter().flat_map(|name| ENDS.map(|end| format!("{name}{end}")));
    let kept = kept.chain(folders_of_manifests().into_iter().flat_map(|way| originals_in(folder, way)));
    let kept = kept.filter(|name| stands(name) && has_secret_line(folder, name));
    known.chain(kept).collect()
}

/// What `--force` kept of manifests, whose names follow from profiles.
fn originals_in(folder: &Folder, way: &str) -> Vec<String> {
    let files = folder.folder(Path::new(way)).and_then(|inner| inner.files()).unwrap_or_default();
    let names = files.iter().map(raw_path).filter(|name| name.contains(".orig"));
    names.map(|name| format!("{way}/{name}")).collect()
}

/// Whether a text that somebody wrote by hand sets a secret, and not what a variable holds. One that can't be read may.
fn has_secret_line(folder: &Folder, name: &str) -> bool {
    let is_variable = |value: &str| value.starts_with('$') && !value.starts_with("$$");
    let Some(bytes) = folder.read(Path::new(name), TEXT_LIMIT).ok() else { return true };
    let Ok(text) = str::from_utf8(&bytes) else { return true };
    let mut settings = text.lines().filter_map(|line| setting(line, &['=', ':']));
    settings.any(|(key, value)| !is_variable(value) && is_secret(key, value))
}

/// Whether `.env` holds a secret. One that can't be read may.
fn holds_secrets(existing: &Existing, deployment: &Deployment) -> bool {
    let keys = deployment.target.keys_taken_over(deployment);
    let names = keys.names();
    let (Ok(block), Some(file)) = (existing.values(|key| names.contains(key)), existing.get(&compose::DOTENV)) else {
        return true;
    };
    !unused_secrets(&block, |_| false).is_empty()
        || file.text.lines().filter_map(|line| setting(line, &['='])).any(|(key, value)| is_secret(key, value))
}

/// What a line sets, and to what.
fn setting<'l>(line: &'l str, signs: &[char]) -> Option<(&'l str, &'l str)> {
    let (key, value) = line.split_once(signs).filter(|_| !line.trim_start().starts_with('#'))?;
    Some((key, value.trim().trim_matches(['\'', '"'])))
}

/// Whether a value is a secret by its name, or an URL with a password.
fn is_secret(key: &str, value: &str) -> bool {
    let is_long = value.len() >= SHORTEST && !value.bytes().all(|byte| byte.is_ascii_digit());
    let in_url = secret_of(value).is_some_and(|password| !password.starts_with("${"));
    in_url || (is_long && may_name_secret(key))
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
    let within = |folder: &'static str| Some((folder, path.strip_prefix(folder)?.strip_prefix('/')?));
    if let Some((folder, name)) = secret_folders().find_map(within) {
        return is_secret_file(name).then_some(folder);
    }
    match path.split_once('/') {
        None => Some(path),
        Some((_, name)) if name.contains(".orig") => Some(path),
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
