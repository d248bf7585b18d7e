//! Knows how several profiles are run one after the other. Must not know what a run does.

use std::collections::HashMap;
use std::path::PathBuf;

use super::request::{Ending, Finished, Request, Told};
use super::run::run;
use crate::cli::RunFormat;
use crate::command::failure;
use crate::command::github::Annotator;
use crate::command::print::{print, print_commands, print_document, print_drawn, print_notes};
use crate::command::target::{Selection, of_source, settings};
use crate::command::world::{World, catalogue};
use crate::disk::normalized;
use crate::layers::gather;
use crate::outcome::{Exit, Failure};
use crate::report::{Document, ProfileRun, Runs};
use crate::source::{Catalogue, ReadFault};
use crate::spelling::on_one_line;

/// Runs every selectable profile that has an output folder of its own; one that fails does not stop the others.
pub(super) fn run_all(request: &Request<'_>, world: &World) -> Result<Exit, Failure> {
    let catalogue = catalogue(world)?;
    let selections = selections(&catalogue, request)?;
    let mut worst = Exit::Done;
    let mut runs = Vec::new();
    for (index, (name, selection)) in selections.into_iter().enumerate() {
        if request.format == RunFormat::Human && index > 0 {
            print("\n")?;
        }
        let (told, exit) = match selection.and_then(|selection| run(request, selection, world)) {
            Ok(Finished { told, notes, exit }) => {
                print_notes(&notes);
                (told, exit)
            }
            Err(failed) if request.format == RunFormat::Human => {
                print_drawn(&failure::text(&failed, world.drawing()));
                (Told::Text(String::new()), failed.exit())
            }
            Err(failed) => (Told::Report(Box::new(failure::document(&failed))), failed.exit()),
        };
        worst = worst.max(exit);
        match told {
            Told::Text(text) => print(&text)?,
            Told::Report(report) => {
                if request.format == RunFormat::Github {
                    print_commands(&Annotator::new(world).report(&report))?;
                }
                runs.push(ProfileRun { name, report: *report });
            }
        }
    }
    if request.format == RunFormat::Json {
        print_document(&Document::Runs(Runs { runs }))?;
    }
    Ok(worst)
}

/// A profile's name with its selection, or why there is none.
type Named = (String, Result<Selection, Failure>);

/// Every profile that is to be run. One that can't be read is among them: its run tells why.
fn selections(catalogue: &Catalogue, request: &Request<'_>) -> Result<Vec<Named>, Failure> {
    let mut selections = Vec::new();
    let mut folders: HashMap<PathBuf, String> = HashMap::new();
    for entry in catalogue.entries() {
        let source = match entry.source {
            Ok(source) => source,
            Err(fault) => {
                selections.push((entry.name.clone(), Err(unreadable(&on_one_line(&entry.name), &fault))));
                continue;
            }
        };
        let layers = gather(source.clone(), settings(&request.target.settings)?, catalogue)?;
        let is_base = !layers.profile.stage.is_given();
        let is_broken = !layers.diagnostics.is_empty();
        match layers.profile.out.get() {
            _ if is_base && !is_broken => continue,
            None if !is_broken => continue,
            None => {}
            Some(out) => {
                let folder = normalized(&catalogue.root().join(out.as_str()));
                // two ways through links may be one folder
                let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
                if let Some(other) = folders.insert(folder, entry.name.clone()) {
                    return Err(Failure::Usage {
                        message: format!("`{other}` and `{}` have the same `out: {out}`", entry.name),
                        help: "give each profile a folder of its own".to_owned(),
                    });
                }
            }
        }
        selections.push((source.profile_name(), Ok(of_source(source, catalogue.clone(), None))));
    }
    if selections.is_empty() {
        let verb = if request.ending == Ending::Write { "generate" } else { "compare" };
        return Err(Failure::Usage {
            message: format!("there is nothing to {verb}: no selectable profile of the project has an `out`"),
            help: "write `out: FOLDER` in each profile that is in a folder of its own".to_owned(),
        });
    }
    Ok(selections)
}

fn unreadable(name: &str, fault: &ReadFault) -> Failure {
    Failure::outside(format!("can't read the profile `{name}`: {fault}"), "run `codelab-gen validate`")
}
