//! Knows which deployment a command is about: the profile, what it means, and the folder of its outputs.
//! Must not know what the command does with it.

mod selection;

use std::path::PathBuf;

use super::obstacles::read_failure;
use super::world::World;
use crate::change::{Existing, ReadFault};
use crate::cli::TargetArgs;
use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::disk::{Folder, normalized, relative};
use crate::field::FieldPath;
use crate::layers::{Layers, gather};
use crate::outcome::{Failure, Rejection};
use crate::placement::Placement;
use crate::render::Mark;
use crate::source::{Catalogue, Origin, Project, Source};
use crate::spelling::{self, on_one_line, quoted, shell_word};
use crate::target::compose::Extras;
use crate::value::HostPath;
use crate::verdict::{Meaning, meaning_of};

use self::selection::real;
pub(super) use self::selection::{Selection, of_source, select};

/// A deployment, and where its outputs stand.
pub(super) struct Target {
    pub(super) deployment: Deployment,
    /// What the profile says for what it runs on alone.
    pub(super) extras: Extras,
    pub(super) placement: Placement,
    /// The output folder.
    pub(super) folder: PathBuf,
    /// The project's root.
    pub(super) root: PathBuf,
    /// The folder whose outputs recorded the profile, and what they recorded.
    pub(super) recorded: Option<(PathBuf, Mark)>,
}

impl Target {
    /// What a selected profile means, and where it goes.
    ///
    /// # Errors
    /// Every fault of the profile and its settings.
    pub(super) fn resolve(selection: Selection, args: &TargetArgs, world: &World) -> Result<Self, Failure> {
        let Selection { source, recorded_name, catalogue, recorded, because: _ } = selection;
        let layers = gather(source, settings(&args.settings)?, &catalogue)?;
        let folder = match &recorded {
            Some((folder, _)) => folder.clone(),
            None => output_folder(args, &layers, &catalogue, world)?,
        };
        let Meaning { deployment, extras, sources: _ } = meaning_of(layers)?;
        let root = normalized(catalogue.root());
        let placement = Placement {
            profile: recorded_name.recorded_in(&folder),
            root: relative(&folder, &root),
            settings: args.settings.clone(),
        };
        Ok(Self { deployment, extras, placement, folder, root, recorded })
    }

    /// The output folder, where there is one.
    ///
    /// # Errors
    /// Where it can't be opened.
    pub(super) fn opened(&self) -> Result<Option<Folder>, Failure> {
        let fault = |error| read_failure(ReadFault { path: self.folder.clone(), error });
        Folder::reach_if_there(&self.folder).map_err(fault)
    }

    /// What stands in the output folder.
    ///
    /// # Errors
    /// Where something can't be read.
    pub(super) fn existing(&self, folder: Option<&Folder>) -> Result<Existing, Failure> {
        Existing::read_of(folder, &self.deployment).map_err(read_failure)
    }
}

/// The layers of a selected profile.
///
/// # Errors
/// Where one can't be read, or a setting is none.
pub(super) fn layers(selection: Selection, args: &TargetArgs) -> Result<Layers, Failure> {
    Ok(gather(selection.source, settings(&args.settings)?, &selection.catalogue)?)
}

/// The first line of every run: which profile, and why.
pub(super) fn first_line(selection: &Selection) -> String {
    let because = selection.because.as_ref().map(|because| format!(", {because}")).unwrap_or_default();
    format!("profile {} ({}){because}\n", on_one_line(&selection.source.profile_name()), origin(selection))
}

/// A selected profile's origin in words.
fn origin(selection: &Selection) -> String {
    match &selection.source.origin {
        Origin::Embedded(_) => "built in".to_owned(),
        Origin::File(_) | Origin::StandardInput | Origin::Argument => selection.source.name.clone(),
    }
}

/// That the outputs which recorded the profile were made with settings that this run has not.
pub(super) fn unrepeated_settings(selection: &Selection, args: &TargetArgs) -> Option<String> {
    let (_, mark) = selection.recorded.as_ref()?;
    settings_note(mark.settings.iter().filter(|setting| !args.settings.contains(setting)))
}

/// That outputs were made with these settings, which a run has not; nothing where there are none.
pub(super) fn settings_note<'s>(settings: impl Iterator<Item = &'s String>) -> Option<String> {
    let settings: Vec<_> = settings.map(|setting| format!("--set {}", shell_word(setting))).collect();
    (!settings.is_empty()).then(|| {
        format!(
            "note: the outputs were made with `{}`, which this run has not\n  = help: repeat it, or put it into the \
             profile\n",
            settings.join(" ")
        )
    })
}

/// The settings of the command line as sources.
///
/// # Errors
/// For one without `=`.
pub(super) fn settings(arguments: &[String]) -> Result<Vec<Source>, Failure> {
    let source = |argument: &String| {
        Source::from_setting(argument).ok_or_else(|| Failure::Usage {
            message: format!("expected PATH=VALUE behind `--set`, found {}", quoted(argument)),
            help: "write it like `--set services.auth-service.port=8004`".to_owned(),
        })
    };
    arguments.iter().map(source).collect()
}

/// `--out`, else `out` of the profile, else the project's root.
fn output_folder(args: &TargetArgs, layers: &Layers, catalogue: &Catalogue, world: &World) -> Result<PathBuf, Failure> {
    let folder = match (&args.out, layers.profile.out.get()) {
        (Some(out), _) => world.current.join(out),
        (None, Some(out)) => {
            let folder = normalized(&catalogue.root().join(out.as_str()));
            let project = Project::of_folder(catalogue.root());
            let admitted = project.admit_new(&folder).map_err(|error| ReadFault { path: folder, error });
            return admitted.map_err(read_failure)?.ok_or_else(|| out_of_project(out, &project, layers));
        }
        (None, None) => catalogue.root().to_owned(),
    };
    Ok(real(&normalized(&folder)))
}

/// That a profile would write where its project does not reach.
fn out_of_project(out: &HostPath, project: &Project, layers: &Layers) -> Failure {
    let message = format!("`out` leads out of the project, or into git's own folder: {}", quoted(out.as_str()));
    let root = spelling::path(project.root());
    let help = format!("name a folder in `{root}`; one outside is your own word: `--out`");
    let place = Place::value(&FieldPath::root().key("out"));
    let diagnostics = vec![Diagnostic::error(Code::OutsideProject, place, message, help)];
    Failure::Rejected(Rejection { diagnostics, sources: layers.sources.clone() })
}
