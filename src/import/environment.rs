//! Knows what the variables of a hand-kept service hold, and how a profile says it.
//! Must not know which of them is the connection URL.

use std::ops::Range;

use indexmap::IndexMap;

use super::ledger::Ledger;
use super::notes::COMPOSE;
use super::secret_keys::key_of_secret;
use super::variables::{Known, is_secret_value, is_switch, password_in};
use crate::compose::nodes;
use crate::diagnostic::Place;
use crate::interpolation::{Otherwise, Reference, Template};
use crate::profile::Raw;
use crate::secret::names_secret;
use crate::value::{Choice as _, DatabasePart, EnvironmentKey, ServiceName, TextValue as _};
use crate::yaml::{Content, Node, ScalarKind};

/// A variable of a container, as the Compose file gives it.
pub(super) struct Given {
    pub(super) name: String,
    /// Whether it is an item of a list, of which Compose fills in variables in the name as well.
    pub(super) is_listed: bool,
    pub(super) value: GivenValue,
    pub(super) span: Range<usize>,
}

/// What a variable is given.
pub(super) enum GivenValue {
    /// What the variable of the same name holds in `.env` or the shell; where it is not set, the container has none.
    Passed,
    /// A text.
    Text(String),
    /// Something that Compose writes otherwise than it stands there, such as `1.10` without quotes.
    Odd(Raw),
}

/// The variables of a service.
pub(super) fn of(service: &Node<'_>) -> Vec<Given> {
    nodes::child(service, "environment").map(read).unwrap_or_default()
}

/// Names with values, of either form.
pub(super) fn read(node: &Node<'_>) -> Vec<Given> {
    let listed = nodes::items(node).iter().filter_map(|item| {
        let text = nodes::text(item)?;
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, GivenValue::Text(value.to_owned())),
            None => (text, GivenValue::Passed),
        };
        Some(Given { name: name.to_owned(), is_listed: true, value, span: item.span.clone() })
    });
    let mapped = nodes::entries(node).iter().map(|entry| {
        let span = entry.key_span.start..entry.value.span.end.max(entry.key_span.end);
        Given { name: entry.key.to_string(), is_listed: false, value: given_value(&entry.value), span }
    });
    // of a name that a list has twice, the last one counts
    let by_name: IndexMap<_, _> = listed.chain(mapped).map(|given| (given.name.clone(), given)).collect();
    by_name.into_values().collect()
}

fn given_value(node: &Node<'_>) -> GivenValue {
    let Content::Scalar(scalar) = &node.content else { return GivenValue::Odd(Raw::of(node)) };
    match scalar.kind() {
        ScalarKind::Null => GivenValue::Passed,
        ScalarKind::Integer(number) if number.to_string() != *scalar.text => GivenValue::Odd(Raw::of(node)),
        ScalarKind::Float => GivenValue::Odd(Raw::of(node)),
        ScalarKind::Boolean(value) => GivenValue::Text(value.to_string()),
        ScalarKind::Integer(_) | ScalarKind::Text => GivenValue::Text(scalar.text.clone().into_owned()),
    }
}

impl Given {
    /// Its name as Compose reads it; nothing where that follows a variable whose value is not known.
    pub(super) fn name(&self, ledger: &Ledger<'_>) -> Option<String> {
        if !self.is_listed || !self.name.contains('$') {
            return Some(self.name.clone());
        }
        let name = ledger.variables.fill(&Template::parse(&self.name)?)?;
        (!ledger.holds_secret(&name)).then_some(name)
    }

    /// The value as the Compose file writes it.
    pub(super) fn raw(&self) -> Raw {
        match &self.value {
            GivenValue::Passed => Raw::plain("null"),
            GivenValue::Text(text) => Raw::text(text),
            GivenValue::Odd(raw) => raw.clone(),
        }
    }

    /// What the container gets today; nothing where that is no text.
    pub(super) fn today(&self, ledger: &Ledger<'_>) -> Option<String> {
        match &self.value {
            GivenValue::Passed => ledger.variables.value(&self.name).map(str::to_owned),
            GivenValue::Text(text) => ledger.variables.fill(&Template::parse(text)?),
            GivenValue::Odd(_) => None,
        }
    }

    /// The variable of `.env` that it is, whole.
    pub(super) fn source(&self) -> Option<String> {
        match &self.value {
            GivenValue::Passed => Some(self.name.clone()),
            GivenValue::Text(text) => Some(Template::parse(text)?.single()?.name.clone()),
            GivenValue::Odd(_) => None,
        }
    }

