//! Knows whether a difference is one that is meant. Must not know where it was found, but for its path.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::difference::Difference;
use super::improvement::Improvement;
use super::kept::Kept;
use super::sides::Proof;
use super::url;
use super::worlds::{DOTENV, World};
use crate::compose::Tree;
use crate::deployment::{SOCKET_FOLDER, Service};
use crate::target::compose::{DATABASE_NETWORK, DEFAULT_NETWORK, PUBLISHED_NETWORK};
use crate::value::{ServiceName, VolumeName};

/// What decides whether a difference is meant.
pub(super) struct Judge<'p> {
    pub(super) proof: &'p Proof<'p>,
    /// Whether the server of the profile runs.
    runs: bool,
    /// The user and the database that the server is made with where nothing says so.
    user: String,
    /// Volumes that only a server mounted which rests.
    rested: BTreeSet<String>,
    /// The services that get all of `.env`.
    readers: BTreeSet<String>,
    /// The services that have no network of their own.
    borrowers: BTreeSet<String>,
    /// What the server has in another way.
    kept: Kept,
    services: HashMap<&'p str, &'p Service>,
    /// What the server is called today.
    names: Vec<String>,
}

/// Where images of PostgreSQL look for what runs on a new volume.
const INIT_SCRIPTS: &str = "/docker-entrypoint-initdb.d/";

impl<'p> Judge<'p> {
    pub(super) fn new(proof: &'p Proof<'p>, quiet: &World) -> Self {
        let own = ServiceName::postgres();
        let server = quiet.before.get("services").and_then(|services| services.get(own.as_str()));
        let user = server.and_then(|server| server.get("environment")?.get("POSTGRES_USER")?.as_text());
        let runs = proof.deployment.contained_server().is_some();
        let rests = proof.server.is_some() && !runs;
        let mounts = server.and_then(|server| server.get("volumes")).and_then(Tree::as_map).filter(|_| rests);
        let sources = mounts.into_iter().flatten().filter_map(|(_, mount)| mount.get("source")?.as_text());
        Self {
            proof,
            runs: runs && proof.server.is_some(),
            user: user.filter(|user| !user.is_empty()).unwrap_or("postgres").to_owned(),
            rested: sources.map(str::to_owned).collect(),
            readers: readers(&quiet.before),
            borrowers: borrowers(&quiet.before),
            names: proof.server.map(|key| names(key, server)).unwrap_or_default(),
            kept: Kept::of(proof, quiet),
            services: proof.deployment.services.iter().map(|service| (service.name.as_str(), service)).collect(),
        }
    }

    /// The change that a difference is part of; nothing where it is not meant.
    pub(super) fn improvement(&self, found: &Difference) -> Option<Improvement> {
        let own = ServiceName::postgres();
        match found.steps().as_slice() {
            ["services", name] if *name == ServiceName::postgres_ensure().as_str() && found.before.is_none() => {
                self.runs.then_some(Improvement::Ensure)
            }
            ["services", name] if *name == own.as_str() && found.after.is_none() => {
                (self.proof.server.is_some() && !self.runs).then_some(Improvement::Rest)
            }
            ["services", name, below @ ..] if *name == own.as_str() && self.runs => self.of_server(below, found),
            ["services", name, below @ ..] => self.of_service(self.service(name)?, below, found),
            ["networks", name, ..] => self.of_network(name, found),
            ["volumes", name] => {
                let is_socket = name.ends_with(VolumeName::postgres_socket().as_str());
                let is_made = self.runs && is_socket && found.before.is_none();
                let is_left = self.rested.contains(*name) && found.after.is_none();
                is_made.then_some(Improvement::Ensure).or(is_left.then_some(Improvement::Rest))
            }
            _ => None,
        }
    }

    /// Whether the whole value of a variable of a service is a connection URL that codelab-gen makes.
    pub(super) fn is_url(&self, service: &str, below: &[&str]) -> bool {
        let given = self.service(service).and_then(|service| service.database.as_ref()?.given.as_ref());
        matches!(below, ["environment", name] if given.is_some_and(|given| given.variable.as_str() == *name))
    }

