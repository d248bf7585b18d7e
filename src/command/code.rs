//! Knows how a code is looked up and how its explanation is shown. Must not know what any code means.

use clap::Args;

use super::print::print;
use crate::diagnostic::Code;
use crate::outcome::{Exit, Failure};
use crate::spelling::{nearest, quoted};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen code                                        list all codes
  codelab-gen code port-clash                             explain error[port-clash]";

/// Explains a code of a message, with a wrong and a right example
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct CodeArgs {
    /// The code, such as `wrong-type` of `error[wrong-type]` [default: lists all codes]
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// Explains one code, or lists all of them.
pub(super) fn code(args: &CodeArgs) -> Result<Exit, Failure> {
    print(&match &args.code {
        Some(name) => explained(find(name)?),
        None => listed(),
    })?;
    Ok(Exit::Done)
}

fn find(name: &str) -> Result<Code, Failure> {
    let names = || Code::ALL.iter().map(|code| code.as_str());
    if let Some(code) = Code::ALL.iter().find(|code| code.as_str() == name) {
        return Ok(*code);
    }
    let help = match nearest(name, names().collect::<Vec<_>>()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("use one of {}", names().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ")),
    };
    Err(Failure::Usage { message: format!("no code is named {}", quoted(name)), help })
}

fn listed() -> String {
    let width = Code::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or(0);
    let line = |code: &Code| format!("{:<width$}  {}\n", code.as_str(), title(*code));
    Code::ALL.iter().map(line).collect()
}

/// The meaning as the rest of a line: without its full stop, and lower case, but for a name such as `SQLite`.
fn title(code: Code) -> String {
    let meaning = code.meaning().trim_end_matches('.');
    let first_word = meaning.split(' ').next().unwrap_or_default();
    let is_name = first_word.chars().skip(1).any(char::is_uppercase);
    let mut characters = meaning.chars();
    match characters.next() {
        Some(first) if !is_name => first.to_lowercase().chain(characters).collect(),
        Some(_) | None => meaning.to_owned(),
    }
}

/// The explanation for a terminal: what stands between fences is indented, and a second word behind the opening fence
/// says above it what the block shows.
fn explained(code: Code) -> String {
    let mut text = format!("{code}: {}\n\n", title(code));
    let mut inside = false;
    for line in code.explanation().lines() {
        if let Some(fence) = line.strip_prefix("```") {
            inside = !inside;
            if let Some((_, shows)) = fence.split_once(' ') {
                text.push_str(shows);
                text.push_str(":\n");
            }
        } else {
            text.push_str(if inside && !line.is_empty() { "    " } else { "" });
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}
