//! Knows the sections of a profile and their fields; this is the format, in the order that people write it.
//! Must not know defaults, nor rules between fields.

use super::command::{CheckCommand, Command};
use super::form::{DependsOn, Publish, Value};
use super::leaf::{Literal, Named};
use super::options::Options;
use super::raw::RawKeys;
use super::record::record;
use super::written::{Reader, Written};
use crate::diagnostic::Code;
use crate::value::{
    Access, BuildContext, ByteSize, CommandProbe, ConnectionCount, ContainerPath, CpuCount, DataPlace, DatabaseName,
    DiskSize, Driver, Duration, Engine, EnvironmentKey, ExtensionName, ExtraConnections, Hardening, HostName, HostPath,
    HttpPath, ImageReference, InitdbArgument, Interval, LocalAuth, LocaleName, LocaleProvider, Mount, MountedPath,
    ObjectName, Operator, Port, PostgresMajor, ProcessCount, ProfileName, ProjectName, Replicas, Rights, RoleName,
    Runs, SecretRule, SecretsIn, ServiceImage, ServiceName, SettingName, SqliteDriver, SqlitePath, Stage, Target, Tls,
    VariableName, VolumeName, VolumeSize,
};
use crate::yaml::Node;

record! {
    /// A deployment profile: which services run, and which database each one uses.
    merged Profile = "a profile" {
        /// The version of the profile format: 1.
        format: Format,
        /// The profile that this one builds on: a path relative to this file, or a name. Mappings merge by key, lists and
        /// single values replace what was inherited, `null` removes it.
        extends: Extends,
        /// Other names that `--profile` takes for this profile.
        aliases: Vec<ProfileName>,
        /// What the deployment is for. A profile without a stage is a base: others extend it, nobody selects it. In
        /// staging and production services restart, containers gain no privileges, the server has limits, and weak
        /// secrets are refused.
        stage: Stage,
        /// What the deployment runs on. A field that the target can't follow is a fault with the cure, or warned of where it
        /// is only left out.
        target: Target = Target::default(),
        /// The folder that the outputs go to, relative to the project's root; by default that root. `--all` takes the
        /// profiles that have one.
        out: HostPath,
        /// The name of the Compose project: it names containers, networks and volumes.
        project: ProjectName,
        /// The engine of every service that describes both and chooses none itself.
        engine: Engine,
        /// The programs that run, by name.
        services: Named<ServiceName, Service>,
        /// The PostgreSQL server. It runs where a service's engine is `postgres`, and is left out where none is.
        postgres: Postgres,
        /// Named volumes that need more than their name. On Kubernetes each one needs `storage`, here or at the service
        /// that has it as `data`; Compose makes them without.
        volumes: Named<VolumeName, Volume>,
        /// Secrets by name, with the rule for their first value. Their values never stand in a profile. The server's
        /// passwords are secrets that are there by themselves; here they can get another rule.
        secrets: Named<EnvironmentKey, SecretRule>,
        /// How secrets reach Compose.
        secrets_in: SecretsIn = SecretsIn::Dotenv,
        /// Secrets of a cluster that log in to the registries of the images, by name; somebody has to make them there. Only
        /// for Kubernetes.
        image_pull_secrets: Vec<ObjectName>,
        /// The nodes of a cluster. What does not fit is warned of; only for Kubernetes.
        nodes: Nodes,
        /// Raw top-level Compose keys that this format has no field for; `${…}` is live in them.
        compose: RawKeys,
    }
}

record! {
    /// A named volume.
    merged Volume = "a volume" {
        /// How much room it has on Kubernetes, and of what kind.
        storage: Storage,
    }
}

record! {
    /// The room of a volume on Kubernetes.
    merged Storage = "a storage" short size {
        /// How large it is, such as `10Gi`.
        size: VolumeSize,
        /// The storage class that gives it; by default the cluster's own.
        class: ObjectName,
        /// Whether containers on several nodes mount it at once (`ReadWriteMany`), which not every class can: several
        /// replicas, or several services, need it. SQLite is refused there.
        shared: bool = false,
    }
}

record! {
    /// The nodes of a cluster, as far as they have room for the deployment.
    merged Nodes = "the nodes" {
        /// How many there are.
        count: Replicas = Replicas::ONE,
        /// The memory of each that pods may have, such as `8g`: `kubectl describe node` calls it `Allocatable`.
        memory: ByteSize,
        /// The processors of each that pods may have, such as `"4"`.
        cpus: CpuCount,
    }
}

