//! Knows the straight line from a selected profile to written or compared outputs. Must not know how any of the steps is
//! done.

use std::path::Path;

use indexmap::IndexMap;

use super::committed::Known;
use super::outside::{self, Environment, Outside, Standing};
use super::request::{Ending, Finished, Outcome, Request};
use super::secrets::{Request as SecretRequest, choose_secrets, rotated, secret_files, stored_secrets};
use super::told::Telling;
use super::{consent, git};
use crate::change::{
    ChangeKind, ChangeSet, Existing, FolderLock, ReadFault, Wanted, WantedSecret, apply, plan, unused_secrets,
};
use crate::cli::RunFormat;
use crate::command::github::Annotator;
use crate::command::obstacles::{check_recordable, check_still_recorded, read_failure, write_failure};
use crate::command::print::{print, print_commands, print_note};
use crate::command::risks;
use crate::command::target::{Selection, Target, first_line};
use crate::command::world::World;
use crate::deployment::{Deployment, Holds};
use crate::disk::Folder;
use crate::outcome::Failure;
use crate::render::RenderedFile;
use crate::secret::{Secret, Secrets, Values, edited};
use crate::spelling;
use crate::target::{self, Inputs};
use crate::value::EnvironmentKey;

/// One profile, from its text to what there is to tell.
pub(super) fn run(request: &Request<'_>, selection: Selection, world: &World) -> Result<Finished, Failure> {
    if request.format == RunFormat::Human {
        print(&first_line(&selection))?;
    }
    if request.format == RunFormat::Github {
        print_commands(&Annotator::new(world).notices(&risks::notices_of(&selection, request.target, world)?))?;
    }
    let target = Target::resolve(selection, request.target, world)?;
    check_recordable(&target.placement)?;
    let outcome = match request.ending {
        Ending::Write => {
            let lock = FolderLock::acquire(&target.folder, &mut || wait_note(&target)).map_err(write_failure)?;
            check_still_recorded(target.recorded.as_ref())?;
            write(&target, lock.folder(), request, world)?
        }
        Ending::Check | Ending::Diff => {
            let lock = FolderLock::share(&target.folder, &mut || wait_note(&target));
            let lock = lock.map_err(|error| read_failure(ReadFault { path: target.folder.clone(), error }))?;
            compare(&target, lock.as_ref().map(FolderLock::folder), request, world)?
        }
    };
    let telling = Telling { target: &target, outcome: &outcome, current: &world.current, ending: request.ending };
    Ok(telling.finish(request.format))
}

/// That another run has the folder; the lock may be somebody else's.
fn wait_note(target: &Target) {
    print_note(&format!("note: another run works on `{}`; waiting for it\n", spelling::path(&target.folder)));
}

/// The URLs and names of `.env` that the environment sets as well.
fn exported(deployment: &Deployment, world: &World) -> Vec<String> {
    let keys = deployment.target.dotenv_keys(deployment);
    let names = keys.server.iter().chain(&keys.urls).filter(|key| !matches!(key.holds, Holds::Secret(_)));
    let is_set = |name: &&str| !matches!((world.environment)(name), Ok(None));
    names.map(|key| key.name.as_str()).filter(is_set).map(str::to_owned).collect()
}

/// Reads what stands there, finishes every file in memory, and only then writes.
fn write(target: &Target, opened: &Folder, request: &Request<'_>, world: &World) -> Result<Outcome, Failure> {
    let Target { deployment, folder, root, .. } = target;
    consent::check_rivals(target, opened)?;
    let existing = target.existing(Some(opened))?;
    let keys = deployment.target.keys_taken_over(deployment);
    let names = keys.names();
    let Ok(block) = existing.values(|key| names.contains(key)) else {
        let changes = plan_withheld(target, request.consent.force, &existing, &Outside::default())?;
        return Err(consent::refused(target, &existing, &changes, request));
    };
    let stored = stored_secrets(deployment, &existing, &block);
    let rotated = request.rotate.map(|rotation| rotated(rotation, deployment)).transpose()?.unwrap_or_default();
    let asked = SecretRequest {
        allow_weak: request.consent.allow_weak_secrets,
        rotated: &rotated,
        from_environment: request.rotate.is_some_and(|rotation| rotation.from_environment),
    };
    let secrets = choose_secrets(&asked, deployment, &stored, folder, root, world)?;
    let kept = kept_secrets(deployment, &block);
    let mut known = known_of(target, &existing, &world.environment);
    known.own.extend(secrets.values().map(|chosen| chosen.secret.clone()));
    let outside = outside::look(target, Standing { existing: &existing, counts: false }, &known, &world.environment)?;
    let values = Values::Chosen { secrets: &secrets, kept: &kept };
    let files_of_secrets = secret_files(deployment, values);
    let files = rendered(target, values, &outside)?;
    let concealed = secrets.values().map(|chosen| chosen.secret.clone()).chain(kept.into_values());
    let concealed = concealed.chain(existing.secrets()).collect();
    let wanted = wanted(target, request.consent.force, files, files_of_secrets, concealed);
    let changes = plan(wanted, &existing);
    consent::check(target, &existing, &changes, request)?;
    let questions = git_questions(target, &changes, world);
    apply(&changes, opened).map_err(write_failure)?;
    let exported = exported(deployment, world);
    let git = questions.answers();
    let filled = outside.filled;
    Ok(Outcome { edited: edited(&stored, deployment), existing, changes, secrets, rotated, exported, filled, git })
}