    pub(super) fn service(&self, name: &str) -> Option<&'p Service> {
        self.services.get(name).copied()
    }

    fn of_network(&self, name: &str, found: &Difference) -> Option<Improvement> {
        let is_link = name.strip_prefix("database-").is_some_and(|service| self.services.contains_key(service));
        let is_made = (is_link || name == DATABASE_NETWORK || name == PUBLISHED_NETWORK) && found.before.is_none();
        let is_left = name == DEFAULT_NETWORK && (found.before.is_none() || found.after.is_none());
        let rests = self.proof.server.is_some() && !self.runs;
        ((is_made || is_left) && self.runs)
            .then_some(Improvement::Server)
            .or((rests && found.after.is_none()).then_some(Improvement::Rest))
    }

    fn of_server(&self, below: &[&str], found: &Difference) -> Option<Improvement> {
        if let Some(improvement) = self.kept.improvement(below, found) {
            return Some(improvement);
        }
        let is_new = found.before.is_none();
        let after = found.after.as_ref().and_then(Tree::as_text);
        let is_meant = match below {
            ["healthcheck", ..] => true,
            ["stop_grace_period" | "shm_size"] => is_new,
            ["volumes", target] if *target == SOCKET_FOLDER => is_new,
            ["volumes", script] if script.starts_with(INIT_SCRIPTS) => is_own_script(found),
            ["networks", name] if is_new => {
                *name == DATABASE_NETWORK || *name == PUBLISHED_NETWORK || name.starts_with("database-")
            }
            ["networks", DEFAULT_NETWORK] => found.after.is_none(),
            ["networks", _, "aliases"] => self.adds_only_its_name(found),
            ["environment", "POSTGRES_USER" | "POSTGRES_DB"] => is_new && after == Some(self.user.as_str()),
            ["command"] => self.is_same_program(found),
            ["environment", name] => return self.of_variable(name, found, Improvement::Server),
            _ => false,
        };
        is_meant.then_some(Improvement::Server)
    }

    /// Whether two commands start the server with the same settings, but for those that follow from its limits now.
    fn is_same_program(&self, found: &Difference) -> bool {
        let before = settings_of(found.before.as_ref());
        let mut after = settings_of(found.after.as_ref());
        let sizes = self.proof.deployment.contained_server().map(|(_, container)| container.sizes.as_slice());
        if let (Some(before), Some(after)) = (&before, &mut after) {
            let is_size = |name: &String| sizes.unwrap_or_default().iter().any(|size| size.name == name);
            after.retain(|name, _| before.contains_key(name) || !is_size(name));
        }
        before.is_some() && before == after
    }

    fn of_service(&self, service: &Service, below: &[&str], found: &Difference) -> Option<Improvement> {
        let own = ServiceName::postgres();
        let ensure = ServiceName::postgres_ensure();
        let is_user = service.uses_postgres() && self.runs;
        let reaches = self.proof.deployment.reaches_server(service) && self.runs;
        let is_new = found.before.is_none();
        match below {
            ["depends_on", name] if *name == ensure.as_str() => {
                let borrows = self.borrowers.contains(service.name.as_str());
                let how = if borrows { Improvement::Wait } else { Improvement::Ensure };
                (is_user && is_new).then_some(how)
            }
            ["depends_on", name] if *name == own.as_str() => {
                let restarts = found.before.as_ref().is_some_and(|awaited| awaited.get("restart").is_some());
                let is_covered = is_user && found.after.is_none() && !restarts;
                let rests = self.proof.server.is_some() && !self.runs && found.after.is_none();
                let is_apart = self.runs && found.after.is_none() && !restarts && uses_sqlite(service);
                is_covered
                    .then_some(Improvement::Ensure)
                    .or((reaches && is_new).then_some(Improvement::Reach))
                    .or(rests.then_some(Improvement::Rest))
                    .or(is_apart.then_some(Improvement::Apart))
            }
            ["networks", name] if *name == DATABASE_NETWORK || name.starts_with("database-") => {
                let through = if is_user { Improvement::Ensure } else { Improvement::Reach };
                (reaches && is_new).then_some(through)
            }
            ["working_dir"] => (service.has_data && is_new).then_some(Improvement::Folder),
            ["environment", name] => {
                let is_made = self.is_url(service.name.as_str(), below);
                let how = if is_made { Improvement::Url } else { Improvement::Connection };
                self.of_variable(name, found, how)
            }
            _ => None,
        }
    }

    /// A variable of a container: a URL or the host of the server, or one of `.env`, which the container gets whole.
    fn of_variable(&self, name: &str, found: &Difference, improvement: Improvement) -> Option<Improvement> {
        let text = |tree: &Option<Tree>| tree.as_ref().and_then(Tree::as_text).map(str::to_owned);
        match (text(&found.before), text(&found.after)) {
            (Some(before), Some(after)) => url::leads_to_the_same(&before, &after, &self.names).then_some(improvement),
            (None, Some(_)) if found.before.is_none() && self.proof.keys.contains(name) => {
                let gets_dotenv = found.service().is_some_and(|service| self.readers.contains(service));
                gets_dotenv.then_some(Improvement::Dotenv)
            }
            (_, _) => None,
        }
    }

    fn adds_only_its_name(&self, found: &Difference) -> bool {
        let texts = |tree: &Option<Tree>| {
            let items = tree.as_ref().map(Tree::items).unwrap_or_default();
            items.iter().filter_map(Tree::as_text).map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let (before, after) = (texts(&found.before), texts(&found.after));
        before.is_subset(&after) && after.difference(&before).all(|name| Some(name.as_str()) == self.proof.server)
    }
}

