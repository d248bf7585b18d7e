//! Knows how a manual page is laid out. Must not know what any command does.

use std::io;

use clap::Args;
use clap_mangen::Man;

use super::print::print_raw;
use crate::outcome::{Exit, Failure};
use crate::spelling::{nearest, quoted};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen man >codelab-gen.1                          write the page of codelab-gen(1)
  codelab-gen man rotate | man -l -                       read the page of a subcommand";

/// Prints a manual page
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ManArgs {
    /// Of this subcommand [default: of codelab-gen itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Prints the page of codelab-gen, or that of a subcommand.
pub(super) fn manual(args: &ManArgs, line: clap::Command) -> Result<Exit, Failure> {
    let mut command = line.disable_help_subcommand(true);
    command.build();
    let command = match &args.command {
        None => command,
        Some(name) => subcommand(&command, name)?,
    };
    let fault = |error: io::Error| Failure::Internal { message: error.to_string() };
    print_raw(&page(command).map_err(fault)?)?;
    Ok(Exit::Done)
}

fn subcommand(command: &clap::Command, name: &str) -> Result<clap::Command, Failure> {
    if let Some(found) = command.find_subcommand(name) {
        return Ok(found.clone());
    }
    let names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
    let help = match nearest(name, names.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("use one of {}", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")),
    };
    Err(Failure::Usage { message: format!("no command is named {}", quoted(name)), help })
}

/// All sections, in the order of man-pages(7); examples line by line as they are, not filled like a paragraph.
fn page(command: clap::Command) -> io::Result<String> {
    let has_subcommands = command.get_subcommands().next().is_some();
    let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let manual = Man::new(command);
    // no date: the same version has the same page whenever it is printed
    let title = format!(".TH {} 1 \"\" \"codelab-gen {}\"\n", name.to_uppercase(), env!("CARGO_PKG_VERSION"));
    let mut text = title.into_bytes();
    manual.render_name_section(&mut text)?;
    manual.render_synopsis_section(&mut text)?;
    manual.render_description_section(&mut text)?;
    manual.render_options_section(&mut text)?;
    if has_subcommands {
        manual.render_subcommands_section(&mut text)?;
    }
    let sections = below.split("\n\n").map(verbatim);
    Ok(String::from_utf8_lossy(&text).into_owned() + &sections.collect::<String>())
}

/// A paragraph of the help whose first line is a heading, as a section that keeps its lines.
fn verbatim(paragraph: &str) -> String {
    let (heading, lines) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
    let heading = heading.trim_end_matches(':').to_uppercase();
    let mut text = format!(".SH {heading:?}\n.nf\n");
    for line in lines.lines() {
        let line = line.strip_prefix("  ").unwrap_or(line);
        // a line that begins with a dot or a quote would be a request
        text.extend(["\\&", &line.replace('\\', "\\e").replace('-', "\\-"), "\n"]);
    }
    text + ".fi\n"
}
