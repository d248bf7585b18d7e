//! Knows what an import has found beside the profile: faults, notes, secrets, and what no profile can say.
//! Must not know how anything is recognized.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::HandKept;
use super::guarded::Guarded;
use super::left::{self, Left};
use super::tree;
use super::variables::{Known, Variables};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::dotenv;
use crate::interpolation::Template;
use crate::placement::Placement;
use crate::profile::Raw;
use crate::secret::names_secret;
use crate::source::SourceId;
use crate::value::EnvironmentKey;
use crate::yaml::Node;

/// The Compose file among the sources of an import.
pub const COMPOSE: SourceId = SourceId(0);

/// The `.env` among the sources of an import.
pub const DOTENV: SourceId = SourceId(1);

/// Something that is worth knowing about an import.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Note {
    /// The bytes of the Compose file that it is about; nothing where it is about no single place.
    pub span: Option<Range<usize>>,
    /// What was found.
    pub message: String,
    /// What follows, or what to do.
    pub help: String,
    /// Whether it tells why a database is none of the profile.
    pub is_reason: bool,
}

/// A secret that stands in the Compose file, and moves to `.env`.
pub struct NewSecret {
    /// Its key.
    pub key: EnvironmentKey,
    /// The line of `.env`, with the value in it.
    pub line: String,
}

impl NewSecret {
    /// A secret with its line; nothing where no line could say it.
    pub(super) fn of(key: EnvironmentKey, value: &str) -> Option<Self> {
        let line = format!("{key}={}\n", dotenv::quote(value).ok()?);
        Some(Self { key, line })
    }
}

/// All that an import finds beside the profile.
pub(super) struct Ledger<'i> {
    pub(super) variables: &'i Variables,
    /// Where the deployment stands, seen from the project's root.
    pub(super) placement: &'i Placement,
    /// What the files beside the Compose file say.
    read: &'i dyn Fn(&str) -> Option<String>,
    /// Variables that are secrets because of what they are given to.
    pub(super) secret_variables: BTreeSet<String>,
    pub(super) notes: Vec<Note>,
    /// The same notes, to have each once.
    noted: HashSet<Note>,
    pub(super) faults: Vec<Diagnostic>,
    /// Where faults are told whose text may be a secret, and how, to have each once.
    concealed: HashSet<(Range<usize>, SourceId, String)>,
    pub(super) left: Left,
    /// The named volumes that only those keys mount.
    pub(super) volumes_beside: BTreeSet<String>,
    /// The secrets that the profile declares.
    pub(super) secrets: BTreeSet<EnvironmentKey>,
    pub(super) new_secrets: Vec<NewSecret>,
    /// The services that the file beside the Compose file names.
    pub(super) named_beside: BTreeSet<String>,
    /// Why these servers get no section, where that is decided already.
    pub(super) servers_that_stay: BTreeMap<String, String>,
    /// Where each of them stands among the others.
    moved: HashMap<EnvironmentKey, usize>,
    /// The values of secrets that are known, which no profile may hold.
    values_of_secrets: Guarded,
    /// What each variable of the Compose file is today, once for every reference to it; nothing where that is not sure.
    references: BTreeMap<String, BTreeSet<Option<String>>>,
    /// The fields that hold values of variables now, with the variables, and the order in which they were found.
    fixed: BTreeMap<String, BTreeMap<String, usize>>,
    /// How many were.
    fixed_count: usize,
}

impl<'i> Ledger<'i> {
    pub(super) fn new(variables: &'i Variables, kept: &HandKept<'i>) -> Self {
        Self {
            variables,
            placement: kept.placement,
            read: kept.read,
            secret_variables: BTreeSet::new(),
            notes: Vec::new(),
            noted: HashSet::new(),
            faults: Vec::new(),
            concealed: HashSet::new(),
            left: Left::default(),
            volumes_beside: BTreeSet::new(),
            secrets: BTreeSet::new(),
            new_secrets: Vec::new(),
            named_beside: BTreeSet::new(),
            servers_that_stay: BTreeMap::new(),
            moved: HashMap::new(),
            values_of_secrets: Guarded::default(),
            references: BTreeMap::new(),
            fixed: BTreeMap::new(),
            fixed_count: 0,
        }
    }