record! {
    /// A program of the deployment.
    merged Service = "a service" {
        /// How its image is built: the folder with the Dockerfile, or the details.
        build: Build,
        /// The image that is run, or with `build` the name that the built image gets. Its tag may follow a variable of
        /// `.env`: `api:${VERSION:-1.2}`.
        image: ServiceImage,
        /// What is run instead of the image's own command: a list of words, or one text that is split into words as a
        /// shell does it. No shell runs it; for one write `[sh, -c, "TEXT"]`.
        command: Command,
        /// What is run instead of the image's own entrypoint, written as in `command`.
        entrypoint: Command,
        /// The user inside of the container, such as `1000:1000`.
        user: Literal,
        /// The folder that the program runs in; by default the parent of the data mount's target, else the image's own.
        working_dir: ContainerPath,
        /// The port that the program listens on inside of its container; `publish` and `healthcheck.http` lead to it.
        port: Port,
        /// The port of the host that leads to `port`: a number for 127.0.0.1, or `ADDRESS:PORT`; by default none.
        publish: Publish,
        /// Whether it reaches anything outside of the deployment. With `false` it stands on networks without a way out,
        /// where no port can be published; the other services reach it as before.
        outbound: bool = true,
        /// Where its data is kept: `./folder:/app/data` for a folder of the host, relative to the project's root, or
        /// `volume-name:/app/data` for a named volume. A SQLite file must be below it.
        data: Mount,
        /// How much room the named volume of `data` has on Kubernetes, such as `10Gi`; Compose needs no size.
        storage: Storage,
        /// More mounts, written as in `data`; with `:ro` behind them they are read-only.
        volumes: Vec<Mount>,
        /// Variables of the container. The variable with the connection URL is there by itself.
        environment: Named<VariableName, Value>,
        /// How Docker finds out whether the service works.
        healthcheck: HealthCheck,
        /// Services that must run before this one: a list of names, or what is waited for by name. One in a list is
        /// healthy, where it has a health check, else started. Waiting for the database is there by itself.
        depends_on: DependsOn,
        /// Labels of the container.
        labels: Named<LabelName, Literal>,
        /// How many containers of it run; by default one.
        replicas: Replicas,
        /// How long it may take to end once it is told to, before it is killed; by default ten seconds.
        stop_grace_period: Duration,
        /// What it may use of the machine; by default all.
        limits: Limits,
        /// What its container is kept from.
        hardening: Hardening = Hardening::ByStage,
        /// Whether it ends by itself: `once` for a job such as a migration, which is started anew at each start of the
        /// deployment, and waited for by those that share its database; or a schedule as cron takes it, in UTC, which Docker
        /// Compose does not keep. By default always, and once where another service waits for its end.
        runs: Runs,
        /// Its database: what each engine would be; `engine` says which one is.
        database: Database,
        /// Raw Compose keys that this format has no field for; `${…}` is live in them.
        compose: RawKeys,
    }
}

record! {
    /// How an image is built.
    whole Build = "a build" short context {
        /// The folder that is sent to the builder, relative to the project's root, or the address of a git repository.
        context: BuildContext,
        /// The Dockerfile, relative to the context; by default `Dockerfile`.
        dockerfile: HostPath,
        /// The stage of the Dockerfile to build; by default the last one.
        target: Literal,
        /// Arguments of the build.
        args: Named<VariableName, Literal>,
    }
}

record! {
    /// How Docker finds out whether a service works: a URL path to ask, or a command.
    whole HealthCheck = "a health check" {
        /// The path that is asked for on the service's `port`.
        http: HttpPath,
        /// The program of the image that asks; only with `http`.
        with: CommandProbe = CommandProbe::Python,
        /// A command that fails when the service does not work, instead of `http`: a list of words, or one text for the
        /// shell of the container.
        command: CheckCommand,
        /// The time between two checks.
        interval: Interval = Interval::long(),
        /// How long one check may take.
        timeout: Interval = Interval::short(),
        /// How many failures in a row make it unhealthy.
        retries: Replicas = Replicas::THREE,
        /// How long failures do not count after the start.
        start_period: Duration = Duration::of_seconds(30),
    }
}

record! {
    /// What a container may use of the machine.
    merged Limits = "limits" {
        /// Memory, such as `512m`.
        memory: ByteSize,
        /// Processors, such as `"0.5"`.
        cpus: CpuCount,
        /// Processes and threads, such as `200`.
        pids: ProcessCount,
    }
}

