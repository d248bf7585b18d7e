//! The program: answers a shell that completes, else parses the arguments, runs, and ends with the exit code of the outcome.

use std::process::ExitCode;

use clap::Parser as _;
use codelab_gen::cli::CommandLine;

fn main() -> ExitCode {
    if let Some(exit) = codelab_gen::command::complete() {
        return exit;
    }
    codelab_gen::command::run(&CommandLine::parse())
}
