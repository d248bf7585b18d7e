//! Knows how the `postgres` section of a profile describes a hand-kept server. Must not know how one is recognized, nor
//! the services that use it.

use std::ops::Range;

use super::environment;
use super::layout::{Line, Shape};
use super::ledger::Ledger;
use super::recognition::{INIT_SCRIPTS, Version};
use super::scope::Scope;
use super::service::Service;
use super::top::Volumes;
use super::{mounts, ports, service, tree};
use crate::deployment::{BY_PASSWORD, INITDB_ARGS};
use crate::interpolation::Template;
use crate::profile::Raw;
use crate::target::compose::{self, DATABASE_NETWORK, DEFAULT_NETWORK, SERVER_KEYS, SERVER_RELIED_ON};
use crate::value::{
    Choice as _, DatabaseName, EnvironmentKey, ImageReference, LocalAuth, Mount, MountSource, PostgresMajor, RoleName,
    ServiceName, TextValue as _, VolumeName,
};
use crate::yaml::{Entry, Node};

/// Where images of PostgreSQL make their socket.
const SOCKET: &str = "/var/run/postgresql";

/// The variable of images of PostgreSQL for the folder of the data.
const PGDATA: &str = "PGDATA";

/// The port that PostgreSQL listens on.
const PORT: &str = "5432";

/// A service that the `postgres` section of a profile can describe.
pub(super) struct Server<'n, 'text> {
    pub(super) entry: &'n Entry<'text>,
    pub(super) image: ImageReference,
    pub(super) version: Version,
    pub(super) user: RoleName,
    pub(super) database: DatabaseName,
    pub(super) password: String,
    /// The mount of its data, a volume as the Compose file calls it.
    pub(super) data: Mount,
    /// The folder in the mount that holds the data, where the section mounts it and not as the image takes by itself.
    pub(super) folder: Option<String>,
    /// Whether scripts of the user's own run on a new volume.
    pub(super) has_scripts: bool,
}

impl Server<'_, '_> {
    /// What the Compose file calls it.
    pub(super) fn name(&self) -> &str {
        &self.entry.key
    }

    /// What the Compose file says of it.
    pub(super) fn node(&self) -> &Node<'_> {
        &self.entry.value
    }

    /// Where the Compose file names it.
    pub(super) fn span(&self) -> &Range<usize> {
        &self.entry.key_span
    }
}

/// The lines of the `postgres` section.
pub(super) fn section(
    server: &Server<'_, '_>,
    scope: &Scope<'_>,
    services: &[Service<'_, '_>],
    volumes: &Volumes,
    ledger: &mut Ledger<'_>,
) -> Vec<Line> {
    let node = &server.entry.value;
    let name = ServiceName::postgres().to_string();
    note_fixed(server, ledger);
    let mut lines = vec![Line::text("image", &server.image.to_string())];
    let version = |major: PostgresMajor| Line::short("version", Raw::plain(&major.to_string()));
    match server.version {
        Version::Tagged => {}
        Version::Known(major) => lines.push(version(major).beside("the one that the image carries")),
        Version::Guessed(major) => {
            lines.push(version(major).beside("a guess by the place of its data: ask `postgres --version` in it"));
            let message =
                format!("the image of `{}` does not say which PostgreSQL it is; {major} is a guess", server.name());
            let help = "ask it: `docker compose exec SERVICE postgres --version`; write that into `postgres.version`";
            ledger.note(Some(server.span()), message, help);
        }
    }
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
    if has_own_scripts(node, scope, ledger) {
        lines.push(Line::short("init_script", Raw::plain("false")).beside("the scripts of your own run alone there"));
    }
    if environment::of(node).iter().any(logs_in_by_password) {
        lines.push(Line::text("local_auth", LocalAuth::Password.as_str()));
    }
    let (limits, deploy) = service::limits(node, "postgres", ledger);
    lines.extend(limits.map(|limits| Line::short("limits", limits)));
    lines.extend(settings(node, &name, ledger).map(|settings| Line::short("settings", settings)));
    leave_rest(server, &name, scope, ledger);
    let mut compose =
        service::raw_keys(node, |key| is_owned(key) || SERVER_RELIED_ON.contains(&key) || key == "deploy");
    scope.drop_generated(&mut compose);
    drop_socket(node, &mut compose, ledger);
    compose.extend(deploy.map(|deploy| ("deploy".to_owned(), deploy)));
    let meets_others = scope.meets_others(services, server, ledger);
    keep_name(server, meets_others, &mut compose, ledger);
    if !compose.is_empty() {
        lines.push(Line::new("compose", Shape::Raw(Raw::Mapping(compose))));
    }
    lines
}

fn is_owned(key: &str) -> bool {
    SERVER_KEYS.iter().any(|(owned, _)| *owned == key)
}

