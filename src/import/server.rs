//! Knows what is known of a hand-kept server that the `postgres` section of a profile can describe. Must not know how
//! one is recognized, nor how its section is laid out.

use std::ops::Range;

use super::ledger::Ledger;
use super::{environment, mounts};
use crate::compose::nodes;
use crate::value::{DatabaseName, EnvironmentKey, ImageReference, Mount, PostgresMajor, RoleName, VolumeName};
use crate::yaml::{Entry, Node};

/// How much is known of a server's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// A profile reads it from the tag.
    Tagged,
    /// The tag says it, in a way that a profile does not read.
    Known(PostgresMajor),
    /// Nothing says it but the place of the data.
    Guessed(PostgresMajor),
}

impl Version {
    /// The version that this is for an image.
    pub(super) fn major(self, image: &ImageReference) -> u16 {
        match self {
            Self::Tagged => image.postgres_major().and_then(PostgresMajor::new).map_or(0, PostgresMajor::get),
            Self::Known(major) | Self::Guessed(major) => major.get(),
        }
    }
}

/// A service that the `postgres` section of a profile can describe.
pub(super) struct Server<'n, 'text> {
    pub(super) entry: &'n Entry<'text>,
    /// What others call its host: its key, the name of its container, and what its networks call it beside.
    pub(super) names: Vec<String>,
    pub(super) image: ImageReference,
    pub(super) version: Version,
    pub(super) user: RoleName,
    pub(super) database: DatabaseName,
    pub(super) password: String,
    /// The mount of its data, a volume as the Compose file calls it.
    pub(super) data: Mount,
    /// The folder in the mount that holds the data, where the section mounts it and not as the image takes by itself.
    pub(super) folder: Option<String>,
    /// Whether scripts of the user's own run on a new volume.
    pub(super) has_scripts: bool,
}

impl Server<'_, '_> {
    /// What the Compose file calls it.
    pub(super) fn name(&self) -> &str {
        &self.entry.key
    }

    /// Whether it is the host of this name.
    pub(super) fn is_called(&self, host: &str) -> bool {
        self.names.iter().any(|name| name == host)
    }

    /// What the Compose file says of it.
    pub(super) fn node(&self) -> &Node<'_> {
        &self.entry.value
    }

    /// Where the Compose file names it.
    pub(super) fn span(&self) -> &Range<usize> {
        &self.entry.key_span
    }
}

/// The password's key in `.env` is always the same one.
pub(super) fn take_password(server: &Server<'_, '_>, ledger: &mut Ledger<'_>) {
    if server.password.is_empty() {
        return;
    }
    let key = EnvironmentKey::postgres_password();
    let given = environment::of(&server.entry.value);
    let span = given.iter().find(|given| given.name == key.as_str()).map_or(server.span(), |given| &given.span);
    ledger.move_secret(&[key.to_string()], &server.password, span);
}

/// The named volumes that it mounts beside its data.
pub(super) fn volumes_beside(server: &Server<'_, '_>) -> Vec<String> {
    let items = nodes::child(&server.entry.value, "volumes").map(nodes::items).unwrap_or_default();
    let volumes = items.iter().filter_map(mounts::volume_of);
    volumes.filter(|name| name != VolumeName::postgres_socket().as_str()).collect()
}
