//! Knows the files of a deployment on Docker Swarm, and the order that they are written in. Must not know what any of them says.

use crate::render::Output;
use crate::target::compose::INIT_SCRIPT;
use crate::target::databases;
use crate::target::dotenv::{DOTENV, DOTENV_EXAMPLE};
use crate::target::program::PROGRAMS;

/// The services.
pub const STACK: Output = Output::text("stack.yml");

/// What brings everything in line with that.
pub(super) const DEPLOY: Output = Output::program("scripts/deploy.sh");

/// All files, in the order that they are written in.
pub(in crate::target) fn outputs() -> Vec<Output> {
    let scripts = PROGRAMS.into_iter().map(|program| program.output);
    [DOTENV, DOTENV_EXAMPLE, INIT_SCRIPT, databases::OUTPUT].into_iter().chain(scripts).chain([DEPLOY, STACK]).collect()
}