/// The folder of the socket is a volume now, by which postgres-ensure logs in.
fn drop_socket(node: &Node<'_>, compose: &mut Vec<(String, Raw)>, ledger: &mut Ledger<'_>) {
    let is_socket = |raw: &Raw| {
        let Raw::Scalar { text, .. } = raw else { return false };
        text.split(':').next().map(|target| target.trim_end_matches('/')) == Some(SOCKET)
    };
    let Some(at) = compose.iter().position(|(key, _)| key == "tmpfs") else { return };
    let Some((_, tmpfs)) = compose.get_mut(at) else { return };
    let is_empty = match tmpfs {
        Raw::Sequence(items) => {
            let count = items.len();
            items.retain(|item| !is_socket(item));
            if items.len() == count {
                return;
            }
            items.is_empty()
        }
        one if is_socket(one) => true,
        Raw::Scalar { .. } | Raw::Mapping(_) => return,
    };
    if is_empty {
        compose.remove(at);
    }
    note_socket(tree::entry(node, "tmpfs").map_or(&node.span, |entry| &entry.key_span), ledger);
}

fn note_socket(span: &Range<usize>, ledger: &mut Ledger<'_>) {
    let message = format!("what is mounted at `{SOCKET}` gives way to a volume");
    ledger.note(Some(span), message, "by the socket in it postgres-ensure logs in");
}

