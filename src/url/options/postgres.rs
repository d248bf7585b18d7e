//! Knows the options of each driver that opens PostgreSQL: data, each list with its source.
//! Must not know what an option does.

mod dotnet;
mod go;
mod java;
mod rust;

pub(super) use self::dotnet::documented;
use super::Takes::{self, Flag, Integer, Number, Text, Words};
use super::{Known, ZERO_ONE};
use crate::value::Driver;

const MODES: Takes = Words(&["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]);
const TARGETS: Takes = Words(&["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]);
const BINDING: Takes = Words(&["disable", "prefer", "require"]);
const BALANCE: Takes = Words(&["disable", "random"]);
const NEGOTIATION: Takes = Words(&["postgres", "direct"]);
const PROTOCOLS: Takes = Words(&["3.0", "3.2", "latest"]);
const TLS_VERSIONS: Takes = Words(&["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]);

/// <https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#module-sqlalchemy.dialects.postgresql.asyncpg> and
/// <https://magicstack.github.io/asyncpg/current/api/index.html#connection>: those that may come as texts.
const ASYNCPG: &[Known] = &[
    ("prepared_statement_cache_size", Integer(0)),
    ("command_timeout", Number),
    ("ssl", MODES),
    ("direct_tls", Words(&["true"])),
    ("target_session_attrs", TARGETS),
    ("krbsrvname", Text),
    ("gsslib", Words(&["gssapi", "sspi"])),
];

/// <https://www.postgresql.org/docs/17/libpq-connect.html#LIBPQ-PARAMKEYWORDS>
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
    ("load_balance_hosts", BALANCE),
    ("replication", Words(&["database", "on", "off", "true", "false", "yes", "no", "1", "0"])),
    ("require_auth", Text),
    ("requirepeer", Text),
    ("channel_binding", BINDING),
    ("sslmode", MODES),
    ("sslnegotiation", NEGOTIATION),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
    ("sslcertmode", Words(&["disable", "allow", "require"])),
    ("sslcrl", Text),
    ("sslcrldir", Text),
    ("sslsni", ZERO_ONE),
    ("sslcompression", ZERO_ONE),
    ("ssl_min_protocol_version", TLS_VERSIONS),
    ("ssl_max_protocol_version", TLS_VERSIONS),
    ("gssencmode", Words(&["disable", "prefer", "require"])),
    ("gsslib", Words(&["gssapi", "sspi"])),
    ("gssdelegation", ZERO_ONE),
    ("krbsrvname", Text),
];

/// What came with libpq 18, which psycopg's packages carry, and those of psycopg2 not yet.
const LIBPQ_18: &[Known] = &[
    ("min_protocol_version", PROTOCOLS),
    ("max_protocol_version", PROTOCOLS),
    ("sslkeylogfile", Text),
    ("oauth_issuer", Text),
    ("oauth_client_id", Text),
    ("oauth_scope", Text),
];

/// <https://github.com/jazzband/dj-database-url#url-schema> and
/// <https://django-environ.readthedocs.io/en/latest/types.html#environ-env-db-url>: what one of both takes beside libpq's
/// own, for Django itself (<https://docs.djangoproject.com/en/stable/ref/databases/#postgresql-notes>) or for psycopg.
const DJANGO: &[Known] = &[
    ("currentSchema", Text),
    ("conn_max_age", Integer(0)),
    ("conn_health_checks", Flag),
    ("atomic_requests", Flag),
    ("autocommit", Flag),
    ("disable_server_side_cursors", Flag),
    ("pool", Flag),
    ("assume_role", Text),
    ("isolation_level", Words(&["1", "2", "3", "4"])),
    ("server_side_binding", Flag),
    ("prepare_threshold", Integer(0)),
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
    ("enableChannelBinding", Flag),
    ("binary", Flag),
    ("replication", Words(&["database", "true", "false"])),
    ("ssl", Words(&["true", "1", "0", "no-verify"])),
    ("sslnegotiation", NEGOTIATION),
    ("sslmode", Words(&["disable", "no-verify", "prefer", "require", "verify-ca", "verify-full"])),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
    ("uselibpqcompat", Flag),
];

/// <https://www.prisma.io/docs/orm/overview/databases/postgresql#arguments>, and what its engines read
/// (<https://github.com/prisma/prisma-engines/blob/main/quaint/src/connector/postgres/url.rs>)
const PRISMA: &[Known] = &[
    ("schema", Text),
    ("connection_limit", Integer(1)),
    ("pool_timeout", Integer(0)),
    ("connect_timeout", Integer(0)),
    ("socket_timeout", Integer(0)),
    ("max_connection_lifetime", Integer(0)),
    ("max_idle_connection_lifetime", Integer(0)),
    ("application_name", Text),
    ("options", Text),
    ("channel_binding", BINDING),
    ("pgbouncer", Flag),
    ("statement_cache_size", Integer(0)),
    ("sslmode", Words(&["disable", "prefer", "require"])),
    ("sslaccept", Words(&["strict", "accept_invalid_certs"])),
    ("sslcert", Text),
    ("sslidentity", Text),
];

/// <https://guides.rubyonrails.org/configuring.html#configuring-a-database>,
/// <https://api.rubyonrails.org/classes/ActiveRecord/DatabaseConfigurations/HashConfig.html> and
/// <https://api.rubyonrails.org/classes/ActiveRecord/ConnectionAdapters/PostgreSQLAdapter.html>, beside libpq's own.
const RAILS: &[Known] = &[
    ("pool", Integer(1)),
    ("max_connections", Integer(-1)),
    ("min_connections", Integer(0)),
    ("max_age", Number),
    ("pool_jitter", Number),
    ("keepalive", Number),
    ("checkout_timeout", Number),
    ("idle_timeout", Number),
    ("reaping_frequency", Number),
    ("connection_retries", Integer(0)),
    ("retry_deadline", Number),
    ("query_cache", Text),
    ("prepared_statements", Flag),
    ("statement_limit", Integer(0)),
    ("advisory_locks", Flag),
    ("schema_search_path", Text),
    ("schema_order", Text),
    ("default_timezone", Words(&["utc", "local"])),
    ("encoding", Text),
    ("min_messages", Text),
    ("insert_returning", Flag),
    ("replica", Flag),
    ("database_tasks", Flag),
    ("migrations_paths", Text),
    ("schema_cache_path", Text),
    ("schema_dump", Text),
    ("seeds", Flag),
];

/// <https://github.com/laravel/framework/blob/12.x/src/Illuminate/Database/Connectors/PostgresConnector.php>
const LARAVEL: &[Known] = &[
    ("charset", Text),
    ("prefix", Text),
    ("prefix_indexes", Flag),
    ("schema", Text),
    ("search_path", Text),
    ("timezone", Text),
    ("sticky", Flag),
    ("application_name", Text),
    ("synchronous_commit", Text),
    ("isolation_level", Text),
    ("sslmode", MODES),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
];

/// What a driver takes; nothing where every name may be right, because the program is not known.
#[must_use]
pub fn of_postgres(driver: Driver) -> Option<Vec<Known>> {
    let lists: &[&[Known]] = match driver {
        Driver::Asyncpg => &[ASYNCPG],
        Driver::Psycopg => &[LIBPQ, LIBPQ_18],
        Driver::Psycopg2 => &[LIBPQ],
        // words are read by libpq, by both drivers of Go and by what is built on them
        Driver::Dsn => &[LIBPQ, LIBPQ_18, go::PGX, go::PQ],
        Driver::Django => &[DJANGO, LIBPQ, LIBPQ_18],
        Driver::Jdbc => &[java::JDBC],
        Driver::Npgsql => &[dotnet::NPGSQL],
        Driver::Pq => &[go::PQ],
        Driver::Pgx => &[go::PGX],
        Driver::Node => &[NODE],
        Driver::Prisma => &[PRISMA],
        Driver::Rails => &[RAILS, LIBPQ, LIBPQ_18],
        Driver::Laravel => &[LARAVEL],
        Driver::Sqlx => &[rust::SQLX],
        Driver::TokioPostgres => &[rust::TOKIO_POSTGRES],
        Driver::Plain | Driver::Postgres => return None,
    };
    let mut known: Vec<Known> = Vec::new();
    for option in lists.iter().copied().flatten() {
        if !known.iter().any(|(name, _)| *name == option.0) {
            known.push(*option);
        }
    }
    Some(known)
}

/// Whether a driver hands each name that it does not know on to the server, as a setting of the session.
#[must_use]
pub fn hands_on_settings(driver: Driver) -> bool {
    matches!(driver, Driver::Pq | Driver::Pgx | Driver::Dsn)
}
