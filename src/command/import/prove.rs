//! Knows how an import proves itself: it generates in memory, and what would mean something else stays as it was. Must not
//! know how a deployment is read, nor how anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use indexmap::IndexMap;

use crate::change::place;
use crate::command::target::Meaning;
use crate::compose::{Dotenv, Tree};
use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::dotenv::DotenvFile;
use crate::import::{Aside, Beside, COMPOSE, HandKept, Imported, Note, import_but};
use crate::outcome::Failure;
use crate::placement::Placement;
use crate::proof::{Difference, Proof, Side, Verdict};
use crate::secret::{NoRandomness, Outside, Secret, Secrets, Values, choose, names_secret, passwords_in_urls};
use crate::target::{Inputs, Target, compose};
use crate::url::password_of;
use crate::value::{EnvironmentKey, SecretRule, ServiceName};
use crate::yaml::{self, Content, Node};

/// The file beside the Compose file that is written.
pub(super) const OURS_BESIDE: &str = "docker-compose.override.yml";

/// How often something is put aside, at the most.
const ROUNDS: usize = 16;

/// The value of a secret that nobody gave: what is compared must have one.
const UNSET: &str = "codelab-gen-has-no-value";

/// The longest part of a value that a message shows, in characters.
const LONGEST: usize = 60;

/// Shorter values are found everywhere.
const SHORTEST: usize = 4;

/// The name and the text of the file that Compose reads beside the Compose file, where it is there.
type Existing<'b> = Option<(&'b str, &'b str)>;

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
    existing: Existing<'_>,
    check: impl Fn(&Imported) -> Result<Meaning, Failure>,
) -> Result<Proven, Unproven> {
    let mut aside = Aside::default();
    for _ in 0..ROUNDS {
        let mut imported = import_but(kept, &aside).map_err(Unproven::Unimportable)?;
        let meaning = check(&imported)?;
        let verdict = verdict(kept, to_root, existing, &imported, &meaning)?;
        if verdict.faults.is_empty() {
            tell(&verdict, kept, &mut imported);
            return Ok(Proven { imported, meaning });
        }
        let found: Vec<bool> = verdict.faults.iter().map(|fault| put_aside(fault, &imported, &mut aside)).collect();
        if !found.contains(&true) {
            return Err(Unproven::Unimportable(refused(&verdict.faults, kept, &imported)));
        }
    }
    let message = "the profile would mean something else, whatever stays as it was".to_owned();
    Err(Unproven::Failed(Failure::Internal { message }))
}

/// Whether something can still be left as it was.
fn put_aside(fault: &Difference, imported: &Imported, aside: &mut Aside) -> bool {
    let [key, entry] = [2, 3].map(|step| fault.path.get(step).map(String::as_str));
    let is_shared = matches!(key, Some("networks" | "depends_on"));
    let is_server = fault.service() == Some(ServiceName::postgres().as_str()) && imported.server.is_some();
    let why = || format!("`{}` would mean something else", fault.key());
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
    to_root: &str,
    existing: Existing<'_>,
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
    let inputs = Inputs { values: Values::Chosen { secrets: &secrets, kept: &IndexMap::new() }, placement: &placement };
    let files = Target::Compose.render(deployment, extras, &inputs).map_err(|error| fault(error.to_string()))?;
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

    let is_said = |beside: &Beside| existing.is_some_and(|(_, text)| beside.is_said_by(text));
    let added = imported.beside.as_ref().filter(|beside| !is_said(beside) && is_read(OURS_BESIDE, &dotenv));
    let added = added.map(Beside::text);
    let existing = existing.filter(|(name, text)| yaml::read(text).is_ok() && is_read(name, kept.dotenv));
    let existing = existing.map(|(_, text)| text);
    let today: Vec<&str> = std::iter::once(kept.compose).chain(existing).collect();
    let afterwards: Vec<&str> = std::iter::once(text(compose::FILE)).chain(existing).chain(added.as_deref()).collect();
    let proof = Proof {
        before: Side { files: &today, dotenv: kept.dotenv },
        after: Side { files: &afterwards, dotenv: &dotenv },
        folder: kept.folder,
        home: &kept.placement.root,
        files: kept.files,
        server: imported.server.as_deref(),
        deployment,
        keys: &keys,
        unset: &unset,
    };
    proof.verdict().ok_or_else(|| fault("what would be generated can't be read".to_owned()))
}

/// Whether Compose reads a file beside the Compose file: not where `.env` names all files itself.
fn is_read(name: &str, dotenv: &str) -> bool {
    let dotenv = Dotenv::read(dotenv, &|_| None);
    let separator = dotenv.get("COMPOSE_PATH_SEPARATOR").filter(|separator| !separator.is_empty()).unwrap_or(":");
    match dotenv.get("COMPOSE_FILE").filter(|files| !files.is_empty()) {
        Some(files) => files.split(separator).any(|file| file.trim_start_matches("./") == name),
        None => true,
    }
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
        judge_strength: false,
        allow_weak: true,
    };
    let chosen = choose(&rules, &mut outside).map_err(|faults| {
        let names: Vec<_> = faults.unwritable.iter().map(|(name, _)| format!("`{name}`")).collect();
        format!("{} can't be written to .env", names.join(", "))
    })?;
    Ok((chosen, unset))
}

