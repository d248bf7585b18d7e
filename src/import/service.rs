//! Knows how a hand-kept service is said by a profile, key by key. Must not know the other services, but for their names.

mod dependency;
mod limits;
mod program;

use indexmap::IndexMap;

use super::database::{Database, Found, Home, PostgresSide};
use super::environment::Given;
use super::layout::{Line, Shape};
use super::ledger::Ledger;
use super::scope::Scope;
use super::server::Server;
use super::top::Volumes;
use super::variables::Variables;
use super::{health, mounts, ports, tree};
use crate::diagnostic::Code;
use crate::profile::{LabelName, Raw};
use crate::target::compose::SERVICE_KEYS;
use crate::value::{
    Choice as _, ContainerPath, Driver, Engine, EnvironmentKey, Mount, MountSource, ServiceName, TextValue as _,
    VariableName,
};

use crate::yaml::{Entry, Node};
pub(super) use limits::limits;

/// A service, as far as other services and the top of the profile depend on it.
pub(super) struct Service<'n, 'text> {
    pub(super) entry: &'n Entry<'text>,
    pub(super) name: ServiceName,
    pub(super) given: Vec<Given>,
    pub(super) mounts: Vec<Mount>,
    working_dir: Option<ContainerPath>,
    pub(super) found: Found,
    check: Option<health::HealthCheck>,
}

impl<'n, 'text> Service<'n, 'text> {
    /// Reads what the rest depends on.
    pub(super) fn read(entry: &'n Entry<'text>, name: ServiceName, given: Vec<Given>, ledger: &mut Ledger<'_>) -> Self {
        let node = &entry.value;
        let volumes = tree::child(node, "volumes");
        let mounts = volumes.map(|volumes| mounts::read(&entry.key, volumes, ledger)).unwrap_or_default();
        let field = format!("services.{name}");
        let working_dir = tree::child(node, "working_dir").and_then(|folder| {
            let path = ledger.fixed(folder, &format!("{field}.working_dir"));
            let path = path.and_then(|path| ContainerPath::parse(&path).ok());
            if path.is_none() {
                ledger.leave(
                    &entry.key,
                    "working_dir",
                    Raw::of(folder),
                    &folder.span,
                    "is no path that a profile takes",
                );
            }
            path
        });
        let check = tree::child(node, "healthcheck").and_then(|check| {
            let found = health::read(check, &format!("{field}.healthcheck"), ledger);
            if found.is_none() {
                ledger.leave(&entry.key, "healthcheck", Raw::of(check), &check.span, "is none that a profile can say");
            }
            found
        });
        Self { entry, name, given, mounts, working_dir, found: Found::default(), check }
    }

    /// Finds its database, where the server is this one.
    pub(super) fn find_database(&mut self, server: Option<&Server<'_, '_>>, scope: &Scope<'_>, ledger: &Ledger<'_>) {
        let home = Home {
            name: &self.name,
            given: &self.given,
            mounts: &self.mounts,
            working_dir: self.working_dir.as_ref(),
            of_files: &of_files(&self.entry.value, ledger),
            waits: server.is_some_and(|server| self.waits_for(server.name())),
            has_dotenv: has_dotenv(&self.entry.value),
            commented: &scope.commented_in(&self.entry.value),
        };
        self.found = super::database::find(&home, server, ledger);
    }

    /// Finds its database where there is no server after all; why it has none on the last one that was tried stays known.
    pub(super) fn leave_server(&mut self, scope: &Scope<'_>, ledger: &Ledger<'_>) {
        let tried = std::mem::take(&mut self.found);
        self.find_database(None, scope, ledger);
        if tried.is_somebody_else {
            self.found.told = tried.told;
        }
    }

    /// Its database.
    pub(super) fn database(&self) -> Option<&Database> {
        self.found.database.as_ref()
    }

    /// Tells what of its variables is no database, and which one is a guess.
    pub(super) fn note_database(&self, ledger: &mut Ledger<'_>) {
        let help = "it stays a variable; describe the database by hand to switch its engine with the profile";
        for (span, message) in &self.found.told {
            ledger.note(span.as_ref(), message.as_str(), help);
        }
        let guessed = self.database().filter(|database| database.is_guess);
        if let Some(name) = guessed.and_then(|database| database.postgres.as_ref()).map(|postgres| &postgres.name) {
            let message = format!("`{}` waits for the server; that `{name}` is its database is a guess", self.name);
            let help = "write another name in the profile, or remove `database` where it has none";
            ledger.note(Some(&self.entry.key_span), message, help);
        }
    }

    /// Whether it says that another service must run before it.
    pub(super) fn waits_for(&self, name: &str) -> bool {
        tree::child(&self.entry.value, "depends_on").is_some_and(|node| {
            tree::items(node).iter().any(|item| tree::text(item) == Some(name)) || tree::entry(node, name).is_some()
        })
    }

