//! Knows the words of the command line that several subcommands share. Must not know what they do.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The heading of the options that say which deployment is meant.
pub(crate) const WHICH: &str = "Which deployment";

/// The variable that selects a profile where `--profile` does not.
pub const PROFILE_VARIABLE: &str = "CODELAB_PROFILE";

/// Which deployment.
#[derive(Debug, Args)]
#[command(next_help_heading = WHICH)]
pub struct TargetArgs {
    /// The profile: a name, an alias, a path, or `-` for standard input [default: $CODELAB_PROFILE, else the profile
    /// that the outputs record, else the only one of the project, else dev-sqlite]
    #[arg(short, long, value_name = "NAME|PATH|-")]
    pub profile: Option<String>,
    /// The folder for the outputs [default: `out` of the profile, else the project's root]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Sets one field, typed and checked like the file: `services.auth-service.port=8004`; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub settings: Vec<String>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON document on standard output.
    Json,
}

/// How a run is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON document on standard output.
    Json,
    /// Workflow commands of GitHub Actions, which annotate a pull request; with --check.
    Github,
}

impl From<Format> for RunFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Human => Self::Human,
            Format::Json => Self::Json,
        }
    }
}