    /// Finds out which variables of `.env` hold secrets, because of what they are given to, and remembers all secrets
    /// that stand here.
    pub(super) fn find_secrets(&self, ledger: &mut Ledger<'_>) {
        self.check_readable(ledger);
        let Some(today) = self.today(ledger).filter(|today| !today.is_empty()) else { return };
        if !self.is_secret(&today) {
            return;
        }
        ledger.guard(&self.name, &password_in(&today).unwrap_or_else(|| today.clone()));
        ledger.secret_variables.extend(self.source());
    }

    /// A variable that is passed on refers to the one of its name.
    pub(super) fn note_passed(&self, ledger: &mut Ledger<'_>) {
        if matches!(self.value, GivenValue::Passed) {
            let today = self.today(ledger);
            ledger.refer(&self.name, today);
        }
    }

    /// Whether a value of it is a secret.
    fn is_secret(&self, value: &str) -> bool {
        let is_named = names_secret(&self.name) && !is_switch(value);
        !value.is_empty() && (is_named || is_secret_value(value))
    }

    /// A line of `.env` that readers read differently could become anything.
    fn check_readable(&self, ledger: &mut Ledger<'_>) {
        let names: Vec<String> = match &self.value {
            GivenValue::Passed => vec![self.name.clone()],
            GivenValue::Text(text) => {
                let Some(template) = Template::parse(text) else {
                    let message = format!("`{}` refers to a variable in a form that Compose does not read", self.name);
                    let place = Place::Span(COMPOSE, self.span.clone());
                    ledger.concealed_fault(place, message, "write `${NAME}` or `${NAME:-text}`; a dollar is `$$`");
                    return;
                };
                template.names().into_iter().map(str::to_owned).collect()
            }
            GivenValue::Odd(_) => Vec::new(),
        };
        for name in names {
            if let Known::Odd(line) = ledger.variables.get(&name) {
                let message =
                    format!("line {line} of .env gives `{name}` in a form that not all of its readers read alike");
                let help = "put the value into single quotes there, and import again";
                ledger.concealed_fault(Place::Span(COMPOSE, self.span.clone()), message, help);
            }
        }
    }

    /// The value as a profile says it; nothing where it can't, and the variable was left.
    pub(super) fn value(&self, service: &str, url: Option<&str>, ledger: &mut Ledger<'_>) -> Option<Raw> {
        if url.is_some() && self.today(ledger).as_deref() == url {
            return Some(form("database", "url"));
        }
        let (value, why) = match &self.value {
            GivenValue::Odd(_) => (None, "is written in a form that YAML changes"),
            GivenValue::Passed => {
                (self.passed(service, ledger), "is passed on where it is set, and is not set in .env")
            }
            GivenValue::Text(text) => (self.text(service, text, ledger), "refers to variables as no profile does"),
        };
        if value.is_none() {
            let raw = Raw::Mapping(vec![(self.name.clone(), self.raw())]);
            ledger.leave(service, "environment", raw, &self.span, &format!("gives `{}`, which {why}", self.name));
        }
        value
    }

    /// The URL follows the profile now, and no longer the variables that say a part of it each.
    pub(super) fn note_parts_of_url(&self, service: &ServiceName, ledger: &mut Ledger<'_>) {
        let GivenValue::Text(text) = &self.value else { return };
        let template = Template::parse(text).filter(|template| template.single().is_none());
        for name in template.iter().flat_map(Template::names) {
            if !ledger.is_secret(name) {
                ledger.fix(name, &format!("services.{service}.database"));
            }
        }
    }

    /// A part of the service's database, which follows the profile now, and no longer the variables that it names.
    pub(super) fn part(&self, service: &str, part: DatabasePart, ledger: &mut Ledger<'_>) -> Raw {
        let field = self.field(service);
        match &self.value {
            GivenValue::Text(text) => drop(ledger.fixed_text(text, &field)),
            GivenValue::Passed => drop(ledger.fixed_text(&format!("${{{}}}", self.name), &field)),
            GivenValue::Odd(_) => {}
        }
        form("database", part.as_str())
    }

    /// The value as the file beside the Compose file writes it: a secret moves to `.env`, and is referred to.
    pub(super) fn raw_beside(&self, service: &str, ledger: &mut Ledger<'_>) -> Option<Raw> {
        let GivenValue::Text(text) = &self.value else { return Some(self.raw()) };
        let literal = Template::parse(text).and_then(|template| template.literal().map(str::to_owned));
        match literal.filter(|literal| self.is_secret(literal)) {
            Some(literal) => {
                let key = ledger.move_secret(&self.names(service), &literal, &self.span)?;
                Some(Raw::text(&format!("${{{key}}}")))
            }
            None => Some(self.raw()),
        }
    }