    pub(super) fn note(&mut self, span: Option<&Range<usize>>, message: impl Into<String>, help: impl Into<String>) {
        let note = Note { span: span.cloned(), message: message.into(), help: help.into(), is_reason: false };
        self.add_note(note);
    }

    /// The same where it tells why a database is none of the profile.
    pub(super) fn reason(&mut self, span: Option<&Range<usize>>, message: impl Into<String>, help: impl Into<String>) {
        let note = Note { span: span.cloned(), message: message.into(), help: help.into(), is_reason: true };
        self.add_note(note);
    }

    fn add_note(&mut self, note: Note) {
        if self.noted.insert(note.clone()) {
            self.notes.push(note);
        }
    }

    pub(super) fn fault(
        &mut self,
        code: Code,
        span: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.faults.push(Diagnostic::error(code, Place::Span(COMPOSE, span.clone()), message, help));
    }

    /// The same where the text at the place may be a secret.
    pub(super) fn concealed_fault(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) {
        let message = message.into();
        if let Place::Span(source, span) = &place
            && !self.concealed.insert((span.clone(), *source, message.clone()))
        {
            return;
        }
        self.faults.push(Diagnostic::error(Code::InvalidValue, place, message, help).conceal());
    }

    pub(super) fn is_secret(&self, variable: &str) -> bool {
        names_secret(variable) || self.secret_variables.contains(variable)
    }

    /// A text as it is today, its variables replaced by what they hold; nothing where a profile must not or can't hold
    /// it. `field` is where it will stand.
    pub(super) fn fixed(&mut self, node: &Node<'_>, field: &str) -> Option<String> {
        self.fixed_text(tree::text(node)?, field)
    }

    /// The same for a text, of which nobody has said yet that it will stand in the profile.
    pub(super) fn known(&self, text: &str) -> Option<String> {
        let template = Template::parse(text)?;
        if template.names().iter().any(|name| self.is_secret(name)) {
            return None;
        }
        self.variables.fill(&template).filter(|filled| !self.holds_secret(filled))
    }

    /// The text of a file beside the Compose file, by its path from there.
    pub(super) fn file(&self, path: &str) -> Option<String> {
        (self.read)(path)
    }

    /// The same for a text.
    pub(super) fn fixed_text(&mut self, text: &str, field: &str) -> Option<String> {
        self.fixed_template(&Template::parse(text)?, field)
    }

    /// The same for a text that was taken apart.
    pub(super) fn fixed_template(&mut self, template: &Template, field: &str) -> Option<String> {
        let names = template.names();
        if names.iter().any(|name| self.is_secret(name)) {
            return None;
        }
        let filled = self.variables.fill(template)?;
        if self.holds_secret(&filled) {
            return None;
        }
        for name in names {
            self.fix(name, field);
        }
        Some(filled)
    }

    /// Remembers what every reference below a node is today.
    pub(super) fn learn_references(&mut self, node: &Node<'_>) {
        let below = tree::items(node).iter().chain(tree::entries(node).iter().map(|entry| &entry.value));
        for node in below {
            self.learn_references(node);
        }
        if let Some(template) = tree::text(node).and_then(Template::parse) {
            for reference in template.references() {
                let today = self.variables.fill(&Template::of(reference.clone()));
                self.refer(&reference.name, today);
            }
        }
    }

    /// Remembers what a reference to a variable is today.
    pub(super) fn refer(&mut self, name: &str, today: Option<String>) {
        self.references.entry(name.to_owned()).or_default().insert(today);
    }

    /// Remembers a value that no text of the profile may hold. Short ones would be found everywhere, and so would one
    /// word, which is the name of something as well more often than a secret that somebody chose.
    pub(super) fn guard(&mut self, key: &str, value: &str) {
        const SHORTEST: usize = 8;
        if value.len() >= SHORTEST && !is_one_word(value) {
            self.values_of_secrets.add(key, value);
        }
    }

    pub(super) fn holds_secret(&self, text: &str) -> bool {
        self.values_of_secrets.find(text).is_some()
    }

