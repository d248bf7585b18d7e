//! Knows the options of each driver that opens a SQLite file: data, each list with its source.
//! Must not know what an option does.

use super::takes::Takes::{Flag, Integer, Number, Text, Words};
use super::takes::{Known, SWITCH};
use crate::value::SqliteDriver;

/// <https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#driver> and `sqlite3.connect`
const SQLITE: &[Known] = &[
    ("timeout", Number),
    ("check_same_thread", Flag),
    ("cached_statements", Integer(0)),
    ("detect_types", Integer(0)),
    ("isolation_level", Text),
];

/// <https://github.com/xerial/sqlite-jdbc/blob/master/USAGE.md#configure-connections>
const SQLITE_JDBC: &[Known] = &[
    ("journal_mode", Words(&["DELETE", "TRUNCATE", "PERSIST", "MEMORY", "WAL", "OFF"])),
    ("busy_timeout", Integer(0)),
    ("foreign_keys", Flag),
    ("synchronous", Words(&["OFF", "NORMAL", "FULL"])),
    ("cache_size", Integer(i64::MIN)),
    ("journal_size_limit", Integer(-1)),
    ("temp_store", Words(&["DEFAULT", "FILE", "MEMORY"])),
    ("locking_mode", Words(&["NORMAL", "EXCLUSIVE"])),
    ("transaction_mode", Words(&["DEFERRED", "IMMEDIATE", "EXCLUSIVE"])),
    ("date_class", Words(&["INTEGER", "TEXT", "REAL"])),
    ("date_precision", Words(&["SECONDS", "MILLISECONDS"])),
    ("date_string_format", Text),
    ("shared_cache", Flag),
];

/// <https://learn.microsoft.com/en-us/dotnet/standard/data/sqlite/connection-strings>
const SQLITE_DOTNET: &[Known] = &[
    ("Mode", Words(&["ReadWriteCreate", "ReadWrite", "ReadOnly"])),
    ("Cache", Words(&["Default", "Private", "Shared"])),
    ("Foreign Keys", Words(&["True", "False", "true", "false"])),
    ("Recursive Triggers", Words(&["True", "False", "true", "false"])),
    ("Default Timeout", Integer(0)),
    ("Pooling", Words(&["True", "False", "true", "false"])),
];

/// <https://pkg.go.dev/github.com/mattn/go-sqlite3#readme-connection-string>
const GO_SQLITE3: &[Known] = &[
    ("_journal_mode", Words(&["DELETE", "TRUNCATE", "PERSIST", "MEMORY", "WAL", "OFF"])),
    ("_busy_timeout", Integer(0)),
    ("_foreign_keys", SWITCH),
    ("_synchronous", Words(&["OFF", "NORMAL", "FULL", "EXTRA"])),
    ("_txlock", Words(&["deferred", "immediate", "exclusive"])),
    ("_locking_mode", Words(&["NORMAL", "EXCLUSIVE"])),
    ("_cache_size", Integer(i64::MIN)),
    ("_auto_vacuum", Words(&["none", "full", "incremental"])),
    ("_secure_delete", Text),
    ("_recursive_triggers", SWITCH),
    ("_query_only", SWITCH),
    ("_loc", Text),
    ("cache", Words(&["shared", "private"])),
    ("mode", Words(&["ro", "rw", "rwc"])),
];

/// <https://www.prisma.io/docs/orm/overview/databases/sqlite>
const SQLITE_PRISMA: &[Known] = &[("connection_limit", Integer(1)), ("socket_timeout", Integer(0))];

/// <https://guides.rubyonrails.org/configuring.html#configuring-an-sqlite3-database>
const SQLITE_RAILS: &[Known] =
    &[("pool", Integer(1)), ("timeout", Integer(0)), ("checkout_timeout", Number), ("idle_timeout", Number)];

/// <https://docs.rs/sqlx/latest/sqlx/sqlite/struct.SqliteConnectOptions.html>
const SQLITE_SQLX: &[Known] = &[
    ("mode", Words(&["ro", "rw", "rwc"])),
    ("cache", Words(&["shared", "private"])),
    ("immutable", Flag),
    ("vfs", Text),
];

/// What a driver of SQLite takes.
#[must_use]
pub fn of_sqlite(driver: SqliteDriver) -> &'static [Known] {
    match driver {
        SqliteDriver::Sqlite | SqliteDriver::Aiosqlite => SQLITE,
        SqliteDriver::Jdbc => SQLITE_JDBC,
        SqliteDriver::Dotnet => SQLITE_DOTNET,
        SqliteDriver::GoSqlite3 => GO_SQLITE3,
        SqliteDriver::Prisma => SQLITE_PRISMA,
        SqliteDriver::Rails => SQLITE_RAILS,
        SqliteDriver::Sqlx => SQLITE_SQLX,
        SqliteDriver::Path => &[],
    }
}
