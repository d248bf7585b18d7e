//! Knows what Kubernetes runs: which files there are of a deployment, and what makes each of them.
//! Must not know what any file says.

mod asked;
mod belonging;
mod capacity;
mod container;
mod danger;
mod expansion;
mod explained;
mod fixed;
mod group;
mod head;
mod kustomization;
mod leave;
mod network;
mod next;
mod object;
mod operated;
mod outputs;
mod part;
mod probe;
mod refusals;
mod resources;
mod secrets;
mod security;
mod server;
mod service;
mod standing;
mod switch;
mod transfer;
mod volume;
mod wait;
mod warnings;
mod workload;

use self::part::Part;
use super::databases::Place;
use super::inputs::Inputs;
use super::program;
use crate::deployment::Deployment;
use crate::render::{RenderFault, RenderedFile};

pub(super) use asked::{asked, standing};
pub(super) use belonging::files_of_secrets;
pub(crate) use belonging::is_own;
pub(super) use explained::derived;
pub(super) use group::{group_of_server, group_of_service};
pub(super) use leave::{compare, leaving};
pub use next::LOOK;
pub(super) use next::{UP, next_command};
pub(super) use outputs::RIVALS;
pub use outputs::{FOLDER, KUSTOMIZATION, is_manifest};
pub(super) use outputs::{named_outputs, outputs};
pub(super) use refusals::{faults, refusals};
pub(super) use secrets::{SECRETS, files as secret_files, path as secret_file};
pub(super) use volume::too_large;
pub(super) use wait::waits_for;
pub(super) use warnings::{left_out, warnings};

/// When a service that runs once is started, and what follows for it.
pub(super) const RUNS_ONCE: &str = "when its image or settings change: it must be safe to run twice";

/// How pods are reached.
const REACH: &str = include_str!("../../templates/scripts/db/reach-kubernetes.sh");

/// Every file that a deployment has: kustomization.yaml last, since it is what gets applied.
pub(super) fn render(deployment: &Deployment, inputs: &Inputs<'_>) -> Result<Vec<RenderedFile>, RenderFault> {
    let parts = parts(deployment, inputs);
    let mut files: Vec<_> = server::script(deployment, inputs)?.into_iter().collect();
    let scripts = program::scripts(deployment, inputs.placement, Place::Cluster, REACH)?;
    files.extend(scripts);
    files.extend(parts.iter().map(|part| part.file(deployment, inputs)));
    files.push(kustomization::file(&parts, deployment, inputs));
    Ok(files)
}

/// What the manifests say: of the server first, then of each service in the order of the profile.
fn parts(deployment: &Deployment, inputs: &Inputs<'_>) -> Vec<Part> {
    let services = deployment.services.iter().map(|each| service::part(each, deployment, inputs));
    server::part(deployment, inputs).into_iter().chain(services).collect()
}
