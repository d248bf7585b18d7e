//! Knows how the `postgres` section of a profile describes a hand-kept server. Must not know how one is recognized, nor
//! the services that use it.

mod beside;
mod container;
mod host;

use super::environment;
use super::layout::{Line, Shape};
use super::ledger::Ledger;
use super::limits::{limits, without_containers};
use super::mounts::Volumes;
use super::ports;
use super::raw_keys::raw_keys;
use super::scope::Scope;
use super::server::{Server, Version};
use super::service::Service;
use crate::compose::nodes;
use crate::interpolation::Template;
use crate::profile::Raw;
use crate::target::compose::{SERVER_KEYS, SERVER_RELIED_ON};
use crate::value::{MountSource, PostgresMajor, ServiceName, TextValue as _, VolumeName};
use crate::yaml::Node;

/// The port that PostgreSQL listens on.
const PORT: &str = "5432";

/// The lines of the `postgres` section.
pub(super) fn section(
    server: &Server<'_, '_>,
    scope: &Scope,
    services: &[Service<'_, '_>],
    volumes: &Volumes,
    ledger: &mut Ledger<'_>,
) -> Vec<Line> {
    let node = &server.entry.value;
    let name = ServiceName::postgres().to_string();
    note_fixed(server, ledger);
    let mut lines = vec![Line::text("image", &server.image.to_string())];
    lines.extend(version(server, ledger));
    lines.push(Line::text("user", server.user.as_str()));
    lines.push(Line::text("database", server.database.as_str()));
    lines.push(Line::text("access", "shared").beside("every service logs in as `user`, as before"));
    lines.extend(published(node, &name, ledger).map(|publish| Line::short("publish", publish)));
    let place = match &server.data.source {
        MountSource::Volume(name) => volumes.get(name.as_str()).unwrap_or(name).to_string(),
        MountSource::Bind(path) => path.to_string(),
    };
    if place != VolumeName::postgres_data().as_str() {
        lines.push(Line::text("volume", &place));
    }
    if beside::has_own_scripts(node, scope, ledger) {
        lines.push(Line::short("init_script", Raw::plain("false")).beside("the scripts of your own run alone there"));
    }
    lines.extend(container::Initdb::of(node).into_iter().flat_map(container::Initdb::lines));
    let times = container::check_times(node, scope, ledger);
    lines.extend(times.map(|times| Line::short("healthcheck", times)));
    lines.extend(container::environment(node, &name, ledger));
    let (limits, deploy) = limits(node, "postgres", ledger);
    lines.extend(limits.map(|limits| Line::short("limits", limits)));
    lines.extend(settings(node, &name, ledger).map(|settings| Line::short("settings", settings)));
    beside::leave_rest(server, &name, scope, ledger);
    let is_said = |key: &str| is_owned(key) || SERVER_RELIED_ON.contains(&key) || ["deploy", "scale"].contains(&key);
    let mut compose = raw_keys(node, is_said);
    scope.drop_generated(&mut compose);
    beside::drop_socket(node, &mut compose, ledger);
    compose.extend(without_containers(deploy).map(|deploy| ("deploy".to_owned(), deploy)));
    let meets_others = scope.meets_others(services, server, ledger);
    host::keep_name(server, meets_others, &mut compose, ledger);
    if !compose.is_empty() {
        lines.push(Line::new("compose", Shape::Raw(Raw::Mapping(compose))));
    }
    lines
}

/// The version of PostgreSQL, where the image's tag does not say it.
fn version(server: &Server<'_, '_>, ledger: &mut Ledger<'_>) -> Option<Line> {
    let line = |major: PostgresMajor| Line::short("version", Raw::plain(&major.to_string()));
    match server.version {
        Version::Tagged => None,
        Version::Known(major) => Some(line(major).beside("the one that the image carries")),
        Version::Guessed(major) => {
            let message =
                format!("the image of `{}` does not say which PostgreSQL it is; {major} is a guess", server.name());
            let help = "ask it: `docker compose exec SERVICE postgres --version`; write that into `postgres.version`";
            ledger.note(Some(server.span()), message, help);
            Some(line(major).beside("a guess by the place of its data: ask `postgres --version` in it"))
        }
    }
}

fn is_owned(key: &str) -> bool {
    SERVER_KEYS.iter().any(|(owned, _)| *owned == key)
}

/// What variables hold stands in the section now.
fn note_fixed(server: &Server<'_, '_>, ledger: &mut Ledger<'_>) {
    let node = &server.entry.value;
    if let Some(image) = nodes::child(node, "image") {
        ledger.fixed(image, "postgres.image");
    }
    for given in environment::of(node) {
        let field = match given.name.as_str() {
            "POSTGRES_USER" => "postgres.user",
            "POSTGRES_DB" => "postgres.database",
            _ => continue,
        };
        let environment::GivenValue::Text(text) = &given.value else { continue };
        for name in Template::parse(text).iter().flat_map(Template::names) {
            // these two are codelab-gen's own to write
            if !["POSTGRES_USER", "POSTGRES_DB"].contains(&name) && !ledger.is_secret(name) {
                ledger.fix(name, field);
            }
        }
    }
}

fn published(node: &Node<'_>, name: &str, ledger: &mut Ledger<'_>) -> Option<Raw> {
    let mut found = None;
    for item in nodes::child(node, "ports").map(nodes::items).unwrap_or_default() {
        match ports::read(item, "postgres", ledger) {
            Some(port) if port.target == PORT && found.is_none() => found = Some(port.publish),
            Some(_) | None => {
                let raw = Raw::Sequence(vec![Raw::of(item)]);
                ledger.leave(name, "ports", raw, &item.span, "publishes a port that the server's section can't say");
            }
        }
    }
    found
}

/// `postgres -c NAME=VALUE …`.
fn settings(node: &Node<'_>, name: &str, ledger: &mut Ledger<'_>) -> Option<Raw> {
    let command = nodes::child(node, "command")?;
    let words: Option<Vec<String>> = match nodes::text(command) {
        Some(text) if text.contains(['"', '\'', '\\']) => None,
        Some(_) => {
            ledger.fixed(command, "postgres.settings").map(|text| text.split_whitespace().map(str::to_owned).collect())
        }
        None => nodes::items(command).iter().map(|word| ledger.fixed(word, "postgres.settings")).collect(),
    };
    let settings = words.as_deref().and_then(setting_entries);
    if settings.is_none() {
        ledger.leave(name, "command", Raw::of(command), &command.span, "is more than settings of the server");
    }
    settings.filter(|settings| !settings.is_empty()).map(Raw::Mapping)
}

fn setting_entries(words: &[String]) -> Option<Vec<(String, Raw)>> {
    let (program, mut rest) = words.split_first()?;
    let mut entries: Vec<(String, Raw)> = Vec::new();
    while let [flag, setting, behind @ ..] = rest {
        let (name, value) = setting.split_once('=').filter(|_| flag == "-c")?;
        crate::value::SettingName::parse(name).ok()?;
        if crate::resolve::RELIED_ON.contains(&name) {
            return None;
        }
        entries.retain(|(known, _)| known != name);
        let is_number = value.parse::<u64>().is_ok_and(|number| number.to_string() == value);
        entries.push((name.to_owned(), if is_number { Raw::plain(value) } else { Raw::text(value) }));
        rest = behind;
    }
    (program == "postgres" && rest.is_empty()).then_some(entries)
}
