//! Knows how failures are told, to people and to programs. Must not know why they happened.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{print, print_note};
use crate::change::{Refusal, RefusalReason};
use crate::cli::Format;
use crate::diagnostic::{Diagnostic, Drawing, draw, sorted};
use crate::locate::{Location, Locator, line_and_column};
use crate::outcome::{Failure, Rejection};
use crate::render::Output;
use crate::secret::SecretFaults;

/// How many faults are drawn for people, who mend these first; programs get all.
const DRAWN_FAULTS: usize = 50;

/// No further fault is drawn once so much text stands there: lines can be long.
const DRAWN_BYTES: usize = 64 * 1024;

/// Tells a failure: to people on standard error, to programs on standard output.
pub(super) fn failure(failure: &Failure, format: Format, drawing: Drawing) -> ExitCode {
    match (failure, format) {
        (Failure::RejectedAndTold, _) => {}
        (_, Format::Human) => print_note(&failure_text(failure, drawing)),
        // a document that can't be written leaves the exit code to speak
        (_, Format::Json) => drop(print(&format!("{:#}\n", failure_json(failure)))),
    }
    failure.exit_code()
}

fn failure_text(failure: &Failure, drawing: Drawing) -> String {
    match failure {
        Failure::Rejected(rejection) => rejection_text(rejection, drawing),
        Failure::RejectedAndTold => String::new(),
        Failure::Refused { folder, refusals } => {
            let told =
                refusals.iter().map(|refusal| message(&refusal_message(refusal, folder), &refusal_help(refusal)));
            told.collect::<Vec<_>>().join("\n") + "\nnothing was written\n"
        }
        Failure::Secrets { faults, folder } => {
            let told = secret_messages(faults, folder).into_iter().map(|(text, help)| message(&text, &help));
            told.collect::<Vec<_>>().join("\n") + "\nnothing was written\n"
        }
        Failure::Usage { message: text, help } | Failure::Outside { message: text, help } => message(text, help),
        Failure::Internal { message: text } => message(
            &format!("{text}; this is a fault of codelab-gen"),
            "report it with your profile; nothing was written",
        ),
    }
}

fn message(text: &str, help: &str) -> String {
    format!("error: {text}\n  |\n  = help: {help}\n")
}

/// All faults in the order of the text, and how many there were.
pub(super) fn rejection_text(rejection: &Rejection, drawing: Drawing) -> String {
    let locator = Locator::new(&rejection.sources);
    let mut text = String::new();
    let diagnostics = sorted(&rejection.diagnostics, &locator);
    let mut drawn = 0;
    for diagnostic in &diagnostics {
        if drawn == DRAWN_FAULTS || text.len() > DRAWN_BYTES {
            break;
        }
        text.push_str(&draw(diagnostic, &locator, drawing));
        text.push('\n');
        drawn += 1;
    }
    let count = diagnostics.len();
    let faults = match (count, count - drawn) {
        (1, _) => "1 fault".to_owned(),
        (_, 0) => format!("{count} faults"),
        (_, more) => format!("{count} faults, {more} of them not shown"),
    };
    text + &format!("the profile was rejected: {faults}; nothing was written\n")
}

/// All faults as JSON values.
pub(super) fn rejection_json(rejection: &Rejection) -> Vec<Value> {
    let locator = Locator::new(&rejection.sources);
    sorted(&rejection.diagnostics, &locator).iter().map(|diagnostic| diagnostic_json(diagnostic, &locator)).collect()
}

fn diagnostic_json(diagnostic: &Diagnostic, locator: &Locator<'_>) -> Value {
    let label = |label: &crate::diagnostic::Label| {
        let mut value = location_json(&label.place.locate(locator), locator);
        if let Some(object) = value.as_object_mut() {
            object.insert("label".to_owned(), label.text.as_str().into());
        }
        value
    };
    json!({
        "code": diagnostic.code.as_str(),
        "severity": diagnostic.severity.as_str(),
        "message": diagnostic.message,
        "help": diagnostic.help,
        "place": label(&diagnostic.primary),
        "others": diagnostic.others.iter().map(label).collect::<Vec<_>>(),
    })
}

fn location_json(location: &Location, locator: &Locator<'_>) -> Value {
    let Some(source) = locator.sources().get(location.source.0) else { return json!({}) };
    let (line, column) = line_and_column(&source.text, location.span.start);
    let (end_line, end_column) = line_and_column(&source.text, location.span.end);
    json!({
        "file": source.name, "line": line, "column": column, "end_line": end_line, "end_column": end_column
    })
}

fn failure_json(failure: &Failure) -> Value {
    match failure {
        Failure::Rejected(rejection) => json!({ "outcome": "rejected", "diagnostics": rejection_json(rejection) }),
        Failure::RejectedAndTold => json!({ "outcome": "rejected" }),
        Failure::Refused { folder, refusals } => {
            let refusals = refusals.iter().map(|refusal| {
                json!({ "path": refusal.output.path(), "message": refusal_message(refusal, folder),
                    "help": refusal_help(refusal) })
            });
            json!({ "outcome": "refused", "refusals": refusals.collect::<Vec<_>>() })
        }
        Failure::Secrets { faults, folder } => {
            let told = secret_messages(faults, folder).into_iter();
            let told = told.map(|(message, help)| json!({ "message": message, "help": help }));
            json!({ "outcome": "secrets", "secrets": told.collect::<Vec<_>>() })
        }
        Failure::Usage { message, help } => json!({ "outcome": "usage", "message": message, "help": help }),
        Failure::Outside { message, help } => json!({ "outcome": "outside", "message": message, "help": help }),
        Failure::Internal { message } => json!({ "outcome": "internal", "message": message }),
    }
}

