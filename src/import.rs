//! Knows how a hand-kept deployment becomes a profile: what its Compose file and its `.env` say today, in the words of a
//! profile. Must not know the disk, nor what a run prints.
//!
//! Nothing is lost on the way. What a field of the profile says goes there; other keys of Compose go under `compose:`;
//! what `compose:` must not hold, because a field of the profile writes that key, goes into a file that Compose reads
//! beside the generated one. Secrets go to `.env`, and what no longer follows a variable is told.

mod aside;
mod connection;
mod database;
mod defaults;
mod environment;
mod files;
mod flags;
mod gather;
mod guarded;
mod health;
mod layout;
mod ledger;
mod left;
mod literals;
mod merge;
mod mounts;
mod parts;
mod ports;
mod recognition;
mod scope;
mod server;
mod service;
mod sought;
mod top;
mod tree;
mod variables;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use self::aside::Taken;
use self::environment::Given;
use self::layout::{Line, Shape};
use self::ledger::Ledger;
use self::scope::Scope;
use self::server::Server;
use self::service::Service;
use self::variables::Variables;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::dotenv::OddLine;
use crate::placement::Placement;
use crate::profile::{self, LONG_KEY, Raw};
use crate::render::examine;
use crate::secret::names_secret;
use crate::source::SourceId;
use crate::spelling::quoted;
use crate::target::compose;
use crate::value::{Choice as _, Engine, ServiceName, Stage, TextValue as _};
use crate::yaml::{self, Entry, Node};

pub use aside::Aside;
pub use files::{ComposeFile, Files, joined, named_in};
pub use ledger::{COMPOSE, DOTENV, NewSecret, Note};
pub use left::Beside;

/// A deployment that somebody keeps by hand.
pub struct HandKept<'k> {
    /// Its Compose files.
    pub files: &'k Files,
    /// The text of its `.env`; empty where there is none.
    pub dotenv: &'k str,
    /// The text of the file that Compose reads beside its Compose file; empty where there is none.
    pub beside: &'k str,
    /// The text of another file of its folder, by its path from there, such as one that gives variables to a service.
    pub read: &'k dyn Fn(&str) -> Option<String>,
    /// The name of its folder, after which Compose calls the project where nothing else names it.
    pub folder: &'k str,
    /// The way from the project's root to that folder, as the `root` of a placement.
    pub placement: &'k Placement,
}

/// What becomes of it.
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

/// Reads a hand-kept deployment as a profile.
///
/// # Errors
/// As [`import_but`].
pub fn import(kept: &HandKept<'_>) -> Result<Imported, Vec<Diagnostic>> {
    import_but(kept, &Aside::default())
}

/// The same, but for what stays as it was.
///
/// # Errors
/// Every fault of the files, and everything in them that would be another deployment as a profile. Their places are in
/// the sources [`COMPOSE`] and [`DOTENV`], and behind those the second Compose file and so on. Those of notes are in the
/// text of all files.
pub fn import_but(kept: &HandKept<'_>, aside: &Aside) -> Result<Imported, Vec<Diagnostic>> {
    let careful = |faults: Vec<Diagnostic>| {
        let concealed = faults.into_iter().map(|fault| concealed(fault, kept.files.text()));
        concealed.map(|fault| in_its_file(fault, kept.files)).collect()
    };
    let mut root = gathered(kept.files)?;
    let beside = yaml::read(kept.beside).ok();
    if let Some(beside) = &beside {
        gather::take_programs(&mut root, beside);
    }
    let variables_of = |dotenv: &str| Variables::read(dotenv).map_err(|odd| vec![open_quote(kept.dotenv, odd)]);
    let mut variables = variables_of(kept.dotenv)?;
    let of_defaults = defaults::find(&root, &variables);
    defaults::remove(&mut root, &of_defaults);
    let new = of_defaults.into_iter().filter_map(|(key, value)| NewSecret::of(key, &value));
    let mut new: Vec<_> = new.collect();
    let lines_of = |new: &[NewSecret]| new.iter().map(|new| new.line.as_str()).collect::<String>();
    if !new.is_empty() {
        variables = variables_of(&format!("{}\n{}", kept.dotenv, lines_of(&new)))?;
    }
    let literals = literals::replace(&mut root, beside.as_ref(), &variables);
    if !literals.is_empty() {
        new.extend(literals);
        variables = variables_of(&format!("{}\n{}", kept.dotenv, lines_of(&new)))?;
    }
    let mut ledger = Ledger::new(&variables, kept);
    ledger.servers_that_stay.clone_from(&aside.servers);
    ledger.new_secrets = new;
    ledger.named_beside = beside.as_ref().map(services_of).unwrap_or_default();
    for span in profile::long_keys(&root) {
        ledger.fault(Code::InvalidValue, &span, LONG_KEY.0, LONG_KEY.1);
    }
    let taken = aside.take(&mut root);
    let imported = read(&root, &taken, kept, &mut ledger);
    match imported {
        Some(imported) if ledger.faults.is_empty() => Ok(imported),
        Some(_) | None => Err(careful(ledger.faults)),
    }
}

