//! Knows the sections of a profile and their fields; this is the format, in the order that people write it.
//! Must not know defaults, nor rules between fields.

mod backups;
mod database;
mod postgres;

use super::command::{CheckCommand, Command};
use super::form::{DependsOn, Publish, Value};
use super::leaf::{Literal, Named};
use super::raw::RawKeys;
use super::record::record;
use super::written::{Reader, Written};
use crate::diagnostic::Code;
use crate::value::{
    BuildContext, ByteSize, CommandProbe, ContainerPath, CpuCount, DatabaseLabel, Duration, Engine, EnvironmentKey,
    Hardening, HostPath, HttpPath, Interval, Mount, ObjectName, Port, ProcessCount, ProfileName, ProjectName, Replicas,
    Runs, SecretRule, SecretsIn, ServiceImage, ServiceName, Stage, Target, VariableName, VolumeName, VolumeSize,
};
use crate::yaml::Node;

pub use self::backups::Backups;
pub use self::database::{Database, NamedDatabase, Pool, PostgresDatabase, Sqlite, database_path};
pub use self::postgres::{External, Initdb, Postgres, ServerCheck};

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
        /// Backups of the server that are made by themselves; by default none.
        backups: Backups,
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
        /// More databases of it by name, each written as in `database`: one of its own, one of another service with `rights`,
        /// or a SQLite file. Its URL is in the variable `<SERVICE>__<NAME>__DB_URL` where `env` names no other; a part of it
        /// is `{ database: host, of: NAME }`.
        databases: Named<DatabaseLabel, Database>,
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
