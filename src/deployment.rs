//! Knows what a deployment is once every default is filled in: no field here means 'default', no state is wrong.
//! Must not know how a profile wrote it, nor how a file says it, nor any secret's value.

mod keys;

use indexmap::IndexMap;

use crate::profile::{Command, Raw, SecretRule};
use crate::url::{ConnectionUrl, Login};
use crate::value::{
    Access, ByteSize, CommandProbe, ContainerPath, CpuCount, DatabaseName, Duration, EnvironmentKey, ExtensionName,
    Hardening, HostAddress, HostPath, HttpPath, ImageReference, Mount, Port, PostgresMajor, ProcessCount, ProjectName,
    Replicas, RoleName, SecretsIn, ServiceName, SettingName, Stage, StartCondition, Tls, VariableName, VolumeName,
};

pub use keys::{DotenvKey, DotenvKeys, Holds, POSTGRES_DB, POSTGRES_USER, SECRET_FOLDER, secret_file_path};

/// Everything that runs.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// What it is for.
    pub stage: Stage,
    /// The Compose project.
    pub project: ProjectName,
    /// The programs, in the order of the profile.
    pub services: Vec<Service>,
    /// The PostgreSQL server, where a service uses one.
    pub server: Option<Server>,
    /// The named volumes, in the order of their first use.
    pub volumes: Vec<VolumeName>,
    /// Every secret with the rule for its first value.
    pub secrets: IndexMap<EnvironmentKey, SecretRule>,
    /// How secrets reach Compose.
    pub secrets_in: SecretsIn,
    /// Raw top-level Compose keys.
    pub compose: Vec<(String, Raw)>,
}

/// A program that runs.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name, and its host name in the deployment's network.
    pub name: ServiceName,
    /// What is run.
    pub program: Program,
    /// What is run instead of the image's command.
    pub command: Option<Command>,
    /// What is run instead of the image's entrypoint.
    pub entrypoint: Option<Command>,
    /// The user inside of the container; without one, the image's.
    pub user: Option<String>,
    /// The folder that it runs in; without one, the image's.
    pub working_dir: Option<ContainerPath>,
    /// Its published port.
    pub publish: Option<PublishedPort>,
    /// Its mounts, the data mount first.
    pub mounts: Vec<Mount>,
    /// Whether the first mount is the data mount.
    pub has_data: bool,
    /// Its variables, without that of the connection URL.
    pub environment: Vec<(VariableName, Variable)>,
    /// How Docker finds out whether it works.
    pub health_check: Option<HealthCheck>,
    /// What must run before it.
    pub depends_on: Vec<(ServiceName, StartCondition)>,
    /// Labels of its containers.
    pub labels: Vec<(String, String)>,
    /// How many containers, where not one.
    pub replicas: Option<Replicas>,
    /// What it may use of the machine.
    pub limits: Limits,
    /// What its container is kept from.
    pub hardening: Hardening,
    /// Whether it ends by itself, because another one waits for that.
    pub runs_once: bool,
    /// Its database.
    pub database: Option<Database>,
    /// Raw Compose keys.
    pub compose: Vec<(String, Raw)>,
}

/// What a service runs.
#[derive(Debug, Clone)]
pub enum Program {
    /// An image that is built here.
    Built(Build),
    /// An image that is built here and gets a name.
    BuiltAs(Build, ImageReference),
    /// An image from elsewhere.
    Image(ImageReference),
}

/// How an image is built.
#[derive(Debug, Clone)]
pub struct Build {
    /// The folder that is sent to the builder.
    pub context: HostPath,
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
    /// The service's own connection URL.
    Url,
}

/// A health check with all its times.
#[derive(Debug, Clone)]
pub struct HealthCheck {
    /// What is run.
    pub probe: Probe,
    /// The time between two checks.
    pub interval: Duration,
    /// How long one may take.
    pub timeout: Duration,
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
    /// A command.
    Command(Command),
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

/// A service's database.
#[derive(Debug, Clone)]
pub struct Database {
    /// The key of `.env` that holds the URL: `<SERVICE>__DB_URL`.
    pub key: EnvironmentKey,
    /// The container's variable for it.
    pub variable: VariableName,
    /// The URL.
    pub url: ConnectionUrl,
    /// The SQLite file that the profile describes, also where the service uses PostgreSQL.
    pub sqlite_file: Option<ContainerPath>,
}

/// The PostgreSQL server with what is on it.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where it runs.
    pub host: Host,
    /// The role that it was made with, or that services share on an external server.
    pub user: RoleName,
    /// The secret that is that role's password.
    pub administrator_password: EnvironmentKey,
    /// Who logs in.
    pub access: Access,
    /// The databases of the services, each once.
    pub databases: Vec<OwnedDatabase>,
}

