//! Knows how what was found of a hand-kept deployment becomes the text of a profile. Must not know how anything is
//! recognized.

use std::collections::BTreeMap;

use super::aside::Taken;
use super::choice::{Whole, recognize};
use super::copies::Login;
use super::hand_kept::HandKept;
use super::layout::{self, Line, Shape};
use super::ledger::Ledger;
use super::left::Beside;
use super::notes::Note;
use super::scope::Scope;
use super::secret_keys::NewSecret;
use super::{section, top, variables};
use crate::compose::nodes;
use crate::diagnostic::Code;
use crate::profile::Raw;
use crate::render::examine;
use crate::secret::names_secret;
use crate::target::compose;
use crate::value::{Choice as _, Engine, EnvironmentKey, ServiceName, Stage};
use crate::yaml::{Entry, Node};

/// What becomes of a hand-kept deployment.
pub struct Imported {
    /// The profile.
    pub profile: String,
    /// The `docker-compose.override.yml` with what no profile can say; nothing where that is nothing.
    pub beside: Option<Beside>,
    /// Secrets that stand in the Compose file, for `.env`.
    pub new_secrets: Vec<NewSecret>,
    /// What is worth knowing, in the order of the Compose file.
    pub notes: Vec<Note>,
    /// The service that becomes the server of the profile.
    pub server: Option<String>,
    /// The variables whose values stand in the profile now, each with the fields, which is told.
    pub fixed: BTreeMap<String, Vec<String>>,
}

/// The same, with the login of the server.
pub(super) struct Described {
    pub(super) imported: Imported,
    pub(super) login: Option<Login>,
}

/// Describes a deployment; nothing where that is not possible, which is told.
pub(super) fn read(
    root: &Node<'_>,
    taken: &Taken<'_>,
    kept: &HandKept<'_>,
    ledger: &mut Ledger<'_>,
) -> Option<Described> {
    let mark = examine(kept.files.text_of(0), &compose::FILE);
    let is_generated = mark.is_some();
    let is_ours = |entry: &&Entry<'_>| is_generated && entry.key == ServiceName::postgres_ensure().as_str();
    let services = nodes::child(root, "services").map(nodes::entries).unwrap_or_default();
    let services: Vec<_> = services.iter().filter(|entry| !is_ours(entry)).collect();
    if services.is_empty() {
        let help = "name the folder of a docker-compose.yml that has some";
        ledger.fault(Code::MissingField, &root.span, "the file has no services", help);
        return None;
    }
    let mut scope = Scope::new(is_generated);
    let project = top::project(root, kept.folder, ledger);
    guard_secrets(ledger);
    ledger.learn_references(root);
    let whole = Whole { root, project: &project, entries: &services, text: kept.files.text() };
    let (services, server) = recognize(&whole, &scope, ledger);
    taken.leave(ledger);
    scope.learn(&services, server.as_ref());
    let volumes = top::volumes(root, &project, &scope, ledger);
    let stage = mark.and_then(|mark| mark.stage).unwrap_or(Stage::Development);
    let mut lines = head(stage, &project, &scope, ledger);
    let of_services = services.iter().map(|service| {
        let lines = service.lines(&scope, &volumes, ledger);
        Line::new(service.name.as_str(), Shape::Lines(lines)).apart()
    });
    let of_services: Vec<_> = of_services.collect();
    lines.push(Line::new("services", Shape::Lines(of_services)).apart());
    if let Some(server) = &server {
        let section = section::section(server, &scope, &services, &volumes, ledger);
        lines.push(Line::new("postgres", Shape::Lines(section)).beside("only runs where a service uses it").apart());
    }
    scope.note_server(server.as_ref(), ledger);
    lines.extend(secrets(server.is_some(), ledger));
    lines.extend(top::compose(root, &scope, ledger));
    let fixed = ledger.note_fixed();
    let login = server.as_ref().and_then(Login::of);
    let server = server.map(|server| server.name().to_owned());
    Some(Described { imported: Imported { server, fixed, ..finish(lines, ledger) }, login })
}

fn finish(lines: Vec<Line>, ledger: &mut Ledger<'_>) -> Imported {
    const HEAD: &str = "\
# yaml-language-server: $schema=../schema/profile.schema.json
#
# What docker-compose.yml and .env said when they were imported. Paths are relative to the project's root, the folder that
# holds `profiles/`.
";
    let mut notes = std::mem::take(&mut ledger.notes);
    notes.sort_by_key(|note| note.span.as_ref().map_or(usize::MAX, |span| span.start));
    Imported {
        profile: format!("{HEAD}{}", layout::text(lines)),
        beside: ledger.left.beside(),
        new_secrets: std::mem::take(&mut ledger.new_secrets),
        notes,
        server: None,
        fixed: BTreeMap::new(),
    }
}

/// Remembers every secret of `.env`, so that none gets into the profile.
fn guard_secrets(ledger: &mut Ledger<'_>) {
    let variables = ledger.variables;
    for (key, value) in variables.all() {
        if let Some(password) = variables::password_in(value) {
            ledger.guard(key, &password);
        } else if names_secret(key) {
            ledger.guard(key, value);
        }
    }
}

/// What stands above the services.
fn head(stage: Stage, project: &str, scope: &Scope, ledger: &Ledger<'_>) -> Vec<Line> {
    let mut lines = vec![
        Line::short("format", Raw::plain("1")),
        Line::text("stage", stage.as_str()).beside("staging and production are stricter, and keep containers in"),
    ];
    let out = ledger.placement.root.as_str();
    if out != "." {
        lines.push(Line::text("out", &format!("./{out}")).beside("where docker-compose.yml and .env are"));
    }
    lines.push(Line::text("project", project).beside("as before: it names the containers, networks and volumes"));
    if let Some(engine) = scope.engine {
        let other = match engine {
            Engine::Sqlite => "what each service uses; `postgres` switches those that have both",
            Engine::Postgres => "what each service uses; `sqlite` switches those that have both",
        };
        lines.push(Line::text("engine", engine.as_str()).beside(other));
    }
    lines
}

fn secrets(has_server: bool, ledger: &Ledger<'_>) -> Option<Line> {
    // the password of the section's server may be a new one any time
    let is_servers = |key: &EnvironmentKey| has_server && *key == EnvironmentKey::postgres_password();
    let rule = |key: &EnvironmentKey| if is_servers(key) { "generate" } else { "required" };
    let secret = |key: &EnvironmentKey| Line::text(key.as_str(), rule(key));
    let lines: Vec<_> = ledger.secrets.iter().map(secret).collect();
    let section = Line::new("secrets", Shape::Lines(lines)).beside("their values are in .env").apart();
    (!ledger.secrets.is_empty()).then_some(section)
}
