//! Knows a change that would part a deployment from its data, and the words for its kinds. Must not know how one is found,
//! nor how it is told.

use crate::value::ImageReference;

/// The kinds of change that need a word of consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DangerKind {
    /// The deployment runs on something else.
    Target,
    /// A staging or production deployment gets another engine by another profile.
    Engine,
    /// The Compose project gets another name, and its containers and volumes with it.
    Project,
    /// Data stands in a volume or folder that is no longer mounted.
    Volume,
    /// PostgreSQL of another major version, which does not start on the data.
    Major,
    /// An image of another system, which sorts texts differently.
    Flavour,
}

impl DangerKind {
    /// The word for it, which `--accept` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Engine => "engine",
            Self::Project => "project",
            Self::Volume => "volume",
            Self::Major => "major",
            Self::Flavour => "flavour",
        }
    }
}

/// A change that endangers data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Danger {
    /// Its kind.
    pub kind: DangerKind,
    /// What would happen.
    pub message: String,
    /// What to do instead, or before.
    pub steps: String,
}

impl Danger {
    /// Another system below PostgreSQL.
    pub(super) fn flavour(stands: &ImageReference, wanted: &ImageReference, steps: String) -> Self {
        Self {
            kind: DangerKind::Flavour,
            message: format!(
                "`{wanted}` instead of `{stands}`: another system may sort texts differently, and indexes then miss rows"
            ),
            steps,
        }
    }

    /// A server that the volume's data was not made for: it knows no role of this name.
    pub(super) fn role(server: &str, stands: &str, wanted: &str) -> Self {
        Self {
            kind: DangerKind::Volume,
            message: format!("the data of `{server}` was made with the role `{stands}`, and has no role `{wanted}`"),
            steps: format!(
                "keep `postgres.user: {stands}`, or make the role first (`CREATE ROLE {wanted} SUPERUSER LOGIN` in the server)"
            ),
        }
    }
}
