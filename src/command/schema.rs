//! Knows which schemas are printed. Must not know what is in them.

use clap::{Args, ValueEnum};

use super::print::print;
use crate::outcome::{Exit, Failure};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen schema >schema/profile.schema.json          of a profile, for editors
  codelab-gen schema report                               of the output of --format json";

/// Prints a JSON Schema: that of a profile, for editors, or that of what `--format json` prints
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t, value_name = "DOCUMENT")]
    document: Document,
}

/// The documents that have a schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Document {
    /// A profile.
    #[default]
    Profile,
    /// What `--format json` prints.
    Report,
}

/// Prints the schema of one kind of document.
pub(super) fn schema(args: &SchemaArgs) -> Result<Exit, Failure> {
    print(&match args.document {
        Document::Profile => crate::schema::schema(),
        Document::Report => crate::report::schema(),
    })?;
    Ok(Exit::Done)
}
