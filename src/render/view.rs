//! Knows what each template may see: one view per output, with the least that it needs.
//! Must not know how anything is escaped.

pub(super) mod compose;
pub(super) mod dotenv_example;
pub(super) mod init_script;

use minijinja::Value;

use super::escape::verbatim;
use crate::deployment::{Deployment, Host};

/// Where the server is, for the comment above its keys; nothing where it is a container of the deployment.
pub(super) fn place(deployment: &Deployment) -> Value {
    match deployment.server.as_ref().map(|server| &server.host) {
        Some(Host::External(external)) => verbatim(format!(", on {}", external.host)),
        Some(Host::Container(_)) | None => verbatim(String::new()),
    }
}
