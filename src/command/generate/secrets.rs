//! Knows which secrets a run keeps, makes or takes over, and what of that the command line says.
//! Must not know a value.

use std::io;
use std::path::Path;

use indexmap::IndexMap;

use super::Rotation;
use crate::change::{Existing, WantedSecret};
use crate::command::world::World;
use crate::deployment::{Deployment, Holds, Service};
use crate::disk::{self, TEXT_LIMIT};
use crate::dotenv::{self, Unwritable};
use crate::outcome::Failure;
use crate::render::public_part;
use crate::secret::{KeptIn, NoRandomness, Outside, Secret, SecretFaults, Secrets, Values, choose, passwords_in_urls};
use crate::source::Project;
use crate::spelling::{nearest, quoted};
use crate::target::{SecretFile, Target};
use crate::value::{Choice as _, EnvironmentKey};

/// The values that are kept already: those of what the deployment in the folder runs on count before those of another
/// target, which were left when it was changed.
pub(super) fn stored_secrets(
    deployment: &Deployment,
    existing: &Existing,
    block: &IndexMap<String, Secret>,
) -> IndexMap<String, Secret> {
    let first = existing.target(deployment.target).unwrap_or(deployment.target);
    let targets = std::iter::once(first).chain(Target::ALL.iter().copied().filter(|other| *other != first));
    let mut stored = IndexMap::new();
    for target in targets {
        // where both have one, that of `.env` counts: a deployment that uses files has none there, so the file is older
        let of_dotenv = block.iter().filter(|_| target.keeps_in_dotenv());
        let of_dotenv = of_dotenv.map(|(name, secret)| (name.clone(), secret.clone()));
        let urls = target.secret_files(deployment).into_iter().map(|file| (file.name, file.path));
        let names = deployment.secrets.keys().map(|name| (name.to_string(), target.secret_file(name)));
        let of_files = urls.chain(names).filter_map(|(name, path)| Some((name, existing.kept(&path)?)));
        for (name, secret) in of_dotenv.chain(of_files) {
            stored.entry(name).or_insert(secret);
        }
    }
    for (name, secret) in passwords_in_urls(block, deployment) {
        stored.entry(name).or_insert(secret);
    }
    stored
}

/// The files of secrets with what they are to hold.
pub(super) fn secret_files(deployment: &Deployment, values: Values<'_>) -> Vec<WantedSecret> {
    let wanted = |file: SecretFile<'_>| {
        let SecretFile { name, path, mode, holds } = file;
        let public = match holds {
            Holds::Url(url) => Some(public_part(&name, &url.text(""))),
            Holds::Text(_) | Holds::Secret(_) => None,
        };
        WantedSecret { name, path, mode, secret: values.secret(holds), public }
    };
    deployment.target.secret_files(deployment).into_iter().map(wanted).collect()
}

/// What the command line says of secrets.
pub(super) struct Request<'r> {
    pub(super) allow_weak: bool,
    pub(super) rotated: &'r [EnvironmentKey],
    pub(super) from_environment: bool,
}

