//! Knows the straight line from a profile to its drawing. Must not know what is drawn, nor how.

use super::target::{first_line, layers, select, unrepeated_settings};
use super::{World, meaning_of, print, print_note};
use crate::cli::{GraphArgs, GraphFormat};
use crate::graph::Graph;
use crate::outcome::{Exit, Failure};

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
