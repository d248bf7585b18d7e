//! Knows the commands for a written stack. Must not know which Swarm is meant: what is typed does not say it, so docker's own
//! context holds.

use crate::deployment::{Deployment, Host};
use crate::target::inputs::Ground;

/// What brings everything in line with the files.
pub(in crate::target) const UP: &str = "bash scripts/deploy.sh";

/// What brings the deployment up, and waits for it.
pub(in crate::target) fn next_command(deployment: &Deployment, ground: Ground) -> String {
    match deployment.server.as_ref().map(|server| &server.host) {
        Some(Host::External(_)) => {
            let dotenv = if ground.has_secrets { "set -a; . ./.env; " } else { "" };
            format!("({dotenv}INIT_POSTGRES_USER=ADMINISTRATOR bash scripts/init-postgres.sh) && {UP}")
        }
        Some(Host::Container(_) | Host::Operated(_)) | None => UP.to_owned(),
    }
}
