//! Knows how a profile describes the PostgreSQL server: a container's, an operator's or an external one.
//! Must not know the databases on it.

use super::super::form::{Publish, Value};
use super::super::leaf::{Literal, Named};
use super::super::raw::RawKeys;
use super::super::record::record;
use super::{Limits, Storage};
use crate::value::{
    Access, DataPlace, DatabaseName, Duration, HostName, ImageReference, InitdbArgument, Interval, LocalAuth,
    LocaleName, LocaleProvider, MountedPath, ObjectName, Operator, Port, PostgresMajor, Replicas, RoleName,
    SettingName, Tls, UserId, VariableName,
};

record! {
    /// The PostgreSQL server: a container of the deployment, or an external one.
    merged Postgres = "the postgres section" {
        /// The image of the container; with `external` the image of the client that scripts run.
        image: ImageReference,
        /// The major version, where the image is not a numeric tag of `postgres`.
        version: PostgresMajor,
        /// The user of the system, in numbers, that PostgreSQL is in an image that is not the official one, such as
        /// `"999:999"` (`docker run --rm IMAGE id postgres`). Its container runs as that user from the start, not as root. In
        /// staging and production Kubernetes wants it. The operator's own images have `"26:26"`.
        user_id: UserId,
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
        /// A server outside of the deployment, instead of a container; `user_id`, `publish`, `volume`, `storage`, `operator`,
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
