//! Knows where a secret's value comes from when several places could give it. Must not know how one looks.

use indexmap::IndexMap;

use super::Secret;
use super::weak::weakness;
use super::writable::{KeptIn, check_writable};
use crate::dotenv::Unwritable;
use crate::value::{EnvironmentKey, SecretRule};

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness;

/// A variable of the environment holds something that is no text.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("it is not UTF-8")]
pub struct NotUnicode;

/// Where a secret's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretOrigin {
    /// What was kept already.
    Stored,
    /// The environment of codelab-gen.
    Environment,
    /// The file that the profile names.
    File(String),
    /// It was made up.
    Generated,
}

/// A secret with where it came from.
#[derive(Debug, Clone)]
pub struct ChosenSecret {
    /// Its value.
    pub secret: Secret,
    /// Where that came from.
    pub origin: SecretOrigin,
    /// Why anybody could guess it, where that is so and matters.
    pub weakness: Option<&'static str>,
}

/// The values of all secrets of a deployment.
pub type Secrets = IndexMap<EnvironmentKey, ChosenSecret>;

/// What the outside knows of secrets; every part a plain value or a function, so that choosing stays testable.
pub struct Outside<'o> {
    /// The values that are kept already, in `.env` or in files of their own.
    pub stored: &'o IndexMap<String, Secret>,
    /// Looks up a variable of the environment.
    pub environment: &'o dyn Fn(&str) -> Result<Option<String>, NotUnicode>,
    /// Reads the file that a profile names for a secret.
    pub file: &'o dyn Fn(&str) -> Result<String, std::io::Error>,
    /// Fills a buffer with random bytes.
    pub random: &'o mut dyn FnMut(&mut [u8]) -> Result<(), NoRandomness>,
    /// The secrets that get a new value, whatever is kept.
    pub rotated: &'o [EnvironmentKey],
    /// Whether that value is the environment's, and not made up.
    pub rotated_from_environment: bool,
    /// Where they are kept.
    pub kept_in: KeptIn,
    /// Whether weak secrets are to be found.
    pub judge_strength: bool,
    /// Whether weak secrets are taken nevertheless.
    pub allow_weak: bool,
}

/// Why not every secret has a value. Secrets are named, never shown.
#[derive(Debug, Default)]
pub struct SecretFaults {
    /// Set in `.env` and in the environment, to different values.
    pub disagreeing: Vec<EnvironmentKey>,
    /// To be made anew, but set in the environment, which Compose would take.
    pub exported: Vec<EnvironmentKey>,
    /// To be made anew, but read from a file that the profile names.
    pub not_ours: Vec<(EnvironmentKey, String)>,
    /// To be made anew, though somebody must give it.
    pub only_given: Vec<EnvironmentKey>,
    /// Newly supplied and weak, with why.
    pub weak: Vec<(EnvironmentKey, &'static str)>,
    /// Without a form in `.env` that all readers read alike, with why.
    pub unwritable: Vec<(EnvironmentKey, Unwritable)>,
    /// Required, and nobody gave them.
    pub missing: Vec<EnvironmentKey>,
    /// In a file that is empty.
    pub empty: Vec<(EnvironmentKey, String)>,
    /// In a file that can't be read.
    pub unreadable: Vec<(EnvironmentKey, String, std::io::Error)>,
    /// There are no random bytes to make one of.
    pub no_randomness: Option<NoRandomness>,
}

impl SecretFaults {
    /// Whether something was refused, beyond what is merely missing.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !(self.disagreeing.is_empty()
            && self.exported.is_empty()
            && self.not_ours.is_empty()
            && self.only_given.is_empty()
            && self.weak.is_empty())
    }

    fn is_empty(&self) -> bool {
        let Self {
            disagreeing,
            exported,
            not_ours,
            only_given,
            weak,
            unwritable,
            missing,
            empty,
            unreadable,
            no_randomness,
        } = self;
        disagreeing.is_empty()
            && exported.is_empty()
            && not_ours.is_empty()
            && only_given.is_empty()
            && weak.is_empty()
            && unwritable.is_empty()
            && missing.is_empty()
            && empty.is_empty()
            && unreadable.is_empty()
            && no_randomness.is_none()
    }
}

