//! Knows what a change of an existing deployment means for its data, and what stays where another target takes its place.
//! Must not know how that is told, nor whether somebody accepted it.

use super::before::After;
use super::danger::{dangers, unreadable};
use super::standing::Standing;
use super::switch::{EngineSwitch, engine_switches, left_databases};
use crate::deployment::Deployment;
use crate::spelling::shell_word;
use crate::target::danger::{Danger, DangerKind};
use crate::target::stands::{Compared, Stands};
use crate::value::{Engine, VolumeName};

/// What a change means for the data.
pub(in crate::target) fn compare(stands: &Stands<'_>, after: After<'_>) -> Compared {
    let Some(before) = &stands.compose else {
        let unread = stands.unreadable.as_deref().map(unreadable);
        return Compared { dangers: unread.into_iter().collect(), ..Compared::default() };
    };
    let switches = engine_switches(before, after);
    let dangers = dangers(before, after, &switches);
    let left_volumes = left_volumes(before.standing, after.deployment, &switches);
    let notes = left_databases(before, after.deployment);
    Compared { switches, dangers, left_volumes, notes, ..Compared::default() }
}

/// The volumes that nothing mounts any more.
fn left_volumes(standing: &Standing, deployment: &Deployment, switches: &[EngineSwitch]) -> Vec<String> {
    // a volume may have another key now, and be the same one to Docker
    let is_left = |name: &&str| {
        let is_kept = |volume: &VolumeName| {
            volume.as_str() == *name
                || standing.real_name(name).is_some_and(|real| *real == format!("{}_{volume}", deployment.project))
        };
        !deployment.volumes.iter().any(is_kept)
    };
    // where a service leaves the server for SQLite, that tells where its data stays
    let is_told = switches.iter().any(|switch| switch.from == Engine::Postgres);
    let data = standing.volume_of_server().filter(|_| !is_told);
    standing.volumes().into_iter().chain(data).filter(is_left).map(str::to_owned).collect()
}

/// That the deployment runs on this no longer, but on what has the other name.
pub(in crate::target) fn leaving(other: &str, stands: &Stands<'_>) -> Danger {
    let standing = stands.compose.as_ref().map(|before| before.standing);
    let volumes = standing.map(Standing::volumes).unwrap_or_default();
    let volumes = volumes.into_iter().chain(standing.and_then(Standing::volume_of_server));
    let volumes: Vec<_> = volumes.map(|name| format!("`{name}`")).collect();
    let stay = match volumes.as_slice() {
        [] => "its containers keep running here".to_owned(),
        [only] => format!("its containers keep running here, and the volume {only} stays on this machine"),
        several => {
            format!("its containers keep running here, and the volumes {} stay on this machine", several.join(", "))
        }
    };
    let project = stands.compose.as_ref().map(|before| format!(" -p {}", shell_word(before.project())));
    let project = project.unwrap_or_default();
    Danger {
        kind: DangerKind::Target,
        message: format!(
            "the deployment would run on {other} instead of Docker Compose, and start there without data: {stay}"
        ),
        steps: format!(
            "make a backup with `scripts/db/backup.sh`, which talks to {other} afterwards, and stop it: \
             `docker compose{project} down` keeps the volumes"
        ),
    }
}