record! {
    /// What each engine would be for a service, and which one is used.
    merged Database = "a database" {
        /// The engine that is used; by default the profile's `engine`, or the only one described here.
        engine: Engine,
        /// The SQLite file: what stands after `sqlite:///`.
        sqlite: Sqlite,
        /// The PostgreSQL database's name, or its details.
        postgres: PostgresDatabase,
        /// Who opens PostgreSQL, and so the form of what it is told: a URL, or words with values. The file of SQLite is told
        /// in the form that belongs to it.
        driver: Driver = Driver::Asyncpg,
        /// What the driver is told beside where PostgreSQL is, such as `application_name: shop`. Each driver has a list of its
        /// own; `plain` and `postgres` take every name. One text such as `schema=public&connect_timeout=10` is the same.
        options: Options,
        /// Whether the container is given the URL in a variable; by default it is. With `false` it gets no more than the
        /// parts that `environment` names, and there is no `env`; `sqlite` and `driver` only beside a variable with
        /// `{ database: driver }` or `{ database: address }`, and `options` beside the latter.
        give_url: bool,
        /// The container's variable for the URL, where it is not `<SERVICE>__DB_URL`.
        env: VariableName,
        /// What the service may do in its database: `owner`, `write` or `read`. With `write` or `read`, another service owns
        /// the database of that name; it needs `access: per_service`.
        rights: Rights = Rights::Owner,
        /// Says that another service uses the same database on purpose; both must say so. Beside `rights` that is said, and
        /// a service that ends by itself (`runs: once`) need not.
        shared: bool,
        /// How many connections each of its containers may open on a PostgreSQL server: a number, or the size of a pool and
        /// what it may overflow. Without one, 5 and 10 more are taken for granted, as SQLAlchemy has it; it is up to the
        /// service to open no more.
        pool: Pool,
    }
}

record! {
    /// How many connections a container may open.
    whole Pool = "a pool" short size {
        /// How many it keeps.
        size: ConnectionCount,
        /// How many more it opens where those are in use; by default none.
        overflow: ExtraConnections,
    }
}

record! {
    /// A SQLite database.
    merged Sqlite = "a SQLite database" short path {
        /// The file: relative to `working_dir`, or absolute; below the data mount.
        path: SqlitePath,
        /// Who opens it, and so the form of what it is told; by default what belongs to `driver` beside it.
        driver: SqliteDriver,
        /// What the driver is told beside the file, such as `journal_mode: WAL` for `jdbc`; each driver has a list of its own.
        options: Options,
    }
}

record! {
    /// A database on the PostgreSQL server.
    merged PostgresDatabase = "a PostgreSQL database" short name {
        /// Its name.
        name: DatabaseName,
        /// Extensions that are created in it.
        extensions: Vec<ExtensionName>,
        /// How many connections its role may have at a time; by default as many as the server has.
        connection_limit: ConnectionCount,
        /// How much its role may write into temporary files at a time, such as `2g`; by default as much as there is.
        temp_file_limit: DiskSize,
        /// How long a statement of its role may take, such as `30s`; the service itself can set another time.
        statement_timeout: Interval,
    }
}

record! {
    /// The PostgreSQL server: a container of the deployment, or an external one.
    merged Postgres = "the postgres section" {
        /// The image of the container; with `external` the image of the client that scripts run.
        image: ImageReference,
        /// The major version, where the image is not a numeric tag of `postgres`.
        version: PostgresMajor,
        /// The role that the server is made with; with shared access every service logs in as it.
        user: RoleName,
        /// The database that the server is made with, by default named as `user`; services have their own.
        database: DatabaseName,
        /// Whether all services log in as `user`, or each one as a role of its own.
        access: Access = Access::Shared,
        /// The port of the host that leads to the server: a number for 127.0.0.1, or `ADDRESS:PORT`; by default none.
        publish: Publish,
        /// The named volume of the data, or a folder of the host, relative to the project's root: `./postgres`.
        volume: DataPlace = DataPlace::postgres_data(),
        /// How much space the data gets on Kubernetes: a size such as `10Gi`, or a size with a storage class.
        storage: Storage,
        /// What runs the server on Kubernetes, instead of one pod with one server. `publish`, `volume`, `ensure`,
        /// `init_script`, `local_auth` and `compose` can't stand beside it.
        operator: Operator,
        /// How many servers the operator runs: one that is written to, and copies that take its place; by default three.
        instances: Replicas,
        /// Whether a container of its own brings roles, passwords, databases and owners in line at every start.
        ensure: bool = true,
        /// Whether a volume that is made anew runs `scripts/init-postgres.sh` among the scripts of the image. With `false`
        /// only those of your own run there, and the container of `ensure` runs it behind them; without that one it
        /// always runs.
        init_script: bool = true,
        /// How programs in the server's own container log in, by its socket or by 127.0.0.1. It holds for a volume that
        /// is made anew.
        local_auth: LocalAuth = LocalAuth::Trust,
        /// When the server is asked whether it is ready; what is asked is codelab-gen's own.
        healthcheck: ServerCheck,
        /// How a volume is made: locale, checksums. What changes here holds for a volume that is made anew; one that is
        /// there stays as it was made.
        initdb: Initdb,
        /// More variables of the container, such as `TZ`.
        environment: Named<VariableName, Value>,
        /// What the server may use of the machine; in staging and production by default `memory: 1g`, `cpus: 1` and
        /// enough processes for all connections.
        limits: Limits,
        /// Server settings, such as `max_connections: 200`.
        settings: Named<SettingName, Literal>,
        /// A server outside of the deployment, instead of a container; `publish`, `volume`, `storage`, `operator`,
        /// `instances`, `ensure`, `init_script`, `local_auth`, `healthcheck`, `initdb`, `environment`, `limits`, `settings`
        /// and `compose` are the container's, and can't stand beside it.
        external: External,
        /// Raw Compose keys of the container that this format has no field for; `${…}` is live in them.
        compose: RawKeys,
    }
}

