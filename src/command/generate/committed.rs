//! Knows what may not stand in a manifest, which goes into git: files that hold secrets, and what holds the value of one.
//! Must not know where a file or a value comes from.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path};

use crate::command::target::Target;
use crate::disk::normalized;
use crate::secret::{Finder, Secret, looks_made_up, looks_secret, may_name_secret};
use crate::spelling::raw_path;
use crate::value::{HostPath, SecretRule};

/// Folders that are there for secrets, also those of other programs.
const FOLDERS: [&str; 9] =
    ["secrets", "secret", ".secrets", ".ssh", ".gnupg", ".aws", ".azure", ".kube", ".password-store"];

/// Files in which programs keep passwords and keys.
const NAMES: [&str; 18] = [
    ".netrc",
    "_netrc",
    ".pgpass",
    "pgpass.conf",
    ".pg_service.conf",
    ".my.cnf",
    ".mylogin.cnf",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".git-credentials",
    ".htpasswd",
    ".dockercfg",
    ".dockerconfigjson",
    ".s3cfg",
    ".boto",
    "credentials",
    "kubeconfig",
];

/// Ends of the names of such files, and of files with keys.
const ENDS: [&str; 11] =
    [".env", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk", ".gpg", ".age", ".keytab"];

/// What stands in every private key in letters.
const KEY: &str = "PRIVATE KEY-----";

/// The secrets that a run knows.
#[derive(Default)]
pub(super) struct Known {
    /// Those of the deployment.
    pub(super) own: Vec<Secret>,
    /// What else in the folder may be one.
    pub(super) seen: Vec<Secret>,
}

/// What a manifest may not hold.
pub(super) struct Committed<'k> {
    known: &'k Known,
    finder: Finder<'k>,
    /// The files that secrets of the profile are read from, by device and number, whatever they are called.
    files: Vec<(u64, u64)>,
}

impl<'k> Committed<'k> {
    pub(super) fn new(target: &Target, known: &'k Known) -> Self {
        let file = |rule: &SecretRule| match rule {
            SecretRule::File(path) => identity(&target.root.join(path.as_str())),
            SecretRule::Generate | SecretRule::Required => None,
        };
        Self {
            known,
            finder: Finder::new(known.own.iter().chain(&known.seen).map(|secret| ("", secret))),
            files: target.deployment.secrets.values().filter_map(file).collect(),
        }
    }

    /// Why a file of a project may not be committed, by where it is. A link counts as what it leads to as well.
    pub(super) fn why_by_path(&self, path: &HostPath, real: &Path, project: &Path) -> Option<&'static str> {
        let written = normalized(Path::new(path.as_str()));
        let real_way = real.strip_prefix(project).unwrap_or(real);
        let ways = [written.as_path(), real_way];
        if ways.into_iter().any(is_in_folder_of_secrets) {
            return Some("it lies in a folder of secrets");
        }
        if identity(real).is_some_and(|file| self.files.contains(&file)) {
            return Some("a secret of the profile is read from it");
        }
        ways.into_iter().any(is_called_secret).then_some("files of that name hold some")
    }

    /// Why a file may not be committed, by what is in it.
    pub(super) fn why_by_content(&self, bytes: &[u8]) -> Option<&'static str> {
        let text = String::from_utf8_lossy(bytes);
        if text.contains(KEY) {
            return Some("a private key is in it");
        }
        let whole = text.trim();
        let is_one = || self.known.own.iter().any(|secret| secret.is_text(whole));
        (is_one() || self.holds_known(whole)).then_some("the value of a secret is in it")
    }

    /// What of a variable of the environment may not be committed, by its value.
    pub(super) fn why_by_value(&self, name: &str, value: &str) -> Option<&'static str> {
        if self.holds_known(value) {
            return Some("the value of a secret");
        }
        // one that is a secret by its name was refused with the profile
        let is_key = || may_name_secret(name) && looks_made_up(value);
        looks_secret(value).or_else(|| is_key().then_some("what looks like a key"))
    }

    /// Whether a text holds the value of a secret, beyond words that stand in every document.
    pub(super) fn holds_known(&self, text: &str) -> bool {
        let is_own = |secret: &Secret| !secret.is_word_of_documents() && secret.is_in(text);
        self.known.own.iter().any(is_own) || !self.finder.found_in(text).is_empty()
    }
}

/// One file, whatever its names are.
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

fn is_in_folder_of_secrets(way: &Path) -> bool {
    let folders = way.parent().into_iter().flat_map(Path::components);
    let mut names = folders.filter_map(|part| match part {
        Component::Normal(name) => Some(raw_path(name).to_lowercase()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
    });
    names.any(|name| FOLDERS.contains(&name.as_str()))
}

fn is_called_secret(way: &Path) -> bool {
    let name = raw_path(way.file_name().unwrap_or_default()).to_lowercase();
    let is_dotenv = name.starts_with(".env") && !name.ends_with("example");
    // `id_rsa`, and not `id_rsa.pub`
    let is_identity = name.starts_with("id_") && !name.contains('.');
    is_dotenv || is_identity || NAMES.contains(&name.as_str()) || ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_judged_by_its_name_and_its_folders() {
        for way in ["a/secrets/b", "Secrets/x/y", ".ssh/config", "deploy/kubernetes/secrets/jwt"] {
            assert!(is_in_folder_of_secrets(Path::new(way)), "{way}");
        }
        for way in ["secrets", "conf/secrets.conf", "mysecrets/a", "a"] {
            assert!(!is_in_folder_of_secrets(Path::new(way)), "{way}");
        }
        for way in
            [".env", "a/.env.local", "prod.env", ".netrc", "x/.pgpass", "id_ed25519", "ID_RSA", "tls.key", "a.p12"]
        {
            assert!(is_called_secret(Path::new(way)), "{way}");
        }
        for way in [".env.example", "id_rsa.pub", "id_map.json", "nginx.conf", "environment", "ca.pem", "monkey"] {
            assert!(!is_called_secret(Path::new(way)), "{way}");
        }
    }
}
