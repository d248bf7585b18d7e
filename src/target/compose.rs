//! Knows what Docker Compose runs: which files there are of a deployment, and what makes each of them.
//! Must not know what any file says.

mod before;
mod danger;
mod databases;
mod dotenv;
mod extras;
mod file;
mod interpolation;
mod leave;
mod membership;
mod networks;
mod next;
mod outputs;
mod program;
mod refusals;
mod secrets;
mod standing;
mod switch;
mod warnings;

use super::init_script::{self, Start};
use super::inputs::Inputs;
use crate::deployment::Deployment;
use crate::render::{Dialect, Header, RenderFault, RenderedFile, Template};

pub(crate) use before::{After, Before};
pub use extras::Extras;
pub(super) use leave::{compare, leaving};
pub(super) use membership::{group_of_server, group_of_service};
pub(crate) use networks::{
    DATABASE_NETWORK, DEFAULT_NETWORK, INSIDE_NETWORK, NETWORK_MODE, NETWORKS, PUBLISHED_NETWORK,
};
pub(super) use next::next_command;
pub(super) use outputs::outputs;
pub use outputs::{ALL_SCRIPTS, DATABASES, DOTENV, DOTENV_EXAMPLE, FILE, INIT_SCRIPT, is_database_script, is_program};
pub use program::{MIGRATE, PSQL};
use program::{PROGRAMS, REACH};
pub(super) use refusals::refusals;
pub(crate) use refusals::{DEPLOY_KEYS, FILE_KEYS, SERVER_KEYS, SERVER_RELIED_ON, SERVICE_KEYS, TOP_KEYS};
pub(super) use secrets::files as secret_files;
pub use standing::Standing;
pub(crate) use standing::fixed_volumes_of;
pub use switch::EngineSwitch;
pub use warnings::beyond_limit;
pub(super) use warnings::warnings;

const DOTENV_TEXT: Template = Template(include_str!("../../templates/.env.j2"), Dialect::Dotenv);
const DATABASES_TEXT: Template = Template(include_str!("../../templates/scripts/db/databases.sh.j2"), Dialect::Shell);
const HEADER_TEXT: Template = Template(include_str!("../../templates/scripts/db/header.j2"), Dialect::Shell);

/// Every file that a deployment has.
pub(super) fn render(
    deployment: &Deployment,
    extras: &Extras,
    inputs: &Inputs<'_>,
) -> Result<Vec<RenderedFile>, RenderFault> {
    let placement = inputs.placement;
    let mut files = Vec::new();
    let mut add = |output, text: String| files.push(RenderedFile::sealed(output, text));
    if let Some(lines) = dotenv::lines(deployment, inputs.values) {
        add(DOTENV, DOTENV_TEXT.fill(&DOTENV, &dotenv::view(deployment, placement, lines))?);
    }
    let example = dotenv::view(deployment, placement, dotenv::example_lines(deployment));
    add(DOTENV_EXAMPLE, DOTENV_TEXT.fill(&DOTENV_EXAMPLE, &example)?);
    if let Some(view) = init_script::view(deployment, placement, Start::Compose) {
        add(INIT_SCRIPT, init_script::TEXT.fill(&INIT_SCRIPT, &view)?);
    }
    if let Some(view) = databases::view(deployment, placement) {
        add(DATABASES, DATABASES_TEXT.fill(&DATABASES, &view)?);
    }
    let header = HEADER_TEXT.fill(&REACH, &Header::new(deployment.stage, placement))?;
    for program in PROGRAMS.iter().filter(|program| (program.is_needed)(deployment)) {
        add(program.output.clone(), program.with_header(&header));
    }
    add(FILE, file::text(deployment, extras, placement));
    dotenv::check_round_trip(&files)?;
    Ok(files)
}