/// What is wrong with secrets, each with the way out. Names only, never a value.
fn secret_messages(faults: &SecretFaults, folder: &Path) -> Vec<(String, String)> {
    let SecretFaults { disagreeing, exported, not_ours, weak, unwritable, missing, empty, unreadable, no_randomness } =
        faults;
    let dotenv = folder.join(Output::Dotenv.path());
    let mut messages = Vec::new();
    for name in disagreeing {
        let message = format!(
            "`{name}` is set in the environment and differs from the value that stands already; Docker Compose would \
             take the environment's"
        );
        let help = format!("`unset {name}`, or take it over: `codelab-gen rotate {name} --from-env`");
        messages.push((message, help));
    }
    for name in exported {
        let message =
            format!("`{name}` is set in the environment; Docker Compose would take that instead of a new one");
        messages.push((message, format!("`unset {name}`, or take its value over with `--from-env`")));
    }
    for (name, path) in not_ours {
        let message = format!("the secret `{name}` is read from `{path}`, which codelab-gen does not write");
        messages.push((message, format!("write the new value into `{path}`, then run codelab-gen")));
    }
    for (name, why) in weak {
        let help = "give it another value, leave it out to have one made, or pass --allow-weak-secrets".to_owned();
        messages.push((format!("the secret `{name}` {why}"), help));
    }
    for (name, why) in unwritable {
        let help = "give it another value, best of letters and digits only".to_owned();
        messages.push((format!("the secret `{name}` can't be written: {why}"), help));
    }
    if !missing.is_empty() {
        let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
        let help = format!(
            "set them in the environment of one run (`read -rs NAME && export NAME`); codelab-gen keeps them in `{}`",
            dotenv.display()
        );
        messages.push((format!("required secrets are missing: {}", names.join(", ")), help));
    }
    for (name, path) in empty {
        let help = "write the secret into it, or change `secrets` in the profile".to_owned();
        messages.push((format!("`{path}`, the file of the secret `{name}`, is empty"), help));
    }
    for (name, path, error) in unreadable {
        let help = "put a readable text file there, relative to the project's root, or change `secrets` in the profile";
        let help = help.to_owned();
        messages.push((format!("can't read `{path}`, the file of the secret `{name}`: {error}"), help));
    }
    if let Some(error) = no_randomness {
        messages.push((error.to_string(), "try again".to_owned()));
    }
    messages
}

fn refusal_message(refusal: &Refusal, folder: &Path) -> String {
    let path = folder.join(refusal.output.path());
    let path = path.display();
    match &refusal.reason {
        RefusalReason::NotOurs => format!("`{path}` stands there already, and codelab-gen did not write it"),
        RefusalReason::Edited if refusal.output.is_block() => {
            format!("the block of codelab-gen in `{path}` was edited, beyond its passwords")
        }
        RefusalReason::Edited => format!("`{path}` was edited since codelab-gen wrote it"),
        RefusalReason::Link => format!("`{path}` is a symbolic link, or its folder is one"),
        RefusalReason::NotAFile => format!("`{path}` is not a file"),
        RefusalReason::NotUtf8 => format!("`{path}` is not UTF-8"),
        RefusalReason::CarriageReturns => format!("the block of codelab-gen in `{path}` has line ends of Windows"),
        RefusalReason::BrokenMarks => {
            format!("`{path}` has not exactly one first and one last mark of codelab-gen's block")
        }
        RefusalReason::OddLine(line) => {
            format!("line {line} of `{path}` is written in a way that not all readers of .env read alike")
        }
        RefusalReason::KeyOutside { key, inside, outside } => format!(
            "`{key}` stands in the block of codelab-gen, on line {inside} of `{path}`, and outside of it, on line {outside}"
        ),
        RefusalReason::KeyTwice { key, line } => format!("`{key}` stands twice in `{path}`, again on line {line}"),
    }
}

fn refusal_help(refusal: &Refusal) -> String {
    let name = refusal.output.path();
    match &refusal.reason {
        RefusalReason::NotOurs => {
            format!("move it away (`mv {name} {name}.orig`), or choose another folder with `--out`")
        }
        RefusalReason::Edited if refusal.output == Output::Compose => {
            "put the change into the profile, or into docker-compose.override.yml, and move the edited file away"
                .to_owned()
        }
        RefusalReason::Edited => "put the change into the profile, and move the edited file away".to_owned(),
        RefusalReason::Link => "replace the link by what it leads to, or choose another folder with `--out`".to_owned(),
        RefusalReason::NotAFile => "move it away, or choose another folder with `--out`".to_owned(),
        RefusalReason::NotUtf8 => "save it as UTF-8, or move it away".to_owned(),
        RefusalReason::CarriageReturns => format!("convert it: `sed -i 's/\\r$//' {name}`"),
        RefusalReason::BrokenMarks => {
            "restore the line that is missing, or remove the one that is too much, as in .env.example".to_owned()
        }
        RefusalReason::OddLine(_) => "write it as KEY='value', in single quotes".to_owned(),
        RefusalReason::KeyTwice { .. } => "keep the line that holds; Docker Compose takes the last one".to_owned(),
        RefusalReason::KeyOutside { key, outside, .. } => {
            format!("remove line {outside}; what `{key}` holds follows from the profile")
        }
    }
}
