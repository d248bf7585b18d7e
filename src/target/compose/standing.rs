//! Knows what an existing `docker-compose.yml` runs: ours, or a hand-kept one that is being adopted.
//! Must not know what it will run afterwards.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::compose::{Service, Tree, nodes, normal_project_name};
use crate::deployment::REPOSITORY;
use crate::interpolation::Template;
use crate::url::Reading;
use crate::value::{Engine, ServiceName};
use crate::yaml::{self, Entry, Node};

/// Where images of PostgreSQL keep their data: the second one from version 18 on.
const SERVER_DATA: [&str; 2] = ["/var/lib/postgresql/data", "/var/lib/postgresql"];

/// Where images of PostgreSQL make their socket.
const SERVER_SOCKET: &str = "/var/run/postgresql";

/// What an existing Compose file runs, as far as it can be read without its variables.
#[derive(Debug, Default)]
pub struct Standing {
    /// The name that it gives its project.
    pub(crate) project: Option<String>,
    pub(crate) services: Vec<StandingService>,
    /// Where each one stands among them, by its name.
    places: HashMap<String, usize>,
    /// Named volumes that say their real name themselves, by their key.
    pub(crate) fixed_volumes: Vec<(String, String)>,
}

/// One of its services.
#[derive(Debug)]
pub(crate) struct StandingService {
    pub(crate) name: String,
    /// What its host is called beside: the name of its container, and what its networks call it.
    pub(crate) aliases: Vec<String>,
    pub(crate) image: Option<String>,
    pub(crate) working_dir: Option<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) mounts: Vec<StandingMount>,
}

/// Something that is mounted into a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StandingMount {
    /// A folder of the host, or a named volume.
    pub(crate) source: String,
    /// The folder in the container.
    pub(crate) target: String,
}

/// A connection URL that stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StandingUrl<'s> {
    pub(crate) engine: Engine,
    /// What is opened: the file as the URL has it, or the database.
    pub(crate) opened: &'s str,
    /// The server's host; empty for a file.
    pub(crate) host: &'s str,
}

impl Standing {
    /// Reads a Compose file; nothing where it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let root = yaml::read(text).ok()?;
        let services = nodes::child(&root, "services").filter(|services| nodes::is_mapping(services))?;
        let services: Vec<_> = nodes::entries(services).iter().map(service).collect();
        let places = services.iter().enumerate().map(|(place, service)| (service.name.clone(), place)).collect();
        Some(Self {
            project: nodes::text_of(&root, "name").map(str::to_owned),
            services,
            places,
            fixed_volumes: fixed_volumes(&root),
        })
    }

    /// The names of its services.
    pub fn service_names(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|service| service.name.as_str())
    }

    pub(crate) fn service(&self, name: &str) -> Option<&StandingService> {
        self.services.get(*self.places.get(name)?)
    }

    /// Whether a service runs PostgreSQL.
    #[must_use]
    pub fn has_server(&self) -> bool {
        self.server().is_some()
    }

    /// The services that run PostgreSQL: those that mount its data.
    pub(crate) fn servers(&self) -> impl Iterator<Item = &StandingService> {
        self.services.iter().filter(|service| service.data_of_server().is_some())
    }

    /// The service that runs PostgreSQL: of several the one of this name, else the first.
    pub(crate) fn server(&self) -> Option<&StandingService> {
        self.servers().find(|service| service.name == "postgres").or_else(|| self.servers().next())
    }

    /// The named volume with the data of the server.
    pub(crate) fn volume_of_server(&self) -> Option<&str> {
        let data = self.server()?.data_of_server()?;
        data.is_volume().then_some(data.source.as_str())
    }

    /// Where the section `backups` has its destination.
    pub(crate) fn destination_of_backups(&self) -> Option<String> {
        let backup = self.service(ServiceName::postgres_backup().as_str())?;
        if let Some(mount) = backup.mounts.iter().find(|mount| mount.target == REPOSITORY) {
            return Some(mount.source.clone());
        }
        let of_bucket = |name: &str| {
            let name = format!("PGBACKREST_REPO1_{name}");
            backup.environment.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
        };
        Some(format!("s3://{}{}", of_bucket("S3_BUCKET")?, of_bucket("PATH")?.trim_end_matches('/')))
    }

    /// The name of the project, where no variable decides it.
    pub(crate) fn project(&self) -> Option<String> {
        self.project.as_deref().map(|name| normal_name(&with_defaults(name)))
    }

    /// The named volumes that services mount, but for those of the server.
    pub(crate) fn volumes(&self) -> Vec<&str> {
        let data = self.server().and_then(StandingService::data_of_server);
        let mounts = self.services.iter().flat_map(|service| &service.mounts);
        let holds_data = |mount: &&StandingMount| mount.is_volume() && Some(*mount) != data && !mount.is_socket();
        let mut volumes: Vec<_> = mounts.filter(holds_data).collect();
        volumes.sort_unstable_by_key(|mount| &mount.source);
        volumes.dedup_by_key(|mount| &mount.source);
        volumes.into_iter().map(|mount| mount.source.as_str()).collect()
    }

    /// What Docker calls a named volume, where the file says that itself.
    pub(crate) fn real_name(&self, volume: &str) -> Option<&str> {
        self.fixed_volumes.iter().find(|(key, _)| key == volume).map(|(_, name)| name.as_str())
    }

    /// Whether data stands in volumes that are named after the project.
    pub(crate) fn has_named_volumes(&self) -> bool {
        let fixed: HashSet<_> = self.fixed_volumes.iter().map(|(key, _)| key).collect();
        let is_named = |mount: &StandingMount| mount.is_volume() && !fixed.contains(&mount.source);
        self.services.iter().flat_map(|service| &service.mounts).any(is_named)
    }
}

