//! The program: answers a shell that completes, else parses the arguments, runs, and ends with the exit code of the outcome.

use std::process::ExitCode;

use clap::Parser as _;
use codelab_gen::command::CommandLine;
use codelab_gen::spelling::{on_one_line, raw_path, without_commands};

fn main() -> ExitCode {
    if let Some(exit) = codelab_gen::command::complete() {
        return exit;
    }
    codelab_gen::command::run(&CommandLine::try_parse().unwrap_or_else(|error| visible(error).exit()))
}

/// A usage error repeats arguments, and a shell may have put names of files there.
fn visible(error: clap::Error) -> clap::Error {
    let arguments = std::env::args_os().map(|argument| without_commands(&on_one_line(&raw_path(argument))));
    CommandLine::try_parse_from(arguments).err().unwrap_or(error)
}
