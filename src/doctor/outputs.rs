//! Knows whether the outputs are as the profile says. Must not know how they are compared.

use super::remedy::Remedies;
use super::subject::Subject;
use crate::change::ChangeKind;
use crate::report::Finding;
use crate::spelling::shell_word;

const CHECK: &str = "outputs";

/// Whether the outputs are as the profile says.
pub(super) fn findings(subject: &Subject<'_>, remedies: &Remedies<'_>) -> Vec<Finding> {
    if !subject.made_with.is_empty() {
        let settings: Vec<_> =
            subject.made_with.iter().map(|setting| format!("--set {}", shell_word(setting))).collect();
        let settings = settings.join(" ");
        let message =
            format!("the outputs were made with `{settings}`, which this run has not: it looks for another deployment");
        return vec![Finding::problem(CHECK, message, remedies.codelab_gen("doctor"))];
    }
    let mut drifted: Vec<(&str, String, Vec<&str>)> = Vec::new();
    for change in subject.drift.changes.iter().filter(|change| change.is_drift()) {
        let (what, help) = drift(change.kind(), remedies);
        match drifted.iter_mut().find(|(known, _, _)| *known == what) {
            Some((_, _, paths)) => paths.push(change.output.path()),
            None => drifted.push((what, help, vec![change.output.path()])),
        }
    }
    let finding = |(what, help, paths): (&str, String, Vec<&str>)| match paths.as_slice() {
        [path] => Finding::problem(CHECK, format!("`{path}` {what}"), help),
        paths => {
            Finding::problem(CHECK, format!("each of {} outputs {what}", paths.len()), help).shown_by(&paths.join("\n"))
        }
    };
    let found: Vec<_> = drifted.into_iter().map(finding).collect();
    if found.is_empty() { vec![Finding::ok(CHECK, "the outputs are as the profile says")] } else { found }
}

/// How an output differs, and what mends that.
fn drift(kind: ChangeKind, remedies: &Remedies<'_>) -> (&'static str, String) {
    let run = || remedies.codelab_gen("");
    match kind {
        ChangeKind::LineEnds => ("has line ends of Windows", run()),
        ChangeKind::Mode => ("has other permissions than it needs", run()),
        ChangeKind::Created => ("is missing", run()),
        ChangeKind::Removed => ("belongs to another profile", run()),
        ChangeKind::Conflict => {
            ("was edited, or is not codelab-gen's", format!("see `{} --check`", remedies.codelab_gen("")))
        }
        ChangeKind::Updated | ChangeKind::Unchanged => ("is not as the profile says", remedies.renew()),
    }
}
