//! Knows what is asked of the program where no subcommand is named: to generate, or to compare. Must not know how a run
//! does it.

mod all;
mod committed;
mod consent;
mod git;
mod outside;
mod request;
mod run;
mod secrets;
mod told;

use clap::Args;

use self::all::run_all;
use self::request::{Finished, Told};
use self::run::run;
use super::github::Annotator;
use super::print::{print, print_commands, print_document, print_notes};
use super::target::select;
use super::world::World;
use crate::cli::{RunFormat, TargetArgs, WHICH};
use crate::outcome::{Exit, Failure};
use crate::report::Document;

pub(super) use self::request::{ConsentArgs, Ending, Request, Rotation};
pub(super) use self::run::{drift, note_of_ignores};

/// The heading of the options that write nothing.
const COMPARING: &str = "Instead of writing";

/// What stands below all options, with the exit codes of all commands.
pub(super) const HELP: &str = "\
Examples:
  codelab-gen --profile prod --out deploy  generate the deployment of the profile prod-postgres
  codelab-gen                              generate it again, by the profile that the files record
  codelab-gen --check --all                in CI: fail if a file differs from its profile
  codelab-gen -p prod --diff               show what this profile would change
  codelab-gen -p dev --set services.auth-service.database.engine=postgres
                                           change one field of a profile for this run
  codelab-gen --set postgres.image=postgres:17-bookworm --accept flavour
                                           accept a change that endangers data, after a backup

Exit codes:
  0   done, or nothing to do
  1   --check or --diff found a difference, doctor a problem
  2   wrong usage of the command line
  3   the profile was rejected
  4   refused: a foreign or edited file, secrets that disagree or are weak, data left behind
  5   an outside cause: files, permissions, a required secret is missing
  70  a fault of codelab-gen itself";

/// Generates the outputs, or compares them.
#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// How results are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: RunFormat,
    /// Which deployment.
    #[command(flatten)]
    target: TargetArgs,
    /// Every profile of the project that has an `out` of its own
    #[arg(long, conflicts_with_all = ["profile", "out"], help_heading = WHICH)]
    all: bool,
    /// Writes nothing; reports what differs from the profile, and ends with 1 if anything does
    #[arg(long, help_heading = COMPARING)]
    check: bool,
    /// Writes nothing; shows all that a run would change, and ends with 1 if there is a difference
    #[arg(long, conflicts_with = "check", help_heading = COMPARING)]
    diff: bool,
    /// What writing may do.
    #[command(flatten)]
    consent: ConsentArgs,
}

/// Generates the outputs of one profile or of all, or compares them with what stands.
pub(super) fn generate(args: &GenerateArgs, world: &World) -> Result<Exit, Failure> {
    let ending = match (args.check, args.diff) {
        (true, _) => Ending::Check,
        (false, true) => Ending::Diff,
        (false, false) => Ending::Write,
    };
    if args.format == RunFormat::Github && ending != Ending::Check {
        return Err(Failure::Usage {
            message: "`--format github` annotates what `--check` finds".to_owned(),
            help: "add `--check`, or choose another format".to_owned(),
        });
    }
    let request = Request { target: &args.target, consent: &args.consent, ending, format: args.format, rotate: None };
    if args.all { run_all(&request, world) } else { run_selected(&request, world) }
}

pub(super) fn run_selected(request: &Request<'_>, world: &World) -> Result<Exit, Failure> {
    let selection = select(request.target, request.rotate.is_some(), world)?;
    let Finished { told, notes, exit } = run(request, selection, world)?;
    print_notes(&notes);
    match told {
        Told::Text(text) => print(&text)?,
        Told::Report(report) if request.format == RunFormat::Github => {
            print_commands(&Annotator::new(world).report(&report))?;
        }
        Told::Report(report) => print_document(&Document::Run(report))?,
    }
    Ok(exit)
}
