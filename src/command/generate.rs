//! Knows the straight line from arguments to written or compared outputs. Must not know how any of the steps is done.

mod all;
mod consent;
mod git;
mod obstacles;
mod secrets;
mod selection;
mod told;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use self::obstacles::{check_recordable, check_still_recorded, read_failure, write_failure};
use self::secrets::{Request as SecretRequest, choose_secrets, rotated, secret_files, stored_secrets};
use self::selection::{Selection, select};
use super::{World, deployment_of, print, print_document, print_note};
use crate::change::{ChangeSet, Existing, FolderLock, Wanted, apply, plan, unused_secrets};
use crate::cli::{ConsentArgs, Format, GenerateArgs, RotateArgs, TargetArgs};
use crate::deployment::{Deployment, Holds, secret_file_path};
use crate::layers::gather;
use crate::outcome::{Exit, Failure};
use crate::placement::{Placement, normalized, relative};
use crate::render::{Inputs, RenderedFile, render};
use crate::report::{Document, Report};
use crate::secret::{Secret, Secrets, Values, edited};
use crate::source::{Catalogue, Source};
use crate::spelling::{harmless, quoted};
use crate::value::{EnvironmentKey, HostPath};

/// What becomes of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It is written.
    Write,
    /// It is told as far as it is drift.
    Check,
    /// It is told whole.
    Diff,
}

/// What is asked for, whatever the subcommand.
struct Request<'r> {
    target: &'r TargetArgs,
    consent: &'r ConsentArgs,
    ending: Ending,
    rotate: Option<&'r RotateArgs>,
}

/// One run that did what was asked, ready to be told.
struct Finished {
    text: String,
    notes: Vec<String>,
    report: Report,
    exit: Exit,
}

/// Generates the outputs of one profile or of all, or compares them with what stands.
pub(super) fn generate(args: &GenerateArgs, world: &World) -> Result<Exit, Failure> {
    let ending = match (args.check, args.diff) {
        (true, _) => Ending::Check,
        (false, true) => Ending::Diff,
        (false, false) => Ending::Write,
    };
    let request = Request { target: &args.target, consent: &args.consent, ending, rotate: None };
    if args.all { all::run_all(&request, world) } else { run_selected(&request, world) }
}

/// Generates with new values for some secrets.
pub(super) fn rotate(args: &RotateArgs, world: &World) -> Result<Exit, Failure> {
    let request = Request { target: &args.target, consent: &args.consent, ending: Ending::Write, rotate: Some(args) };
    run_selected(&request, world)
}

fn run_selected(request: &Request<'_>, world: &World) -> Result<Exit, Failure> {
    let selection = select(request.target, request.rotate.is_some(), world)?;
    let Finished { text, notes, report, exit } = run(request, selection, world)?;
    tell_notes(&notes);
    match request.target.format {
        Format::Human => print(&text)?,
        Format::Json => print_document(&Document::Run(Box::new(report)))?,
    }
    Ok(exit)
}

fn tell_notes(notes: &[String]) {
    for note in notes {
        print_note(&harmless(note));
    }
}

/// One profile, from its text to what there is to tell.
fn run(request: &Request<'_>, selection: Selection, world: &World) -> Result<Finished, Failure> {
    let settings = settings(&request.target.settings)?;
    if request.target.format == Format::Human {
        print(&told::first_line(&selection))?;
    }
    let Selection { source, recorded_name, catalogue, recorded, because: _ } = selection;
    let layers = gather(source, settings, &catalogue)?;
    let recorded_folder = recorded.as_ref().map(|(folder, _)| folder.clone());
    let folder =
        recorded_folder.unwrap_or_else(|| output_folder(request.target, layers.profile.out.get(), &catalogue, world));
    let (deployment, sources) = deployment_of(layers)?;
    let root = normalized(catalogue.root());
    let placement = Placement {
        profile: recorded_name.recorded_in(&folder),
        root: relative(&folder, &root),
        settings: request.target.settings.clone(),
    };
    check_recordable(&placement)?;
    let target = Target { deployment: &deployment, placement: &placement, folder: &folder, root: &root };
    let outcome = match request.ending {
        Ending::Write => {
            let _lock = FolderLock::acquire(&folder).map_err(write_failure)?;
            check_still_recorded(recorded.as_ref())?;
            write(&target, request, world)?
        }
        Ending::Check | Ending::Diff => {
            let _lock = FolderLock::share(&folder);
            compare(&target, request)?
        }
    };
    let telling = told::Telling { target: &target, outcome: &outcome, current: &world.current, ending: request.ending };
    Ok(telling.finish(&sources))
}

/// What is generated, and where.
struct Target<'t> {
    deployment: &'t Deployment,
    placement: &'t Placement,
    folder: &'t Path,
    root: &'t Path,
}

/// What a run found and did.
struct Outcome {
    existing: Existing,
    changes: ChangeSet,
    secrets: Secrets,
    rotated: Vec<EnvironmentKey>,
    edited: Vec<EnvironmentKey>,
    /// Keys that are no secrets and are set in the environment, where Compose would take them.
    exported: Vec<String>,
}

/// The URLs and names of `.env` that the environment sets as well.
fn exported(deployment: &Deployment, world: &World) -> Vec<String> {
    let keys = deployment.dotenv_keys();
    let names = keys.server.iter().chain(&keys.urls).filter(|key| !matches!(key.holds, Holds::Secret(_)));
    let is_set = |name: &&str| !matches!((world.environment)(name), Ok(None));
    names.map(|key| key.name.as_str()).filter(is_set).map(str::to_owned).collect()
}

