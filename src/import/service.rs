//! Knows of a hand-kept service what other services and the top of the profile depend on. Must not know how a profile
//! says it, nor the other services.

use super::database::{self, Database, Found, Home};
use super::environment::Given;
use super::ledger::Ledger;
use super::server::Server;
use super::{env_files, health, mounts, variables};
use crate::compose::nodes;
use crate::interpolation::Template;
use crate::profile::Raw;
use crate::value::{ContainerPath, Engine, Mount, MountSource, ServiceName, TextValue as _};
use crate::yaml::{Entry, Node};

/// A service, as far as other services and the top of the profile depend on it.
pub(super) struct Service<'n, 'text> {
    pub(super) entry: &'n Entry<'text>,
    pub(super) name: ServiceName,
    pub(super) given: Vec<Given>,
    pub(super) mounts: Vec<Mount>,
    pub(super) working_dir: Option<ContainerPath>,
    pub(super) found: Found,
    pub(super) check: Option<health::HealthCheck>,
}

impl<'n, 'text> Service<'n, 'text> {
    /// Reads what the rest depends on.
    pub(super) fn read(entry: &'n Entry<'text>, name: ServiceName, given: Vec<Given>, ledger: &mut Ledger<'_>) -> Self {
        let node = &entry.value;
        let volumes = nodes::child(node, "volumes");
        let mounts = volumes.map(|volumes| mounts::read(&entry.key, volumes, ledger)).unwrap_or_default();
        let field = format!("services.{name}");
        let working_dir = nodes::child(node, "working_dir").and_then(|folder| {
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
        let check = nodes::child(node, "healthcheck").and_then(|check| {
            let found = health::read(check, &format!("{field}.healthcheck"), ledger);
            if found.is_none() {
                ledger.leave(&entry.key, "healthcheck", Raw::of(check), &check.span, "is none that a profile can say");
            }
            found
        });
        Self { entry, name, given, mounts, working_dir, found: Found::default(), check }
    }

    /// Finds its database, where the server is this one; `text` is that of the whole file.
    pub(super) fn find_database(&mut self, server: Option<&Server<'_, '_>>, text: &str, ledger: &Ledger<'_>) {
        let words = program_words(&self.entry.value, ledger);
        let home = Home {
            name: &self.name,
            given: &self.given,
            mounts: &self.mounts,
            working_dir: self.working_dir.as_ref(),
            of_files: &env_files::variables(&self.entry.value, ledger),
            waits: server.is_some_and(|server| self.waits_for(server.name())),
            has_dotenv: env_files::has_dotenv(&self.entry.value, ledger),
            program: &urls_of(&words),
            words: &words,
            commented: &commented_in(text, &self.entry.value),
        };
        self.found = database::find(&home, server, ledger);
    }

    /// Finds its database where there is no server after all; why it has none on the last one that was tried stays known.
    pub(super) fn leave_server(&mut self, text: &str, ledger: &Ledger<'_>) {
        let tried = std::mem::take(&mut self.found);
        self.find_database(None, text, ledger);
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
        let waits = nodes::child(&self.entry.value, "depends_on").is_some_and(|node| {
            nodes::items(node).iter().any(|item| nodes::text(item) == Some(name)) || nodes::entry(node, name).is_some()
        });
        waits || self.links_to(name)
    }

    /// Whether it has a link to another service.
    pub(super) fn links_to(&self, name: &str) -> bool {
        let links = nodes::child(&self.entry.value, "links").map(nodes::items).unwrap_or_default();
        links.iter().filter_map(nodes::text).any(|link| link.split(':').next() == Some(name))
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

    /// The database that it uses today, by a name that is the same for the same one.
    pub(super) fn opened(&self) -> Option<String> {
        let database = self.database()?;
        match (database.engine, &database.sqlite, &database.postgres) {
            (Engine::Postgres, _, Some(postgres)) => Some(format!("postgres {}", postgres.name)),
            (Engine::Sqlite, Some(file), _) => {
                let mount = self.mounts.get(file.data)?;
                let source = mounts::written(mount, &mounts::Volumes::new());
                Some(format!("sqlite {source} {}", file.path))
            }
            (Engine::Postgres | Engine::Sqlite, _, _) => None,
        }
    }

    /// Leaves a key of it to the file beside the Compose file, with why.
    pub(super) fn leave(&self, key: &str, node: &Node<'_>, why: &str, ledger: &mut Ledger<'_>) {
        ledger.leave(&self.entry.key, key, Raw::of(node), &node.span, why);
    }
}

/// The words of the command of a service.
fn program_words(service: &Node<'_>, ledger: &Ledger<'_>) -> Vec<String> {
    let parts = ["entrypoint", "command"].into_iter().filter_map(|key| nodes::child(service, key));
    let texts =
        parts.flat_map(|part| nodes::text(part).into_iter().chain(nodes::items(part).iter().filter_map(nodes::text)));
    let filled = texts.filter_map(|text| ledger.variables.fill(&Template::parse(text)?));
    let is_end = |c: char| c.is_whitespace() || "\"'`".contains(c);
    let words =
        |text: String| text.split(is_end).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    filled.flat_map(words).collect()
}

/// The URLs among words.
fn urls_of(words: &[String]) -> Vec<String> {
    let is_flag = |name: &str| !name.contains(':');
    let of_flag = |word: &String| {
        word.split_once('=').filter(|(name, _)| is_flag(name)).map_or(word.as_str(), |it| it.1).to_owned()
    };
    words.iter().filter(|word| word.contains("://")).map(of_flag).collect()
}

/// The keys and values of the lines of a service that are commented out.
fn commented_in(text: &str, node: &Node<'_>) -> Vec<(String, String)> {
    let text = text.get(node.span.clone()).unwrap_or_default();
    text.lines().filter_map(variables::commented).collect()
}
