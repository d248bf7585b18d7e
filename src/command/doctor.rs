//! Knows the straight line of `doctor`, and how findings are told. Must not know what is looked at, nor how.

use super::target::{Target, first_line, select};
use super::{World, print, print_document};
use crate::cli::{DoctorArgs, Format};
use crate::doctor::{Finding, Subject, Verdict, findings};
use crate::outcome::{Exit, Failure};
use crate::report::{self, Document};

/// Finds out what is wrong with a deployment.
pub(super) fn doctor(args: &DoctorArgs, world: &World) -> Result<Exit, Failure> {
    let selection = select(&args.target, true, world)?;
    if args.format == Format::Human {
        print(&first_line(&selection))?;
    }
    let target = Target::resolve(selection, &args.target, world)?;
    let existing = target.existing(target.opened()?.as_ref())?;
    let made_with = existing.mark().map(|mark| mark.settings).unwrap_or_default();
    let made_with: Vec<_> =
        made_with.into_iter().filter(|setting| !target.placement.settings.contains(setting)).collect();
    let findings = findings(&Subject {
        deployment: &target.deployment,
        folder: &target.folder,
        root: &target.root,
        existing: &existing,
        drift: &super::generate::drift(&target, &existing)?,
        args: &args.target,
        made_with: &made_with,
        current: &world.current,
        environment: world.environment,
    });
    let worst = findings.iter().map(|finding| finding.verdict).max();
    match args.format {
        Format::Human => print(&text(&findings))?,
        Format::Json => print_document(&Document::Checkup(document(&findings)))?,
    }
    Ok(if worst == Some(Verdict::Problem) { Exit::Different } else { Exit::Done })
}

/// All findings for people, the worst last, where the eye is.
fn text(findings: &[Finding]) -> String {
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.verdict);
    let mut lines = Vec::new();
    for Finding { verdict, check, message, evidence, help } in sorted {
        let check = if *verdict == Verdict::Ok { String::new() } else { format!("[{check}] ") };
        lines.push(format!("{:<9} {check}{message}\n", verdict.as_str()));
        lines.extend(evidence.iter().map(|line| format!("            | {line}\n")));
        lines.extend(help.iter().map(|help| format!("  = help: {help}\n")));
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let problems = plural(count(Verdict::Problem), "problem");
    let warnings = plural(count(Verdict::Warning), "warning");
    lines.push(format!("{problems}, {warnings}, {} not to be seen\n", count(Verdict::Unseen)));
    lines.concat()
}

fn document(findings: &[Finding]) -> report::Checkup {
    let finding = |finding: &Finding| report::Finding {
        verdict: match finding.verdict {
            Verdict::Ok => report::Condition::Ok,
            Verdict::Unseen => report::Condition::Unseen,
            Verdict::Warning => report::Condition::Warning,
            Verdict::Problem => report::Condition::Problem,
        },
        check: finding.check.to_owned(),
        message: finding.message.clone(),
        evidence: finding.evidence.clone(),
        help: finding.help.clone(),
    };
    report::Checkup { findings: findings.iter().map(finding).collect() }
}
