//! Knows the options of Go's drivers, beside the settings of the server, which both hand on. Must not know other languages.

use super::{BALANCE, BINDING, MODES, NEGOTIATION, PROTOCOLS, TARGETS, TLS_VERSIONS};
use crate::url::options::Takes::{self, Integer, Text, Words};
use crate::url::options::{Known, ZERO_ONE};

const YES_NO: Takes = Words(&["yes", "no"]);

/// <https://pkg.go.dev/github.com/lib/pq#Config>
pub(super) const PQ: &[Known] = &[
    ("application_name", Text),
    ("fallback_application_name", Text),
    ("connect_timeout", Integer(0)),
    ("binary_parameters", YES_NO),
    ("disable_prepared_binary_result", YES_NO),
    ("client_encoding", Words(&["UTF8"])),
    ("options", Text),
    ("datestyle", Text),
    ("tz", Text),
    ("geqo", Text),
    ("target_session_attrs", TARGETS),
    ("load_balance_hosts", BALANCE),
    ("min_protocol_version", PROTOCOLS),
    ("max_protocol_version", PROTOCOLS),
    ("sslmode", MODES),
    ("sslnegotiation", NEGOTIATION),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
    ("sslinline", Words(&["true", "false", "yes", "no", "1", "0"])),
    ("sslsni", ZERO_ONE),
    ("ssl_min_protocol_version", TLS_VERSIONS),
    ("ssl_max_protocol_version", TLS_VERSIONS),
    ("krbsrvname", Text),
    ("krbspn", Text),
];

/// <https://pkg.go.dev/github.com/jackc/pgx/v5/pgconn#ParseConfig>, `pgx#ParseConfig` and `pgxpool#ParseConfig`
pub(super) const PGX: &[Known] = &[
    ("application_name", Text),
    ("connect_timeout", Integer(0)),
    ("options", Text),
    ("target_session_attrs", TARGETS),
    ("channel_binding", BINDING),
    ("require_auth", Text),
    ("min_protocol_version", PROTOCOLS),
    ("max_protocol_version", PROTOCOLS),
    (
        "default_query_exec_mode",
        Words(&["cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"]),
    ),
    ("statement_cache_capacity", Integer(0)),
    ("description_cache_capacity", Integer(0)),
    ("sslmode", MODES),
    ("sslnegotiation", NEGOTIATION),
    ("sslrootcert", Text),
    ("sslcert", Text),
    ("sslkey", Text),
    ("sslsni", ZERO_ONE),
    ("krbsrvname", Text),
    ("krbspn", Text),
    ("pool_max_conns", Integer(1)),
    ("pool_min_conns", Integer(0)),
    ("pool_min_idle_conns", Integer(0)),
    ("pool_max_conn_lifetime", Text),
    ("pool_max_conn_lifetime_jitter", Text),
    ("pool_max_conn_idle_time", Text),
    ("pool_health_check_period", Text),
];