/// Chooses a value for every secret: that of the existing `.env`, else of the environment, else what its rule says.
///
/// # Errors
/// Every secret that has no value, an unusable one, or two.
pub fn choose(
    rules: &IndexMap<EnvironmentKey, SecretRule>,
    outside: &mut Outside<'_>,
) -> Result<Secrets, Box<SecretFaults>> {
    let mut chosen = Secrets::new();
    let mut faults = SecretFaults::default();
    for (name, rule) in rules {
        let Some((secret, origin)) = choose_one(name, rule, outside, &mut faults) else { continue };
        if let Err(unwritable) = check_writable(name, &secret, outside.kept_in) {
            faults.unwritable.push((name.clone(), unwritable));
            continue;
        }
        let judged = outside.judge_strength && !outside.allow_weak && origin != SecretOrigin::Generated;
        let weakness = if judged { weakness(&secret) } else { None };
        match weakness {
            Some(why) if origin != SecretOrigin::Stored => faults.weak.push((name.clone(), why)),
            Some(_) | None => {
                chosen.insert(name.clone(), ChosenSecret { secret, origin, weakness });
            }
        }
    }
    if faults.is_empty() { Ok(chosen) } else { Err(Box::new(faults)) }
}

fn choose_one(
    name: &EnvironmentKey,
    rule: &SecretRule,
    outside: &mut Outside<'_>,
    faults: &mut SecretFaults,
) -> Option<(Secret, SecretOrigin)> {
    let Ok(environment) = (outside.environment)(name.as_str()) else {
        faults.unwritable.push((name.clone(), Unwritable { what: "it is not UTF-8 in the environment" }));
        return None;
    };
    let environment = environment.and_then(Secret::new);
    if outside.rotated.contains(name) {
        return rotate_one(name, rule, environment, outside, faults);
    }
    let kept = match rule {
        SecretRule::File(path) => match read_file(path.as_str(), outside) {
            Ok(secret) => secret.map(|secret| (secret, SecretOrigin::File(path.as_str().to_owned()))),
            Err(error) => {
                faults.unreadable.push((name.clone(), path.as_str().to_owned(), error));
                return None;
            }
        },
        SecretRule::Generate | SecretRule::Required => {
            outside.stored.get(name.as_str()).map(|secret| (secret.clone(), SecretOrigin::Stored))
        }
    };
    match (kept, environment, rule) {
        // Compose would take the shell's value, and so another one than .env says
        (Some((kept, _)), Some(environment), _) if kept != environment => {
            faults.disagreeing.push(name.clone());
            None
        }
        (Some(kept), _, _) => Some(kept),
        (None, Some(environment), SecretRule::Generate | SecretRule::Required) => {
            Some((environment, SecretOrigin::Environment))
        }
        (None, None, SecretRule::Generate) => generate(outside, faults),
        (None, _, SecretRule::File(path)) => {
            faults.empty.push((name.clone(), path.as_str().to_owned()));
            None
        }
        (None, None, SecretRule::Required) => {
            faults.missing.push(name.clone());
            None
        }
    }
}

/// A new value, whatever is kept.
fn rotate_one(
    name: &EnvironmentKey,
    rule: &SecretRule,
    environment: Option<Secret>,
    outside: &mut Outside<'_>,
    faults: &mut SecretFaults,
) -> Option<(Secret, SecretOrigin)> {
    if let SecretRule::File(path) = rule {
        faults.not_ours.push((name.clone(), path.as_str().to_owned()));
        return None;
    }
    match (environment, outside.rotated_from_environment) {
        (Some(secret), true) => Some((secret, SecretOrigin::Environment)),
        (None, true) => {
            faults.missing.push(name.clone());
            None
        }
        (Some(_), false) => {
            faults.exported.push(name.clone());
            None
        }
        (None, false) if *rule == SecretRule::Required => {
            faults.only_given.push(name.clone());
            None
        }
        (None, false) => generate(outside, faults),
    }
}

fn generate(outside: &mut Outside<'_>, faults: &mut SecretFaults) -> Option<(Secret, SecretOrigin)> {
    match Secret::generate(outside.random) {
        Ok(secret) => Some((secret, SecretOrigin::Generated)),
        Err(error) => {
            faults.no_randomness = Some(error);
            None
        }
    }
}

/// The content of a file without the line end that editors add; empty counts as missing.
fn read_file(path: &str, outside: &Outside<'_>) -> Result<Option<Secret>, std::io::Error> {
    let content = (outside.file)(path)?;
    let value = content.strip_suffix('\n').unwrap_or(&content);
    let value = value.strip_suffix('\r').unwrap_or(value);
    Ok(Secret::new(value.to_owned()))
}

#[cfg(test)]
mod tests;