impl StandingService {
    /// Whether it is the host of this name.
    pub(crate) fn is_called(&self, host: &str) -> bool {
        self.name == host || self.aliases.iter().any(|alias| alias == host)
    }

    /// The mount with the data of a PostgreSQL server.
    pub(crate) fn data_of_server(&self) -> Option<&StandingMount> {
        let folder = self.environment.iter().find(|(name, _)| name == "PGDATA").map(|(_, value)| value.as_str());
        let holds = |mount: &&StandingMount, folder: &str| Path::new(folder).starts_with(&mount.target);
        let given = folder.and_then(|folder| self.mounts.iter().find(|mount| holds(mount, folder)));
        let at = |folder: &&str| self.mounts.iter().find(|mount| mount.target.trim_end_matches('/') == *folder);
        given.or_else(|| SERVER_DATA.iter().find_map(at))
    }

    /// What stands at each folder of the container; of two at one the first.
    pub(crate) fn mounted(&self) -> HashMap<&str, &StandingMount> {
        self.mounts.iter().rev().map(|mount| (mount.target.trim_end_matches('/'), mount)).collect()
    }

    /// Where a SQLite file of a URL stands outside of the container: a path of the host, or one in a volume.
    pub(crate) fn file_on_host(&self, opened: &str) -> Option<String> {
        let file = match (opened.starts_with('/'), &self.working_dir) {
            (true, _) => opened.to_owned(),
            (false, Some(folder)) => format!("{}/{opened}", folder.trim_end_matches('/')),
            (false, None) => return None,
        };
        let below = |mount: &&StandingMount| file.starts_with(&format!("{}/", mount.target.trim_end_matches('/')));
        let mount = self.mounts.iter().find(below)?;
        let rest = file.strip_prefix(mount.target.trim_end_matches('/'))?;
        Some(format!("{}{rest}", mount.source.trim_end_matches('/')))
    }
}

impl StandingMount {
    /// Whether it holds no data but the socket of a server.
    fn is_socket(&self) -> bool {
        self.target.trim_end_matches('/') == SERVER_SOCKET
    }

    /// The same with what the variables of its source hold.
    pub(crate) fn filled(&self, value: &dyn Fn(&str) -> Option<String>) -> Self {
        let source = Template::parse(&self.source).map(|source| source.filled(value));
        Self { source: source.unwrap_or_else(|| self.source.clone()), target: self.target.clone() }
    }

    pub(crate) fn is_volume(&self) -> bool {
        !self.source.starts_with(['.', '/', '~', '$'])
    }
}

impl<'s> StandingUrl<'s> {
    /// What parts say that stand in variables of their own: a file, or a database on a host.
    pub(crate) fn of_parts(name: &'s str, host: &'s str) -> Option<Self> {
        let engine = if name.starts_with('/') { Engine::Sqlite } else { Engine::Postgres };
        (!name.is_empty()).then_some(Self { engine, opened: name, host })
    }

    /// Reads a URL, also one that stands as the default of a variable: `${KEY:-sqlite:///data/x.db}`.
    pub(crate) fn read(text: &'s str) -> Option<Self> {
        let url = match text.strip_prefix("${") {
            Some(reference) => reference.split_once('-')?.1.strip_suffix('}')?,
            None => text,
        };
        let Reading { engine, opened, host, .. } = Reading::read(url)?;
        Some(Self { engine, opened, host })
    }
}

/// The named volumes of a Compose file that say their real names themselves, by their keys; none of what is no such file.
pub(crate) fn fixed_volumes_of(text: &str) -> Vec<(String, String)> {
    yaml::read(text).map(|root| fixed_volumes(&root)).unwrap_or_default()
}

fn fixed_volumes(root: &Node<'_>) -> Vec<(String, String)> {
    let fixed = |volume: &Entry<'_>| {
        let name = nodes::text_of(&volume.value, "name").map(str::to_owned);
        // an external one is called as its key, whatever the project
        let is_external = nodes::text_of(&volume.value, "external") == Some("true");
        Some((volume.key.to_string(), name.or_else(|| is_external.then(|| volume.key.to_string()))?))
    };
    nodes::child(root, "volumes").map(nodes::entries).unwrap_or_default().iter().filter_map(fixed).collect()
}

