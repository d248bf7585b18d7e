//! Knows how what a profile gives beyond the default is told: as a list, and as notices at its places.
//! Must not know which risks there are.

use std::path::{Component, Path, PathBuf};

use super::failure::rejection::place_document;
use super::target::{Selection, settings};
use super::world::World;
use crate::cli::TargetArgs;
use crate::disk::normalized;
use crate::layers::{Layers, gather};
use crate::locate::Locator;
use crate::outcome::Failure;
use crate::profile::Profile;
use crate::report;
use crate::risk::{Base, Ground, Risk, Risks, risks};
use crate::source::{GIT, Origin, Project, Source};
use crate::spelling::on_one_line;
use crate::target::secret_folders;

/// The severity of a risk beside faults and warnings.
const NOTICE: &str = "notice";

/// What a reader does with a notice.
const HELP: &str = "let it in where the service needs it; `codelab-gen explain --risks` lists all, the gravest first";

/// The output that holds every secret.
const DOTENV: &str = ".env";

/// As many links as Linux follows.
const MOST_LINKS: usize = 40;

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
        let of_git = |way: &Path| {
            way.components().any(|part| matches!(part, Component::Normal(name) if name.eq_ignore_ascii_case(GIT)))
        };
        let is_secret = |way: &Path| way.starts_with(DOTENV) || secret_folders().any(|folder| way.starts_with(folder));
        match own.iter().find_map(|folder| there.strip_prefix(folder).ok()) {
            Some(way) if own.contains(&there) || of_git(way) => Ground::Whole,
            Some(_) if there.strip_prefix(real(&self.out)).is_ok_and(is_secret) => Ground::Secrets,
            Some(_) => Ground::Inside,
            None => Ground::Elsewhere(there),
        }
    }
}

/// A path with its links followed, also those that lead to what is not there yet.
fn real(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let (standing, rest) = parted(&path);
        let real = std::fs::canonicalize(&standing).unwrap_or(standing);
        let mut parts = rest.components();
        let Some(next) = parts.next() else { return real };
        let Ok(target) = std::fs::read_link(real.join(next)) else { return real.join(rest) };
        path = normalized(&real.join(target).join(parts.as_path()));
    }
    path
}

/// What of a path is there, and the rest. A stranger's path can be long: it is walked once.
fn parted(path: &Path) -> (PathBuf, &Path) {
    let mut standing = PathBuf::new();
    let mut parts = path.components();
    loop {
        let rest = parts.as_path();
        let Some(part) = parts.next() else { return (standing, rest) };
        standing.push(part);
        if !standing.exists() {
            standing.pop();
            return (standing, rest);
        }
    }
}

/// What a profile gives, the gravest first.
pub(super) fn found(profile: &Profile, grounds: &Grounds) -> Risks {
    risks(profile, &|base, path| grounds.ground(base, path))
}

/// What the layers of a selected profile give.
pub(super) fn of_selection(layers: &Layers, selection: &Selection, args: &TargetArgs, world: &World) -> Risks {
    found(&layers.profile, &Grounds::of_selection(&layers.profile, selection, args, world))
}

/// The list of a selected profile's risks.
pub(super) fn document(risks: &Risks, sources: &[Source]) -> report::Risks {
    let locator = Locator::new(sources);
    let risk = |risk: &Risk| report::Risk {
        risk: risk.kind.as_str().to_owned(),
        gravity: risk.kind.gravity().as_str().to_owned(),
        path: risk.path.to_string(),
        message: risk.message(),
        place: place_document(&risk.place, &locator),
    };
    report::Risks { risks: risks.told.iter().map(risk).collect(), left_out: risks.left_out }
}

/// The list for people.
pub(super) fn text(document: &report::Risks) -> String {
    let report::Risks { risks, left_out } = document;
    if risks.is_empty() {
        return "nothing beyond the default\n".to_owned();
    }
    let place = |risk: &report::Risk| format!("{}:{}", on_one_line(&risk.place.file), risk.place.line);
    let width = |column: &dyn Fn(&report::Risk) -> usize| risks.iter().map(column).max().unwrap_or_default();
    let names = width(&|risk| risk.risk.len());
    let places = width(&|risk| place(risk).chars().count());
    let line = |risk: &report::Risk| {
        let report::Risk { risk: name, gravity, message, .. } = risk;
        format!("{gravity:<6}  {name:<names$}  {:<places$}  {message}\n", place(risk))
    };
    let more = (*left_out > 0).then(|| format!("{left_out} more are not shown\n"));
    risks.iter().map(line).chain(more).collect()
}

/// Each risk as a notice at its place, the gravest first. What a built-in profile gives is no stranger's word.
pub(super) fn notices(risks: &Risks, sources: &[Source]) -> Vec<report::Diagnostic> {
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
    risks.told.iter().filter(|risk| !is_built_in(risk)).map(notice).collect()
}

/// The notices of a selected profile; none where it can't be read, which the run tells.
pub(super) fn notices_of(
    selection: &Selection,
    args: &TargetArgs,
    world: &World,
) -> Result<Vec<report::Diagnostic>, Failure> {
    let layers = gather(selection.source.clone(), settings(&args.settings)?, &selection.catalogue)?;
    let risks =
        if layers.diagnostics.is_empty() { of_selection(&layers, selection, args, world) } else { Risks::default() };
    Ok(notices(&risks, &layers.sources))
}
