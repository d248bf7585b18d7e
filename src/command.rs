//! Knows the straight line of each subcommand, and is the only code that prints.
//! Must not know how any of the steps is done.

mod code;
mod completion;
mod doctor;
mod explain;
mod failure;
mod folders;
mod generate;
mod github;
mod graph;
mod import;
mod manual;
mod new;
mod obstacles;
mod owners;
mod profiles;
mod risks;
mod target;
mod validate;

use std::env::VarError;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::{self, Command, CommandLine, RunFormat, ValidationFormat};
use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic, Drawing};
use crate::layers::Layers;
use crate::outcome::{Exit, Failure, Rejection};
use crate::profile::Profile;
use crate::report::Document;
use crate::resolve::resolve;
use crate::secret::NotUnicode;
use crate::source::{Catalogue, Source, Trust};
use crate::spelling::{harmless, path, shell_word, visible_json, without_commands};
use crate::target::Target;
use crate::target::compose::Extras;

/// What a run may know of the world before it reads files.
pub struct World {
    /// The current folder.
    pub current: PathBuf,
    /// Looks up a variable of the environment.
    pub environment: fn(&str) -> Result<Option<String>, NotUnicode>,
    /// Whose folders above the current one are taken.
    pub trust: Trust,
    /// Tells what the user should know beside the result.
    pub note: fn(&str),
}

impl World {
    /// The world as this process finds it.
    ///
    /// # Errors
    /// Where the current folder is gone.
    pub fn of_process() -> io::Result<Self> {
        Ok(Self { current: std::env::current_dir()?, ..Self::nowhere() })
    }

    /// The world of a process whose current folder is gone.
    fn nowhere() -> Self {
        let trust = owners::trust();
        Self { current: PathBuf::new(), environment: |name| environment_variable(name), trust, note: print_note }
    }

    /// Whether messages may be coloured: on a terminal, and nobody said no (<https://no-color.org>).
    fn drawing(&self) -> Drawing {
        let refused = (self.environment)("NO_COLOR").is_ok_and(|value| value.is_some_and(|value| !value.is_empty()));
        if io::stderr().is_terminal() && !refused { Drawing::Coloured } else { Drawing::Plain }
    }
}

/// A variable that is unset is nothing; one that is not Unicode must not pass for one that is unset.
fn environment_variable(name: &str) -> Result<Option<String>, NotUnicode> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(NotUnicode),
    }
}

pub use completion::complete;

/// Does what the command line asks for.
#[must_use]
pub fn run(arguments: &CommandLine) -> ExitCode {
    let format = format(arguments);
    let world = match World::of_process() {
        Ok(world) => world,
        Err(error) => {
            let failure =
                Failure::outside(format!("there is no current folder: {error}"), "change into one that exists");
            return failure::tell(&failure, format, &World::nowhere()).into();
        }
    };
    let result = match &arguments.command {
        None => generate::generate(&arguments.generate, &world),
        Some(Command::Rotate(rotate)) => generate::rotate(rotate, &world),
        Some(Command::Validate(validate)) => validate::validate(validate, &world),
        Some(Command::Profiles(profiles)) => profiles::profiles(profiles, &world),
        Some(Command::Doctor(doctor)) => doctor::doctor(doctor, &world),
        Some(Command::Explain(explain)) => explain::explain(explain, &world),
        Some(Command::Graph(graph)) => graph::graph(graph, &world),
        Some(Command::Schema(schema)) => print_schema(schema.document),
        Some(Command::New(new)) => new::new(new, &world),
        Some(Command::Import(import)) => import::run(import, &world),
        Some(Command::Code(code)) => code::code(code),
        Some(Command::Completions(completions)) => completion::print_script(completions),
        Some(Command::Man(man)) => manual::manual(man),
    };
    result.unwrap_or_else(|failure| failure::tell(&failure, format, &world)).into()
}

/// How the outcome is told, also that of a run that failed.
fn format(arguments: &CommandLine) -> RunFormat {
    match &arguments.command {
        None => arguments.generate.format,
        Some(Command::Validate(validate)) => match validate.format {
            ValidationFormat::Json => RunFormat::Json,
            ValidationFormat::Github => RunFormat::Github,
            ValidationFormat::Human | ValidationFormat::Sarif => RunFormat::Human,
        },
        Some(Command::Rotate(rotate)) => rotate.format.into(),
        Some(Command::Profiles(profiles)) => profiles.format.into(),
        Some(Command::Doctor(doctor)) => doctor.format.into(),
        Some(Command::Explain(explain)) => explain.format.into(),
        Some(
            Command::Graph(_)
            | Command::Schema(_)
            | Command::New(_)
            | Command::Import(_)
            | Command::Code(_)
            | Command::Completions(_)
            | Command::Man(_),
        ) => RunFormat::Human,
    }
}

