//! Knows the straight line from arguments to written outputs. Must not know how any of the steps is done.

mod secrets;
mod selection;
mod told;

use std::path::{Path, PathBuf};

use self::secrets::{Request, choose_secrets, rotated, secret_files, stored_secrets};
use self::selection::{Selection, select};
use super::{World, deployment_of, print, print_note};
use crate::change::{ChangeSet, Existing, FolderLock, ReadFault, Refusal, WriteFault, apply, plan, unused_secrets};
use crate::cli::{Format, GenerateArgs, RotateArgs};
use crate::deployment::{Deployment, secret_file_path};
use crate::layers::gather;
use crate::outcome::Failure;
use crate::placement::{Placement, normalized, relative};
use crate::render::{Inputs, render};
use crate::secret::{Secrets, edited};
use crate::source::{Catalogue, Source};
use crate::spelling::quoted;
use crate::value::{EnvironmentKey, HostPath};

/// Generates the outputs of one profile; with new values for some secrets where they are to be rotated.
pub(super) fn generate(args: &GenerateArgs, rotate: Option<&RotateArgs>, world: &World) -> Result<(), Failure> {
    let settings = settings(&args.settings)?;
    let selection = select(args, rotate.is_some(), world)?;
    if args.format == Format::Human {
        print(&told::first_line(&selection))?;
    }
    let Selection { source, recorded_name, catalogue, folder: recorded, because: _ } = selection;
    let layers = gather(source, settings, &catalogue)?;
    let folder = recorded.unwrap_or_else(|| output_folder(args, layers.profile.out.get(), &catalogue, world));
    let (deployment, sources) = deployment_of(layers)?;
    let root = normalized(catalogue.root());
    let placement = Placement { profile: recorded_name.recorded_in(&folder), root: relative(&folder, &root) };
    check_recordable(&placement)?;
    let target = Target { deployment: &deployment, placement: &placement, folder: &folder, root: &root };
    let _lock = FolderLock::acquire(&folder).map_err(write_failure)?;
    let written = write(&target, args, rotate, world)?;
    let telling = told::Telling { target: &target, written: &written, current: &world.current };
    for note in telling.notes(&sources) {
        print_note(&note);
    }
    match args.format {
        Format::Human => print(&telling.text()),
        Format::Json => print(&format!("{:#}\n", telling.json())),
    }
}

/// What is generated, and where.
struct Target<'t> {
    deployment: &'t Deployment,
    placement: &'t Placement,
    folder: &'t Path,
    root: &'t Path,
}

/// What a run found and did.
struct Written {
    existing: Existing,
    changes: ChangeSet,
    secrets: Secrets,
    rotated: Vec<EnvironmentKey>,
    edited: Vec<EnvironmentKey>,
}

/// Reads what stands there, finishes every file in memory, and only then writes.
fn write(
    target: &Target<'_>,
    args: &GenerateArgs,
    rotate: Option<&RotateArgs>,
    world: &World,
) -> Result<Written, Failure> {
    let &Target { deployment, placement, folder, root } = target;
    let secret_paths: Vec<_> = deployment.secrets.keys().map(secret_file_path).collect();
    let existing = read_existing(folder, &secret_paths)?;
    let keys = deployment.dotenv_keys();
    let block = existing.values(|key| keys.has(key)).map_err(|refusals| refused(folder, refusals))?;
    let stored = stored_secrets(deployment, &existing, &block);
    let rotated = rotate.map(|rotate| rotated(rotate, deployment)).transpose()?.unwrap_or_default();
    let request = Request { args, rotated: &rotated, from_environment: rotate.is_some_and(|rotate| rotate.from_env) };
    let secrets = choose_secrets(&request, deployment, &stored, folder, root, world)?;
    let rules = deployment.kept_secrets();
    let kept = unused_secrets(&block, |key| rules.contains_key(key));
    let files = render(deployment, &Inputs { secrets: &secrets, kept: &kept, placement })
        .map_err(|fault| Failure::Internal { message: fault.to_string() })?;
    let changes = plan(folder, files, secret_files(deployment, &secrets), &existing)
        .map_err(|refusals| refused(folder, refusals))?;
    apply(&changes).map_err(write_failure)?;
    Ok(Written { edited: edited(&stored, deployment), existing, changes, secrets, rotated })
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
fn output_folder(args: &GenerateArgs, out: Option<&HostPath>, catalogue: &Catalogue, world: &World) -> PathBuf {
    let folder = match (&args.out, out) {
        (Some(out), _) => world.current.join(out),
        (None, Some(out)) => catalogue.root().join(out.as_str()),
        (None, None) => catalogue.root().to_owned(),
    };
    normalized(&folder)
}

fn read_existing(folder: &Path, secret_paths: &[String]) -> Result<Existing, Failure> {
    Existing::read(folder, secret_paths).map_err(|fault| match fault {
        ReadFault::Refused(refusal) => refused(folder, vec![refusal]),
        ReadFault::Io { path, error } if error.kind() == std::io::ErrorKind::NotADirectory => not_a_folder(&path),
        ReadFault::Io { path, error } => {
            Failure::outside(format!("can't read `{}`: {error}", path.display()), "look at its permissions")
        }
    })
}

fn refused(folder: &Path, refusals: Vec<Refusal>) -> Failure {
    Failure::Refused { folder: folder.to_owned(), refusals }
}

fn not_a_folder(path: &Path) -> Failure {
    Failure::outside(
        format!("`{}` can't stand there: a part of its path is a file", path.display()),
        "move that file away, or choose another folder with `--out`",
    )
}

fn write_failure(fault: WriteFault) -> Failure {
    let WriteFault { path, error } = fault;
    if error.kind() == std::io::ErrorKind::NotADirectory || error.kind() == std::io::ErrorKind::AlreadyExists {
        return not_a_folder(&path);
    }
    Failure::outside(
        format!("can't write `{}`: {error}", path.display()),
        "look at the permissions of its folder and at the space on its disk; every file is as it was or new as a whole",
    )
}

/// A header is one line, so what it records must be one.
fn check_recordable(placement: &Placement) -> Result<(), Failure> {
    if placement.profile.chars().chain(placement.root.chars()).any(char::is_control) {
        return Err(Failure::Usage {
            message: "the path of the profile or of the project holds a control character".to_owned(),
            help: "rename the file or folder: the outputs record the path in one line".to_owned(),
        });
    }
    Ok(())
}

/// A selected profile's origin in words.
fn origin(selection: &Selection) -> String {
    use crate::source::Origin;
    match &selection.source.origin {
        Origin::Embedded(_) => "built in".to_owned(),
        Origin::File(_) | Origin::StandardInput | Origin::Argument => selection.source.name.clone(),
    }
}
