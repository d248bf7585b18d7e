//! Knows how a text comes out, and what of it a terminal or a runner would act on. Is the only code that prints.
//! Must not know what it says.

use std::io::{self, IsTerminal as _, Write as _};

use crate::outcome::Failure;
use crate::report::Document;
use crate::spelling::{harmless, visible_json, without_commands};

/// Writes a result for people to standard output; what a terminal or a runner of workflows would act on is shown.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    print_raw(&without_commands(&harmless(text)))
}

/// Writes workflow commands, one a line, to standard output; what else a terminal would act on is shown.
pub(super) fn print_commands(commands: &str) -> Result<(), Failure> {
    print_raw(&harmless(commands))
}

/// Writes a text to standard output as it is: only one of which every word is codelab-gen's own.
pub(super) fn print_raw(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // whoever reads the output has read enough
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::outside(format!("can't write to standard output: {error}"), "look where it leads")),
        Ok(()) => Ok(()),
    }
}

/// Writes a document for programs to standard output.
pub(super) fn print_document(document: &Document) -> Result<(), Failure> {
    let fault = |error: serde_json::Error| Failure::Internal { message: error.to_string() };
    print_json(&serde_json::to_string_pretty(document).map_err(fault)?)
}

/// Writes a JSON text to standard output; what a terminal or a runner of workflows would act on is escaped.
pub(super) fn print_json(json: &str) -> Result<(), Failure> {
    print_raw(&format!("{}\n", visible_json(json.trim_end())))
}

/// Writes a note to standard error; one that can't be written is not worth ending the run for.
pub(super) fn print_note(text: &str) {
    print_drawn(&harmless(text));
}

/// Writes faults as they were drawn, with colours where it is a terminal, to standard error.
pub(super) fn print_drawn(text: &str) {
    let mut out = io::stderr().lock();
    let text = if out.is_terminal() { text.to_owned() } else { harmless(text) };
    let _ = out.write_all(without_commands(&text).as_bytes());
}

/// Writes notes to standard error.
pub(super) fn print_notes(notes: &[String]) {
    for note in notes {
        print_note(note);
    }
}
