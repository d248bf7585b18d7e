//! Knows the straight line from a profile to its drawing. Must not know what is drawn, nor how.

use clap::{Args, ValueEnum};

use super::print::{print, print_note};
use super::target::{first_line, layers, select, unrepeated_settings};
use super::world::World;
use crate::cli::TargetArgs;
use crate::graph::Graph;
use crate::outcome::{Exit, Failure};
use crate::verdict::meaning_of;

/// What stands below its options.
const HELP: &str = "\
Containers with the same networks are in one box. A solid arrow leads to what a service uses, a
dotted one to what it waits for. Not drawn: mounts of generated files, variables, secrets, and raw
`compose:` keys except networks.

Examples:
  codelab-gen graph -p prod                               Mermaid, for a fenced block in Markdown
  codelab-gen graph --format dot | dot -Tsvg -O           an image, by Graphviz";

/// Draws a deployment as Mermaid or DOT: services, databases, networks, published ports, volumes, order of start
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct GraphArgs {
    /// The language of the drawing
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: GraphFormat,
    /// Which deployment, as for generating.
    #[command(flatten)]
    target: TargetArgs,
}

/// The languages that a deployment is drawn in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    /// A flowchart of Mermaid, which GitHub and GitLab draw in Markdown.
    #[default]
    Mermaid,
    /// A graph for Graphviz.
    Dot,
}

/// Prints the drawing alone to standard output, for the program that draws it.
pub(super) fn graph(args: &GraphArgs, world: &World) -> Result<Exit, Failure> {
    let selection = select(&args.target, false, world)?;
    print_note(&first_line(&selection));
    if let Some(note) = unrepeated_settings(&selection, &args.target) {
        print_note(&note);
    }
    let meaning = meaning_of(layers(selection, &args.target)?)?;
    let graph = Graph::of(&meaning.deployment, &meaning.extras);
    print(&match args.format {
        GraphFormat::Mermaid => graph.mermaid(),
        GraphFormat::Dot => graph.dot(),
    })?;
    Ok(Exit::Done)
}