/// Reads what stands there, finishes every file in memory, and only then writes.
fn write(target: &Target<'_>, request: &Request<'_>, world: &World) -> Result<Outcome, Failure> {
    let &Target { deployment, folder, root, .. } = target;
    let existing = read_existing(target)?;
    let keys = deployment.dotenv_keys();
    let Ok(block) = existing.values(|key| keys.has(key)) else {
        let changes = plan_withheld(target, request, &existing)?;
        return Err(consent::refused(target, &changes, request));
    };
    let stored = stored_secrets(deployment, &existing, &block);
    let rotated = request.rotate.map(|rotate| rotated(rotate, deployment)).transpose()?.unwrap_or_default();
    let asked = SecretRequest {
        allow_weak: request.consent.allow_weak_secrets,
        rotated: &rotated,
        from_environment: request.rotate.is_some_and(|rotate| rotate.from_env),
    };
    let secrets = choose_secrets(&asked, deployment, &stored, folder, root, world)?;
    let kept = kept_secrets(deployment, &block);
    let files = rendered(target, Values::Chosen { secrets: &secrets, kept: &kept })?;
    let concealed = secrets.values().map(|chosen| chosen.secret.clone()).chain(kept.into_values());
    let concealed = concealed.chain(existing.secrets()).collect();
    let files_of_secrets = secret_files(deployment, &secrets);
    let wanted = wanted(target, request, files, files_of_secrets, concealed);
    let changes = plan(wanted, &existing);
    consent::check(target, &changes, request)?;
    apply(&changes).map_err(write_failure)?;
    let exported = exported(deployment, world);
    Ok(Outcome { edited: edited(&stored, deployment), existing, changes, secrets, rotated, exported })
}

/// Compares without any secret: none is asked for, made or judged.
fn compare(target: &Target<'_>, request: &Request<'_>) -> Result<Outcome, Failure> {
    let existing = read_existing(target)?;
    let changes = plan_withheld(target, request, &existing)?;
    let (rotated, edited, exported) = (Vec::new(), Vec::new(), Vec::new());
    Ok(Outcome { existing, changes, secrets: Secrets::new(), rotated, edited, exported })
}

fn plan_withheld(target: &Target<'_>, request: &Request<'_>, existing: &Existing) -> Result<ChangeSet, Failure> {
    let keys = target.deployment.dotenv_keys();
    let block = existing.values(|key| keys.has(key)).unwrap_or_default();
    let kept = kept_secrets(target.deployment, &block);
    let files = rendered(target, Values::Withheld { kept: &kept })?;
    let concealed = unused_secrets(&block, |_| false).into_values().chain(existing.secrets()).collect();
    let files_of_secrets = target.deployment.secret_files();
    let files_of_secrets = files_of_secrets.into_iter().map(|name| (secret_file_path(name), None)).collect();
    Ok(plan(Wanted { withheld: true, ..wanted(target, request, files, files_of_secrets, concealed) }, existing))
}

fn wanted<'w>(
    target: &Target<'w>,
    request: &Request<'_>,
    files: Vec<RenderedFile>,
    secret_files: Vec<(String, Option<Secret>)>,
    secrets: Vec<Secret>,
) -> Wanted<'w> {
    let &Target { deployment, placement, folder, .. } = target;
    Wanted {
        folder,
        deployment,
        placement,
        files,
        withheld: false,
        secret_files,
        force: request.consent.force,
        secrets,
    }
}

/// Secrets of the block that this deployment does not use; they are kept for the profile that does.
fn kept_secrets(deployment: &Deployment, block: &IndexMap<String, Secret>) -> IndexMap<EnvironmentKey, Secret> {
    let rules = deployment.kept_secrets();
    unused_secrets(block, |key| rules.contains_key(key))
}

fn rendered(target: &Target<'_>, values: Values<'_>) -> Result<Vec<RenderedFile>, Failure> {
    let inputs = Inputs { values, placement: target.placement };
    render(target.deployment, &inputs).map_err(|fault| Failure::Internal { message: fault.to_string() })
}

fn read_existing(target: &Target<'_>) -> Result<Existing, Failure> {
    let secret_paths: Vec<_> = target.deployment.secrets.keys().map(secret_file_path).collect();
    Existing::read(target.folder, &secret_paths).map_err(read_failure)
}

/// The settings of the command line as sources.
fn settings(arguments: &[String]) -> Result<Vec<Source>, Failure> {
    let source = |argument: &String| {
        Source::from_setting(argument).ok_or_else(|| Failure::Usage {
            message: format!("expected PATH=VALUE behind `--set`, found {}", quoted(argument)),
            help: "write it like `--set services.auth-service.port=8004`".to_owned(),
        })
    };
    arguments.iter().map(source).collect()
}

/// `--out`, else `out` of the profile, else the project's root.
fn output_folder(args: &TargetArgs, out: Option<&HostPath>, catalogue: &Catalogue, world: &World) -> PathBuf {
    let folder = match (&args.out, out) {
        (Some(out), _) => world.current.join(out),
        (None, Some(out)) => catalogue.root().join(out.as_str()),
        (None, None) => catalogue.root().to_owned(),
    };
    real(normalized(&folder))
}

/// The folder itself, where a link leads to it: ways out of it start there.
fn real(folder: PathBuf) -> PathBuf {
    std::fs::canonicalize(&folder).unwrap_or(folder)
}

/// A selected profile's origin in words.
fn origin(selection: &Selection) -> String {
    use crate::source::Origin;
    match &selection.source.origin {
        Origin::Embedded(_) => "built in".to_owned(),
        Origin::File(_) | Origin::StandardInput | Origin::Argument => selection.source.name.clone(),
    }
}
