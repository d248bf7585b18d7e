//! Knows what a change of an existing stack means for its data, and what stays where another target takes its place.
//! Must not know how that is told, nor whether somebody accepted it.

use super::outputs::STACK;
use super::stack::STACK_NAME;
use crate::deployment::Container;
use crate::profile::Raw;
use crate::render::examine;
use crate::target::compose::{After, Before, Standing, compare_with};
use crate::target::danger::{Danger, DangerKind};
use crate::target::stands::{Compared, Stands};
use crate::yaml;

/// What a change means for the data: what a stack runs is written as for Compose.
pub(in crate::target) fn compare(stands: &Stands<'_>, after: After<'_>) -> Compared {
    let Some(text) = text_of(stands) else { return Compared::default() };
    let Some(standing) = Standing::read(text) else { return Compared::default() };
    let mark = examine(text, &STACK);
    let before = Before {
        standing: &standing,
        file: "stack.yml",
        mark: mark.as_ref(),
        folder_project: String::new(),
        has_project_override: false,
        volumes_beside: Vec::new(),
        value: stands.value,
    };
    let mut compared = compare_with(&before, after);
    let server = after.deployment.contained_server().map(|(_, container)| container);
    for danger in &mut compared.dangers {
        if let Some(steps) = server.and_then(|container| steps(danger, container)) {
            danger.steps = steps;
        }
    }
    compared.dangers.extend(renamed(text, after.deployment.project.as_str()));
    compared
}

fn text_of<'s>(stands: &Stands<'s>) -> Option<&'s str> {
    stands.files.iter().find(|(output, _)| **output == STACK).map(|(_, text)| *text)
}

/// What to do instead of what there is on Compose only: `upgrade`, and containers of this machine.
fn steps(danger: &Danger, container: &Container) -> Option<String> {
    const ANEW: &str = "`scripts/db/backup.sh` first, then another `postgres.volume` with `--accept volume`, \
                        `scripts/deploy.sh`, and `scripts/db/restore.sh BACKUP`";
    match danger.kind {
        DangerKind::Major => Some(format!("keep the major version of before; or {ANEW}")),
        DangerKind::Flavour => Some(format!(
            "keep the system in the tag; or {ANEW}; else, once `{}` runs, `scripts/db/reindex.sh --all` makes all indexes anew",
            container.image
        )),
        DangerKind::Volume if danger.steps.contains("codelab-gen upgrade") => {
            let kept = danger.steps.split(';').next().unwrap_or_default();
            Some(format!("{kept}; or `scripts/db/backup.sh` first, and `scripts/db/restore.sh BACKUP` on the new one"))
        }
        DangerKind::Volume | DangerKind::Target | DangerKind::Engine | DangerKind::Project => None,
    }
}

/// The name of the stack that a file is of.
fn stack_of(text: &str) -> Option<String> {
    match Raw::of(&yaml::read(text).ok()?).get(STACK_NAME)? {
        Raw::Scalar { text, .. } => Some(text.clone()),
        Raw::Sequence(_) | Raw::Mapping(_) => None,
    }
}

/// Volumes are called after the stack.
fn renamed(text: &str, wanted: &str) -> Option<Danger> {
    let stands = stack_of(text).filter(|stands| stands != wanted)?;
    Some(Danger {
        kind: DangerKind::Project,
        message: format!(
            "the stack would be `{wanted}` instead of `{stands}`: the services of `{stands}` keep running beside it, and its \
             volumes would not be found"
        ),
        steps: format!(
            "keep the name: `project: {stands}` in the profile; or `scripts/db/backup.sh` first, and `docker stack rm {stands}`, \
             which keeps its volumes"
        ),
    })
}

/// That the deployment runs on this no longer, but on what has the other name.
pub(in crate::target) fn leaving(other: &str, stands: &Stands<'_>) -> Danger {
    let stack = text_of(stands).and_then(stack_of).unwrap_or_else(|| "STACK".to_owned());
    Danger {
        kind: DangerKind::Target,
        message: format!(
            "the deployment would run on {other} instead of Docker Swarm, and start there without data: its services keep \
             running, and its volumes stay on their nodes"
        ),
        steps: format!(
            "make a backup with `scripts/db/backup.sh`, which talks to {other} afterwards, and stop it: `docker stack rm {stack}` \
             keeps the volumes"
        ),
    }
}