    /// A variable that is passed on, where it is set today.
    fn passed(&self, service: &str, ledger: &mut Ledger<'_>) -> Option<Raw> {
        ledger.variables.value(&self.name)?;
        let reference = Reference { name: self.name.clone(), otherwise: Otherwise::Empty };
        self.reference(service, &reference, ledger)
    }

    fn text(&self, service: &str, text: &str, ledger: &mut Ledger<'_>) -> Option<Raw> {
        let template = Template::parse(text)?;
        if let Some(reference) = template.single() {
            return self.reference(service, reference, ledger);
        }
        let literal = match template.literal() {
            Some(literal) => literal.to_owned(),
            None => ledger.fixed_text(text, &self.field(service))?,
        };
        if !self.is_secret(&literal) {
            return (!ledger.holds_secret(&literal)).then(|| Raw::text(&literal));
        }
        let key = ledger.move_secret(&self.names(service), &literal, &self.span)?;
        ledger.secrets.insert(key.clone());
        Some(form("secret", key.as_str()))
    }

    fn reference(&self, service: &str, reference: &Reference, ledger: &mut Ledger<'_>) -> Option<Raw> {
        let Reference { name, otherwise } = reference;
        if ledger.is_secret(name) || names_secret(&self.name) {
            return self.secret(service, reference, ledger);
        }
        if ["POSTGRES_USER", "POSTGRES_DB"].contains(&name.as_str()) {
            let template = Template::of(reference.clone());
            return ledger.fixed_template(&template, "postgres").map(|text| Raw::text(&text));
        }
        EnvironmentKey::parse(name).ok()?;
        let default = match otherwise {
            Otherwise::Empty if ledger.variables.value(name).is_none() => Some(""),
            Otherwise::Empty | Otherwise::Required { .. } => None,
            Otherwise::Default { text, also_empty } => {
                let is_empty = ledger.variables.get(name) == Known::Value("");
                let text = text.literal().filter(|_| *also_empty || !is_empty)?;
                Some(text)
                    .filter(|text| !text.contains(['$', '{', '}']) && !text.contains(char::is_control))
                    .map(Some)?
            }
            Otherwise::Alternative { .. } => return None,
        };
        let mut entries = vec![("env".to_owned(), Raw::text(name))];
        entries.extend(default.map(|default| ("default".to_owned(), Raw::text(default))));
        Some(Raw::Mapping(entries))
    }

    /// Where a profile says it.
    fn field(&self, service: &str) -> String {
        if service == ServiceName::postgres().as_str() {
            return format!("postgres.environment.{}", self.name);
        }
        format!("services.{service}.environment.{}", self.name)
    }

    /// What a secret of this variable may be called in `.env`.
    fn names(&self, service: &str) -> [String; 2] {
        let key = |text: &str| text.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let upper = key(&self.name);
        [upper.clone(), format!("{}__{upper}", key(service))]
    }

    /// A variable that is a secret: its value stands in `.env`, or goes there.
    fn secret(&self, service: &str, reference: &Reference, ledger: &mut Ledger<'_>) -> Option<Raw> {
        let Reference { name, otherwise } = reference;
        let key = key_of_secret(name)?;
        let default = match otherwise {
            Otherwise::Default { text, .. } => ledger.variables.fill(text).filter(|text| !text.is_empty()),
            Otherwise::Empty | Otherwise::Required { .. } | Otherwise::Alternative { .. } => None,
        };
        match (ledger.variables.value(name).is_some(), otherwise, default) {
            (_, Otherwise::Alternative { .. }, _) => return None,
            (true, _, _) => ledger.declare(&key),
            (false, _, Some(default)) => {
                let names: Vec<_> = std::iter::once(name.clone()).chain(self.names(service)).collect();
                let key = ledger.move_secret(&names, &default, &self.span)?;
                ledger.declare(&key);
                return Some(form("secret", key.as_str()));
            }
            (false, Otherwise::Required { .. }, None) => {
                ledger.declare(&key);
                let message = format!("the secret `{name}` has no value in .env");
                ledger.note(Some(&self.span), message, "write it there before you generate");
            }
            // these keys are codelab-gen's own to write
            (false, _, None) if name == "POSTGRES_PASSWORD" || name.ends_with("__DB_PASSWORD") => {
                return Some(Raw::text(""));
            }
            (false, Otherwise::Empty | Otherwise::Default { .. }, None) => {
                let empty = vec![("env".to_owned(), Raw::text(name)), ("default".to_owned(), Raw::text(""))];
                return Some(Raw::Mapping(empty));
            }
        }
        Some(form("secret", key.as_str()))
    }
}

/// `{ secret: NAME }` or `{ database: url }`.
pub(super) fn form(key: &str, value: &str) -> Raw {
    Raw::Mapping(vec![(key.to_owned(), Raw::text(value))])
}
