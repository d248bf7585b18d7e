//! Knows the files of secrets that kustomize makes Secrets of. Must not know any value.

use super::outputs::FOLDER;
use crate::deployment::{Deployment, DotenvKey};
use crate::target::secret_file::SecretFile;
use crate::value::SecretsIn;

/// Their folder in the output folder.
pub(in crate::target) const SECRETS: &str = "kubernetes/secrets";

/// The permissions of each: nobody but the owner reads it, and kubectl runs as that one.
const MODE: u32 = 0o600;

/// Where what has this name in `.env` stands in the output folder.
pub(in crate::target) fn path(name: &str) -> String {
    format!("{FOLDER}/{}", within(name))
}

/// The same, by the way from the folder of the manifests.
pub(super) fn within(name: &str) -> String {
    format!("secrets/{}", name.to_ascii_lowercase())
}

/// Every file that a deployment needs: its secrets, and the URLs that hold one; none where something else makes them.
pub(in crate::target) fn files(deployment: &Deployment) -> Vec<SecretFile<'_>> {
    if deployment.secrets_in == SecretsIn::External {
        return Vec::new();
    }
    let keys = deployment.all_keys().into_all().filter(DotenvKey::is_secret);
    keys.map(|key| SecretFile { path: path(&key.name), mode: MODE, name: key.name, holds: key.holds }).collect()
}