/// The Compose files of a deployment as one tree, whose places are in the text of all files.
///
/// # Errors
/// What can't be read, or made one, each with its place in the file that it is in.
pub fn gathered(files: &Files) -> Result<Node<'_>, Vec<Diagnostic>> {
    let placed = |fault| in_its_file(concealed(fault, files.text()), files);
    gather::tree(files).map_err(|faults| faults.into_iter().map(placed).collect())
}

/// A fault with its places in the files that they are in.
#[must_use]
pub fn in_its_file(mut fault: Diagnostic, files: &Files) -> Diagnostic {
    for label in std::iter::once(&mut fault.primary).chain(&mut fault.others) {
        if let Place::Span(source, span) = &mut label.place
            && *source == COMPOSE
        {
            let (file, inside) = files.locate(span);
            *source = if file == 0 { COMPOSE } else { SourceId(DOTENV.0 + file) };
            *span = inside;
        }
    }
    fault
}

/// The services that a Compose file names.
fn services_of(root: &Node<'_>) -> BTreeSet<String> {
    let services = tree::child(root, "services").map(tree::entries).unwrap_or_default();
    services.iter().map(|entry| entry.key.to_string()).collect()
}

/// A fault without the lines that it stands in, where a secret may be in them.
fn concealed(mut fault: Diagnostic, text: &str) -> Diagnostic {
    let mut may_show = false;
    for label in std::iter::once(&mut fault.primary).chain(&mut fault.others) {
        let Place::Span(source, span) = &mut label.place else { continue };
        if *source != COMPOSE {
            continue;
        }
        let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let end = text.get(span.end..).and_then(|behind| behind.find('\n')).map_or(text.len(), |end| span.end + end);
        if text.get(start..end).is_some_and(variables::may_hold_secret) {
            *span = start..end;
            may_show = true;
        }
    }
    if may_show { fault.conceal() } else { fault }
}

fn open_quote(dotenv: &str, odd: OddLine) -> Diagnostic {
    let start = dotenv.split_inclusive('\n').take(odd.0.saturating_sub(1)).map(str::len).sum::<usize>();
    let length = dotenv.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    let help = "close it on this line, or put the value into single quotes";
    let message = "a quote is open at the end of this line";
    Diagnostic::error(Code::Syntax, Place::Span(DOTENV, start..start + length), message, help).conceal()
}

