//! The program: parses the arguments, runs, and ends with the exit code of the outcome.

use std::process::ExitCode;

use clap::Parser as _;
use codelab_gen::cli::CommandLine;

fn main() -> ExitCode {
    codelab_gen::command::run(&CommandLine::parse())
}
