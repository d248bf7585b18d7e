//! Knows what a check may ask where Docker answers. Must not know any of the checks.

use indexmap::IndexMap;

use super::container::Containers;
use super::docker::Docker;
use super::remedy::Remedies;
use super::subject::Subject;
use crate::secret::Secret;

/// A deployment whose containers can be asked.
#[derive(Clone, Copy)]
pub(super) struct Living<'a> {
    pub(super) subject: &'a Subject<'a>,
    /// The secrets as services get them, by their names.
    pub(super) passwords: &'a IndexMap<String, Secret>,
    pub(super) containers: &'a Containers,
    pub(super) docker: &'a Docker,
    pub(super) remedies: &'a Remedies<'a>,
}