fn read(root: &Node<'_>, taken: &Taken<'_>, kept: &HandKept<'_>, ledger: &mut Ledger<'_>) -> Option<Imported> {
    let mark = examine(kept.files.text_of(0), &compose::FILE);
    let is_generated = mark.is_some();
    let is_ours = |entry: &&Entry<'_>| is_generated && entry.key == ServiceName::postgres_ensure().as_str();
    let services = tree::child(root, "services").map(tree::entries).unwrap_or_default();
    let services: Vec<_> = services.iter().filter(|entry| !is_ours(entry)).collect();
    if services.is_empty() {
        let help = "name the folder of a docker-compose.yml that has some";
        ledger.fault(Code::MissingField, &root.span, "the file has no services", help);
        return None;
    }
    let mut scope = Scope::new(kept.files.text(), is_generated);
    let project = top::project(root, kept.folder, ledger);
    guard_secrets(ledger);
    ledger.learn_references(root);
    let whole = Whole { root, project: &project, entries: &services };
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
        let section = server::section(server, &scope, &services, &volumes, ledger);
        lines.push(Line::new("postgres", Shape::Lines(section)).beside("only runs where a service uses it").apart());
    }
    scope.note_server(server.as_ref(), ledger);
    lines.extend(secrets(ledger));
    lines.extend(top::compose(root, &scope, ledger));
    let fixed = ledger.note_fixed();
    let server = server.map(|server| server.name().to_owned());
    Some(Imported { server, fixed, ..finish(lines, ledger) })
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

/// What an import reads at first.
struct Whole<'w, 'text> {
    root: &'w Node<'text>,
    project: &'w str,
    entries: &'w [&'w Entry<'text>],
}

/// The services of the profile, and the server of its `postgres` section: of several the one that most services use, as
/// far as a profile can say it. The others stay services.
fn recognize<'n, 'text>(
    whole: &Whole<'n, 'text>,
    scope: &Scope<'_>,
    ledger: &mut Ledger<'_>,
) -> (Vec<Service<'n, 'text>>, Option<Server<'n, 'text>>) {
    let mut given: Vec<Vec<Given>> = whole.entries.iter().map(|entry| environment::of(&entry.value)).collect();
    for given in given.iter().flatten() {
        given.find_secrets(ledger);
        given.note_passed(ledger);
    }
    let mut services = Vec::new();
    let mut aside = Vec::new();
    for (entry, given) in whole.entries.iter().zip(given.drain(..)) {
        if recognition::is_server(&entry.value, ledger) {
            aside.push((*entry, given));
        } else if let Some(name) = service_name(entry, ledger) {
            services.push(Service::read(entry, name, given, ledger));
        }
    }
    let mut why_not: BTreeMap<&str, String> = BTreeMap::new();
    let mut servers = Vec::new();
    for (entry, _) in &aside {
        let stays = ledger.servers_that_stay.get(entry.key.as_ref()).cloned();
        let recognized = || recognition::recognize(entry, whole.root, whole.project, ledger);
        match stays.map_or_else(recognized, Err) {
            Ok(server) => servers.push(server),
            Err(why) => drop(why_not.insert(&entry.key, why)),
        }
    }
    let users = |server: &Server<'_, '_>| services.iter().filter(|it| scope::needs(it, server.name(), ledger)).count();
    servers.sort_by_cached_key(|server| (Reverse(users(server)), server.name() != ServiceName::postgres().as_str()));
    let mut chosen: Option<Server<'_, '_>> = None;
    for server in servers {
        let settled = match &chosen {
            Some(chosen) => Err(format!("`{}` is the server that more of the services use", chosen.name())),
            None => settle(&mut services, &server, whole, scope, ledger).map_err(str::to_owned),
        };
        match settled {
            Ok(()) => chosen = Some(server),
            Err(why) => drop(why_not.insert(&server.entry.key, why)),
        }
    }
    match &chosen {
        // before other services, of which one may have a password of this name as well
        Some(server) => {
            server::take_password(server, ledger);
            ledger.volumes_beside.extend(server::volumes_beside(server));
        }
        // no service is said to have a database on it
        None => services.iter_mut().for_each(|service| service.leave_server(scope, ledger)),
    }
    for service in &services {
        service.note_database(ledger);
    }
    for (entry, given) in aside {
        let Some(why) = why_not.get(entry.key.as_ref()) else { continue };
        note_own_service(entry, why, ledger);
        if let Some(name) = service_name(entry, ledger) {
            services.push(Service::read(entry, name, given, ledger));
        }
    }
    services.sort_by_key(|service| service.entry.key_span.start);
    (services, chosen)
}