    /// The named volumes that it mounts, as the Compose file calls them.
    pub(super) fn volumes(&self) -> Vec<String> {
        let name = |mount: &Mount| match &mount.source {
            MountSource::Volume(name) => Some(name.to_string()),
            MountSource::Bind(_) => None,
        };
        self.mounts.iter().filter_map(name).collect()
    }

    /// Whether a profile says its health check.
    pub(super) fn is_checked(&self) -> bool {
        self.check.is_some()
    }

    /// Its lines in the profile.
    pub(super) fn lines(&self, scope: &Scope<'_>, volumes: &Volumes, ledger: &mut Ledger<'_>) -> Vec<Line> {
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
        lines.extend(self.time("stop_grace_period", &field, ledger));
        lines.extend(limits.map(|limits| Line::short("limits", limits)));
        lines.extend(self.database_lines(scope));
        let mut compose = raw_keys(node, |key| is_owned(key) || key == "deploy");
        if scope.drop_generated(&mut compose) {
            lines.push(Line::short("outbound", Raw::plain("false")));
        }
        compose.extend(deploy.map(|deploy| ("deploy".to_owned(), deploy)));
        if !compose.is_empty() {
            lines.push(Line::new("compose", Shape::Raw(Raw::Mapping(compose))));
        }
        lines
    }

    fn leave(&self, key: &str, node: &Node<'_>, why: &str, ledger: &mut Ledger<'_>) {
        ledger.leave(&self.entry.key, key, Raw::of(node), &node.span, why);
    }

    /// The folder that the program runs in. Beside a data mount a profile always has one; where the path of the SQLite
    /// file does not tell it, it is a guess.
    fn folder(&self) -> Option<Line> {
        if let Some(folder) = &self.working_dir {
            return Some(Line::text("working_dir", folder.as_str()));
        }
        let file = self.database()?.sqlite.as_ref().filter(|file| file.path.as_str().starts_with('/'))?;
        let folder = self.mounts.get(file.data)?.target.parent();
        let line = Line::text("working_dir", folder.as_str());
        Some(line.beside("a guess: the folder that the image runs in (WORKDIR)"))
    }

    fn ports(&self, field: &str, ledger: &mut Ledger<'_>) -> Vec<Line> {
        let node = &self.entry.value;
        let asked = self.check.as_ref().and_then(|check| check.port.clone());
        let items = tree::child(node, "ports").map(tree::items).unwrap_or_default();
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
            let exposed = tree::items(tree::child(node, "expose")?).first()?;
            ledger.variables.fill(&crate::interpolation::Template::parse(tree::text(exposed)?)?)
        };
        let port = chosen.as_ref().map(|port| port.target.clone()).or(asked).or_else(exposed);
        let port = port.filter(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        let port = port.map(|port| Line::short("port", Raw::plain(&port)));
        port.into_iter().chain(chosen.map(|chosen| Line::short("publish", chosen.publish(ledger)))).collect()
    }

    /// The data mount, and the others.
    fn places(&self, scope: &Scope<'_>, volumes: &Volumes, ledger: &mut Ledger<'_>) -> Vec<Line> {
        let data = self.database().and_then(|database| database.sqlite.as_ref()).map(|file| file.data);
        let (of_server, texts): (Vec<_>, Vec<_>) = self
            .mounts
            .iter()
            .map(|mount| (mount, mounts::written(mount, volumes)))
            .enumerate()
            .partition(|(_, (mount, _))| scope.is_data_of_server(&mount.source));
        for (_, (mount, text)) in of_server {
            self.leave_data_of_server(mount, &text, ledger);
        }
        let texts = texts.iter().map(|(index, (_, text))| (*index, text));
        let (data, others): (Vec<_>, Vec<_>) = texts.partition(|(index, _)| Some(*index) == data);
        let others: Vec<_> = others.into_iter().map(|(_, text)| text.as_str()).collect();
        let data = data.into_iter().map(|(_, text)| Line::text("data", text));
        let others = (!others.is_empty()).then(|| Line::new("volumes", Shape::Raw(Raw::words(others))));
        data.chain(others).collect()
    }

    /// What else mounts the server's data, such as a backup, which the profile refuses.
    fn leave_data_of_server(&self, mount: &Mount, text: &str, ledger: &mut Ledger<'_>) {
        let items = tree::child(&self.entry.value, "volumes").map(tree::items).unwrap_or_default();
        let Some(item) = items.iter().find(|item| mounts::place(item, ledger).as_ref() == Some(mount)) else { return };
        let raw = match &mount.source {
            MountSource::Volume(_) => Raw::text(text),
            MountSource::Bind(_) => Raw::of(item),
        };
        let why = "mounts the data of the server, which a profile refuses";
        ledger.leave(&self.entry.key, "volumes", Raw::Sequence(vec![raw]), &item.span, why);
    }

    fn environment(&self, ledger: &mut Ledger<'_>) -> Option<Line> {
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
        (!lines.is_empty()).then(|| Line::new("environment", Shape::Lines(lines)))
    }

