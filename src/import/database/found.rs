//! Knows what is found of a service's database, and what it is looked for in. Must not know how it is found.

use std::ops::Range;

use indexmap::IndexMap;

use crate::import::environment::Given;
use crate::value::{
    ContainerPath, DatabaseName, DatabasePart, Driver, Engine, Mount, RoleName, ServiceName, SqlitePath, UrlOptions,
};

/// What a database is looked for in.
pub(in crate::import) struct Home<'h> {
    pub(in crate::import) name: &'h ServiceName,
    pub(in crate::import) given: &'h [Given],
    pub(in crate::import) mounts: &'h [Mount],
    pub(in crate::import) working_dir: Option<&'h ContainerPath>,
    /// What the container gets from files of variables.
    pub(in crate::import) of_files: &'h IndexMap<String, String>,
    /// Whether it waits for the server.
    pub(in crate::import) waits: bool,
    /// Whether one of those files is `.env`.
    pub(in crate::import) has_dotenv: bool,
    /// The URLs in what it runs.
    pub(in crate::import) program: &'h [String],
    /// The words of what it runs.
    pub(in crate::import) words: &'h [String],
    /// The lines of the service that are commented out.
    pub(in crate::import) commented: &'h [(String, String)],
}

/// The database of a service.
pub(in crate::import) struct Database {
    /// The container's variable for the URL, with the URL of today; nothing where it keeps what it has.
    pub(in crate::import) url: Option<(String, String)>,
    /// Variables that hold a part of it.
    pub(in crate::import) parts: Vec<(String, DatabasePart)>,
    /// The engine of today.
    pub(in crate::import) engine: Engine,
    pub(in crate::import) sqlite: Option<SqliteFile>,
    pub(in crate::import) postgres: Option<PostgresSide>,
    /// Whether nothing but that it waits for the server tells that it is this one.
    pub(in crate::import) is_guess: bool,
    /// Whether only files of variables tell it, which several services may get.
    pub(in crate::import) is_of_files: bool,
}

/// A SQLite file in a mount.
#[derive(Clone)]
pub(in crate::import) struct SqliteFile {
    pub(in crate::import) path: SqlitePath,
    /// The mount that it lies in.
    pub(in crate::import) data: usize,
}

/// A database on the server, and how its URL is written.
#[derive(Clone)]
pub(in crate::import) struct PostgresSide {
    pub(in crate::import) name: DatabaseName,
    pub(in crate::import) driver: Driver,
    pub(in crate::import) options: Option<UrlOptions>,
}

/// What was found of a service's database.
#[derive(Default)]
pub(in crate::import) struct Found {
    pub(in crate::import) database: Option<Database>,
    /// Why a URL is none that a profile says, by the place of the variable.
    pub(in crate::import) told: Vec<(Option<Range<usize>>, String)>,
    /// Whether the service logs in to the server as another role, or with another password.
    pub(in crate::import) is_somebody_else: bool,
    /// What databases on the server may be called that it opens as another role.
    pub(in crate::import) of_others: Vec<String>,
}

/// Why a service that logs in so can't share the server's role.
pub(super) const OTHER_PASSWORD: &str = "it has another password than the server's `POSTGRES_PASSWORD`";

/// Why one that logs in as another role has no database on it.
pub(super) fn other_role(user: &str, home: &Home<'_>) -> String {
    let message = "its role is not the one that the server is made with";
    let own = RoleName::of_service(home.name);
    if user == own.as_str() { format!("{message}; see `access: per_service`") } else { message.into() }
}
