//! Knows the words of the command line. Must not know what they do.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The variable that selects a profile where `--profile` does not.
pub const PROFILE_VARIABLE: &str = "CODELAB_PROFILE";

/// Turns a deployment profile into .env, docker-compose.yml and init-postgres.sh.
#[derive(Debug, Parser)]
#[command(
    name = "codelab-gen",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  \
        codelab-gen --profile prod --out deploy     write the outputs of the profile prod-postgres\n  \
        codelab-gen                                 write them again, from the profile that they record\n  \
        codelab-gen -p dev --set services.auth-service.database.engine=postgres\n  \
        codelab-gen validate                        check every profile of the project\n  \
        codelab-gen rotate POSTGRES_PASSWORD        give a secret a new value\n\n\
        Exit codes: 0 done, 2 wrong usage, 3 profile rejected, 4 refused (a file that is not ours\n  \
        or was edited, secrets that disagree or are weak), 5 outside world (files, permissions,\n  \
        a required secret is missing), 70 a fault of codelab-gen"
)]
pub struct CommandLine {
    /// What to generate, where no subcommand is given.
    #[command(flatten)]
    pub generate: GenerateArgs,
    /// Anything else.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Generates the outputs.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// The profile: a name, an alias, a path, or `-` for standard input [default: $CODELAB_PROFILE, else the profile
    /// that the outputs record, else dev-sqlite]
    #[arg(short, long, value_name = "NAME|PATH|-")]
    pub profile: Option<String>,
    /// The folder for the outputs [default: `out` of the profile, else the project's root]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Sets one field, typed and checked like the file: `services.auth-service.port=8004`; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub settings: Vec<String>,
    /// Takes well-known and short secrets in staging and production as well
    #[arg(long)]
    pub allow_weak_secrets: bool,
    /// How results are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Checks profiles and writes nothing
    Validate(ValidateArgs),
    /// Gives secrets new values, and prints the command that applies them
    Rotate(RotateArgs),
    /// Prints the JSON Schema of a profile, for editors
    Schema,
    /// Lists the profiles that have a name
    Profiles(ProfilesArgs),
}

/// Checks profiles.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Names, aliases, paths, or `-` for standard input [default: every profile of the project]
    #[arg(value_name = "PROFILE")]
    pub profiles: Vec<String>,
    /// How results are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// Gives secrets new values.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The secrets, by their names in .env
    #[arg(required = true, value_name = "SECRET")]
    pub secrets: Vec<String>,
    /// Takes the new values from the environment instead of making them up
    #[arg(long)]
    pub from_env: bool,
    /// Which deployment, as for generating; without it the one that the outputs record
    #[command(flatten)]
    pub generate: GenerateArgs,
}

/// Lists profiles.
#[derive(Debug, Args)]
pub struct ProfilesArgs {
    /// How results are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// How results are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON document on standard output.
    Json,
}
