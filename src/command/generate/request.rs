//! Knows what a run is asked for, and what there is to tell of it. Must not know how it is done.

use clap::{Args, ValueEnum};

use super::git;
use super::outside::Filled;
use crate::change::{ChangeSet, Existing};
use crate::cli::{RunFormat, TargetArgs};
use crate::outcome::Exit;
use crate::report::Report;
use crate::secret::Secrets;
use crate::target::DangerKind;
use crate::value::EnvironmentKey;

/// What writing may do beyond the usual.
#[derive(Debug, Args)]
#[command(next_help_heading = "What writing may do")]
pub(in crate::command) struct ConsentArgs {
    /// Replaces files that codelab-gen did not write or that were edited; each one is kept as NAME.orig
    #[arg(long)]
    pub(super) force: bool,
    /// Makes a change that endangers data, of this kind; may be repeated
    #[arg(long, value_enum, value_name = "KIND")]
    pub(super) accept: Vec<Accept>,
    /// Takes well-known and short secrets in staging and production as well
    #[arg(long)]
    pub(super) allow_weak_secrets: bool,
}

/// The kinds of change that endanger data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Accept {
    /// Another target, which starts without the data.
    Target,
    /// Another engine, by another profile, in staging or production.
    Engine,
    /// Another name of the Compose project.
    Project,
    /// Another volume or folder with data.
    Volume,
    /// Another major version of PostgreSQL on the same data.
    Major,
    /// An image of another system, which sorts texts differently.
    Flavour,
}

impl From<Accept> for DangerKind {
    fn from(accept: Accept) -> Self {
        match accept {
            Accept::Target => Self::Target,
            Accept::Engine => Self::Engine,
            Accept::Project => Self::Project,
            Accept::Volume => Self::Volume,
            Accept::Major => Self::Major,
            Accept::Flavour => Self::Flavour,
        }
    }
}

/// What becomes of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::command) enum Ending {
    /// It is written.
    Write,
    /// It is told as far as it is drift.
    Check,
    /// It is told whole.
    Diff,
}

/// What is asked for, whatever the subcommand.
pub(in crate::command) struct Request<'r> {
    pub(in crate::command) target: &'r TargetArgs,
    pub(in crate::command) consent: &'r ConsentArgs,
    pub(in crate::command) ending: Ending,
    pub(in crate::command) format: RunFormat,
    pub(in crate::command) rotate: Option<Rotation<'r>>,
}

/// One run that did what was asked, ready to be told.
pub(super) struct Finished {
    pub(super) told: Told,
    pub(super) notes: Vec<String>,
    pub(super) exit: Exit,
}

/// What a run prints.
pub(super) enum Told {
    /// For people.
    Text(String),
    /// For programs.
    Report(Box<Report>),
}

/// The secrets that are to get new values.
#[derive(Clone, Copy)]
pub(in crate::command) struct Rotation<'r> {
    pub(in crate::command) secrets: &'r [String],
    /// Whether the new values are in the environment.
    pub(in crate::command) from_environment: bool,
}

/// What a run found and did.
pub(super) struct Outcome {
    pub(super) existing: Existing,
    pub(super) changes: ChangeSet,
    pub(super) secrets: Secrets,
    pub(super) rotated: Vec<EnvironmentKey>,
    pub(super) edited: Vec<EnvironmentKey>,
    /// Keys that are no secrets and are set in the environment, where Compose would take them.
    pub(super) exported: Vec<String>,
    /// Variables that were filled, with what filled them.
    pub(super) filled: Vec<Filled>,
    pub(super) git: git::Answers,
}