record! {
    /// When the server is asked whether it is ready.
    merged ServerCheck = "the times of a health check" {
        /// The time between two checks.
        interval: Interval = Interval::short(),
        /// How long one check may take.
        timeout: Interval = Interval::short(),
        /// How many failures in a row make it unhealthy.
        retries: Replicas = Replicas::FIVE,
        /// How long failures do not count after the start: making a volume, and recovering after a crash, take long on a
        /// slow disk. A server that is ready sooner is healthy at once.
        start_period: Duration = Duration::of_minutes(5),
    }
}

record! {
    /// How `initdb` makes a volume.
    merged Initdb = "how a volume is made" {
        /// The locale by which texts are sorted, such as `C`, which is the same in every image, or `de-DE` for ICU; the
        /// provider must have it. By default that of the image. The encoding is always UTF8.
        locale: LocaleName,
        /// What knows the locale; by default the C library.
        provider: LocaleProvider,
        /// Whether each page of data has a checksum, which tells a damaged disk; from PostgreSQL 18 on it has one anyway.
        checksums: bool,
        /// More arguments.
        args: Vec<InitdbArgument>,
    }
}

record! {
    /// A PostgreSQL server outside of the deployment.
    merged External = "an external server" {
        /// Its host name.
        host: HostName,
        /// Its port.
        port: Port = Port::POSTGRES,
        /// How connections are protected; less than the default only where the profile says so.
        tls: Tls = Tls::VerifyFull,
        /// A file with the certificates that the server's one is verified by, relative to the project's root. Without
        /// one, `verify-full` uses the certificates of the service's image.
        ca: MountedPath,
        /// The Secret that holds these certificates on Kubernetes instead of a file, under the key `ca.crt`.
        ca_secret: ObjectName,
    }
}

impl Database {
    /// Whether the container is given the URL.
    #[must_use]
    pub fn gives_url(&self) -> bool {
        self.give_url.copied().unwrap_or(true)
    }
}

/// The version of the profile format; only [`super::FORMAT`] can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format;

impl Format {
    const HELP: &'static str = "write `format: 1`; a newer format needs a newer codelab-gen";
}

impl Written for Format {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        match super::leaf::read_integer(node) {
            Some(number) if number == i128::from(super::FORMAT) => Some(Self),
            Some(_) => {
                let message = format!("expected the format {}, found {}", super::FORMAT, super::written::found(node));
                reader.fault(Code::InvalidValue, &node.span, message, Self::HELP);
                None
            }
            None => reader.wrong_type(node, "the number of the format", Self::HELP),
        }
    }

    fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "enum": [super::FORMAT], "errorMessage": Self::HELP })
    }
}

/// What a profile extends, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extends(pub crate::source::Reference);

impl Written for Extends {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let text = super::written::read_text(node, reader)?;
        if text.is_empty() || text == "-" || text.contains(char::is_control) {
            let help = "write a path such as `./base.yaml`, or a profile's name";
            reader.fault(Code::InvalidValue, &node.span, "expected a profile to extend", help);
            return None;
        }
        Some(Self(crate::source::Reference::parse(text)))
    }

    fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "pattern": r"^(?!-$)[^\x00-\x1f\x7f-\x9f]+$", "examples": ["./base.yaml"],
            "patternErrorMessage": "expected a profile to extend; write a path such as `./base.yaml`, or a profile's name"
        })
    }
}

/// The name of a label: ASCII without white space and `=`. Docker Compose drops one that begins with `x-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LabelName(String);

impl LabelName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for LabelName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl crate::value::TextValue for LabelName {
    fn parse(text: &str) -> Result<Self, crate::value::Mismatch> {
        let allowed = |c: char| c.is_ascii_graphic() && c != '=';
        let is_dropped = text.starts_with("x-");
        if (1..=128).contains(&text.len()) && text.chars().all(allowed) && !is_dropped {
            return Ok(Self(text.to_owned()));
        }
        Err(crate::value::Mismatch::new(
            "a label's name of at most 128 ASCII characters without spaces and `=`, not beginning with `x-`, which \
             Docker Compose drops",
            "write a name such as `com.example.team`",
        ))
    }

    fn schema() -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^(?!x-)[!-<>-~]{1,128}$" })
    }

    fn may_be_extension() -> bool {
        false
    }
}