    /// Puts a key of a service aside, with why; lists and mappings add to what is there.
    pub(super) fn leave(&mut self, service: &str, key: &str, mut raw: Raw, span: &Range<usize>, why: &str) {
        left::change(&mut raw, &|text| self.referring(text));
        let found =
            |text: &str| self.values_of_secrets.value_in(text).map(|(key, value)| (key.to_owned(), value.to_owned()));
        if let Some((secret, value)) = left::find(&raw, &found) {
            let help = match self.key_of(&value) {
                Some(key) => format!("write `${{{key}}}` in its place, and import again"),
                // that variable may hold more, such as a URL with this password in it
                None => "put `NAME=…` with it into .env, write `${NAME}` in its place, and import again".to_owned(),
            };
            let message = format!("`{key}` of `{service}` holds the value of the secret `{secret}`");
            self.concealed_fault(Place::Span(COMPOSE, span.clone()), message, help);
            return;
        }
        if !OF_SEVERAL.contains(&key) {
            let prefix = format!("services.{service}.{key}");
            let below = self.fixed.range(prefix.clone()..).take_while(|(field, _)| field.starts_with(&prefix));
            let below: Vec<_> = below.map(|(field, _)| field.clone()).collect();
            for field in below {
                self.fixed.remove(&field);
            }
        }
        self.note(Some(span), format!("`{key}` of `{service}` {why}"), KEPT_BESIDE);
        self.left.add_to(service, key, raw);
    }

    /// A text of the Compose file in which references stand for values of `.env` that are secrets: it means the same.
    fn referring(&self, text: &str) -> Option<String> {
        let (_, value) = self.values_of_secrets.value_in(text)?;
        let key = self.key_of(value).filter(|_| !value.contains(['$', '{', '}']))?;
        let text = text.replace(value, &format!("${{{key}}}"));
        self.values_of_secrets.value_in(&text).is_none().then_some(text)
    }

    /// A key that holds a value in `.env`, or will.
    fn key_of(&self, value: &str) -> Option<&str> {
        let written = dotenv::quote(value).ok()?;
        let is_moved = |new: &&NewSecret| new.line.strip_prefix(new.key.as_str()) == Some(&format!("={written}\n"));
        let moved = self.new_secrets.iter().find(is_moved).map(|new| new.key.as_str());
        moved.or_else(|| self.variables.all().filter(|(_, known)| *known == value).map(|(key, _)| key).min())
    }

    /// Remembers that a variable has no effect on a field any more.
    pub(super) fn fix(&mut self, name: &str, field: &str) {
        let names = self.fixed.entry(field.to_owned()).or_default();
        names.entry(name.to_owned()).or_insert(self.fixed_count);
        self.fixed_count += 1;
    }

    /// Puts a key at the top of the Compose file aside, with why.
    pub(super) fn leave_top(&mut self, key: &str, raw: Raw, span: &Range<usize>, why: &str) {
        self.note(Some(span), format!("`{key}` {why}"), KEPT_BESIDE);
        self.left.add(key, raw);
    }

    /// Puts a volume aside that only mounts use that stand beside.
    pub(super) fn leave_volume(&mut self, name: &str, raw: Raw) {
        self.left.add("volumes", Raw::Mapping(vec![(name.to_owned(), raw)]));
    }

    /// Declares a secret whose value stands in `.env` already.
    pub(super) fn declare(&mut self, key: &EnvironmentKey) {
        self.secrets.insert(key.clone());
        if let Known::Value(value) = self.variables.get(key.as_str()) {
            let value = value.to_owned();
            self.guard(key.as_str(), &value);
        }
    }

