//! Knows what a deployment is once every default is filled in: no field here means 'default', no state is wrong.
//! Must not know how a profile wrote it, nor how a file says it, nor any secret's value.

mod backups;
mod cluster;
mod connections;
mod fences;
mod keys;
mod server;

use indexmap::IndexMap;

use crate::field::FieldPath;
use crate::profile::database_path;
use crate::url::{ConnectionUrl, PostgresUrl, SqliteUrl};
use crate::value::{
    BuildContext, ByteSize, CommandProbe, ContainerPath, CpuCount, DatabaseLabel, DatabasePart, Driver, Duration,
    EnvironmentKey, ExtensionName, HostAddress, HostPath, HttpPath, Interval, Mount, ObjectName, Port, ProcessCount,
    ProjectName, Replicas, Rights, Runs, SecretRule, SecretsIn, ServiceImage, ServiceName, Stage, StartCondition,
    Target, VariableName, VolumeName,
};

pub use backups::{ARCHIVE_COMMAND, BackupCheck, Backups, REPOSITORY, destination};
pub use cluster::{Nodes, Storage};
pub use connections::{Demand, Pool, Slots};
pub use fences::{CAPABILITIES_TO_STEP_DOWN, Fences, KeptLog, Restart, SCRATCH};
pub use keys::{DotenvKey, DotenvKeys, Holds, POSTGRES_DB, POSTGRES_USER, SECRET_FOLDER, secret_file_path};
pub use server::{
    BY_PASSWORD, CERTIFICATES_FILE, CERTIFICATES_FOLDER, CERTIFICATES_KEY, Certificates, Container, External,
    ExternalTls, Host, INITDB_ARGS, Member, OPERATED_HOST, OPERATED_HOSTS, Operated, OwnedDatabase, Preparation,
    RoleLimits, SOCKET_FOLDER, Server, Sized,
};

/// Everything that runs.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// What it is for.
    pub stage: Stage,
    /// What it runs on; only `src/target.rs` asks which one that is.
    pub target: Target,
    /// The name of all of it.
    pub project: ProjectName,
    /// The programs, in the order of the profile.
    pub services: Vec<Service>,
    /// The PostgreSQL server, where a service uses one.
    pub server: Option<Server>,
    /// The backups of that server that are made by themselves.
    pub backups: Option<Backups>,
    /// The named volumes, in the order of their first use.
    pub volumes: Vec<VolumeName>,
    /// The room of the services' named volumes, where the profile says it.
    pub storage: IndexMap<VolumeName, Storage>,
    /// The Secrets of a cluster that log in to registries.
    pub image_pull_secrets: Vec<ObjectName>,
    /// The nodes of a cluster, where the profile says anything of them.
    pub nodes: Option<Nodes>,
    /// Every secret with the rule for its first value.
    pub secrets: IndexMap<EnvironmentKey, SecretRule>,
    /// How secrets reach what runs.
    pub secrets_in: SecretsIn,
}

/// A program that runs.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name, and its host name in the deployment's network.
    pub name: ServiceName,
    /// What is run.
    pub program: Program,
    /// What is run instead of the image's command.
    pub command: Option<Vec<String>>,
    /// What is run instead of the image's entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// The user inside of the container; without one, the image's.
    pub user: Option<String>,
    /// The folder that it runs in; without one, the image's.
    pub working_dir: Option<ContainerPath>,
    /// The port that the program listens on, where the profile says it.
    pub port: Option<Port>,
    /// Its published port.
    pub publish: Option<PublishedPort>,
    /// Whether it reaches anything outside of the deployment.
    pub outbound: bool,
    /// Its mounts, the data mount first.
    pub mounts: Vec<Mount>,
    /// Whether the first mount is the data mount.
    pub has_data: bool,
    /// Its variables, without that of the connection URL.
    pub environment: Vec<(VariableName, Variable)>,
    /// How to find out whether it works.
    pub health_check: Option<HealthCheck>,
    /// What must run before it.
    pub depends_on: Vec<(ServiceName, StartCondition)>,
    /// Labels of its containers.
    pub labels: Vec<(String, String)>,
    /// How many containers, where not one.
    pub replicas: Option<Replicas>,
    /// How long it may take to end, where not as long as usual.
    pub stop_grace_period: Option<Duration>,
    /// What it may use of the machine.
    pub limits: Limits,
    /// What its containers are kept from.
    pub fences: Fences,
    /// Whether it ends by itself, and when it is started.
    pub runs: Runs,
    /// Whether it is started again.
    pub restart: Restart,
    /// What is kept of what its containers print; nothing for all of it.
    pub log: Option<KeptLog>,
    /// Its database.
    pub database: Option<Database>,
    /// More databases of it.
    pub further: Vec<Database>,
}

