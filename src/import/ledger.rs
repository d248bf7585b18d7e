//! Knows what an import has found beside the profile: faults, notes, secrets, and what no profile can say.
//! Must not know how anything is recognized.

mod moved;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::fixed::Fixed;
use super::guarded::Guarded;
use super::hand_kept::HandKept;
use super::left::{self, Left};
use super::notes::{COMPOSE, Note};
use super::secret_keys::{NewSecret, is_one_word};
use super::variables::{Known, Variables};
use crate::compose::nodes;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::interpolation::Template;
use crate::placement::Placement;
use crate::profile::Raw;
use crate::secret::names_secret;
use crate::source::SourceId;
use crate::value::EnvironmentKey;
use crate::yaml::Node;

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
    fixed: Fixed,
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
            fixed: Fixed::default(),
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
        help: impl Into<crate::help::Help>,
    ) {
        self.faults.push(Diagnostic::error(code, Place::Span(COMPOSE, span.clone()), message, help));
    }

    /// The same where the text at the place may be a secret.
    pub(super) fn concealed_fault(
        &mut self,
        place: Place,
        message: impl Into<String>,
        help: impl Into<crate::help::Help>,
    ) {
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
        self.fixed_text(nodes::text(node)?, field)
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
        let below = nodes::items(node).iter().chain(nodes::entries(node).iter().map(|entry| &entry.value));
        for node in below {
            self.learn_references(node);
        }
        if let Some(template) = nodes::text(node).and_then(Template::parse) {
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
            self.fixed.forget(&format!("services.{service}.{key}"));
        }
        self.note(Some(span), format!("`{key}` of `{service}` {why}"), KEPT_BESIDE);
        self.left.add_to(service, key, raw);
    }

    /// Remembers that a variable has no effect on a field any more.
    pub(super) fn fix(&mut self, name: &str, field: &str) {
        self.fixed.add(name, field);
    }

    /// Tells which values of `.env` stand in the profile now; in which fields each one does.
    pub(super) fn note_fixed(&mut self) -> BTreeMap<String, Vec<String>> {
        let told = std::mem::take(&mut self.fixed).by_name();
        for (name, fields) in &told {
            let fields = fields.join("`, `");
            let (message, help) = if self.variables.get(name) == Known::Unset {
                let message = format!("`{name}` is not in .env; its default is in the profile now: `{fields}`");
                (message, "write there what the shell gives it, if it does; these fields follow it no more")
            } else {
                let message = format!("what `{name}` holds is in the profile now: `{fields}`");
                (message, "change it there; these fields follow the variable no more")
            };
            self.note(None, message, help);
        }
        told
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
}

/// Keys of Compose that say several things, of which one alone may be left.
const OF_SEVERAL: [&str; 5] = ["build", "environment", "labels", "ports", "volumes"];

/// The way out of what no profile can say.
const KEPT_BESIDE: &str = "it is in docker-compose.override.yml, which Compose reads beside docker-compose.yml";
