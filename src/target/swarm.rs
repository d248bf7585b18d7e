//! Knows what Docker Swarm runs: which files there are of a deployment, and what makes each of them.
//! Must not know what any file says.

mod deploy;
mod faults;
mod file;
mod leave;
mod names;
mod next;
mod outputs;
mod pin;
mod refusals;
mod stack;
mod warnings;
mod waves;

use super::compose::{Extras, INIT_SCRIPT};
use super::databases::Place;
use super::dotenv;
use super::init_script::{self, Start};
use super::inputs::Inputs;
use super::program;
use crate::deployment::Deployment;
use crate::render::{RenderFault, RenderedFile};

pub(super) use faults::{RUNS_ONCE, faults};
pub(super) use leave::{compare, leaving};
pub(super) use next::{UP, next_command};
pub use outputs::STACK;
pub(super) use outputs::outputs;
pub(super) use refusals::refusals;
pub(super) use warnings::{left_out, warnings};

/// How tasks are reached.
const REACH: &str = concat!(
    include_str!("../../templates/scripts/db/reach-docker.sh"),
    "\n",
    include_str!("../../templates/scripts/db/reach-swarm.sh")
);

/// Every file that a deployment has.
pub(super) fn render(
    deployment: &Deployment,
    extras: &Extras,
    inputs: &Inputs<'_>,
) -> Result<Vec<RenderedFile>, RenderFault> {
    let placement = inputs.placement;
    let configs = names::configs(deployment, placement);
    let stack = stack::Stack { deployment, extras, placement, configs: &configs };
    let mut files = dotenv::render(deployment, inputs, &STACK)?;
    let start = if deployment.contained_server().is_some() { Start::Swarm } else { Start::Compose };
    if let Some(view) = init_script::view(deployment, placement, start) {
        files.push(RenderedFile::sealed(INIT_SCRIPT, init_script::TEXT.fill(&INIT_SCRIPT, &view)?));
    }
    files.extend(program::scripts(deployment, placement, Place::Swarm, REACH)?);
    files.push(RenderedFile::sealed(outputs::DEPLOY, deploy::text(deployment, placement, &configs)?));
    files.push(RenderedFile::sealed(STACK, file::text(&stack)));
    Ok(files)
}
