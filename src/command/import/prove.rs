//! Knows how an import proves itself: it generates in memory, and what would mean something else stays as it was. Must not
//! know how a deployment is read, nor how anything is written.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::told::{generated, refused, tell, told};
use crate::change::place;
use crate::compose::Dotenv;
use crate::deployment::Deployment;
use crate::diagnostic::Diagnostic;
use crate::dotenv::DotenvFile;
use crate::import::{Aside, Beside, HandKept, Imported, gathered, import_but};
use crate::outcome::{Failure, Rejection};
use crate::placement::Placement;
use crate::proof::{Difference, Layer, Proof, Side, Verdict};
use crate::secret::{KeptIn, NoRandomness, Outside, Secret, Secrets, Values, choose, passwords_in_urls};
use crate::target::{Found, Inputs, compose};
use crate::value::{EnvironmentKey, SecretRule, ServiceName};
use crate::verdict::Meaning;
use crate::yaml::{self, Node};

/// Ours are read by the same readers.
const UNREADABLE: &str = "what would be generated can't be read";

/// How often something is put aside, at the most.
const ROUNDS: usize = 16;

/// The value of a secret that nobody gave: what is compared must have one.
const UNSET: &str = "codelab-gen-has-no-value";

/// An import that changes nothing but what is meant to change.
pub(super) struct Proven {
    pub(super) imported: Imported,
    pub(super) meaning: Meaning,
}

/// Why there is none.
pub(super) enum Unproven {
    /// The files have faults.
    Unimportable(Vec<Diagnostic>),
    /// It failed before it could be compared.
    Failed(Failure),
}

impl From<Failure> for Unproven {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Imports, and leaves as it was what would mean something else. `to_root` is the way from the folder to the project's root.
///
/// # Errors
/// Where that is not possible, and where the files have faults.
pub(super) fn prove(
    kept: &HandKept<'_>,
    to_root: &str,
    check: impl Fn(&Imported) -> Result<Meaning, Failure>,
) -> Result<Proven, Unproven> {
    let root = gathered(kept.files).map_err(Unproven::Unimportable)?;
    let mut aside = Aside::default();
    for _ in 0..ROUNDS {
        let mut imported = import_but(kept, &aside).map_err(Unproven::Unimportable)?;
        let meaning = match check(&imported) {
            // a rule of profiles forbids what the server does
            Err(Failure::Rejected(rejection)) if forbids_server(&rejection, &imported, &mut aside) => continue,
            meaning => meaning?,
        };
        let verdict = verdict(kept, &root, to_root, &imported, &meaning)?;
        if verdict.faults.is_empty() {
            tell(&verdict, &root, &mut imported);
            return Ok(Proven { imported, meaning });
        }
        let told = |fault: &Difference| told(fault, kept);
        let found: Vec<bool> =
            verdict.faults.iter().map(|fault| put_aside(fault, &imported, &mut aside, told)).collect();
        if !found.contains(&true) {
            if let Some(generated) = generated(kept) {
                return Err(Unproven::Unimportable(vec![generated]));
            }
            return Err(Unproven::Unimportable(refused(&verdict.faults, kept, &root, &imported)));
        }
    }
    let message = "the profile would mean something else, whatever stays as it was".to_owned();
    Err(Unproven::Failed(Failure::Internal { message }))
}

/// Whether a profile may be one without the server's section.
fn forbids_server(rejection: &Rejection, imported: &Imported, aside: &mut Aside) -> bool {
    let why = rejection.diagnostics.first().map(|fault| fault.message.as_str()).unwrap_or_default();
    let why = format!("a rule of profiles is against it ({why})");
    imported.server.as_ref().is_some_and(|name| aside.keep_server(name, why))
}

/// Whether something can still be left as it was.
fn put_aside(fault: &Difference, imported: &Imported, aside: &mut Aside, told: impl Fn(&Difference) -> String) -> bool {
    let [key, entry] = [2, 3].map(|step| fault.path.get(step).map(String::as_str));
    let is_shared = matches!(key, Some("networks" | "depends_on"));
    let is_server = fault.service() == Some(ServiceName::postgres().as_str()) && imported.server.is_some();
    let why = || told(fault);
    let keep_server = |aside: &mut Aside| imported.server.as_ref().is_some_and(|name| aside.keep_server(name, why()));
    let keep = |aside: &mut Aside| match (fault.service(), key) {
        (Some(service), Some(key)) if !is_server => aside.keep(service, key, entry),
        (_, _) => false,
    };
    // what a service shares with the server goes back as a whole
    (is_shared && keep_server(aside)) || keep(aside) || keep_server(aside)
}

/// Generates in memory, with what the user's files will be then, and compares.
fn verdict(
    kept: &HandKept<'_>,
    root: &Node<'_>,
    to_root: &str,
    imported: &Imported,
    meaning: &Meaning,
) -> Result<Verdict, Failure> {
    let Meaning { deployment, extras, sources: _ } = meaning;
    let fault = |message: String| Failure::Internal { message };
    let new: String = imported.new_secrets.iter().map(|new| new.line.as_str()).collect();
    let gap = if kept.dotenv.is_empty() || kept.dotenv.ends_with('\n') { "" } else { "\n" };
    let own = format!("{}{gap}{new}", kept.dotenv);
    let (secrets, unset) = secrets(deployment, &own).map_err(fault)?;
    let placement = Placement { root: to_root.to_owned(), ..kept.placement.clone() };
    let inputs = Inputs {
        values: Values::Chosen { secrets: &secrets, kept: &IndexMap::new() },
        placement: &placement,
        found: &Found::default(),
    };
    let files = deployment.target.render(deployment, extras, &inputs).map_err(|error| fault(error.to_string()))?;
    let text = |output| files.iter().find(|file| file.output == output).map_or("", |file| file.text.as_str());
    let block = text(compose::DOTENV);
    let dotenv = if block.is_empty() {
        own
    } else {
        place(block, &DotenvFile::read(&own)).unwrap_or_else(|_| format!("{own}{block}"))
    };
    let names = deployment.dotenv_keys();
    let mut keys: BTreeSet<String> = names.names().into_iter().map(str::to_owned).collect();
    keys.extend(imported.new_secrets.iter().map(|new| new.key.to_string()));

    // Compose reads the file beside today, and afterwards, when the outputs are all that it finds
    let added = imported.beside.as_ref().filter(|beside| !beside.is_said_by(kept.beside)).map(Beside::text);
    let generated = yaml::read(text(compose::FILE)).map_err(|_| fault(UNREADABLE.to_owned()))?;
    let beside = yaml::read(kept.beside).ok().map(|root| (kept.beside, root));
    let added = added.as_deref().and_then(|text| Some((text, yaml::read(text).ok()?)));
    let today: Vec<_> = [Layer { text: kept.files.text(), root }].into_iter().chain(beside.iter().map(layer)).collect();
    let afterwards = [Layer { text: text(compose::FILE), root: &generated }].into_iter();
    let afterwards: Vec<_> = afterwards.chain(beside.iter().chain(&added).map(layer)).collect();
    let proof = Proof {
        before: Side { layers: &today, dotenv: kept.dotenv },
        after: Side { layers: &afterwards, dotenv: &dotenv },
        folder: kept.folder,
        home: &kept.placement.root,
        files: kept.read,
        server: imported.server.as_deref(),
        deployment,
        keys: &keys,
        unset: &unset,
    };
    proof.verdict().ok_or_else(|| fault(UNREADABLE.to_owned()))
}

fn layer<'p>((text, root): &'p (&'p str, Node<'p>)) -> Layer<'p> {
    Layer { text, root }
}

