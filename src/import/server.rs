//! Knows whether a hand-kept service is the PostgreSQL server that a profile describes, and how.
//! Must not know the services that use it.

use std::ops::Range;

use super::environment;
use super::layout::{Line, Shape};
use super::ledger::Ledger;
use super::scope::Scope;
use super::service::Service;
use super::top::Volumes;
use super::{mounts, ports, service, tree};
use crate::deployment::{BY_PASSWORD, INITDB_ARGS};
use crate::profile::Raw;
use crate::target::compose::{self, DATABASE_NETWORK, DEFAULT_NETWORK, SERVER_KEYS, SERVER_RELIED_ON};
use crate::value::{
    Choice as _, DatabaseName, EnvironmentKey, ImageReference, LocalAuth, Mount, MountSource, PostgresMajor, RoleName,
    ServiceName, TextValue as _, VolumeName,
};
use crate::yaml::{Entry, Node};

/// Where images of PostgreSQL keep their data: the whole of it from version 18 on.
const DATA: &str = "/var/lib/postgresql";

/// What images run on a new volume.
const INIT_SCRIPTS: &str = "/docker-entrypoint-initdb.d";

/// Where images of PostgreSQL make their socket.
const SOCKET: &str = "/var/run/postgresql";

/// The port that PostgreSQL listens on.
const PORT: &str = "5432";

/// A service that the `postgres` section of a profile can describe.
pub(super) struct Server<'n, 'text> {
    entry: &'n Entry<'text>,
    image: ImageReference,
    /// The major version, where the image's tag does not tell it to a profile.
    version: Option<PostgresMajor>,
    pub(super) user: RoleName,
    database: DatabaseName,
    pub(super) password: String,
    /// The volume of its data, as the Compose file calls it.
    pub(super) volume: VolumeName,
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

/// The service that runs PostgreSQL: of several the one of this name, else the first.
pub(super) fn find<'n, 'text>(services: &[&'n Entry<'text>]) -> Option<&'n Entry<'text>> {
    let servers = || services.iter().copied().filter(|entry| is_server(&entry.value));
    servers().find(|entry| entry.key == "postgres").or_else(|| servers().next())
}

fn is_server(node: &Node<'_>) -> bool {
    const IMAGES: [&str; 4] = ["postgres", "postgis", "pgvector", "timescaledb"];
    let image = tree::text_of(node, "image").unwrap_or_default();
    let name = image.rsplit('/').next().and_then(|name| name.split([':', '@']).next()).unwrap_or_default();
    let mounts = tree::child(node, "volumes").map(tree::items).unwrap_or_default();
    let keeps = |mount: &Node<'_>| {
        let target = tree::text(mount).and_then(|text| text.split(':').nth(1)).or(tree::text_of(mount, "target"));
        target.is_some_and(|target| target.starts_with(DATA))
    };
    IMAGES.contains(&name) || mounts.iter().any(keeps)
}

/// Reads it as the server of a profile.
///
/// # Errors
/// Why it can't be that one.
pub(super) fn recognize<'n, 'text>(
    entry: &'n Entry<'text>,
    ledger: &mut Ledger<'_>,
) -> Result<Server<'n, 'text>, String> {
    let node = &entry.value;
    let image = tree::child(node, "image").and_then(|image| ledger.fixed(image, "postgres.image"));
    let image = image.and_then(|image| ImageReference::parse(&image).ok()).ok_or("it has no image of its own")?;
    let told = image.postgres_major();
    let major = told.or_else(|| major_in(image.tag()?)).and_then(PostgresMajor::new);
    let major = major.ok_or("its image does not tell a version of PostgreSQL from 15 on")?;
    let given = environment::of(node);
    let has_dotenv = service::has_dotenv(node);
    let value = |name: &str, ledger: &Ledger<'_>| match given.iter().find(|given| given.name == name) {
        Some(given) => given.today(ledger),
        None => ledger.variables.value(name).filter(|_| has_dotenv).map(str::to_owned),
    };
    let user = value("POSTGRES_USER", ledger).filter(|user| !user.is_empty()).unwrap_or_else(|| "postgres".to_owned());
    let user = RoleName::parse(&user).ok().filter(|user| !user.is_reserved());
    let user = user.ok_or("its role has a name that a profile can't give")?;
    let database = value("POSTGRES_DB", ledger).filter(|database| !database.is_empty());
    let database = DatabaseName::parse(database.as_deref().unwrap_or(user.as_str()));
    let database = database.map_err(|_| "its database has a name that a profile can't give")?;
    let password = value("POSTGRES_PASSWORD", ledger).filter(|password| !password.is_empty());
    let password = password.ok_or("it has no `POSTGRES_PASSWORD` with a value")?;
    let folder = if major.get() >= 18 { DATA.to_owned() } else { format!("{DATA}/data") };
    let volume = data_volume(node, &folder, ledger)?;
    let version = told.is_none().then_some(major);
    Ok(Server { entry, image, version, user, database, password, volume })
}

