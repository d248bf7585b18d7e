//! Knows how what a profile gives beyond the default is told: as a list, and as notices at its places.
//! Must not know which risks there are.

use std::path::{Component, Path, PathBuf};

use super::World;
use super::failure::rejection::place_document;
use super::target::{Selection, settings};
use crate::cli::TargetArgs;
use crate::disk::normalized;
use crate::layers::{Layers, gather};
use crate::locate::Locator;
use crate::outcome::Failure;
use crate::profile::Profile;
use crate::report;
use crate::risk::{Base, Ground, Risk, risks};
use crate::source::{GIT, Origin, Project, Source};

/// The severity of a risk beside faults and warnings.
const NOTICE: &str = "notice";

/// What a reader does with a notice.
const HELP: &str = "let it in where the service needs it; `codelab-gen explain --risks` lists all, the gravest first";

/// The folders that paths in a profile are seen from.
pub(super) struct Grounds {
    root: PathBuf,
    out: PathBuf,
    project: PathBuf,
}

impl Grounds {
    /// Those of a profile whose outputs go to the folder that it names itself.
    pub(super) fn of_profile(profile: &Profile, root: &Path, project: &Project) -> Self {
        let root = normalized(root);
        let out = profile.out.get().map_or_else(|| root.clone(), |out| normalized(&root.join(out.as_str())));
        Self { root, out, project: project.root().to_owned() }
    }

    /// Those of a profile that a command line selected.
    fn of_selection(profile: &Profile, selection: &Selection, args: &TargetArgs, world: &World) -> Self {
        let project = selection.catalogue.project_of(&selection.source);
        let grounds = Self::of_profile(profile, selection.catalogue.root(), &project);
        let recorded = selection.recorded.as_ref().map(|(folder, _)| folder.clone());
        let named = args.out.as_ref().map(|out| normalized(&world.current.join(out)));
        Self { out: named.or(recorded).unwrap_or(grounds.out), ..grounds }
    }

    fn ground(&self, base: Base, path: &str) -> Ground {
        let base = match base {
            Base::Root => &self.root,
            Base::Out => &self.out,
        };
        let there = real(&normalized(&base.join(path)));
        let own = [&self.root, &self.out, &self.project].map(|folder| real(folder));
        let of_git = |way: &Path| way.components().any(|part| matches!(part, Component::Normal(name) if name == GIT));
        match own.iter().find_map(|folder| there.strip_prefix(folder).ok()) {
            Some(way) if own.contains(&there) || of_git(way) => Ground::Whole,
            Some(_) => Ground::Inside,
            None => Ground::Elsewhere(there),
        }
    }
}

/// A path with its links followed, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let standing = |standing: &Path| {
        let rest = path.strip_prefix(standing).ok()?;
        let real = std::fs::canonicalize(standing).ok()?;
        Some(if rest.as_os_str().is_empty() { real } else { real.join(rest) })
    };
    path.ancestors().find_map(standing).unwrap_or_else(|| path.to_owned())
}

/// What a profile gives, the gravest first.
pub(super) fn found(profile: &Profile, grounds: &Grounds) -> Vec<Risk> {
    risks(profile, &|base, path| grounds.ground(base, path))
}

/// What the layers of a selected profile give.
pub(super) fn of_selection(layers: &Layers, selection: &Selection, args: &TargetArgs, world: &World) -> Vec<Risk> {
    found(&layers.profile, &Grounds::of_selection(&layers.profile, selection, args, world))
}

/// The list of a selected profile's risks.
pub(super) fn document(risks: &[Risk], sources: &[Source]) -> report::Risks {
    let locator = Locator::new(sources);
    let risk = |risk: &Risk| report::Risk {
        risk: risk.kind.as_str().to_owned(),
        gravity: risk.kind.gravity().as_str().to_owned(),
        path: risk.path.to_string(),
        message: risk.message(),
        place: place_document(&risk.place, &locator),
    };
    report::Risks { risks: risks.iter().map(risk).collect() }
}

/// The list for people.
pub(super) fn text(document: &report::Risks) -> String {
    let risks = &document.risks;
    if risks.is_empty() {
        return "nothing beyond the default\n".to_owned();
    }
    let place = |risk: &report::Risk| format!("{}:{}", risk.place.file, risk.place.line);
    let width = |column: &dyn Fn(&report::Risk) -> usize| risks.iter().map(column).max().unwrap_or_default();
    let names = width(&|risk| risk.risk.len());
    let places = width(&|risk| place(risk).chars().count());
    let line = |risk: &report::Risk| {
        let report::Risk { risk: name, gravity, message, .. } = risk;
        format!("{gravity:<6}  {name:<names$}  {:<places$}  {message}\n", place(risk))
    };
    risks.iter().map(line).collect()
}

/// Each risk as a notice at its place, the gravest first. What a built-in profile gives is no stranger's word.
pub(super) fn notices(risks: &[Risk], sources: &[Source]) -> Vec<report::Diagnostic> {
    let locator = Locator::new(sources);
    let is_built_in = |risk: &&Risk| {
        let source = sources.get(risk.place.locate(&locator).source.0);
        source.is_some_and(|source| matches!(source.origin, Origin::Embedded(_)))
    };
    let notice = |risk: &Risk| report::Diagnostic {
        code: risk.kind.as_str().to_owned(),
        severity: NOTICE.to_owned(),
        message: risk.message(),
        help: HELP.to_owned(),
        place: place_document(&risk.place, &locator),
        others: Vec::new(),
    };
    risks.iter().filter(|risk| !is_built_in(risk)).map(notice).collect()
}

/// The notices of a selected profile; none where it can't be read, which the run tells.
pub(super) fn notices_of(
    selection: &Selection,
    args: &TargetArgs,
    world: &World,
) -> Result<Vec<report::Diagnostic>, Failure> {
    let layers = gather(selection.source.clone(), settings(&args.settings)?, &selection.catalogue)?;
    let risks = if layers.diagnostics.is_empty() { of_selection(&layers, selection, args, world) } else { Vec::new() };
    Ok(notices(&risks, &layers.sources))
}
