//! Knows what a secret is and where its value comes from. Must not know which file it is written to.

use std::fmt;

use indexmap::IndexMap;

use crate::profile::SecretRule;
use crate::value::EnvironmentKey;

/// How many characters a made-up secret has; with 62 to choose from, 190 bits.
const GENERATED_LENGTH: usize = 32;

/// The characters of a made-up secret: no reader of any file treats one of them specially.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A value that nobody may see. It has no `Display` and can't be serialized; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value; empty counts as missing.
    #[must_use]
    pub fn new(value: String) -> Option<Self> {
        (!value.is_empty()).then_some(Self(value))
    }

    /// The value itself, for the views of files that hold secrets and nobody else.
    #[must_use]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Makes one up of random bytes.
    fn generate(random: &mut dyn FnMut(&mut [u8]) -> Result<(), NoRandomness>) -> Result<Self, NoRandomness> {
        let mut value = String::with_capacity(GENERATED_LENGTH);
        while value.len() < GENERATED_LENGTH {
            let mut bytes = [0; 2 * GENERATED_LENGTH];
            random(&mut bytes)?;
            // a byte beyond the last multiple of 62 would make the first letters likelier
            let fair = bytes.iter().filter(|byte| **byte < 248).map(|byte| usize::from(*byte) % ALPHABET.len());
            let letters = fair.filter_map(|index| ALPHABET.get(index)).map(|letter| char::from(*letter));
            value.extend(letters.take(GENERATED_LENGTH - value.len()));
        }
        Ok(Self(value))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness;

/// Where a secret's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretOrigin {
    /// The `.env` that stands there already.
    DotEnv,
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
}

/// The values of all secrets of a deployment.
pub type Secrets = IndexMap<EnvironmentKey, ChosenSecret>;

/// What the outside knows of secrets; every part a plain value or a function, so that choosing stays testable.
pub struct Outside<'o> {
    /// The values in the block of the existing `.env`.
    pub dotenv: &'o IndexMap<String, Secret>,
    /// Looks up a variable of the environment.
    pub environment: &'o dyn Fn(&str) -> Option<String>,
    /// Reads the file that a profile names for a secret.
    pub file: &'o dyn Fn(&str) -> Result<String, std::io::Error>,
    /// Fills a buffer with random bytes.
    pub random: &'o mut dyn FnMut(&mut [u8]) -> Result<(), NoRandomness>,
}

/// Why not every secret has a value.
#[derive(Debug)]
pub enum SecretFault {
    /// These are required, and nobody gave them.
    Missing(Vec<EnvironmentKey>),
    /// The file of one can't be read.
    File {
        /// The secret.
        name: EnvironmentKey,
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// There are no random bytes to make one of.
    NoRandomness(NoRandomness),
}

/// Chooses a value for every secret: that of the existing `.env`, else of the environment, else what its rule says.
///
/// # Errors
/// Where a value is required and missing; all missing ones are named at once.
pub fn choose(rules: &IndexMap<EnvironmentKey, SecretRule>, outside: &mut Outside<'_>) -> Result<Secrets, SecretFault> {
    let mut chosen = Secrets::new();
    let mut missing = Vec::new();
    for (name, rule) in rules {
        let secret = match (outside.dotenv.get(name.as_str()), (outside.environment)(name.as_str()), rule) {
            (_, _, SecretRule::File(path)) => from_file(name, path.as_str(), outside.file)?,
            (Some(secret), _, _) => Some(ChosenSecret { secret: secret.clone(), origin: SecretOrigin::DotEnv }),
            (None, Some(value), _) if !value.is_empty() => {
                Some(ChosenSecret { secret: Secret(value), origin: SecretOrigin::Environment })
            }
            (None, _, SecretRule::Generate) => {
                let secret = Secret::generate(outside.random).map_err(SecretFault::NoRandomness)?;
                Some(ChosenSecret { secret, origin: SecretOrigin::Generated })
            }
            (None, _, SecretRule::Required) => None,
        };
        match secret {
            Some(secret) => {
                chosen.insert(name.clone(), secret);
            }
            None => missing.push(name.clone()),
        }
    }
    if missing.is_empty() { Ok(chosen) } else { Err(SecretFault::Missing(missing)) }
}

/// The content of a file without the line end that editors add; empty counts as missing.
fn from_file(
    name: &EnvironmentKey,
    path: &str,
    read: &dyn Fn(&str) -> Result<String, std::io::Error>,
) -> Result<Option<ChosenSecret>, SecretFault> {
    let content = read(path).map_err(|error| SecretFault::File { name: name.clone(), path: path.to_owned(), error })?;
    let value = content.strip_suffix('\n').unwrap_or(&content);
    let value = value.strip_suffix('\r').unwrap_or(value);
    let origin = SecretOrigin::File(path.to_owned());
    Ok(Secret::new(value.to_owned()).map(|secret| ChosenSecret { secret, origin }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextValue as _;

    fn name(text: &str) -> EnvironmentKey {
        EnvironmentKey::parse(text).unwrap()
    }

    fn choose_from(
        rules: &[(&str, SecretRule)],
        dotenv: &[(&str, &str)],
        environment: &[(&str, &str)],
    ) -> Result<Secrets, SecretFault> {
        let rules = rules.iter().map(|(key, rule)| (name(key), rule.clone())).collect();
        let dotenv = dotenv.iter().filter_map(|(key, value)| Some(((*key).to_owned(), Secret::new((*value).into())?)));
        let lookup = |key: &str| environment.iter().find(|(known, _)| *known == key).map(|(_, value)| (*value).into());
        let mut outside = Outside {
            dotenv: &dotenv.collect(),
            environment: &lookup,
            file: &|_| Ok("from file\r\n".to_owned()),
            random: &mut |bytes| {
                bytes.iter_mut().enumerate().for_each(|(index, byte)| *byte = u8::try_from(index * 37 % 256).unwrap());
                Ok(())
            },
        };
        choose(&rules, &mut outside)
    }

    #[test]
    fn the_existing_value_wins_then_the_environment_then_the_rule() {
        let rules = [("A", SecretRule::Generate), ("B", SecretRule::Generate), ("C", SecretRule::Generate)];
        let chosen = choose_from(&rules, &[("A", "old")], &[("A", "new"), ("B", "env"), ("C", "")]).unwrap();
        assert_eq!(chosen[&name("A")].secret.expose(), "old");
        assert_eq!(chosen[&name("B")].secret.expose(), "env");
        assert_eq!(chosen[&name("C")].origin, SecretOrigin::Generated);
        let generated = chosen[&name("C")].secret.expose();
        assert_eq!(generated.len(), GENERATED_LENGTH);
        assert!(generated.bytes().all(|letter| letter.is_ascii_alphanumeric()));
    }

    #[test]
    fn all_missing_secrets_are_named_at_once() {
        let rules = [("A", SecretRule::Required), ("B", SecretRule::Required), ("C", SecretRule::Required)];
        let Err(SecretFault::Missing(names)) = choose_from(&rules, &[("B", "x")], &[("A", "")]) else { panic!() };
        assert_eq!(names, [name("A"), name("C")]);
    }

    #[test]
    fn a_file_loses_only_its_last_line_end() {
        let path = crate::value::HostPath::parse("./key").unwrap();
        let chosen = choose_from(&[("A", SecretRule::File(path))], &[("A", "old")], &[]).unwrap();
        assert_eq!(chosen[&name("A")].secret.expose(), "from file");
    }

    #[test]
    fn debug_output_hides_the_value() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "Some(Secret(…))");
    }
}
