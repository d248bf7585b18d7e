//! Knows the straight line of `doctor`, and how findings are told. Must not know what is looked at, nor how.

use clap::Args;

use super::generate::drift;
use super::print::{print, print_document};
use super::target::{Target, first_line, select};
use super::world::World;
use crate::cli::{Format, TargetArgs};
use crate::doctor::{Subject, findings};
use crate::outcome::{Exit, Failure};
use crate::report::{Checkup, Condition, Document, Finding};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen doctor                                      check the deployment in this folder
  codelab-gen doctor --out deploy --format json           check another one, for programs";

/// Finds out what is wrong with a deployment and what fixes it; reads only
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct DoctorArgs {
    /// How results are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
    /// Which deployment, as for generating; without it the one that the outputs record.
    #[command(flatten)]
    target: TargetArgs,
}

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
        drift: &drift(&target, &existing)?,
        args: &args.target,
        made_with: &made_with,
        current: &world.current,
        environment: world.environment,
    });
    let is_problem = findings.iter().any(|finding| finding.verdict == Condition::Problem);
    match args.format {
        Format::Human => print(&text(&findings))?,
        Format::Json => print_document(&Document::Checkup(Checkup { findings }))?,
    }
    Ok(if is_problem { Exit::Different } else { Exit::Done })
}

/// All findings for people, the worst last, where the eye is.
fn text(findings: &[Finding]) -> String {
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.verdict);
    let mut lines = Vec::new();
    for Finding { verdict, check, message, evidence, help } in sorted {
        let check = if *verdict == Condition::Ok { String::new() } else { format!("[{check}] ") };
        lines.push(format!("{:<9} {check}{message}\n", verdict.as_str()));
        lines.extend(evidence.iter().map(|line| format!("            | {line}\n")));
        lines.extend(help.iter().map(|help| format!("  = help: {help}\n")));
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let problems = plural(count(Condition::Problem), "problem");
    let warnings = plural(count(Condition::Warning), "warning");
    lines.push(format!("{problems}, {warnings}, {} not to be seen\n", count(Condition::Unseen)));
    lines.concat()
}