/// What a service runs.
#[derive(Debug, Clone)]
pub enum Program {
    /// An image that is built here.
    Built(Build),
    /// An image that is built here and gets a name.
    BuiltAs(Build, ServiceImage),
    /// An image from elsewhere.
    Image(ServiceImage),
}

/// How an image is built.
#[derive(Debug, Clone)]
pub struct Build {
    /// What is sent to the builder.
    pub context: BuildContext,
    /// The Dockerfile, where not the usual one.
    pub dockerfile: Option<HostPath>,
    /// The stage of the Dockerfile, where not the last one.
    pub target: Option<String>,
    /// Arguments.
    pub args: Vec<(VariableName, String)>,
}

/// A port of the host that leads into a container.
#[derive(Debug, Clone)]
pub struct PublishedPort {
    /// The address that listens.
    pub address: HostAddress,
    /// The port of the host.
    pub port: Port,
    /// The variable that may give another port.
    pub variable: Option<EnvironmentKey>,
    /// The port in the container.
    pub target: Port,
}

/// What a variable of a container holds.
#[derive(Debug, Clone)]
pub enum Variable {
    /// A text, exactly.
    Literal(String),
    /// The value of another variable when Compose runs.
    Environment {
        /// That variable.
        name: EnvironmentKey,
        /// What holds where it is unset or empty; without one it must be set.
        default: Option<String>,
    },
    /// A secret.
    Secret(EnvironmentKey),
    /// The connection URL of a database of the service: of the first one, or of the further one of this name.
    Url(Option<DatabaseLabel>),
}

/// A health check.
#[derive(Debug, Clone)]
pub struct HealthCheck {
    /// What is run.
    pub probe: Probe,
    /// When, and how often.
    pub times: CheckTimes,
}

/// The times of a health check.
#[derive(Debug, Clone)]
pub struct CheckTimes {
    /// The time between two checks.
    pub interval: Interval,
    /// How long one may take.
    pub timeout: Interval,
    /// How many failures in a row make it unhealthy.
    pub retries: Replicas,
    /// How long failures do not count after the start.
    pub start_period: Duration,
}

/// What a health check runs.
#[derive(Debug, Clone)]
pub enum Probe {
    /// A program of the image asks for a path on the service's own port.
    Http {
        /// The program.
        with: CommandProbe,
        /// The port.
        port: Port,
        /// The path.
        path: HttpPath,
    },
    /// A text for a shell of the container.
    Line(String),
    /// The words of a command, for no shell.
    Words(Vec<String>),
}

/// What a container may use of the machine; without a number, all of it.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Memory.
    pub memory: Option<ByteSize>,
    /// Processors.
    pub cpus: Option<CpuCount>,
    /// Processes and threads.
    pub pids: Option<ProcessCount>,
}

/// Where a service finds the URL of its database.
#[derive(Debug, Clone)]
pub struct GivenUrl {
    /// The key of `.env` that holds it: `<SERVICE>__DB_URL`, or `<SERVICE>__<NAME>__DB_URL` of a further one.
    pub key: EnvironmentKey,
    /// The container's variable for it.
    pub variable: VariableName,
}

/// A service's database.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name among the service's further databases; nothing for the first one.
    pub name: Option<DatabaseLabel>,
    /// Where the service finds the URL; nothing where it gets parts of it only.
    pub given: Option<GivenUrl>,
    /// The URL.
    pub url: ConnectionUrl,
    /// Who opens PostgreSQL, also where the service opens a file.
    pub driver: Driver,
    /// The word by which the application knows the engine that is used.
    pub word: &'static str,
    /// The parts of it that the service gets in variables of their own.
    pub parts: Vec<(VariableName, DatabasePart)>,
    /// The SQLite file that the profile describes, also where the service uses PostgreSQL.
    pub sqlite_file: Option<ContainerPath>,
    /// Where its data is: the same text for the same database.
    pub kept_in: String,
    /// What the service may do in it.
    pub rights: Rights,
    /// Whether another service may use the same one.
    pub shared: bool,
    /// Extensions that the service needs on the server.
    pub extensions: Vec<ExtensionName>,
    /// What its role may use of the server.
    pub limits: RoleLimits,
    /// How many connections each container of the service may open on the server.
    pub pool: Pool,
}

