//! Knows the straight line of `migrate`: which deployment's rows are moved. Must not know how that is done.

use clap::{Args, ValueEnum};

use super::print::print_note;
use super::target::{Target, first_line, select};
use super::world::World;
use crate::cli::TargetArgs;
use crate::migrate::{Order, become_it};
use crate::outcome::{Exit, Failure};
use crate::render::{Seal, examine};
use crate::spelling;
use crate::target::compose;
use crate::value::Engine;

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen migrate api --to postgres            behind a switch of the engine, before a start
  codelab-gen migrate api --to sqlite --replace    before the switch";

/// Copies all rows of a service into its other database, where the service itself makes the tables, and compares both
///
/// The profile must describe both engines. Where jobs that end by themselves share its database, they make their tables
/// before it, as they do at each start. Both ways it is run while the generated files say PostgreSQL: to PostgreSQL, switch
/// the engine, run this, and it starts the service; to SQLite, run this, and it leaves the service stopped, then switch the
/// engine, and start it. The service is stopped meanwhile. The rows go into a new database or file, which gets its name
/// when all is there: so the source is never changed, and if this fails or is killed, it can be run again.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct MigrateArgs {
    /// The service whose rows are moved, or SERVICE/NAME: those of one of its `databases`
    #[arg(value_name = "SERVICE")]
    service: String,
    /// The engine that they come to
    #[arg(long, value_enum, value_name = "ENGINE")]
    to: To,
    /// The target may hold rows; they stay as the database `NAME_before_TIME` or the file `NAME.before-TIME`
    #[arg(long)]
    replace: bool,
    /// Which deployment, as for generating; without it the one that the outputs record.
    #[command(flatten)]
    target: TargetArgs,
}

/// An engine, as the option has it.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum To {
    /// PostgreSQL
    Postgres,
    /// SQLite
    Sqlite,
}

/// Becomes the program that does it.
pub(super) fn migrate(args: &MigrateArgs, world: &World) -> Result<Exit, Failure> {
    let selection = select(&args.target, true, world)?;
    print_note(&first_line(&selection));
    let target = Target::resolve(selection, &args.target, world)?;
    if !target.deployment.target.runs_here() {
        return Err(Failure::Usage {
            message: format!("`migrate` moves rows on Docker Compose, and this is for {}", title(&target)),
            help: "move them there: generate the same profile for Docker Compose, restore a backup into it, move the rows, \
                   back it up, and restore that here"
                .to_owned(),
        });
    }
    let existing = target.existing(target.opened()?.as_ref())?;
    let folder = spelling::path(&target.folder);
    let Some(names) = existing.get(&compose::DATABASES).filter(|_| existing.get(&compose::FILE).is_some()) else {
        return Err(Failure::outside(
            format!("no deployment of codelab-gen with a database stands in `{folder}`"),
            "generate it, or name its folder with `--out`",
        ));
    };
    if examine(&names.text, &compose::DATABASES).is_none_or(|mark| mark.seal == Seal::Broken) {
        return Err(Failure::outside(
            format!("`{}` in `{folder}` was edited, or is not codelab-gen's", compose::DATABASES.path()),
            "`codelab-gen --diff` shows it; bring it in line first",
        ));
    }
    let to = match args.to {
        To::Postgres => Engine::Postgres,
        To::Sqlite => Engine::Sqlite,
    };
    let error = become_it(&Order { service: &args.service, to, may_replace: args.replace, folder: &target.folder });
    Err(Failure::outside(
        format!("the program can't be started: {error}"),
        "bash and a folder for temporary files are needed",
    ))
}

fn title(target: &Target) -> &'static str {
    target.deployment.target.title()
}
