//! Knows what a run may know of the world before it reads files. Must not know what the run does.

use std::env::VarError;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use super::owners;
use super::print::print_note;
use crate::diagnostic::Drawing;
use crate::outcome::Failure;
use crate::secret::NotUnicode;
use crate::source::{Catalogue, Trust};
use crate::spelling::{harmless, path, shell_word};

/// What a run may know of the world before it reads files.
pub(super) struct World {
    /// The current folder.
    pub(super) current: PathBuf,
    /// Looks up a variable of the environment.
    pub(super) environment: fn(&str) -> Result<Option<String>, NotUnicode>,
    /// Whose folders above the current one are taken.
    pub(super) trust: Trust,
    /// Tells what the user should know beside the result.
    pub(super) note: fn(&str),
}

impl World {
    /// The world as this process finds it.
    ///
    /// # Errors
    /// Where the current folder is gone.
    pub(super) fn of_process() -> io::Result<Self> {
        Ok(Self { current: std::env::current_dir()?, ..Self::nowhere() })
    }

    /// The world of a process whose current folder is gone.
    pub(super) fn nowhere() -> Self {
        let trust = owners::trust();
        Self { current: PathBuf::new(), environment: |name| environment_variable(name), trust, note: print_note }
    }

    /// Whether messages may be coloured: on a terminal, and nobody said no (<https://no-color.org>).
    pub(super) fn drawing(&self) -> Drawing {
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

/// The catalogue of the project that the current folder lies in.
pub(super) fn catalogue(world: &World) -> Result<Catalogue, Failure> {
    catalogue_of(&world.current, world)
}

/// The catalogue of the project that a folder lies in.
pub(super) fn catalogue_of(folder: &Path, world: &World) -> Result<Catalogue, Failure> {
    let catalogue = Catalogue::find(folder, &world.current, &world.trust)?;
    tell_passed_by(&catalogue, world);
    Ok(catalogue)
}

/// That profiles were passed by which may be those that the user expects.
pub(super) fn tell_passed_by(catalogue: &Catalogue, world: &World) {
    let Some(passed_by) = catalogue.passed_by() else { return };
    let (shown, typed) = (path(passed_by), shell_word(passed_by));
    (world.note)(&harmless(&format!(
        "note: `{shown}` belongs to another user: no profile and no git folder is taken from there\n  = help: if you trust it: \
         `git config --global --add safe.directory {typed}`\n"
    )));
}