/// Finds the databases of the services on a server. Where no service tells of one, those that wait for the server are taken
/// to use the one that it is made with: a profile's server runs for somebody.
///
/// # Errors
/// Why the server stays a service.
fn settle(
    services: &mut [Service<'_, '_>],
    server: &Server<'_, '_>,
    whole: &Whole<'_, '_>,
    scope: &Scope<'_>,
    ledger: &Ledger<'_>,
) -> Result<(), &'static str> {
    for service in services.iter_mut() {
        service.find_database(Some(server), scope, ledger);
    }
    leave_bystanders(services, server);
    let is_known = services.iter().filter_map(Service::database).any(|database| database.postgres.is_some());
    let is_clear = !scope.is_generated && services.iter().all(|service| !service.found.is_somebody_else);
    if !is_known && is_clear {
        for service in services.iter_mut().filter(|service| service.database().is_none()) {
            if scope::needs(service, server.name(), ledger) {
                service.found.database = database::guess(server);
            }
        }
    }
    let postgres = ServiceName::postgres();
    let is_taken = |entry: &&Entry<'_>| entry.key == postgres.as_str();
    if server.name() != postgres.as_str() && whole.entries.iter().copied().any(|entry| is_taken(&entry)) {
        return Err("another service is called `postgres`, which is the name of the section's server");
    }
    scope::is_wanted(server, services, ledger)
}

/// A file of variables is given to many services that do not need all of it: of those that know the server by nothing else,
/// the ones that wait for it use it.
fn leave_bystanders(services: &mut [Service<'_, '_>], server: &Server<'_, '_>) {
    let is_bystander = |service: &Service<'_, '_>| {
        let of_files = service.database().is_some_and(|database| database.is_of_files && database.postgres.is_some());
        of_files && !service.waits_for(server.name())
    };
    let uses = |service: &Service<'_, '_>| service.database().is_some_and(|database| database.postgres.is_some());
    if services.iter().any(|service| uses(service) && !is_bystander(service)) {
        for service in services.iter_mut().filter(|service| is_bystander(service)) {
            service.found.database = None;
        }
    }
}

fn note_own_service(entry: &Entry<'_>, why: &str, ledger: &mut Ledger<'_>) {
    let message = format!("`{}` stays a service like the others, and gets no `postgres` section: {why}", entry.key);
    let help = "it runs as before; codelab-gen makes no databases on it and writes no scripts for it";
    ledger.reason(Some(&entry.key_span), message, help);
}

fn service_name(entry: &Entry<'_>, ledger: &mut Ledger<'_>) -> Option<ServiceName> {
    let name = ServiceName::parse(&entry.key);
    if let Err(mismatch) = &name {
        let message = format!("expected {}, found {}", mismatch.expected, quoted(&entry.key));
        ledger.fault(Code::InvalidValue, &entry.key_span, message, "rename the service, and import again");
    }
    name.ok()
}

/// What stands above the services.
fn head(stage: Stage, project: &str, scope: &Scope<'_>, ledger: &Ledger<'_>) -> Vec<Line> {
    let mut lines = vec![
        Line::short("format", Raw::plain("1")),
        Line::text("stage", stage.as_str()).beside("staging and production are stricter, and keep containers in"),
    ];
    let out = ledger.placement.root.as_str();
    if out != "." {
        lines.push(Line::text("out", &format!("./{out}")).beside("where docker-compose.yml and .env stand"));
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

fn secrets(ledger: &Ledger<'_>) -> Option<Line> {
    let secret = |key: &crate::value::EnvironmentKey| Line::text(key.as_str(), "required");
    let lines: Vec<_> = ledger.secrets.iter().map(secret).collect();
    let section = Line::new("secrets", Shape::Lines(lines)).beside("their values stand in .env").apart();
    (!ledger.secrets.is_empty()).then_some(section)
}
