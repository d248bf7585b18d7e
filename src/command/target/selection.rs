//! Knows which profile a run uses when several things could say so, and in which folder. Must not know what it says.

use std::path::{Path, PathBuf};

use crate::change::Existing;
use crate::cli::{PROFILE_VARIABLE, TargetArgs};
use crate::command::obstacles::read_failure;
use crate::command::world::{World, catalogue, tell_passed_by};
use crate::disk::{normalized, relative};
use crate::layers::{load, load_of};
use crate::outcome::Failure;
use crate::render::{Mark, Output};
use crate::source::{
    BUILTIN_PREFIX, Catalogue, CatalogueEntry, Origin, Project, Reference, Source, is_profile, is_yaml, repository,
};
use crate::spelling::{self, quoted, raw_path, shell_word};

/// The profile where nothing selects another one.
const DEFAULT_PROFILE: &str = "dev-sqlite";

/// The selected profile.
pub(in crate::command) struct Selection {
    /// Its text.
    pub(in crate::command) source: Source,
    /// How the outputs' headers will call it.
    pub(super) recorded_name: RecordedName,
    /// What selected it, where that was not the command line.
    pub(in crate::command) because: Option<String>,
    /// The profiles of the project that it belongs to.
    pub(in crate::command) catalogue: Catalogue,
    /// The folder of the outputs that recorded it, and what they recorded.
    pub(in crate::command) recorded: Option<(PathBuf, Mark)>,
}

/// What a header records, so that a later run finds the same profile.
#[derive(Debug, Clone)]
pub(super) enum RecordedName {
    /// A name, or another text that means the same everywhere.
    Text(String),
    /// A file, recorded by its way from the output folder.
    File(PathBuf),
}

impl RecordedName {
    /// The text for the headers of outputs in this folder.
    pub(super) fn recorded_in(&self, folder: &Path) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::File(path) => {
                let way = relative(folder, path);
                if way.contains('/') { way } else { format!("./{way}") }
            }
        }
    }
}

/// `--profile`, else `CODELAB_PROFILE`, else what the outputs record, else the only profile of the project, else the default;
/// those two never for a deployment that must exist.
pub(in crate::command) fn select(args: &TargetArgs, must_exist: bool, world: &World) -> Result<Selection, Failure> {
    let catalogue = catalogue(world)?;
    if let Some(name) = &args.profile {
        let source = load(name, "--profile ", &catalogue)?;
        return Ok(of_source(source, catalogue, None));
    }
    let variable = (world.environment)(PROFILE_VARIABLE).map_err(|error| Failure::Usage {
        message: format!("${PROFILE_VARIABLE} can't be read: {error}"),
        help: "set it to a profile's name or path, or unset it".to_owned(),
    })?;
    if let Some(name) = variable.filter(|name| !name.is_empty()) {
        let source = load(&name, &format!("{PROFILE_VARIABLE}="), &catalogue)?;
        return Ok(of_source(source, catalogue, Some(format!("from ${PROFILE_VARIABLE}"))));
    }
    if let Some(recorded) = recorded(args, &catalogue, world)? {
        return from_record(recorded, &catalogue, world);
    }
    if must_exist {
        return Err(Failure::Usage {
            message: "no outputs are here that record their profile".to_owned(),
            help: "name their folder with `--out`, or the profile with `--profile`".to_owned(),
        });
    }
    if let Some(only) = only_profile(&catalogue)? {
        return Ok(of_source(only, catalogue, Some("the only one of the project".to_owned())));
    }
    let has_outputs = |folder: &Path| Existing::read_mark(folder).is_ok_and(|mark| mark.is_some());
    if let Some(project) = catalogue.nearby(&world.trust, &has_outputs) {
        return Err(elsewhere(&project, world));
    }
    let source = load(DEFAULT_PROFILE, "default profile ", &catalogue)?;
    Ok(of_source(source, catalogue, Some("the default".to_owned())))
}

/// That the project which may be meant stands in another folder: what is built in would be written by surprise.
fn elsewhere(project: &Path, world: &World) -> Failure {
    let way = relative(&normalized(&world.current), &normalized(project));
    Failure::Usage {
        message: format!(
            "no profile is named, and the project with profiles or outputs is `{}`",
            spelling::path(Path::new(&way))
        ),
        help: format!(
            "`cd {} && codelab-gen`, or name a profile: `codelab-gen -p {DEFAULT_PROFILE}` takes the built-in one here",
            shell_word(&way)
        ),
    }
}

/// The one profile that a project has, where none has the default's name.
///
/// # Errors
/// Where there are several, or one can't be read: none is more meant than another.
fn only_profile(catalogue: &Catalogue) -> Result<Option<Source>, Failure> {
    let has_default = |entry: &CatalogueEntry| {
        entry.name == DEFAULT_PROFILE || entry.aliases.iter().any(|alias| alias == DEFAULT_PROFILE)
    };
    let entries = catalogue.entries();
    if catalogue.folder().is_none() || entries.iter().any(has_default) {
        return Ok(None);
    }
    let can_be_meant = |entry: &CatalogueEntry| entry.selectable || entry.source.is_err();
    let mut meant: Vec<_> = entries.into_iter().filter(can_be_meant).collect();
    match meant.as_slice() {
        [] => Ok(None),
        [CatalogueEntry { source: Ok(_), .. }] => Ok(meant.pop().and_then(|only| only.source.ok())),
        [_, ..] => {
            let commands: Vec<_> =
                meant.iter().map(|entry| format!("`codelab-gen -p {}`", shell_word(&entry.name))).collect();
            Err(Failure::Usage {
                message: format!("the project has {} profiles, and nothing says which one is meant", meant.len()),
                help: format!("name one: {}", commands.join(", ")),
            })
        }
    }
}