/// The values of all secrets, from `.env` as it will be, and the names of those that nobody gave.
fn secrets(deployment: &Deployment, dotenv: &str) -> Result<(Secrets, BTreeSet<String>), String> {
    let given = Dotenv::read(dotenv, &|_| None);
    let given = given.all().filter_map(|(name, value)| Some((name.to_owned(), Secret::new(value.to_owned())?)));
    let mut stored: IndexMap<String, Secret> = given.collect();
    let in_urls = passwords_in_urls(&stored, deployment);
    stored.extend(in_urls);
    let rules: IndexMap<EnvironmentKey, SecretRule> =
        deployment.kept_secrets().into_keys().map(|name| (name, SecretRule::Required)).collect();
    let is_given = |name: &&EnvironmentKey| stored.contains_key(name.as_str());
    let unset: BTreeSet<String> = rules.keys().filter(|name| !is_given(name)).map(ToString::to_string).collect();
    stored.extend(unset.iter().filter_map(|name| Some((name.clone(), Secret::new(UNSET.to_owned())?))));
    let mut outside = Outside {
        stored: &stored,
        environment: &|_| Ok(None),
        file: &|_| Ok(String::new()),
        random: &mut |_| Err(NoRandomness),
        rotated: &[],
        rotated_from_environment: false,
        kept_in: KeptIn::Dotenv,
        judge_strength: false,
        allow_weak: true,
    };
    let chosen = choose(&rules, &mut outside).map_err(|faults| {
        let names: Vec<_> = faults.unwritable.iter().map(|(name, _)| format!("`{name}`")).collect();
        format!("{} can't be written to .env", names.join(", "))
    })?;
    Ok((chosen, unset))
}
