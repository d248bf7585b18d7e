//! Knows how failures are told, to people and to programs. Must not know why they happened.

pub(super) mod refusal;
pub(super) mod rejection;
mod secrets;

use self::refusal::paragraph;
use super::github::Annotator;
use super::print::{print_commands, print_document, print_drawn};
use super::world::World;
use crate::cli::RunFormat;
use crate::diagnostic::Drawing;
use crate::outcome::{Exit, Failure};
use crate::report::{self, Document, Report};
use crate::spelling::{harmless, on_one_line};

/// Tells a failure: to people on standard error, to programs on standard output.
pub(super) fn tell(failure: &Failure, format: RunFormat, world: &World) -> Exit {
    match format {
        RunFormat::Human => print_drawn(&text(failure, world.drawing())),
        // what can't be written leaves the exit code to speak
        RunFormat::Json => drop(print_document(&Document::Run(Box::new(document(failure))))),
        RunFormat::Github => drop(print_commands(&Annotator::new(world).report(&document(failure)))),
    }
    failure.exit()
}

/// A failure for people.
pub(super) fn text(failure: &Failure, drawing: Drawing) -> String {
    match failure {
        Failure::Rejected(rejection) => rejection::rejection_text(rejection, drawing),
        Failure::Unimportable(rejection) => {
            rejection::diagnostics_text(rejection, drawing) + "nothing was imported, and nothing was written\n"
        }
        Failure::Refused(refused) => harmless(&refusal::text(refused)),
        Failure::Secrets { faults, folder, target } => {
            let told =
                secrets::messages(faults, folder, *target).into_iter().map(|(text, help)| paragraph(&text, &help));
            told.collect::<Vec<_>>().join("\n") + "\nnothing was written\n"
        }
        Failure::Usage { message: text, help } | Failure::Outside { message: text, help } => paragraph(text, help),
        Failure::Internal { message: text } => paragraph(&internal(text), REPORT_IT),
    }
}

/// What to do about a fault of codelab-gen itself.
const REPORT_IT: &str = "report it with your profile; nothing was written";

fn internal(text: &str) -> String {
    format!("{text}; this is a fault of codelab-gen")
}

/// A failure for programs.
pub(super) fn document(failure: &Failure) -> Report {
    let message = |message: &str, help: &str| report::Message { message: on_one_line(message), help: help.to_owned() };
    match failure {
        Failure::Rejected(rejection) | Failure::Unimportable(rejection) => {
            Report::Rejected(report::Rejected { diagnostics: rejection::diagnostics_document(rejection) })
        }
        Failure::Refused(refused) => Report::Refused(refusal::document(refused)),
        Failure::Secrets { faults, folder, target } => {
            let told = secrets::messages(faults, folder, *target).into_iter();
            Report::Secrets(report::Secrets { secrets: told.map(|(text, help)| message(&text, &help)).collect() })
        }
        Failure::Usage { message: text, help } => Report::Usage(message(text, help)),
        Failure::Outside { message: text, help } => Report::Outside(message(text, help)),
        Failure::Internal { message: text } => Report::Internal(message(&internal(text), REPORT_IT)),
    }
}
