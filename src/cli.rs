//! Knows the words of the command line. Must not know what they do.

mod format;
mod help;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::change::DangerKind;

pub use format::{Format, GraphFormat, RunFormat, ValidationFormat};

/// The heading of the options that say which deployment is meant.
const WHICH: &str = "Which deployment";

/// The heading of the options that write nothing.
const COMPARING: &str = "Instead of writing";

/// The variable that selects a profile where `--profile` does not.
pub const PROFILE_VARIABLE: &str = "CODELAB_PROFILE";

/// The version, with the commit that a release build was made from where Git knew it (build.rs).
const VERSION: &str = env!("CODELAB_GEN_VERSION");

/// Turns a deployment profile into .env, docker-compose.yml and init-postgres.sh.
#[derive(Debug, Parser)]
#[command(
    name = "codelab-gen",
    version = VERSION,
    args_conflicts_with_subcommands = true,
    max_term_width = 100,
    after_help = help::GENERATE
)]
pub struct CommandLine {
    /// What to generate, where no subcommand is given.
    #[command(flatten)]
    pub generate: GenerateArgs,
    /// Anything else.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Generates the outputs, or compares them.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// How results are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: RunFormat,
    /// Which deployment.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Every profile of the project that has an `out` of its own
    #[arg(long, conflicts_with_all = ["profile", "out"], help_heading = WHICH)]
    pub all: bool,
    /// Writes nothing; tells what is not as the profile says, and ends with 1 where something is
    #[arg(long, help_heading = COMPARING)]
    pub check: bool,
    /// Writes nothing; shows all that a run would change, and ends with 1 where something is
    #[arg(long, conflicts_with = "check", help_heading = COMPARING)]
    pub diff: bool,
    /// What writing may do.
    #[command(flatten)]
    pub consent: ConsentArgs,
}

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

/// What writing may do beyond the usual.
#[derive(Debug, Args)]
#[command(next_help_heading = "What writing may do")]
pub struct ConsentArgs {
    /// Replaces files that codelab-gen did not write or that were edited; each one is kept as NAME.orig
    #[arg(long)]
    pub force: bool,
    /// Makes a change that endangers data, of this kind; may be repeated
    #[arg(long, value_enum, value_name = "KIND")]
    pub accept: Vec<Accept>,
    /// Takes well-known and short secrets in staging and production as well
    #[arg(long)]
    pub allow_weak_secrets: bool,
}

/// The kinds of change that endanger data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Accept {
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
            Accept::Engine => Self::Engine,
            Accept::Project => Self::Project,
            Accept::Volume => Self::Volume,
            Accept::Major => Self::Major,
            Accept::Flavour => Self::Flavour,
        }
    }
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Checks profiles, warns of what is unwise, and writes nothing
    #[command(after_help = help::VALIDATE)]
    Validate(ValidateArgs),
    /// Gives secrets new values, and prints the command that applies them
    #[command(after_help = help::ROTATE)]
    Rotate(RotateArgs),
    /// Prints a JSON Schema: that of a profile, for editors, or that of what `--format json` prints
    #[command(after_help = help::SCHEMA)]
    Schema(SchemaArgs),
    /// Writes a first profile with a copy of the schema, and tells how editors use it
    #[command(after_help = help::NEW)]
    New(NewArgs),
    /// Writes a profile of a deployment that is kept by hand: its docker-compose.yml and .env
    #[command(after_help = help::IMPORT)]
    Import(ImportArgs),
    /// Lists the profiles that have a name
    #[command(after_help = help::PROFILES)]
    Profiles(ProfilesArgs),
    /// Tells every value of a deployment with where it comes from: file and line, default, flag
    #[command(after_help = help::EXPLAIN)]
    Explain(ExplainArgs),
    /// Draws a deployment as Mermaid or DOT: services, databases, networks, published ports, volumes, order of start
    #[command(after_help = help::GRAPH)]
    Graph(GraphArgs),
    /// Finds out what is wrong with a deployment and what mends it; reads only
    #[command(after_help = help::DOCTOR)]
    Doctor(DoctorArgs),
    /// Explains a code of a message, with a wrong and a right example
    #[command(after_help = help::CODE)]
    Code(CodeArgs),
    /// Prints what makes a shell complete commands, options, and the names of profiles
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Prints a manual page
    #[command(after_help = help::MAN)]
    Man(ManArgs),
}

/// Checks profiles.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Names, aliases, paths, or `-` for standard input [default: every profile of the project]
    #[arg(value_name = "PROFILE")]
    pub profiles: Vec<String>,
    /// Ends with 3 where something is only warned of
    #[arg(long)]
    pub deny_warnings: bool,
    /// How results are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ValidationFormat,
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
    /// How results are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Which deployment, as for generating; without it the one that the outputs record.
    #[command(flatten)]
    pub target: TargetArgs,
    /// What writing may do.
    #[command(flatten)]
    pub consent: ConsentArgs,
}

/// Writes a first profile.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Its name: the file is `profiles/NAME.yaml`
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The profile that it extends: a name, an alias or a path [default: none, it describes a service itself]
    #[arg(long, value_name = "PROFILE")]
    pub from: Option<String>,
}

/// Writes a profile of a deployment that is kept by hand.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The folder with its docker-compose.yml, or a Compose file of another name [default: the current folder]
    #[arg(value_name = "DIR|FILE")]
    pub folder: Option<PathBuf>,
    /// A Compose file, as `docker compose -f` takes it; may be repeated [default: `COMPOSE_FILE` in .env, else the file that
    /// Compose finds]
    #[arg(short, long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Writes a profile also where no service has a database that it could switch
    #[arg(long)]
    pub anyway: bool,
    /// The name of the profile: the file is `profiles/NAME.yaml`
    #[arg(long, value_name = "NAME", default_value = "imported")]
    pub name: String,
}

/// Prints a schema.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t, value_name = "DOCUMENT")]
    pub document: Document,
}

/// The documents that have a schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// A profile.
    #[default]
    Profile,
    /// What `--format json` prints.
    Report,
}

/// Lists profiles.
#[derive(Debug, Args)]
pub struct ProfilesArgs {
    /// How results are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// Tells values with where they come from.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Only what is at or below this field: `services.auth-service.database` [default: everything]
    #[arg(value_name = "PATH")]
    pub path: Option<String>,
    /// Lists instead what the profile gives to its services beyond the default, the gravest first
    #[arg(long, conflicts_with = "path")]
    pub risks: bool,
    /// How results are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Which deployment, as for generating.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Draws a deployment.
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// The language of the drawing
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: GraphFormat,
    /// Which deployment, as for generating.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Finds out what is wrong.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// How results are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Which deployment, as for generating; without it the one that the outputs record.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Explains a code.
#[derive(Debug, Args)]
pub struct CodeArgs {
    /// The code, such as `wrong-type` of `error[wrong-type]` [default: lists all codes]
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// Prints what a shell reads to complete the command line.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// The shells that complete the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash 4 or later.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
}

/// Prints a manual page.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Of this subcommand [default: of codelab-gen itself]
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}