/// What git is asked about files with secrets that are written. Asking costs more than a run that changes nothing.
fn git_questions(target: &Target, changes: &ChangeSet, world: &World) -> git::Questions {
    let of_dotenv = changes.changes.iter().filter(|change| change.output.is_block());
    let of_dotenv = of_dotenv.map(|change| (change.output.path(), change.kind()));
    let of_files = changes.secret_files.iter().map(|change| (change.path.as_str(), change.kind));
    let written: Vec<_> = of_dotenv.chain(of_files).filter(|(_, kind)| *kind != ChangeKind::Unchanged).collect();
    let is_new = written.iter().any(|(_, kind)| *kind == ChangeKind::Created);
    let paths: Vec<_> = written.into_iter().map(|(path, _)| path).collect();
    let root = world.trust.repository(&target.folder, &world.current).unwrap_or_default();
    let target_of_new = is_new.then_some(target.deployment.target);
    git::Questions::ask(root, &target.folder, &paths, git::About::Tracked, target_of_new)
}

/// What git should ignore in a folder whose `.env` is new; nothing where it does.
pub(in crate::command) fn note_of_ignores(folder: &Path, on: target::Target, world: &World) -> Option<String> {
    let root = world.trust.repository(folder, &world.current).unwrap_or_default();
    git::Questions::ask(root, folder, &[""; 0], git::About::Tracked, Some(on)).answers().note_of_ignores()
}

/// Compares without any secret: none is asked for, made or judged.
fn compare(target: &Target, opened: Option<&Folder>, request: &Request<'_>, world: &World) -> Result<Outcome, Failure> {
    if let Some(opened) = opened {
        consent::check_rivals(target, opened)?;
    }
    let existing = target.existing(opened)?;
    let secrets = git::standing(opened, &existing, &target.deployment);
    let root = world.trust.repository(&target.folder, &world.current).unwrap_or_default();
    let questions = git::Questions::ask(root, &target.folder, &secrets, git::About::Taken, None);
    let standing = Standing { existing: &existing, counts: request.ending == Ending::Check };
    let known = known_of(target, &existing, &world.environment);
    let outside = outside::look(target, standing, &known, &world.environment)?;
    let changes = plan_withheld(target, request.consent.force, &existing, &outside)?;
    let (rotated, edited, exported) = (Vec::new(), Vec::new(), Vec::new());
    let (git, filled) = (questions.answers(), outside.filled);
    Ok(Outcome { existing, changes, secrets: Secrets::new(), rotated, edited, exported, filled, git })
}

/// What stands there against what the profile says, without any secret.
pub(in crate::command) fn drift(target: &Target, existing: &Existing) -> Result<ChangeSet, Failure> {
    // doctor runs where the deployment does not, with an environment of its own
    let known = known_of(target, existing, &|_| Ok(None));
    let outside = outside::look(target, Standing { existing, counts: true }, &known, &|_| Ok(None))?;
    plan_withheld(target, false, existing, &outside)
}

/// The secrets that a comparison knows, which chooses none: what is kept, and what the environment has of them.
fn known_of(target: &Target, existing: &Existing, environment: Environment<'_>) -> Known {
    let deployment = &target.deployment;
    let keys = deployment.target.keys_taken_over(deployment);
    let names = keys.names();
    let block = existing.values(|key| names.contains(key)).unwrap_or_default();
    let given = deployment.secrets.keys().filter_map(|name| environment(name.as_str()).ok().flatten());
    let own = stored_secrets(deployment, existing, &block).into_values().chain(given.filter_map(Secret::new));
    Known { own: own.collect(), seen: existing.secrets() }
}

fn plan_withheld(target: &Target, force: bool, existing: &Existing, outside: &Outside) -> Result<ChangeSet, Failure> {
    let keys = target.deployment.target.keys_taken_over(&target.deployment);
    let names = keys.names();
    let block = existing.values(|key| names.contains(key)).unwrap_or_default();
    let kept = kept_secrets(&target.deployment, &block);
    let values = Values::Withheld { kept: &kept };
    let files = rendered(target, values, outside)?;
    let concealed = unused_secrets(&block, |_| false).into_values().chain(existing.secrets()).collect();
    let files_of_secrets = secret_files(&target.deployment, values);
    Ok(plan(Wanted { withheld: true, ..wanted(target, force, files, files_of_secrets, concealed) }, existing))
}

fn wanted(
    target: &Target,
    force: bool,
    files: Vec<RenderedFile>,
    secret_files: Vec<WantedSecret>,
    secrets: Vec<Secret>,
) -> Wanted<'_> {
    let Target { deployment, extras, placement, folder, .. } = target;
    Wanted { folder, deployment, extras, placement, files, withheld: false, secret_files, force, secrets }
}

/// Secrets of the block that this deployment does not use; they are kept for the profile that does.
fn kept_secrets(deployment: &Deployment, block: &IndexMap<String, Secret>) -> IndexMap<EnvironmentKey, Secret> {
    let rules = deployment.kept_secrets();
    unused_secrets(block, |key| rules.contains_key(key))
}

fn rendered(target: &Target, values: Values<'_>, outside: &Outside) -> Result<Vec<RenderedFile>, Failure> {
    let inputs = Inputs { values, placement: &target.placement, found: &outside.found };
    target
        .deployment
        .target
        .render(&target.deployment, &target.extras, &inputs)
        .map_err(|fault| Failure::Internal { message: fault.to_string() })
}
