//! Knows which options each driver takes where it is told its database, and what may be their values: data, each list with
//! its source. Must not know a profile, nor how an option is written.
//!
//! What says who logs in, and where, stands in no list: the profile says it. Nor does a secret.

use crate::value::{Driver, SqliteDriver};

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A whole number, at least so much.
    Integer(i64),
    /// A number, also one with a fraction, not below nothing.
    Number,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Any text.
    Text,
}

/// An option by its name, with what it takes.
pub type Known = (&'static str, Takes);

use Takes::{Flag, Integer, Number, Text, Words};

const ZERO_ONE: Takes = Words(&["0", "1"]);
const SWITCH: Takes = Words(&["true", "false", "on", "off", "yes", "no", "1", "0"]);
const MODES: Takes = Words(&["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]);
const TARGETS: Takes = Words(&["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]);

/// What SQLite itself takes in another way, by names without `_` before them.
pub const PRAGMAS: [&str; 6] =
    ["journal_mode", "busy_timeout", "foreign_keys", "synchronous", "cache_size", "temp_store"];

/// What people look for that a driver takes elsewhere, with the place.
const HINTS: &[(&[Driver], &[&str], &str)] = &[
    (
        &[Driver::Asyncpg],
        &["application_name", "search_path", "timezone", "options"],
        "asyncpg takes settings of the server from the program: `connect_args={\"server_settings\": {...}}`",
    ),
    (&[Driver::Asyncpg], &["sslmode"], "asyncpg calls it `ssl`"),
    (
        &[Driver::Asyncpg],
        &["timeout", "connect_timeout", "statement_cache_size"],
        "asyncpg takes it as a number, which no URL holds, from the program: `connect_args={...}`",
    ),
    (
        &[Driver::Psycopg, Driver::Psycopg2, Driver::Dsn],
        &["search_path", "timezone", "lock_timeout"],
        "libpq takes settings of the server by `options: -c NAME=VALUE`",
    ),
    (&[Driver::Psycopg, Driver::Psycopg2], &["ssl"], "libpq calls it `sslmode`"),
    (&[Driver::Jdbc], &["search_path", "schema"], "pgjdbc calls it `currentSchema`"),
    (&[Driver::Django], &["search_path", "schema"], "dj-database-url calls it `currentSchema`"),
    (&[Driver::Rails], &["search_path", "schema"], "Rails calls it `schema_search_path`"),
    (&[Driver::Prisma], &["search_path"], "Prisma calls it `schema`"),
    (
        &[Driver::Node, Driver::Sqlx, Driver::TokioPostgres],
        &["search_path", "schema"],
        "write `options: -c search_path=NAME`",
    ),
];

/// Where a driver takes what it does not take as an option.
#[must_use]
pub fn hint(driver: Driver, name: &str) -> Option<&'static str> {
    let fits = |(drivers, names, _): &&(&[Driver], &[&str], &str)| drivers.contains(&driver) && names.contains(&name);
    HINTS.iter().find(fits).map(|(_, _, help)| *help)
}

/// What an option of a list takes; the names of .NET mean the same in capitals and in small letters.
#[must_use]
pub fn takes(known: &[Known], name: &str) -> Option<Takes> {
    let exact = known.iter().find(|(own, _)| *own == name);
    let is_of_dotnet = || known.iter().any(|(own, _)| *own == "Pooling");
    let alike = || known.iter().filter(|_| is_of_dotnet()).find(|(own, _)| own.eq_ignore_ascii_case(name));
    exact.or_else(alike).map(|(_, takes)| *takes)
}

/// What is no option of a URL, but a setting of the role. Drivers that could take it in a roundabout way agree on none.
pub const OF_THE_ROLE: [&str; 1] = ["statement_timeout"];

/// Names that say who logs in, or where, in small letters.
pub const OF_THE_PROFILE: [&str; 16] = [
    "user",
    "username",
    "user name",
    "user id",
    "password",
    "passfile",
    "host",
    "hostaddr",
    "server",
    "port",
    "dbname",
    "database",
    "service",
    "servicefile",
    "sslpassword",
    "data source",
];

/// <https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#module-sqlalchemy.dialects.postgresql.asyncpg> and
/// <https://magicstack.github.io/asyncpg/current/api/index.html#connection>: those that may come as texts.
const ASYNCPG: &[Known] = &[
    ("prepared_statement_cache_size", Integer(0)),
    ("command_timeout", Number),
    ("ssl", MODES),
    ("target_session_attrs", TARGETS),
    ("krbsrvname", Text),
    ("gsslib", Words(&["gssapi", "sspi"])),
];

/// <https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS>
const LIBPQ: &[Known] = &[
    ("application_name", Text),
    ("fallback_application_name", Text),
    ("connect_timeout", Integer(0)),
    ("options", Text),
    ("client_encoding", Text),
    ("keepalives", ZERO_ONE),
    ("keepalives_idle", Integer(0)),
    ("keepalives_interval", Integer(0)),
    ("keepalives_count", Integer(0)),
    ("tcp_user_timeout", Integer(0)),
    ("target_session_attrs", TARGETS),
    ("channel_binding", Words(&["disable", "prefer", "require"])),
    ("sslmode", MODES),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
    ("sslcrl", Text),
    ("sslcrldir", Text),
    ("sslsni", ZERO_ONE),
    ("sslcompression", ZERO_ONE),
    ("ssl_min_protocol_version", Words(&["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])),
    ("ssl_max_protocol_version", Words(&["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])),
    ("gssencmode", Words(&["disable", "prefer", "require"])),
    ("krbsrvname", Text),
    ("replication", Words(&["database", "true", "false", "on", "off", "yes", "no", "1", "0"])),
];

/// <https://github.com/jazzband/dj-database-url#url-schema>: what it hands on to psycopg, and what Django takes itself.
const DJANGO: &[Known] = &[
    ("conn_max_age", Integer(0)),
    ("conn_health_checks", Flag),
    ("currentSchema", Text),
    ("application_name", Text),
    ("connect_timeout", Integer(0)),
    ("options", Text),
    ("client_encoding", Text),
    ("keepalives", ZERO_ONE),
    ("keepalives_idle", Integer(0)),
    ("keepalives_interval", Integer(0)),
    ("keepalives_count", Integer(0)),
    ("tcp_user_timeout", Integer(0)),
    ("target_session_attrs", TARGETS),
    ("sslmode", MODES),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
];

/// <https://jdbc.postgresql.org/documentation/use/#connection-parameters>
const JDBC: &[Known] = &[
    ("ApplicationName", Text),
    ("currentSchema", Text),
    ("options", Text),
    ("connectTimeout", Integer(0)),
    ("socketTimeout", Integer(0)),
    ("loginTimeout", Integer(0)),
    ("cancelSignalTimeout", Integer(0)),
    ("tcpKeepAlive", Flag),
    ("tcpNoDelay", Flag),
    ("prepareThreshold", Integer(-1)),
    ("preparedStatementCacheQueries", Integer(0)),
    ("preparedStatementCacheSizeMiB", Integer(0)),
    ("preferQueryMode", Words(&["simple", "extended", "extendedForPrepared", "extendedCacheEverything"])),
    ("reWriteBatchedInserts", Flag),
    ("defaultRowFetchSize", Integer(0)),
    ("maxResultBuffer", Text),
    ("adaptiveFetch", Flag),
    ("binaryTransfer", Flag),
    ("stringtype", Words(&["unspecified", "varchar"])),
    ("readOnly", Flag),
    ("readOnlyMode", Words(&["ignore", "transaction", "always"])),
    ("autosave", Words(&["never", "always", "conservative"])),
    ("targetServerType", Words(&["any", "primary", "secondary", "preferPrimary", "preferSecondary"])),
    ("loadBalanceHosts", Flag),
    ("hostRecheckSeconds", Integer(0)),
    ("assumeMinServerVersion", Text),
    ("logUnclosedConnections", Flag),
    ("logServerErrorDetail", Flag),
    ("allowEncodingChanges", Flag),
    ("escapeSyntaxCallMode", Words(&["select", "callIfNoReturn", "call"])),
    ("channelBinding", Words(&["disable", "prefer", "require"])),
    ("gssEncMode", Words(&["disable", "allow", "prefer", "require"])),
    ("ssl", Flag),
    ("sslmode", MODES),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
    ("sslfactory", Text),
    ("sslResponseTimeout", Integer(0)),
];

/// <https://www.npgsql.org/doc/connection-string-parameters.html>
const NPGSQL: &[Known] = &[
    ("Application Name", Text),
    ("Search Path", Text),
    ("Options", Text),
    ("Client Encoding", Text),
    ("Encoding", Text),
    ("Timezone", Text),
    ("Timeout", Integer(0)),
    ("Command Timeout", Integer(0)),
    ("Cancellation Timeout", Integer(-1)),
    ("Keepalive", Integer(0)),
    ("Tcp Keepalive", Flag),
    ("Tcp Keepalive Time", Integer(0)),
    ("Tcp Keepalive Interval", Integer(0)),
    ("Pooling", Flag),
    ("Minimum Pool Size", Integer(0)),
    ("Maximum Pool Size", Integer(0)),
    ("Connection Idle Lifetime", Integer(0)),
    ("Connection Pruning Interval", Integer(0)),
    ("Connection Lifetime", Integer(0)),
    ("No Reset On Close", Flag),
    ("Enlist", Flag),
    ("Multiplexing", Flag),
    ("Max Auto Prepare", Integer(0)),
    ("Auto Prepare Min Usages", Integer(1)),
    ("Include Error Detail", Flag),
    ("Log Parameters", Flag),
    ("Read Buffer Size", Integer(1)),
    ("Write Buffer Size", Integer(1)),
    ("Load Balance Hosts", Flag),
    ("Target Session Attributes", TARGETS),
    ("SSL Mode", Words(&["Disable", "Allow", "Prefer", "Require", "VerifyCA", "VerifyFull"])),
    ("Root Certificate", Text),
    ("SSL Certificate", Text),
    ("SSL Key", Text),
    ("Channel Binding", Words(&["Disable", "Prefer", "Require"])),
];

/// <https://pkg.go.dev/github.com/lib/pq#hdr-Connection_String_Parameters>; the last ones are settings of the server, of
/// which it passes on every one.
const PQ: &[Known] = &[
    ("application_name", Text),
    ("fallback_application_name", Text),
    ("connect_timeout", Integer(0)),
    ("binary_parameters", Words(&["yes", "no"])),
    ("disable_prepared_binary_result", Words(&["yes", "no"])),
    ("client_encoding", Words(&["UTF8"])),
    ("options", Text),
    ("sslmode", Words(&["disable", "require", "verify-ca", "verify-full"])),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
    ("sslsni", ZERO_ONE),
    ("krbsrvname", Text),
    ("krbspn", Text),
    ("search_path", Text),
    ("timezone", Text),
    ("lock_timeout", Text),
    ("idle_in_transaction_session_timeout", Text),
    ("default_transaction_read_only", SWITCH),
];

/// <https://pkg.go.dev/github.com/jackc/pgx/v5/pgconn#ParseConfig>, `pgx#ParseConfig` and `pgxpool#ParseConfig`; the last
/// ones are settings of the server, of which it passes on every one.
const PGX: &[Known] = &[
    ("application_name", Text),
    ("connect_timeout", Integer(0)),
    ("options", Text),
    ("target_session_attrs", TARGETS),
    (
        "default_query_exec_mode",
        Words(&["cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"]),
    ),
    ("statement_cache_capacity", Integer(0)),
    ("description_cache_capacity", Integer(0)),
    ("sslmode", MODES),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
    ("sslsni", ZERO_ONE),
    ("krbsrvname", Text),
    ("krbspn", Text),
    ("pool_max_conns", Integer(1)),
    ("pool_min_conns", Integer(0)),
    ("pool_max_conn_lifetime", Text),
    ("pool_max_conn_lifetime_jitter", Text),
    ("pool_max_conn_idle_time", Text),
    ("pool_health_check_period", Text),
    ("search_path", Text),
    ("timezone", Text),
    ("lock_timeout", Text),
    ("idle_in_transaction_session_timeout", Text),
    ("default_transaction_read_only", SWITCH),
];

/// <https://node-postgres.com/apis/client#new-client> and
/// <https://github.com/brianc/node-postgres/tree/master/packages/pg-connection-string#query-parameters>
const NODE: &[Known] = &[
    ("application_name", Text),
    ("fallback_application_name", Text),
    ("client_encoding", Text),
    ("options", Text),
    ("connectionTimeoutMillis", Integer(0)),
    ("query_timeout", Integer(0)),
    ("lock_timeout", Integer(0)),
    ("idle_in_transaction_session_timeout", Integer(0)),
    ("keepAlive", Flag),
    ("keepAliveInitialDelayMillis", Integer(0)),
    ("sslmode", Words(&["disable", "no-verify", "prefer", "require", "verify-ca", "verify-full"])),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
    ("uselibpqcompat", Flag),
];

/// <https://www.prisma.io/docs/orm/overview/databases/postgresql#arguments>
const PRISMA: &[Known] = &[
    ("schema", Text),
    ("connection_limit", Integer(1)),
    ("pool_timeout", Integer(0)),
    ("connect_timeout", Integer(0)),
    ("socket_timeout", Integer(0)),
    ("application_name", Text),
    ("options", Text),
    ("channel_binding", Words(&["disable", "prefer", "require"])),
    ("pgbouncer", Flag),
    ("statement_cache_size", Integer(0)),
    ("sslmode", Words(&["disable", "prefer", "require"])),
    ("sslaccept", Words(&["strict", "accept_invalid_certs"])),
    ("sslcert", Text),
    ("sslidentity", Text),
];

/// <https://guides.rubyonrails.org/configuring.html#configuring-a-database>,
/// <https://api.rubyonrails.org/classes/ActiveRecord/ConnectionAdapters/PostgreSQLAdapter.html>, and libpq's
const RAILS: &[Known] = &[
    ("pool", Integer(1)),
    ("checkout_timeout", Number),
    ("idle_timeout", Number),
    ("reaping_frequency", Number),
    ("prepared_statements", Flag),
    ("statement_limit", Integer(0)),
    ("advisory_locks", Flag),
    ("schema_search_path", Text),
    ("encoding", Text),
    ("min_messages", Text),
    ("insert_returning", Flag),
    ("application_name", Text),
    ("connect_timeout", Integer(0)),
    ("options", Text),
    ("keepalives", ZERO_ONE),
    ("keepalives_idle", Integer(0)),
    ("keepalives_interval", Integer(0)),
    ("keepalives_count", Integer(0)),
    ("tcp_user_timeout", Integer(0)),
    ("target_session_attrs", TARGETS),
    ("sslmode", MODES),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
];

/// <https://github.com/laravel/framework/blob/12.x/src/Illuminate/Database/Connectors/PostgresConnector.php>
const LARAVEL: &[Known] = &[
    ("charset", Text),
    ("prefix", Text),
    ("search_path", Text),
    ("timezone", Text),
    ("application_name", Text),
    ("synchronous_commit", Text),
    ("isolation_level", Text),
    ("sslmode", MODES),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
];

/// <https://docs.rs/sqlx/latest/sqlx/postgres/struct.PgConnectOptions.html>
const SQLX: &[Known] = &[
    ("application_name", Text),
    ("options", Text),
    ("statement-cache-capacity", Integer(0)),
    ("sslmode", MODES),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
];

/// <https://docs.rs/tokio-postgres/latest/tokio_postgres/config/struct.Config.html>
const TOKIO_POSTGRES: &[Known] = &[
    ("application_name", Text),
    ("options", Text),
    ("connect_timeout", Integer(0)),
    ("tcp_user_timeout", Integer(0)),
    ("keepalives", ZERO_ONE),
    ("keepalives_idle", Integer(0)),
    ("keepalives_interval", Integer(0)),
    ("keepalives_retries", Integer(0)),
    ("target_session_attrs", Words(&["any", "read-write", "read-only"])),
    ("channel_binding", Words(&["disable", "prefer", "require"])),
    ("load_balance_hosts", Words(&["disable", "random"])),
    ("sslmode", Words(&["disable", "prefer", "require"])),
];

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

/// What a driver takes; nothing where every name may be right, because the program is not known.
#[must_use]
pub fn of_postgres(driver: Driver) -> Option<&'static [Known]> {
    match driver {
        Driver::Asyncpg => Some(ASYNCPG),
        Driver::Psycopg | Driver::Psycopg2 | Driver::Dsn => Some(LIBPQ),
        Driver::Django => Some(DJANGO),
        Driver::Jdbc => Some(JDBC),
        Driver::Npgsql => Some(NPGSQL),
        Driver::Pq => Some(PQ),
        Driver::Pgx => Some(PGX),
        Driver::Node => Some(NODE),
        Driver::Prisma => Some(PRISMA),
        Driver::Rails => Some(RAILS),
        Driver::Laravel => Some(LARAVEL),
        Driver::Sqlx => Some(SQLX),
        Driver::TokioPostgres => Some(TOKIO_POSTGRES),
        Driver::Plain | Driver::Postgres => None,
    }
}

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

impl Takes {
    /// Whether it takes this text.
    #[must_use]
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Integer(least) => text.parse::<i64>().is_ok_and(|number| number >= least && !text.starts_with('+')),
            Number => text.parse::<f64>().is_ok_and(|number| number >= 0.0 && number.is_finite()),
            Flag => matches!(text, "true" | "false"),
            Words(words) => words.contains(&text),
            Text => true,
        }
    }

    /// What it takes, behind the word 'expected'.
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Integer(i64::MIN) => "a whole number".to_owned(),
            Integer(least) => format!("a whole number from {least} on"),
            Number => "a number".to_owned(),
            Flag => "`true` or `false`".to_owned(),
            Words(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Text => "a text".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Choice as _, OptionName, TextValue as _};

    #[test]
    fn no_list_has_a_name_twice_or_one_that_is_the_profiles() {
        let of_postgres = Driver::ALL.iter().filter_map(|driver| of_postgres(*driver));
        let of_sqlite = SqliteDriver::ALL.iter().map(|driver| of_sqlite(*driver));
        for list in of_postgres.chain(of_sqlite) {
            let mut names: Vec<_> = list.iter().map(|(name, _)| *name).collect();
            for name in &names {
                assert!(OptionName::parse(name).is_ok(), "{name}");
                let small = name.to_ascii_lowercase();
                assert!(!OF_THE_PROFILE.contains(&small.as_str()) && !OF_THE_ROLE.contains(&small.as_str()), "{name}");
            }
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }

    #[test]
    fn each_kind_takes_its_own() {
        for (takes, good, bad) in [
            (Integer(0), &["0", "10"][..], &["-1", "+1", "1.5", "", "x", "0x1"][..]),
            (Integer(-1), &["-1", "0"], &["-2"]),
            (Number, &["0", "1.5", "30"], &["-1", "NaN", "inf", "x", ""]),
            (Flag, &["true", "false"], &["yes", "1", "TRUE", ""]),
            (ZERO_ONE, &["0", "1"], &["2", "true"]),
            (Text, &["", "a b"], &[]),
        ] {
            for text in good {
                assert!(takes.accepts(text), "{takes:?} {text}");
            }
            for text in bad {
                assert!(!takes.accepts(text), "{takes:?} {text}");
            }
        }
    }
}
