//! Knows the files of a deployment on Compose, and the order that they are written in. Must not know what any of them says.

use super::super::databases;
use super::super::program::PROGRAMS;
use crate::render::Output;

/// The secrets and URLs, a block in a file that is the user's.
pub const DOTENV: Output = Output::block(".env");

/// The same keys without secrets.
pub const DOTENV_EXAMPLE: Output = Output::example(".env.example");

/// The services.
pub const FILE: Output = Output::text("docker-compose.yml");

/// Roles and databases.
pub const INIT_SCRIPT: Output = Output::for_containers("scripts/init-postgres.sh");

/// What the scripts for the databases know of them.
pub const DATABASES: Output = databases::OUTPUT;

/// All files, in the order that they are written in: `docker-compose.yml` last, since it is what gets run.
pub(in crate::target) fn outputs() -> Vec<Output> {
    let programs = PROGRAMS.map(|program| program.output);
    [DOTENV, DOTENV_EXAMPLE, INIT_SCRIPT, DATABASES].into_iter().chain(programs).chain([FILE]).collect()
}
