//! Knows a file that holds one secret, or one URL with a secret in it. Must not know any value.

use crate::deployment::Holds;

/// A file of a secret.
#[derive(Debug, Clone)]
pub struct SecretFile<'d> {
    /// What it holds, by the name that it has in `.env`.
    pub name: String,
    /// Where it stands in the output folder.
    pub path: String,
    /// Its permissions.
    pub mode: u32,
    /// What it holds.
    pub holds: Holds<'d>,
}
