//! Knows how secrets get new values: by a run that writes. Must not know how values are made.

use clap::Args;

use super::generate::{ConsentArgs, Ending, Request, Rotation, run_selected};
use super::world::World;
use crate::cli::{Format, RunFormat, TargetArgs};
use crate::outcome::{Exit, Failure};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen rotate POSTGRES_PASSWORD --out deploy       generate a new value
  codelab-gen rotate API_KEY --from-env                   take the new value from the environment";

/// Gives secrets new values, and prints the command that applies them
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct RotateArgs {
    /// The secrets, by their names in .env
    #[arg(required = true, value_name = "SECRET")]
    secrets: Vec<String>,
    /// Takes the new values from the environment instead of making them up
    #[arg(long)]
    from_env: bool,
    /// How results are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
    /// Which deployment, as for generating; without it the one that the outputs record.
    #[command(flatten)]
    target: TargetArgs,
    /// What writing may do.
    #[command(flatten)]
    consent: ConsentArgs,
}

/// Generates with new values for some secrets.
pub(super) fn rotate(args: &RotateArgs, world: &World) -> Result<Exit, Failure> {
    let RotateArgs { secrets, from_env, format, target, consent } = args;
    let rotation = Rotation { secrets, from_environment: *from_env };
    let format = RunFormat::from(*format);
    run_selected(&Request { target, consent, ending: Ending::Write, format, rotate: Some(rotation) }, world)
}