/// The major version in a tag such as `pg16` or `16-3.4`.
fn major_in(tag: &str) -> Option<i128> {
    let digits = tag.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn data_volume(node: &Node<'_>, folder: &str, ledger: &mut Ledger<'_>) -> Result<VolumeName, String> {
    let items = tree::child(node, "volumes").map(tree::items).unwrap_or_default();
    let mounted = items.iter().filter_map(|item| mounts::mount(item, "postgres.volume", ledger));
    let data = mounted.filter(|mount| mount.target.as_str().starts_with(DATA)).collect::<Vec<_>>();
    match data.as_slice() {
        [Mount { source: MountSource::Volume(name), target, read_only: false }] if target.as_str() == folder => {
            Ok(name.clone())
        }
        [Mount { source: MountSource::Bind(path), .. }] => {
            Err(format!("its data stands in the folder `{path}`, and a profile keeps it in a named volume"))
        }
        [Mount { target, .. }] => {
            Err(format!("its data is mounted at `{target}`, where a profile mounts it at `{folder}`"))
        }
        [] | [_, _, ..] => Err("its data stands in no named volume, or in several".to_owned()),
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
    let mut lines = vec![Line::text("image", &server.image.to_string())];
    if let Some(version) = server.version {
        lines.push(Line::short("version", Raw::plain(&version.to_string())).beside("the one that the image carries"));
    }
    lines.push(Line::text("user", server.user.as_str()));
    lines.push(Line::text("database", server.database.as_str()));
    lines.push(Line::text("access", "shared").beside("every service logs in as `user`, as before"));
    lines.extend(published(node, &name, ledger).map(|publish| Line::short("publish", publish)));
    let volume = volumes.get(server.volume.as_str()).unwrap_or(&server.volume);
    if *volume != VolumeName::postgres_data() {
        lines.push(Line::text("volume", volume.as_str()));
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
    compose.extend(deploy.map(|deploy| ("deploy".to_owned(), deploy)));
    keep_name(server, scope.meets_others(services, server, ledger), &mut compose);
    if !compose.is_empty() {
        lines.push(Line::new("compose", Shape::Raw(Raw::Mapping(compose))));
    }
    lines
}

fn is_owned(key: &str) -> bool {
    SERVER_KEYS.iter().any(|(owned, _)| *owned == key)
}

/// The password's key in `.env` is always the same one.
pub(super) fn take_password(server: &Server<'_, '_>, ledger: &mut Ledger<'_>) {
    let key = EnvironmentKey::postgres_password();
    if let Some(given) = environment::of(&server.entry.value).iter().find(|given| given.name == key.as_str()) {
        ledger.move_secret(&[key.to_string()], &server.password, &given.span);
    }
}

fn published(node: &Node<'_>, name: &str, ledger: &mut Ledger<'_>) -> Option<Raw> {
    let mut found = None;
    for item in tree::child(node, "ports").map(tree::items).unwrap_or_default() {
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
    let script = compose::INIT_SCRIPT.path();
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
    let is_taken = |given: &&environment::Given| TAKEN.contains(&given.name.as_str()) || logs_in_by_password(given);
    for given in environment::of(node).iter().filter(|given| !is_taken(given)) {
        let raw = Raw::Mapping(vec![(given.name.clone(), given.raw())]);
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
    let is_volume =
        |name: &VolumeName| mount.as_ref().is_some_and(|mount| mount.source == MountSource::Volume(name.clone()));
    if is_volume(&server.volume) || (target == SOCKET && is_volume(&VolumeName::postgres_socket())) {
        return;
    }
    let script = compose::INIT_SCRIPT.path();
    let is_ours = |text: &str| text.split(':').next().is_some_and(|source| source.ends_with(script));
    if tree::text(item).is_some_and(is_ours) && target.starts_with(INIT_SCRIPTS) {
        if scope.is_generated {
            return;
        }
        let message = format!("`{script}` gives way to the script of codelab-gen, which runs at every start");
        ledger.note(Some(&item.span), message, "the old one is kept as `.orig`; look whether it does more");
        return;
    }
    let raw = Raw::Sequence(vec![Raw::of(item)]);
    ledger.leave(name, "volumes", raw, &item.span, "mounts something beside the server's data");
}

/// A server that had another name is still found by it, and one that others met on Compose's own network is still there.
fn keep_name(server: &Server<'_, '_>, meets_others: bool, compose: &mut Vec<(String, Raw)>) {
    const KEY: &str = "networks";
    let is_written = compose.iter().any(|(key, _)| key == KEY);
    if server.name() == ServiceName::postgres().as_str() {
        if meets_others && !is_written {
            compose.push((KEY.to_owned(), Raw::words([DEFAULT_NETWORK])));
        }
        return;
    }
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
