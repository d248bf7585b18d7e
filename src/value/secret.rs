//! Knows the rules for a secret's first value. Must not know any secret.

use super::HostPath;

/// Where a secret's value comes from when `.env` does not have it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRule {
    /// It is made up.
    Generate,
    /// Somebody must give it.
    Required,
    /// It is read from a file.
    File(HostPath),
}