/// What variables hold stands in the section now.
fn note_fixed(server: &Server<'_, '_>, ledger: &mut Ledger<'_>) {
    let node = &server.entry.value;
    if let Some(image) = tree::child(node, "image") {
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

/// The password's key in `.env` is always the same one.
pub(super) fn take_password(server: &Server<'_, '_>, ledger: &mut Ledger<'_>) {
    if server.password.is_empty() {
        return;
    }
    let key = EnvironmentKey::postgres_password();
    let given = environment::of(&server.entry.value);
    let span = given.iter().find(|given| given.name == key.as_str()).map_or(server.span(), |given| &given.span);
    ledger.move_secret(&[key.to_string()], &server.password, span);
}

/// The named volumes that it mounts beside its data.
pub(super) fn volumes_beside(server: &Server<'_, '_>) -> Vec<String> {
    let items = tree::child(&server.entry.value, "volumes").map(tree::items).unwrap_or_default();
    let volumes = items.iter().filter_map(mounts::volume_of);
    volumes.filter(|name| name != VolumeName::postgres_socket().as_str()).collect()
}

fn published(node: &Node<'_>, name: &str, ledger: &mut Ledger<'_>) -> Option<Raw> {
    let mut found = None;
    for item in tree::child(node, "ports").map(tree::items).unwrap_or_default() {
        match ports::read(item, "postgres", ledger) {
            Some(port) if port.target == PORT && found.is_none() => found = Some(port.publish(ledger)),
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
    let command = tree::child(node, "command")?;
    let words: Option<Vec<String>> = match tree::text(command) {
        Some(text) if text.contains(['"', '\'', '\\']) => None,
        Some(_) => {
            ledger.fixed(command, "postgres.settings").map(|text| text.split_whitespace().map(str::to_owned).collect())
        }
        None => tree::items(command).iter().map(|word| ledger.fixed(word, "postgres.settings")).collect(),
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

/// Whether a new volume runs scripts of the user's: the one of codelab-gen would come between them.
fn has_own_scripts(node: &Node<'_>, scope: &Scope<'_>, ledger: &mut Ledger<'_>) -> bool {
    let items = tree::child(node, "volumes").map(tree::items).unwrap_or_default();
    let mounted = items.iter().filter_map(|item| mounts::mount(item, "postgres.volume", ledger));
    let scripts = mounted.filter(|mount| mount.target.as_str().starts_with(INIT_SCRIPTS));
    let script = compose::INIT_SCRIPT;
    let script = script.path();
    let is_ours = |mount: &Mount| matches!(&mount.source, MountSource::Bind(path) if path.as_str().ends_with(script));
    let (ours, own): (Vec<_>, Vec<_>) = scripts.partition(is_ours);
    !own.is_empty() || (scope.is_generated && ours.is_empty())
}

/// Whether a variable makes a server that wants passwords on its socket as well.
fn logs_in_by_password(given: &environment::Given) -> bool {
    given.name == INITDB_ARGS && matches!(&given.value, environment::GivenValue::Text(text) if text == BY_PASSWORD)
}

/// What a section has no field for, and `compose:` must not say.
fn leave_rest(server: &Server<'_, '_>, name: &str, scope: &Scope<'_>, ledger: &mut Ledger<'_>) {
    const TAKEN: [&str; 3] = ["POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"];
    let node = &server.entry.value;
    // beside `NAME` the image takes no `NAME_FILE`
    let is_taken = |given: &&environment::Given| {
        TAKEN.contains(&given.name.trim_end_matches("_FILE")) || logs_in_by_password(given)
    };
    for given in environment::of(node).iter().filter(|given| !is_taken(given)) {
        let raw = match (given.name.as_str(), &server.folder) {
            (PGDATA, None) => continue,
            (PGDATA, Some(folder)) => Some(Raw::text(folder)),
            (_, _) => given.raw_beside(server.name(), ledger),
        };
        let Some(raw) = raw else { continue };
        let raw = Raw::Mapping(vec![(given.name.clone(), raw)]);
        let why = format!("gives `{}`, which the server's section can't say", given.name);
        ledger.leave(name, "environment", raw, &given.span, &why);
    }
    for item in tree::child(node, "volumes").map(tree::items).unwrap_or_default() {
        leave_mount(server, name, item, scope, ledger);
    }
    if let Some(check) = tree::entry(node, "healthcheck").filter(|_| !scope.is_generated) {
        let message = format!("`healthcheck` of `{}` gives way to that of codelab-gen", server.name());
        ledger.note(Some(&check.key_span), message, "it asks over TCP, so that a volume in preparation is not ready");
    }
    for entry in tree::entries(node).iter().filter(|entry| SERVER_RELIED_ON.contains(&entry.key.as_ref())) {
        ledger.leave(
            name,
            &entry.key,
            Raw::of(&entry.value),
            &entry.key_span,
            "is nothing that a server's section says",
        );
    }
}

fn leave_mount(server: &Server<'_, '_>, name: &str, item: &Node<'_>, scope: &Scope<'_>, ledger: &mut Ledger<'_>) {
    let mount = mounts::mount(item, "postgres.volume", ledger);
    let target = mount.as_ref().map(|mount| mount.target.as_str()).unwrap_or_default();
    let is_socket = || {
        let socket = MountSource::Volume(VolumeName::postgres_socket());
        target == SOCKET && mount.as_ref().is_some_and(|mount| mount.source == socket)
    };
    if mount.as_ref() == Some(&server.data) || is_socket() {
        return;
    }
    let written = tree::text(item).and_then(|text| text.split(':').nth(1)).or(tree::text_of(item, "target"));
    if written.map(|target| target.trim_end_matches('/')) == Some(SOCKET) {
        return note_socket(&item.span, ledger);
    }
    let script = compose::INIT_SCRIPT;
    let script = script.path();
    let is_ours = |text: &str| text.split(':').next().is_some_and(|source| source.ends_with(script));
    if tree::text(item).is_some_and(is_ours) && target.starts_with(INIT_SCRIPTS) {
        if scope.is_generated {
            return;
        }
        let message = format!("`{script}` gives way to the script of codelab-gen, which runs at every start");
        ledger.note(Some(&item.span), message, "the old one is kept as `.orig`; look whether it does more");
        return;
    }
    let why = match mounts::place(item, ledger) {
        Some(place) if place == server.data => "mounts the server's data in a way that the section can't say",
        Some(_) | None => "mounts something beside the server's data",
    };
    let raw = Raw::Sequence(vec![Raw::of(item)]);
    ledger.leave(name, "volumes", raw, &item.span, why);
}

/// A server that had another name is still found by it, and one that others met on Compose's own network is still there.
fn keep_name(server: &Server<'_, '_>, meets_others: bool, compose: &mut Vec<(String, Raw)>, ledger: &mut Ledger<'_>) {
    const KEY: &str = "networks";
    let is_written = compose.iter().any(|(key, _)| key == KEY);
    if server.name() == ServiceName::postgres().as_str() {
        if meets_others && !is_written {
            compose.push((KEY.to_owned(), Raw::words([DEFAULT_NETWORK])));
        }
        return;
    }
    note_name(server, ledger);
    let aliases = || Raw::Mapping(vec![("aliases".to_owned(), Raw::words([server.name()]))]);
    let written = compose.iter().position(|(key, _)| key == KEY).map(|index| compose.remove(index).1);
    let mut networks: Vec<(String, Raw)> = match written {
        Some(Raw::Mapping(networks)) => networks,
        Some(Raw::Sequence(names)) => {
            let name = |raw: &Raw| if let Raw::Scalar { text, .. } = raw { Some(text.clone()) } else { None };
            names.iter().filter_map(name).map(|name| (name, aliases())).collect()
        }
        Some(Raw::Scalar { .. }) | None => {
            meets_others.then(|| (DEFAULT_NETWORK.to_owned(), aliases())).into_iter().collect()
        }
    };
    match networks.iter_mut().find(|(name, _)| name == DATABASE_NETWORK) {
        Some((_, network)) => add_alias(network, server.name()),
        None => networks.push((DATABASE_NETWORK.to_owned(), aliases())),
    }
    compose.push((KEY.to_owned(), Raw::Mapping(networks)));
}

fn note_name(server: &Server<'_, '_>, ledger: &mut Ledger<'_>) {
    let message = format!("`{}` is called `postgres` now, and is still reached by its old name", server.name());
    let help = "commands have the new one: `docker compose logs postgres`";
    ledger.note(Some(server.span()), message, help);
}

/// Adds to the aliases that a server has on one of its networks.
fn add_alias(network: &mut Raw, name: &str) {
    let Raw::Mapping(keys) = network else {
        *network = Raw::Mapping(Vec::new());
        return add_alias(network, name);
    };
    match keys.iter_mut().find(|(key, _)| key == "aliases") {
        Some((_, Raw::Sequence(known))) => known.push(Raw::text(name)),
        Some((_, aliases)) => *aliases = Raw::words([name]),
        None => keys.push(("aliases".to_owned(), Raw::words([name]))),
    }
}
