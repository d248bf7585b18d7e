//! Knows how a hand-kept service says its variables and labels. Must not know what reads them.

use crate::compose::nodes;
use crate::diagnostic::Code;
use crate::import::environment::{self, Given, GivenValue};
use crate::import::layout::{Line, Shape};
use crate::import::ledger::Ledger;
use crate::import::service::Service;
use crate::profile::{LabelName, Raw};
use crate::value::{Choice as _, TextValue as _, VariableName};

impl Service<'_, '_> {
    pub(super) fn environment(&self, ledger: &mut Ledger<'_>) -> Option<Line> {
        let url = self.database().and_then(|database| database.url.as_ref());
        let (variable, url) = (url.map(|(variable, _)| variable.as_str()), url.map(|(_, url)| url.as_str()));
        let parts = self.database().map(|database| database.parts.as_slice()).unwrap_or_default();
        if let Some(given) = self.given.iter().find(|given| Some(given.name.as_str()) == variable) {
            given.note_parts_of_url(&self.name, ledger);
        }
        let mut lines = Vec::new();
        for given in self.given.iter().filter(|given| Some(given.name.as_str()) != variable) {
            if given.name(ledger).is_none_or(|name| name != given.name) {
                self.refuse_name("variable", given, ledger);
                continue;
            }
            if VariableName::parse(&given.name).is_err() {
                let Some(raw) = given.raw_beside(&self.entry.key, ledger) else { continue };
                let raw = Raw::Mapping(vec![(given.name.clone(), raw)]);
                let why = format!("gives `{}`, a name that a profile can't give", given.name);
                ledger.leave(&self.entry.key, "environment", raw, &given.span, &why);
                continue;
            }
            let part = parts.iter().find(|(name, _)| *name == given.name).map(|(_, part)| *part);
            let value = match part {
                Some(part) => Some(given.part(&self.entry.key, part, ledger)),
                None => given.value(&self.entry.key, url, ledger),
            };
            lines.extend(value.map(|value| Line::short(&given.name, value)));
        }
        // what a file gives would stay as it is
        let of_files = parts.iter().filter(|(name, _)| self.given.iter().all(|given| given.name != *name));
        lines.extend(of_files.map(|(name, part)| Line::short(name, environment::form("database", part.as_str()))));
        (!lines.is_empty()).then(|| Line::new("environment", Shape::Lines(lines)))
    }

    /// Neither a profile nor the file beside it could say a name that changes.
    fn refuse_name(&self, what: &str, given: &Given, ledger: &mut Ledger<'_>) {
        let message = format!("the name of a {what} of `{}` follows a variable: `{}`", self.name, given.name);
        ledger.fault(Code::InvalidValue, &given.span, message, "write the name that it has today, and import again");
    }

    pub(super) fn labels(&self, field: &str, ledger: &mut Ledger<'_>) -> Option<Line> {
        let mut lines = Vec::new();
        for given in nodes::child(&self.entry.value, "labels").map(environment::read).unwrap_or_default() {
            let text = match &given.value {
                GivenValue::Text(text) => ledger.fixed_text(text, &format!("{field}.labels")),
                GivenValue::Passed => Some(String::new()),
                GivenValue::Odd(_) => None,
            };
            let Some(name) = given.name(ledger) else {
                self.refuse_name("label", &given, ledger);
                continue;
            };
            let text = text.filter(|_| LabelName::parse(&name).is_ok());
            if text.is_none() {
                let raw = Raw::Mapping(vec![(name.clone(), given.raw())]);
                let why = format!("has the label `{name}`, which a profile can't say");
                ledger.leave(&self.entry.key, "labels", raw, &given.span, &why);
            }
            lines.extend(text.map(|text| Line::text(&name, &text)));
        }
        (!lines.is_empty()).then(|| Line::new("labels", Shape::Lines(lines)))
    }
}
