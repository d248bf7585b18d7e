//! Knows how what a profile gives beyond the default is told: as a list, and as notices at its places.
//! Must not know which risks there are.

use super::failure::rejection::place_document;
use super::target::{Selection, settings};
use super::world::World;
use crate::cli::TargetArgs;
use crate::disk::normalized;
use crate::layers::{Layers, gather};
use crate::locate::Locator;
use crate::outcome::Failure;
use crate::report;
use crate::risk::{Grounds, NOTICE_HELP, Risk, Risks};
use crate::source::{Origin, Source};
use crate::spelling::on_one_line;

/// The severity of a risk beside faults and warnings.
const NOTICE: &str = "notice";

/// What the layers of a selected profile give.
pub(super) fn of_selection(layers: &Layers, selection: &Selection, args: &TargetArgs, world: &World) -> Risks {
    let project = selection.catalogue.project_of(&selection.source);
    let grounds = Grounds::of_profile(&layers.profile, selection.catalogue.root(), &project);
    let recorded = selection.recorded.as_ref().map(|(folder, _)| folder.clone());
    let named = args.out.as_ref().map(|out| normalized(&world.current.join(out)));
    let grounds = match named.or(recorded) {
        Some(out) => grounds.with_out(out),
        None => grounds,
    };
    grounds.found(&layers.profile)
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
        help: NOTICE_HELP.to_owned(),
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
