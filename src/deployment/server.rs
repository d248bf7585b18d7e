//! Knows where the PostgreSQL server runs, and what is on it. Must not know the services, but for their logins.

use indexmap::IndexSet;

use super::{CheckTimes, Fences, KeptLog, Limits, PublishedPort, Restart, Storage, Variable};
use crate::url::Login;
use crate::value::{
    Access, ConnectionCount, DataPlace, DatabaseName, DiskSize, Duration, EnvironmentKey, ExtensionName, HostPath,
    ImageReference, Interval, LocalAuth, Port, PostgresMajor, Replicas, Rights, RoleName, SettingName, Tls, UserId,
    VariableName,
};

/// Where the official image makes its socket.
pub const SOCKET_FOLDER: &str = "/var/run/postgresql";

/// The variable of the official image with arguments for `initdb`.
pub const INITDB_ARGS: &str = "POSTGRES_INITDB_ARGS";

/// The host by which the operator leads to the server that is written to.
pub const OPERATED_HOST: &str = "postgres-rw";

/// The hosts that belong to a server with an operator, beside the name of the server itself.
pub const OPERATED_HOSTS: [&str; 3] = [OPERATED_HOST, "postgres-ro", "postgres-r"];

/// Where the operator keeps the certificates of its own authority.
const OPERATORS_CERTIFICATES: &str = "postgres-ca";

/// Where certificates appear in a service's container that verify the server: one file of the profile.
pub const CERTIFICATES_FILE: &str = "/run/postgres-ca.pem";

/// The folder with such certificates, where they may be renewed while the service runs.
pub const CERTIFICATES_FOLDER: &str = "/run/postgres-ca";

/// Their name in that folder, and in what they come from.
pub const CERTIFICATES_KEY: &str = "ca.crt";

/// The argument for [`LocalAuth::Password`]: without it whoever comes by the socket or by 127.0.0.1 is let in.
pub const BY_PASSWORD: &str = "--auth=scram-sha-256";

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
    /// In the deployment, run by an operator.
    Operated(Box<Operated>),
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
    /// Where its data is kept.
    pub volume: DataPlace,
    /// How much space that has, where the profile says so.
    pub storage: Option<Storage>,
    /// Whether a container of its own brings roles and databases in line at every start.
    pub ensure: bool,
    /// Whether a new volume runs the script among those of the image, also where `ensure` runs it at every start.
    pub init_script: bool,
    /// How the server lets in programs of its own container, where its volume is new.
    pub local_auth: LocalAuth,
    /// How its volume is made where that is new, beside what `local_auth` says: plain words.
    pub initdb: Vec<String>,
    /// Variables of the container beside those that the image needs.
    pub environment: Vec<(VariableName, Variable)>,
    /// What it may use of the machine.
    pub limits: Limits,
    /// Server settings: those that are written, and what follows from them and from the limits.
    pub settings: Vec<(SettingName, String)>,
    /// What follows from the limits, also where it is what the server takes anyway.
    pub sizes: Vec<Sized>,
    /// The user that it runs as, where that is not for the image to say.
    pub user: Option<UserId>,
    /// The user that PostgreSQL is in the image, as far as it is known.
    pub known_user: Option<UserId>,
    /// What it is kept from.
    pub fences: Fences,
    /// Whether it is started again.
    pub restart: Restart,
    /// What is kept of what it prints; nothing for all of it.
    pub log: Option<KeptLog>,
    /// When it is asked whether it is ready.
    pub times: CheckTimes,
    /// Memory that its processes share, in mebibytes: parallel queries need more than containers usually have.
    pub shared_memory: u32,
    /// How long a shutdown may take: one that is cut off means crash recovery at the next start.
    pub stop_grace_period: Duration,
    /// What the container that brings databases in line is kept to, where there is one.
    pub preparation: Preparation,
}

/// A setting that follows from what the container may use.
#[derive(Debug, Clone)]
pub struct Sized {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What it follows from, and what it would be with twice as much.
    pub rule: String,
    /// Whether the server takes the same where nobody sets it.
    pub is_usual: bool,
}

/// A server that an operator runs, with copies that take its place.
#[derive(Debug, Clone)]
pub struct Operated {
    /// Its image.
    pub image: ImageReference,
    /// The major version that the image carries.
    pub major: PostgresMajor,
    /// The user that it runs as, where it is not the operator's usual one.
    pub user: Option<UserId>,
    /// The database that it is made with.
    pub database: DatabaseName,
    /// How many servers there are, copies included.
    pub instances: Replicas,
    /// How much space the data of each has, where the profile says so.
    pub storage: Option<Storage>,
    /// What each may use of the machine.
    pub limits: Limits,
    /// Server settings: those that are written, and what follows from the limits.
    pub settings: Vec<(SettingName, String)>,
    /// What follows from the limits, also where it is what the server takes anyway.
    pub sizes: Vec<Sized>,
}

/// Where the certificates come from that verify a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificates {
    /// From a file of the project.
    File(HostPath),
    /// From a Secret, under [`CERTIFICATES_KEY`].
    Secret(String),
}

