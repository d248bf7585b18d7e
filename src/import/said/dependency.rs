//! Knows how a hand-kept service says what must run before it. Must not know why it must.

use std::ops::Range;

use crate::compose::nodes;
use crate::import::layout::Line;
use crate::import::ledger::Ledger;
use crate::import::scope::Scope;
use crate::import::service::Service;
use crate::profile::Raw;
use crate::value::ServiceName;
use crate::yaml::{Entry, Node};

impl Service<'_, '_> {
    pub(super) fn depends_on(&self, scope: &Scope, ledger: &mut Ledger<'_>) -> Option<Line> {
        let mut kept = Vec::new();
        if let Some(node) = nodes::child(&self.entry.value, "depends_on") {
            self.edges(node, scope, ledger, &mut kept);
        }
        let server = ServiceName::postgres().to_string();
        if scope.reached(self, ledger) && kept.iter().all(|(name, _)| *name != server) {
            let message = format!("`{}` waits for the server now, which puts it on the server's network", self.name);
            let help = "nobody else reaches the server; see `depends_on` in the profile";
            ledger.note(Some(&self.entry.key_span), message, help);
            kept.push((server, Raw::text("started")));
        }
        (!kept.is_empty()).then(|| Line::short("depends_on", Raw::Mapping(kept)))
    }

    fn edges(&self, node: &Node<'_>, scope: &Scope, ledger: &mut Ledger<'_>, kept: &mut Vec<(String, Raw)>) {
        for item in nodes::items(node) {
            let name = nodes::text(item).unwrap_or_default();
            if let Some(name) = scope.awaited(name, self.database().is_some()) {
                kept.extend(self.edge(name, "started", Raw::plain("service_started"), &item.span, scope, ledger));
            }
        }
        for entry in nodes::entries(node) {
            let Some(name) = scope.awaited(&entry.key, self.database().is_some()) else {
                self.keep_restart(entry, scope, ledger);
                continue;
            };
            let condition = match nodes::text_of(&entry.value, "condition") {
                None | Some("service_started") => "started",
                Some("service_healthy") => "healthy",
                Some("service_completed_successfully") => "completed",
                Some(_) => "",
            };
            if condition.is_empty() || !nodes::has_only(&entry.value, &["condition"]) {
                let raw = Raw::Mapping(vec![(name.to_owned(), Raw::of(&entry.value))]);
                let why = format!("waits for `{name}` in a way that a profile can't say");
                ledger.leave(&self.entry.key, "depends_on", raw, &entry.key_span, &why);
            } else {
                let condition_of = Raw::plain(nodes::text_of(&entry.value, "condition").unwrap_or("service_started"));
                kept.extend(self.edge(name, condition, condition_of, &entry.key_span, scope, ledger));
            }
        }
    }

    /// What waits for the server's databases by itself, but is to be started again with the server.
    fn keep_restart(&self, entry: &Entry<'_>, scope: &Scope, ledger: &mut Ledger<'_>) {
        if scope.runs_as_server(&entry.key) && nodes::text_of(&entry.value, "restart") == Some("true") {
            let raw = Raw::Mapping(vec![(ServiceName::postgres().to_string(), Raw::of(&entry.value))]);
            let why = "is started again with the server, which a profile can't say";
            ledger.leave(&self.entry.key, "depends_on", raw, &entry.key_span, why);
        }
    }

    /// One service that is waited for; left where the profile does not have what is waited for.
    fn edge(
        &self,
        name: &str,
        condition: &str,
        compose: Raw,
        span: &Range<usize>,
        scope: &Scope,
        ledger: &mut Ledger<'_>,
    ) -> Option<(String, Raw)> {
        if scope.can_wait(name, condition) {
            return Some((name.to_owned(), Raw::text(condition)));
        }
        let raw = vec![(name.to_owned(), Raw::Mapping(vec![("condition".to_owned(), compose)]))];
        let why = format!("waits for `{name}`, of which the profile does not say all");
        ledger.leave(&self.entry.key, "depends_on", Raw::Mapping(raw), span, &why);
        None
    }
}
