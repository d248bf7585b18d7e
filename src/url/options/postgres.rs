//! Knows the options of each driver that opens PostgreSQL: data, each list with its source.
//! Must not know what an option does.

use super::Takes::{self, Flag, Integer, Number, Text, Words};
use super::{Known, SWITCH, ZERO_ONE};
use crate::value::Driver;

const MODES: Takes = Words(&["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]);
const TARGETS: Takes = Words(&["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]);

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
