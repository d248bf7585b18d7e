//! Knows what each template may see: one view per output, with the least that it needs.
//! Must not know how anything is escaped.

pub(super) mod databases;
pub(super) mod dotenv;
pub(super) mod init_script;

use minijinja::Value;

use serde::Serialize;

use super::escape::{comment, verbatim};
use super::mark;
use crate::deployment::{Deployment, Host};
use crate::placement::Placement;

/// What every output says of where it came from.
#[derive(Clone, Serialize)]
pub(crate) struct Header {
    profile: Value,
    mark: Value,
}

impl Header {
    pub(super) fn new(deployment: &Deployment, placement: &Placement) -> Self {
        let fields = mark::fields(placement, deployment.stage);
        Self { profile: comment(&placement.profile), mark: comment(&fields) }
    }
}

/// Where the server is, for the comment above its keys; nothing where it is a container of the deployment.
pub(super) fn place(deployment: &Deployment) -> Value {
    match deployment.server.as_ref().map(|server| &server.host) {
        Some(Host::External(external)) => verbatim(format!(", on {}", external.host)),
        Some(Host::Container(_)) | None => verbatim(String::new()),
    }
}
