//! Knows the names of what keeps a connection to PostgreSQL from being made, whoever tried to make it.
//! Must not know how one tries.

use super::remedy::Remedies;
use crate::report::Finding;

pub(super) const CONNECTIONS: &str = "connections";
pub(super) const ENCRYPTION: &str = "encryption";
pub(super) const MISSING: &str = "database-missing";
pub(super) const REFUSED: &str = "password-refused";
pub(super) const UNREACHABLE: &str = "server-unreachable";

/// What the server says to who comes too late.
const FULL: [&str; 2] = ["too many clients", "connection slots are reserved"];

/// Whether the server says that it has no connection left.
pub(super) fn is_full(said: &str) -> bool {
    FULL.iter().any(|words| said.contains(words))
}

/// That nobody gets another connection.
pub(super) fn full(said: &str, remedies: &Remedies<'_>) -> Finding {
    Finding::problem(CONNECTIONS, "all connections of the server are used", remedies.more_connections()).shown_by(said)
}
