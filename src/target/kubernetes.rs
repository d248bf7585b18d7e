//! Knows what Kubernetes runs: which files there are of a deployment, and what makes each of them.
//! Must not know what any file says.

mod group;
mod head;
mod kustomization;
mod leave;
mod next;
mod outputs;
mod part;
mod refusals;
mod secrets;
mod standing;
mod warnings;

use self::part::Part;
use super::inputs::Inputs;
use crate::deployment::Deployment;
use crate::render::RenderedFile;

pub(super) use group::{group_of_server, group_of_service};
pub(super) use leave::{compare, leaving};
pub(super) use next::{LOOK, UP, next_command};
pub use outputs::{FOLDER, KUSTOMIZATION, is_manifest};
pub(super) use outputs::{named_outputs, outputs};
pub(super) use refusals::{faults, refusals};
pub(super) use secrets::{SECRETS, files as secret_files, path as secret_file};
pub(super) use warnings::warnings;

/// Every file that a deployment has: kustomization.yaml last, since it is what gets applied.
pub(super) fn render(deployment: &Deployment, inputs: &Inputs<'_>) -> Vec<RenderedFile> {
    let parts = parts(deployment, inputs);
    let mut files: Vec<_> = parts.iter().map(|part| part.file(deployment, inputs)).collect();
    files.push(kustomization::file(&parts, deployment, inputs));
    files
}

/// What the manifests say: of the server first, then of each service in the order of the profile.
fn parts(_deployment: &Deployment, _inputs: &Inputs<'_>) -> Vec<Part> {
    Vec::new()
}
