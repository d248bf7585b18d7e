//! Knows how a secret reaches a container of Compose: by a reference to `.env` or the environment, or in a file.
//! Must not know any secret's value.

use crate::deployment::{Deployment, GivenUrl, Holds, secret_file_path};
use crate::target::interpolation::{literal, reference};
use crate::target::secret_file::SecretFile;
use crate::url::ConnectionUrl;
use crate::value::{EnvironmentKey, SecretsIn};
use crate::yaml::document::{Mapping, Value};

/// The permissions of a secret's file. The server reads it as a user of its image, whom the host does not know; what
/// protects it is its folder.
const FILE_MODE: u32 = 0o644;

/// The files of secrets, for the server alone.
pub(in crate::target) fn files(deployment: &Deployment) -> Vec<SecretFile<'_>> {
    let file = |name| {
        let path = secret_file_path(name);
        SecretFile { name: ToString::to_string(name), path, mode: FILE_MODE, holds: Holds::Secret(name) }
    };
    deployment.secret_files().into_iter().map(file).collect()
}

/// What Compose says where something of `.env` is missing.
const MISSING_SECRET: &str = "run codelab-gen to write .env";

/// `${KEY:-URL}`: what `.env` says wins, because only there a password can be encoded. Where the password stands in a
/// file, Compose does not see it, and the URL must be there.
pub(super) fn url(given: &GivenUrl, url: &ConnectionUrl, secrets_in: SecretsIn) -> Value {
    match (url.password(), secrets_in) {
        (Some(_), SecretsIn::Files) => reference(required(&given.key, secrets_in)),
        (password, SecretsIn::Dotenv | SecretsIn::Environment | SecretsIn::Files | SecretsIn::External) => {
            let password = password.map(|password| required(password, secrets_in)).unwrap_or_default();
            reference(format!("${{{}:-{}}}", given.key, url.text(&password)))
        }
    }
}

/// A reference to something that must be there, with what Compose says where it is not.
pub(super) fn required(key: &EnvironmentKey, secrets_in: SecretsIn) -> String {
    match secrets_in {
        SecretsIn::Dotenv | SecretsIn::Files => format!("${{{key}:?{MISSING_SECRET}}}"),
        SecretsIn::Environment | SecretsIn::External => {
            format!("${{{key}:?set {key} in the environment of docker compose}}")
        }
    }
}

pub(super) fn secret_file(name: &EnvironmentKey) -> (String, Value) {
    let file = literal(&format!("./{}", secret_file_path(name)));
    (secret_name(name), Mapping::from_iter([("file", file)]).into())
}

/// What Compose calls a secret's file.
pub(super) fn secret_name(name: &EnvironmentKey) -> String {
    name.as_str().to_ascii_lowercase()
}

/// A password of the server, which its image takes from a variable or from a file.
pub(super) fn password(key: &EnvironmentKey, secrets_in: SecretsIn) -> (String, Value) {
    match secrets_in {
        SecretsIn::Dotenv | SecretsIn::Environment | SecretsIn::External => {
            (key.to_string(), reference(required(key, secrets_in)))
        }
        SecretsIn::Files => (format!("{key}_FILE"), literal(&format!("/run/secrets/{}", secret_name(key)))),
    }
}
