//! Knows how a profile describes the database of a service, by both engines. Must not know the server.

use super::super::leaf::given;
use super::super::options::Options;
use super::super::record::record;
use super::Service;
use crate::field::FieldPath;
use crate::value::{
    ConnectionCount, DatabaseLabel, DatabaseName, DiskSize, Driver, Engine, ExtensionName, ExtraConnections, Interval,
    Rights, SqliteDriver, SqlitePath, VariableName,
};

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
        /// The container's variable for the URL, where it is not `<SERVICE>__DB_URL`; below `databases`
        /// `<SERVICE>__<NAME>__DB_URL`.
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

/// A database of a service, with the name that it has where it is a further one.
pub type NamedDatabase<'p> = (Option<&'p DatabaseLabel>, &'p Database);

impl Service {
    /// All of its databases, the further ones last.
    pub fn all_databases(&self) -> impl Iterator<Item = NamedDatabase<'_>> {
        let first = self.database.get().map(|database| (None, database));
        first.into_iter().chain(given(&self.databases).map(|(name, database)| (Some(name), database)))
    }
}

/// Where a database of a service is written, whose place is `service`.
#[must_use]
pub fn database_path(service: &FieldPath, name: Option<&DatabaseLabel>) -> FieldPath {
    name.map_or_else(|| service.key("database"), |name| service.key("databases").key(name))
}

impl Database {
    /// Whether the container is given the URL.
    #[must_use]
    pub fn gives_url(&self) -> bool {
        self.give_url.copied().unwrap_or(true)
    }
}