    /// Takes a value out of the Compose file and into `.env`, under the first of these names that is free or has this
    /// value; returns that name.
    pub(super) fn move_secret(&mut self, names: &[String], value: &str, span: &Range<usize>) -> Option<EnvironmentKey> {
        let key = names.iter().filter_map(|name| key_of_secret(name)).find(|key| self.is_free(key, value));
        let Some(key) = key else {
            let message = "a secret stands here, and its name means another value in .env or elsewhere in this file";
            let help = "write the same value in both places, or refer to the variable, and import again";
            self.concealed_fault(Place::Span(COMPOSE, span.clone()), message, help);
            return None;
        };
        if value.contains(char::is_control) {
            // the Compose file may be a stranger's: a line of `.env` that it writes could mean something to others
            let message = format!("the secret `{key}` holds a line end or another control character");
            let help = "put it into a file, and mount that; or write it into .env yourself, and refer to it";
            self.concealed_fault(Place::Span(COMPOSE, span.clone()), message, help);
            return None;
        }
        let written = match dotenv::quote(value) {
            Ok(written) => written,
            Err(unwritable) => {
                let message = format!("the secret `{key}` can't stand in .env: {unwritable}");
                self.concealed_fault(Place::Span(COMPOSE, span.clone()), message, "give it another value");
                return None;
            }
        };
        let line = format!("{key}={written}\n");
        let stands = self.variables.value(key.as_str()).is_some();
        if !stands && !self.moved.contains_key(&key) {
            self.moved.insert(key.clone(), self.new_secrets.len());
            self.new_secrets.push(NewSecret { key: key.clone(), line });
        }
        self.guard(key.as_str(), value);
        Some(key)
    }

    fn is_free(&self, key: &EnvironmentKey, value: &str) -> bool {
        let Ok(written) = dotenv::quote(value) else { return true };
        let mut referred = self.references.get(key.as_str()).into_iter().flatten();
        if referred.any(|today| today.as_deref() != Some(value)) {
            return false;
        }
        let line = format!("{key}={written}\n");
        let new = self.moved.get(key).and_then(|index| self.new_secrets.get(*index));
        match (self.variables.get(key.as_str()), new) {
            (Known::Value(known), _) if !known.is_empty() => known == value,
            (Known::Value(_) | Known::Unset, Some(new)) => new.line == line,
            (Known::Unset, None) => true,
            // an empty line of `.env` would be a second one for the key
            (Known::Value(_), None) | (Known::Odd(_), _) => false,
        }
    }

    /// Tells which values of `.env` stand in the profile now, and in which fields.
    pub(super) fn note_fixed(&mut self) -> BTreeMap<String, Vec<String>> {
        let mut told = BTreeMap::new();
        let mut by_name: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
        for (field, names) in std::mem::take(&mut self.fixed) {
            for (name, order) in names {
                by_name.entry(name).or_default().push((order, field.clone()));
            }
        }
        for (name, mut fields) in by_name {
            fields.sort_unstable();
            let fields: Vec<_> = fields.into_iter().map(|(_, field)| field).collect();
            told.insert(name.clone(), fields.clone());
            let fields = fields.join("`, `");
            if self.variables.get(&name) == Known::Unset {
                let message = format!("`{name}` is not in .env; its default stands in the profile now: `{fields}`");
                self.note(
                    None,
                    message,
                    "write there what the shell gives it, if it does; these fields follow it no more",
                );
            } else {
                let message = format!("what `{name}` holds stands in the profile now: `{fields}`");
                self.note(None, message, "change it there; these fields follow the variable no more");
            }
        }
        told
    }
}

/// Whether a value is no more than one lower-case word, such as `shopware`.
pub(super) fn is_one_word(value: &str) -> bool {
    const LONGEST: usize = 16;
    value.len() <= LONGEST && value.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Keys of Compose that say several things, of which one alone may be left.
const OF_SEVERAL: [&str; 5] = ["build", "environment", "labels", "ports", "volumes"];

/// The way out of what no profile can say.
const KEPT_BESIDE: &str = "it stands in docker-compose.override.yml, which Compose reads beside docker-compose.yml";

/// The key of `.env` that a secret may have: none that belongs to somebody else.
pub(super) fn key_of_secret(name: &str) -> Option<EnvironmentKey> {
    use crate::value::TextValue as _;
    let is_owned =
        name.starts_with("COMPOSE_") || name.ends_with("__DB_URL") || ["POSTGRES_USER", "POSTGRES_DB"].contains(&name);
    EnvironmentKey::parse(name).ok().filter(|_| !is_owned)
}
