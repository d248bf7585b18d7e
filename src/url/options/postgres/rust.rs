//! Knows the options of Rust's drivers. Must not know other languages.

use super::{BALANCE, BINDING, MODES, NEGOTIATION};
use crate::url::options::Takes::{Integer, Text, Words};
use crate::url::options::{Known, ZERO_ONE};

/// <https://docs.rs/sqlx/latest/sqlx/postgres/struct.PgConnectOptions.html>
pub(super) const SQLX: &[Known] = &[
    ("application_name", Text),
    ("options", Text),
    ("statement-cache-capacity", Integer(0)),
    ("sslmode", MODES),
    ("ssl-mode", MODES),
    ("sslrootcert", Text),
    ("ssl-root-cert", Text),
    ("ssl-ca", Text),
    ("sslcert", Text),
    ("ssl-cert", Text),
    ("sslkey", Text),
    ("ssl-key", Text),
];

/// <https://docs.rs/tokio-postgres/latest/tokio_postgres/config/struct.Config.html>
pub(super) const TOKIO_POSTGRES: &[Known] = &[
    ("application_name", Text),
    ("options", Text),
    ("connect_timeout", Integer(0)),
    ("tcp_user_timeout", Integer(0)),
    ("keepalives", ZERO_ONE),
    ("keepalives_idle", Integer(0)),
    ("keepalives_interval", Integer(0)),
    ("keepalives_retries", Integer(0)),
    ("target_session_attrs", Words(&["any", "read-write", "read-only"])),
    ("channel_binding", BINDING),
    ("load_balance_hosts", BALANCE),
    ("sslnegotiation", NEGOTIATION),
    ("sslmode", Words(&["disable", "prefer", "require"])),
];
