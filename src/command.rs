//! Knows the straight line of each subcommand, and is the only code that prints.
//! Must not know how any of the steps is done.

mod generate;
mod profiles;
mod report;
mod validate;

use std::env::VarError;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::{Command, CommandLine, Format};
use crate::deployment::Deployment;
use crate::diagnostic::{Code, Drawing};
use crate::layers::Layers;
use crate::outcome::{Failure, Rejection};
use crate::resolve::resolve;
use crate::secret::NotUnicode;
use crate::source::Catalogue;

/// What a run may know of the world before it reads files.
pub struct World {
    /// The current folder.
    pub current: PathBuf,
    /// Looks up a variable of the environment.
    pub environment: fn(&str) -> Result<Option<String>, NotUnicode>,
}

impl World {
    /// The world as this process finds it.
    ///
    /// # Errors
    /// Where the current folder is gone.
    pub fn of_process() -> io::Result<Self> {
        Ok(Self { current: std::env::current_dir()?, environment: |name| environment_variable(name) })
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

/// Does what the command line asks for.
#[must_use]
pub fn run(arguments: &CommandLine) -> ExitCode {
    let format = match &arguments.command {
        None => arguments.generate.format,
        Some(Command::Validate(validate)) => validate.format,
        Some(Command::Rotate(rotate)) => rotate.generate.format,
        Some(Command::Profiles(profiles)) => profiles.format,
        Some(Command::Schema) => Format::Human,
    };
    let world = match World::of_process() {
        Ok(world) => world,
        Err(error) => {
            let failure =
                Failure::outside(format!("there is no current folder: {error}"), "change into one that exists");
            return report::failure(&failure, format, Drawing::Plain);
        }
    };
    let result = match &arguments.command {
        None => generate::generate(&arguments.generate, None, &world),
        Some(Command::Rotate(rotate)) => generate::generate(&rotate.generate, Some(rotate), &world),
        Some(Command::Validate(validate)) => validate::validate(validate, &world),
        Some(Command::Profiles(profiles)) => profiles::profiles(profiles, &world),
        Some(Command::Schema) => print(&crate::schema::schema()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report::failure(&failure, format, world.drawing()),
    }
}

/// The catalogue of the project that the current folder lies in.
fn catalogue(world: &World) -> Result<Catalogue, Failure> {
    Ok(Catalogue::find(&world.current, &world.current)?)
}

/// Writes a result to standard output.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // whoever reads the output has read enough
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::outside(format!("can't write to standard output: {error}"), "look where it leads")),
        Ok(()) => Ok(()),
    }
}

/// Writes a note to standard error; one that can't be written is not worth ending the run for.
fn print_note(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// The deployment that layers mean together, or every fault of theirs.
fn deployment_of(layers: Layers) -> Result<(Deployment, Vec<crate::source::Source>), Failure> {
    let Layers { sources, profile, mut diagnostics } = layers;
    let unreadable = diagnostics
        .iter()
        .any(|fault| matches!(fault.code, Code::Syntax | Code::DuplicateKey | Code::DocumentSize | Code::NotUtf8));
    let resolved = if unreadable { Err(Vec::new()) } else { resolve(&profile) };
    match resolved {
        Ok(deployment) if diagnostics.is_empty() => Ok((deployment, sources)),
        Ok(_) => Err(Failure::Rejected(Rejection { diagnostics, sources })),
        Err(faults) => {
            let complete = diagnostics.iter().all(|fault| fault.code.is_about_absence());
            diagnostics.extend(faults.into_iter().filter(|fault| complete || !fault.code.is_about_absence()));
            Err(Failure::Rejected(Rejection { diagnostics, sources }))
        }
    }
}