/// The container that brings roles and databases in line, and ends after a second.
#[derive(Debug, Clone)]
pub struct Preparation {
    /// What it is kept from.
    pub fences: Fences,
    /// What it may use of the machine.
    pub limits: Limits,
    /// What is kept of what it prints; nothing for all of it.
    pub log: Option<KeptLog>,
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
    /// Encrypted and verified by these certificates, or by those of the service's image.
    VerifyFull(Option<Certificates>),
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
    /// What its owner may use of the server.
    pub limits: RoleLimits,
    /// Who may read or write in it beside its owner.
    pub members: Vec<Member>,
}

/// A role that may use the database of another one.
#[derive(Debug, Clone)]
pub struct Member {
    /// The role.
    pub login: Login,
    /// What it may do there.
    pub rights: Rights,
    /// What it may use of the server.
    pub limits: RoleLimits,
}

/// What a role may use of the server; without limits all.
#[derive(Debug, Clone, Default)]
pub struct RoleLimits {
    /// Connections at a time.
    pub connections: Option<ConnectionCount>,
    /// Space for temporary files.
    pub temp_files: Option<DiskSize>,
    /// The time of a statement.
    pub statement: Option<Interval>,
}

impl OwnedDatabase {
    /// Every role that logs in to it, its owner first.
    pub fn logins(&self) -> impl Iterator<Item = &Login> {
        std::iter::once(&self.owner).chain(self.members.iter().map(|member| &member.login))
    }
}

impl Server {
    /// Every role that a service logs in as, each once, in the order of the services.
    #[must_use]
    pub fn logins(&self) -> Vec<&Login> {
        let owners = self.databases.iter().map(|database| &database.owner);
        let members = self.databases.iter().flat_map(|database| &database.members).map(|member| &member.login);
        let logins: IndexSet<&Login> = owners.chain(members).collect();
        logins.into_iter().collect()
    }

    /// The secrets that log in, the administrator's first; that of an external server is not ours to know.
    #[must_use]
    pub fn passwords(&self) -> Vec<&EnvironmentKey> {
        let administrator = match &self.host {
            Host::Container(_) => Some(&self.administrator_password),
            Host::Operated(_) | Host::External(_) => None,
        };
        let of_logins = self.logins().into_iter().map(|login| &login.password);
        let passwords: IndexSet<&EnvironmentKey> = administrator.into_iter().chain(of_logins).collect();
        passwords.into_iter().collect()
    }

    /// The container, where the server runs in one.
    #[must_use]
    pub fn container(&self) -> Option<&Container> {
        match &self.host {
            Host::Container(container) => Some(container),
            Host::Operated(_) | Host::External(_) => None,
        }
    }

    /// What an operator runs, where one does.
    #[must_use]
    pub fn operated(&self) -> Option<&Operated> {
        match &self.host {
            Host::Operated(operated) => Some(operated),
            Host::Container(_) | Host::External(_) => None,
        }
    }

    /// The database that it is made with, where it is made by the deployment.
    #[must_use]
    pub fn first_database(&self) -> Option<&DatabaseName> {
        match &self.host {
            Host::Container(container) => Some(&container.database),
            Host::Operated(operated) => Some(&operated.database),
            Host::External(_) => None,
        }
    }

    /// Whether it runs in the deployment.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        match &self.host {
            Host::Container(_) | Host::Operated(_) => true,
            Host::External(_) => false,
        }
    }

    /// The certificates that verify it; nothing where it is not verified, or by those of the service's image.
    #[must_use]
    pub fn certificates(&self) -> Option<Certificates> {
        match &self.host {
            Host::Operated(_) => Some(Certificates::Secret(OPERATORS_CERTIFICATES.to_owned())),
            Host::External(External { tls: ExternalTls::VerifyFull(certificates), .. }) => certificates.clone(),
            Host::External(_) | Host::Container(_) => None,
        }
    }
}

impl Certificates {
    /// The file, where they come from one.
    #[must_use]
    pub fn file(&self) -> Option<&HostPath> {
        match self {
            Self::File(path) => Some(path),
            Self::Secret(_) => None,
        }
    }
}

impl ExternalTls {
    /// The file of the certificates, where the profile names one.
    #[must_use]
    pub fn certificates_file(&self) -> Option<&HostPath> {
        match self {
            Self::VerifyFull(certificates) => certificates.as_ref().and_then(Certificates::file),
            Self::Require | Self::Disable => None,
        }
    }
}

impl RoleLimits {
    /// These limits, and where there is none the other's.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            connections: self.connections.or(other.connections),
            temp_files: self.temp_files.or(other.temp_files),
            statement: self.statement.or(other.statement),
        }
    }
}

impl Container {
    /// All arguments for `initdb`, as the image takes them; nothing where there are none.
    #[must_use]
    pub fn initdb_arguments(&self) -> Option<String> {
        let auth = (self.local_auth == LocalAuth::Password).then_some(BY_PASSWORD);
        let arguments: Vec<_> = auth.into_iter().chain(self.initdb.iter().map(String::as_str)).collect();
        (!arguments.is_empty()).then(|| arguments.join(" "))
    }

    /// Where the image wants the volume of its data: from PostgreSQL 18 on a folder above the data.
    #[must_use]
    pub fn data_folder(&self) -> &'static str {
        if self.keeps_majors_apart() { "/var/lib/postgresql" } else { "/var/lib/postgresql/data" }
    }

    /// Whether the image makes a folder below the volume for each major version.
    #[must_use]
    pub fn keeps_majors_apart(&self) -> bool {
        const FIRST: u16 = 18;
        self.major.get() >= FIRST
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
