//! Knows the files of a deployment on Compose, and the order that they are written in. Must not know what any of them says.

use super::program::PROGRAMS;
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
pub const DATABASES: Output = Output::text("scripts/db/databases.sh");

/// All scripts for the databases, as one path.
pub const ALL_SCRIPTS: &str = "scripts/db/*";

/// All files, in the order that they are written in: `docker-compose.yml` last, since it is what gets run.
pub(in crate::target) fn outputs() -> Vec<Output> {
    let programs = PROGRAMS.map(|program| program.output);
    [DOTENV, DOTENV_EXAMPLE, INIT_SCRIPT, DATABASES].into_iter().chain(programs).chain([FILE]).collect()
}

/// Whether it is one of the scripts for the databases.
#[must_use]
pub fn is_database_script(output: &Output) -> bool {
    output.path().starts_with(ALL_SCRIPTS.trim_end_matches('*'))
}

/// Whether it is a script that is the same in every deployment, but for its header.
#[must_use]
pub fn is_program(output: &Output) -> bool {
    PROGRAMS.iter().any(|program| program.output == *output)
}
