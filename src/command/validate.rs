//! Knows how profiles are checked without writing anything. Must not know the rules.

use super::failure::rejection::{rejection_document, rejection_text};
use super::{World, catalogue, deployment_of, print, print_document, print_note};
use crate::cli::{Format, ValidateArgs};
use crate::layers::{gather, load};
use crate::outcome::{Exit, Failure, Rejection};
use crate::report::{self, Document};
use crate::source::{Catalogue, Source};

/// One profile with what was found.
struct Verdict {
    name: String,
    rejection: Option<Rejection>,
}

/// Checks the named profiles, or all of the project.
pub(super) fn validate(args: &ValidateArgs, world: &World) -> Result<Exit, Failure> {
    let catalogue = catalogue(world)?;
    let mut verdicts = Vec::new();
    for selected in sources(args, &catalogue)? {
        verdicts.push(match selected {
            Ok(source) => judge(source, &catalogue)?,
            Err((name, rejection)) => Verdict { name, rejection: Some(rejection) },
        });
    }
    match args.format {
        Format::Human => tell(&verdicts, world)?,
        Format::Json => {
            let profiles = verdicts.iter().map(verdict_document).collect();
            print_document(&Document::Validation(report::Validation { profiles }))?;
        }
    }
    Ok(if verdicts.iter().any(|verdict| verdict.rejection.is_some()) { Exit::Rejected } else { Exit::Done })
}

type Selected = Result<Source, (String, Rejection)>;

fn sources(args: &ValidateArgs, catalogue: &Catalogue) -> Result<Vec<Selected>, Failure> {
    let mut names = args.profiles.clone();
    if names.is_empty() {
        let entries = catalogue.entries();
        names = match catalogue.folder() {
            Some(folder) => entries.iter().map(|entry| file_of(folder, entry)).collect(),
            None => entries.iter().map(|entry| format!("{}{}", crate::source::BUILTIN_PREFIX, entry.name)).collect(),
        };
    }
    let mut selected = Vec::new();
    for name in names {
        selected.push(match load(&name, "", catalogue).map_err(Failure::from) {
            Ok(source) => Ok(source),
            Err(Failure::Rejected(rejection)) => Err((name, rejection)),
            Err(failure) => return Err(failure),
        });
    }
    Ok(selected)
}

fn file_of(folder: &std::path::Path, entry: &crate::source::CatalogueEntry) -> String {
    let file = match &entry.source {
        Ok(source) => source.name.clone(),
        Err(_) => format!("{}.yaml", entry.name),
    };
    if file.contains('/') { file } else { folder.join(file).display().to_string() }
}

/// A base is judged by itself as far as it goes: what it leaves to others can't be missing.
fn judge(source: Source, catalogue: &Catalogue) -> Result<Verdict, Failure> {
    let name = source.name.clone();
    let layers = gather(source, Vec::new(), catalogue)?;
    let is_base = !layers.profile.stage.is_given();
    if is_base {
        let (diagnostics, sources) = (layers.diagnostics, layers.sources);
        let rejection = (!diagnostics.is_empty()).then_some(Rejection { diagnostics, sources });
        return Ok(Verdict { name, rejection });
    }
    match deployment_of(layers) {
        Ok(_) => Ok(Verdict { name, rejection: None }),
        Err(Failure::Rejected(rejection)) => Ok(Verdict { name, rejection: Some(rejection) }),
        Err(failure) => Err(failure),
    }
}

fn tell(verdicts: &[Verdict], world: &World) -> Result<(), Failure> {
    for Verdict { name, rejection } in verdicts {
        match rejection {
            None => print(&format!("valid     {name}\n"))?,
            Some(rejection) => {
                print(&format!("rejected  {name}\n"))?;
                print_note(&rejection_text(rejection, world.drawing()));
            }
        }
    }
    Ok(())
}

fn verdict_document(verdict: &Verdict) -> report::Verdict {
    let diagnostics = verdict.rejection.as_ref().map(rejection_document).unwrap_or_default();
    report::Verdict { name: verdict.name.clone(), valid: verdict.rejection.is_none(), diagnostics }
}
