//! Knows how the faults of a profile are told, drawn for people and listed for programs.
//! Must not know which faults there are.

use crate::diagnostic::{Diagnostic, Drawing, Label, Place, draw, sorted};
use crate::locate::Locator;
use crate::outcome::Rejection;
use crate::report;

/// How many faults are drawn for people, who mend these first; programs get all.
const DRAWN_FAULTS: usize = 50;

/// No further fault is drawn once so much text stands there: lines can be long.
const DRAWN_BYTES: usize = 64 * 1024;

/// All faults in the order of the text, and how many there were.
pub(in crate::command) fn rejection_text(rejection: &Rejection, drawing: Drawing) -> String {
    let Drawn { text, count, left_out } = drawn(rejection, drawing);
    let faults = match (count, left_out) {
        (1, _) => "1 fault".to_owned(),
        (_, 0) => format!("{count} faults"),
        (_, more) => format!("{count} faults, {more} of them not shown"),
    };
    text + &format!("the profile was rejected: {faults}; nothing was written\n")
}

/// All that was found, in the order of the text.
pub(in crate::command) fn diagnostics_text(found: &Rejection, drawing: Drawing) -> String {
    let Drawn { text, left_out, .. } = drawn(found, drawing);
    if left_out == 0 { text } else { text + &format!("{left_out} more are not shown\n") }
}

/// What was drawn of all that was found.
struct Drawn {
    text: String,
    count: usize,
    left_out: usize,
}

fn drawn(found: &Rejection, drawing: Drawing) -> Drawn {
    let locator = Locator::new(&found.sources);
    let mut text = String::new();
    let diagnostics = sorted(&found.diagnostics, &locator);
    let mut drawn = 0;
    for diagnostic in &diagnostics {
        if drawn == DRAWN_FAULTS || text.len() > DRAWN_BYTES {
            break;
        }
        text.push_str(&draw(diagnostic, &locator, drawing));
        text.push('\n');
        drawn += 1;
    }
    Drawn { text, count: diagnostics.len(), left_out: diagnostics.len() - drawn }
}

/// All that was found, for programs.
pub(in crate::command) fn diagnostics_document(rejection: &Rejection) -> Vec<report::Diagnostic> {
    let locator = Locator::new(&rejection.sources);
    sorted(&rejection.diagnostics, &locator).iter().map(|diagnostic| document(diagnostic, &locator)).collect()
}

fn document(diagnostic: &Diagnostic, locator: &Locator<'_>) -> report::Diagnostic {
    let Diagnostic { code, severity, message, primary, others, help, concealed: _, mend: _ } = diagnostic;
    report::Diagnostic {
        code: code.as_str().to_owned(),
        severity: severity.as_str().to_owned(),
        message: message.clone(),
        help: help.clone(),
        place: place(primary, locator),
        others: others.iter().map(|label| place(label, locator)).collect(),
    }
}

fn place(label: &Label, locator: &Locator<'_>) -> report::Place {
    report::Place { label: label.text.clone(), ..place_document(&label.place, locator) }
}

/// A place, for programs.
pub(in crate::command) fn place_document(place: &Place, locator: &Locator<'_>) -> report::Place {
    let location = place.locate(locator);
    let source = locator.sources().get(location.source.0);
    let (line, column) = locator.line_and_column(location.source, location.span.start);
    let (end_line, end_column) = locator.line_and_column(location.source, location.span.end);
    let file = source.map(|source| source.name.clone()).unwrap_or_default();
    report::Place { file, line, column, end_line, end_column, label: String::new() }
}
