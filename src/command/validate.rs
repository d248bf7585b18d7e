//! Knows how profiles are checked without writing anything. Must not know the rules.

mod sarif;

use clap::{Args, ValueEnum};

use super::failure::rejection::{diagnostics_document, diagnostics_text, rejection_text};
use super::github::Annotator;
use super::print::{print, print_commands, print_document, print_drawn, print_json};
use super::risks::notices;
use super::world::{World, catalogue};
use crate::cli::RunFormat;
use crate::layers::load;
use crate::outcome::{Exit, Failure, Rejection};
use crate::report::{self, Document};
use crate::risk::Risks;
use crate::source::{Catalogue, Source};
use crate::spelling::{on_one_line, raw_path};
use crate::verdict::{Verdict, judge};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen validate                                    check every profile of the project
  codelab-gen validate prod ./elsewhere.yaml              check only these
  codelab-gen validate --deny-warnings --format github    in CI: annotate a pull request
  codelab-gen validate - <profile.yaml                    check standard input";

/// Checks profiles, warns of what is unwise, and writes nothing
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ValidateArgs {
    /// Names, aliases, paths, or `-` for standard input [default: every profile of the project]
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
    /// Ends with 3 also if there are only warnings
    #[arg(long)]
    deny_warnings: bool,
    /// How results are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ValidationFormat,
}

impl ValidateArgs {
    /// How a run that fails is told.
    pub(super) fn run_format(&self) -> RunFormat {
        match self.format {
            ValidationFormat::Json => RunFormat::Json,
            ValidationFormat::Github => RunFormat::Github,
            ValidationFormat::Human | ValidationFormat::Sarif => RunFormat::Human,
        }
    }
}

/// How faults of profiles are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum ValidationFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON document on standard output.
    Json,
    /// Workflow commands of GitHub Actions, which annotate a pull request.
    Github,
    /// SARIF 2.1.0, which code scanners and editors read.
    Sarif,
}

/// Checks the named profiles, or all of the project.
pub(super) fn validate(args: &ValidateArgs, world: &World) -> Result<Exit, Failure> {
    let catalogue = catalogue(world)?;
    let mut verdicts = Vec::new();
    for selected in sources(args, &catalogue)? {
        verdicts.push(match selected {
            Ok(source) => judge(source, &catalogue)?,
            Err((name, found)) => Verdict { name, found, risks: Risks::default() },
        });
    }
    let documents = || verdicts.iter().map(verdict_document).collect::<Vec<_>>();
    match args.format {
        ValidationFormat::Human => tell(&verdicts, world)?,
        ValidationFormat::Json => {
            print_document(&Document::Validation(report::Validation { profiles: documents() }))?;
        }
        ValidationFormat::Github => print_commands(&Annotator::new(world).verdicts(&documents()))?,
        ValidationFormat::Sarif => print_json(&sarif::log(&documents()))?,
    }
    let all_valid = verdicts.iter().all(Verdict::is_valid);
    let denied = args.deny_warnings && verdicts.iter().any(|verdict| !verdict.found.diagnostics.is_empty());
    Ok(if all_valid && !denied { Exit::Done } else { Exit::Rejected })
}

type Selected = Result<Source, (String, Rejection)>;

fn sources(args: &ValidateArgs, catalogue: &Catalogue) -> Result<Vec<Selected>, Failure> {
    let mut names = args.profiles.clone();
    if names.is_empty() {
        let entries = catalogue.entries();
        names = match catalogue.folder() {
            Some(_) => entries.iter().filter_map(|entry| entry.path.as_deref().map(raw_path)).collect(),
            None => entries.iter().map(|entry| format!("{}{}", crate::source::BUILTIN_PREFIX, entry.name)).collect(),
        };
    }
    let mut selected = Vec::new();
    for name in names {
        selected.push(match load(&name, "", catalogue).map_err(Failure::from) {
            Ok(source) => Ok(source),
            Err(Failure::Rejected(rejection)) => Err((name, rejection)),
            Err(failure) => return Err(failure),
        });
    }
    Ok(selected)
}

fn tell(verdicts: &[Verdict], world: &World) -> Result<(), Failure> {
    for verdict in verdicts {
        let found = &verdict.found;
        let name = on_one_line(&verdict.name);
        match found.diagnostics.len() {
            _ if !verdict.is_valid() => {
                print(&format!("rejected  {name}\n"))?;
                print_drawn(&rejection_text(found, world.drawing()));
                continue;
            }
            0 => print(&format!("valid     {name}\n"))?,
            1 => print(&format!("valid     {name}, with a warning\n"))?,
            count => print(&format!("valid     {name}, with {count} warnings\n"))?,
        }
        print_drawn(&diagnostics_text(found, world.drawing()));
    }
    Ok(())
}

fn verdict_document(verdict: &Verdict) -> report::Verdict {
    report::Verdict {
        name: verdict.name.clone(),
        valid: verdict.is_valid(),
        diagnostics: diagnostics_document(&verdict.found)
            .into_iter()
            .chain(notices(&verdict.risks, &verdict.found.sources))
            .collect(),
    }
}
