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
use crate::import::{Aside, Beside, COMPOSE, HandKept, Imported, Note, gathered, import_but, in_its_file};
use crate::outcome::Failure;
use crate::placement::Placement;
use crate::proof::{Difference, Layer, Proof, Side, Verdict};
use crate::render::examine;
use crate::secret::{KeptIn, NoRandomness, Outside, Secret, Secrets, Values, choose, names_secret, passwords_in_urls};
use crate::spelling::quoted;
use crate::target::{Found, Inputs, compose};
use crate::url::password_of;
use crate::value::{EnvironmentKey, SecretRule, ServiceName};
use crate::yaml::{self, Content, Node};

/// Ours are read by the same readers.
const UNREADABLE: &str = "what would be generated can't be read";

/// How the line begins by which a generated file names its profile.
const MARK: &str = "# codelab-gen: profile=";

/// How often something is put aside, at the most.
const ROUNDS: usize = 16;

/// The value of a secret that nobody gave: what is compared must have one.
const UNSET: &str = "codelab-gen-has-no-value";

/// The longest part of a value that a message shows, in characters.
const LONGEST: usize = 60;

/// Shorter values are found everywhere.
const SHORTEST: usize = 4;

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
        let meaning = check(&imported)?;
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

/// Adds to the notes what changes, and what no longer follows a variable; drops what turned out not to be so.
fn tell(verdict: &Verdict, root: &Node<'_>, imported: &mut Imported) {
    let spans = spans(root);
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
            notes.push(Note { span: spans.get(&service).cloned(), message, help: help.to_owned(), is_reason: false });
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
                is_reason: false,
            });
        }
    }
    imported.notes.extend(notes);
    imported.notes.sort_by_key(|note| note.span.as_ref().map_or(usize::MAX, |span| span.start));
}

/// Where the services stand.
fn spans(root: &Node<'_>) -> BTreeMap<String, Range<usize>> {
    let services = entries(root).iter().find(|entry| entry.key == "services");
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
fn refused(faults: &[Difference], kept: &HandKept<'_>, root: &Node<'_>, imported: &Imported) -> Vec<Diagnostic> {
    let spans = spans(root);
    let told = |fault: &Difference| {
        let name = fault.service().map(|name| match &imported.server {
            Some(server) if name == ServiceName::postgres().as_str() => server.as_str(),
            Some(_) | None => name,
        });
        let of = name.filter(|_| !fault.key().is_empty()).map(|name| format!(" of `{name}`")).unwrap_or_default();
        let (what, how) = parts(fault, kept);
        let message = format!("{what}{of} would mean something else: {how}");
        let span = name.and_then(|name| spans.get(name)).cloned().unwrap_or(0..0);
        let help = "write it so that a profile can say it (docs/profile.md), and import again";
        in_its_file(Diagnostic::error(Code::InvalidValue, Place::Span(COMPOSE, span), message, help), kept.files)
            .conceal()
    };
    faults.iter().map(told).collect()
}

/// What differs, and how: what is called so, or the service as a whole.
fn parts(fault: &Difference, kept: &HandKept<'_>) -> (String, String) {
    let key = fault.key();
    let dotenv = Dotenv::read(kept.dotenv, &|_| None);
    // a value of `.env` may be a secret whatever it is called
    let secrets: Vec<&str> = dotenv.all().map(|(_, value)| value).filter(|value| value.len() >= SHORTEST).collect();
    let show = |tree: &Option<Tree>| shown(tree.as_ref(), &key, &secrets);
    let (before, after) = (show(&fault.before), show(&fault.after));
    let what = if key.is_empty() { fault.service().unwrap_or_default() } else { key.as_str() };
    (format!("`{what}`"), format!("{before} today, {after} afterwards"))
}

/// Why a server stays as it is.
fn told(fault: &Difference, kept: &HandKept<'_>) -> String {
    let (what, how) = parts(fault, kept);
    let own = ServiceName::postgres();
    let of = fault.service().filter(|name| *name != own.as_str() && !fault.key().is_empty());
    let of = of.map(|name| format!(" of `{name}`")).unwrap_or_default();
    format!("{what}{of} would mean something else ({how})")
}

/// What is told of a file that codelab-gen wrote, and that says no more what its profile said.
fn generated(kept: &HandKept<'_>) -> Option<Diagnostic> {
    let mark = examine(kept.files.text_of(0), &compose::FILE)?;
    let message =
        format!("this file is generated from the profile {}, and import can't make that again", quoted(&mark.profile));
    let help = "change that profile instead; where it is lost, take it from a backup or the version control";
    let text = kept.files.text();
    let start = text.find(MARK).unwrap_or_default();
    let length = text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    let fault = Diagnostic::error(Code::InvalidValue, Place::Span(COMPOSE, start..start + length), message, help);
    Some(in_its_file(fault, kept.files))
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
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '=');
    if holds || text.split(is_end).any(|word| is_secret("", word)) {
        return "a value that is not shown".to_owned();
    }
    let visible: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    if visible.is_empty() { "what it is".to_owned() } else { format!("`{visible}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_unless_it_may_be_a_secret() {
        let secrets = ["an-unnamed-value-of-dotenv"];
        for (key, text, expected) in [
            ("environment.CACHE", "redis://cache:6379", "`redis://cache:6379`"),
            ("environment.CACHE", "x-an-unnamed-value-of-dotenv", "a value that is not shown"),
            ("environment.PASS_PHRASE", "kq83hf", "a value that is not shown"),
            ("command", "run postgresql://u:kq83hf@db/x", "a value that is not shown"),
            ("user", "", "what it is"),
            ("user", "a\u{1b}[8mb", "`a[8mb`"),
        ] {
            assert_eq!(shown(Some(&Tree::text(text)), key, &secrets), expected, "{key} {text}");
        }
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(shown(Some(&Tree::text(long.as_str())), "user", &[]), format!("`{}`", &long[1..]));
        assert_eq!(shown(None, "user", &secrets), "nothing");
    }
}