/// Where the server runs.
#[derive(Debug, Clone)]
pub enum Host {
    /// In a container of the deployment.
    Container(Box<Container>),
    /// Elsewhere.
    External(External),
}

/// The server's container.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its image.
    pub image: ImageReference,
    /// The major version that the image carries.
    pub major: PostgresMajor,
    /// The database that it is made with.
    pub database: DatabaseName,
    /// Its published port.
    pub publish: Option<PublishedPort>,
    /// The named volume of its data.
    pub volume: VolumeName,
    /// Whether a container of its own brings roles and databases in line at every start.
    pub ensure: bool,
    /// What it may use of the machine.
    pub limits: Limits,
    /// Server settings.
    pub settings: Vec<(SettingName, String)>,
    /// Raw Compose keys.
    pub compose: Vec<(String, Raw)>,
}

/// A server outside of the deployment.
#[derive(Debug, Clone)]
pub struct External {
    /// Its host name.
    pub host: String,
    /// Its port.
    pub port: Port,
    /// How connections are protected.
    pub tls: ExternalTls,
    /// An image with PostgreSQL's client programs, where the profile names one.
    pub client: Option<ImageReference>,
}

/// How connections to an external server are protected.
#[derive(Debug, Clone)]
pub enum ExternalTls {
    /// Encrypted and verified by the certificates of this file, or by those of the service's image.
    VerifyFull(Option<HostPath>),
    /// Encrypted, not verified.
    Require,
    /// Not encrypted.
    Disable,
}

/// A database with its owner.
#[derive(Debug, Clone)]
pub struct OwnedDatabase {
    /// Its name.
    pub name: DatabaseName,
    /// The role that owns it and logs in to it.
    pub owner: Login,
    /// Extensions that it needs.
    pub extensions: Vec<ExtensionName>,
}

impl Deployment {
    /// The server's container with the server, where it runs in one.
    #[must_use]
    pub fn contained_server(&self) -> Option<(&Server, &Container)> {
        let server = self.server.as_ref()?;
        Some((server, server.container()?))
    }

    /// Whether a service reaches the server's container: it has a database there, or waits for the server.
    #[must_use]
    pub fn reaches_server(&self, service: &Service) -> bool {
        let waits = || service.depends_on.iter().any(|(name, _)| *name == ServiceName::postgres());
        self.contained_server().is_some() && (service.uses_postgres() || waits())
    }
}

impl Service {
    /// Whether there is a SQLite file to move its data from or to, beside the server that it uses.
    #[must_use]
    pub fn can_move(&self) -> bool {
        self.uses_postgres() && self.database.as_ref().is_some_and(|database| database.sqlite_file.is_some())
    }

    /// Whether its data is on the PostgreSQL server.
    #[must_use]
    pub fn uses_postgres(&self) -> bool {
        matches!(&self.database, Some(database) if matches!(database.url, ConnectionUrl::Postgres(_)))
    }
}

impl Server {
    /// Every role that a service logs in as, each once, in the order of the services.
    #[must_use]
    pub fn logins(&self) -> Vec<&Login> {
        let mut logins: Vec<&Login> = Vec::new();
        for database in &self.databases {
            if !logins.contains(&&database.owner) {
                logins.push(&database.owner);
            }
        }
        logins
    }

    /// The container, where the server runs in one.
    #[must_use]
    pub fn container(&self) -> Option<&Container> {
        match &self.host {
            Host::Container(container) => Some(container),
            Host::External(_) => None,
        }
    }
}

impl Container {
    /// Where the image wants the volume of its data: from PostgreSQL 18 on a folder above the data.
    #[must_use]
    pub fn data_folder(&self) -> &'static str {
        const MAJOR_WITH_PARENT_FOLDER: u16 = 18;
        if self.major.get() >= MAJOR_WITH_PARENT_FOLDER { "/var/lib/postgresql" } else { "/var/lib/postgresql/data" }
    }
}

impl ExternalTls {
    /// The mode as a URL says it.
    #[must_use]
    pub fn mode(&self) -> Tls {
        match self {
            Self::VerifyFull(_) => Tls::VerifyFull,
            Self::Require => Tls::Require,
            Self::Disable => Tls::Disable,
        }
    }
}
