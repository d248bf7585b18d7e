//! Knows which copy of the JSON Schema a profile tells editors to use, and whether it is this program's.
//! Must not know what the schema says.

use std::path::Path;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::disk::{self, Unread, normalized};
use crate::source::{Catalogue, Source, SourceId};
use crate::spelling::shell_word;

/// What stands before the path in the line that editors read
/// (<https://github.com/redhat-developer/yaml-language-server#using-inlined-schema>).
const MODELINE: &str = "# yaml-language-server: $schema=";

/// The text of a file that may be a copy; one that is longer than the schema is none, whatever it says.
fn read(file: &Path, length: usize) -> Option<String> {
    match disk::read(file, length as u64) {
        Ok(bytes) => String::from_utf8(bytes).ok(),
        Err(Unread::TooLarge(_)) => Some(String::new()),
        Err(_) => None,
    }
}

/// A warning where a profile's copy of the schema is there and differs.
pub(super) fn check(source: &Source, catalogue: &Catalogue) -> Option<Diagnostic> {
    let start = source.text.lines().take_while(|line| line.starts_with('#')).find(|line| line.starts_with(MODELINE))?;
    let path = start.strip_prefix(MODELINE)?.trim();
    if path.contains("://") {
        return None;
    }
    let file = normalized(&source.folder()?.join(path));
    // nothing is read, nor told to be written, where a stranger's profile has no business
    let real = catalogue.project_of(source).admit(&file).ok()??;
    let schema = crate::schema::schema();
    let copy = read(&real, schema.len())?;
    if copy == schema {
        return None;
    }
    let at = source.text.find(path)?;
    let (shown, typed) = (catalogue.shown(&file), shell_word(catalogue.typed(&file)));
    let message = format!("`{shown}`, by which editors check this profile, is not the schema of this codelab-gen");
    let help = format!("write it again: `codelab-gen schema >{typed}`");
    Some(Diagnostic::warning(Code::StaleSchema, Place::Span(SourceId(0), at..at + path.len()), message, help))
}
