//! Knows how an editor starts the language server. Must not know what is spoken.

use clap::Args;

use super::world::World;
use crate::lsp::serve;
use crate::outcome::{Exit, Failure};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen lsp            what an editor starts: docs/editors.md says how
  codelab-gen lsp --stdio    the same, as some editors call every server";

/// Lets an editor know what the program knows: a language server at standard input and output
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct LspArgs {
    /// Taken and left out: many editors add it
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Speaks with an editor until it goes.
pub(super) fn lsp(args: &LspArgs, world: &World) -> Result<Exit, Failure> {
    let LspArgs { stdio: _ } = args;
    match serve(world.trust) {
        Ok(()) => Ok(Exit::Done),
        Err(unspoken) => Err(Failure::outside(
            format!("the language server ended: {unspoken}"),
            "start it from an editor, as docs/editors.md says",
        )),
    }
}
