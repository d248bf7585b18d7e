//! Knows what Docker Compose runs: which files there are of a deployment, and what makes each of them.
//! Must not know what any file says.

mod backup_image;
mod before;
mod danger;
mod dotenv;
mod extras;
mod file;
mod interpolation;
mod jobs;
mod leave;
mod membership;
mod networks;
mod next;
mod outputs;
mod refusals;
mod secrets;
mod standing;
mod switch;
mod unnoticed;
mod warnings;

use super::databases::Place;
pub use super::databases::has_both;
use super::init_script::{self, Start};
use super::inputs::Inputs;
use super::program;
pub use super::program::{ALL_SCRIPTS, PSQL, is_database_script, is_program};
use crate::deployment::Deployment;
use crate::render::{Dialect, RenderFault, RenderedFile, Template};

pub(crate) use before::{After, Before};
pub(crate) use danger::{around_start, give_away};
pub use extras::Extras;
pub(super) use jobs::{RUNS_ONCE, faults};
pub(super) use leave::{compare, leaving};
pub(super) use membership::{group_of_server, group_of_service};
pub(crate) use networks::{
    DATABASE_NETWORK, DEFAULT_NETWORK, INSIDE_NETWORK, NETWORK_MODE, NETWORKS, PUBLISHED_NETWORK,
};
pub(super) use next::next_command;
pub(super) use outputs::outputs;
pub use outputs::{BACKUP_IMAGE, DATABASES, DOTENV, DOTENV_EXAMPLE, FILE, INIT_SCRIPT};
pub(super) use refusals::refusals;
pub(crate) use refusals::{
    DEPLOY_KEYS, FILE_KEYS, RESTART, SERVER_KEYS, SERVER_RELIED_ON, SERVICE_KEYS, TOP_KEYS, USER_KEYS,
};
pub(super) use secrets::files as secret_files;
pub use standing::Standing;
pub(in crate::target) use standing::StandingUrl;
pub(crate) use standing::fixed_volumes_of;
pub use switch::EngineSwitch;
pub(in crate::target) use switch::left;
pub use unnoticed::unnoticed;
pub use warnings::beyond_limit;
pub(super) use warnings::warnings;

const DOTENV_TEXT: Template = Template(include_str!("../../templates/.env.j2"), Dialect::Dotenv);

/// How containers are reached.
const REACH: &str = include_str!("../../templates/scripts/db/reach-compose.sh");

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
    if let Some((_, container)) = deployment.contained_server().filter(|_| deployment.backups.is_some()) {
        files.push(RenderedFile::sealed(
            outputs::BACKUP_IMAGE,
            backup_image::dockerfile(container, deployment, placement),
        ));
    }
    files.extend(program::scripts(deployment, placement, Place::Here, REACH)?);
    files.push(RenderedFile::sealed(FILE, file::text(deployment, extras, placement)));
    dotenv::check_round_trip(&files)?;
    Ok(files)
}
