//! Knows what is compared. Must not know how.

use std::collections::BTreeSet;

use crate::deployment::Deployment;
use crate::yaml::Node;

/// A Compose file, or several that are one.
#[derive(Clone, Copy)]
pub struct Layer<'p> {
    /// What was written, in which all of its variables are named.
    pub text: &'p str,
    /// The same as a tree.
    pub root: &'p Node<'p>,
}

/// A deployment, as its files say it.
#[derive(Clone, Copy)]
pub struct Side<'p> {
    /// Its Compose files, each laid over the one before it.
    pub layers: &'p [Layer<'p>],
    /// Its `.env`.
    pub dotenv: &'p str,
}

/// What is compared, and what is known of the deployment afterwards.
pub struct Proof<'p> {
    /// The deployment of today.
    pub before: Side<'p>,
    /// The deployment as codelab-gen would write it.
    pub after: Side<'p>,
    /// The name of their folder.
    pub folder: &'p str,
    /// The way from the project's root to it.
    pub home: &'p str,
    /// The text of another file of the folder, by its path from there.
    pub files: &'p dyn Fn(&str) -> Option<String>,
    /// The service that becomes the server of the profile, by its name of today.
    pub server: Option<&'p str>,
    /// What the profile means.
    pub deployment: &'p Deployment,
    /// The keys of `.env` that codelab-gen writes.
    pub keys: &'p BTreeSet<String>,
    /// Those of them whose value nobody gave.
    pub unset: &'p BTreeSet<String>,
}
