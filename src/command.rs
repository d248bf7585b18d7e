//! Knows the subcommands, each of which stands in a file of its own: its arguments, its help, its straight line, and how
//! its result is told. Must not know how any of the steps is done.

mod code;
mod completion;
mod doctor;
mod explain;
mod failure;
mod generate;
mod github;
mod graph;
mod import;
mod lsp;
mod manual;
mod migrate;
mod new;
mod obstacles;
mod owners;
mod print;
mod profiles;
mod risks;
mod rotate;
mod schema;
mod target;
mod upgrade;
mod validate;
mod world;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use self::generate::GenerateArgs;
use self::world::World;
use crate::cli::RunFormat;
use crate::outcome::Failure;

/// The version, with the commit that a release build was made from where Git knew it (build.rs).
const VERSION: &str = env!("CODELAB_GEN_VERSION");

/// Turns a deployment profile into .env, docker-compose.yml and init-postgres.sh.
#[derive(Debug, Parser)]
#[command(
    name = "codelab-gen",
    version = VERSION,
    args_conflicts_with_subcommands = true,
    max_term_width = 100,
    after_help = generate::HELP
)]
pub struct CommandLine {
    /// What to generate, where no subcommand is given.
    #[command(flatten)]
    generate: GenerateArgs,
    /// Anything else.
    #[command(subcommand)]
    command: Option<Command>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
enum Command {
    Validate(validate::ValidateArgs),
    Rotate(rotate::RotateArgs),
    Schema(schema::SchemaArgs),
    New(new::NewArgs),
    Import(import::ImportArgs),
    Profiles(profiles::ProfilesArgs),
    Explain(explain::ExplainArgs),
    Graph(graph::GraphArgs),
    Doctor(doctor::DoctorArgs),
    Upgrade(upgrade::UpgradeArgs),
    Migrate(migrate::MigrateArgs),
    Code(code::CodeArgs),
    Lsp(lsp::LspArgs),
    Completions(completion::CompletionsArgs),
    Man(manual::ManArgs),
}

/// Answers a shell that completes a command line, and nothing in every other run.
#[must_use]
pub fn complete() -> Option<ExitCode> {
    completion::complete(CommandLine::command)
}

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
        Some(Command::Rotate(rotate)) => rotate::rotate(rotate, &world),
        Some(Command::Validate(validate)) => validate::validate(validate, &world),
        Some(Command::Profiles(profiles)) => profiles::profiles(profiles, &world),
        Some(Command::Doctor(doctor)) => doctor::doctor(doctor, &world),
        Some(Command::Upgrade(upgrade)) => upgrade::upgrade(upgrade, &world),
        Some(Command::Migrate(migrate)) => migrate::migrate(migrate, &world),
        Some(Command::Explain(explain)) => explain::explain(explain, &world),
        Some(Command::Graph(graph)) => graph::graph(graph, &world),
        Some(Command::Schema(schema)) => schema::schema(schema),
        Some(Command::New(new)) => new::new(new, &world),
        Some(Command::Import(import)) => import::run(import, &world),
        Some(Command::Code(code)) => code::code(code),
        Some(Command::Lsp(lsp)) => lsp::lsp(lsp, &world),
        Some(Command::Completions(completions)) => completion::print_script(completions),
        Some(Command::Man(man)) => manual::manual(man, CommandLine::command()),
    };
    result.unwrap_or_else(|failure| failure::tell(&failure, format, &world)).into()
}

/// How the outcome is told, also that of a run that failed.
fn format(arguments: &CommandLine) -> RunFormat {
    match &arguments.command {
        None => arguments.generate.format,
        Some(Command::Validate(validate)) => validate.run_format(),
        Some(Command::Rotate(rotate)) => rotate.format.into(),
        Some(Command::Profiles(profiles)) => profiles.format.into(),
        Some(Command::Doctor(doctor)) => doctor.format.into(),
        Some(Command::Explain(explain)) => explain.format.into(),
        Some(
            Command::Graph(_)
            | Command::Schema(_)
            | Command::New(_)
            | Command::Import(_)
            | Command::Upgrade(_)
            | Command::Migrate(_)
            | Command::Code(_)
            | Command::Lsp(_)
            | Command::Completions(_)
            | Command::Man(_),
        ) => RunFormat::Human,
    }
}