fn print_schema(document: cli::Document) -> Result<Exit, Failure> {
    print(&match document {
        cli::Document::Profile => crate::schema::schema(),
        cli::Document::Report => crate::report::schema(),
    })?;
    Ok(Exit::Done)
}

/// The catalogue of the project that the current folder lies in.
fn catalogue(world: &World) -> Result<Catalogue, Failure> {
    catalogue_of(&world.current, world)
}

/// The catalogue of the project that a folder lies in.
fn catalogue_of(folder: &Path, world: &World) -> Result<Catalogue, Failure> {
    let catalogue = Catalogue::find(folder, &world.current, &world.trust)?;
    tell_passed_by(&catalogue, world);
    Ok(catalogue)
}

/// That profiles were passed by which may be those that the user expects.
fn tell_passed_by(catalogue: &Catalogue, world: &World) {
    let Some(passed_by) = catalogue.passed_by() else { return };
    let (shown, typed) = (path(passed_by), shell_word(passed_by));
    (world.note)(&harmless(&format!(
        "note: `{shown}` belongs to another user: no profile and no git folder is taken from there\n  = help: if you trust it: \
         `git config --global --add safe.directory {typed}`\n"
    )));
}

/// Writes a result for people to standard output; what a terminal or a runner of workflows would act on is shown.
fn print(text: &str) -> Result<(), Failure> {
    print_raw(&without_commands(&harmless(text)))
}

/// Writes workflow commands, one a line, to standard output; what else a terminal would act on is shown.
fn print_commands(commands: &str) -> Result<(), Failure> {
    print_raw(&harmless(commands))
}

/// Writes a text to standard output as it is: only one of which every word is codelab-gen's own.
fn print_raw(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // whoever reads the output has read enough
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::outside(format!("can't write to standard output: {error}"), "look where it leads")),
        Ok(()) => Ok(()),
    }
}

/// Writes a document for programs to standard output.
fn print_document(document: &Document) -> Result<(), Failure> {
    let fault = |error: serde_json::Error| Failure::Internal { message: error.to_string() };
    print_json(&serde_json::to_string_pretty(document).map_err(fault)?)
}

/// Writes a JSON text to standard output; what a terminal or a runner of workflows would act on is escaped.
fn print_json(json: &str) -> Result<(), Failure> {
    print_raw(&format!("{}\n", visible_json(json.trim_end())))
}

/// Writes a note to standard error; one that can't be written is not worth ending the run for.
fn print_note(text: &str) {
    print_drawn(&harmless(text));
}

/// Writes faults as they were drawn, with colours where it is a terminal, to standard error.
fn print_drawn(text: &str) {
    let mut out = io::stderr().lock();
    let text = if out.is_terminal() { text.to_owned() } else { harmless(text) };
    let _ = out.write_all(without_commands(&text).as_bytes());
}

/// What a profile means, where its target can run that.
fn resolved(profile: &Profile) -> Result<Deployment, Vec<Diagnostic>> {
    let refusals = Target::Compose.refusals(profile);
    match resolve(profile) {
        Ok(deployment) if refusals.is_empty() => Ok(deployment),
        Ok(_) => Err(refusals),
        Err(faults) => Err(faults.into_iter().chain(refusals).collect()),
    }
}

/// What layers mean together.
struct Meaning {
    deployment: Deployment,
    /// What they say for the target alone.
    extras: Extras,
    sources: Vec<Source>,
}

/// What layers mean together, or every fault of theirs.
fn meaning_of(layers: Layers) -> Result<Meaning, Failure> {
    let Layers { sources, profile, mut diagnostics } = layers;
    let unreadable = diagnostics
        .iter()
        .any(|fault| matches!(fault.code, Code::Syntax | Code::DuplicateKey | Code::DocumentSize | Code::NotUtf8));
    let resolved = if unreadable { Err(Vec::new()) } else { resolved(&profile) };
    match resolved {
        Ok(deployment) if diagnostics.is_empty() => Ok(Meaning { deployment, extras: Extras::of(&profile), sources }),
        Ok(_) => Err(Failure::Rejected(Rejection { diagnostics, sources })),
        Err(faults) => {
            // what a base leaves to others can't be missing, and it was selected by mistake
            let is_base = faults.iter().any(|fault| fault.code == Code::NotSelectable);
            let faults = faults
                .into_iter()
                .filter(|fault| !is_base || fault.code == Code::NotSelectable || !fault.code.is_about_absence());
            let complete = diagnostics.iter().all(|fault| fault.code.is_about_absence());
            diagnostics.extend(faults.filter(|fault| complete || !fault.code.is_about_absence()));
            Err(Failure::Rejected(Rejection { diagnostics, sources }))
        }
    }
}
