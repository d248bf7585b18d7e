//! Knows how a hand-kept service is said by a profile, key by key. Must not know the other services, but for their names.

mod database;
mod dependency;
mod environment;
mod places;
mod program;

use super::layout::{Line, Shape};
use super::ledger::Ledger;
use super::limits::{containers, limits, without_containers};
use super::mounts::Volumes;
use super::ports;
use super::raw_keys::raw_keys;
use super::scope::Scope;
use super::service::Service;
use crate::compose::nodes;
use crate::interpolation::Template;
use crate::profile::Raw;
use crate::target::compose::{AS_WRITTEN, SERVICE_KEYS};

impl Service<'_, '_> {
    /// Its lines in the profile.
    pub(super) fn lines(&self, scope: &Scope, volumes: &Volumes, ledger: &mut Ledger<'_>) -> Vec<Line> {
        let node = &self.entry.value;
        let field = format!("services.{}", self.name);
        let mut lines = self.program(&field, ledger);
        for key in ["command", "entrypoint"] {
            lines.extend(self.command(key, &field, ledger));
        }
        lines.extend(self.word("user", &field, ledger));
        lines.extend(self.folder());
        lines.extend(self.ports(&field, ledger));
        lines.extend(self.places(scope, volumes, ledger));
        lines.extend(self.environment(ledger));
        lines.extend(self.check.as_ref().map(|check| Line::short("healthcheck", check.raw.clone())));
        lines.extend(self.depends_on(scope, ledger));
        lines.extend(self.labels(&field, ledger));
        let (limits, mut deploy) = limits(node, &field, ledger);
        lines.extend(self.replicas(&field, &mut deploy, ledger));
        lines.extend(AS_WRITTEN.into_iter().filter_map(|(key, is_taken)| self.taken(key, is_taken, &field, ledger)));
        lines.extend(limits.map(|limits| Line::short("limits", limits)));
        lines.extend(self.database_lines(scope));
        let mut compose = raw_keys(node, |key| is_owned(key) || key == "deploy");
        scope.rename_server(&mut compose);
        if scope.drop_generated(&mut compose) {
            lines.push(Line::short("outbound", Raw::plain("false")));
        }
        compose.extend(deploy.map(|deploy| ("deploy".to_owned(), deploy)));
        if !compose.is_empty() {
            lines.push(Line::new("compose", Shape::Raw(Raw::Mapping(compose))));
        }
        lines
    }

    fn ports(&self, field: &str, ledger: &mut Ledger<'_>) -> Vec<Line> {
        let node = &self.entry.value;
        let asked = self.check.as_ref().and_then(|check| check.port.clone());
        let items = nodes::child(node, "ports").map(nodes::items).unwrap_or_default();
        let read: Vec<_> = items.iter().map(|item| ports::read(item, field, ledger)).collect();
        let is_asked = |port: &&ports::Published| asked.as_ref().is_none_or(|asked| *asked == port.target);
        let chosen = read.iter().position(|port| port.as_ref().is_some_and(|port| is_asked(&port)));
        for (index, item) in items.iter().enumerate().filter(|(index, _)| Some(*index) != chosen) {
            let raw = Raw::Sequence(vec![Raw::of(item)]);
            let why = if chosen.is_some_and(|chosen| chosen < index) {
                "publishes more than one port"
            } else {
                "publishes a port in a way that a profile can't say"
            };
            ledger.leave(&self.entry.key, "ports", raw, &item.span, why);
        }
        let chosen = chosen.and_then(|chosen| read.into_iter().nth(chosen).flatten());
        let exposed = || {
            let exposed = nodes::items(nodes::child(node, "expose")?).first()?;
            ledger.variables.fill(&Template::parse(nodes::text(exposed)?)?)
        };
        let port = chosen.as_ref().map(|port| port.target.clone()).or(asked).or_else(exposed);
        let port = port.filter(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        let port = port.map(|port| Line::short("port", Raw::plain(&port)));
        port.into_iter().chain(chosen.map(|chosen| Line::short("publish", chosen.publish))).collect()
    }

    /// How many containers of it run; drops that from `deploy`.
    fn replicas(&self, field: &str, deploy: &mut Option<Raw>, ledger: &mut Ledger<'_>) -> Option<Line> {
        let written = containers(&self.entry.value)?;
        let count = ledger.fixed(written, &format!("{field}.replicas"));
        let count = count.filter(|count| count.parse::<u16>().is_ok_and(|count| count > 0));
        if count.is_none() {
            self.leave("scale", written, "is no number of containers that a profile takes", ledger);
        }
        *deploy = without_containers(deploy.take());
        count.filter(|count| count != "1").map(|count| Line::short("replicas", Raw::plain(&count)))
    }
}

fn is_owned(key: &str) -> bool {
    SERVICE_KEYS.iter().any(|(owned, _)| *owned == key)
}