/// What outputs record.
struct Recorded {
    mark: Mark,
    /// The output folder.
    folder: PathBuf,
    /// The one that counts.
    output: Output,
}

/// What stands in `--out`, else in the current folder, else in the project's root.
fn recorded(args: &TargetArgs, catalogue: &Catalogue, world: &World) -> Result<Option<Recorded>, Failure> {
    let folders = match &args.out {
        Some(out) => vec![world.current.join(out)],
        None => vec![world.current.clone(), catalogue.root().to_owned()],
    };
    for folder in folders {
        let folder = real(&normalized(&folder));
        if let Some((mark, output)) = Existing::read_mark(&folder).map_err(read_failure)? {
            return Ok(Some(Recorded { mark, folder, output }));
        }
    }
    Ok(None)
}

/// The recorded profile, looked up from the recorded root of its project: wherever this run was started, the same name
/// means the same profile.
fn from_record(recorded: Recorded, here: &Catalogue, world: &World) -> Result<Selection, Failure> {
    let Recorded { mark, folder, output } = recorded;
    let root = normalized(&folder.join(&mark.root));
    let project = project_of_outputs(&folder, &root)?;
    let catalogue = Catalogue::find(&root, &world.current, &world.trust)?;
    if catalogue.passed_by() != here.passed_by() {
        tell_passed_by(&catalogue, world);
    }
    let name = match Reference::parse(&mark.profile) {
        Reference::StandardInput => {
            return Err(Failure::Usage {
                message: "the outputs were made from a profile on standard input".to_owned(),
                help: "name the profile with `--profile`".to_owned(),
            });
        }
        Reference::Name(name) if catalogue.folder().is_none() => {
            return Err(Failure::Usage {
                message: format!(
                    "the outputs were made from the profile `{name}` of `{}`, which has no `profiles` folder any more",
                    spelling::path(&root)
                ),
                help: "name the profile with `--profile`".to_owned(),
            });
        }
        Reference::Path(path) if !is_yaml(&path) => {
            return Err(Failure::Usage {
                message: format!("the outputs record {}, which is no profile by its name", quoted(&mark.profile)),
                help: "name the profile with `--profile`".to_owned(),
            });
        }
        Reference::Path(path) => raw_path(normalized(&folder.join(path))),
        Reference::Name(_) | Reference::Builtin(_) => mark.profile.clone(),
    };
    let given_by = "recorded in the outputs: ";
    let source = match &project {
        Some(project) => load_of(project, &name, given_by, &catalogue)?,
        None => load_anywhere(&folder, &name, given_by, &catalogue)?,
    };
    let because = format!("recorded in {}", catalogue.shown(&folder.join(output.path())));
    Ok(Selection { recorded: Some((folder, mark)), ..of_source(source, catalogue, Some(because)) })
}

/// The repository that outputs stand in. It may be a stranger's, so they can't record what lies outside of it.
fn project_of_outputs(folder: &Path, root: &Path) -> Result<Option<Project>, Failure> {
    let Some(repository) = repository(folder) else { return Ok(None) };
    let project = Project::of_folder(repository);
    // a folder that is gone is told as such
    if project.admit(root).is_ok_and(|root| root.is_none()) {
        let folder = spelling::path(folder);
        return Err(Failure::Usage {
            message: format!("the outputs in `{folder}` record a project outside of their repository"),
            help: "name the profile with `--profile`".to_owned(),
        });
    }
    Ok(Some(project))
}

/// A profile that outputs outside of any repository record. They may be a stranger's, so of a file elsewhere that is no
/// profile nothing is shown.
fn load_anywhere(folder: &Path, name: &str, given_by: &str, catalogue: &Catalogue) -> Result<Source, Failure> {
    let source = load(name, given_by, catalogue)?;
    let is_near = |path: &Path| Project::of_folder(folder).admit(path).is_ok_and(|real| real.is_some());
    if let Origin::File(path) = &source.origin
        && !is_near(path)
        && !is_profile(&source.text)
    {
        return Err(Failure::Usage {
            message: format!("the outputs record {}, which is no profile by what it says", quoted(name)),
            help: "name the profile with `--profile`".to_owned(),
        });
    }
    Ok(source)
}

/// Whether a later run finds this very file by the profile's name.
fn is_found_by_name(source: &Source, path: &Path, catalogue: &Catalogue) -> bool {
    let name = source.profile_name();
    let is_name = Reference::parse(&name) == Reference::Name(name.clone());
    is_name && matches!(catalogue.named(&name).as_slice(), [file] if *file == path)
}

/// The profile of a source.
pub(in crate::command) fn of_source(source: Source, catalogue: Catalogue, because: Option<String>) -> Selection {
    let recorded_name = match &source.origin {
        Origin::Embedded(name) => RecordedName::Text(format!("{BUILTIN_PREFIX}{name}")),
        Origin::File(path) if is_found_by_name(&source, path, &catalogue) => RecordedName::Text(source.profile_name()),
        Origin::File(path) => RecordedName::File(normalized(path)),
        Origin::StandardInput | Origin::Argument => RecordedName::Text("-".to_owned()),
    };
    Selection { source, recorded_name, because, catalogue, recorded: None }
}

/// The folder itself, where a link leads to it, or to one above it: ways out of it start there. It may be missing yet.
pub(super) fn real(folder: &Path) -> PathBuf {
    let real = |standing: &Path| {
        let mut real = std::fs::canonicalize(standing).ok()?;
        real.extend(folder.strip_prefix(standing).ok()?);
        Some(real)
    };
    folder.ancestors().find_map(real).unwrap_or_else(|| folder.to_owned())
}