/// Adds to the notes what changes, and what no longer follows a variable; drops what turned out not to be so.
fn tell(verdict: &Verdict, kept: &HandKept<'_>, imported: &mut Imported) {
    let spans = spans(kept.compose);
    let own = ServiceName::postgres().to_string();
    let today = |name: &String| match &imported.server {
        Some(server) if *name == own => server.clone(),
        Some(_) | None => name.clone(),
    };
    let mut notes = Vec::new();
    for (improvement, services) in &verdict.improvements {
        let Some((what, help)) = improvement.sentence() else { continue };
        for service in services.iter().map(today) {
            let message = format!("`{service}` {what}");
            notes.push(Note { span: spans.get(&service).cloned(), message, help: help.to_owned() });
        }
    }
    for frozen in &verdict.frozen {
        let told = imported.fixed.get(&frozen.variable).into_iter().flatten();
        let prefix = format!("services.{}.", frozen.service);
        let is_server = frozen.service == own && imported.server.is_some();
        let is_field = |field: &&String| field.starts_with(&prefix) || (is_server && field.starts_with("postgres."));
        let mut told = told.filter(|field| is_field(field) || *field == "postgres");
        if told.next().is_none() {
            let service = today(&frozen.service);
            let message = format!("`{}` of `{service}` follows `{}` no more", frozen.key, frozen.variable);
            let span = spans.get(&service).cloned();
            notes.push(Note {
                span,
                message,
                help: "change it in the profile, or in .env under its new name".to_owned(),
            });
        }
    }
    imported.notes.extend(notes);
    imported.notes.sort_by_key(|note| note.span.as_ref().map_or(usize::MAX, |span| span.start));
}

/// Where the services stand.
fn spans(compose: &str) -> BTreeMap<String, Range<usize>> {
    let root = yaml::read(compose).ok();
    let services = root.as_ref().and_then(|root| entries(root).iter().find(|entry| entry.key == "services"));
    let services = services.map(|services| entries(&services.value)).unwrap_or_default();
    services.iter().map(|entry| (entry.key.to_string(), entry.key_span.clone())).collect()
}

fn entries<'n, 'text>(node: &'n Node<'text>) -> &'n [yaml::Entry<'text>] {
    match &node.content {
        Content::Mapping(entries) => entries,
        Content::Scalar(_) | Content::Sequence(_) => &[],
    }
}

/// What can't stay as it was, each with its place.
fn refused(faults: &[Difference], kept: &HandKept<'_>, imported: &Imported) -> Vec<Diagnostic> {
    let spans = spans(kept.compose);
    let dotenv = Dotenv::read(kept.dotenv, &|_| None);
    // a value of `.env` may be a secret whatever it is called
    let secrets: Vec<&str> = dotenv.all().map(|(_, value)| value).filter(|value| value.len() >= SHORTEST).collect();
    let told = |fault: &Difference| {
        let key = fault.key();
        let name = fault.service().map(|name| match &imported.server {
            Some(server) if name == ServiceName::postgres().as_str() => server.as_str(),
            Some(_) | None => name,
        });
        let of = name.map(|name| format!(" of `{name}`")).unwrap_or_default();
        let show = |tree: &Option<Tree>| shown(tree.as_ref(), &key, &secrets);
        let (before, after) = (show(&fault.before), show(&fault.after));
        let message = format!("`{key}`{of} would mean something else: {before} today, {after} afterwards");
        let span = name.and_then(|name| spans.get(name)).cloned().unwrap_or(0..0);
        let help = "write it so that a profile can say it (docs/profile.md), and import again";
        Diagnostic::error(Code::InvalidValue, Place::Span(COMPOSE, span), message, help).conceal()
    };
    faults.iter().map(told).collect()
}

fn is_secret(name: &str, value: &str) -> bool {
    !value.is_empty() && (names_secret(name) || password_of(value).is_some_and(|password| !password.is_empty()))
}

/// A value in a message; never one that may be a secret.
fn shown(tree: Option<&Tree>, key: &str, secrets: &[&str]) -> String {
    let Some(tree) = tree else { return "nothing".to_owned() };
    let mut words = Vec::new();
    tree.each_text(&mut |text| words.push(text.to_owned()));
    let text = words.join(" ");
    let name = key.rsplit('.').next().unwrap_or_default();
    let holds = is_secret(name, &text) || secrets.iter().any(|secret| text.contains(secret));
    if holds || words.iter().any(|word| is_secret("", word)) {
        return "a value that is not shown".to_owned();
    }
    let visible: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    if visible.is_empty() { "what it is".to_owned() } else { format!("`{visible}`") }
}