/// A text with the defaults of its variables, as Compose reads it where they are unset.
fn with_defaults(text: &str) -> String {
    Template::parse(text).map_or_else(|| text.to_owned(), |template| template.filled(&|_| None))
}

/// What Compose makes of a project's name, unless a variable is left in it.
fn normal_name(name: &str) -> String {
    if name.contains('$') { name.to_owned() } else { normal_project_name(name) }
}

/// The keys of a service that are looked at.
const KEYS: [&str; 6] = ["image", "working_dir", "environment", "volumes", "container_name", "networks"];

fn service(entry: &Entry<'_>) -> StandingService {
    let keys = nodes::entries(&entry.value).iter().filter(|key| KEYS.contains(&key.key.as_ref()));
    let keys = keys.map(|key| (key.key.as_ref(), Tree::written(&key.value)));
    let service = Service::read(Tree::map(keys));
    let text = |key: &str| service.text(key).map(str::to_owned);
    let parts = |key: &str| service.get(key).and_then(Tree::as_map).into_iter().flatten();
    let aliases = parts("networks").filter_map(|(_, network)| network.get("aliases")).flat_map(Tree::items);
    let aliases = aliases.filter_map(Tree::as_text).map(with_defaults);
    let mount = |(target, mount): (&String, &Tree)| {
        Some(StandingMount { source: mount.get("source")?.as_text()?.to_owned(), target: target.clone() })
    };
    StandingService {
        name: entry.key.to_string(),
        aliases: text("container_name").map(|name| with_defaults(&name)).into_iter().chain(aliases).collect(),
        image: text("image"),
        working_dir: text("working_dir"),
        environment: parts("environment")
            .filter_map(|(name, value)| Some((name.clone(), value.as_text()?.to_owned())))
            .collect(),
        mounts: parts("volumes").filter_map(mount).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_kept_file_is_understood() {
        let text = "name: mine\nservices:\n  db:\n    image: postgres:15\n    volumes: ['pg:/var/lib/postgresql/data']\n  \
                    api:\n    working_dir: /app\n    environment: ['DB_URL=sqlite:///data/x.db', 'BARE']\n    volumes:\n      \
                    - {type: bind, source: ./data, target: /app/data}\nvolumes:\n  pg: {name: real}\n";
        let standing = Standing::read(text).unwrap();
        assert_eq!(standing.project.as_deref(), Some("mine"));
        assert_eq!(standing.server().unwrap().name, "db");
        assert_eq!(standing.service_names().collect::<Vec<_>>(), ["db", "api"]);
        assert_eq!(standing.fixed_volumes, [("pg".to_owned(), "real".to_owned())]);
        assert!(!standing.has_named_volumes());
        let api = standing.service("api").unwrap();
        assert_eq!(api.environment, [("DB_URL".to_owned(), "sqlite:///data/x.db".to_owned())]);
        assert_eq!(api.file_on_host("data/x.db").as_deref(), Some("./data/x.db"));
        assert_eq!(api.file_on_host("/app/data/x.db").as_deref(), Some("./data/x.db"));
        assert_eq!(api.file_on_host("other/x.db"), None);
        assert!(Standing::read("services: [a]").is_none() && Standing::read("a: [").is_none());
    }

    #[test]
    fn a_server_is_found_by_every_name_and_data_behind_a_variable_too() {
        let text = "name: My Shop\nservices:\n  db:\n    image: postgres:16\n    container_name: '${DB_NAME:-shop-db}'\n    \
                    networks: { back: { aliases: [store] }, other: }\n    volumes: ['${PG_AT:-./x/pg}:/var/lib/postgresql/data']\n";
        let standing = Standing::read(text).unwrap();
        let server = standing.server().unwrap();
        for (host, is_it) in [("db", true), ("shop-db", true), ("store", true), ("back", false)] {
            assert_eq!(server.is_called(host), is_it, "{host}");
        }
        assert_eq!(server.data_of_server().unwrap().source, "${PG_AT:-./x/pg}");
        assert_eq!(standing.project().as_deref(), Some("myshop"));
    }

    #[test]
    fn urls_are_read_as_they_stand_and_as_defaults() {
        let read = |text| StandingUrl::read(text).map(|url| (url.engine, url.opened));
        assert_eq!(read("sqlite:///data/a.db"), Some((Engine::Sqlite, "data/a.db")));
        assert_eq!(read("sqlite:///./data/a.db"), Some((Engine::Sqlite, "data/a.db")));
        assert_eq!(read("${A__DB_URL:-sqlite:////app/a.db}"), Some((Engine::Sqlite, "/app/a.db")));
        assert_eq!(read("sqlite+aiosqlite:///a.db"), Some((Engine::Sqlite, "a.db")));
        let url = "${A__DB_URL:-postgresql+asyncpg://u:${POSTGRES_PASSWORD:?no}@postgres:5432/a?ssl=require}";
        assert_eq!(read(url), Some((Engine::Postgres, "a")));
        assert_eq!(read("${A__DB_URL:?no}"), None);
        assert_eq!(read("mysql://u@h/a"), None);
    }
}
