//! Knows the words that several drivers of PostgreSQL take alike. Must not know which ones.

use crate::url::options::takes::Takes::{self, Words};

pub(super) const MODES: Takes = Words(&["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]);
pub(super) const TARGETS: Takes = Words(&["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]);
pub(super) const BINDING: Takes = Words(&["disable", "prefer", "require"]);
pub(super) const BALANCE: Takes = Words(&["disable", "random"]);
pub(super) const NEGOTIATION: Takes = Words(&["postgres", "direct"]);
pub(super) const PROTOCOLS: Takes = Words(&["3.0", "3.2", "latest"]);
pub(super) const TLS_VERSIONS: Takes = Words(&["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]);