impl Deployment {
    /// The server's container with the server, where it runs in one.
    #[must_use]
    pub fn contained_server(&self) -> Option<(&Server, &Container)> {
        let server = self.server.as_ref()?;
        Some((server, server.container()?))
    }

    /// Whether a service reaches the server of the deployment: it has a database there, or waits for the server.
    #[must_use]
    pub fn reaches_server(&self, service: &Service) -> bool {
        let waits = || service.depends_on.iter().any(|(name, _)| *name == ServiceName::postgres());
        self.server.as_ref().is_some_and(Server::is_inside) && (service.uses_postgres() || waits())
    }

    /// What a service waits for: the server where its data is on it, and what the profile says.
    #[must_use]
    pub fn waits_for(&self, service: &Service) -> Vec<(ServiceName, StartCondition)> {
        let server = self.server.as_ref().filter(|server| server.is_inside() && service.uses_postgres());
        let server = server.map(|server| {
            if server.container().is_some_and(|container| container.ensure) {
                (ServiceName::postgres_ensure(), StartCondition::Completed)
            } else {
                (ServiceName::postgres(), StartCondition::Healthy)
            }
        });
        let is_written = |(name, _): &(ServiceName, _)| service.depends_on.iter().any(|(known, _)| known == name);
        let server = server.filter(|server| !is_written(server));
        server.into_iter().chain(service.depends_on.iter().cloned()).collect()
    }
}

impl Program {
    /// The image that is run, where it has a name.
    #[must_use]
    pub fn image(&self) -> Option<&ServiceImage> {
        match self {
            Self::Built(_) => None,
            Self::BuiltAs(_, image) | Self::Image(image) => Some(image),
        }
    }
}

impl Database {
    /// Whether the service gets the URL by this variable.
    #[must_use]
    pub fn is_given_as(&self, variable: &VariableName) -> bool {
        self.given.as_ref().is_some_and(|given| given.variable == *variable)
    }

    /// Whether it is on the PostgreSQL server.
    #[must_use]
    pub fn is_on_server(&self) -> bool {
        self.on_server().is_some()
    }

    /// What leads to it, where it is on the PostgreSQL server.
    #[must_use]
    pub fn on_server(&self) -> Option<&PostgresUrl> {
        match &self.url {
            ConnectionUrl::Postgres(url) => Some(url),
            ConnectionUrl::Sqlite(_) => None,
        }
    }

    /// What leads to it, where it is a file.
    #[must_use]
    pub fn in_file(&self) -> Option<&SqliteUrl> {
        match &self.url {
            ConnectionUrl::Sqlite(url) => Some(url),
            ConnectionUrl::Postgres(_) => None,
        }
    }

    /// How people and scripts name it: `SERVICE`, and `SERVICE/NAME` where it is a further one.
    #[must_use]
    pub fn called(&self, service: &ServiceName) -> String {
        self.name.as_ref().map_or_else(|| service.to_string(), |name| format!("{service}/{name}"))
    }

    /// Where a profile describes it.
    #[must_use]
    pub fn path(&self, service: &ServiceName) -> FieldPath {
        database_path(&FieldPath::root().key("services").key(service), self.name.as_ref())
    }
}

impl Service {
    /// All of its databases, the further ones last.
    pub fn databases(&self) -> impl Iterator<Item = &Database> {
        self.database.iter().chain(&self.further)
    }

    /// Its database, or the further one of this name.
    #[must_use]
    pub fn database_called(&self, name: Option<&DatabaseLabel>) -> Option<&Database> {
        self.databases().find(|database| database.name.as_ref() == name)
    }

    /// Those that are on the PostgreSQL server.
    pub fn databases_on_server(&self) -> impl Iterator<Item = (&Database, &PostgresUrl)> {
        self.databases().filter_map(|database| Some((database, database.on_server()?)))
    }

    /// Those that are files.
    pub fn databases_in_files(&self) -> impl Iterator<Item = (&Database, &SqliteUrl)> {
        self.databases().filter_map(|database| Some((database, database.in_file()?)))
    }

    /// Whether there is a SQLite file to move data from or to, beside a database on the server that it uses.
    #[must_use]
    pub fn can_move(&self) -> impl Iterator<Item = &Database> {
        self.databases_on_server().map(|(database, _)| database).filter(|database| database.sqlite_file.is_some())
    }

    /// Whether it has a database.
    #[must_use]
    pub fn has_database(&self) -> bool {
        self.databases().next().is_some()
    }

    /// Whether data of it is on the PostgreSQL server.
    #[must_use]
    pub fn uses_postgres(&self) -> bool {
        self.databases().any(Database::is_on_server)
    }
}