    /// Neither a profile nor the file beside it could say a name that changes.
    fn refuse_name(&self, what: &str, given: &Given, ledger: &mut Ledger<'_>) {
        let message = format!("the name of a {what} of `{}` follows a variable: `{}`", self.name, given.name);
        ledger.fault(Code::InvalidValue, &given.span, message, "write the name that it has today, and import again");
    }

    fn labels(&self, field: &str, ledger: &mut Ledger<'_>) -> Option<Line> {
        let mut lines = Vec::new();
        for given in tree::child(&self.entry.value, "labels").map(super::environment::read).unwrap_or_default() {
            let text = match &given.value {
                super::environment::GivenValue::Text(text) => ledger.fixed_text(text, &format!("{field}.labels")),
                super::environment::GivenValue::Passed => Some(String::new()),
                super::environment::GivenValue::Odd(_) => None,
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

    fn database_lines(&self, scope: &Scope<'_>) -> Option<Line> {
        let Database { url, engine, sqlite, postgres, parts: _, is_guess, is_of_files: _ } = self.database()?;
        let mut lines = Vec::new();
        let is_choice = sqlite.is_some() && postgres.is_some();
        if is_choice && scope.engine != Some(*engine) {
            lines.push(Line::text("engine", engine.as_str()));
        }
        lines.extend(sqlite.as_ref().map(|file| Line::text("sqlite", file.path.as_str())));
        if let Some(PostgresSide { name, driver, options }) = postgres {
            let line = Line::text("postgres", name.as_str());
            lines.push(if *is_guess { line.beside("a guess: the one that the server is made with") } else { line });
            if *driver != Driver::Asyncpg {
                lines.push(Line::text("driver", driver.as_str()));
            }
            lines.extend(options.as_ref().map(|options| Line::text("options", &options.to_string())));
        }
        let usual = EnvironmentKey::of_service(&self.name, "__DB_URL").to_string();
        match url {
            Some((variable, _)) if *variable == usual => {}
            Some((variable, _)) => {
                lines.push(Line::text("env", variable).beside("the container's variable for the URL"));
            }
            None => {
                lines.push(Line::short("give_url", Raw::plain("false")).beside("it keeps the variables that it has"));
            }
        }
        if scope.is_shared(self) {
            lines.push(Line::short("shared", Raw::plain("true")).beside("with another service, as before"));
        }
        Some(Line::new("database", Shape::Lines(lines)))
    }

    /// The database that it uses today, by a name that is the same for the same one.
    pub(super) fn opened(&self) -> Option<String> {
        let database = self.database()?;
        match (database.engine, &database.sqlite, &database.postgres) {
            (Engine::Postgres, _, Some(postgres)) => Some(format!("postgres {}", postgres.name)),
            (Engine::Sqlite, Some(file), _) => {
                let mount = self.mounts.get(file.data)?;
                let source = mounts::written(mount, &Volumes::new());
                Some(format!("sqlite {source} {}", file.path))
            }
            (Engine::Postgres | Engine::Sqlite, _, _) => None,
        }
    }
}

/// Whether the containers of a service get all of `.env`.
pub(super) fn has_dotenv(service: &Node<'_>) -> bool {
    files(service).any(is_dotenv)
}

/// What the containers of a service get from files of variables; of two files the later one counts.
pub(super) fn of_files(service: &Node<'_>, ledger: &Ledger<'_>) -> IndexMap<String, String> {
    let mut all = IndexMap::new();
    for path in files(service) {
        let text = if is_dotenv(path) { None } else { ledger.known(path).and_then(|path| ledger.file(&path)) };
        let of_file = text.and_then(|text| Variables::read(&text).ok());
        let variables = if is_dotenv(path) { Some(ledger.variables) } else { of_file.as_ref() };
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        all.extend(variables.into_iter().flat_map(Variables::all).map(owned));
    }
    all.sort_unstable_keys();
    all
}

fn files<'n>(service: &'n Node<'_>) -> impl Iterator<Item = &'n str> {
    let files = tree::child(service, "env_file");
    let items = files.map(tree::items).unwrap_or_default();
    let path = |node: &'n Node<'_>| tree::text(node).or(tree::text_of(node, "path"));
    files.and_then(tree::text).into_iter().chain(items.iter().filter_map(path))
}

fn is_dotenv(path: &str) -> bool {
    matches!(path, ".env" | "./.env")
}

/// The keys that Compose gets as they stand.
pub(super) fn raw_keys(node: &Node<'_>, is_taken: impl Fn(&str) -> bool) -> Vec<(String, Raw)> {
    // a null says nothing to Compose, and would remove something in a profile
    let says = |entry: &&Entry<'_>| !entry.value.is_null() && !entry.key.starts_with("x-");
    let raw = tree::entries(node).iter().filter(says).filter(|entry| !is_taken(&entry.key));
    raw.map(|entry| (entry.key.to_string(), Raw::of(&entry.value))).collect()
}

fn is_owned(key: &str) -> bool {
    SERVICE_KEYS.iter().any(|(owned, _)| *owned == key)
}
