//! Knows the files of a deployment on Compose, and the order that they are written in. Must not know what any of them says.

use super::super::databases;
pub use super::super::dotenv::{DOTENV, DOTENV_EXAMPLE};
use super::super::program::PROGRAMS;
pub(super) use super::super::program::{BACKUP_COUNTS, BACKUP_SCRIPT};
use crate::render::Output;

/// The services.
pub const FILE: Output = Output::text("docker-compose.yml");

/// Roles and databases.
pub const INIT_SCRIPT: Output = Output::for_containers("scripts/init-postgres.sh");

/// The folder of what the container for backups is made of.
pub(super) const BACKUP_FOLDER: &str = "scripts/backups";

/// How the image of that container is built.
pub const BACKUP_IMAGE: Output = Output::text("scripts/backups/Dockerfile");

/// What the scripts for the databases know of them.
pub const DATABASES: Output = databases::OUTPUT;

/// All files, in the order that they are written in: `docker-compose.yml` last, since it is what gets run.
pub(in crate::target) fn outputs() -> Vec<Output> {
    let programs = PROGRAMS.map(|program| program.output);
    [DOTENV, DOTENV_EXAMPLE, INIT_SCRIPT, DATABASES, BACKUP_IMAGE].into_iter().chain(programs).chain([FILE]).collect()
}
