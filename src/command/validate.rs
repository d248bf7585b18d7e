//! Knows how profiles are checked without writing anything. Must not know the rules.

mod sarif;
mod schema_copy;

use clap::{Args, ValueEnum};

use super::failure::rejection::{diagnostics_document, diagnostics_text, rejection_text};
use super::github::Annotator;
use super::print::{print, print_commands, print_document, print_drawn, print_json};
use super::risks::{self, Grounds};
use super::target::{Meaning, meaning_of};
use super::world::{World, catalogue};
use crate::cli::RunFormat;
use crate::deployment::Deployment;
use crate::diagnostic::{Diagnostic, Severity};
use crate::layers::{gather, load};
use crate::lint::{hidden_characters, lint, unexpanded};
use crate::outcome::{Exit, Failure, Rejection};
use crate::placement::Placement;
use crate::report::{self, Document};
use crate::secret::Values;
use crate::source::{Catalogue, Source};
use crate::spelling::{on_one_line, raw_path};
use crate::target::compose::Extras;
use crate::target::{Found, Inputs};

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
    /// Ends with 3 where something is only warned of
    #[arg(long)]
    deny_warnings: bool,
    /// How results are told
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

/// One profile with what was found.
struct Verdict {
    name: String,
    /// Faults where there are some, else warnings.
    found: Rejection,
    /// What the profile gives beyond the default; it changes no verdict.
    notices: Vec<report::Diagnostic>,
}

impl Verdict {
    fn is_valid(&self) -> bool {
        self.found.diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error)
    }
}

/// Checks the named profiles, or all of the project.
pub(super) fn validate(args: &ValidateArgs, world: &World) -> Result<Exit, Failure> {
    let catalogue = catalogue(world)?;
    let mut verdicts = Vec::new();
    for selected in sources(args, &catalogue)? {
        verdicts.push(match selected {
            Ok(source) => judge(source, &catalogue)?,
            Err((name, found)) => Verdict { name, found, notices: Vec::new() },
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

/// A base is judged by itself as far as it goes: what it leaves to others can't be missing.
fn judge(source: Source, catalogue: &Catalogue) -> Result<Verdict, Failure> {
    let name = source.name.clone();
    let stale_schema = schema_copy::check(&source, catalogue);
    let project = catalogue.project_of(&source);
    let layers = gather(source, Vec::new(), catalogue)?;
    let grounds = Grounds::of_profile(&layers.profile, catalogue.root(), &project);
    let notices = risks::notices(&risks::found(&layers.profile, &grounds), &layers.sources);
    let is_base = !layers.profile.stage.is_given();
    if is_base {
        let (mut diagnostics, sources) = (layers.diagnostics, layers.sources);
        if diagnostics.is_empty() {
            diagnostics.extend(hidden_characters(&sources));
            diagnostics.extend(stale_schema);
        }
        let found = Rejection { diagnostics, sources };
        return Ok(Verdict { name, found, notices });
    }
    let unexpanded = unexpanded(&layers.profile);
    match meaning_of(layers) {
        Ok(Meaning { deployment, extras, sources }) => {
            let mut diagnostics = warnings(&deployment, &extras)?;
            diagnostics.extend(unexpanded);
            diagnostics.extend(hidden_characters(&sources));
            diagnostics.extend(stale_schema);
            Ok(Verdict { name, found: Rejection { diagnostics, sources }, notices })
        }
        Err(Failure::Rejected(found)) => Ok(Verdict { name, found, notices: Vec::new() }),
        Err(failure) => Err(failure),
    }
}

/// What is unwise about a deployment, and about the file that it becomes.
fn warnings(deployment: &Deployment, extras: &Extras) -> Result<Vec<Diagnostic>, Failure> {
    let placement = Placement { profile: String::new(), root: ".".to_owned(), settings: Vec::new() };
    let kept = indexmap::IndexMap::new();
    let inputs = Inputs { values: Values::Withheld { kept: &kept }, placement: &placement, found: &Found::default() };
    let target = deployment.target;
    let files =
        target.render(deployment, extras, &inputs).map_err(|fault| Failure::Internal { message: fault.to_string() })?;
    let of_target = target.warnings(deployment, extras, &files);
    Ok(lint(deployment).into_iter().chain(of_target).collect())
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
        diagnostics: diagnostics_document(&verdict.found).into_iter().chain(verdict.notices.clone()).collect(),
    }
}