/// The secrets that are to get new values.
pub(super) fn rotated(rotation: Rotation<'_>, deployment: &Deployment) -> Result<Vec<EnvironmentKey>, Failure> {
    let Rotation { secrets, from_environment } = rotation;
    let key = deployment.backups.as_ref().and_then(|backups| backups.key.as_ref()).filter(|_| !from_environment);
    if let Some(key) = key.filter(|key| secrets.iter().any(|name| name == key.as_str())) {
        return Err(Failure::Usage {
            message: format!("with another `{key}` nobody could restore the backups that are there"),
            help: format!(
                "keep it with them; for another key name another place as `to` of `backups`, then `read -rs {key} && \
                 export {key}`, and the same with `--from-env`"
            ),
        });
    }
    let rules = deployment.kept_secrets();
    let known = |name: &String| {
        if let Some(known) = rules.keys().find(|known| known.as_str() == name) {
            return Ok(known.clone());
        }
        let message = format!("this deployment keeps no secret named {}", quoted(name));
        let names: Vec<_> = rules.keys().map(|known| format!("`{known}`")).collect();
        let help = match nearest(name, rules.keys().map(EnvironmentKey::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if names.is_empty() => "look for it where it is kept, in a secret manager for instance".to_owned(),
            None => format!("use one of {}", names.join(", ")),
        };
        Err(Failure::Usage { message, help })
    };
    secrets.iter().map(known).collect()
}

/// The text of a file that a profile names for a secret; the profile may be a stranger's.
fn read_of(project: &Project, path: &Path) -> io::Result<String> {
    let outside = "it lies outside of the project; give the secret by the environment instead";
    let real = project.admit(path)?.ok_or_else(|| io::Error::other(outside))?;
    let text = String::from_utf8(disk::read(&real, TEXT_LIMIT)?);
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

pub(super) fn choose_secrets(
    request: &Request<'_>,
    deployment: &Deployment,
    stored: &IndexMap<String, Secret>,
    folder: &Path,
    root: &Path,
    world: &World,
) -> Result<Secrets, Failure> {
    let mut outside = Outside {
        stored,
        environment: &world.environment,
        file: &|path| read_of(&Project::of_folder(root), &root.join(path)),
        random: &mut |bytes| getrandom::fill(bytes).map_err(|_| NoRandomness),
        rotated: request.rotated,
        rotated_from_environment: request.from_environment,
        kept_in: if deployment.target.keeps_in_dotenv() { KeptIn::Dotenv } else { KeptIn::Files },
        judge_strength: deployment.stage.is_strict(),
        allow_weak: request.allow_weak,
    };
    let chosen = choose(&deployment.kept_secrets(), &mut outside)
        .and_then(|secrets| check_connections(&secrets, deployment).map(|()| secrets))
        .and_then(|secrets| check_trimmed(&secrets, deployment).map(|()| secrets));
    chosen.map_err(|faults| Failure::Secrets { faults, folder: folder.to_owned(), target: deployment.target })
}

/// Whether `.env`, where there is one, can hold the connections that each secret stands in: some drivers want more of it quoted
/// than it is.
fn check_connections(secrets: &Secrets, deployment: &Deployment) -> Result<(), Box<SecretFaults>> {
    if !deployment.target.keeps_in_dotenv() {
        return Ok(());
    }
    let mut faults = SecretFaults::default();
    for database in deployment.services.iter().flat_map(Service::databases) {
        let Some(name) = database.url.password().filter(|_| database.given.is_some()) else { continue };
        let is_told = |(known, _): &(EnvironmentKey, _)| known == name;
        let Some(chosen) = secrets.get(name).filter(|_| !faults.unwritable.iter().any(is_told)) else { continue };
        let text = chosen.secret.lend(|password| database.url.text(&database.url.encoded(password)));
        if let Err(unwritable) = dotenv::quote(&text) {
            faults.unwritable.push((name.clone(), unwritable));
        }
    }
    if faults.unwritable.is_empty() { Ok(()) } else { Err(Box::new(faults)) }
}

/// Whether each role could log in with its password, where an operator gives it one: CloudNativePG cuts off the white space
/// at both ends, and the service's URL has the whole.
fn check_trimmed(secrets: &Secrets, deployment: &Deployment) -> Result<(), Box<SecretFaults>> {
    let Some(server) = deployment.server.as_ref().filter(|server| server.operated().is_some()) else { return Ok(()) };
    let what = "it begins or ends with white space, which CloudNativePG cuts off a password";
    let is_cut = |name: &&EnvironmentKey| {
        secrets.get(*name).is_some_and(|chosen| chosen.secret.lend(|password| password.trim() != password))
    };
    let unwritable: Vec<_> =
        server.passwords().into_iter().filter(is_cut).map(|name| (name.clone(), Unwritable { what })).collect();
    if unwritable.is_empty() { Ok(()) } else { Err(Box::new(SecretFaults { unwritable, ..SecretFaults::default() })) }
}