/// Whether the database of a service is a SQLite file.
pub(super) fn uses_sqlite(service: &Service) -> bool {
    service.has_database() && !service.uses_postgres()
}

/// What others call the server's host today: its key, its container, and what its networks call it beside.
fn names(key: &str, server: Option<&Tree>) -> Vec<String> {
    let container = server.and_then(|server| server.get("container_name")?.as_text());
    let networks = server.and_then(|server| server.get("networks")?.as_map()).into_iter().flatten();
    let aliases = networks.filter_map(|(_, network)| network.get("aliases")).flat_map(Tree::items);
    let others = container.into_iter().chain(aliases.filter_map(Tree::as_text));
    std::iter::once(key).chain(others).map(str::to_owned).collect()
}

/// The services that name the whole `.env` as a file of their variables.
fn readers(tree: &Tree) -> BTreeSet<String> {
    let services = tree.get("services").and_then(Tree::as_map).into_iter().flatten();
    let reads = |(_, service): &(&String, &Tree)| {
        let files = service.get("env_file").map(Tree::items).unwrap_or_default();
        files.iter().any(|file| file.get("path").and_then(Tree::as_text) == Some(DOTENV))
    };
    services.filter(reads).map(|(name, _)| name.clone()).collect()
}

/// The services that stand on the networks of another one, of the host, or on none.
fn borrowers(tree: &Tree) -> BTreeSet<String> {
    let services = tree.get("services").and_then(Tree::as_map).into_iter().flatten();
    services.filter(|(_, service)| service.get("network_mode").is_some()).map(|(name, _)| name.clone()).collect()
}

/// A script that codelab-gen mounts, or one at the place of it that gives way.
fn is_own_script(found: &Difference) -> bool {
    let tree = found.before.as_ref().or(found.after.as_ref());
    let source = tree.and_then(|mount| mount.get("source")?.as_text()).unwrap_or_default();
    (found.before.is_none() || found.after.is_none()) && source.ends_with("scripts/init-postgres.sh")
}

/// The settings of a command that starts the server with no more than settings: of one that is given twice the last one
/// counts.
fn settings_of(tree: Option<&Tree>) -> Option<BTreeMap<String, String>> {
    let Some(tree) = tree else { return Some(BTreeMap::new()) };
    let words: Vec<_> = tree.items().iter().filter_map(Tree::as_text).collect();
    let (program, rest) = words.split_first()?;
    let mut settings = BTreeMap::new();
    for pair in rest.chunks(2) {
        let [flag, setting] = pair else { return None };
        let (name, value) = setting.split_once('=').filter(|_| *flag == "-c")?;
        settings.insert(name.to_owned(), value.to_owned());
    }
    (*program == "postgres").then_some(settings)
}
