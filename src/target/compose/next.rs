//! Knows the command that makes a written deployment run. Must not know in which folder it is typed, nor how it was written.

use super::super::inputs::Ground;
use crate::deployment::{Deployment, Host};
use crate::value::SecretsIn;

/// What brings the deployment up.
pub(in crate::target) fn next_command(deployment: &Deployment, ground: Ground) -> String {
    let server = server_step(deployment, ground);
    format!("{server}docker compose up -d --wait{}", orphans(ground))
}

/// Where a deployment stood before this run or an earlier one, a service that left may still run: beside the new one
/// it would write the same files, or serve the same volume.
fn orphans(ground: Ground) -> &'static str {
    if ground.stood { " --remove-orphans" } else { "" }
}

/// What brings the server in line before the services use it, where nothing does that at every start. It is told
/// again until the next run too: nobody knows here whether it was done.
fn server_step(deployment: &Deployment, ground: Ground) -> String {
    match deployment.server.as_ref().map(|server| &server.host) {
        Some(Host::Container(container)) if !container.ensure && ground.stood => {
            // a secret's file is replaced by another one, which only a new container sees
            let files = deployment.secrets_in == SecretsIn::Files;
            let recreate = if files { " --force-recreate" } else { "" };
            // a container that goes on running still has the script that was replaced, so it gets this one
            format!(
                "docker compose up -d --wait{}{recreate} postgres && docker compose exec -T postgres bash -s \
                 <scripts/init-postgres.sh && ",
                orphans(ground)
            )
        }
        Some(Host::External(_)) => {
            let dotenv = if ground.has_secrets { "set -a; . ./.env; " } else { "" };
            format!("({dotenv}INIT_POSTGRES_USER=ADMINISTRATOR bash scripts/init-postgres.sh) && ")
        }
        Some(Host::Container(_) | Host::Operated(_)) | None => String::new(),
    }
}
